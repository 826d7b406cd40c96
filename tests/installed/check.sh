#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `make installcheck`: the installed library serves a program that knows it from pkg-config only, and the installed command says the
# same. Arguments: folder of llmsim.pc, folder of the command, source of the program, C compiler.
set -e
PKG_CONFIG_PATH=$1${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
unset LLMSIM_DATA LLMSIM_DB
scratch=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-installed.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
command -v pkg-config >/dev/null || { echo "installcheck: skipped, no pkg-config"; exit 0; }
pkg-config --exists --print-errors llmsim
$4 -o "$scratch/user" "$3" $(pkg-config --cflags --libs llmsim)
trace=$(pkg-config --variable=pkgdatadir llmsim)/workloads/llama2-70b-layer-decode.trace
LD_LIBRARY_PATH=$(pkg-config --variable=libdir llmsim) "$scratch/user" "$trace" >"$scratch/library.json"
(cd "$scratch" && "$2/llmsim" run A100 llama2-70b-layer-decode -f analytic --no-db --json >command.json)
cmp "$scratch/library.json" "$scratch/command.json"
test "$("$2/llmsim" --version | sed 's/llmsim \([^ ]*\).*/\1/')" = "$(pkg-config --modversion llmsim)"
echo "installcheck: the library, its header, llmsim.pc and the command agree"
