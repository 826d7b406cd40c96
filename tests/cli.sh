#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Golden files of the command line. A case is tests/cli/NAME.case; a line of it is one of
#
#     # ...        what the case shows
#     $ ...        a command (shell), run in the case's own empty folder, where arch/ and workloads/ are the shipped ones
#     > ...        what it says on stdout
#     ! ...        what it says on stderr
#     ? N          its exit code, where that is not 0
#     % s/a/b/     a sed script that the output of all following commands goes through (times, sizes)
#
# A case passes when running its commands gives the file again. REWRITE=1 writes what came out into the case: then the
# diff is to be reviewed like code. CASE=NAME runs one. Output is TAP.
top=${TOP_SRCDIR:-.} build=${TOP_BUILDDIR:-build}
cases=$(cd "$top" && ls tests/cli/${CASE:-*}.case 2>/dev/null)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-cli.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 99' INT TERM HUP
PATH=$build:$PATH
LLMSIM_DATA=$top
unset COLUMNS NO_COLOR LLMSIM_DB
export PATH LLMSIM_DATA

# again CASE: the case as it comes out now, on stdout
again() {
    filter=
    while IFS= read -r line || test -n "$line"; do
        case $line in
            '> '* | '>' | '! '* | '!' | '? '*) continue ;;
            '% '*) filter="$filter${line#% }
" ;;
            '$ '*)
                printf '%s\n' "$line"
                (cd "$scratch/here" && eval "${line#\$ }") >"$scratch/out" 2>"$scratch/err" </dev/null
                code=$?
                sed -e "$filter" -e 's/^/> /; s/^> $/>/' "$scratch/out"
                sed -e "$filter" -e 's/^/! /; s/^! $/!/' "$scratch/err"
                test $code -eq 0 || echo "? $code"
                continue ;;
        esac
        printf '%s\n' "$line"
    done <"$1"
}

number=0
set -- $cases
if test $# -eq 0; then echo '1..0 # SKIP no cases'; exit 0; fi
echo "1..$#"
for case; do
    number=$((number + 1))
    name=$(basename "$case" .case)
    rm -rf "$scratch/here" && mkdir "$scratch/here"
    ln -s "$top/arch" "$top/workloads" "$scratch/here/"
    again "$top/$case" >"$scratch/now"
    if cmp -s "$top/$case" "$scratch/now"; then
        echo "ok $number - $name"
    elif test -n "$REWRITE"; then
        cp "$scratch/now" "$top/$case"
        echo "ok $number - $name (rewritten)"
    else
        echo "not ok $number - $name"
        diff -u "$top/$case" "$scratch/now" | sed '1,2d; s/^/# /'
    fi
done
