# rotated.gp -- the picture of `lenet.sh rotated`: scores of digits that are turned.
# Variables: models (names apart by blanks), folder (of NAME.curve), output_file.
set terminal pngcairo size 1200,400 noenhanced font "sans,10"
set output output_file
set multiplot layout 1,3 title 'test digits, turned'
set xlabel 'degrees'
set xrange [0:180]
set xtics 45
set grid ytics lc rgb '#dddddd'
# Okabe & Ito: apart for colour-blind eyes; point shapes for grey prints
array colour[6] = ['#000000', '#E69F00', '#0072B2', '#009E73', '#CC79A7', '#D55E00']
n = words(models)
file(m) = folder.'/'.word(models, m).'.curve'
unset key
set title 'accuracy (higher is better)'
set yrange [0:1]
plot for [m = 1:n] file(m) using 1:2 with linespoints lc rgb colour[m] lw 1.5 pt m ps 0.7
set title 'Brier score (lower is better)'
set yrange [0:*]
plot for [m = 1:n] file(m) using 1:3 with linespoints lc rgb colour[m] lw 1.5 pt m ps 0.7
set title 'mean entropy, nats'
set key top right samplen 2 spacing 0.9
set yrange [0:2.303]
plot for [m = 1:n] file(m) using 1:4 with linespoints lc rgb colour[m] lw 1.5 pt m ps 0.7 \
  title word(models, m)
unset multiplot
