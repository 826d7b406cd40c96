/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One line of a trace as words with columns, and records of key=value words filled by a table of fields.
 * Every message has the form  file:line:column: what was found, what was expected, nearest valid name.
 */
#ifndef LLMSIM_WORKLOADS_TRACE_LINE_H
#define LLMSIM_WORKLOADS_TRACE_LINE_H

#include "base/error.h"
#include "base/textfile.h"
#include "workloads/op_table.h"

enum { LINE_WORDS_MAX = 24 };

struct line {
    struct source_pos at;  /* of the first word; column 1 at the end of the file */
    int count;             /* words; 0 at the end of the file */
    int columns;           /* length of the line, for "missing at the end" */
    char *words[LINE_WORDS_MAX];
    int column[LINE_WORDS_MAX];
};

/** Next line that holds words (blank lines and # comments are skipped); out->count = 0 at the end.
 *  Words live until the next call. Refuses control bytes, bytes above 126 outside comments, and too many words. */
enum status line_next(struct line *out, struct textfile *f, struct error *err);

/** Place of word i, or of the end of the line for i >= count. */
struct source_pos line_pos(const struct line *l, int i);

/** Fills `record` from the words first..count-1: defaults, then values; refuses unknown, repeated, missing and ill-formed keys.
 *  @param what  the record's name, for messages ("gemm"). */
enum status line_fields(void *record, const struct field *fields, const struct line *l, int first, const char *what, struct error *err);

/** Whole word as an integer in [min, max]. @param what  names it in the message. */
enum status line_i64(int64_t *out, const struct line *l, int i, const char *text, int64_t min, int64_t max, const char *what,
                     struct error *err);

#endif
