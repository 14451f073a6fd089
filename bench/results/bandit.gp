# bandit.gp -- the picture of the bandit part of decisions.sh: mean cumulative regret over runs.
# Variables: folder, output_file, uniform (regret of the uniform policy a step).
set terminal pngcairo size 900,560 noenhanced font "sans,11"
set output output_file
methods = 'neural-linear linear linear-4 greedy vi dropout ensemble'
names = "neural-linear 'linear, precision 0.25' 'linear, precision 4' greedy vi dropout ensemble"
# Okabe & Ito: apart for colour-blind eyes; dashes for grey prints
array colour[7] = ['#D55E00', '#000000', '#56B4E9', '#999999', '#0072B2', '#E69F00', '#009E73']
set xlabel 'mushrooms met'
set ylabel 'cumulative regret (mean over runs)'
set grid ytics lc rgb '#dddddd'
set key top right samplen 3
set yrange [0:3200]
plot for [i = 1:words(methods)] folder.'/bandit-'.word(methods, i).'.curve' using 1:2 with lines \
  lw (i == 1 ? 3.5 : 2.2) dt i lc rgb colour[i] title word(names, i), \
  uniform * x with lines lw 1 dt 3 lc rgb '#CC79A7' title 'uniform'
