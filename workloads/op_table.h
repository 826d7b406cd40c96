/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Operators as data: one row a kind, with its name in a trace and its fields. Reader, writer, hash and help all walk
 * this table, so that a new operator or field is a row here and nothing else. docs/trace_format.md is its prose.
 */
#ifndef LLMSIM_WORKLOADS_OP_TABLE_H
#define LLMSIM_WORKLOADS_OP_TABLE_H

#include <stddef.h>

#include "workloads/trace.h"

/** Limits of the format: beyond them a trace is refused. Products are checked for overflow apart from these. */
#define TRACE_DIMENSION_MAX ((int64_t)1 << 48)
#define TRACE_REPEAT_MAX ((int64_t)1 << 24)    /* iterations of a step; layers of a loop; product of nested loops */
#define TRACE_CONTEXT_MAX ((int64_t)1 << 40)   /* tokens of a sequence */
enum { TRACE_OPS_MAX = 65536, TRACE_SEQ_GROUPS_MAX = 1 << 20, TRACE_RECORDS_MAX = 4096, TRACE_NESTING_MAX = 8, TRACE_NAME_MAX = 128 };

enum field_type {
    FIELD_I64,    /* key=INTEGER */
    FIELD_DOUBLE, /* key=NUMBER >= 0 */
    FIELD_FLAG,   /* the bare key */
    FIELD_ENUM,   /* key=WORD, stored as the word's index in `words` */
    FIELD_WORD,   /* key=WORD, stored as a pointer into `words` */
};

struct field {
    const char *key;
    enum field_type type;
    size_t offset;             /* in the structure that the record fills */
    bool required;
    int64_t minimum, maximum;  /* FIELD_I64 */
    int64_t value;             /* FIELD_I64, FIELD_ENUM: what a missing key means */
    const char *const *words;  /* FIELD_ENUM, FIELD_WORD; ends with NULL */
};

struct op_type {
    enum op_kind kind;
    const char *name;
    const char *summary;
    const struct field *fields; /* ends with a NULL key */
};

/** Row of a kind. */
const struct op_type *op_type_of(enum op_kind kind);
/** By name; NULL when unknown. */
const struct op_type *op_type_find(const char *name);

/** Fields of the header's and the step's records: `model`, `weight`, `kv`, `seq`, and of the `step` line itself. */
extern const struct field model_fields[], weight_fields[], kv_fields[], seq_fields[], step_fields[];

#endif
