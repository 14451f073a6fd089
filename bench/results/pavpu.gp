# pavpu.gp -- the picture of camvid.sh: what certain and uncertain pixels are worth, by the
# threshold of the entropy. Variables: files (thresholds.csv of `credence segment`, each
# NAME-thresholds.csv, apart by blanks), output_file.
set terminal pngcairo size 1200,400 noenhanced font "sans,10"
set output output_file
set datafile separator ','
set multiplot layout 1,3 title 'patches of 4 x 4 pixels by the threshold of their entropy'
set xlabel 'threshold, nats'
set xrange [0:2.4]
set yrange [0:1]
set grid ytics lc rgb '#dddddd'
# Okabe & Ito: apart for colour-blind eyes; dashes for grey prints
array colour[6] = ['#000000', '#E69F00', '#0072B2', '#009E73', '#CC79A7', '#D55E00']
n = words(files)
name(m) = system("basename '".word(files, m)."' -thresholds.csv")
unset key
set title 'p(accurate | certain)'
plot for [m = 1:n] word(files, m) using 1:2 with lines lc rgb colour[m] lw 2 dt m
set title 'p(uncertain | inaccurate)'
plot for [m = 1:n] word(files, m) using 1:3 with lines lc rgb colour[m] lw 2 dt m
set title 'PAvPU'
set key bottom right samplen 3 spacing 0.9
plot for [m = 1:n] word(files, m) using 1:4 with lines lc rgb colour[m] lw 2 dt m title name(m)
unset multiplot
