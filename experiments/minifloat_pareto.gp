# SPDX-License-Identifier: Apache-2.0
# Plot of experiments/minifloat_pareto.sh. gnuplot -e "data='x.csv'; picture='x.svg'" minifloat_pareto.gp
set terminal svg size 900,560 font 'sans,13' background '#ffffff'
set output picture
set datafile separator ','
set key outside top center horizontal reverse Left
set logscale x 2
set xlabel 'LUT6 a multiply-accumulate (UltraScale+ synthesis and formulas fitted on it)'
set ylabel 'SQNR of a product of 4608 terms, dB (proxy)'
set yrange [5:42]
set grid lc '#dddddd'
pick(kind) = sprintf("< awk -F, '$3 == \"%s\"' '%s'", kind, data)
set style data points
plot sprintf("< awk -F, 'NR > 1 && $9 == 1' '%s'", data) using 5:8 with steps lw 2 lc '#999999' title 'Pareto front', \
     pick('integer') using 5:8 pt 7 ps 1.1 lc '#d95f02' title 'integer', \
     pick('kulisch') using 5:8 pt 5 ps 0.9 lc '#1b5e9e' title 'minifloat, exact sums', \
     pick('fp16') using 5:8 pt 9 ps 0.9 lc '#2a9d5c' title 'minifloat, fp16 sums', \
     pick('fp32') using 5:8 pt 13 ps 0.9 lc '#7b5ea7' title 'minifloat, fp32 sums', \
     sprintf("< awk -F, 'NR > 1 && $9 == 1' '%s'", data) using 5:8:1 with labels offset 0,0.8 font ',10' notitle
