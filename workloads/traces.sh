#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the shipped traces again: `make traces`, or  workloads/traces.sh LLMSIM SOURCE_DIR OUTPUT_DIR.
# tests/traces.sh compares the outcome with the files in workloads/ byte by byte.
set -eu
llmsim=$1 models=$2/workloads/models requests=$2/workloads/requests out=$3

# Sixteen real conversations as one batch, prefilled together, then decoded until the last one ends.
"$llmsim" trace gen "$models/llama-2-70b.yaml" --requests "$requests/azure2023_conv_16.csv" -o "$out/llama70b.trace" \
    --note "request lengths: first 16 of the Azure LLM inference trace 2023 (conversation), Microsoft, CC-BY-4.0, github.com/Azure/AzurePublicDataset"

# Static batches.
"$llmsim" trace gen "$models/llama-3-8b.yaml" --batch 8 --isl 1024 --osl 128 -o "$out/llama3-8b.trace"
"$llmsim" trace gen "$models/mixtral-8x7b.yaml" --batch 8 --isl 1024 --osl 128 -o "$out/mixtral-8x7b.trace"
for batch in 1 4 16 64 256; do # instruction following as in "Give Me BF16 or Give Me Death?" (arXiv 2411.02355)
    "$llmsim" trace gen "$models/llama-3.1-8b.yaml" --batch $batch --isl 256 --osl 128 -o "$out/llama31-8b-instruct-b$batch.trace"
done

# The set-ups of LUT Tensor Core (arXiv 2408.06003, tables 1 and 4): whole models, then single layers.
"$llmsim" trace gen "$models/bitnet-b1.58-3b.yaml" --batch 1 --isl 2048 --prefill-only -o "$out/bitnet-3b-prefill.trace"
"$llmsim" trace gen "$models/bitnet-b1.58-3b.yaml" --batch 1024 --decode-only --context 1 --osl 1 -o "$out/bitnet-3b-decode.trace"
"$llmsim" trace gen "$models/llama-3b.yaml" --batch 1 --isl 2048 --prefill-only -o "$out/llama-3b-prefill.trace"
"$llmsim" trace gen "$models/llama-3b.yaml" --batch 1024 --decode-only --context 1 --osl 1 -o "$out/llama-3b-decode.trace"
layer() { # NAME MODEL SEQUENCE
    "$llmsim" trace gen "$models/$2.yaml" --layers 1 --batch 1 --isl "$3" --prefill-only -o "$out/$1-layer-prefill.trace"
    "$llmsim" trace gen "$models/$2.yaml" --layers 1 --batch 1024 --decode-only --context 1 --osl 1 -o "$out/$1-layer-decode.trace"
}
layer opt-175b opt-175b 2048
layer bloom-176b bloom-176b 4096
layer llama2-70b llama-2-70b 4096
