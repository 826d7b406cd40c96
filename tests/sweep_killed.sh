#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing of a sweep is lost or doubled when it is killed: `sweep run -j 2` is killed at many moments and begun again, and then exports what
# an uninterrupted run exports, byte for byte. Moments come from a seeded generator; the outcome does not depend on where they fall.
top=${TOP_SRCDIR:-.} PATH=${TOP_BUILDDIR:-build}:$PATH LLMSIM_DATA=$top
export PATH LLMSIM_DATA
unset LLMSIM_DB
here=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-killed.XXXXXX") || exit 99
trap 'rm -rf "$here"' EXIT
cd "$here" || exit 99
number=0
check() { # NAME COMMAND...
    number=$((number + 1)); name=$1; shift
    if "$@" >out 2>&1; then echo "ok $number - $name"; else echo "not ok $number - $name"; sed 's/^/# /' out; fi
}

cat >sweep.yaml <<'END'
name: killed
trace: llama2-70b-layer-decode
axes:
  arch: [A100-80GB, H100]
  recipe.w: [fp16, int8, int4g128, int4g64]
  recipe.a: [fp16, int8]
  recipe.kv: [fp16, int8, fp8]
  layout.tp: { from: 1, to: 16 }
constraints: [ "layout.tp != 7" ]
END

# The whole group: workers too, which a kill of the parent alone would leave at work.
killed_once() { # SECONDS
    setsid llmsim sweep run sweep.yaml --db killed.db -j 2 >/dev/null 2>&1 &
    child=$!
    sleep "$1"
    kill -KILL -"$child" 2>/dev/null || kill -KILL "$child" 2>/dev/null
    wait "$child" 2>/dev/null
    return 0
}
# Moments of 0.00 to 0.19 s: from before the database is there to after the last batch.
killed() { # TIMES
    seed=20260101 kills=0
    while test $kills -lt "$1"; do
        seed=$(((seed * 1103515245 + 12345) % 2147483648))
        killed_once "0.$(printf %02d $((seed / 65536 % 20)))"
        kills=$((kills + 1))
        # begun from nothing now and then, so that kills fall into every part of a run
        test $((kills % 10)) -ne 5 || rm -f killed.db killed.db-*
    done
}
resumed() { llmsim sweep run sweep.yaml --db killed.db -j 2 >said 2>err || { cat said err; return 1; }; cat said; }
exported() { llmsim sweep export sweep.yaml --db "$1.db" >"$1.txt" && test -s "$1.txt"; }
# Workers whose parent is killed alone end by themselves, long before the last design: the pipe has no writer left.
orphaned() {
    (setsid llmsim sweep run "$top/bench/sweep_many.yaml" --db orphaned.db -j 2 & echo $! >pid; wait) 2>&1 | cat >said &
    reader=$!
    until test -s orphaned.db; do kill -0 "$reader" || return 1; sleep 0.05; done
    kill -KILL "$(cat pid)"
    wait "$reader"
    llmsim db check orphaned.db || return 1
    llmsim sweep status "$top/bench/sweep_many.yaml" --db orphaned.db >said 2>&1
    grep '^  missing  *[1-9]' said
}
# A queue's warning reaches one process, not its workers: they end what they have begun, long before the 102400 designs are done.
stopped() {
    llmsim sweep run "$top/bench/sweep_many.yaml" --db stopped.db -j 2 >said 2>err &
    child=$!
    until test -s stopped.db; do kill -0 "$child" || return 1; sleep 0.05; done
    kill -TERM "$child"
    wait "$child"
    test $? -eq 5 && grep 'the same command goes on' err && ! grep ': 102400 designs' said && llmsim db check stopped.db
}

echo 1..7
check 'a run that nobody stops' llmsim sweep run sweep.yaml --db whole.db
check 'killed 50 times' killed 50
check 'goes on to its end' resumed
check 'the same points, byte for byte' eval 'exported whole && exported killed && cmp whole.txt killed.txt'
check 'a sound database' llmsim db check killed.db
check 'TERM to the parent of workers stops them' stopped
check 'KILL of the parent alone ends its workers' orphaned
