#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tutorials do what they say: each command of docs/tutorial-*.md (a line "    $ ...") is run in order in an empty folder, must succeed, and prints what the
# page shows under it, but for keys of runs and times of this machine; each figure that a page shows is drawn by its commands, byte for byte. What stands
# between <!-- not run --> and <!-- run --> needs more than this machine. REWRITE=1 (`make tutorials`) writes outputs and figures into docs/.
top=$(cd "${TOP_SRCDIR:-.}" && pwd) build=$(cd "${TOP_BUILDDIR:-build}" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-tutorials.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 99' INT TERM HUP
unset COLUMNS LLMSIM_DB
export LLMSIM_DATA="$top" NO_COLOR=1 LC_ALL=C

# split_page PAGE: its commands as N.sh, what is shown under them as N.want
split_page() {
    awk '
        function flush() { while (blanks-- > 0) print "" >want; blanks = 0 }
        /^<!-- not run/ { off = 1 } /^<!-- run -->/ { off = 0 }
        off { on = more = 0; next }
        more || /^    \$ / {
            if (!more) { n++; want = n ".want"; printf "" >want }
            line = $0; sub(/^    (\$ )?/, "", line); print line >(n ".sh")
            more = line ~ /\\$/; on = !more; blanks = 0; next
        }
        on && /^    / { flush(); print substr($0, 5) >want; next }
        on && /^$/ { blanks++; next }
        { on = 0 }' "$1"
}
# joined PAGE: the page with N.now in place of what it shows
joined() {
    awk '
        /^<!-- not run/ { off = 1 } /^<!-- run -->/ { off = 0 }
        !off && (more || /^    \$ /) {
            if (!more) n++
            print; line = $0; more = line ~ /\\$/
            if (!more) {
                shown = 0; on = 1; blanks = 0
                if ((getline first < (n ".want")) > 0) { shown = 1; while ((getline out < (n ".now")) > 0) print out == "" ? "" : "    " out }
            }
            next
        }
        !off && on && shown && /^    / { blanks = 0; next }
        !off && on && /^$/ { blanks++; next }
        { if (on) while (blanks-- > 0) print ""; on = 0; print }' "$1"
}
# What may differ: keys of runs, the machine's speed.
masked() { sed 's/\b[0-9a-f]\{8\}\b/KEY/g; s/about [0-9.e+-]* s on one core: of [0-9]* that were tried the later half took [0-9.e+-]* ms/about N s on one core: N ms/' "$1"; }

same_drawer() { # the figure is of the gnuplot that is here: others place text otherwise
    grep -q "Produced by GNUPLOT $(gnuplot --version | awk '{ print $2 " patchlevel " $4 }')" "$1"
}
tell() { # GOOD TEXT [FILE]
    number=$((number + 1))
    if test "$1" = 0; then echo "ok $number - $2"; else echo "not ok $number - $2"; test -z "$3" || sed 's/^/# /' "$3"; fi
}

page_of() { # PAGE
    page=$1 name=$(basename "$1" .md)
    mkdir -p "$scratch/$name/work" && cd "$scratch/$name" || exit 99
    split_page "$page"
    for link in arch build experiments workloads; do test $link = build && ln -s "$build" work/build || ln -s "$top/$link" work/$link; done
    n=1 bad=0
    while test -f $n.sh; do
        (cd work && sh ../$n.sh >../$n.now 2>../$n.err) || { echo "command $n failed:"; cat $n.sh $n.err; bad=1; break; }
        masked $n.want >want && masked $n.now >now
        test -n "$REWRITE" || ! test -s $n.want || cmp -s want now || { echo "command $n prints other lines (make tutorials writes them):"; diff -u want now | sed 1,2d; bad=1; }
        n=$((n + 1))
    done >said
    test -z "$REWRITE" || test $bad = 1 || { joined "$page" >page && cat page >"$page"; }
    tell $bad "$name: $((n - 1)) commands" said
    for figure in $(sed -n 's/.*](figures\/\([a-z_0-9]*\.svg\)).*/\1/p' "$page"); do
        if test -n "$REWRITE"; then cp "work/$figure" "$top/docs/figures/$figure"; fi
        if ! same_drawer "$top/docs/figures/$figure"; then
            number=$((number + 1)); echo "ok $number # SKIP $figure is of another gnuplot"
        else
            cmp "work/$figure" "$top/docs/figures/$figure" >said 2>&1
            tell $? "$name: $figure is what its commands draw (make tutorials draws it)" said
        fi
    done
}

command -v gnuplot >/dev/null || { echo '1..0 # SKIP no gnuplot'; exit 0; }
number=0
for page in ${PAGES:-"$top"/docs/tutorial-*.md}; do page_of "$page"; done
echo "1..$number"
