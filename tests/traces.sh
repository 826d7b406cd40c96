#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shipped traces are what workloads/traces.sh makes today, byte by byte, and each of them is sound. Output is TAP.
top=${TOP_SRCDIR:-.} build=${TOP_BUILDDIR:-build}
made=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-traces.XXXXXX") || exit 99
trap 'rm -rf "$made"' EXIT
set -- "$top"/workloads/*.trace
echo "1..$(($# + 2))"
if sh "$top/workloads/traces.sh" "$build/llmsim" "$top" "$made" >"$made/log" 2>&1; then echo "ok 1 - traces are made"; else
    echo "not ok 1 - traces are made"
    sed 's/^/# /' "$made/log"
fi
# another_name FILE: the made trace of the same bytes (links of the checkout are files in a distribution)
another_name() { for m in "$made"/*.trace; do if cmp -s "$1" "$m"; then basename "$m"; fi; done | head -n 1; }
number=1
for trace; do
    number=$((number + 1))
    name=$(basename "$trace")
    test -f "$made/$name" || name=$(another_name "$trace")
    if cmp -s "$trace" "$made/$name" && "$build/llmsim" trace check "$trace" >/dev/null; then echo "ok $number - $name"; else
        echo "not ok $number - $name"
        diff "$trace" "$made/$name" | head -20 | sed 's/^/# /'
    fi
done
# A compressed trace holds the same content.
hash_of() { "$build/llmsim" trace check "$1" | sed 's/.*content //'; }
gzip -c "$top/workloads/llama3-8b.trace" >"$made/packed"
if test "$(hash_of "$made/packed")" = "$(hash_of "$top/workloads/llama3-8b.trace")"; then echo "ok $((number + 1)) - gzip"; else
    echo "not ok $((number + 1)) - gzip"
fi
