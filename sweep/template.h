/* SPDX-License-Identifier: Apache-2.0 */
/** Derived values: a text in which each `{expression}` stands for its value: "{0.5 * var.scale} TB/s". */
#ifndef LLMSIM_SWEEP_TEMPLATE_H
#define LLMSIM_SWEEP_TEMPLATE_H

#include "sweep/expression.h"

struct value_template;

enum status template_parse(struct value_template **out, const char *text, struct source_pos at, const struct names *names, struct arena *arena,
                           struct error *err);
enum status template_value(struct value *out, const struct value_template *t, expression_lookup *lookup, void *context, struct arena *arena,
                           struct error *err);

#endif
