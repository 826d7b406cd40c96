#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Table 4 of LUT Tensor Core (arXiv 2408.06003): one layer with no table precompute, with separate precompute kernels, and with
# precompute fused into the operator before. Published milliseconds, then ours. FP16 activations and tables, units at 1X.
# usage: LLMSIM=path/to/llmsim experiments/lut_table4.sh [fidelity]
set -eu
top=$(dirname "$0")/..
llmsim=${LLMSIM:-llmsim}
fidelity=${1:-analytic}

row() { # label published trace chip stack
    s=$("$llmsim" run "$4" "$top/workloads/$3.trace" --recipe w=int2,a=fp16 --stack "$5" --fidelity "$fidelity" --no-db --json |
        sed -n 's/^  "time_s": \(.*\),$/\1/p')
    printf '%-14s published %7s ms  ours %s s\n' "$1" "$2" "$s"
}
free=$top/experiments/lut_1x_free.yaml one=$top/experiments/lut_1x.yaml
split=$top/experiments/lut_split.yaml fused=$top/arch/stacks/library.yaml
row opt-base     32.38  opt-175b-layer-prefill    "$free" "$fused"
row opt-split    38.77  opt-175b-layer-prefill    "$one"  "$split"
row opt-fused    33.63  opt-175b-layer-prefill    "$one"  "$fused"
row opt-d-split  17.43  opt-175b-layer-decode     "$one"  "$split"
row bloom-base   107.11 bloom-176b-layer-prefill  "$free" "$fused"
row bloom-split  129.85 bloom-176b-layer-prefill  "$one"  "$split"
row bloom-fused  108.38 bloom-176b-layer-prefill  "$one"  "$fused"
row bloom-d-split 26.05 bloom-176b-layer-decode   "$one"  "$split"
row l70-split    37.6   llama2-70b-layer-prefill  "$one"  "$split"
row l70-d-base   11.45  llama2-70b-layer-decode   "$free" "$fused"
row l70-d-split  15.21  llama2-70b-layer-decode   "$one"  "$split"
