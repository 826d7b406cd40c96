#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# manual.sh LLMSIM FOLDER: writes a manual page for each command (llmsim.1, llmsim-run.1, llmsim-trace-gen.1 ...) and the completions
# for bash (llmsim) and zsh (_llmsim) into the folder, anew.
set -eu
llmsim=$1 folder=$2
rm -rf "$folder"
mkdir -p "$folder"
"$llmsim" help --man >"$folder/llmsim.1"
"$llmsim" help --list >"$folder/commands"
while read -r words; do
    # shellcheck disable=SC2086  # words of one command
    "$llmsim" help --man $words >"$folder/llmsim-$(echo "$words" | tr ' ' -).1"
done <"$folder/commands"
rm "$folder/commands"
"$llmsim" help --completion bash >"$folder/llmsim"
"$llmsim" help --completion zsh >"$folder/_llmsim"
