// cmd_demo.c -- credence demo: generated tables and pictures to learn and test with.

#include "base/file.h"
#include "cli/cli.h"
#include "credence/data/toy.h"
#include "credence/data/toy_images.h"
#include <float.h>
#include <string.h>

static const cli_option options[] = {
    CLI_OPTION_OUTPUT("the table (CSV)", "-"),
    {.name = "list", .type = CLI_FLAG, .help = "list the tables instead"},
    {.name = "rows",
     .type = CLI_SIZE,
     .argument = "N",
     .min = 1,
     .max = 1e9,
     .help = "number of rows; each table has its own default"},
    {.name = "noise",
     .type = CLI_NUMBER,
     .argument = "S",
     .min = 0,
     .max = DBL_MAX,
     .help = "noise, as the list says for each table; each has its own default"},
    {.name = "grid",
     .type = CLI_FLAG,
     .help = "an even grid that goes beyond the data, with the true function as y_true"},
    CLI_OPTION_SEED,
};

static const char *table_name(size_t i) {
  return i < cred_toy_count() ? cred_toy_name(i) : NULL;
}

static void print_list(void) {
  for (size_t i = 0; i < cred_toy_count(); i++)
    printf("%-14s %s\n", cred_toy_name(i), cred_toy_about(i));
  for (size_t i = 0; i < cred_toy_images_count(); i++)
    printf("%-14s %s\n", cred_toy_images_name(i), cred_toy_images_about(i));
}

static bool is_pictures(const char *name) {
  for (size_t i = 0; i < cred_toy_images_count(); i++)
    if (strcmp(cred_toy_images_name(i), name) == 0) return true;
  return false;
}

static cred_status write_pictures(const cli_args *args, const char *name) {
  const char *folder = cli_text(args, "output");
  if (strcmp(folder, "-") == 0)
    return cli_usage("'%s' are pictures: give the folder for them, -o FOLDER", name);
  if (cli_given(args, "noise") || cli_flag(args, "grid"))
    FAIL(CRED_ECONFIG, "options '--noise' and '--grid' are of tables, '%s' are pictures",
         name);
  return cred_toy_images_write(folder, name, cli_size(args, "rows"), cli_seed(args));
}

static int run_demo(const cli_args *args) {
  const char *name = cli_positional(args, 0);
  if (cli_flag(args, "list")) {
    print_list();
    return CRED_OK;
  }
  if (!name) return cli_usage("the name of a table is missing; --list prints them");
  if (is_pictures(name)) return write_pictures(args, name);
  cred__writer writer;
  TRY(cred__writer_init(&writer, cli_text(args, "output")));
  const cred_status status = cred_toy_write_csv(writer.file, name, cli_size(args, "rows"),
                                                cli_number(args, "noise"), cli_seed(args),
                                                cli_flag(args, "grid"));
  if (status == CRED_OK) return cred__writer_commit(&writer);
  cred__writer_abort(&writer);
  return status;
}

const cli_command cmd_demo = {
    .name = "demo",
    .summary = "Make a table or pictures to try things on",
    .positional = "[NAME]",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "A row is a function of the table, its number, the noise and the seed: a\n"
        "longer table begins with the shorter one. Pictures go into the folder -o,\n"
        "which is made.",
    .examples = "credence demo --list\n"
                "credence demo sine -o sine.csv\n"
                "credence demo sine --grid -o grid.csv\n"
                "credence demo shapes --rows 20 -o shapes",
    .run = run_demo,
    .word = table_name,
};
