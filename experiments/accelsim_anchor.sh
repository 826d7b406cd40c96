#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The W1A8 GEMM M 2048, N 27648, K 5120 of LUT Tensor Core (arXiv 2408.06003) as its artifact gives it to Accel-Sim: an FP16 GEMM of
# 2048 x 3456 x 2560 whose HMMA instructions stand twice, one CUTLASS kernel. Published L2 accesses (32 B sectors) and miss rate, then ours.
# usage: LLMSIM=path/to/llmsim experiments/accelsim_anchor.sh [fidelity]
set -eu
top=$(dirname "$0")
out=$("${LLMSIM:-llmsim}" run "$top/accelsim_a100.yaml" "$top/accelsim_w1a8.trace" --stack "$top/accelsim_cutlass.yaml" --recipe fp16 \
      --fidelity "${1:-cycle}" --no-db --json)
level() { printf '%s\n' "$out" | sed -n "s/.*\"$1\": *\([0-9.e+]*\).*/\1/p" | head -n 1; }
l2=$(printf '%s\n' "$out" | sed -n '/"bytes": {/,/}/p' | sed -n 's/.*"l2": *\([0-9.e+]*\).*/\1/p' | head -n 1)
dram=$(printf '%s\n' "$out" | sed -n '/"bytes": {/,/}/p' | sed -n 's/.*"dram": *\([0-9.e+]*\).*/\1/p' | head -n 1)
awk -v l2="$l2" -v dram="$dram" -v s="$(level time_s)" 'BEGIN {
    printf "L2 accesses  published 30609408  ours %.0f (%+.1f %%)\n", l2 / 32, 100 * (l2 / 32 / 30609408 - 1)
    printf "L2 misses    published 4.74 %%    ours %.2f %% (bytes from and to DRAM over bytes through L2)\n", 100 * dram / l2
    printf "cycles       not published as a prediction; ours %.0f at 1410 MHz, launch included\n", s * 1410e6 }'
