# bandit.gp -- the picture of the bandit part of decisions.sh: mean cumulative regret over runs.
# Variables: folder, output_file, uniform (regret of the uniform policy a step).
set terminal pngcairo size 900,560 noenhanced font "sans,11"
set output output_file
methods = 'linear greedy vi dropout ensemble'
# Okabe & Ito: apart for colour-blind eyes; dashes for grey prints
array colour[5] = ['#000000', '#999999', '#0072B2', '#E69F00', '#009E73']
set xlabel 'mushrooms met'
set ylabel 'cumulative regret (mean over runs)'
set grid ytics lc rgb '#dddddd'
set key top left samplen 3
set yrange [0:3200]
n = words(methods) - (system('test -s '.folder.'/bandit-ensemble.curve && echo y') eq 'y' ? 0 : 1) # it may be running yet
plot for [i = 1:n] folder.'/bandit-'.word(methods, i).'.curve' using 1:2 with lines lw 2.2 \
  dt i lc rgb colour[i] title word(methods, i), \
  uniform * x with lines lw 1 dt 3 lc rgb '#D55E00' title 'uniform'
