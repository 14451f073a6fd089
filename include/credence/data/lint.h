// credence/data/lint.h -- what is odd about a table, before a model is trained on it.

#ifndef CRED_DATA_LINT_H
#define CRED_DATA_LINT_H

#include "credence/data/schema.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CRED_LINT_NOTE = 0,    // worth knowing
  CRED_LINT_WARNING = 1, // training works, the result may not be what is wanted
  CRED_LINT_ERROR = 2    // training would fail
} cred_lint_severity;

// What a fit can be told so that the finding is none, where there is one thing to tell.
typedef enum {
  CRED_LINT_NO_REMEDY = 0,
  CRED_LINT_REMEDY_ID,      // the column names the rows
  CRED_LINT_REMEDY_MISSING, // cells of inputs are to be filled in
  CRED_LINT_REMEDY_CLASSES  // the target's two numbers are classes
} cred_lint_remedy;

typedef struct {
  cred_lint_severity severity;
  size_t line, column; // from 1; 0: it has none
  char *text;          // what was found
  char *advice;        // what to do, "" if nothing
  cred_lint_remedy remedy;
} cred_lint_finding;

typedef struct {
  char *name;
  cred_column_type type;
  size_t n_missing;
  size_t n_levels;           // different words; 0 for numbers
  double min, mean, max, sd; // of numbers; NaN where there are none
} cred_lint_column;

// Both lists belong to the report; findings are sorted, errors first.
typedef struct {
  char *source;
  size_t n_rows, n_columns, n_findings, n_errors, n_warnings;
  cred_lint_column *columns;   // (n_columns)
  cred_lint_finding *findings; // (n_findings)
} cred_lint_report;

/// Look at a file: rows of another length, missing, constant, equal and nearly numeric
/// columns, repeated rows, identifiers, dates, a header taken for data, skewed and very
/// large numbers, rare classes, too few rows. columns: what the fit will be told of them
/// (targets, may be none; ignore, id, weight, missing, task); NULL: nothing.
///
/// A file that cannot be understood at all is a report with one error. Fails with
/// CRED_ENOINPUT, CRED_EIO, CRED_ENOMEM, and on unknown target or option names.
CRED_API cred_status cred_lint(cred_lint_report **out, const char *path,
                               const cred_table_options *opt,
                               const cred_schema_options *columns);
/// The same for a table that has been read already.
CRED_API cred_status cred_lint_table(cred_lint_report **out, const cred_table *table,
                                     const cred_schema_options *columns);
CRED_API void cred_lint_free(cred_lint_report *report);

#ifdef __cplusplus
}
#endif

#endif
