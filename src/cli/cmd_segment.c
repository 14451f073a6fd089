// cmd_segment.c -- credence segment: a class for every pixel, and maps of its
// uncertainty.

#include "cli/cmd_segment.h"
#include "base/alloc.h"
#include "base/thread.h"
#include "credence/model/evaluate.h"
#include <math.h>
#include <string.h>

static const cli_option options[] = {
    {.name = "output",
     .short_name = 'o',
     .type = CLI_FILE_OUT,
     .argument = "FOLDER",
     .help = "write maps and tables into FOLDER, which is made"},
    {.name = "labels",
     .type = CLI_FILE_IN,
     .argument = "FOLDER",
     .help = "label maps of the same names (of one picture also its map): scores are "
             "printed"},
    {.name = "review",
     .type = CLI_SHARE,
     .argument = "SHARE",
     .default_text = "0.5",
     .min = 0,
     .max = 1,
     .help = "entropy, as a share of its largest value, above which a pixel is for a "
             "person to look at"},
    {.name = "sheet",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "10",
     .min = 0,
     .max = SHEET_ROWS_MAX,
     .help = "rows of sheet.png: image, truth, prediction, entropy, mutual information"},
    {.name = "tile",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "512",
     .min = 16,
     .max = 65535,
     .help = "longest side of what is computed at once; larger pictures in tiles"},
    {.name = "patch",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "4",
     .min = 1,
     .max = 1000,
     .help = "side of the patches that are accurate or not, certain or not"},
    {.name = "draws",
     .type = CLI_SIZE,
     .argument = "N",
     .default_text = "30",
     .min = 1,
     .max = 1e6,
     .help = "draws from the posterior; rounded up to a multiple of the members",
     .group = "Draws"},
    {.name = "draws-kind",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .default_text = "function",
     .choices = "function|mean",
     .help = "weights drawn once for a picture, or their mean",
     .group = "Draws"},
    CLI_OPTION_SEED,
    CLI_OPTION_THREADS,
    CLI_OPTION_ROWS_FILE,
};

static void clear(cli__segment *s) {
  cred__writer_abort(&s->table);
  cred_segment_counts_clear(&s->counts);
  cred_segmenter_free(s->segmenter);
  cred_images_free(s->images);
  cred__free(s->rows);
  cred_image_clear(&s->sheet);
  cred_model_free(s->model);
}

static cred_status open_table(cli__segment *s) {
  cred__text path = {0};
  cred__text_printf(&path, "%s/images.csv", s->folder);
  cred_status status = cred__text_status(&path);
  if (status == CRED_OK && cli_is_same_file(path.s, cred_images_source(s->images)))
    status =
        cred__fail(CRED_EINVAL,
                   "%s: is read, and would be overwritten by the table: give another "
                   "folder, -o FOLDER",
                   path.s);
  if (status == CRED_OK) status = cred__writer_init(&s->table, path.s);
  cred__text_clear(&path);
  return status;
}

static cred_status open_segmenter(cli__segment *s) {
  cred_segment_options opt = cred_segment_defaults();
  opt.n_draws = cli_size(s->args, "draws");
  if (strcmp(cli_text(s->args, "draws-kind"), "mean") == 0) opt.draws = CRED_DRAWS_MEAN;
  opt.tile = cli_size(s->args, "tile");
  opt.seed = cli_seed(s->args);
  opt.n_threads = cli_size(s->args, "threads");
  opt.prob = s->scored;
  return cred_segmenter_new(&s->segmenter, s->model, &opt);
}

// The rows of --rows-file; a warning of those that the model was fitted to, where there
// are label maps to score them by.
static cred_status take_rows(cli__segment *s) {
  size_t n_seen;
  TRY(cli_read_rows(&s->rows, &s->n_rows, s->args, cred_images_n_rows(s->images)));
  if (!s->rows) s->n_rows = cred_images_n_rows(s->images);
  TRY(cred_model_n_seen_images(&n_seen, s->model, s->images, s->rows, s->n_rows));
  if (n_seen) cli_warn_of_seen(s->args, n_seen);
  return CRED_OK;
}

static cred_status init(cli__segment *s, const cli_args *args) {
  *s = (cli__segment){.args = args, .folder = cli_text(args, "output")};
  if (!s->folder || strcmp(s->folder, "-") == 0)
    return cli_usage("the folder for the maps is missing: -o FOLDER");
  TRY(cli_read_model(&s->model, args, cli_positional(args, 0)));
  s->schema = cred_model_schema(s->model);
  if (!s->schema->pixels.per_pixel)
    FAIL(CRED_ECONFIG,
         "%s: the model has no class a pixel: fit it to pictures with "
         "--labels FOLDER of label maps",
         cli_positional(args, 0));
  TRY(cli_find_pictures(&s->images, cli_positional(args, 1), s->schema,
                        cli_text(args, "labels")));
  TRY(take_rows(s));
  TRY(cli__segment_check_names(s));
  s->scored = cred_images_has_labels(s->images);
  const size_t n_classes = s->schema->targets[0].n_classes;
  s->review = cli_number(args, "review") * log((double)n_classes);
  for (size_t v = 256; v-- > 0;)
    if (s->schema->pixels.class_of[v] < n_classes)
      s->number_of[s->schema->pixels.class_of[v]] = (unsigned char)v;
  TRY(cred_segment_counts_init(&s->counts, n_classes, cli_size(args, "patch")));
  TRY(open_segmenter(s));
  TRY(cred__folder_make(s->folder));
  TRY(open_table(s));
  cli__segment_remove_old(s);
  cli__segment_head(s);
  return CRED_OK;
}

// Class indices of the label map of a picture, which must be of the picture's size.
static cred_status read_truth(int32_t **out, const cli__segment *s, size_t row,
                              const cred_image *image) {
  const char *path = cred_images_map_path(s->images, row);
  cred_image map;
  *out = NULL;
  if (!path) return CRED_OK;
  TRY(cred_image_read_labels(&map, path));
  cred_status status = CRED_OK;
  if (map.height != image->height || map.width != image->width)
    FAIL_DONE(CRED_EDATA, "%s: %zu x %zu pixels, its picture has %zu x %zu", path,
              map.width, map.height, image->width, image->height);
  TRY_DONE(NEW(out, map.height * map.width, "a label map"));
  for (size_t i = 0; i < map.height * map.width; i++) {
    const unsigned char class = s->schema->pixels.class_of[map.pixel[i]];
    if (class == CRED_CLASS_UNKNOWN)
      FAIL_DONE(CRED_EDATA,
                "%s: number %d at column %zu, row %zu is none of the model's classes",
                path, map.pixel[i], i % map.width, i / map.width);
    (*out)[i] = class == CRED_CLASS_IGNORED ? -1 : (int32_t) class;
  }
done:
  cred_image_clear(&map);
  if (status != CRED_OK) {
    cred__free(*out);
    *out = NULL;
  }
  return status;
}

static cred_status put_picture(cli__segment *s, size_t row, const cred_image *image,
                               const cred_segmentation *maps) {
  int32_t *truth;
  TRY(read_truth(&truth, s, row, image));
  const cred_status status = cli__segment_maps(s, row, image, maps, truth);
  cli__segment_line(s, row, maps, truth);
  if (truth)
    cred_segment_counts_add(&s->counts, maps->prob, maps->entropy,
                            maps->mutual_information, truth, maps->height, maps->width);
  s->seam = fmax(s->seam, maps->seam);
  s->n_tiled += maps->n_tiles > 1;
  s->side = image->height > s->side ? image->height : s->side;
  s->side = image->width > s->side ? image->width : s->side;
  cred__free(truth);
  return status;
}

// Some pictures at once: as many as there are threads.
static cred_status run_some(cli__segment *s, size_t first, size_t n, cred_image *images,
                            cred_segmentation *maps) {
  cred_status status = CRED_OK;
  size_t n_made = 0;
  for (size_t i = 0; i < n; i++)
    TRY_DONE(cred_image_read(&images[i],
                             cred_images_path(s->images, cli__segment_row(s, first + i)),
                             s->schema->pixels.channels));
  TRY_DONE(cred_segmenter_run(maps, s->segmenter, images, n));
  n_made = n;
  for (size_t i = 0; i < n; i++)
    TRY_DONE(put_picture(s, cli__segment_row(s, first + i), &images[i], &maps[i]));
done:
  for (size_t i = 0; i < n; i++) {
    cred_image_clear(&images[i]);
    if (n_made) cred_segmentation_clear(&maps[i]);
  }
  return status;
}

static cred_status run_all(cli__segment *s) {
  const size_t n = s->n_rows;
  const size_t at_once = cred__n_threads(cli_size(s->args, "threads"));
  cred_image *images = NULL;
  cred_segmentation *maps = NULL;
  cred_status status;
  TRY_DONE(NEW(&images, at_once, "pictures"));
  TRY_DONE(NEW(&maps, at_once, "maps"));
  for (size_t i = 0; i < n && !cli_interrupted(); i += at_once) {
    const size_t some = n - i < at_once ? n - i : at_once;
    TRY_DONE(run_some(s, i, some, images, maps));
  }
done:
  cred__free(images);
  cred__free(maps);
  return status;
}

static cred_status say(const cli__segment *s) {
  size_t n_strange;
  const size_t n = s->n_rows;
  TRY(cli__segment_n_strange(&n_strange, s));
  cli_note(s->args, "%zu picture%s: maps and images.csv in %s", n, n > 1 ? "s" : "",
           s->folder);
  if (n_strange)
    cli_warn(s->args, "credence segment ... -o ANOTHER_FOLDER",
             "%s: it holds the maps of %zu other picture%s, from an earlier run",
             s->folder, n_strange, n_strange > 1 ? "s" : "");
  if (s->n_tiled && s->seam > 0)
    cli_note(s->args,
             "%zu in tiles that are blended, because the network looks at %s: two tiles "
             "differ by up to %.3g in a probability; --tile %zu makes no tiles and takes "
             "more memory",
             s->n_tiled,
             cred_segmenter_reach(s->segmenter) == SIZE_MAX
                 ? "the whole"
                 : "more than a quarter of a tile to each side",
             s->seam, s->side);
  else if (s->n_tiled)
    cli_note(s->args, "%zu in tiles, which agree with the whole", s->n_tiled);
  return CRED_OK;
}

static int run_segment(const cli_args *args) {
  cli__segment s;
  int status = init(&s, args);
  if (status == CRED_OK) status = run_all(&s);
  if (status == CRED_OK && !cli_interrupted()) status = cli__segment_sheet(&s);
  if (status == CRED_OK && !cli_interrupted()) status = cred__writer_commit(&s.table);
  if (status == CRED_OK && !cli_interrupted() && s.scored)
    status = cli__segment_scores(&s);
  if (status == CRED_OK && !cli_interrupted()) status = say(&s);
  clear(&s);
  return status;
}

const cli_command cmd_segment = {
    .name = "segment",
    .summary = "Give every pixel of pictures a class, with its uncertainty",
    .positional = "MODEL PICTURES",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .details =
        "PICTURES are a folder, a list or one picture, of any size. For each a class "
        "map\n"
        "(NAME_class.png, numbers as in the label maps of the fit), predictive entropy,\n"
        "its expected part (aleatoric) and mutual information (epistemic) as greys from\n"
        "0 to log C, and an overlay for people, chequered where the entropy is above\n"
        "--review. images.csv has a line a picture: share of each class, means of the\n"
        "uncertainties, share of pixels to review.\n"
        "\n"
        "With --labels, or a list with label maps, scores are printed, by class too, "
        "and\n"
        "thresholds.csv has p(accurate | certain), p(uncertain | inaccurate), PAvPU, "
        "and\n"
        "the error among the pixels kept, at 101 thresholds of the entropy: `credence\n"
        "plot certainty OUT` and `credence plot risk OUT` draw them.\n"
        "\n"
        "A large picture is cut into tiles that overlap by what the network looks at.",
    .examples =
        "credence demo shapes --rows 24 -o shapes\n"
        "credence fit shapes/images --labels shapes/labels --ignore-class 255 \\\n"
        "  --classes-file shapes/classes.txt --steps 20 -o shapes.cred\n"
        "credence segment shapes.cred shapes/images --labels shapes/labels --draws 3 \\\n"
        "  -o maps",
    .run = run_segment,
};
