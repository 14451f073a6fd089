// cmd_fit.c -- credence fit: the options, and the steps from a table to a model file.

#include "cli/cmd_fit.h"
#include <float.h>
#include <string.h>

static const cli_option options[] = {
    {.name = "output",
     .short_name = 'o',
     .type = CLI_FILE_OUT,
     .argument = "FILE",
     .help = "write the model to FILE, which may be that of --resume; '-' is standard "
             "output",
     .replaces = "resume"},
    {.name = "target",
     .short_name = 't',
     .type = CLI_LIST,
     .argument = "COLUMNS",
     .help = "columns to predict"},
    {.name = "posterior",
     .short_name = 'p',
     .type = CLI_CHOICE,
     .argument = "KIND",
     .default_text = "auto",
     .choices = "auto|vi|map|dropout",
     .help = "variational Gaussian, posterior mode, Monte Carlo dropout, or the "
             "recommended one"},
    {.name = "resume",
     .type = CLI_FILE_IN,
     .argument = "MODEL",
     .help = "go on with a fit that was stopped, or to more --epochs; same DATA"},
    {.name = "final",
     .type = CLI_FLAG,
     .help = "save without what only --resume needs: a third of the size"},
    {.name = "checkpoint",
     .type = CLI_NUMBER,
     .argument = "SECONDS",
     .min = CLI_ABOVE_ZERO,
     .max = DBL_MAX,
     .help = "save the model so often while it is fitted"},
    {.name = "require-converged",
     .type = CLI_FLAG,
     .help = "end with 1 if the fit did not converge"},

    {.name = "net",
     .type = CLI_TEXT,
     .argument = "TEXT",
     .help = "layers, such as 'dense 50 relu, dense 50 relu'; 'linear' for none (auto)",
     .group = "Model"},
    {.name = "hidden",
     .type = CLI_LIST,
     .argument = "N,N",
     .help = "short for --net with dense layers of these widths",
     .group = "Model"},
    {.name = "activation",
     .type = CLI_TEXT,
     .argument = "NAME",
     .default_text = "relu",
     .help = "activation of the layers of --hidden",
     .group = "Model"},
    {.name = "prior",
     .type = CLI_TEXT,
     .argument = "TEXT",
     .words = "normal|mixture|blundell|laplace|student-t|flat",
     .help = "prior of the weights: 'normal 1', 'normal fan-in', 'normal learned', "
             "'mixture 1 0.1 0.5', 'laplace 1', 'student-t 1 4', 'flat' (auto)",
     .group = "Model"},
    {.name = "likelihood",
     .type = CLI_TEXT,
     .argument = "TEXT",
     .words = "gaussian|heteroscedastic|mixture|student-t|bernoulli|categorical|poisson|"
              "noisy-categorical",
     .help = "noise of the targets: gaussian, heteroscedastic, 'mixture 3', student-t, "
             "bernoulli, categorical, poisson, noisy-categorical (auto)",
     .group = "Model"},
    {.name = "noise",
     .type = CLI_NUMBER,
     .argument = "SD",
     .min = CLI_ABOVE_ZERO,
     .max = DBL_MAX,
     .help = "gaussian noise of this known sd, in the unit of the target",
     .group = "Model"},
    {.name = "dropout",
     .type = CLI_NUMBER,
     .argument = "RATE",
     .min = 0,
     .max = 0.99,
     .help = "share of hidden units dropped, with --posterior dropout (auto)",
     .group = "Model"},
    {.name = "members",
     .type = CLI_SIZE,
     .argument = "N",
     .min = 1,
     .max = 10000,
     .help = "networks of an ensemble (auto)",
     .group = "Model"},
    {.name = "folds",
     .type = CLI_FLAG,
     .help = "member k of N stops early on fold k of the rows and trains on the rest",
     .group = "Model"},

    {.name = "epochs",
     .type = CLI_SIZE,
     .argument = "N",
     .min = 1,
     .max = 1e9,
     .help = "passes over the training rows (auto)",
     .group = "Training"},
    {.name = "steps",
     .type = CLI_SIZE,
     .argument = "N",
     .min = 1,
     .max = 1e12,
     .help =
         "steps instead of epochs, counted on all rows and rounded up to whole epochs: "
         "members that keep rows aside make fewer (auto)",
     .group = "Training"},
    {.name = "batch",
     .type = CLI_SIZE,
     .argument = "N",
     .min = 1,
     .max = 1e9,
     .help = "rows a step (auto)",
     .group = "Training"},
    {.name = "learning-rate",
     .type = CLI_NUMBER,
     .argument = "X",
     .min = CLI_ABOVE_ZERO,
     .max = DBL_MAX,
     .help = "highest rate of the schedule (auto)",
     .group = "Training"},
    {.name = "schedule",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .default_text = "cosine",
     .choices = "constant|cosine|one-cycle",
     .help = "how the rate changes",
     .group = "Training"},
    {.name = "hold",
     .type = CLI_NUMBER,
     .argument = "SHARE",
     .default_text = "0.3",
     .min = 0,
     .max = 0.999,
     .help = "share of the steps before a cosine falls",
     .group = "Training"},
    {.name = "optimiser",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .default_text = "adam",
     .choices = "sgd|adam|adamw",
     .help = "how gradients become steps",
     .group = "Training"},
    {.name = "momentum",
     .type = CLI_NUMBER,
     .argument = "X",
     .default_text = "0.9",
     .min = 0,
     .max = 0.9999999,
     .help = "of sgd",
     .group = "Training"},
    {.name = "beta1",
     .type = CLI_NUMBER,
     .argument = "X",
     .default_text = "0.9",
     .min = 0,
     .max = 0.9999999,
     .help = "of adam and adamw: memory of the mean",
     .group = "Training"},
    {.name = "beta2",
     .type = CLI_NUMBER,
     .argument = "X",
     .default_text = "0.999",
     .min = 0,
     .max = 0.9999999,
     .help = "of adam and adamw: memory of the square",
     .group = "Training"},
    {.name = "epsilon",
     .type = CLI_NUMBER,
     .argument = "X",
     .default_text = "1e-8",
     .min = CLI_ABOVE_ZERO,
     .max = 1,
     .help = "of adam and adamw: added to the root of the square",
     .group = "Training"},
    {.name = "weight-decay",
     .type = CLI_NUMBER,
     .argument = "X",
     .default_text = "0",
     .min = 0,
     .max = DBL_MAX,
     .help = "of sgd and adamw; the prior is there already, so 0 is right but for "
             "comparisons",
     .group = "Training"},
    {.name = "clip",
     .type = CLI_NUMBER,
     .argument = "X",
     .default_text = "0",
     .min = 0,
     .max = DBL_MAX,
     .help = "longest gradient a training row, 0: no limit",
     .group = "Training"},
    {.name = "validation",
     .type = CLI_NUMBER,
     .argument = "SHARE",
     .min = 0,
     .max = 0.999,
     .help = "share of the rows held out for early stopping; the best state is kept "
             "(auto)",
     .group = "Training"},
    {.name = "patience",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "0",
     .min = 0,
     .max = 1e9,
     .help = "stop after so many epochs without a better validation, 0: never",
     .group = "Training"},

    {.name = "estimator",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .default_text = "local",
     .choices = "weights|local|flipout",
     .help = "noise of the gradient: drawn weights, local reparameterisation, flipout",
     .group = "Variational (--posterior vi)"},
    {.name = "train-draws",
     .type = CLI_SIZE,
     .argument = "S",
     .default_text = "1",
     .min = 1,
     .max = 10000,
     .help = "draws a step",
     .group = "Variational (--posterior vi)"},
    {.name = "init-sd",
     .type = CLI_NUMBER,
     .argument = "X",
     .default_text = "0.1",
     .min = CLI_ABOVE_ZERO,
     .max = 10,
     .help = "posterior sd at the start, times 1 / sqrt(fan-in)",
     .group = "Variational (--posterior vi)"},
    {.name = "kl-weights",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .default_text = "uniform",
     .choices = "uniform|blundell",
     .help = "how an epoch's KL is shared among its batches",
     .group = "Variational (--posterior vi)"},
    {.name = "temperature",
     .type = CLI_NUMBER,
     .argument = "X",
     .default_text = "1",
     .min = 0,
     .max = 10,
     .help = "factor on the KL or the log prior; only 1 is Bayes' rule",
     .group = "Training"},

    CLI_OPTIONS_COLUMNS,
    {.name = "input-scale",
     .type = CLI_NUMBER,
     .argument = "X",
     .min = CLI_ABOVE_ZERO,
     .max = DBL_MAX,
     .help = "divide inputs by X instead of standardising them; 126 is the one of "
             "Blundell et al. for pixels",
     .group = "Input"},
    {.name = "class-weights",
     .type = CLI_TEXT,
     .argument = "WEIGHTS",
     .help = "factor on the log likelihood of each class: w1,w2,..., or 'balanced': all "
             "classes count alike",
     .group = "Training"},
    {.name = "augment",
     .type = CLI_TEXT,
     .argument = "TEXT",
     .help =
         "change pictures each time: 'flip, shift 0.1, rotate 10, scale 0.9 1.1, crop "
         "0.8, brightness 0.2, contrast 0.2'",
     .group = "Pictures"},
    CLI_OPTIONS_PICTURES,
    {.name = "train-rows",
     .type = CLI_FILE_IN,
     .argument = "FILE",
     .help = "numbers of the rows to fit to, from 0, apart by blanks",
     .group = "Input"},
    {.name = "hold-out",
     .type = CLI_NUMBER,
     .argument = "SHARE",
     .min = CLI_ABOVE_ZERO,
     .max = 0.999,
     .help = "leave a random share of the rows out, to evaluate on",
     .group = "Input"},
    {.name = "hold-out-file",
     .type = CLI_FILE_OUT,
     .argument = "FILE",
     .help = "write the numbers of the rows left out, for evaluate --rows-file; "
             "model.rows beside model.cred where it is not given",
     .group = "Input"},
    CLI_OPTION_LABELS,
    CLI_OPTIONS_INPUT,
    CLI_OPTION_SEED,
    CLI_OPTION_THREADS,
    CLI_OPTION_PROGRESS,
    CLI_OPTION_STABLE,
};

static cred_status read_data(cli__fit_data *data, const cred_model *model,
                             const cli__fit *fit) {
  const char *path = cli_positional(fit->args, 0);
  const cred_schema *schema = model ? cred_model_schema(model) : NULL;
  if (cli_is_pictures(path))
    return cli_open_pictures(&data->images, fit->args, path, schema,
                             cli_text(fit->args, "labels"), 1);
  const char *target = schema ? schema->targets[0].name : fit->schema.targets[0];
  return cli_read_table(&data->table, fit->args, path, target);
}

static cred_status fit_data(cred_model **model, cred_fit_info *info, cli__fit *fit) {
  const char *resume = cli_text(fit->args, "resume");
  cli__fit_data data = {0};
  TRY(cli_check_inputs(cli_positional(fit->args, 0), resume));
  TRY(cli_check_output(fit->path));
  if (resume) TRY(cred_model_load(model, resume));
  TRY(read_data(&data, *model, fit));
  const size_t n_rows =
      data.images ? cred_images_n_rows(data.images) : cred_table_n_rows(data.table);
  cred_status status = *model ? CRED_OK : cli__fit_look_at(fit, n_rows);
  if (status == CRED_OK && !*model && data.table) status = cli__fit_warn(fit, data.table);
  if (status == CRED_OK) status = cli__fit_run(model, info, fit, &data);
  cred_table_free(data.table);
  cred_images_free(data.images);
  return status;
}

static int run_fit(const cli_args *args) {
  cli__fit fit;
  cred_model *model = NULL;
  cred_fit_info info = {0};
  int status = cli__fit_init(&fit, args);
  if (status == CRED_OK) status = fit_data(&model, &info, &fit);
  if (status == CRED_OK && !cli__fit_verdict(&fit, model, &info) &&
      cli_flag(args, "require-converged"))
    status = CLI_VERDICT;
  cred_model_free(model);
  cli__fit_clear(&fit);
  return status;
}

const cli_command cmd_fit = {
    .name = "fit",
    .summary = "Fit a Bayesian neural network to a table or to pictures",
    .positional = "DATA",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "All columns but the targets and those of --ignore, --id and --weight are\n"
        "inputs: numbers standardised, words one input a level. The model file keeps\n"
        "names, types, levels and scales, all options, and what --resume needs.\n"
        "\n"
        "What is marked (auto) follows from the task and the number of rows; 'credence\n"
        "inspect MODEL' prints what was taken. The same data, options and seed give the\n"
        "same bytes, whatever the number of threads.\n"
        "\n"
        "DATA may be pictures (PNG, JPEG): a folder of folders, one a class; a folder\n"
        "with --labels FOLDER of label maps of the same names; or a list of lines\n"
        "'PICTURE LABEL'. They need no --target. Label maps make a model for `credence\n"
        "segment`: a class a pixel. Arrays of images (IDX, NPY, NPZ) are tables with a\n"
        "shape: their labels come by --labels or --labels-member, and they get a "
        "network\n"
        "of convolutions as pictures do.\n"
        "\n"
        "SIGINT and SIGTERM save the model as it is; --resume then goes on from there,\n"
        "and ends with the bytes of a fit that was never stopped.",
    .examples = "credence demo sine -o sine.csv\n"
                "credence fit sine.csv --target y --steps 300 --members 2 -o model.cred\n"
                "credence fit sine.csv --target y --posterior vi --hidden 20 \\\n"
                "  --activation tanh --steps 300 -o vi.cred\n"
                "credence fit sine.csv --resume vi.cred --epochs 1000 -o longer.cred\n"
                "credence demo digits --rows 100 -o digits\n"
                "credence fit digits --net 'dense 32 relu' --steps 50 \\\n"
                "  --augment 'shift 0.1, rotate 10' -o digits.cred",
    .run = run_fit,
};
