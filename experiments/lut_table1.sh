#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Table 1 of LUT Tensor Core (arXiv 2408.06003): latency of a 3B model, prefill (batch 1, 2048 tokens) and decode (batch 1024).
# Published and our milliseconds, and the ratio of each row to the first of its chip and phase. Software: experiments/lut_compiled.yaml.
# usage: LLMSIM=path/to/llmsim experiments/lut_table1.sh [fidelity]
set -eu
top=$(dirname "$0")/..
llmsim=${LLMSIM:-llmsim}
fidelity=${1:-analytic}

row() { # label published chip recipe model phase
    json=$("$llmsim" run "$3" "$top/workloads/$5-$6.trace" --recipe "$4" --stack "$top/experiments/lut_compiled.yaml" --fidelity "$fidelity" --no-db --json)
    printf '%s %s %s %s\n' "$1" "$6" "$2" "$(printf '%s\n' "$json" | sed -n 's/^  "time_s": \(.*\),$/\1/p')"
}
rows() {
    a100=$top/arch/devices/a100-80gb-sxm.yaml h100=$top/experiments/h100_1410.yaml
    row a100-fp16  106.71 "$a100" w=fp16 llama-3b prefill
    row a100-int8  67.06  "$a100" w=int2,a=int8 bitnet-3b prefill
    row a100-lut8x 38.02  "$top/arch/lut_tc_8x.yaml" w=int2,a=int8 bitnet-3b prefill
    row a100-fp16  41.15  "$a100" w=fp16 llama-3b decode
    row a100-int8  21.7   "$a100" w=int2,a=int8 bitnet-3b decode
    row a100-lut4x 11.41  "$top/arch/lut_tc.yaml" w=int2,a=int8 bitnet-3b decode
    row h100-fp8   38.2   "$h100" w=fp8,a=fp8 bitnet-3b prefill
    row h100-lut8x 23.48  "$top/experiments/h100_lut_8x.yaml" w=int2,a=fp8 bitnet-3b prefill
    row h100-fp8   12.3   "$h100" w=fp8,a=fp8 bitnet-3b decode
    row h100-lut4x 9.9    "$top/experiments/h100_lut_4x.yaml" w=int2,a=fp8 bitnet-3b decode
    row h100-lut8x 5.97   "$top/experiments/h100_lut_8x.yaml" w=int2,a=fp8 bitnet-3b decode
}
table=$(rows)
printf '%s\n' "$table" | awk '
    { group = substr($1, 1, 4) $2; ours = 1000 * $4; printf "%-11s %-8s published %7.2f ms  ours %7.2f ms", $1, $2, $3, ours }
    group != last { last = group; published = $3; first = ours; print ""; next }
    { off = (ours / first) / ($3 / published) - 1; sum += off < 0 ? -off : off; n++
      printf "  ratio %.3f, published %.3f: %+.0f %%\n", ours / first, $3 / published, 100 * off }
    END { printf "mean error of %d ratios: %.1f %%\n", n, 100 * sum / n }'
