// gnuplot.h -- runs a script through gnuplot and collects what it writes.

#ifndef CRED_SRC_PLOT_GNUPLOT_H
#define CRED_SRC_PLOT_GNUPLOT_H

#include "base/text.h"

// Runs `program -d` with the script on its standard input; appends its standard output to
// `picture`. No shell; a run that takes longer than two minutes is ended.
cred_status cred__gnuplot_run(cred__text *picture, const char *program,
                              const char *script, size_t n_bytes);

#endif
