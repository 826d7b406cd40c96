#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Manual pages and completion: every command has a page that mandoc finds sound, and the shells complete what the tables name. TAP.
top=${TOP_SRCDIR:-.} build=${TOP_BUILDDIR:-build}
work=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-manual.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
LLMSIM_DATA=$top PATH=$build:$PATH
export LLMSIM_DATA PATH
n=0

# said TEXT OUTPUT: passes where OUTPUT is empty
said() {
    n=$((n + 1))
    test -z "$2" && { echo "ok $n - $1"; return; }
    echo "not ok $n - $1"
    echo "$2" | sed 's/^/# /'
}
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP no $2"; }
have() { command -v "$1" >/dev/null 2>&1; }

sh "$top/cli/manual.sh" "$build/llmsim" "$work/manual" || exit 99
said 'every command has examples, and the parser takes them' "$(llmsim help --check-examples)"
said 'a page for each command' "$(llmsim help --list | while read -r words; do
    test -s "$work/manual/llmsim-$(echo "$words" | tr ' ' -).1" || echo "no page of '$words'"; done)"
said 'every option of the help is in the page' "$(llmsim help --list | while read -r words; do
    page=$work/manual/llmsim-$(echo "$words" | tr ' ' -).1
    # shellcheck disable=SC2086
    llmsim help $words | sed '/^examples:/,$d' | sed -n 's/^  \(-.,\|   \) --\([a-z0-9-]*\).*/\2/p' | while read -r option; do
        sed 's/\\-/-/g' "$page" | grep -qF -e "--$option\\fR" || echo "$words: --$option"; done; done)"
if have mandoc; then said 'mandoc has no complaint' "$(mandoc -T lint -W warning "$work"/manual/*.1 2>&1)"; else skip 'mandoc has no complaint' mandoc; fi

# complete WORD...: what bash offers for the last word
complete_words() {
    bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _llmsim; printf "%s\n" "${COMPREPLY[@]}"' - "$work/manual/llmsim" "$@" 2>&1 | tr '\n' ' '
}
# offers EXPECTED WORD...
offers() {
    expected=$1; shift
    got=$(complete_words "$@")
    test "$got" = "$expected " || echo "$*: found '$got', expected '$expected'"
}
if have bash; then
    said 'bash reads its completion' "$(bash -n "$work/manual/llmsim" 2>&1)"
    said 'bash completes' "$(offers run llmsim ru; offers 'check gen info list stored --help' llmsim trace ''
        offers 'roofline analytic cycle' llmsim run --fidelity ''; offers analytic llmsim run --fidelity = a
        offers analytic llmsim run -f an; offers --fidelity llmsim run --fi; offers scoreboard llmsim help sco
        offers gen llmsim trace g; offers H200-141GB-NVL llmsim run H200-141GB-N; offers llama70b llmsim run A100 llama70
        offers llama70b llmsim trace info llama70; offers 'int8 int8sym' llmsim format show int8; offers mxfp8e4m3 llmsim run --recipe mxfp8e4
        offers H200-141GB-NVL llmsim fleet plan --device H200-141GB-N; export COLUMNS=60; offers H200-141GB-NVL llmsim run H200-141GB-N; unset COLUMNS)"
else
    skip 'bash reads its completion' bash; skip 'bash completes' bash
fi
if have zsh; then said 'zsh reads its completion' "$(zsh -n "$work/manual/_llmsim" 2>&1)"; else skip 'zsh reads its completion' zsh; fi
echo "1..$n"
