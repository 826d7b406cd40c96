/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Which values of a matrix are not dense: zeros that are left out, outliers, columns held apart. By magnitude alone, as magnitude pruning
 * has it; ties to the value that comes first. docs/formats.md, 7.
 */
#include <math.h>
#include <stdlib.h>

#include "formats/quant_parts.h"

struct ranked {
    float magnitude;
    int32_t at;
};

/* Largest first; equal ones in their order. */
static int by_magnitude(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->magnitude != y->magnitude)
        return x->magnitude > y->magnitude ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static void rank(struct ranked *out, const float *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (struct ranked){ isnan(values[i]) ? INFINITY : fabsf(values[i]), (int32_t)i };
    qsort(out, (size_t)n, sizeof *out, by_magnitude);
}

static void set(struct quant_matrix *m, const float *values, int64_t at, enum quant_place place)
{
    const struct encode_rule nearest = { .rounding = ROUND_NEAREST_EVEN, .saturate = true };

    m->place[at] = (uint8_t)place;
    if (place != PLACE_ZERO)
        m->codes[at] = format_encode(format_find("fp16"), values[at], &nearest, 0);
}

static void structured_row(struct quant_matrix *m, const float *values, int64_t row, struct ranked *ranks)
{
    int keep = m->q->two_of_four ? 2 : m->q->keep, of = m->q->two_of_four ? 4 : m->q->of;

    for (int64_t start = 0; start < m->cols; start += of) {
        int64_t n = start + of < m->cols ? of : m->cols - start;

        rank(ranks, values + row * m->cols + start, n);
        for (int64_t i = keep; i < n; i++)
            set(m, values, row * m->cols + start + ranks[i].at, PLACE_ZERO);
    }
}

static void share_row(struct quant_matrix *m, const float *values, int64_t row, struct ranked *ranks)
{
    bool outside = m->q->outliers > 0;
    double share = outside ? m->q->outliers : m->q->sparsity;
    int64_t count = quant_share_before(share, row + 1, m->cols) - quant_share_before(share, row, m->cols);

    rank(ranks, values + row * m->cols, m->cols);
    for (int64_t i = 0; i < count; i++)
        set(m, values, row * m->cols + ranks[outside ? i : m->cols - 1 - i].at, outside ? PLACE_OUTSIDE : PLACE_ZERO);
}

static bool whole_columns(struct quant_matrix *m, const float *values, const float *largest, struct ranked *ranks, struct arena *arena)
{
    float *own = NULL;

    if (largest == NULL) {
        if ((own = arena_array(arena, (size_t)m->cols, sizeof *own)) == NULL)
            return false;
        for (int64_t i = 0; i < m->rows * m->cols; i++)
            own[i % m->cols] = fmaxf(own[i % m->cols], fabsf(values[i]));
        largest = own;
    }
    rank(ranks, largest, m->cols);
    for (int64_t i = 0; i < quant_outside_columns(m->q, m->cols); i++)
        for (int64_t row = 0; row < m->rows; row++)
            set(m, values, row * m->cols + ranks[i].at, PLACE_COLUMN);
    return true;
}

bool quant_places(struct quant_matrix *m, const float *values, const float *column_largest, struct arena *arena)
{
    struct ranked *ranks = arena_array(arena, (size_t)m->cols + 64, sizeof *ranks);
    bool n_of_m = m->q->two_of_four || (m->q->sparsity > 0 && m->q->sparse == SPARSE_N_OF_M);

    if (ranks == NULL || m->cols > INT32_MAX)
        return false;
    if (m->q->columns > 0)
        return whole_columns(m, values, column_largest, ranks, arena);
    for (int64_t row = 0; row < m->rows; row++)
        (n_of_m ? structured_row : share_row)(m, values, row, ranks);
    return true;
}
