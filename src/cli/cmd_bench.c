// cmd_bench.c -- credence bench: this machine's limits, and fixed workloads beside them.

#include "base/text.h"
#include "cli/cmd_bench.h"
#include "kernel/kernel.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

static const cli_option options[] = {
    {.name = "list", .type = CLI_FLAG, .help = "list the workloads instead"},
    {.name = "time",
     .type = CLI_NUMBER,
     .argument = "S",
     .default_text = "2",
     .min = CLI_ABOVE_ZERO,
     .max = 3600,
     .help = "seconds for each workload, and for the limits of the machine"},
    {.name = "quick",
     .type = CLI_FLAG,
     .help = "a tenth of that time: a first look, with a wider spread"},
    CLI_OPTION_THREADS,
    CLI_OPTION_JSON,
};

enum { WORKLOADS_MAX = 256 };
static const double BUSY_CORES = 0.1;

static void print_list(void) {
  for (size_t i = 0; i < cred_bench_n_workloads(); i++) {
    const cred_bench_workload *w = cred_bench_get_workload(i);
    printf("%-28s %-6s %s\n", w->name, w->unit, w->about);
  }
}

static cred_status fail_word(const char *word) {
  const char *names[WORKLOADS_MAX];
  size_t n = 0;
  for (; n < cred_bench_n_workloads() && n < WORKLOADS_MAX; n++)
    names[n] = cred_bench_get_workload(n)->name;
  const char *nearest = cred__nearest(word, names, n);
  if (nearest) return cli_usage("no workload '%s'\ndid you mean '%s'?", word, nearest);
  return cli_usage("no workload '%s'; --list prints them", word);
}

// Every word must stand for some workload.
static cred_status choose(bool *chosen, const cli_args *args) {
  const size_t n = cred_bench_n_workloads(), n_words = cli_n_positional(args);
  for (size_t i = 0; i < n; i++) chosen[i] = n_words == 0;
  for (size_t w = 0; w < n_words; w++) {
    const char *word = cli_positional(args, w);
    bool found = false;
    for (size_t i = 0; i < n; i++)
      if (cred_bench_matches(i, word)) chosen[i] = found = true;
    if (!found) return fail_word(word);
  }
  return CRED_OK;
}

// --- text ---

static void print_time(double time_s, int width) {
  static const struct {
    double scale;
    const char *unit;
  } units[] = {{1, "s "}, {1e3, "ms"}, {1e6, "us"}};
  size_t i = 0;
  while (i < 2 && time_s * units[i].scale < 1) i++;
  printf("%*.3g %s", width, time_s * units[i].scale, units[i].unit);
}

static void print_bytes(double bytes) {
  if (bytes < 1 << 20)
    printf(" %g KiB", bytes / (1 << 10));
  else
    printf(" %g MiB", bytes / (1 << 20));
}

static void print_limits(const cred_bench_limits *l) {
  printf("%zu thread%s, %s: %.1f GFLOP/s of multiply-adds in registers\n", l->n_threads,
         l->n_threads > 1 ? "s" : "", cred__kernel_isa(), 1e-9 * l->peak_flops);
  fputs("GB/s over arrays of", stdout);
  for (size_t i = 0; i < CRED_BENCH_SIZES; i++) {
    print_bytes(l->array_bytes[i]);
    printf(": %.1f%s", 1e-9 * l->bytes_per_s[i], i + 1 < CRED_BENCH_SIZES ? "," : "\n\n");
  }
}

static void print_head(void) {
  printf("%-27s %9s %6s %8s %5s %6s %6s %7s\n", "workload", "median", "spread", "GFLOP/s",
         "peak", "roof", "apart", "memory");
}

// Spread: half the distance of the quartiles.
static void print_row(const char *name, const cred_bench_limits *l,
                      const cli__bench_outcome *o) {
  const cred_bench_result *r = &o->result;
  printf("%-27s ", name);
  print_time(r->time_s, 6);
  printf(" %5.1f%% %8.1f %4.0f%% %5.0f%% %5.0f%% %4.0f MB\n",
         50 * (r->time_s_high - r->time_s_low) / r->time_s, 1e-9 * r->flops / r->time_s,
         100 * r->flops / r->time_s / l->peak_flops, 100 * r->time_s_overlap / r->time_s,
         100 * r->time_s_apart / r->time_s, 1e-6 * (double)o->peak_bytes);
  fflush(stdout);
}

// --- JSON Lines ---

static cred_status print_line(json_t *line) {
  if (!line) FAIL(CRED_ENOMEM, "no memory for a line of JSON");
  const int failed = json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
  json_decref(line);
  putchar('\n');
  fflush(stdout);
  if (failed) FAIL(CRED_EIO, "standard output: writing failed");
  return CRED_OK;
}

static json_t *number_or_null(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

static cred_status json_limits(const cred_bench_limits *l) {
  json_t *bytes = json_array(), *rate = json_array();
  for (size_t i = 0; i < CRED_BENCH_SIZES; i++) {
    json_array_append_new(bytes, json_real(l->array_bytes[i]));
    json_array_append_new(rate, json_real(l->bytes_per_s[i]));
  }
  return print_line(json_pack("{ss sI ss sf so so}", "kind", "machine", "threads",
                              (json_int_t)l->n_threads, "isa", cred__kernel_isa(),
                              "peak_flops", l->peak_flops, "array_bytes", bytes,
                              "bytes_per_s", rate));
}

static cred_status json_row(const cred_bench_workload *w, const cli__bench_outcome *o) {
  const cred_bench_result *r = &o->result;
  return print_line(json_pack(
      "{ss ss ss sI sI sf sf sf sf sf sf sf sf so so sI so}", "kind", "workload", "name",
      w->name, "unit", w->unit, "samples", (json_int_t)r->n_samples, "units_a_sample",
      (json_int_t)r->n_units, "time_s", r->time_s, "time_s_low", r->time_s_low,
      "time_s_high", r->time_s_high, "time_s_first", r->time_s_first, "flops", r->flops,
      "bytes", r->bytes, "time_s_overlap", r->time_s_overlap, "time_s_apart",
      r->time_s_apart, "score_first", number_or_null(r->score_first), "score_last",
      number_or_null(r->score_last), "peak_bytes", (json_int_t)o->peak_bytes,
      "others_cores", number_or_null(o->others_cores)));
}

static int run_bench(const cli_args *args) {
  bool chosen[WORKLOADS_MAX];
  double others_cores = 0;
  cred_bench_limits limits;
  const bool json = cli_flag(args, "json");
  const double time_s = cli_number(args, "time") * (cli_flag(args, "quick") ? 0.1 : 1);
  TRY(choose(chosen, args));
  if (cli_flag(args, "list")) {
    print_list();
    return CRED_OK;
  }
  TRY(cli__bench_measure(&limits, cli_size(args, "threads"), time_s));
  if (json)
    TRY(json_limits(&limits));
  else
    print_limits(&limits);
  if (!json) print_head();
  for (size_t i = 0; i < cred_bench_n_workloads() && !cli_interrupted(); i++) {
    const cred_bench_workload *w = cred_bench_get_workload(i);
    cli__bench_outcome outcome;
    if (!chosen[i]) continue;
    TRY(cli__bench_run(&outcome, i, &limits, time_s));
    if (json)
      TRY(json_row(w, &outcome));
    else
      print_row(w->name, &limits, &outcome);
    others_cores = fmax(others_cores, outcome.others_cores);
  }
  if (others_cores > BUSY_CORES)
    cli_note(args,
             "other programs kept up to %.1f cores busy: these times are not of an idle "
             "machine",
             others_cores);
  return CRED_OK;
}

const cli_command cmd_bench = {
    .name = "bench",
    .summary = "Time fixed workloads beside the limits of this machine",
    .positional = "[WORKLOAD...]",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "A WORKLOAD is a name of --list or the beginning of several, up to a '-'; all\n"
        "run where none is given. Data are made in memory, each workload runs in a\n"
        "process of its own. median, spread: of a step, an epoch or a call, and half\n"
        "the distance of its quartiles. peak: share of the multiply-adds in registers\n"
        "that the matrix products reach. roof: the least time where products and memory\n"
        "work at once, as a share of the median; apart: where one waits for the other.\n"
        "memory: the largest resident memory of the process.",
    .examples = "credence bench --list\n"
                "credence bench train-tutorial --quick\n"
                "credence bench predict-1-local train-tutorial-sine --quick --json",
    .run = run_bench,
};
