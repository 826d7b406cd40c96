#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every kind of figure in every format: drawn, with its data and script beside it, and told where it cannot be.
top=${TOP_SRCDIR:-.} PATH=${TOP_BUILDDIR:-build}:$PATH LLMSIM_DATA=$top
export PATH LLMSIM_DATA
command -v gnuplot >/dev/null || { echo '1..0 # SKIP no gnuplot'; exit 0; }
here=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-figures.XXXXXX") || exit 99
trap 'rm -rf "$here"' EXIT
cd "$here" || exit 99
for tp in 1 2 4; do
    for arch in A100 H100; do llmsim run $arch llama3-8b --tp $tp --fidelity roofline --db a.db >/dev/null || exit 99; done
done
number=0
check() { # NAME COMMAND...
    number=$((number + 1)); name=$1; shift
    if "$@" >out 2>&1; then echo "ok $number - $name"; else echo "not ok $number - $name"; sed 's/^/# /' out; fi
}
draw() { # KIND OPTION...
    kind=$1; shift
    llmsim report a.db --figure "$kind" "$@" -o "$kind.svg" -o "$kind.pdf" -o "$kind.png" &&
        grep -q '^panel,series,text,x,y,x_high,y_high$' "$kind.csv" && gnuplot "$kind.gp" >again.svg && cmp "$kind.svg" again.svg &&
        test "$(head -c 5 "$kind.pdf")" = '%PDF-' && test "$(head -c 4 "$kind.png" | tail -c 3)" = PNG
}
fails() { # TEXT KIND OPTION...
    text=$1; kind=$2; shift 2
    llmsim report a.db --figure "$kind" "$@" 2>said && return 1
    grep -qF -- "$text" said
}
echo 1..15
check breakdown draw breakdown
check speedup draw speedup --width page
check pareto draw pareto --x tpot_s --y tokens_per_s
check heatmap draw heatmap --value tpot_s
check line draw line
check roofline draw roofline --limit 1
check area draw area --limit 1
check tornado draw tornado --y tpot_s
check 'a bar is the ratio to the first run' sh -c 'llmsim report a.db -c tpot_s -w "devices = 1" -f tsv | awk "NR == 2 { a = \$1 } NR == 3 { printf \"%.5f\\n\", \$1 / a }" >ratio && awk -F, "\$3 ~ /H100/ { printf \"%.5f\\n\", \$4 }" tornado.csv | grep -qxf ratio'
check 'every tile of the die has its name and area' awk -F, 'NR > 1 && $6 != "" { tiles++; named += $3 ~ /^"[a-z0-9].* [0-9.e+-]+"$/ } END { exit !(tiles > 5 && named == tiles) }' area.csv
check 'the first run is once as fast as itself' grep -q '^"Speed-up","","1",1,' speedup.csv
check 'an unknown kind' fails "'rofline' is not one of area, breakdown, heatmap, line, pareto, roofline, speedup, tornado; nearest is roofline" rofline -o x.svg
check 'no place' fails 'no --output' line
check 'too many runs' fails 'expected 1 (--where' roofline -o x.svg
check 'two runs in one cell' fails 'several runs of trace' heatmap --x trace -o x.svg
