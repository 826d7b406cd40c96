/* SPDX-License-Identifier: Apache-2.0 */
/** The nearest valid name, for messages: "unknown key 'bandwith'; nearest is 'bandwidth'". */
#ifndef LLMSIM_BASE_NEAREST_H
#define LLMSIM_BASE_NEAREST_H

#include <stddef.h>

/** Damerau-Levenshtein distance, ASCII case ignored; names longer than 128 bytes are cut. */
int nearest_distance(const char *a, const char *b);

/** Candidate nearest to `name`, or NULL when none is within max(2, strlen(name)/3) edits. Ties: the first. Borrowed. */
const char *nearest_name(const char *name, const char *const *candidates, size_t count);

#endif
