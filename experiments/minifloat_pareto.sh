#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Integers against minifloats on an FPGA (arXiv 2311.12359): LUTs of a multiply-accumulate against error, formats of 3 to 8 bits, every split of a minifloat
# into exponent and mantissa, exact (integer, Kulisch), fp16 and fp32 accumulators. LUTs are of UltraScale+ synthesis or of formulas fitted on it.
# SQNR is a PROXY for the paper's ImageNet accuracies, which are not available: of dot products of 4608 terms (its longest), Gaussian
# weights by Laplace activations, both in the format, a scale a row, chosen for least squared error.
# Writes CSV to stdout, or to FILE and beside it FILE.svg by gnuplot.
# usage: LLMSIM=path/to/llmsim experiments/minifloat_pareto.sh [FILE.csv]
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
llmsim=${LLMSIM:-llmsim}
terms=4608

field() { # name: first value of a key in JSON on stdin
    sed -n 's/^ *"'"$1"'": "\{0,1\}\([^",]*\)"\{0,1\},\{0,1\}$/\1/p' | head -n 1
}

sqnr() { # format: dB of a product
    "$llmsim" format error "$1pc" --rows 64 --cols $terms --clip search --gemm $terms --a "$1pc" --a-dist laplace --json | sed -n '/"gemm"/,$p' | field sqnr_db
}

row() { # name format bits accumulator sqnr
    test -n "$5" || { echo "minifloat_pareto.sh: no SQNR of $2" >&2; exit 1; }
    # a register of hundreds of bits does not close at the design's clock: it is shown all the same, with exit code 3
    json=$("$llmsim" arch show "$top/arch/vck190_minifloat.yaml" --resources --json --set units.mac.a="$2" --set units.mac.w="$2" \
        --set units.mac.accumulator="$4" --set units.mac.k_max=$terms --set units.mac.rows=4 --set units.mac.columns=4 2>/dev/null) || test $? -eq 3
    unit=$(printf '%s\n' "$json" | sed -n '/"name": "mac"/,$p')
    printf '%s,%s,%s,%s,%s,%s,%s,%s\n' "$1" "$3" "$4" "$(printf '%s\n' "$unit" | field accumulator_bits)" "$(printf '%s\n' "$unit" | field lut_per_mac)" \
        "$(printf '%s\n' "$unit" | sed -n 's/^ *"cell_source": "\(.*\)",$/\1/p' | tr -d ,)" "$(printf '%s\n' "$unit" | field formula_error_largest)" "$5"
}

points() {
    for bits in 3 4 5 6 7 8; do
        row int$bits int$bits $bits integer "$(sqnr int$bits)"
        x=1
        while [ $x -lt $bits ]; do
            name=e${x}m$((bits - 1 - x))
            error=$(sqnr ${name}fin)
            for accumulator in kulisch fp16 fp32; do
                row $name ${name}fin $bits $accumulator "$error"
            done
            x=$((x + 1))
        done
    done
}

# A point is on the front when none takes at most its LUTs and has more SQNR (or as much, with fewer LUTs).
front() {
    sort -t, -k5,5g -k8,8gr | awk -F, 'BEGIN { OFS = ","; best = -1e9; print "format,bits,accumulator,accumulator_bits,lut_per_mac,lut_source,formula_error_largest,sqnr_db,pareto" }
        { p = $8 > best; if (p) best = $8; print $0, p + 0 }'
}

if [ $# -eq 0 ]; then
    points | front
    exit
fi
points | front >"$1.tmp"
mv "$1.tmp" "$1"
gnuplot -e "data='$1'; picture='$1.svg'" "$top/experiments/minifloat_pareto.gp"
