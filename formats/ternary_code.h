/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Ternary weights below one bit each: rows of {0, low, high} in 16-bit codewords of a fixed dictionary, as QMoE has them (Frantar and Alistarh, arXiv
 * 2310.16795, section 4). docs/formats.md, 7.
 *
 * A codeword stands for 1 to 14 pairs of weights. The dictionary holds the 2^16 most probable sequences of pairs, weights independent, zero with probability
 * p0 and the two others alike; with a sequence it holds each of its beginnings, so that the longest match is a walk down a tree. Rows are coded each for
 * itself, an odd one filled with a zero; a row has its first codeword's number (32 bits) and two fp16 levels.
 */
#ifndef LLMSIM_FORMATS_TERNARY_CODE_H
#define LLMSIM_FORMATS_TERNARY_CODE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

enum { TERNARY_WORDS = 1 << 16, TERNARY_PAIRS_MAX = 14 };

struct ternary_code;

/** p0 in [1/3, 1): with fewer zeros some pair would be missing. In `arena`; about 3 MB. */
enum status ternary_code_build(const struct ternary_code **out, double p0, struct arena *arena, struct error *err);
/** Weights of a codeword (2 to 28), and where `trits` is given the weights themselves: 0 zero, 1 low, 2 high. */
int ternary_code_word(const struct ternary_code *c, uint16_t word, uint8_t trits[2 * TERNARY_PAIRS_MAX]);
/** Codes a row. Returns the number of codewords; `words` has room for ceil(n / 2), or is NULL to count. */
int64_t ternary_code_encode(uint16_t *words, const struct ternary_code *c, const uint8_t *trits, int64_t n);
/** The row back: STATUS_BAD_INPUT unless the words give exactly n weights (n + 1 and a zero where n is odd). */
enum status ternary_code_decode(uint8_t *trits, const struct ternary_code *c, const uint16_t *words, int64_t count, int64_t n, struct error *err);
/** Stored bytes of rows whose codewords are `words` together: 2 words + (4 + 4) rows + 4; the dictionary is one for all tensors. -1: overflow. */
int64_t ternary_code_stored_bytes(int64_t rows, int64_t words);
/** Entropy of a weight, bits: the bound of any such code. */
double ternary_code_entropy_bits(double p0);

#endif
