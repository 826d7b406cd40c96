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
fails_with() { # TEXT COMMAND...
    text=$1; shift
    "$@" 2>said && return 1
    grep -qF -- "$text" said
}
echo 1..27
check breakdown draw breakdown
check speedup draw speedup --width page
check pareto draw pareto --x tpot_s --y tokens_per_s
check heatmap draw heatmap --value tpot_s
check line draw line
check roofline draw roofline --limit 1
check area draw area --limit 1
check memory draw memory --limit 1
check tornado draw tornado --y tpot_s
check 'a bar is the ratio to the first run' sh -c 'llmsim report a.db -c tpot_s -w "devices = 1" -f tsv | awk "NR == 2 { a = \$1 } NR == 3 { printf \"%.5f\\n\", \$1 / a }" >ratio && awk -F, "\$3 ~ /H100/ { printf \"%.5f\\n\", \$4 }" tornado.csv | grep -qxf ratio'
check 'every tile of the die has its name and area' awk -F, 'NR > 1 && $6 != "" { tiles++; named += $3 ~ /^"[a-z0-9].* [0-9.e+-]+"$/ } END { exit !(tiles > 5 && named == tiles) }' area.csv
check 'the first run is once as fast as itself' grep -q '^"Speed-up","","1.00",1,' speedup.csv
check 'an unknown kind' fails "'rofline' is not one of area, breakdown, heatmap, line, memory, pareto, pipeline, roofline, speedup, tornado; nearest is roofline" rofline -o x.svg
check 'no place' fails 'no --output' line
check 'too many runs' fails 'expected 1 (--where' roofline -o x.svg
check 'two runs in one cell' fails 'several runs of trace' heatmap --x trace -o x.svg

# ---- training: the pipeline and what a device holds ----
train() { llmsim train selene gpt3-175b --tp 8 --pp 4 --global-batch 8 --json "$@"; }
train >one.json || exit 99
train --chunks 2 --global-batch 16 >two.json || exit 99
draw_training() { # FILE KIND OPTION...
    file=$1 kind=$2; shift 2
    llmsim report "$file" --figure "$kind" "$@" -o t.svg -o t.pdf -o t.png && gnuplot t.gp >again.svg && cmp t.svg again.svg &&
        test "$(head -c 5 t.pdf)" = '%PDF-' && test "$(head -c 4 t.png | tail -c 3)" = PNG
}
check pipeline draw_training one.json pipeline
check 'a box for each pass of each stage' test "$(grep -c '"stage [1-4] chunk 1 micro-batch [1-8]"' t.csv)" = 64
check 'passes of a stage follow one another' sh -c 'awk -F, "\$3 ~ /^\"stage 2/ { print \$4, \$6 }" t.csv | sort -n | awk "NR > 1 && \$1 < last - 1e-9 { bad = 1 } { last = \$2; n++ } END { exit bad || n != 16 }"'
check 'an interleaved pipeline, a page wide' draw_training two.json pipeline --width page
check 'memory of training' draw_training one.json memory
check 'its top is what the model counts' sh -c 'awk -F, "\$2 ~ /activations/ && \$7 > top { top = \$7 } END { printf \"%.3f\n\", top }" t.csv | grep -qx "$(awk "/\"total\"/ { t = \$2 } /\"temporary\"/ { m = \$2 } END { printf \"%.3f\", (t - m) / 1073741824 }" one.json)"'
check 'training is no run' fails_with 'expected --figure pipeline or memory' llmsim report one.json
check 'a pipeline needs training' fails_with 'expected the output of' llmsim report a.db --figure pipeline -o x.svg
check 'a damaged file' sh -c "sed 's/\"stages\": 4/\"stages\": 0/' one.json >bad.json; ! llmsim report bad.json --figure pipeline -o x.svg 2>said && grep -q '^llmsim: bad.json:[0-9]*:[0-9]*: key .stages' said && test ! -e x.svg"
check 'a cut file' sh -c "head -c 700 one.json >cut.json; ! llmsim report cut.json --figure pipeline -o x.svg 2>said && grep -q '^llmsim: cut.json:' said"
# ---- units ----
check 'milliseconds where seconds are small' sh -c 'llmsim report a.db --figure line --y tpot_s -o u.svg && grep -q "time per output token (ms)" u.svg'
