#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The report that the README shows is what the main job prints, but for the run's key, which moves with every change of the models' sources.
# REWRITE=1 (`make readme`) writes the report, key and all, into the README.
top=${TOP_SRCDIR:-.} build=${TOP_BUILDDIR:-build}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-readme.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 99' INT TERM HUP
unset COLUMNS LLMSIM_DB
export LLMSIM_DATA="$top" NO_COLOR=1

echo 1..1
if ! ls "$build"/.libs/llmsim_cycle.so >/dev/null 2>&1; then
    echo 'ok 1 # SKIP built without the cycle models'
    exit 0
fi

# report_block FILE: its lines between the fences that hold the report
report_block() { awk '/^```/ { fence = !fence; next } fence && /^llama-2-70b  .*  run [0-9a-f]+$/ { on = 1 } !fence { on = 0 } on' "$1"; }
without_key() { sed 's/run [0-9a-f]*$/run KEY/'; }

(cd "$top" && "$build/llmsim" run arch/lut_tc.yaml workloads/llama70b.trace --no-db) >"$scratch/now" 2>"$scratch/err" || cat "$scratch/err"
report_block "$top/README.md" >"$scratch/shown"
if without_key <"$scratch/shown" >"$scratch/a" && without_key <"$scratch/now" >"$scratch/b" && cmp -s "$scratch/a" "$scratch/b" && test -z "$REWRITE"; then
    echo "ok 1 - the README shows what the main job prints"
elif test -n "$REWRITE"; then
    awk -v now="$scratch/now" '
        /^llama-2-70b  .*  run [0-9a-f]+$/ { while ((getline line < now) > 0) print line; on = 1 }
        /^```/ { on = 0 }
        !on' "$top/README.md" >"$scratch/README.md" && cat "$scratch/README.md" >"$top/README.md"
    echo "ok 1 - the README shows what the main job prints (rewritten)"
else
    echo "not ok 1 - the README shows what the main job prints (make readme writes it)"
    diff -u "$scratch/a" "$scratch/b" | sed '1,2d; s/^/# /'
fi
