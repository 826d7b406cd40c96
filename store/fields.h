/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Inside store/: columns that no view lists, because runs say what they are: `recipe.w` and `layout.tp` (a field of the text of that column), `arch.PATH` and
 * `stack.PATH` (a value that --set or a sweep changed; where it was not changed there is none).
 *
 * What they hold decides their kind: quantities of one kind ("2 TB/s") are numbers in its base unit (B/s), others are texts.
 */
#ifndef LLMSIM_STORE_FIELDS_H
#define LLMSIM_STORE_FIELDS_H

#include "store/query.h"

enum { FIELDS_MAX = 64 };

struct field_list; /* those that were asked for, of one database or of several that are read together */

/** *out NULL: the name is no field, or no run has it. The column lives as long as the store. */
enum status field_find(const struct store_column **out, struct store *s, const char *name, struct error *err);
/** Calls `each` with the name of every field that could be asked for, until it returns false. */
enum status field_names(struct store *s, bool (*each)(void *to, const char *name), void *to, struct error *err);
void field_list_release(struct store *s);

#endif
