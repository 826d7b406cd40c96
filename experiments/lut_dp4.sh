#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Datapaths of LUT Tensor Core (arXiv 2408.06003, figures 11 to 14, Table 2) from the synthesis tables, 28 nm, 1 GHz: dot products of four by weight bits,
# the length K of a table, shapes of an array of 512 lanes, UNPU and what the paper takes from it step by step.
# Writes one CSV to stdout (column `part` says which), or to FILE and beside it FILE.svg by gnuplot.
# usage: LLMSIM=path/to/llmsim experiments/lut_dp4.sh [FILE.csv]
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
llmsim=${LLMSIM:-llmsim}

part() { # name option...: rows of one call, without their header
    name=$1
    shift
    rows=$("$llmsim" datapath --format csv --node 28 "$@")
    printf '%s\n' "$rows" | sed -e 1d -e "s/^/$name,/"
}

points() {
    printf 'part,%s\n' "$("$llmsim" datapath mac --format csv | head -n 1)"
    for a in fp16 fp8_e4m3 int8; do
        for w in 1 2 3 4 5 6 7 8; do
            part dp4 mac add lut lut-conventional -a $a -w $w --shape 1x1x4
            part columns mac lut unpu lut-conventional -a $a -w $w --shape 1x4x4
        done
        for k in 2 3 4 5 6 7 8; do
            part k lut -a $a --shape 1x1x$k
        done
        part array mac add lut -a $a -w 1 --shape 2x64x4
    done
    part shape lut -a fp16 -w 1 --lanes 512
    part shape lut -a int8 -w 2 --lanes 512
    part unpu unpu lut-built lut -a int8 -w 2 --shape 2x64x4
}

if [ $# -eq 0 ]; then
    points
    exit
fi
points >"$1.tmp"
mv "$1.tmp" "$1"
gnuplot -e "data='$1'; picture='$1.svg'" "$top/experiments/lut_dp4.gp"
