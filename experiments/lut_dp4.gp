# SPDX-License-Identifier: Apache-2.0
# Plot of experiments/lut_dp4.sh. gnuplot -e "data='x.csv'; picture='x.svg'" lut_dp4.gp
set terminal svg size 1000,420 font 'sans,12' background '#ffffff'
set output picture
set datafile separator ','
set grid lc '#dddddd'
set style data linespoints
pick(what, kind, a) = sprintf("< awk -F, '$1 == \"%s\" && $2 == \"%s\" && $6 == \"%s\"' '%s'", what, kind, a, data)
set multiplot layout 1,2
set key top right reverse Left
set logscale y
set xlabel 'bits of a weight'
set ylabel 'TOP/s a mm2, netlists at 28 nm, 1 GHz'
set title 'fp16 activations, four columns share a table'
set xrange [0.8:8.2]
plot pick('columns', 'mac', 'fp16') using 7:20 pt 7 lc '#d95f02' title 'multiply-accumulate', \
     pick('dp4', 'add', 'fp16') using 7:20 pt 13 lc '#7b5ea7' title 'adder', \
     pick('columns', 'lut', 'fp16') using 7:20 pt 5 lc '#1b5e9e' title 'lookup, half table', \
     pick('columns', 'unpu', 'fp16') using 7:20 pt 9 lc '#2a9d5c' title 'full table, one builder', \
     pick('columns', 'lut-conventional', 'fp16') using 7:20 pt 11 lc '#777777' title 'full table, a builder each'
unset logscale y
set yrange [0:*]
set key bottom left Left reverse
set xlabel 'activations of a table, K'
set ylabel 'density over that at K = 4'
set title 'a lookup unit alone, 1-bit weights'
set xrange [1.8:8.2]
at(a) = sprintf("< awk -F, 'BEGIN { n = 0 } $1 == \"k\" && $6 == \"%s\" { k[n] = $5; d[n] = $5 / $16; t[n++] = $20; if ($5 == 4) { e = $5 / $16; f = $20 } } END { for (i = 0; i < n; i++) print k[i] \",\" d[i] / e \",\" t[i] / f }' '%s'", a, data)
plot at('fp16') using 1:2 pt 5 lc '#1b5e9e' title 'fp16', at('fp16') using 1:3 pt 4 dt 2 lc '#1b5e9e' title 'fp16, with registers', \
     at('int8') using 1:2 pt 7 lc '#d95f02' title 'int8', at('int8') using 1:3 pt 6 dt 2 lc '#d95f02' title 'int8, with registers'
unset multiplot
