// cmd_triage_rule.c -- from the options of `credence triage` to a rule.

#include "base/alloc.h"
#include "base/text.h"
#include "cli/cmd_triage.h"
#include "credence/data/split.h"
#include "credence/model/evaluate.h"
#include <math.h>
#include <string.h>

static const char *const limits[] = {"min-confidence", "max-sd", "max-mi", "max-distance",
                                     NULL};
static const char *const chosen[] = {"review-rate", "max-error",    "max-miss",
                                     "costs",       "outlier-rate", NULL};
static const char *const bounds[] = {"max-error", "max-miss", NULL};
static const char *const on_rows[] = {"review-rate", "max-error", "max-miss",
                                      "outlier-rate", NULL};
static const char *const of_rows[] = {"calibration", "calibration-rows",
                                      "calibration-labels", NULL};

static bool has_rule_options(const cli_args *args) {
  return cli_first_given(args, limits) || cli_first_given(args, chosen);
}

// Whether the rule is the model's. --max-distance alone is no other rule beside it: both
// are applied.
static bool uses_kept(const cli__triage *all) {
  static const char *const others[] = {"min-confidence", "max-sd", "max-mi", NULL};
  if (!has_rule_options(all->args)) return true;
  return cred_model_rule(all->in.model) && !cli_first_given(all->args, others) &&
         !cli_first_given(all->args, chosen);
}

// What was promised of the rule was promised of the cases that it keeps, not of fewer.
static void tighten(cli__triage *all) {
  cred_rule *r = &all->rule;
  double *limit = &r->limit[CRED_DOUBT_DISTANCE];
  *limit = fmin(*limit, cli_number(all->args, "max-distance"));
  if (r->kind == CRED_RULE_BOUND)
    cli_note(all->args, "the rule of the model and --max-distance are both applied: what "
                        "was proved holds for the rule alone, and --keep-rule keeps the "
                        "limits without it");
  if (r->kind != CRED_RULE_COST) r->kind = CRED_RULE_GIVEN;
}

cred_status cli__triage_draws(cli__triage *all) {
  static const char *const draws[] = {"draws", "draws-kind", "seed", NULL};
  static const char *const of_choice[] = {"positive", "tolerance", "doubt", "confidence",
                                          NULL};
  bool found;
  all->predict = cli_predict_options(all->args);
  if (!uses_kept(all)) {
    if (cred_model_rule(all->in.model))
      cli_note(all->args, "the model keeps a rule of its own, which is not applied: "
                          "another is given");
    return CRED_OK;
  }
  TRY(cred_rule_of_model(&all->rule, &found, all->in.model));
  if (!found)
    FAIL(CRED_ECONFIG, "no rule: the model keeps none, so give limits (--min-confidence "
                       "0.8), a budget (--review-rate 10%%), a bound (--max-error 0.05 "
                       "--calibration FILE) or costs (--costs 1,10,0.5)");
  TRY(cli_refuse(all->args, draws, "belongs to the rule, which the model keeps"));
  TRY(cli_refuse(all->args, of_choice, "belongs to the rule, which the model keeps"));
  TRY(cli_refuse(all->args, of_rows,
                 "belongs to the choice of a rule, and the model keeps one"));
  if (cli_given(all->args, "target") && all->target != all->rule.target)
    FAIL(CRED_ECONFIG, "option '--target' is '%s', the rule of the model is for '%s'",
         cli_text(all->args, "target"),
         cred_model_schema(all->in.model)->targets[all->rule.target].name);
  all->target = all->rule.target;
  all->predict.draws = all->rule.draws;
  all->predict.n_draws = all->rule.n_draws;
  all->predict.seed = all->rule.seed;
  return CRED_OK;
}

// Which class is meant must be said wherever the other one would be another rule.
static cred_status check_no_class(const cli__triage *all, const cred_schema_target *t) {
  const cred_rule *r = &all->rule;
  const bool costs =
      r->kind == CRED_RULE_COST &&
      (t->n_classes > 2 || r->cost_wrong_positive != r->cost_wrong_negative);
  if (t->type != CRED_TARGET_CLASS || !(costs || cli_given(all->args, "max-miss")))
    return CRED_OK;
  FAIL(CRED_ECONFIG,
       "option '--%s' is about one class: name it with --positive, '%s' or '%s'%s",
       costs ? "costs" : "max-miss", t->classes[0], t->classes[1],
       t->n_classes > 2 ? " or ..." : "");
}

static cred_status take_class(cli__triage *all) {
  const char *name = cli_text(all->args, "positive");
  const cred_schema_target *t = &cred_model_schema(all->in.model)->targets[0];
  if (!name) return check_no_class(all, t);
  if (t->type != CRED_TARGET_CLASS)
    FAIL(CRED_ECONFIG, "option '--positive' names a class, the target '%s' has none",
         t->name);
  for (size_t c = 0; c < t->n_classes; c++)
    if (strcmp(t->classes[c], name) == 0) {
      all->rule.positive = c;
      return CRED_OK;
    }
  const char *nearest =
      cred__nearest(name, (const char *const *)t->classes, t->n_classes);
  FAIL(CRED_EDATA, "'%s' is no class of '%s', whose classes are %s, %s%s%s%s%s", name,
       t->name, t->classes[0], t->classes[1], t->n_classes > 2 ? ", ..." : "",
       nearest ? "\ndid you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static cred_status take_costs(cli__triage *all) {
  size_t n;
  double cost[3];
  const char *const *texts = cli_list(all->args, "costs", &n);
  if (n == 0) return CRED_OK;
  if (n != 3)
    return cli_usage("option '--costs' has %zu numbers, expected three: wrongly "
                     "positive, wrongly negative, review",
                     n);
  for (size_t i = 0; i < 3; i++)
    if (!cred__parse_double(&cost[i], texts[i], strlen(texts[i])) || !(cost[i] >= 0))
      return cli_usage("option '--costs' has '%s', expected a number >= 0", texts[i]);
  all->rule.kind = CRED_RULE_COST;
  all->rule.cost_wrong_positive = cost[0];
  all->rule.cost_wrong_negative = cost[1];
  all->rule.cost_review = cost[2];
  return CRED_OK;
}

static void take_limits(cli__triage *all) {
  const cli_args *args = all->args;
  double *limit = all->rule.limit;
  if (cli_given(args, "min-confidence"))
    limit[CRED_DOUBT_CONFIDENCE] = 1 - cli_number(args, "min-confidence");
  if (cli_given(args, "max-sd")) limit[CRED_DOUBT_SD] = cli_number(args, "max-sd");
  if (cli_given(args, "max-mi")) limit[CRED_DOUBT_MI] = cli_number(args, "max-mi");
  if (cli_given(args, "max-distance"))
    limit[CRED_DOUBT_DISTANCE] = cli_number(args, "max-distance");
}

// What is chosen on, or reported by: as asked, else the first limit given, else the
// default of the task.
static void take_doubt(cli__triage *all) {
  static const cred_doubt of_limit[] = {CRED_DOUBT_CONFIDENCE, CRED_DOUBT_SD,
                                        CRED_DOUBT_MI, CRED_DOUBT_DISTANCE};
  all->rule.doubt = cred_doubt_default(&all->cases);
  if (cli_given(all->args, "doubt"))
    all->rule.doubt = (cred_doubt)cli_choice(all->args, "doubt");
  else if (!cli_first_given(all->args, chosen))
    for (size_t i = 4; i-- > 0;)
      if (cli_given(all->args, limits[i])) all->rule.doubt = of_limit[i];
}

// --- calibration rows ---

typedef struct {
  cli_held_out in; // model: not looked at; table or images: of --calibration alone
  cred_cases cases;
} calibration;

static void calibration_clear(calibration *c) {
  cred_cases_clear(&c->cases);
  cli_held_out_clear(&c->in);
}

static cred_status read_file(calibration *c, const cli__triage *all, const char *path) {
  cred_table_options opt;
  const char *labels = cli_text(all->args, "calibration-labels");
  const cred_schema *schema = cred_model_schema(all->in.model);
  TRY(cli_check_inputs(cli_positional(all->args, 1), path));
  if (schema->pixels.height)
    return cli_open_pictures(&c->in.images, all->args, path, schema, labels, 1);
  TRY(cli_table_options(&opt, all->args));
  if (cli_given(all->args, "calibration-member"))
    opt.member = cli_text(all->args, "calibration-member");
  TRY(cred_table_read(&c->in.table, path, &opt));
  if (!labels && cli_given(all->args, "calibration-labels-member"))
    labels = path; // another member of the same archive
  if (!labels) return CRED_OK;
  cred_table *x = c->in.table, *y;
  TRY(cli_read_labels(&y, all->args, labels, "calibration-labels-member"));
  c->in.table = NULL;
  const cred_status status = cred_table_join(&c->in.table, x, y, schema->targets[0].name);
  cred_table_free(x);
  cred_table_free(y);
  return status;
}

static cred_status take_pictures(cli_held_out *c, size_t *n_seen, const cli__triage *all,
                                 const cred_images *images) {
  const cred_model *model = all->in.model;
  if (!cred_images_has_labels(images))
    FAIL(CRED_EDATA,
         "%s: the pictures have no classes, so that they cannot calibrate: a folder a "
         "class, or a list of PICTURE CLASS, is expected",
         cred_images_source(images));
  TRY(cred_images_rows(&c->data, cred_model_schema(model), images, c->rows, 0,
                       c->rows ? c->n_rows : cred_images_n_rows(images)));
  return cred_model_n_seen_images(n_seen, model, images, c->rows, c->n_rows);
}

static cred_status take_table(cli_held_out *c, size_t *n_seen, const cli__triage *all,
                              const cred_table *table) {
  TRY(cli_encode(&c->data, all->args, cred_model_schema(all->in.model), table, c->rows,
                 c->n_rows, 1));
  return cred_model_n_seen(n_seen, all->in.model, table, c->rows, c->n_rows);
}

static cred_status read_calibration(calibration *c, const cli__triage *all) {
  const char *path = cli_text(all->args, "calibration");
  const char *rows = cli_text(all->args, "calibration-rows");
  size_t n_seen;
  if (path) TRY(read_file(c, all, path));
  const cli_held_out *from = path ? &c->in : &all->in;
  if (rows) {
    const size_t n =
        from->images ? cred_images_n_rows(from->images) : cred_table_n_rows(from->table);
    TRY(cred_split_read_index(&c->in.rows, &c->in.n_rows, rows, n));
  }
  TRY(from->images ? take_pictures(&c->in, &n_seen, all, from->images)
                   : take_table(&c->in, &n_seen, all, from->table));
  if (path && !rows && !cli_given(all->args, "rows-file") &&
      strcmp(cli_held_out_digest(from), cli_held_out_digest(&all->in)) == 0)
    cli_warn(all->args, "credence triage MODEL NEW --calibration FILE ...",
             "the calibration rows are those of DATA: that the report keeps the bound on "
             "them says nothing of new cases");
  if (n_seen)
    cli_warn(all->args, "credence triage MODEL DATA --calibration NEW ...",
             "the model was fitted to %zu of the calibration rows: what is proved on "
             "them does not hold for new ones",
             n_seen);
  return cred_cases_init(&c->cases, all->in.model, &c->in.data, all->target,
                         &all->predict);
}

static cred_status choose_budget(cli__triage *all, const cred_cases *c) {
  TRY(cred_rule_by_budget(&all->rule, c, cli_number(all->args, "review-rate")));
  if (all->rule.kind != CRED_RULE_BUDGET)
    cli_note(all->args,
             "--review-rate %s alone would review fewer: the limit that is "
             "given decides",
             cli_text(all->args, "review-rate"));
  return CRED_OK;
}

static cred_status choose(cli__triage *all, const cred_cases *known) {
  const cli_args *args = all->args;
  if (cli_given(args, "outlier-rate")) {
    if (!known)
      FAIL(CRED_ECONFIG, "option '--outlier-rate' needs rows like those of the "
                         "training: --calibration FILE");
    TRY(cred_rule_by_outliers(&all->rule, known, cli_number(args, "outlier-rate")));
  }
  if (cli_given(args, "review-rate"))
    return choose_budget(all, known ? known : &all->cases);
  if (!cli_first_given(args, bounds)) return CRED_OK;
  if (!known)
    FAIL(CRED_ECONFIG,
         "option '--%s' needs rows with known targets that the model was "
         "not fitted to: --calibration FILE",
         cli_first_given(args, bounds));
  all->rule.max_error = cli_number(args, "max-error"); // NaN: not given
  all->rule.max_miss = cli_number(args, "max-miss");
  all->rule.confidence = cli_number(args, "confidence");
  return cred_rule_by_bound(&all->rule, known);
}

static cred_status check_combination(const cli__triage *all) {
  const cli_args *args = all->args;
  static const char *const budget[] = {"max-error", "max-miss", "costs", NULL};
  static const char *const cost[] = {"max-error", "max-miss", NULL};
  static const char *const class[] = {"max-miss", "costs", NULL};
  static const char *const of_file[] = {"calibration-labels", "calibration-member",
                                        "calibration-labels-member", NULL};
  if (!cli_given(args, "calibration"))
    TRY(cli_refuse(args, of_file, "belongs to --calibration"));
  if (cli_given(args, "review-rate"))
    TRY(cli_refuse(args, budget, "and --review-rate choose the same limit: give one"));
  if (cli_given(args, "costs"))
    TRY(cli_refuse(args, cost, "and --costs decide the same cases: give one"));
  if (cli_given(args, "positive") && !cli_first_given(args, class))
    FAIL(CRED_ECONFIG, "option '--positive' belongs to --max-miss or --costs");
  if (cli_given(args, "confidence") && !cli_first_given(args, bounds))
    FAIL(CRED_ECONFIG, "option '--confidence' belongs to --max-error or --max-miss "
                       "(a least confidence of a case is --min-confidence)");
  if (!cli_first_given(args, on_rows))
    TRY(cli_refuse(args, of_rows,
                   "belongs to a limit that is chosen on such rows: --max-error, "
                   "--max-miss, --review-rate or --outlier-rate"));
  return CRED_OK;
}

cred_status cli__triage_rule(cli__triage *all) {
  const cli_args *args = all->args;
  if (uses_kept(all)) {
    if (cli_given(args, "max-distance")) tighten(all);
    return cred_rule_check(&all->rule, &all->cases);
  }
  calibration c = {0};
  all->rule = cred_rule_defaults(&all->predict);
  all->rule.target = all->target;
  const bool wants =
      cli_given(args, "calibration") || cli_given(args, "calibration-rows");
  cred_status status;
  TRY_DONE(check_combination(all));
  take_limits(all);
  take_doubt(all);
  TRY_DONE(take_costs(all));
  TRY_DONE(take_class(all));
  if (cli_given(args, "tolerance") && all->cases.n_classes)
    FAIL_DONE(CRED_ECONFIG, "option '--tolerance' is of numbers, the target is a class");
  if (cli_given(args, "tolerance")) all->rule.tolerance = cli_number(args, "tolerance");
  if (wants) TRY_DONE(read_calibration(&c, all));
  TRY_DONE(choose(all, wants ? &c.cases : NULL));
  TRY_DONE(cred_rule_check(&all->rule, &all->cases));
done:
  calibration_clear(&c);
  return status;
}
