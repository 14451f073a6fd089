# small.gp -- the pictures of small.sh: log-likelihood and RMSE against training rows, medians
# over splits. Variables: set_name, methods, folder, output_file.
set terminal pngcairo size 960,420 noenhanced font "sans,10"
set output output_file
set multiplot layout 1,2 title set_name.': test scores against training rows'
set logscale x 2
last = set_name eq 'boston' ? 455 : 927 # rows of a whole training split
set xtics (20, 40, 80, 160, 320, last)
set xlabel 'training rows'
set grid ytics lc rgb '#dddddd'
set key bottom right samplen 2 spacing 0.9
# Okabe & Ito: apart for colour-blind eyes; point shapes for grey prints
array colour[7] = ['#000000', '#999999', '#0072B2', '#E69F00', '#009E73', '#CC79A7', '#D55E00']
file(m) = folder.'/'.set_name.'-'.m.'.dat'
plot_of(i) = file(word(methods, i))
set title 'log-likelihood (median; higher is better)'
set yrange [-6:]
plot for [i = 1:words(methods)] plot_of(i) using 3:6 with linespoints \
  lc rgb colour[i] lw (i == 3 ? 2.5 : 1.3) pt i title word(methods, i)
set title 'RMSE (median)'
set logscale y
set yrange [*:*] noextend
set ytics (2, 3, 4, 6, 8, 10, 15, 20)
unset key
plot for [i = 1:words(methods)] plot_of(i) using 3:9 with linespoints \
  lc rgb colour[i] lw (i == 3 ? 2.5 : 1.3) pt i notitle
unset multiplot
