/* SPDX-License-Identifier: Apache-2.0 */
/** What `llmsim report` reads: databases and JSON files of runs, as one sequence of rows. */
#ifndef LLMSIM_CLI_REPORT_SOURCE_H
#define LLMSIM_CLI_REPORT_SOURCE_H

#include "cli/options.h"
#include "store/query.h"

enum { REPORT_SOURCES_MAX = 64 };

struct report_sources {
    struct store *stores[REPORT_SOURCES_MAX];
    const char *names[REPORT_SOURCES_MAX];
    int count;
};

/** Opens what is named, in order; nothing named: the database of `llmsim run`. JSON files become one source. Close also after a failure.
 *  STATUS_BAD_INPUT: a file that is missing or neither of the two. */
/* They are joined (store/query.h): a column is of one kind in all of them. `out` must stay where it is. */
enum status report_sources_open(struct report_sources *out, const struct text_list *paths, struct arena *arena, struct error *err);
void report_sources_close(struct report_sources *s);

/** Takes a row: the query stands on it; the first `what->columns` of it are those asked for. */
typedef enum status (*report_row_fn)(void *to, const struct store_query *q, struct store *from, struct error *err);

/** Rows of all sources: one source after the other or, where an order is asked for, merged in it. The limit is over all.
 *  Rows of a run that several sources hold come from the first one met. */
enum status report_rows(const struct report_sources *s, const struct store_selection *what, report_row_fn take, void *to, struct arena *arena,
                        struct error *err);

#endif
