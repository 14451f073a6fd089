// Model files: what is written is read; what is broken is refused with words, never a
// crash.

#include "credence/data/safetensors.h"
#include "model/assembled.h"
#include "model/files.h"

static const recipe_of_test kinds[] = {
    {.n_rows = 30, .n_targets = 1, .likelihood = "student-t", .posterior = CRED_FIT_VI},
    {.n_rows = 30, .n_targets = 3, .likelihood = "mixture 2", .posterior = CRED_FIT_MAP},
    {.n_rows = 30,
     .n_targets = 2,
     .likelihood = "heteroscedastic",
     .posterior = CRED_FIT_DROPOUT,
     .weighted = true},
    {.n_rows = 30,
     .n_targets = 1,
     .likelihood = "poisson",
     .task = CRED_TARGET_COUNT,
     .posterior = CRED_FIT_VI},
    {.n_rows = 30,
     .n_targets = 1,
     .likelihood = "categorical",
     .task = CRED_TARGET_CLASS,
     .n_levels = 4,
     .posterior = CRED_FIT_VI},
    {.n_rows = 30,
     .n_targets = 1,
     .likelihood = "noisy-categorical 20",
     .task = CRED_TARGET_CLASS,
     .n_levels = 4,
     .posterior = CRED_FIT_DROPOUT},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static cred_model *fitted(const recipe_of_test *r, const cred_table *table) {
  cred_fit_options opt = cred_fit_defaults();
  opt.posterior = r->posterior;
  opt.net = "dense 3 tanh";
  opt.prior = "normal 1";
  opt.likelihood = r->likelihood;
  opt.dropout = 0.2;
  opt.epochs = 2;
  opt.n_members = 2;
  opt.validation = 0;
  opt.seed = 0xfedcba9876543210; // past the signed numbers
  const cred_schema_options columns = made_up_columns(r);
  cred_model *m;
  assert_ok(cred_model_fit(&m, NULL, table, NULL, 0, &columns, &opt));
  return m;
}

// Summed predictions of the table's rows: to compare, and to see that nothing crashes.
static double predicted(const cred_model *m, const cred_table *table) {
  cred_data data;
  assert_ok(cred_schema_encode(&data, cred_model_schema(m), table, NULL, 0, -1, 0));
  cred_predict_options opt = cred_predict_defaults();
  opt.n_draws = 4;
  opt.n_threads = 1;
  cred_predictor *p;
  cred_prediction out;
  assert_ok(cred_predictor_new(&p, m, &opt));
  assert_ok(cred_predictor_run(&out, p, &data));
  double sum = 0;
  for (size_t i = 0; i < out.n_rows; i++) sum += out.mean ? out.mean[i] : out.entropy[i];
  cred_predictor_free(p);
  cred_data_clear(&data);
  return sum;
}

static void test_round_trip(void **state) {
  (void)state;
  for (size_t k = 0; k < N_KINDS; k++) {
    cred_table *table = made_up_table(&kinds[k], 8);
    cred_model *m = fitted(&kinds[k], table);
    const double before = predicted(m, table);
    char *report;
    assert_ok(cred__strdup(&report, cred_model_report(m)));
    const file_bytes first = bytes_of_model(m, false);
    m = through_a_file(m);
    assert_true(predicted(m, table) == before);
    assert_string_equal(cred_model_report(m), report);
    assert_int_equal(m->plan.seed, 0xfedcba9876543210);
    assert_same_bytes(first, bytes_of_model(m, false));
    cred__free(report);
    cred_model_free(m);
    cred_table_free(table);
  }
}

static void put(const unsigned char *bytes, size_t n) {
  FILE *file = fopen(model_path(), "wb");
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  fclose(file);
}

static cred_status load(cred_model **m) {
  const long live = cred__alloc_live();
  const cred_status status = cred_model_load(m, model_path());
  if (status == CRED_OK) return status;
  assert_null(*m);
  assert_int_equal(cred__alloc_live(), live);
  if (status == CRED_EDATA)
    assert_ptr_equal(strstr(cred_error_message(), model_path()), cred_error_message());
  return status;
}

static void test_truncated(void **state) {
  (void)state;
  cred_table *table = made_up_table(&kinds[0], 8);
  cred_model *m = fitted(&kinds[0], table);
  const file_bytes f = bytes_of_model(m, false);
  cred_model_free(m);
  for (size_t n = 0; n < f.n; n += n < 16 || f.n - n < 16 ? 1 : 31) {
    put(f.bytes, n);
    assert_int_equal(load(&m), CRED_EDATA);
  }
  cred__free(f.bytes);
  unlink(model_path());
  assert_fails(cred_model_load(&m, model_path()), CRED_ENOINPUT, model_path());
  cred_table_free(table);
}

// Any byte changed: the file is refused, or read as a model that predicts without a
// crash.
static void test_flipped_bytes(void **state) {
  (void)state;
  static const unsigned char flips[] = {0x01, 0x80, 0xff, 0x20, 0x10};
  size_t n_read = 0, n_refused = 0;
  for (size_t k = 0; k < N_KINDS; k += 2) {
    cred_table *table = made_up_table(&kinds[k], 8);
    cred_model *m = fitted(&kinds[k], table);
    file_bytes f = bytes_of_model(m, true);
    cred_model_free(m);
    uint64_t header; // its length is the first number of the file
    memcpy(&header, f.bytes, sizeof header);
    for (size_t i = k; i < f.n; i += i < header + 8 ? 7 : 41) {
      f.bytes[i] ^= flips[i % 5];
      put(f.bytes, f.n);
      const cred_status status = load(&m);
      f.bytes[i] ^= flips[i % 5];
      if (status != CRED_OK && status != CRED_EDATA)
        fail_msg("byte %zu: %s", i, cred_error_message());
      n_read += status == CRED_OK;
      n_refused += status != CRED_OK;
      if (status != CRED_OK) continue;
      cred_data data; // a changed column name is another schema
      if (cred_schema_encode(&data, m->schema, table, NULL, 0, -1, 0) == CRED_OK) {
        cred_data_clear(&data);
        predicted(m, table);
      }
      cred_model_free(m);
    }
    cred__free(f.bytes);
    cred_table_free(table);
  }
  assert_true(n_read > 50 && n_refused > 500);
  unlink(model_path());
}

typedef struct {
  const char *name;      // of an array, or of a text
  const char *from, *to; // in the text; from NULL: leave it out
  size_t n_rows;         // of the array, if not 0
  double value;          // at element 1
  const char *expected;  // in the message
} edit;

static const edit edits[] = {
    {"member0.mean", "", "", 0, NAN, "not finite"},
    {"member0.mean", "", "", 0, INFINITY, "not finite"},
    {"member1.sd", "", "", 0, -0.5, "must be >= 0"},
    {"member1.sd", "", "", 0, NAN, "not finite"},
    {"member0.state.log_sd", "", "", 0, NAN, "not finite"},
    {"member0.mean", "", "", 5, 0, "member0.mean"},
    {"member1.sd", "", "", 5, 0, "member1.sd"},
    {"member1.state.mean.m2", "", "", 5, 0, "member1.state.mean.m2"},
    {"member1.mean", NULL, "", 0, 0, "member1.mean"},
    {"member0.sd", NULL, "", 0, 0, "member0.sd"},
    {"member0.state.log_sd.m1", NULL, "", 0, 0, "member0.state.log_sd.m1"},
    {"format", NULL, "", 0, 0, "no Credence model"},
    {"format", "model 1", "model 2", 0, 0, "credence model 1"},
    {"schema", NULL, "", 0, 0, "schema"},
    {"fit", NULL, "", 0, 0, "fit"},
    {"state", NULL, "", 0, 0, "state"},
    {"fit", "{", "", 0, 0, "JSON"},
    {"state", "[", "{", 0, 0, "JSON"},
    {"state", "[{", "[{}, {", 0, 0, "3 members"},
    {"state", "\"step\": ", "\"step\": -", 0, 0, "step"},
    {"state", "\"step\": ", "\"step\": 0.5, \"_\": ", 0, 0, "step"},
    {"fit", "\"members\": 2", "\"members\": 3", 0, 0, "3"},
    {"fit", "\"members\": 2", "\"members\": 0", 0, 0, "members"},
    {"fit", "\"members\": 2", "\"members\": 99999999999", 0, 0, "members"},
    {"fit", "dense 3", "dense 4", 0, 0, "member0.mean"},
    {"fit", "dense 3", "dense 0", 0, 0, "dense 0"},
    {"fit", "dense 3", "dense 1000000", 0, 0,
     "member0.mean"}, // refused before memory is taken
    {"fit", "dense 3", "dence 3", 0, 0, "dense"},
    {"fit", "student-t", "gaussian", 0, 0, "member0.mean"},
    {"fit", "student-t", "categorical", 0, 0, "y1"},
    {"fit", "student-t", "poisson", 0, 0, "y1"},
    {"fit", "normal 1", "normal -1", 0, 0, "sd"},
    {"fit", "\"posterior\": \"vi\"", "\"posterior\": \"hmc\"", 0, 0, "posterior"},
    {"fit", "\"posterior\": \"vi\"", "\"posterior\": \"auto\"", 0, 0, "posterior"},
    {"fit", "\"epochs\": 2", "\"epochs\": \"2\"", 0, 0, "epochs"},
    {"fit", "\"epochs\": 2", "\"epochs\": -2", 0, 0, "epochs"},
    {"fit", "\"batch\": ", "\"butch\": ", 0, 0, "batch"},
    {"fit", "\"temperature\": 1", "\"temperature\": -1", 0, 0, "temperature"},
    {"fit", "\"train-rows\": 30", "\"train-rows\": 0", 0, 0, "training rows"},
    {"fit", "\"train-rows\": 30", "\"train-rows\": 1e300", 0, 0, "train-rows"},
    {"fit", "\"dropped-rows\": 0", "\"dropped-rows\": -1", 0, 0, "dropped-rows"},
    {"schema", "\"x1\"", "\"x2\"", 0, 0, "x2"},
};

static void add_array(cred_tensors *to, const cred_tensor *a, const edit *e,
                      float *changed) {
  cred_tensor b = *a;
  if (strcmp(a->name, e->name) == 0) {
    if (!e->from) return;
    if (e->n_rows) {
      b.shape[0] = e->n_rows;
    } else {
      memcpy(changed, a->data, a->n * sizeof *changed);
      changed[1] = (float)e->value;
      b.data = changed;
    }
  }
  assert_ok(cred_tensors_add(to, b.name, b.dtype, b.shape, b.n_dims, b.data));
}

static void add_text(cred_tensors *to, const char *key, const char *text, const edit *e) {
  char changed[16384];
  if (strcmp(key, e->name) != 0) {
    assert_ok(cred_tensors_set_metadata(to, key, text));
    return;
  }
  if (!e->from) return;
  const char *at = strstr(text, e->from);
  if (!at) fail_msg("'%s' is not in %s", e->from, text);
  snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, e->to,
           at + strlen(e->from));
  assert_ok(cred_tensors_set_metadata(to, key, changed));
}

// The container is sound; what it says is not.
static void test_wrong_content(void **state) {
  (void)state;
  cred_table *table = made_up_table(&kinds[0], 8);
  cred_model *m = fitted(&kinds[0], table);
  const file_bytes f = bytes_of_model(m, false);
  cred_model_free(m);
  cred_tensors_options opt = cred_tensors_defaults();
  opt.finite = false;
  put(f.bytes, f.n);
  cred_tensors *whole;
  assert_ok(cred_tensors_read(&whole, model_path(), &opt));
  for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
    float changed[1000];
    cred_tensors *t;
    assert_ok(cred_tensors_new(&t));
    for (size_t j = 0; j < cred_tensors_count(whole); j++)
      add_array(t, cred_tensors_at(whole, j), &edits[i], changed);
    for (size_t j = 0; j < cred_tensors_metadata_count(whole); j++) {
      const char *key = cred_tensors_metadata_key(whole, j);
      add_text(t, key, cred_tensors_metadata(whole, key), &edits[i]);
    }
    assert_ok(cred_tensors_write(t, model_path()));
    cred_tensors_free(t);
    const cred_status status = load(&m);
    if (status != CRED_EDATA || !strstr(cred_error_message(), edits[i].expected))
      fail_msg("edit %zu (%s, '%s'): status %d, %s", i, edits[i].name, edits[i].to,
               (int)status, status ? cred_error_message() : "");
  }
  cred_tensors_free(whole);
  cred__free(f.bytes);
  unlink(model_path());
  cred_table_free(table);
}

static void test_no_memory(void **state) {
  (void)state;
  cred_table *table = made_up_table(&kinds[0], 8);
  cred_model *m = fitted(&kinds[0], table);
  const long before_save = cred__alloc_live();
  for (long n = 0;; n++) {
    cred__alloc_fail_after(n);
    const cred_status status = cred_model_save(m, model_path(), false);
    cred__alloc_fail_after(-1);
    assert_int_equal(cred__alloc_live(), before_save);
    if (status == CRED_OK) break;
    if (status != CRED_ENOMEM) fail_msg("allocation %ld: %s", n, cred_error_message());
  }
  cred_model_free(m);
  for (long n = 0;; n++) {
    cred__alloc_fail_after(n);
    const cred_status status = load(&m);
    cred__alloc_fail_after(-1);
    if (status == CRED_OK) break;
    if (status != CRED_ENOMEM) fail_msg("allocation %ld: %s", n, cred_error_message());
  }
  predicted(m, table);
  cred_model_free(m);
  unlink(model_path());
  cred_table_free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_truncated),
      cmocka_unit_test(test_flipped_bytes), cmocka_unit_test(test_wrong_content),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
