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
# ratio DB WHERE COLUMN: the last run's value over the first one's
ratio() {
    llmsim report "$here/$1.db" --where "$2" --sort "$3" -c "${3#-}" -f tsv | awk 'NR == 2 { first = $1 } NR > 1 { last = $1 } END { print first / last }'
}
is() { echo "is: $1, expected: $2"; test "$1" = "$2"; }
within() { awk -v x="$1" -v low="$2" -v high="$3" 'BEGIN { print x, "expected", low, "to", high; exit !(x >= low && x <= high) }'; }

echo 1..7
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
