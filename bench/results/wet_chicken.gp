# wet_chicken.gp -- the picture of the chicken part of decisions.sh: a next place near the fall by the
# model and in the river; the policy for the mean, and where it takes the canoe.
# Variables: prefix (of the files of wet_chicken.c), output_file.
set terminal pngcairo size 1000,480 noenhanced font "sans,11"
set output output_file
set multiplot layout 1,2
set grid ytics lc rgb '#dddddd'
width = 0.1
bin(v) = width * (floor(v / width) + 0.5)
set title 'Next y from (2, 4.2), not paddling'
set xlabel 'y of the next step (the fall is at 5)'
set ylabel 'share of 20,000 draws a bin of 0.1'
set xrange [-0.2:5.2]
set yrange [0:*]
set key top center
set boxwidth width
plot prefix.'-next.txt' using (bin($2)):(1.0 / 20000) smooth frequency with boxes fs solid 1 noborder lc rgb '#bbbbbb' title 'river', \
  '' using (bin($1)):(1.0 / 20000) smooth frequency with boxes fs empty lw 1.5 lc rgb '#0072B2' title 'model'
set title 'Policy for the mean'
set xlabel 'x (drift grows, turbulence falls)'
set ylabel 'y'
set xrange [-0.2:5.2]
set yrange [-0.2:5.2]
set key off
plot prefix.'-places.txt' using 1:2 with points pt 7 ps 0.25 lc rgb '#E69F00', \
  prefix.'-actions.txt' using 1:2:(0.3 * $3):(0.3 * $4) with vectors head size 0.08,20 filled lw 1 lc rgb '#0072B2'
unset multiplot
