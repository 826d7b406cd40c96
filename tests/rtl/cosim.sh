#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the co-simulation of a list of units. Prints its table; the exit code is cosim's.
#     cosim.sh UNITS VECTORS SEED FOLDER [VERILOG]      VERILOG: take this file in place of what `llmsim rtl emit` makes (mutation tests)
set -eu
top=$(cd "${TOP_SRCDIR:-.}" && pwd) build=$(cd "${TOP_BUILDDIR:-build}" && pwd)
units=$1 vectors=$2 seed=$3 folder=$4
mkdir -p "$folder"
if test $# -gt 4; then cp "$5" "$folder/cosim.v"; else "$build/llmsim" rtl emit --units "$units" --top cosim -o "$folder/cosim.v"; fi
# One process: the make of Verilator must not talk to the one that runs the tests.
if ! env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL verilator --cc --exe --build -Wno-fatal -Wno-lint -Wno-UNOPTFLAT -O3 --top-module cosim_top --Mdir "$folder/obj" \
    -CFLAGS "-O1 -std=c++17 -I$top -I$build" -LDFLAGS "$build/.libs/libllmsim_model.a -lyaml -lgsl -lgslcblas -lxxhash -lz -lzstd -lm ${COSIM_LDFLAGS-}" -o cosim \
    "$folder/cosim.v" "$top/tests/rtl/cosim.cpp" >"$folder/build.log" 2>&1; then
    tail -20 "$folder/build.log"
    exit 99
fi
exec "$folder/obj/cosim" "$units" "$vectors" "$seed"
