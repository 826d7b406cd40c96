#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The sweeps of experiments/ that answer a question say today what docs/studies.md says they do. Output is TAP.
top=${TOP_SRCDIR:-.} PATH=${TOP_BUILDDIR:-build}:$PATH LLMSIM_DATA=$top
export PATH LLMSIM_DATA
here=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-studies.XXXXXX") || exit 99
trap 'rm -rf "$here"' EXIT
number=0
check() { # NAME COMMAND...
    number=$((number + 1)); name=$1; shift
    if "$@" >"$here/out" 2>&1; then echo "ok $number - $name"; else echo "not ok $number - $name"; sed 's/^/# /' "$here/out"; fi
}

# order DB WHERE COLUMN: weights and activations of the runs from the best on, "int8/int8 fp16/fp16"
order() {
    llmsim report "$here/$1.db" --where "$2" --sort "$3" -c recipe -f tsv | sed '1d; s/^"*w=\([^,]*\),a=\([^,]*\),.*/\1\/\2/' | tr '\n' ' ' | sed 's/ $//'
}
# ratio DB WHERE COLUMN: the first run's value over the last one's
ratio() {
    llmsim report "$here/$1.db" --where "$2" --sort "$3" -c "${3#-}" -f tsv | awk 'NR == 2 { first = $1 } NR > 1 { last = $1 } END { print first / last }'
}
is() { echo "is: $1, expected: $2"; test "$1" = "$2"; }
within() { awk -v x="$1" -v low="$2" -v high="$3" 'BEGIN { print x, "expected", low, "to", high; exit !(x >= low && x <= high) }'; }

echo 1..15
# ---- experiments/serving_formats.yaml: arXiv 2411.02355 ----
check 'serving formats: all designs' llmsim sweep run "$top/experiments/serving_formats.yaml" --db "$here/serving.db"
one='trace = llama31-8b-instruct-b1.trace and arch = ' many='trace = llama31-8b-instruct-b256.trace and arch = '
for gpu in RTX-A6000 A100-80GB-SXM; do
    check "$gpu, one request: w4a16 first" is "$(order serving "$one$gpu" time_s)" 'int4g128z/fp16 int8/int8 fp16/fp16'
    check "$gpu, 256 requests: w8a8 first" is "$(order serving "$many$gpu" -tokens_per_s)" 'int8/int8 int4g128z/fp16 fp16/fp16'
done
gpu=H100-80GB-SXM
check "$gpu, one request: w4a16 first" is "$(order serving "$one$gpu and recipe ~ w=int4*" time_s) $(order serving "$one$gpu" time_s | cut -d' ' -f1)" \
    'int4g128z/fp16 int4g128z/fp16'
check "$gpu, 256 requests: w8a8, integer or fp8, before w4a16" is "$(order serving "$many$gpu" -tokens_per_s | tr ' ' '\n' | tail -2 | tr '\n' ' ' | sed 's/ $//')" \
    'int4g128z/fp16 fp16/fp16'
check '256 requests, A100: w8a8 over w4a16 near the published 1.59, +-25 %' within "$(ratio serving "${many}A100-80GB-SXM and recipe ~ w=int*" -tokens_per_s)" 1.19 1.99
check 'one request, A6000: w4a16 over fp16 near the published 1.3 s of 3.1, +-20 %' within \
    "$(ratio serving "${one}RTX-A6000 and (recipe ~ w=int4* or recipe ~ w=fp16*)" time_s)" 0.335 0.503

# ---- experiments/lut_tiles.yaml: arXiv 2408.06003 ----
check 'LUT arrays: all designs' llmsim sweep run "$top/experiments/lut_tiles.yaml" --db "$here/lut.db"
# best BITS X METRIC: value and array of the first design, "998 N64 K4 M2"
best() {
    llmsim rank "$here/lut.db" --by "$3" --top 1 --where "trace ~ *prefill.trace and recipe ~ w=int$1* and overrides ~ *throughput_x=$2*" | tr -s '\n ' '  ' |
        sed 's/ 1 1\.000 [0-9.]*/\n&\n/' | sed -n 's/^ *1 *1\.000 *\([0-9.]*\).*/\1/p; s/.*array_n=\([0-9]*\).*array_k=\([0-9]*\).*array_m=\([0-9]*\).*/N\1 K\2 M\3/p' | tr '\n' ' ' | sed 's/ $//'
}
over() { awk -v a="$1" -v b="$2" 'BEGIN { print a / b }'; } # of two values with an array behind: the numbers count
for bits in 1 2 4; do check "$bits bits: the smallest array is M2 N64 K4" is "$(best $bits 4 area | cut -d' ' -f2-)" 'N64 K4 M2'; done
check 'area goes with lanes: 1 bit at 8X is as large as 4 bits at 2X' within "$(over "$(best 1 8 area)" "$(best 4 2 area)")" 0.99 1.01
check 'the second doubling of units is worth less than the first' within \
    "$(over "$(over "$(best 1 1 latency)" "$(best 1 2 latency)")" "$(over "$(best 1 4 latency)" "$(best 1 8 latency)")")" 1.1 2
