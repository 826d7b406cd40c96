/* SPDX-License-Identifier: Apache-2.0 */
/** Counts behind the arrays of a stored matrix, for formats/quant*.c alone. */
#ifndef LLMSIM_FORMATS_QUANT_PARTS_H
#define LLMSIM_FORMATS_QUANT_PARTS_H

#include "formats/quant.h"

enum { CSL_TILE_ROWS = 128, CSL_TILE_COLS = 64 }; /* Flash-LLM's tile */

/** Elements of a share in the first `rows` rows: floor(rows cols share). */
int64_t quant_share_before(double share, int64_t rows, int64_t cols);
int64_t quant_groups(const struct quant *q, int64_t cols);
int64_t quant_wide_groups(const struct quant *q, int64_t cols);
int64_t quant_outside_columns(const struct quant *q, int64_t cols);
/** N:M: bits of a place, and kept values of a row (a last block that is short keeps as many). */
int quant_place_bits(const struct quant *q);
int64_t quant_kept_of_row(const struct quant *q, int64_t cols);
int64_t quant_scale_count(const struct quant *q, int64_t rows, int64_t cols);
int64_t quant_scale2_count(const struct quant *q, int64_t rows, int64_t cols);

/** Allocates the arrays that the scheme has. False: no memory. */
bool quant_matrix_alloc(struct quant_matrix *m, const struct quant *q, int64_t rows, int64_t cols, struct arena *arena);
/** Fills m->place, and the fp16 codes of what is held apart. False: no memory, or rows longer than 2^31. */
bool quant_places(struct quant_matrix *m, const float *values, const float *column_largest, struct arena *arena);
/** Format of element (row, col) of the dense part. */
const struct format *quant_format_at(const struct quant_matrix *m, int64_t row, int64_t col);
/** Effective scale of a group: level of its code times the second scale, an e8m0 block of integers with its implied 2^(2 - bits). */
double quant_scale_at(const struct quant_matrix *m, int64_t row, int64_t group);
/** Level of a group's zero point; 0 without. */
double quant_zero_at(const struct quant_matrix *m, int64_t row, int64_t group);

#endif
