#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The page of `llmsim report --html`: one file with the same bytes each time, whole without scripts, that no name of a run breaks out of; and in a
# browser: order, filter, plot, selection. The expected orders come from `llmsim report --sort`, the fronts from awk. TAP.
top=${TOP_SRCDIR:-.} PATH=${TOP_BUILDDIR:-build}:$PATH LLMSIM_DATA=$top
export PATH LLMSIM_DATA
here=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-html.XXXXXX") || exit 99
trap 'rm -rf "$here"' EXIT
cd "$here" || exit 99
for tp in 1 2 4; do
    for arch in A100 H100; do llmsim run $arch llama3-8b --tp $tp --fidelity roofline --db a.db >/dev/null || exit 99; done
done
llmsim report a.db --html -o page.html || exit 99
number=0
check() { # NAME COMMAND...
    number=$((number + 1)); name=$1; shift
    if "$@" >out 2>&1; then echo "ok $number - $name"; else echo "not ok $number - $name"; sed 's/^/# /' out; fi
}
skip() { number=$((number + 1)); echo "ok $number - $1 # SKIP no chromium"; }
same() { # FOUND EXPECTED
    test "$1" = "$2" || { echo "found '$1', expected '$2'"; return 1; }
}
fails() { # TEXT OPTION...
    text=$1; shift
    llmsim report a.db --html "$@" -o none.html 2>said && return 1
    cat said
    grep -qF -- "$text" said && test ! -e none.html
}

# --- the file -----------------------------------------------------------------------------------------------------------
again() { llmsim report a.db --html >again.html && cmp page.html again.html; }
alone() { ! grep -nE 'src=|href=|@import|url\(|[a-z]+://' page.html | grep -v 'http://www.w3.org/2000/svg'; }
rows() { same "$(grep -c '^<tr id="r[0-9]*"><td' page.html)" 6; }
data_of() { sed -n '/<script type="application\/json"/,/<\/script>/p' "$1" | sed '1d;$d'; }
sums() { # of all rows of all roles, over the times of the runs, to a millionth
    data_of page.html >data.json
    llmsim report a.db -c time_s -f csv >times.csv
    awk 'FNR == 1 { file++ } file == 1 && FNR > 1 { want += $1 }
         file == 2 && /"roles":/ { on = 1 }
         file == 2 && on { while (match($0, /\[[0-9.,]+\]/)) { n = split(substr($0, RSTART + 1, RLENGTH - 2), v, ","); for (i = 1; i <= n; i++) got += v[i]
                           $0 = substr($0, RSTART + RLENGTH) } }
         END { print got, want; exit !(want > 0 && got / want > 1 - 1e-6 && got / want < 1 + 1e-6) }' times.csv data.json
}
hostile() { # the name as it comes from a file of `run --json`: no markup of it is left, and the data ends where it should
    llmsim run A100 llama3-8b --fidelity roofline --no-db --json >run.json || return 1
    sed -i 's|"arch": "[^"]*"|"arch": "</script><script>document.title=1</script><img src=x onerror=\\"a\\">\x27\&amp;`<!--"|' run.json
    llmsim report run.json --html -o hostile.html || return 1
    data_of hostile.html | grep -n '[<>&]' && return 1
    grep -n '<img\|document.title=1</script>\|<!--' hostile.html && return 1
    grep -qF '&lt;/script&gt;&lt;script&gt;document.title=1' hostile.html && same "$(grep -c '</script>' hostile.html)" 2 && grep -qF '&#39;&amp;amp;`&lt;!--' hostile.html
}
check 'same bytes' again
check 'loads nothing' alone
check 'every run is in the table without scripts' rows
check 'roles sum to the runs' sums
check 'a hostile name' hostile
check 'an axis that is a text' fails "--x: found 'arch', expected a column of numbers" --x arch
check 'an unknown axis' fails "--y: unknown column 'enrgy_j' of table runs; nearest is 'energy_j'" --y enrgy_j
check 'a figure beside it' fails 'expected neither --figure' --figure pareto
check 'another table' fails 'found --table beside it' --table roles
check 'onto what it reads' sh -c '! llmsim report a.db --html -o a.db 2>said && grep -q "is read by this command" said && llmsim report a.db >again.md'
check 'no run' sh -c 'llmsim report a.db --html -w "devices > 9" -o empty.html && grep -q "<dt>runs</dt> <dd>0</dd>" empty.html'

# --- in a browser -------------------------------------------------------------------------------------------------------
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
dump() { # FILE#STATE: the page after its scripts ran, a row a line
    HOME=$here timeout -k 5 60 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$here/profile" --virtual-time-budget=3000 --dump-dom "file://$here/$1" 2>log |
        sed 's/<tr id/\n&/g' >dom.html
    grep -q '</html>' dom.html || { cat log; return 1; }
}
order() { sed -n 's/^.*<tr id="\(r[0-9]*\)".*$/\1/p' dom.html | tr '\n' ' '; }
visible() { grep '<tr id="r' dom.html | grep -v 'hidden=""' | sed 's/^.*<tr id="\(r[0-9]*\)".*$/\1/' | sort | tr '\n' ' '; }
expected() { llmsim report a.db -f csv -c id "$@" | sed 1d | awk '{ printf "r%d ", $1 - 1 }'; } # the database was made in this order
sorted() { dump "page.html#sort=-time_s" && same "$(order)" "$(expected --sort -time_s)" && grep -q 'data-column="time_s"[^>]*aria-sort="descending"' dom.html; }
clicked() { # the same by hand: one click up, another down
    sed 's|^</body>|<script>const b = document.querySelector("th[data-column=tpot_s] button"); b.click(); b.click();</script>\n&|' page.html >clicked.html
    dump clicked.html && same "$(order)" "$(expected --sort -tpot_s)"
}
filtered() { dump "page.html#filter=h100%20devices<=2" && same "$(visible)" "$(expected -w 'arch ~ H100* and devices <= 2' | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/^ //')" &&
    grep -q '>2 of 6 runs<' dom.html; }
typed() {
    sed 's|^</body>|<script>const f = document.getElementById("filter"); f.value = "divices<9"; f.dispatchEvent(new Event("input"));</script>\n&|' page.html >typed.html
    dump typed.html && same "$(visible)" '' && grep -q ">0 of 6 runs; no column 'divices'<" dom.html
}
front() { # runs that no other one beats, found in pairs
    dump 'page.html#x=memory_bytes&y=tpot_s'
    want=$(llmsim report a.db -c memory_bytes,tpot_s -f csv | sed 1d | awk -F, '{ x[NR] = $1; y[NR] = $2 } END { for (i = 1; i <= NR; i++) { beaten = 0
        for (k = 1; k <= NR; k++) if (x[k] <= x[i] && y[k] <= y[i] && (x[k] < x[i] || y[k] < y[i])) beaten = 1
        if (!beaten) print i - 1 } }' | sort -n | tr '\n' ' ')
    same "$(grep -o 'class="point g[0-9] best[^>]*data-run="[0-9]*"' dom.html | sed 's/.*data-run="\([0-9]*\)"/\1/' | sort -n | tr '\n' ' ')" "$want"
}
linked() { # a click on a point selects its row, and the bar is its own
    sed 's|^</body>|<script>document.querySelector("[data-run=\\"3\\"]").dispatchEvent(new Event("click", { bubbles: true }));</script>\n&|' page.html >linked.html
    dump linked.html && grep -q '<tr id="r3" class="[^"]*selected' dom.html && same "$(grep -o '<div class="bar"' dom.html | wc -l | tr -d ' ')" 1
}
tame() { dump hostile.html && grep -q '<title>Runs of llmsim</title>' dom.html && grep -q 'class="live-row"' dom.html && ! grep -n '<img' dom.html; }
short_key() { # recipes by what differs between them; whole ones as titles
    for w in fp16 int8; do llmsim run A100 llama3-8b --recipe w=$w --fidelity roofline --db two.db >/dev/null || return 1; done
    llmsim report two.db --html --by recipe -o two.html && dump two.html && grep -q '<li title="w=int8,a=fp16,[^"]*">.*</svg>w=int8</li>' dom.html
}
in_browser() { if test -n "$browser"; then check "$@"; else skip "$1"; fi; }
in_browser 'sorted by the address' sorted
in_browser 'sorted by clicks' clicked
in_browser 'filtered by the address' filtered
in_browser 'filtered by hand' typed
in_browser 'the front' front
in_browser 'point and row' linked
in_browser 'the key says what differs' short_key
in_browser 'a hostile name, run' tame
echo "1..$number"
