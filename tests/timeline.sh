#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Timelines of runs, held against the runs themselves: the tracks of every device sum to the run's time to the picosecond, its power and
# bandwidth to the run's energy and bytes, and observing a run changes nothing of it. tests/timeline.awk reads the file.
top=${TOP_SRCDIR:-.} PATH=${TOP_BUILDDIR:-build}:$PATH LLMSIM_DATA=$top
export PATH LLMSIM_DATA
unset LLMSIM_DB
here=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-timeline.XXXXXX") || exit 99
trap 'rm -rf "$here"' EXIT
cd "$here" || exit 99
number=0
check() { # NAME COMMAND...
    number=$((number + 1)); name=$1; shift
    "$@" >out 2>&1
    case $? in
        0) echo "ok $number - $name" ;;
        77) echo "ok $number # SKIP $name: built without it" ;;
        *) echo "not ok $number - $name"; sed 's/^/# /' out ;;
    esac
}
read_timeline() { awk -f "$top/tests/timeline.awk" "$1"; }
field() { sed -n "s/^  \"$1\": \(.*\),\$/\1/p" "$2" | head -n 1; }
# A counter's times are whole nanoseconds, which a run of a millisecond shows in the sixth digit.
near() { awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(b > 0 && d <= 1e-5 * b) }' || { echo "found $1, expected $2"; return 1; }; }

# whole DEVICES OPTION...: the timeline of that run
whole() {
    devices=$1; shift
    llmsim run "$@" --tp "$devices" --no-db --json >plain.run && llmsim run "$@" --tp "$devices" --no-db --json --timeline t.json $steps >seen.run || return 1
    cmp plain.run seen.run || return 1
    read_timeline t.json >facts || { cat facts; return 1; }
    time_ps=$(sed -n 's/^about time_ps //p' facts)
    test "$(awk -v t="$time_ps" 'BEGIN { printf "%d.%012.0f", t / 1e12, t % 1e12 }' | sed 's/0*$//')" = "$(field time_s plain.run | sed 's/^\([^.]*\)$/\1./; s/0*$//')" ||
        { echo "time_ps is $time_ps"; grep -m 1 time_s plain.run; return 1; }
    grep -qx "time 101 $time_ps" facts && grep -qx "time 102 $time_ps" facts || { cat facts; return 1; }
    energy=$(field energy_j plain.run)
    d=0
    while test $d -lt "$devices"; do
        p=$((d + 2)); d=$((d + 1))
        near "$(sed -n "s/^energy $p //p" facts)" "$(awk -v e="$energy" -v n="$devices" 'BEGIN { printf "%.12g", e / n }')" || { echo "energy of device $p"; return 1; }
        for counter in 'DRAM bandwidth' power 'memory in use (bytes)'; do grep -q "^counter $p $counter [1-9]" facts || { echo "no $counter of $p"; return 1; }; done
        test "$steps" = '--steps 1-' || continue
        sum=$(awk -v p=$p '$1 == "time" && int($2 / 100) == p { s += $3 } END { printf "%.0f", s }' facts)
        test "$sum" = "$time_ps" || { echo "device $p: $sum of $time_ps ps"; return 1; }
    done
}
bytes_moved() { # of the run before: all rows
    near "$(sed -n 's/^moved 2 //p' facts)" "$(awk '/^      "bytes": \{/ { inside = 1 } inside && /"dram"/ { gsub(/[^0-9.e+]/, "", $2); s += $2 } /\}/ { inside = 0 } END { printf "%.12g", s }' plain.run)"
}
bytes_linked() { # the same of the links
    near "$(sed -n 's/^linked 2 //p' facts)" "$(awk '/^      "bytes": \{/ { inside = 1 } inside && /"link"/ { gsub(/[^0-9.e+]/, "", $2); s += $2 } /\}/ { inside = 0 } END { printf "%.12g", s }' plain.run)"
}
peak_kv() { # the counter's highest is the memory that the run says
    highest=$(grep -o '"kv_cache": [0-9]*' t.json | sed 's/.*: //' | sort -n | tail -n 1)
    grep -q "\"kv[a-z_]*\": $highest\b" plain.run || { echo "highest $highest"; grep '"kv' plain.run; return 1; }
}
# A fault put into a good file must be found: a check that finds nothing checks nothing.
finds() { # TEXT SED-SCRIPT
    sed "$2" t.json >bad.json
    read_timeline bad.json >said && return 1
    grep -q "$1" said || { cat said; return 1; }
}
same_bytes() {
    set -- A100 dense.trace -f roofline --steps 1-2
    llmsim run "$@" --db a.db --timeline 1.json --json >1.run 2>/dev/null && llmsim run "$@" --db a.db --timeline 2.json.gz --json >2.run 2>/dev/null &&
        llmsim run "$@" --no-db --timeline 3.json.zst --json >3.run 2>/dev/null && gzip -dc 2.json.gz | cmp - 1.json && cmp 1.run 2.run && cmp 1.run 3.run &&
        { ! command -v zstd >/dev/null || zstd -dcq 3.json.zst | cmp - 1.json; }
}
cycle() {
    llmsim run A100 llama2-70b-layer-decode -f cycle --no-db --json >c.run 2>c.err || return 77
    whole 1 A100 llama2-70b-layer-decode -f cycle
}

llmsim trace gen "$top/workloads/models/llama-3-8b.yaml" --batch 2 --isl 256 --osl 8 -o dense.trace &&
    llmsim trace gen "$top/workloads/models/mixtral-8x7b.yaml" --batch 2 --isl 256 --osl 4 -o moe.trace &&
    llmsim trace gen "$top/workloads/models/llama-3-8b.yaml" --batch 2 --isl 256 --osl 200 -o long.trace || exit 99

echo 1..16
steps='--steps 1-'
check 'one device, a graph' whole 1 A100 dense.trace -f roofline --stack library
check 'bytes of DRAM' bytes_moved
check 'the KV cache at its fullest' peak_kv
check 'two devices, eager: waits for the host, collectives' whole 2 H100 moe.trace -f analytic --stack eager
check 'the link is a track' grep -q '^time 204 [1-9]' facts
check 'bytes of the link' bytes_linked
check 'a LUT unit' whole 1 LUT-TC llama2-70b-layer-decode -f roofline
check 'an overlap is found' finds 'overlap on track' '/"ph": "X"/ s/"ts": \([0-9.]*\),"dur": [0-9.]*/"ts": \1,"dur": 99999999/'
check 'an event without a category is found' finds 'without name, ph, cat' '0,/"cat": "counter",/ s///'
check 'a text in a counter is found' finds 'that is no number' '0,/"W": [0-9.]*/ s//"W": 1,"V": "x"/'
check 'a comma too many is found' finds 'where none may stand' '5s/$/,/'
check 'a file that ends early is found' finds 'ends inside' '$d'
steps='--steps 3-5'
check 'folded steps at their mean' whole 2 A100 long.trace -f analytic --stack eager
check 'six slices of folded steps' test "$(grep -c '"cat": "folded"' t.json)" = 6
steps='--steps 1-'
check 'cycle fidelity' cycle
check 'the same bytes again, compressed, and of a run from the database' same_bytes
