/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Nearest name by edit distance: insertions, deletions, substitutions and swaps of neighbours, each counting one
 * (optimal string alignment: no part of the text is edited twice).
 * Source: F. J. Damerau, "A technique for computer detection and correction of spelling errors", CACM 7(3), 1964.
 */
#include "base/nearest.h"

#include <string.h>

enum { NAME_MAX_BYTES = 128 };

/* ASCII lower case, whatever the locale. */
static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

int nearest_distance(const char *a, const char *b)
{
    size_t m = strnlen(a, NAME_MAX_BYTES), n = strnlen(b, NAME_MAX_BYTES);
    int rows[3][NAME_MAX_BYTES + 1]; /* of the distance matrix: this one, the one above, the one above that */
    int *row = rows[0], *above = rows[1], *above2 = rows[2];

    for (size_t j = 0; j <= n; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= m; i++) {
        int *recycled = above2;

        above2 = above;
        above = row;
        row = recycled;
        row[0] = (int)i;
        for (size_t j = 1; j <= n; j++) {
            int differ = lower(a[i - 1]) != lower(b[j - 1]);

            row[j] = smaller(above[j - 1] + differ, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = smaller(row[j], above2[j - 2] + 1);
        }
    }
    return row[n];
}

const char *nearest_name(const char *name, const char *const *candidates, size_t count)
{
    size_t length = strnlen(name, NAME_MAX_BYTES);
    int best = (int)(length / 3 > 2 ? length / 3 : 2) + 1;
    const char *found = NULL;

    for (size_t i = 0; i < count; i++) {
        int d = nearest_distance(name, candidates[i]);

        if (d < best) {
            best = d;
            found = candidates[i];
        }
    }
    return found;
}
