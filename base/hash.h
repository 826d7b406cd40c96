/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Canonical content hash (128 bits, XXH3 of libxxhash). Values are fed with a tag, never raw structs, so that padding,
 * endianness and the order of fields in memory do not matter. docs/results.md says what enters the key of a run.
 */
#ifndef LLMSIM_BASE_HASH_H
#define LLMSIM_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash128 {
    uint64_t high, low;
};

struct hasher; /* opaque */

struct hasher *hasher_open(void); /* NULL: no memory */
void hasher_reset(struct hasher *h); /* as one just opened */
void hasher_bytes(struct hasher *h, const void *data, size_t bytes);
/** Length-prefixed text: ("ab","c") and ("a","bc") differ. NULL hashes differently from "". */
void hasher_text(struct hasher *h, const char *text);
void hasher_i64(struct hasher *h, int64_t value);
/** -0.0 counts as 0.0. Never feed a libm result. */
void hasher_double(struct hasher *h, double value);
struct hash128 hasher_value(const struct hasher *h);
void hasher_close(struct hasher *h);

enum { HASH_TEXT_MAX = 33 };
bool hash_equal(struct hash128 a, struct hash128 b);
/** 32 lower-case hex digits. */
const char *hash_format(char out[HASH_TEXT_MAX], struct hash128 hash);
/** Reads 32 lower-case hex digits and nothing else; text NULL: false. */
bool hash_parse(struct hash128 *out, const char *text);

#endif
