#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The closing lines of `make check`, out of the log files of all tests: what failed, what was skipped and why, and
# "N passed, N failed, N skipped". A test without results counts as failed. Exit 1 if anything failed.
# The driver writes "RESULT: FILE NUMBER - NAME # SKIP REASON" into the log for each test of a file.
for log; do
    grep -E '^(PASS|FAIL|SKIP|XFAIL|XPASS|ERROR): tests/' "$log" 2>/dev/null || echo "ERROR: ${log%.log} left no result"
done | awk '
    /^(PASS|XFAIL)/ { passed++; next }
    /^SKIP/ { skipped++; skips = skips "  " substr($0, 7) "\n"; next }
    { failed++; lost = lost "  " $0 "\n" }
    END {
        if (lost) printf "failed:\n%s", lost
        if (skips) printf "skipped:\n%s", skips
        if (passed + failed == 0) { print "no test ran"; failed = 1 }
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed > 0
    }'
