#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Emitted Verilog against the C model, bit for bit, in Verilator; and its lint. Output is TAP; skipped where there is no Verilator.
# RTL_FULL=1: the whole list of units and a million vectors each (.ci/run); else a short list, all pairs of codes and some twenty thousand more.
top=$(cd "${TOP_SRCDIR:-.}" && pwd) build=$(cd "${TOP_BUILDDIR:-build}" && pwd)
TOP_SRCDIR=$top TOP_BUILDDIR=$build
export TOP_SRCDIR TOP_BUILDDIR
skip() { echo "1..0 # SKIP $1"; exit 0; }
command -v verilator >/dev/null || skip 'no verilator'
grep -q '^SANITIZE_FLAGS = *-fsanitize' "$build/Makefile" && skip 'a sanitized library does not link with Verilator'"'"'s code'
work=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-rtl.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM HUP
units=$top/tests/rtl/quick.units vectors=20000
if test -n "${RTL_FULL-}"; then units=$top/tests/rtl/full.units vectors=1000000; fi
number=0
verdict() { # OK NAME LOG
    number=$((number + 1))
    if test "$1" -eq 0; then echo "ok $number - $2"; else
        echo "not ok $number - $2"
        sed 's/^/# /' "$3" | head -60
    fi
}
echo 1..5

# grid: units of every type over a grid of formats, lanes, trees and stages
grid() {
    for a in int1 int3 int8 uint5 bipolar4 ternary; do for w in int2 uint4 int8; do for tree in operator rows columns; do
        echo "int_mul a=$a w=$w tree=$tree"
        for lanes in 1 3; do echo "int_dot a=$a w=$w lanes=$lanes width=$((lanes + 11)) tree=$tree stages=$((lanes - 1)) overflow=$(test $lanes = 3 && echo saturate || echo wrap)"; done
    done; done; done
    for a in e1m0 e2m1 e3m0 e4m3 e5m2 e4m3fnuz fp16 bf16; do
        echo "float_add a=$(case $a in e1m0 | e3m0) echo e3m1 ;; *) echo $a ;; esac)"
        for w in e2m1 e5m2 e8m10; do
            echo "minifloat_mul a=$a w=$w tree=rows"
            case $w in e8m10) ;; *) case $a in bf16) ;; *) echo "kulisch a=$a w=$w lanes=2 stages=1" ;; esac ;; esac
            for acc in fp16 bf16 fp32; do
                echo "float_mac a=$a w=$w acc=$acc"
                for fraction in 2 13 30; do echo "fused_dot a=$a w=$w acc=$acc lanes=$((fraction % 5 + 1)) fraction=$fraction round=$(test $fraction = 13 && echo nearest || echo zero)"; done
            done
        done
    done
    for lanes in 1 2 3 4 5; do
        for w in int1 int4 bipolar1 bipolar3 ternary; do
            echo "add_dot a=int8 w=$w lanes=$lanes"
            for table in none int2 int8 int16; do echo "lut_dot a=int6 w=$w lanes=$lanes table=$table stages=2 width=9"; done
            for acc in fp16 fp32; do for table in e4m3 fp16 e5m0; do echo "lut_dot a=fp16 w=$w lanes=$lanes table=$table acc=$acc"; done; done
        done
        for table in e4m3 fp16 e3m4fnuz; do for a in e4m3 fp16 e5m2; do echo "lut_precompute a=$a table=$table lanes=$lanes"; done; done
        for table in none int2 int16; do echo "lut_precompute a=int4 table=$table lanes=$lanes"; done
        echo "lut_conventional a=int5 w=int3 lanes=$lanes"
        echo "bit_serial a=int3 w=uint2 lanes=$lanes"
        echo "bit_serial a=bipolar1 w=bipolar1 lanes=$lanes stages=2"
    done
}
grid | if test -n "${RTL_FULL-}"; then cat; else awk 'NR % 4 == 1'; fi >"$work/grid.units"
"$build/llmsim" rtl emit --units "$work/grid.units" -o "$work/grid.v" >"$work/log" 2>&1 &&
    "$build/llmsim" rtl emit --units "$work/grid.units" -o "$work/again.v" && cmp "$work/grid.v" "$work/again.v" >>"$work/log" 2>&1
verdict $? "$(grep -c '^module' "$work/grid.v" 2>/dev/null) modules of a grid of parameters are emitted, twice alike" "$work/log"
# all modules in one file, each its own top: these two warnings are about the file and not about a module
verilator --lint-only -Wall -Wno-DECLFILENAME -Wno-MULTITOP "$work/grid.v" >"$work/log" 2>&1
verdict $? "they are clean under verilator -Wall" "$work/log"
name=$("$build/llmsim" rtl emit fused_dot | sed -n 's/^module \([a-z0-9_]*\).*/\1/p')
"$build/llmsim" rtl emit fused_dot -o "$work/$name.v" && verilator --lint-only -Wall "$work/$name.v" >"$work/log" 2>&1
verdict $? "a module in a file of its own is clean without exceptions" "$work/log"

sh "$top/tests/rtl/cosim.sh" "$units" "$vectors" 1 "$work/cosim" >"$work/log" 2>&1
code=$?
sed 's/^[^#]/# &/' "$work/log"
verdict $code "emitted units give what the C model gives" "$work/log"

mutants=$top/tests/rtl/mutants.units count=$(grep -vc '^#' "$top/tests/rtl/mutants.units")
"$build/llmsim" rtl emit --units "$mutants" --top cosim -o "$work/whole.v" && sed -f "$top/tests/rtl/mutants.sed" "$work/whole.v" >"$work/broken.v"
sh "$top/tests/rtl/cosim.sh" "$mutants" 2000 1 "$work/mutants" "$work/broken.v" >"$work/log" 2>&1
grep -q "^# $count units, $count with mismatches" "$work/log"
verdict $? "each of $count broken units is caught" "$work/log"
