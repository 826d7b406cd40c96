#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A few emitted units through yosys: every one has cells, none a latch or a memory, and the LUT counts are those of the committed table within
# a tenth. Output is TAP; skipped where there is no yosys.
top=$(cd "${TOP_SRCDIR:-.}" && pwd) build=$(cd "${TOP_BUILDDIR:-build}" && pwd)
command -v yosys >/dev/null || { echo '1..0 # SKIP no yosys'; exit 0; }
work=$(mktemp -d "${TMPDIR:-/tmp}/llmsim-synth.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM HUP
grep -E '^(int_dot a=int4 w=int4 tree|kulisch a=e2m1|lut_dot a=int8sym w=int1|bit_serial)' "$top/tools/characterize/fpga.units" >"$work/units"
echo 1..2
if sh "$top/tools/characterize.sh" "$build/llmsim" "$top" fpga "$work/now.csv" "$work/units" xcup >"$work/log" 2>&1; then
    echo "ok 1 - units are synthesized: cells in each, no latch, no memory"
else
    echo "not ok 1 - units are synthesized"
    sed 's/^/# /' "$work/log"
fi
# unit, params: columns 1 and 2; lut: 5
if awk -F, '/^#/ || $1 == "unit" { next }
    FNR == NR { committed[$1 "," $2] = $5; next }
    { rows++; c = committed[$1 "," $2]; if (!(c > 0) || $5 > 1.1 * c || $5 < 0.9 * c) { print "# " $1 " " $2 ": " $5 " LUTs, the table has " c; bad = 1 } }
    END { exit bad || rows != '"$(wc -l <"$work/units")"' }' "$top/costmodel/tables/rtl_fpga.csv" "$work/now.csv"; then
    echo "ok 2 - LUT counts are those of costmodel/tables/rtl_fpga.csv"
else
    echo "not ok 2 - LUT counts are those of costmodel/tables/rtl_fpga.csv"
fi
