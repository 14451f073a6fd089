// lint.h -- what the checks of a table share.

#ifndef CRED_SRC_DATA_LINT_H
#define CRED_SRC_DATA_LINT_H

#include "credence/data/lint.h"
#include "data/table.h"

enum { CRED__LINT_ROWS_FEW = 30, CRED__LINT_SHOWN = 8 };

typedef struct {
  cred_lint_report *report;
  const cred_table *table;
  const cred_schema_options *columns;
  bool *is_target;  // (n_columns)
  bool *is_other;   // (n_columns) ignored, the id or the weight: no input
  double *values;   // (n_rows) of one column
  uint64_t *digest; // (n_columns) of the cells
} cred__linter;

// One more finding.
cred_status cred__lint_add(cred_lint_report *report, cred_lint_severity severity,
                           size_t line, size_t column, const char *text,
                           const char *advice);
// The remedy of the last one.
void cred__lint_remedy(cred_lint_report *report, cred_lint_remedy remedy);
// Checks of single columns; fills the report's columns and the digests.
cred_status cred__lint_columns(cred__linter *l);
// Columns with missing cells, after cred__lint_columns.
cred_status cred__lint_missing(cred__linter *l);

#endif
