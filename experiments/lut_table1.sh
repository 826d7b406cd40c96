#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Table 1 of LUT Tensor Core (arXiv 2408.06003): latency of a 3B model, prefill (batch 1, 2048 tokens) and decode (batch 1024).
# Published milliseconds, then ours. Attention by separate kernels (stack "unfused"), as the published attention part looks.
# usage: LLMSIM=path/to/llmsim experiments/lut_table1.sh [fidelity]
set -eu
top=$(dirname "$0")/..
llmsim=${LLMSIM:-llmsim}
fidelity=${1:-analytic}

row() { # label published chip recipe phase
    s=$("$llmsim" run "$3" "$top/workloads/bitnet-3b-$5.trace" --recipe "$4" --stack unfused --fidelity "$fidelity" --no-db --json |
        sed -n 's/^  "time_s": \(.*\),$/\1/p')
    printf '%-12s %-8s published %7s ms  ours %s s\n' "$1" "$5" "$2" "$s"
}
row a100-fp16  106.71 "$top/arch/devices/a100-80gb-sxm.yaml" w=fp16         prefill
row a100-fp16  41.15  "$top/arch/devices/a100-80gb-sxm.yaml" w=fp16         decode
row a100-int8  67.06  "$top/arch/devices/a100-80gb-sxm.yaml" w=int2,a=int8  prefill
row a100-int8  21.7   "$top/arch/devices/a100-80gb-sxm.yaml" w=int2,a=int8  decode
row a100-lut4x 11.41  "$top/arch/lut_tc.yaml"                w=int2,a=int8  decode
row a100-lut8x 38.02  "$top/arch/lut_tc_8x.yaml"             w=int2,a=int8  prefill
row h100-fp8   38.2   "$top/experiments/h100_1410.yaml"      w=fp8,a=fp8    prefill
row h100-fp8   12.3   "$top/experiments/h100_1410.yaml"      w=fp8,a=fp8    decode
row h100-lut4x 9.9    "$top/arch/h100_lut_tc.yaml"           w=int2,a=fp8   decode
row h100-lut8x 23.48  "$top/experiments/h100_lut_8x.yaml"    w=int2,a=fp8   prefill
row h100-lut8x 5.97   "$top/experiments/h100_lut_8x.yaml"    w=int2,a=fp8   decode
