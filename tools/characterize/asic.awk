# SPDX-License-Identifier: Apache-2.0
# From names (module, words), yosys' log (abc's delay of each module) and statistics (cells, area) to rows.
FILENAME == ARGV[1] { split($0, part, "\t"); order[++units] = part[1]; words[part[1]] = part[2]; next }
/Extracting gate netlist of module/ { module = $0; sub(/.*`\\/, "", module); sub(/'.*/, "", module) }
FILENAME == ARGV[2] { if (match($0, /Delay = *[0-9.]+ ps/)) { t = substr($0, RSTART, RLENGTH); gsub(/[^0-9.]/, "", t); delay[module] = t } next }
/^=== / { at = $2; next }
/Number of cells:/ { cells[at] = $NF }
/Chip area for module/ { area[at] = $NF }
$1 ~ /DFF|dfrbp/ && NF <= 3 { ff[at] += $2 }
END {
    for (i = 1; i <= units; i++) {
        m = order[i]
        name = m; sub(/_(fp|int|bipolar|ternary|e[0-9]|bf|tf|uint).*/, "", name)
        if (cells[m] + 0 == 0 || area[m] + 0 == 0) { print "characterize: " m " has no cells" > "/dev/stderr"; exit 1 }
        printf "%s,%s,%s,%s,%.2f,%s,%d,%d,%.0f\n", name, words[m], tool, lib, area[m], (gate > 0 ? sprintf("%.0f", area[m] / gate) : ""), cells[m], ff[m], delay[m]
    }
}
