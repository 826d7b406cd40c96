#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs one fuzz target: run.sh BUILD TARGET SECONDS. The corpus grows in BUILD/corpus/NAME; a crash leaves its input in
# BUILD/crash-NAME-*. Inputs are drawn with FUZZ_SEED (1), so that a run can be had again; 0 draws others each time. One line "PASS: ..." or "FAIL: ..." on stdout.
build=$1 target=$2 seconds=$3
name=${target##*/fuzz_}
log=$build/fuzz_$name.log
mkdir -p "$build/corpus/$name"
if "$build/$target" -seed="${FUZZ_SEED:-1}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 \
    -artifact_prefix="$build/crash-$name-" "$build/corpus/$name" "tests/fuzz/$name" >"$log" 2>&1; then
    echo "PASS: fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s"
else
    echo "FAIL: fuzz $name"
    tail -n 40 "$log" | sed 's/^/  # /'
fi
exit 0
