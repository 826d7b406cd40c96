# SPDX-License-Identifier: Apache-2.0
# From names (module, words) and yosys' statistics to rows. Two small LUTs share a LUT6 site where they have at most five inputs together.
FILENAME == ARGV[1] { split($0, part, "\t"); order[++units] = part[1]; words[part[1]] = part[2]; next }
/^=== / { at = $2; next }
$1 ~ /^LUT[1-6]$/ { lut[at] += $2; of[at, substr($1, 4)] += $2 }
$1 ~ /^(MUXF|PFUMX|L6MUX)/ { mux[at] += $2 }
$1 ~ /^(CARRY|CCU2C)/ { carry[at] += $2 }
$1 ~ /^(FD|TRELLIS_FF)/ { ff[at] += $2 }
$1 ~ /^(DSP|MULT18)/ { dsp[at] += $2 }
function least(a, b) { return a < b ? a : b }
function packed(m,   one, two, three, pair) {
    one = of[m, 1]; two = of[m, 2]; three = of[m, 3]
    one -= least(of[m, 4], one)
    pair = least(two, three)
    return of[m, 6] + of[m, 5] + of[m, 4] + pair + int((one + two + three - 2 * pair + 1) / 2)
}
END {
    for (i = 1; i <= units; i++) {
        m = order[i]
        name = m; sub(/_(fp|int|bipolar|ternary|e[0-9]|bf|tf|uint).*/, "", name)
        if (lut[m] + 0 == 0) { print "characterize: " m " has no LUTs" > "/dev/stderr"; exit 1 }
        all = lut[m] + (target == "ecp5" ? 2 * carry[m] : 0)
        printf "%s,%s,%s,%s,%d,%s,%d,%d,%d,%d\n", name, words[m], tool, target, all, target == "ecp5" ? "" : packed(m), mux[m], carry[m], ff[m], dsp[m]
    }
}
