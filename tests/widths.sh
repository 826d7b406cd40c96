#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Text fits the terminal: the help of every command, and what every command that prints text says, in 60, 80 and 132 columns. No line is longer,
# no number is lost on the way to a narrow terminal, and nothing depends on the terminal where no width is asked for. TAP.
top=$(cd "${TOP_SRCDIR:-.}" && pwd) build=$(cd "${TOP_BUILDDIR:-build}" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-widths.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM HUP
PATH=$build:$PATH LLMSIM_DATA=$top LC_ALL=C
export PATH LLMSIM_DATA LC_ALL
unset LLMSIM_DB COLUMNS CLICOLOR_FORCE
cd "$work" && ln -s "$top/arch" "$top/experiments" "$top/workloads" . || exit 99

# Commands that print no text for a terminal: files, tables for programs and papers, YAML, Verilog, scripts.
data='arch show|db export|db query|report|rtl emit|sweep export|sweep submit|trace gen|trace stored'
# Each other command, quick. What a line needs beforehand is made below.
cat >lines <<'LINES'
arch check A100 H100
arch list
calibrate A100 many.csv
cost A100-80GB run.json
datapath mac add lut lut-conventional -a fp16 -w 1
datapath lut --lanes 64 -a int8 -w 2 --node 28
db check runs.db
diff 'A100 llama3-8b' 'H100 llama3-8b'
explain A100 --gemm 264x7680x5120 --stack kernel-only
explain H100 --attention decode,batch=32,kv=4096,heads=64,kv_heads=8
fleet plan llama-2-7b workloads/requests/azure2023_conv_16.csv --device A10G --device A100-80GB:2 --tpot '120 ms' --rate 8 --in-edges 1000 --out-edges 200
fleet runtime llama-2-7b --device A100-80GB --in 512,1920
format coded --zeros 0.9
format error mxfp4 --rows 64 --cols 256 --gemm 64
format list
format quality int4g128 --model Llama-2-7B
format show int4g128z --rows 28672 --cols 8192
probe A100 latency
rank runs.db
report --list
rtl list
run A100 llama3-8b --fidelity analytic --no-db
scoreboard board.yaml . --write
sram '64 KiB' '1 KiB' --port 1024 --node 7
sweep merge shards --db merged.db
sweep plan experiments/formats.yaml
sweep run few.yaml --db few.db
sweep status few.yaml --db few.db
trace check llama70b
trace info workloads/llama70b.trace
trace list
train selene gpt3-175b --tp 8 --pp 8 --global-batch 64
validate gemm.csv --by device,dtype,source
LINES
head='device,dtype_a,dtype_b,dtype_acc,m,n,k,batch,time_us,label,source'
awk -v head="$head" 'BEGIN { print head; for (m = 64; m <= 1024; m += 64) print "A100-80GB,fp16,fp16,fp32," m ",7680,5120,1," 20 + m / 3 ",x,vidur:a100" }' >many.csv
sed 5q many.csv >gemm.csv
echo 'A100-80GX,fp16,fp16,fp32,256,7680,5120,1,201,x,vidur:a100' >>gemm.csv
printf 'scoreboard:\n  - { name: GEMM rows of one device at one size, file: gemm.csv, margin: 1, statistic: mape, value: 1, rows: 5 }\n' >board.yaml
printf 'name: few\ntrace: llama2-70b-layer-decode\naxes:\n  arch: [A100-80GB, H100]\n  recipe.w: [fp16, int4g128]\n' >few.yaml
llmsim run A100-80GB llama3-8b -f analytic --db runs.db --json >run.json && llmsim run H100 llama3-8b -f analytic --db runs.db >out &&
    mkdir shards && llmsim sweep run few.yaml --db shards/0.db >out 2>&1 || exit 99

n=0
# said TEXT OUTPUT: passes where OUTPUT is empty
said() {
    n=$((n + 1))
    test -z "$2" && { echo "ok $n - $1"; return; }
    echo "not ok $n - $1"
    echo "$2" | sed 's/^/# /'
}
# long_lines WIDTH NAME: lines of the standard input that are longer
long_lines() {
    sed 's/[\x80-\xbf]//g' | awk -v width="$1" -v name="$2" 'length > width { print name ": " length ": " $0 }'
}
# numbers FILE: the numbers in it, sorted; a word that a narrow terminal breaks is one again
numbers() { grep -oE '[0-9]+(\.[0-9]+)?' "$1" | sort; }

llmsim help --list >commands
said 'every command is tried' "$(grep -vxE "$data" commands | while read -r words; do
    grep -q "^$words" lines || grep -q "^$words " commands || echo "$words"; done)"
for width in 60 80; do
    said "help in $width columns" "$(while read -r words; do
        # shellcheck disable=SC2086
        COLUMNS=$width llmsim help $words | long_lines $width "$words"; done <commands)"
done
while read -r line; do
    widths='132 80 60'
    case $line in calibrate*) widths=60 ;; esac # it takes seconds
    said "$line" "$(for width in $widths; do
        rm -f few.db merged.db
        eval "COLUMNS=$width llmsim $line" >"out.$width" 2>err </dev/null || { echo "exit code $?"; cat err; }
        test -s "out.$width" || echo 'nothing printed'
        long_lines $width "$width columns" <"out.$width"
        grep -n ' $' "out.$width" | sed "s/^/$width columns: blanks at the end: /"
    done)"
done <lines
said 'pages are 80 columns wide in a pipe' "$(llmsim cost A100 >none; COLUMNS=80 llmsim cost A100 | diff none - | head -5)"
said 'a row of a list is a line in a pipe' "$(test $(($(llmsim arch list | wc -l) - 1)) = "$(llmsim arch list --json | grep -c '"name"')" || llmsim arch list)"
said 'what is no width is none' "$(for c in 0 -3 wide ''; do COLUMNS=$c llmsim cost A100 | diff -q none - >same || echo "COLUMNS=$c"; done)"
said 'no number is lost in a narrow terminal' "$(for line in 'arch list' 'format list' 'trace info llama70b' 'sram 8KiB 1MiB' 'fleet runtime llama-2-7b --device A100-80GB'; do
    COLUMNS=200 llmsim $line >wide; COLUMNS=60 llmsim $line >narrow
    numbers wide >a; numbers narrow >b; comm -23 a b | sed "s/^/$line: /"; done)"
said 'NO_COLOR goes before CLICOLOR_FORCE' "$(CLICOLOR_FORCE=1 llmsim arch list | grep -q "$(printf '\033')" || echo 'no colours'
    NO_COLOR=1 CLICOLOR_FORCE=1 llmsim arch list | grep "$(printf '\033')")"
echo "1..$n"
