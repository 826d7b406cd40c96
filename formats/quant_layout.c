/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Sizes of a stored matrix, array by array. docs/recipes.md, "Stored bytes"; docs/formats.md, 7.
 *
 * Shares are of elements: row r of a share F holds floor((r + 1) F cols) - floor(r F cols) of them, so that the whole matrix has
 * floor(rows F cols) and each row's count is known without the others.
 * Sources: 2:4 with a 2-bit index for each kept value, NVIDIA PTX ISA, "mma.sp"; Tiled-CSL, Flash-LLM (arXiv 2309.10285); CSR of
 * outliers, SqueezeLLM (arXiv 2306.07629).
 */
#include "formats/quant.h"

#include <math.h>

#include "base/checked.h"
#include "formats/quant_parts.h"

enum { OFFSET_BYTES = 4, POINTER_BYTES = 4, OUTSIDE_BYTES = 2, CSL_POSITION_BYTES = 2 };

const char *const quant_part_names[PART_COUNT] = {
    "elements", "mixed elements", "mixed flags", "places", "offsets", "scales", "zero points", "second scales", "levels",
    "outlier values", "outlier columns", "outlier rows", "column values", "column numbers",
};

/* a * b, or -1; negative arguments are overflows of a step before. */
static int64_t times(int64_t a, int64_t b)
{
    int64_t all;

    return a >= 0 && b >= 0 && checked_mul_i64(&all, a, b) ? all : -1;
}

int64_t quant_share_before(double share, int64_t rows, int64_t cols)
{
    return (int64_t)floor((double)rows * (double)cols * share);
}

int64_t quant_groups(const struct quant *q, int64_t cols)
{
    return q->group > 0 ? ceil_div_i64(cols, q->group) : 1;
}

int64_t quant_wide_groups(const struct quant *q, int64_t cols)
{
    return q->mixed != NULL ? (int64_t)ceil(q->mixed_share * (double)quant_groups(q, cols)) : 0;
}

int64_t quant_outside_columns(const struct quant *q, int64_t cols)
{
    return (int64_t)ceil(q->columns * (double)cols);
}

int quant_place_bits(const struct quant *q)
{
    int bits = 1, of = q->two_of_four ? 4 : q->of;

    while (1 << bits < of)
        bits++;
    return bits;
}

int64_t quant_kept_of_row(const struct quant *q, int64_t cols)
{
    return q->two_of_four ? ceil_div_i64(cols, 4) * 2 : ceil_div_i64(cols, q->of) * q->keep;
}

static void structured(int64_t bytes[PART_COUNT], const struct quant *q, int64_t rows, int64_t cols)
{
    int64_t kept = quant_kept_of_row(q, cols);

    bytes[PART_ELEMENTS] = times(rows, format_packed_bytes(q->format, kept));
    bytes[PART_PLACES] = times(rows, ceil_div_i64(times(kept, quant_place_bits(q)), 8));
}

static void unstructured(int64_t bytes[PART_COUNT], const struct quant *q, int64_t rows, int64_t cols)
{
    int64_t all = times(rows, cols), kept = all < 0 ? -1 : all - quant_share_before(q->sparsity, rows, cols);

    bytes[PART_ELEMENTS] = format_packed_bytes(q->format, kept);
    if (q->sparse == SPARSE_BITMASK) {
        bytes[PART_PLACES] = times(rows, ceil_div_i64(cols, 8));
        bytes[PART_OFFSETS] = times(rows + 1, OFFSET_BYTES);
        return;
    }
    bytes[PART_PLACES] = times(kept, CSL_POSITION_BYTES);
    bytes[PART_OFFSETS] = times(times(ceil_div_i64(rows, CSL_TILE_ROWS), ceil_div_i64(cols, CSL_TILE_COLS)), OFFSET_BYTES);
}

static void mixed(int64_t bytes[PART_COUNT], const struct quant *q, int64_t rows, int64_t cols)
{
    int64_t groups = quant_groups(q, cols), wide = quant_wide_groups(q, cols);

    bytes[PART_ELEMENTS] = times(times(rows, groups - wide), format_packed_bytes(q->format, q->group));
    bytes[PART_MIXED] = times(times(rows, wide), format_packed_bytes(q->mixed, q->group));
    bytes[PART_MIXED_FLAGS] = times(rows, ceil_div_i64(groups, 8));
}

static void elements(int64_t bytes[PART_COUNT], const struct quant *q, int64_t rows, int64_t cols)
{
    int64_t outside = quant_outside_columns(q, cols);

    if (q->two_of_four || (q->sparsity > 0 && q->sparse == SPARSE_N_OF_M))
        structured(bytes, q, rows, cols);
    else if (q->sparsity > 0)
        unstructured(bytes, q, rows, cols);
    else if (q->mixed != NULL)
        mixed(bytes, q, rows, cols);
    else
        bytes[PART_ELEMENTS] = times(rows, format_packed_bytes(q->format, cols - outside));
    if (q->outliers > 0) {
        int64_t count = times(rows, cols) < 0 ? -1 : quant_share_before(q->outliers, rows, cols);
        bytes[PART_OUTLIER_VALUES] = times(count, OUTSIDE_BYTES);
        bytes[PART_OUTLIER_COLUMNS] = times(count, POINTER_BYTES);
        bytes[PART_OUTLIER_ROWS] = times(rows + 1, POINTER_BYTES);
    }
    if (q->columns > 0) {
        bytes[PART_COLUMN_VALUES] = times(times(rows, outside), OUTSIDE_BYTES);
        bytes[PART_COLUMN_NUMBERS] = times(outside, POINTER_BYTES);
    }
}

int64_t quant_scale_count(const struct quant *q, int64_t rows, int64_t cols)
{
    return q->scale == NULL ? 0 : q->group == QUANT_PER_TENSOR ? 1 : times(rows, quant_groups(q, cols));
}

int64_t quant_scale2_count(const struct quant *q, int64_t rows, int64_t cols)
{
    int64_t scales = quant_scale_count(q, rows, cols);

    if (q->scale2 == NULL)
        return 0;
    if (q->scale2_group <= 0)
        return q->scale2_group == QUANT_PER_TENSOR ? 1 : rows;
    return scales < 0 ? -1 : ceil_div_i64(scales, q->scale2_group);
}

bool quant_layout(struct quant_layout *out, const struct quant *q, int64_t rows, int64_t cols)
{
    struct quant_layout l = { 0 };
    bool learned = q->format->family == FORMAT_CODEBOOK && q->format->codebook == NULL;

    if (rows < 0 || cols < 0 || cols > INT64_MAX / 64 || rows > INT64_MAX / 64)
        return false;
    if (rows > 0 && cols > 0) {
        int64_t scales = quant_scale_count(q, rows, cols);

        elements(l.bytes, q, rows, cols);
        if (q->scale != NULL)
            l.bytes[PART_SCALES] = format_packed_bytes(q->scale, scales);
        if (q->zero_point)
            l.bytes[PART_ZEROS] = format_packed_bytes(q->format, scales);
        if (q->scale2 != NULL)
            l.bytes[PART_SCALES2] = format_packed_bytes(q->scale2, quant_scale2_count(q, rows, cols));
        if (learned)
            l.bytes[PART_LEVELS] = times(rows, (int64_t)OUTSIDE_BYTES << q->format->bits);
    }
    for (int i = 0; i < PART_COUNT; i++) {
        l.offset[i] = l.stored_bytes;
        if (l.bytes[i] < 0 || !checked_add_i64(&l.stored_bytes, l.stored_bytes, l.bytes[i]))
            return false;
    }
    *out = l;
    return true;
}

int64_t quant_stored_bytes(const struct quant *q, int64_t rows, int64_t cols)
{
    struct quant_layout l;

    return quant_layout(&l, q, rows, cols) ? l.stored_bytes : -1;
}

static bool add_rounded(int64_t *sum, int64_t bytes, int64_t granule)
{
    int64_t whole;

    return checked_mul_i64(&whole, ceil_div_i64(bytes, granule), granule) && checked_add_i64(sum, *sum, whole);
}

bool quant_sizes(struct quant_sizes *out, const struct quant *q, int64_t rows, int64_t cols, const struct quant_memory *memory)
{
    struct quant_layout l;
    struct quant_sizes s = { 0 };
    int64_t burst = memory->burst_bytes, align = memory->align_bytes > burst ? memory->align_bytes : burst, bits;

    if (!quant_layout(&l, q, rows, cols) || !checked_mul_i64(&bits, rows, cols) || !checked_mul_i64(&bits, bits, format_code_bits(q->format)))
        return false;
    s.logical_bytes = ceil_div_i64(bits, 8);
    s.stored_bytes = l.stored_bytes;
    for (int i = 0; i < PART_COUNT; i++)
        if (!add_rounded(&s.moved_bytes, l.bytes[i], burst) || !add_rounded(&s.resident_bytes, l.bytes[i], align))
            return false;
    *out = s;
    return true;
}

double quant_bits_per_element(const struct quant *q)
{
    double bits = (double)q->format->packed_bits / q->format->packed_elements;
    double scale_bits = q->scale != NULL ? q->scale->bits + (q->zero_point ? q->format->bits : 0) : 0;

    if (q->two_of_four)
        bits = bits / 2 + 1; /* half the values, 2 bits for each of them */
    else if (q->sparsity > 0 && q->sparse == SPARSE_N_OF_M)
        bits = (bits + quant_place_bits(q)) * q->keep / q->of;
    else if (q->sparsity > 0 && q->sparse == SPARSE_BITMASK)
        bits = (1 - q->sparsity) * bits + 1;
    else if (q->sparsity > 0)
        bits = (1 - q->sparsity) * (bits + 8 * CSL_POSITION_BYTES) + 8.0 * OFFSET_BYTES / (CSL_TILE_ROWS * CSL_TILE_COLS);
    else if (q->mixed != NULL)
        bits = bits * (1 - q->mixed_share) + q->mixed_share * q->mixed->packed_bits / q->mixed->packed_elements + 1 / (double)q->group;
    bits = bits * (1 - q->columns) + q->columns * 8 * OUTSIDE_BYTES + q->outliers * 8 * (OUTSIDE_BYTES + POINTER_BYTES);
    if (q->scale2 != NULL && q->scale2_group > 0)
        scale_bits += q->scale2->bits / (double)q->scale2_group;
    return q->group > 0 && q->scale != NULL ? bits + scale_bits / (double)q->group : bits;
}
