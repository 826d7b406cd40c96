/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Codebooks: learned from values, and read from files. docs/formats.md, 6.
 *
 * Learning is Lloyd's algorithm in one dimension on the sorted values: start at the quantiles (i + 1/2) / count, then each level becomes the mean of
 * the values nearest to it, until nothing moves. In one dimension that is k-means, as SqueezeLLM has it (arXiv 2306.07629) with
 * all weights of loss equal; its weights by the Hessian's diagonal are left out.
 */
#include <math.h>
#include <stdlib.h>

#include "base/csv.h"
#include "base/num.h"
#include "formats/quant.h"

enum { ROUNDS_MAX = 1000, LEVELS_MAX = 256 };

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* First place whose value is above `limit`. */
static int64_t upper_bound(const float *sorted, int64_t n, double limit)
{
    int64_t low = 0, high = n;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (sorted[middle] <= limit)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* One round; whether a level moved. sums[i]: of the first i values. */
static bool round_of_lloyd(double *levels, int count, const float *sorted, const double *sums, int64_t n)
{
    int64_t start = 0;
    bool moved = false;

    for (int i = 0; i < count; i++) {
        int64_t end = i + 1 < count ? upper_bound(sorted, n, (levels[i] + levels[i + 1]) / 2) : n;
        if (end > start) {
            double mean = (sums[end] - sums[start]) / (double)(end - start);
            moved = moved || mean != levels[i];
            levels[i] = mean;
            start = end;
        }
    }
    return moved;
}

bool codebook_learn(double *levels, int count, const float *values, int64_t n)
{
    float *sorted = malloc((size_t)(n > 0 ? n : 1) * sizeof *sorted);
    double *sums = malloc((size_t)(n + 1) * sizeof *sums);
    int64_t finite = 0;

    if (sorted != NULL && sums != NULL) {
        for (int64_t i = 0; i < n; i++)
            if (isfinite(values[i]))
                sorted[finite++] = values[i];
        qsort(sorted, (size_t)finite, sizeof *sorted, by_value);
        sums[0] = 0;
        for (int64_t i = 0; i < finite; i++)
            sums[i + 1] = sums[i] + sorted[i];
        for (int i = 0; i < count; i++)
            levels[i] = finite > 0 ? sorted[(int64_t)((i + 0.5) * (double)finite / count)] : 0;
        for (int r = 0; r < ROUNDS_MAX && finite > 0 && round_of_lloyd(levels, count, sorted, sums, finite); r++)
            ;
    }
    bool ok = sorted != NULL && sums != NULL;
    free(sorted);
    free(sums);
    return ok;
}

static enum status row_value(double *out, struct csv *csv, const char *const *row, int code_at, int value_at, int64_t count, struct error *err)
{
    double code;

    if (num_parse_double(&code, row[code_at]) != 0 || code != (double)count)
        return error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "code '%s', expected %lld: codes count up from 0", row[code_at], (long long)count);
    if (num_parse_double(out, row[value_at]) != 0)
        return error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "value '%s', expected a number", row[value_at]);
    return STATUS_OK;
}

enum status codebook_read(struct format *out, const char *path, struct arena *arena, struct error *err)
{
    double *values = arena_array(arena, LEVELS_MAX, sizeof *values);
    const char *const *row = NULL, *name = arena_strdup(arena, path);
    int64_t count = 0;
    struct csv *csv;
    enum status st;
    int bits = 0;

    if (values == NULL || name == NULL)
        return error_no_memory(err);
    if ((st = csv_open(&csv, path, err)))
        return st;
    int code_at = csv_column(csv, "code"), value_at = csv_column(csv, "value");
    if (code_at < 0 || value_at < 0)
        st = error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "no column '%s', expected the columns code and value", code_at < 0 ? "code" : "value");
    while (st == STATUS_OK && (st = csv_next(csv, &row, err)) == STATUS_OK && row != NULL) {
        if (count == LEVELS_MAX)
            st = error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "more than %d levels", LEVELS_MAX);
        else if ((st = row_value(&values[count], csv, row, code_at, value_at, count, err)) == STATUS_OK)
            count++;
    }
    while (((int64_t)1 << bits) < count)
        bits++;
    if (st == STATUS_OK && (count < 2 || ((int64_t)1 << bits) != count))
        st = error_set(err, STATUS_BAD_INPUT, csv_pos(csv), "%lld levels, expected a power of two from 2 to %d", (long long)count, LEVELS_MAX);
    csv_close(csv);
    if (st == STATUS_OK)
        *out = (struct format){ .name = name, .summary = "codebook of a file", .family = FORMAT_CODEBOOK, .bits = bits, .packed_elements = 1,
                                .packed_bits = bits, .codebook = values };
    return st;
}
