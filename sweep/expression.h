/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Expressions of sweep files: constraints, conditions and derived values. docs/sweep_files.md, "Expressions"
 *
 *     layout.tp <= 4 and recipe.w in ('int4g128', 'int8')        1.5 * var.scale        max(var.m, 16)
 *
 * A value is a number or a text. A name is an axis, a fixed or a derived value; one that is absent at a point is the empty text.
 * Arithmetic is + - * / % on doubles (IEEE, the same everywhere); comparisons give 1 or 0; a text compares with a text.
 */
#ifndef LLMSIM_SWEEP_EXPRESSION_H
#define LLMSIM_SWEEP_EXPRESSION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

struct value {
    bool number;
    double x;
    const char *text; /* never NULL where number is false */
};

struct expression; /* in the arena */

/** What names mean while parsing (is there one? else the nearest is told) and while evaluating. */
struct names {
    const char *const *list;
    size_t count;
};
typedef struct value expression_lookup(void *context, size_t name);

/** Reads the whole text. `at` is its place, for messages. */
enum status expression_parse(struct expression **out, const char *text, struct source_pos at, const struct names *names, struct arena *arena,
                             struct error *err);
/** STATUS_BAD_INPUT: a text where a number is needed, division by zero, a number that is not finite. */
enum status expression_value(struct value *out, const struct expression *e, expression_lookup *lookup, void *context, struct error *err);
/** Is it a number other than 0? */
enum status expression_true(bool *out, const struct expression *e, expression_lookup *lookup, void *context, struct error *err);

/** A text is a number where all of it is a decimal number. */
struct value value_of_text(const char *text);

#endif
