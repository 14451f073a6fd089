// cmd_inspect.c -- credence inspect: what a model file holds, for people or as JSON
// Lines.

#include "cli/cli.h"
#include "cli/request.h"
#include "credence/decide/triage.h"
#include "data/schema.h"
#include "model/model.h"
#include <jansson.h>
#include <math.h>
#include <string.h>

static const cli_option options[] = {
    {.name = "all",
     .type = CLI_FLAG,
     .help = "list all columns, levels and epochs, however many"},
    {.name = "history", .type = CLI_FLAG, .help = "print the history as CSV instead"},
    CLI_OPTION_JSON,
};

enum { SHOWN_MAX = 20 };

static const char *posterior_text(const cred_model *model) {
  static const char *const texts[] = {"point (posterior mode)", "Monte Carlo dropout",
                                      "factorised Gaussian (variational)"};
  return texts[cred_model_posterior(model)->members[0].kind];
}

static size_t shown(const cli_args *args, size_t n) {
  return cli_flag(args, "all") || n < SHOWN_MAX ? n : SHOWN_MAX;
}

// --- text ---

// "784", or "28 x 28 x 1" of a map.
static void shape_text(char out[72], cred_shape shape) {
  if (shape.height == 1 && shape.width == 1)
    snprintf(out, 72, "%zu", shape.channels);
  else
    snprintf(out, 72, "%zu x %zu x %zu", shape.height, shape.width, shape.channels);
}

static void print_network(const cred_model *model) {
  const cred_network *network = cred_model_network(model);
  const size_t n = cred_network_n_layers(network);
  char shape[72];
  int wide = 24;
  for (size_t i = 0; i < n; i++) {
    const int length = (int)strlen(cred_network_layer(network, i).text);
    if (length > wide) wide = length;
  }
  shape_text(shape, cred_network_in_shape(network));
  printf("\n%-12s %-*s %14s %12s\n", "layer", wide, "text", "outputs", "parameters");
  printf("%-12s %-*s %14s %12s\n", "inputs", wide, "", shape, "-");
  for (size_t i = 0; i < n; i++) {
    const cred_network_row row = cred_network_layer(network, i);
    shape_text(shape, row.out);
    printf("%-12s %-*s %14s %12zu\n", row.name, wide, row.text, shape, row.n_params);
  }
  // what stands behind the network in the vector of parameters
  for (size_t i = cred_network_n_slices(network); i < cred_model_n_slices(model); i++)
    printf("%-*s %14s %12zu\n", wide + 13, cred_model_slice(model, i)->name, "-",
           cred_model_slice(model, i)->n);
  printf("%-12s %-*s %14s %12zu\n", "total", wide, "", "", model->dim);
}

static void print_levels(const cli_args *args, char *const *levels, size_t n) {
  const size_t n_shown = shown(args, n);
  for (size_t i = 0; i < n_shown; i++) printf("%s%s", i ? ", " : "", levels[i]);
  if (n_shown < n) printf(", ... (%zu)", n);
  putchar('\n');
}

static void print_pixels(const cred_schema_pixels *p) {
  printf("\npictures: %zu x %zu (width x height), %s, %s%s\n", p->width, p->height,
         p->channels == 1 ? "grey" : "colour",
         p->per_pixel ? "a class a pixel" : "a class a picture",
         p->resized ? "; others are made this large" : "");
  for (size_t i = 0; i < p->n_ignored; i++)
    printf("%s%s%s", i ? ", " : "classes left out: ", p->ignored[i],
           i + 1 < p->n_ignored ? "" : "\n");
  for (size_t c = 0; c < p->channels; c++)
    printf("channel %zu: mean %.4g, sd %.4g of the range\n", c, p->mean[c], p->sd[c]);
}

static void print_columns(const cli_args *args, const cred_schema *schema) {
  if (schema->pixels.height) {
    print_pixels(&schema->pixels);
    return;
  }
  const size_t n = shown(args, schema->n_columns);
  printf("\n%-20s %-12s %7s %12s %12s  levels\n", "input", "type", "inputs", "mean",
         "sd");
  for (size_t i = 0; i < n; i++) {
    const cred_schema_column *c = &schema->columns[i];
    if (c->type == CRED_COLUMN_NUMERIC) {
      printf("%-20s %-12s %7zu %12.6g %12.6g%s\n", c->name, "number", c->n_inputs,
             c->mean, c->sd, c->constant ? "  (constant)" : "");
      continue;
    }
    printf("%-20s %-12s %7zu %12s %12s  ", c->name, "category", c->n_inputs, "-", "-");
    print_levels(args, c->levels, c->n_levels);
  }
  if (n < schema->n_columns)
    printf("... and %zu columns more (--all lists them)\n", schema->n_columns - n);
}

static void print_targets(const cli_args *args, const cred_model *model) {
  const cred_schema *schema = cred_model_schema(model);
  printf("\n%-20s %-12s %12s %12s %12s\n", "target", "type", "mean", "sd", "noise sd");
  for (size_t t = 0; t < schema->n_targets; t++) {
    const cred_schema_target *target = &schema->targets[t];
    const double noise = cred_model_noise_sd(model, t);
    if (target->type == CRED_TARGET_CLASS) {
      printf("%-20s %zu classes: ", target->name, target->n_classes);
      print_levels(args, target->classes, target->n_classes);
      continue;
    }
    printf("%-20s %-12s %12.6g %12.6g ", target->name, cred__target_words[target->type],
           target->mean, target->sd);
    if (isnan(noise))
      printf("%12s\n", "-");
    else
      printf("%12.6g\n", noise);
  }
}

// Every option and fact of the fit, by its name on the command line.
static cred_status print_report(const cred_model *model) {
  const char *name;
  json_t *value;
  json_t *report = json_loads(cred_model_report(model), 0, NULL);
  if (!report) FAIL(CRED_ENOMEM, "no memory for the report of the fit");
  puts("\nfit");
  json_object_foreach(report, name, value) {
    if (json_is_string(value))
      printf("  %-18s %s\n", name, json_string_value(value));
    else if (json_is_integer(value))
      printf("  %-18s %llu\n", name, (unsigned long long)json_integer_value(value));
    else if (json_is_real(value))
      printf("  %-18s %.9g\n", name, json_real_value(value));
    else
      printf("  %-18s %s\n", name, json_is_true(value) ? "true" : "false");
  }
  json_decref(report);
  return CRED_OK;
}

static void print_calibration(const cred_model *model) {
  const cred__calibration *c = &model->calibration;
  if (!c->fitted) {
    puts("\ncalibration: none");
    return;
  }
  printf("\ncalibration: coverage %g on %zu rows, temperature %.6g, %s", c->coverage,
         c->n_rows, c->temperature, c->n_quantiles > 1 ? "quantiles" : "quantile");
  for (size_t i = 0; i < c->n_quantiles; i++) printf(" %.6g", c->quantile[i]);
  if (cred_likelihood_is_class(&model->likelihood))
    printf(", sets by %s", c->set == CRED_SET_APS ? "aps" : "lac");
  putchar('\n');
}

static cred_status print_line(json_t *line) {
  if (!line) FAIL(CRED_ENOMEM, "no memory for a line of JSON");
  const int failed = json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
  json_decref(line);
  putchar('\n');
  if (failed) FAIL(CRED_EIO, "standard output: writing failed");
  return CRED_OK;
}

static cred_status print_rule(const cred_model *model, bool json) {
  cred_rule rule;
  bool found;
  char sentence[1024];
  TRY(cred_rule_of_model(&rule, &found, model));
  if (!found) return CRED_OK;
  cred_rule_sentence(sentence, sizeof sentence, &rule, model);
  if (json) return print_line(json_pack("{ss ss}", "kind", "rule", "text", sentence));
  printf("\nrule: %s\n", sentence);
  return CRED_OK;
}

static void print_number(double value, int width) {
  if (isnan(value))
    printf(" %*s", width, "-");
  else
    printf(" %*.6g", width, value);
}

static void print_history(const cli_args *args, const cred_model *model) {
  const size_t n = cred_model_n_history(model);
  const size_t n_shown = cli_flag(args, "all") || n < 10 ? n : 10;
  printf("\n%-10s %14s %14s %14s\n", "epoch", "log_lik", "kl", "validation");
  for (size_t i = 0; i < n_shown; i++) {
    // evenly spread, the last one included
    const size_t at = n_shown == n ? i : (i + 1) * n / n_shown - 1;
    const cred_history_row row = cred_model_history(model, at);
    printf("%-10zu", row.epoch);
    print_number(row.log_lik, 14);
    print_number(row.kl, 14);
    print_number(row.validation, 14);
    putchar('\n');
  }
  puts("(nats a row, mean over members)");
}

// What is done with missing cells, and the columns that are no inputs.
static void print_roles(const cred_schema *schema) {
  printf("\nmissing cells: %s", cred__missing_words[schema->missing]);
  if (schema->id) printf("; id: %s", schema->id);
  if (schema->weight) printf("; weight: %s", schema->weight);
  putchar('\n');
}

static cred_status print_text(const cli_args *args, const cred_model *model) {
  const size_t n_members = cred_model_posterior(model)->n_members;
  char digest[17];
  TRY(cred_model_digest(digest, model));
  printf("digest: %s (as in the audit logs of triage)\n", digest);
  printf("posterior: %s, %zu member%s%s\n", posterior_text(model), n_members,
         n_members > 1 ? "s" : "",
         cred_model_can_resume(model) ? "; can be resumed" : "");
  print_network(model);
  print_targets(args, model);
  print_roles(cred_model_schema(model));
  print_columns(args, cred_model_schema(model));
  TRY(print_report(model));
  print_calibration(model);
  TRY(print_rule(model, false));
  print_history(args, model);
  return CRED_OK;
}

static void print_history_csv(const cred_model *model) {
  puts("epoch,log_lik,kl,validation");
  for (size_t i = 0; i < cred_model_n_history(model); i++) {
    const cred_history_row row = cred_model_history(model, i);
    printf("%zu,%.9g,%.9g,", row.epoch, row.log_lik, row.kl);
    if (!isnan(row.validation)) printf("%.9g", row.validation);
    putchar('\n');
  }
}

// --- JSON Lines ---

static json_t *number_or_null(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *words(char *const *list, size_t n) {
  json_t *array = json_array();
  for (size_t i = 0; i < n; i++) json_array_append_new(array, json_string(list[i]));
  return array;
}

static cred_status json_schema(const cred_model *model) {
  const cred_schema *schema = cred_model_schema(model);
  for (size_t t = 0; t < schema->n_targets; t++) {
    const cred_schema_target *target = &schema->targets[t];
    TRY(print_line(json_pack("{ss ss ss so so so so so}", "kind", "target", "name",
                             target->name, "type", cred__target_words[target->type],
                             "classes", words(target->classes, target->n_classes), "mean",
                             number_or_null(target->mean), "sd",
                             number_or_null(target->sd), "noise_sd",
                             number_or_null(cred_model_noise_sd(model, t)), "noise_dof",
                             number_or_null(cred_model_noise_dof(model, t)))));
  }
  const cred_schema_pixels *p = &schema->pixels;
  if (p->height)
    TRY(print_line(json_pack("{ss sI sI sI sb sb so}", "kind", "pictures", "height",
                             (json_int_t)p->height, "width", (json_int_t)p->width,
                             "channels", (json_int_t)p->channels, "resized",
                             (int)p->resized, "per_pixel", (int)p->per_pixel, "ignored",
                             words(p->ignored, p->n_ignored))));
  for (size_t i = 0; i < schema->n_columns; i++) {
    const cred_schema_column *c = &schema->columns[i];
    TRY(print_line(
        json_pack("{ss ss ss sI so so so sb}", "kind", "input", "name", c->name, "type",
                  c->type == CRED_COLUMN_NUMERIC ? "number" : "category", "inputs",
                  (json_int_t)c->n_inputs, "levels", words(c->levels, c->n_levels),
                  "mean", number_or_null(c->mean), "sd", number_or_null(c->sd),
                  "constant", (int)c->constant)));
  }
  return CRED_OK;
}

static cred_status json_network(const cred_model *model) {
  const cred_network *network = cred_model_network(model);
  for (size_t i = 0; i < cred_network_n_layers(network); i++) {
    const cred_network_row row = cred_network_layer(network, i);
    TRY(print_line(json_pack("{ss ss ss sI s[III] sI}", "kind", "layer", "name", row.name,
                             "text", row.text, "outputs", (json_int_t)row.n_out, "shape",
                             (json_int_t)row.out.height, (json_int_t)row.out.width,
                             (json_int_t)row.out.channels, "parameters",
                             (json_int_t)row.n_params)));
  }
  return CRED_OK;
}

static cred_status json_calibration(const cred_model *model) {
  const cred__calibration *c = &model->calibration;
  json_t *quantiles = json_array();
  for (size_t i = 0; i < c->n_quantiles; i++)
    json_array_append_new(quantiles, number_or_null(c->quantile[i]));
  if (!c->fitted) {
    json_decref(quantiles);
    return CRED_OK;
  }
  return print_line(json_pack("{ss sf sf sI so ss}", "kind", "calibration", "coverage",
                              c->coverage, "temperature", c->temperature, "rows",
                              (json_int_t)c->n_rows, "quantiles", quantiles, "set",
                              c->set == CRED_SET_APS ? "aps" : "lac"));
}

static cred_status print_json(const cred_model *model) {
  char digest[17];
  json_t *report = json_loads(cred_model_report(model), 0, NULL);
  TRY(cred_model_digest(digest, model));
  if (report) {
    json_object_set_new(report, "digest", json_string(digest));
    json_object_set_new(report, "kind", json_string("fit"));
    json_object_set_new(report, "resumable", json_boolean(cred_model_can_resume(model)));
  }
  TRY(print_line(report));
  TRY(json_network(model));
  TRY(json_schema(model));
  TRY(json_calibration(model));
  TRY(print_rule(model, true));
  for (size_t i = 0; i < cred_model_n_history(model); i++) {
    const cred_history_row row = cred_model_history(model, i);
    TRY(print_line(json_pack("{ss sI so so so}", "kind", "history", "epoch",
                             (json_int_t)row.epoch, "log_lik",
                             number_or_null(row.log_lik), "kl", number_or_null(row.kl),
                             "validation", number_or_null(row.validation))));
  }
  return CRED_OK;
}

static int run_inspect(const cli_args *args) {
  cred_model *model;
  int status = CRED_OK;
  TRY(cli_read_model(&model, args, cli_positional(args, 0)));
  if (cli_flag(args, "history"))
    print_history_csv(model);
  else
    status = cli_flag(args, "json") ? print_json(model) : print_text(args, model);
  cred_model_free(model);
  return status;
}

const cli_command cmd_inspect = {
    .name = "inspect",
    .summary = "Print what a model is made of and how it was fitted",
    .positional = "MODEL",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "The network layer by layer, targets and inputs with their types and\n"
        "scales, all options of the fit by their names on the command line, the\n"
        "digests of the model and of the data, calibration, rule of triage, and the\n"
        "history.",
    .examples = "credence demo sine -o sine.csv\n"
                "credence fit sine.csv --target y --steps 300 --members 2 -o model.cred\n"
                "credence inspect model.cred\n"
                "credence inspect model.cred --history",
    .run = run_inspect,
};
