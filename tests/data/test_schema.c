// test_schema.c -- learning a schema, encoding by it, and its JSON.

#include "files.h"
#include "credence/data/schema.h"

static const char *const target_y[] = {"y"};

static cred_schema_options options(void) {
  cred_schema_options opt = cred_schema_defaults();
  opt.targets = target_y, opt.n_targets = 1;
  return opt;
}

static cred_schema *learn(const cred_table *t, const cred_schema_options *opt) {
  cred_schema *s;
  assert_ok(cred_schema_learn(&s, t, NULL, 0, opt));
  return s;
}

static void learn_fails(const char *text, const cred_schema_options *opt,
                        cred_status status, const char *message) {
  cred_table *t = table_of("a.csv", text, NULL);
  cred_schema *s = NULL;
  assert_fails(cred_schema_learn(&s, t, NULL, 0, opt), status, message);
  assert_null(s);
  cred_table_free(t);
  assert_int_equal(cred__alloc_live(), 0);
}

static void encode_fails(const cred_schema *s, const char *text, int with_targets,
                         const char *message) {
  cred_table *t = table_of("b.csv", text, NULL);
  cred_data d;
  assert_fails(cred_schema_encode(&d, s, t, NULL, 0, with_targets, 0), CRED_EDATA,
               message);
  assert_null(d.x);
  cred_table_free(t);
}

static const char *const train =
    "a,colour,y,id\n1,red,10,u\n2,blue,20,v\n6,red,60,w\n7,green,30,x\n";

static void test_encode(void **state) {
  (void)state;
  cred_schema_options opt = options();
  opt.id = "id";
  cred_table *t = table_of("a.csv", train, NULL);
  cred_schema *s = learn(t, &opt);
  assert_int_equal(s->n_columns, 2);
  assert_int_equal(s->n_inputs, 4);
  assert_string_equal(s->columns[0].name, "a");
  assert_near(s->columns[0].mean, 4.0, 1e-15); // of 1 2 6 7: squares 9 4 4 9
  assert_near(s->columns[0].sd, sqrt(6.5), 1e-15);
  assert_string_equal(s->columns[1].levels[2], "red");
  assert_int_equal(s->columns[1].first_input, 1);
  assert_near(s->targets[0].mean, 30.0, 1e-15);
  assert_near(s->targets[0].sd, sqrt(350.0), 1e-13);
  cred_data d;
  const size_t rows[] = {3, 0};
  assert_ok(cred_schema_encode(&d, s, t, rows, 2, 1, 100));
  const double want[2][4] = {{3 / sqrt(6.5), 0, 1, 0}, {-3 / sqrt(6.5), 0, 0, 1}};
  for (size_t i = 0; i < 8; i++) assert_near(d.x[i], want[i / 4][i % 4], 1e-6);
  assert_near(d.y[0], 0.0, 1e-6);
  assert_near(d.y[1], -20 / sqrt(350.0), 1e-6);
  assert_int_equal(d.row[0], 103);
  assert_null(d.weight);
  cred_data_clear(&d);
  cred_table_free(t);
  // another order, an extra column, no target
  t = table_of("b.csv", "extra,colour,a\nq,green,4\n", NULL);
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, -1, 0));
  assert_null(d.y);
  assert_near(d.x[0], 0.0, 1e-7);
  assert_near(d.x[2], 1.0, 0);
  cred_data_clear(&d);
  assert_fails(cred_schema_encode(&d, s, t, NULL, 0, 1, 0), CRED_EDATA, "no column 'y'");
  cred_table_free(t);
  encode_fails(s, "a,colour\n4,red\n5,purple\n", 0,
               "b.csv:3:2: 'purple' is no level of 'colour'; it has: blue, green, red");
  encode_fails(s, "a,colour\n4,red\n5,\n", 0,
               "b.csv:3:2: a missing cell in column 'colour'");
  encode_fails(s, "a,colour\n,red\n", 0, "b.csv:2:1: a missing cell in column 'a'");
  encode_fails(s, "a,colour\n4,red\nn/a,red\n", 0,
               "b.csv:3:1: 'n/a' is not a number in column 'a' (use --na n/a, --bad-rows "
               "skip leaves such rows out)");
  encode_fails(s, "a,colour\n4,red\n1e300,red\n", 0,
               "b.csv:3:1: 1e+300 in column 'a' is too");
  encode_fails(s, "b,color\n4,red\n", 0,
               "2 columns of the model are not in it: 'a', 'colour'");
  encode_fails(s, "a,color\n4,red\n", 0, "no column 'colour'; did you mean 'color'?");
  encode_fails(s, "a,colour,y\n4,red,\n", 1, "b.csv:2:3: a missing cell in column 'y'");
  cred_schema_free(s);
  cred_schema_free(NULL);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_training_rows_only(void **state) {
  (void)state;
  const cred_schema_options opt = options();
  cred_table *t = table_of("a.csv", "a,y\n1,1\n3,2\n1000,3\n,4\n", NULL);
  const size_t rows[] = {0, 1};
  cred_schema *s;
  assert_ok(cred_schema_learn(&s, t, rows, 2, &opt));
  assert_near(s->columns[0].mean, 2.0, 0);
  assert_near(s->columns[0].sd, 1.0, 0);
  cred_schema_free(s);
  cred_table_free(t);
}

// Rows that are left out leave no gap, and keep their numbers and those of the others.
static void test_bad_rows(void **state) {
  (void)state;
  cred_schema_options learn = options();
  cred_table *t = table_of("a.csv", "a,k,y\n1,u,1\n2,v,2\n3,u,3\n", NULL);
  cred_schema *s;
  cred_data d;
  assert_ok(cred_schema_learn(&s, t, NULL, 0, &learn));
  cred_table_free(t);
  t = table_of("b.csv", "a,k,y\n1,u,1\nx,v,2\n3,w,3\n2,v,\n2,v,2\n", NULL);
  cred_encode_options opt = {.skip_bad = true};
  assert_ok(cred_schema_encode_with(&d, s, t, NULL, 0, 1, 100, &opt));
  assert_int_equal(d.n_rows, 2);
  assert_int_equal(d.n_skipped, 3);
  assert_int_equal(d.row[0], 100);
  assert_int_equal(d.row[1], 104);
  assert_near(d.x[3], 0, 1e-7); // 2 is the mean of the training rows
  assert_near(d.x[5], 1, 0);    // v
  assert_near(d.y[1], 0, 1e-7);
  cred_data_clear(&d);
  opt.unseen_none = true;
  assert_ok(cred_schema_encode_with(&d, s, t, NULL, 0, 0, 100, &opt));
  assert_int_equal(d.n_rows, 4);
  assert_int_equal(d.n_skipped, 1);
  assert_int_equal(d.n_unseen, 1);
  assert_int_equal(d.row[1], 102);
  assert_near(d.x[4], 0, 0); // neither u nor v
  assert_near(d.x[5], 0, 0);
  cred_data_clear(&d);
  opt = (cred_encode_options){0};
  assert_fails(cred_schema_encode_with(&d, s, t, NULL, 0, 0, 0, &opt), CRED_EDATA,
               "b.csv:3:1: 'x' is not a number in column 'a'");
  cred_table_free(t);
  cred_schema_free(s);
  assert_int_equal(cred__alloc_live(), 0);
}

static void test_missing(void **state) {
  (void)state;
  const char *text = "a,b,c,y\n1,10,u,1\n,20,v,2\n3,30,,3\n5,40,v,4\n";
  cred_schema_options opt = options();
  learn_fails(
      text, &opt, CRED_EDATA,
      "a.csv:3:1: a missing cell in column 'a' (use --missing mean, indicator or drop)");
  cred_table *t = table_of("a.csv", text, NULL);
  cred_data d;
  opt.missing = CRED_MISSING_MEAN;
  cred_schema *s = learn(t, &opt);
  assert_near(s->columns[0].mean, 3.0, 0); // of 1 3 5
  assert_int_equal(s->n_inputs, 4);
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 1, 0));
  assert_near(d.x[4], 0.0, 0);
  assert_true(d.x[8 + 2] == 0 && d.x[8 + 3] == 0);
  cred_data_clear(&d);
  cred_schema_free(s);
  opt.missing = CRED_MISSING_INDICATOR;
  s = learn(t, &opt);
  assert_int_equal(s->n_inputs, 6); // a, a missing, b, c = u, c = v, c missing
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 1, 0));
  static const int flags[4][2] = {{0, 0}, {1, 0}, {0, 1}, {0, 0}};
  for (size_t i = 0; i < 4; i++) {
    assert_near(d.x[6 * i + 1], flags[i][0], 0);
    assert_near(d.x[6 * i + 5], flags[i][1], 0);
    assert_near(d.x[6 * i + 2], (10.0 * (double)i - 15) / sqrt(125.0), 1e-6);
  }
  cred_data_clear(&d);
  cred_schema_free(s);
  opt.missing = CRED_MISSING_DROP;
  s = learn(t, &opt);
  assert_near(s->columns[1].mean, 25.0, 0); // of 10 and 40 alone
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 1, 0));
  assert_int_equal(d.n_rows, 2);
  assert_int_equal(d.n_dropped, 2);
  assert_int_equal(d.row[1], 3);
  cred_data_clear(&d);
  cred_schema_free(s);
  cred_table_free(t);
  learn_fails("a,y\n,1\n1,\n", &opt, CRED_EDATA, "no training row is left");
}

static void test_learn_refusals(void **state) {
  (void)state;
  cred_schema_options opt = options();
  learn_fails("a,y\n1,10\n2,20\n3,30\nn/a,40\n", &opt, CRED_EDATA,
              "a.csv:5:1: 'n/a' is not a number in column 'a' (use --na n/a)");
  learn_fails("a,y\n1,10\n2,20\n3,30\n1e400,40\n", &opt, CRED_EDATA,
              "a.csv:5:1: '1e400' is too large for a number in column 'a'");
  learn_fails("a,y\n1,10\n2,20\n3,30\n\"4,5\",40\n", &opt, CRED_EDATA,
              "write a decimal point");
  learn_fails("a,y\n1,10\n2,20\n3,30\nfour,40\n", &opt, CRED_EDATA, "--categorical 'a'");
  learn_fails("a,y\n1,10\n1e200,20\n", &opt, CRED_EDATA,
              "a.csv:3:1: 1e+200 in column 'a'");
  learn_fails("a,y\n1,10\n2,\n", &opt, CRED_EDATA,
              "a.csv:3:2: a missing cell in column 'y'");
  learn_fails("a,y\n1,10\n2,10\n", &opt, CRED_EDATA, "the target 'y' is 10 in all 2");
  learn_fails("a,y\n1,u\n2,u\n", &opt, CRED_EDATA, "at least two classes");
  learn_fails("a,z\n1,10\n2,20\n", &opt, CRED_EDATA, "no column 'y'");
  learn_fails("y\n1\n2\n", &opt, CRED_EDATA, "no column is left");
  learn_fails("a,c,y\n1,,1\n2,,2\n", &opt, CRED_EDATA, "a missing cell in column 'c'");
  learn_fails("a,M,y\n1,\xfc,1\n2,b,2\n", &opt, CRED_EDATA,
              "a level of column 'M' is not UTF-8");
  opt.missing = CRED_MISSING_MEAN;
  learn_fails("a,c,y\n1,,1\n2,,2\n", &opt, CRED_EDATA, "column 'c' has no value");
  opt = options();
  opt.task = CRED_TARGET_COUNT;
  learn_fails("a,y\n1,1\n2,-1\n", &opt, CRED_EDATA, "a.csv:3:2: -1 in the target 'y'");
  learn_fails("a,y\n1,1\n2,1.5\n", &opt, CRED_EDATA, "a.csv:3:2: 1.5 in the target 'y'");
  opt.task = CRED_TARGET_NUMBER;
  learn_fails("a,y\n1,u\n2,v\n", &opt, CRED_EDATA, "a.csv:2:2: 'u' is not a number");
  opt = options();
  opt.weight = "y";
  learn_fails("a,y\n1,1\n2,2\n", &opt, CRED_ECONFIG, "once more");
  opt = options();
  opt.ignore = target_y, opt.n_ignore = 1;
  learn_fails("a,y\n1,1\n2,2\n", &opt, CRED_ECONFIG, "cannot be ignored");
  opt = options();
  opt.input_scale = NAN;
  learn_fails("a,y\n1,1\n2,2\n", &opt, CRED_EINVAL, "input_scale");
  opt = options();
  opt.n_targets = 0;
  learn_fails("a,y\n1,1\n2,2\n", &opt, CRED_EINVAL, "no target");
}

static void test_identifier(void **state) {
  (void)state;
  const cred_schema_options opt = options();
  char *text = malloc(1 << 16), *p = text + sprintf(text, "name,y\n");
  for (int i = 0; i < 1200; i++) p += sprintf(p, "person %d,%d\n", i, i);
  learn_fails(text, &opt, CRED_EDATA, "looks like an identifier");
  free(text);
}

static void test_classes(void **state) {
  (void)state;
  cred_schema_options opt = options();
  opt.task = CRED_TARGET_CLASS;
  cred_table *t = table_of("a.csv", "a,y\n1,10\n2,9\n3,10\n4,-1.5\n", NULL);
  cred_schema *s = learn(t, &opt);
  assert_int_equal(s->targets[0].n_classes, 3);
  assert_string_equal(s->targets[0].classes[0], "-1.5");
  assert_string_equal(s->targets[0].classes[1], "9");
  assert_string_equal(s->targets[0].classes[2], "10");
  assert_near(s->targets[0].sd, 1.0, 0);
  cred_data d;
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 1, 0));
  assert_true(d.y[0] == 2 && d.y[1] == 1 && d.y[2] == 2 && d.y[3] == 0);
  cred_data_clear(&d);
  cred_table_free(t);
  // the same classes written another way, and as words
  t = table_of("b.csv", "a,y\n1,10.0\n2,9\n", NULL);
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 1, 0));
  assert_true(d.y[0] == 2 && d.y[1] == 1);
  cred_data_clear(&d);
  cred_table_free(t);
  cred_table_options words = cred_table_defaults();
  words.categorical = target_y, words.n_categorical = 1;
  t = table_of("b.csv", "a,y\n1,1e1\n2,9\n", &words);
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 1, 0));
  assert_true(d.y[0] == 2 && d.y[1] == 1);
  cred_data_clear(&d);
  cred_table_free(t);
  encode_fails(s, "a,y\n1,10\n2,8\n", 1,
               "b.csv:3:2: '8' is no class of 'y'; it has: -1.5, 9, 10");
  cred_schema_free(s);
}

static void test_word_levels_that_are_numbers(void **state) {
  (void)state;
  const cred_schema_options opt = options();
  const char *const words[] = {"zone"};
  cred_table_options read = cred_table_defaults();
  read.categorical = words, read.n_categorical = 1;
  cred_table *t = table_of("a.csv", "zone,y\n1,1\n2,2\n10,3\n", &read);
  cred_schema *s = learn(t, &opt);
  assert_int_equal(s->n_inputs, 3);
  cred_table_free(t);
  t = table_of("b.csv", "zone\n10\n1\n", NULL); // read as numbers this time
  assert_int_equal(cred_table_type(t, 0), CRED_COLUMN_NUMERIC);
  cred_data d;
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 0, 0));
  assert_true(d.x[0] == 0 && d.x[2] == 1 && d.x[3] == 1);
  cred_data_clear(&d);
  cred_table_free(t);
  encode_fails(s, "zone\n3\n", 0, "'3' is no level of 'zone'");
  cred_schema_free(s);
}

static void test_weights_scale_and_plain(void **state) {
  (void)state;
  cred_schema_options opt = options();
  opt.weight = "w", opt.input_scale = 255, opt.standardise_targets = false;
  cred_table *t = table_of("a.csv", "a,w,y\n51,2,10\n255,0,20\n", NULL);
  cred_schema *s = learn(t, &opt);
  cred_data d;
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 1, 0));
  assert_near(d.x[0], 0.2, 1e-7);
  assert_near(d.y[1], 20.0, 0);
  assert_near(d.weight[0], 2.0, 0);
  cred_data_clear(&d);
  encode_fails(s, "a,w,y\n1,-1,1\n", 1, "b.csv:2:2: -1 in 'w' is no weight");
  encode_fails(s, "a,w,y\n1,,1\n", 1, "b.csv:2:2: a missing cell");
  cred_schema_free(s);
  opt = options();
  opt.standardise_inputs = false;
  s = learn(t, &opt);
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 0, 0));
  assert_near(d.x[0], 51.0, 0);
  cred_data_clear(&d);
  cred_schema_free(s);
  cred_table_free(t);
}

static void test_constant_column(void **state) {
  (void)state;
  const cred_schema_options opt = options();
  cred_table *t = table_of("a.csv", "a,b,y\n0.1,1,1\n0.1,2,2\n0.1,3,3\n", NULL);
  cred_schema *s = learn(t, &opt);
  assert_true(s->columns[0].constant && !s->columns[1].constant);
  assert_near(s->columns[0].sd, 1.0, 0);
  cred_data d;
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 0, 0));
  for (size_t i = 0; i < 3; i++) assert_near(d.x[2 * i], 0.0, 0);
  cred_data_clear(&d);
  cred_schema_free(s);
  cred_table_free(t);
}

// Many columns and rows over tiles and runs against one cell at a time.
static void test_tiles(void **state) {
  (void)state;
  enum { N = 150, K = 300 };
  double *v = malloc(N * (K + 1) * sizeof *v);
  for (size_t i = 0; i < N * (K + 1); i++) v[i] = (double)(i * 7919 % 1009) + 0.25;
  cred_table *t;
  assert_ok(cred_table_from_array(&t, v, N, K + 1, K + 1, NULL));
  const char *const target[] = {"c100"}; // in the middle: the runs are broken by it
  cred_schema_options opt = options();
  opt.targets = target;
  cred_schema *s = learn(t, &opt);
  cred_data d;
  assert_ok(cred_schema_encode(&d, s, t, NULL, 0, 1, 0));
  assert_int_equal(d.n_inputs, K);
  for (size_t j = 0; j < K; j++) {
    const size_t column = j < 99 ? j : j + 1;
    double mean = 0, var = 0;
    for (size_t i = 0; i < N; i++) mean += v[i * (K + 1) + column] / N;
    for (size_t i = 0; i < N; i++) var += pow(v[i * (K + 1) + column] - mean, 2) / N;
    for (size_t i = 0; i < N; i++)
      assert_near(d.x[i * K + j], (v[i * (K + 1) + column] - mean) / sqrt(var), 2e-6);
  }
  cred_data_clear(&d);
  cred_schema_free(s);
  cred_table_free(t);
  free(v);
}

static void test_json(void **state) {
  (void)state;
  cred_schema_options opt = options();
  opt.id = "id", opt.missing = CRED_MISSING_INDICATOR;
  cred_table *t =
      table_of("a.csv", "a,\"c\"\"ö\",y,id\n0.1,u,1,1\n,v,2,2\n0.7,,4,3\n", NULL);
  cred_schema *s = learn(t, &opt), *copy;
  assert_ok(cred_schema_copy(&copy, s));
  char *first, *second;
  assert_ok(cred_schema_to_json(&first, s));
  assert_ok(cred_schema_to_json(&second, copy));
  assert_string_equal(first, second);
  assert_true(copy->columns[0].mean == s->columns[0].mean);
  assert_true(copy->columns[0].sd == s->columns[0].sd);
  assert_int_equal(copy->n_inputs, 5);
  assert_string_equal(copy->columns[1].name, "c\"ö");
  assert_string_equal(copy->id, "id");
  assert_null(copy->weight);
  cred_schema_free(copy);
  // every cut text fails, as does every one with a byte replaced by a letter that breaks
  // it
  const size_t n = strlen(first);
  for (size_t i = 0; i < n; i++)
    assert_fails(cred_schema_from_json(&copy, first, i), CRED_EDATA, "schema:");
  for (size_t i = 0; i < n; i++) {
    const char kept = first[i];
    first[i] = '}';
    if (cred_schema_from_json(&copy, first, n) == CRED_OK) cred_schema_free(copy);
    first[i] = kept;
  }
  cred__free(first);
  cred__free(second);
  cred_schema_free(s);
  cred_table_free(t);
  assert_int_equal(cred__alloc_live(), 0);
}

#define COLUMN(name, rest)                                                               \
  "{\"name\":\"" name "\",\"type\":\"numeric\",\"levels\":[],\"indicator\":false,"       \
  "\"constant\":false," rest "}"
#define TARGET "{\"name\":\"y\",\"type\":\"number\",\"classes\":[],\"mean\":0,\"sd\":1}"
#define REST   "\"missing\":\"error\",\"id\":null,\"weight\":null,\"input_scale\":0"
#define SCHEMA(columns, targets)                                                         \
  "{\"columns\":[" columns "],\"targets\":[" targets "]," REST "}"

static void test_json_hostile(void **state) {
  (void)state;
  static const struct {
    const char *json, *message;
  } cases[] = {
      {SCHEMA(COLUMN("a", "\"mean\":0,\"sd\":1"), TARGET), NULL},
      {"[]", "0 columns"},
      {"{\"columns\":3,\"targets\":[]}", "0 columns"},
      {SCHEMA("", TARGET), "0 columns and 1 targets"},
      {SCHEMA(COLUMN("a", "\"mean\":0,\"sd\":0"), TARGET), "'sd'"},
      {SCHEMA(COLUMN("a", "\"mean\":0,\"sd\":-1"), TARGET), "'sd'"},
      {SCHEMA(COLUMN("a", "\"mean\":\"0\",\"sd\":1"), TARGET), "'mean'"},
      {SCHEMA(COLUMN("a", "\"mean\":1e999,\"sd\":1"), TARGET), "JSON"},
      {SCHEMA(COLUMN("a", "\"mean\":NaN,\"sd\":1"), TARGET), "JSON"},
      {SCHEMA(COLUMN("", "\"mean\":0,\"sd\":1"), TARGET), "a column name is not a text"},
      {SCHEMA(COLUMN("y", "\"mean\":0,\"sd\":1"), TARGET), "'y' is there twice"},
      {SCHEMA(COLUMN("a", "\"mean\":0,\"mean\":0,\"sd\":1"), TARGET), "JSON"},
      {SCHEMA("{\"name\":\"a\",\"type\":\"text\"}", TARGET), "'type'"},
      {SCHEMA("{\"name\":\"a\",\"type\":\"categorical\",\"levels\":[\"u\",\"u\"]}",
              TARGET),
       "levels 'u' is there twice"},
      {SCHEMA("{\"name\":\"a\",\"type\":\"categorical\",\"levels\":[1]}", TARGET),
       "not a text"},
      {SCHEMA(
           COLUMN("a", "\"mean\":0,\"sd\":1"),
           "{\"name\":\"y\",\"type\":\"class\",\"classes\":[\"u\"],\"mean\":0,\"sd\":1}"),
       "has 1 classes"},
      {SCHEMA(COLUMN("a", "\"mean\":0,\"sd\":1"),
              "{\"name\":\"y\",\"type\":\"count\",\"classes\":[],\"mean\":0,\"sd\":2}"),
       "is standardised"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cred_schema *s = NULL;
    const size_t n = strlen(cases[i].json);
    if (cases[i].message)
      assert_fails(cred_schema_from_json(&s, cases[i].json, n), CRED_EDATA,
                   cases[i].message);
    else
      assert_ok(cred_schema_from_json(&s, cases[i].json, n));
    cred_schema_free(s);
    assert_int_equal(cred__alloc_live(), 0);
  }
}

// Classes that no row has, in the order given; scales from rows whose targets are not
// looked at.
static void test_given_classes_and_all_rows(void **state) {
  (void)state;
  static const char *const classes[] = {"red", "green", "blue"};
  const size_t rows[] = {0, 1};
  cred_table *t = table_of("a.csv", "a,b,y\n1,u,blue\n3,v,red\n20,w,\n40,,\n", NULL);
  cred_schema_options opt = options();
  cred_schema *s;
  cred_data d;
  opt.classes = classes;
  opt.n_classes = 3;
  opt.missing = CRED_MISSING_DROP;
  assert_ok(cred_schema_learn(&s, t, rows, 2, &opt));
  assert_near(s->columns[0].mean, 2, 1e-12);
  cred_schema_free(s);
  opt.inputs_of_all_rows = true;
  assert_ok(cred_schema_learn(&s, t, rows, 2, &opt));
  assert_near(s->columns[0].mean, 8, 1e-12); // of 1, 3, 20: row 3 lacks an input
  assert_int_equal(s->columns[1].n_levels, 3);
  assert_int_equal(s->targets[0].n_classes, 3);
  assert_string_equal(s->targets[0].classes[1], "green");
  assert_ok(cred_schema_encode(&d, s, t, rows, 2, 1, 0));
  assert_true(d.y[0] == 2 && d.y[1] == 0);
  cred_data_clear(&d);
  cred_schema_free(s);
  cred_table_free(t);
}

static void test_out_of_memory(void **state) {
  (void)state;
  cred_schema_options opt = options();
  opt.missing = CRED_MISSING_DROP, opt.weight = "w";
  cred_table *t = table_of("a.csv", "a,c,w,y\n1,u,1,p\n2,v,1,q\n,v,1,q\n", NULL);
  const long live = cred__alloc_live();
  for (long n = 0;; n++) {
    cred_schema *s = NULL, *copy = NULL;
    cred_data d = {0};
    assert_true(n < 1000);
    cred__alloc_fail_after(n);
    cred_status status = cred_schema_learn(&s, t, NULL, 0, &opt);
    if (status == CRED_OK) status = cred_schema_copy(&copy, s);
    if (status == CRED_OK) status = cred_schema_encode(&d, copy, t, NULL, 0, 1, 0);
    cred__alloc_fail_after(-1);
    cred_data_clear(&d);
    cred_schema_free(s);
    cred_schema_free(copy);
    assert_int_equal(cred__alloc_live(), live);
    if (status == CRED_OK) break;
    assert_int_equal(status, CRED_ENOMEM);
  }
  cred_table_free(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_encode),
      cmocka_unit_test(test_training_rows_only),
      cmocka_unit_test(test_missing),
      cmocka_unit_test(test_bad_rows),
      cmocka_unit_test(test_learn_refusals),
      cmocka_unit_test(test_identifier),
      cmocka_unit_test(test_classes),
      cmocka_unit_test(test_word_levels_that_are_numbers),
      cmocka_unit_test(test_weights_scale_and_plain),
      cmocka_unit_test(test_constant_column),
      cmocka_unit_test(test_tiles),
      cmocka_unit_test(test_json),
      cmocka_unit_test(test_json_hostile),
      cmocka_unit_test(test_given_classes_and_all_rows),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
