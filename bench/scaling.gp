# scaling.gp -- the pictures of bench/scaling. gnuplot -c scaling.gp FOLDER-OF-TSV FOLDER-OF-PNG
# In grey: curves differ by dash and by point, not by colour alone.
in = ARG1; out = ARG2
set terminal pngcairo size 1100,460 font "Sans,11" noenhanced
set logscale xy
set grid lc rgb "#dddddd" lt 1
set key top left reverse Left samplen 3
set style data linespoints
set style line 1 lc rgb "#000000" dt 1 pt 7 ps 1.1 lw 1.6
set style line 2 lc rgb "#555555" dt 2 pt 5 ps 1.1 lw 1.6
set style line 3 lc rgb "#888888" dt 4 pt 9 ps 1.3 lw 1.6
set style line 4 lc rgb "#222222" dt 3 pt 4 ps 1.3 lw 1.6
set style line 5 lc rgb "#777777" dt 5 pt 6 ps 1.3 lw 1.6
set format y "%g"
ms(x) = 1e3 * x
mb(x) = 1e-6 * x

# picture(file, x-name, unit): time at the left, memory at the right
set output out . "/scaling-train-width.png"
set multiplot layout 1,2
set xlabel "width of two hidden layers"; set xrange [40:5000]
set ylabel "ms a training step, batch 128"
plot in."/train-width.tsv" u 1:(ms($4)) ls 1 t "weight draws", "" u 1:(ms($6)) ls 2 t "local reparameterisation", \
     "" u 1:(ms($2)) ls 3 t "posterior mode"
set ylabel "peak memory, MB"
plot in."/train-width.tsv" u 1:(mb($5)) ls 1 t "weight draws", "" u 1:(mb($7)) ls 2 t "local reparameterisation", \
     "" u 1:(mb($3)) ls 3 t "posterior mode"
unset multiplot

set output out . "/scaling-train-batch.png"
set multiplot layout 1,2
set xlabel "rows of a batch, width 400"; set xrange [0.8:5000]
set ylabel "ms a training step"
plot in."/train-batch.tsv" u 1:(ms($4)) ls 1 t "weight draws", "" u 1:(ms($6)) ls 2 t "local reparameterisation", \
     "" u 1:(ms($2)) ls 3 t "posterior mode"
set ylabel "peak memory, MB"
plot in."/train-batch.tsv" u 1:(mb($5)) ls 1 t "weight draws", "" u 1:(mb($7)) ls 2 t "local reparameterisation", \
     "" u 1:(mb($3)) ls 3 t "posterior mode"
unset multiplot

set output out . "/scaling-predict-width.png"
set multiplot layout 1,2
set xlabel "width of two hidden layers"; set xrange [40:5000]
set ylabel "ms for 128 rows by 20 draws"
plot in."/predict-width.tsv" u 1:(ms($8)) ls 1 t "weight draws", "" u 1:(ms($6)) ls 2 t "local reparameterisation", \
     "" u 1:(ms($4)) ls 3 t "dropout", "" u 1:(ms($2)) ls 4 t "moments"
set ylabel "peak memory, MB"
plot in."/predict-width.tsv" u 1:(mb($9)) ls 1 t "weight draws", "" u 1:(mb($7)) ls 2 t "local reparameterisation", \
     "" u 1:(mb($5)) ls 3 t "dropout", "" u 1:(mb($3)) ls 4 t "moments"
unset multiplot

set output out . "/scaling-predict-draws.png"
set multiplot layout 1,2
set xlabel "draws, 128 rows, width 400"; set xrange [0.8:1500]
set ylabel "ms for 128 rows"
plot in."/predict-draws.tsv" u 1:(ms($8)) ls 1 t "weight draws", "" u 1:(ms($6)) ls 2 t "local reparameterisation", \
     "" u 1:(ms($4)) ls 3 t "dropout", "" u 1:(ms($2)) ls 4 t "moments"
set ylabel "peak memory, MB"
plot in."/predict-draws.tsv" u 1:(mb($9)) ls 1 t "weight draws", "" u 1:(mb($7)) ls 2 t "local reparameterisation", \
     "" u 1:(mb($5)) ls 3 t "dropout", "" u 1:(mb($3)) ls 4 t "moments"
unset multiplot

set output out . "/scaling-rows.png"
set multiplot layout 1,2
set xlabel "rows of a streamed file"; set xrange [700:1.5e7]; set format x "10^%L"; set termoption enhanced
set ylabel "s for the whole process"
plot in."/rows.tsv" u 1:2 ls 1 t "credence predict, 10 draws", "" u 1:4 ls 2 t "parsing alone"
set ylabel "peak memory, MB"; set yrange [1:1000]
plot in."/rows.tsv" u 1:(mb($3)) ls 1 t "credence predict, 10 draws", "" u 1:(mb($5)) ls 2 t "parsing alone"
unset multiplot

set output out . "/scaling-threads.png"
unset logscale x; set format x "%g"; set autoscale y; set xrange [0.8:4.2]; set xtics (1, 2, 4)
set terminal pngcairo size 620,460 font "Sans,11" noenhanced
set key top right
set xlabel "threads, two cores; width 1200"; set ylabel "ms a step, or 128 rows by 20 draws"
plot in."/threads.tsv" u 1:(ms($10)) ls 1 t "predict, weight draws", "" u 1:(ms($8)) ls 2 t "predict, local", \
     "" u 1:(ms($6)) ls 4 t "train, local", "" u 1:(ms($4)) ls 5 t "train, weight draws", \
     "" u 1:(ms($2)) ls 3 t "train, posterior mode"
