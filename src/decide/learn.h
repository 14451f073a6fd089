// learn.h -- the inside of a run of active learning, shared by its files.

#ifndef CRED_SRC_DECIDE_LEARN_H
#define CRED_SRC_DECIDE_LEARN_H

#include "base/text.h"
#include "credence/decide/learn.h"
#include "data/schema.h"

// --- learn_journal.c: lines that are on the disk, or were never written ---

typedef struct {
  int fd; // -1: closed
  char *path;
  uint64_t digest; // of all lines so far: the checksum of a line is that of the file to
                   // its end
  size_t n_lines;
} cred__journal;

// One line without its end; false with a message if it makes no sense.
typedef cred_status (*cred__journal_line)(void *context, const char *line);

// Opens or makes the file, locks it, and gives every line that is in it. The rest of a
// line that a crash cut off is removed.
cred_status cred__journal_open(cred__journal *journal, const char *path,
                               cred__journal_line line, void *context);
// Adds lines ("...\n...\n") and returns when they are on the disk.
cred_status cred__journal_append(cred__journal *journal, const cred__text *lines);
void cred__journal_close(cred__journal *journal);

// --- the run ---

enum { CRED__LEARN_KEY_START = 1, CRED__LEARN_KEY_CANDIDATES, CRED__LEARN_KEY_RANDOM };

struct cred_learn {
  char *folder;
  cred_learn_options opt;
  const cred_table *pool;
  cred_table *inputs;           // of the pool, without the target
  size_t n_rows, target_column; // SIZE_MAX: the pool has no targets
  cred_target_type task;
  char **classes; // (n_classes) sorted
  size_t n_classes;
  cred__names names; // to find a class by its text
  char **label;      // (n_rows) or NULL
  size_t n_labels;
  // what was asked for, round by round
  bool *asked;    // (n_rows)
  bool *left_out; // (n_rows) of missing cells, where those are left out; else NULL
  size_t *wanted, n_wanted;
  size_t n_asks;
  cred_learn_point *points;
  size_t n_points, points_capacity;
  char model_digest[CRED__DIGEST_BYTES]; // of the file of the last round
  cred_model *model;
  size_t model_round; // of `model`
  cred__journal journal;
  size_t score;
  char reason[256];
  double fit_s, evaluate_s, acquire_s; // of the round under way
};

// learn_run.c: run.txt, which makes a folder the folder of this run.
cred_status cred__learn_check_folder(const cred_learn *run);
// Whether a run is in the folder already.
bool cred__learn_has_begun(const cred_learn *run);

// learn_rehearse.c: all that could fail later, where the run begins; rows that are left
// out for missing cells, always.
cred_status cred__learn_rehearse(cred_learn *run, bool begins);

// learn_labels.c
cred_status cred__learn_find_classes(cred_learn *run);
cred_status cred__learn_take_given(cred_learn *run);
// The canonical text of a label in `out`, or an error.
cred_status cred__learn_read_label(char **out, const cred_learn *run, const char *text);
// The same; NULL for CRED_LEARN_SKIP.
cred_status cred__learn_read_answer(char **out, const cred_learn *run, const char *text);
// The hidden label of a row of a simulation.
cred_status cred__learn_hidden(char **out, const cred_learn *run, size_t row);
// Whether a fit is possible: two classes, or numbers that differ.
bool cred__learn_is_enough(const cred_learn *run);

// learn_round.c: the fit of a round with its scores; the next rows.
const cred_table *cred__learn_inputs(const cred_learn *run); // without the target
cred_status cred__learn_fit(cred_learn_state *state, cred_learn_point *point,
                            cred_learn *run);
cred_status cred__learn_choose(cred_learn_state *state, cred_learn *run);
// Rows to start with (yours to free, on failure too), and asking for them.
cred_status cred__learn_start_rows(size_t **rows, size_t *n, const cred_learn *run);
cred_status cred__learn_start(cred_learn *run);
// Whether a row has no label, was not asked for and is not left out.
bool cred__learn_in_pool(const cred_learn *run, size_t row);
// All of those; yours to free.
cred_status cred__learn_pool(size_t **rows, size_t *n, const cred_learn *run);
// Asks for rows: the line of the journal, then the memory.
cred_status cred__learn_ask(cred_learn *run, const size_t *rows, size_t n);
cred_key cred__learn_key(const cred_learn *run, size_t round);
char *cred__learn_path(char *out, size_t n_bytes, const cred_learn *run,
                       const char *name);

// learn_curve.c
cred_status cred__learn_write_curve(const cred_learn *run);
void cred__learn_note_times(const cred_learn *run);
// Fills `reason` where the run is to stop.
bool cred__learn_is_done(cred_learn *run);

#endif
