/* SPDX-License-Identifier: Apache-2.0 */
#include "costmodel/rtl/columns.h"

#include <string.h>

void columns_open(struct columns *c, FILE *v, const char *p, int width)
{
    *c = (struct columns){ .v = v, .p = p, .width = width };
}

static void hold(struct columns *c, int column, int wire)
{
    if (column < c->width && c->count[column] < COLUMN_BITS_MAX)
        c->bit[column][c->count[column]++] = wire;
}

void columns_product(struct columns *c, const char *x, int xb, bool x_signed, const char *y, int yb, bool y_signed)
{
    for (int i = 0; i < xb; i++)
        for (int j = 0; j < yb && i + j < c->width; j++) {
            bool negative = (x_signed && i == xb - 1) != (y_signed && j == yb - 1); /* -b 2^p = (1 - b) 2^p - 2^p */

            put(c->v, "  wire %s_%d = %s(%s[%d] & %s[%d]);\n", c->p, c->wires, negative ? "~" : "", x, i, y, j);
            hold(c, i + j, c->wires++);
            if (negative)
                c->constant -= (uint64_t)1 << (i + j);
        }
}

void columns_add(struct columns *c, const char *x, int bits)
{
    for (int i = 0; i < bits && i < c->width; i++) {
        put(c->v, "  wire %s_%d = %s[%d];\n", c->p, c->wires, x, i);
        hold(c, i, c->wires++);
    }
}

/* Three bits of a column become one there and a carry in the next; two and a constant one likewise, without an adder. */
static void compress(struct columns *c, int column, struct columns *next, bool with_one)
{
    const int *b = c->bit[column];
    int sum = c->wires++, carry = c->wires++;

    if (with_one)
        put(c->v, "  wire %s_%d = ~(%s_%d ^ %s_%d), %s_%d = %s_%d | %s_%d;\n", c->p, sum, c->p, b[0], c->p, b[1], c->p, carry, c->p, b[0], c->p, b[1]);
    else
        put(c->v, "  wire %s_%d, %s_%d;\n  full_adder %s_f%d (.a(%s_%d), .b(%s_%d), .c(%s_%d), .s(%s_%d), .co(%s_%d));\n", c->p, sum, c->p, carry, c->p,
            sum, c->p, b[0], c->p, b[1], c->p, b[2], c->p, sum, c->p, carry);
    hold(next, column, sum);
    hold(next, column + 1, carry);
    if (column + 1 >= c->width)
        put(c->v, "  wire unused_%s_%d = %s_%d;\n", c->p, carry, c->p, carry);
    c->count[column] -= with_one ? 2 : 3;
    memmove(c->bit[column], c->bit[column] + (with_one ? 2 : 3), sizeof(int) * (size_t)c->count[column]);
}

/* One level of the tree. */
static void level(struct columns *c, struct columns *next)
{
    memset(next->count, 0, sizeof next->count);
    for (int i = 0; i < c->width; i++) {
        bool one = c->constant >> i & 1;

        if (one && c->count[i] >= 2) {
            compress(c, i, next, true);
            c->constant &= ~((uint64_t)1 << i);
        }
        while (c->count[i] >= 3)
            compress(c, i, next, false);
        for (int k = 0; k < c->count[i]; k++)
            hold(next, i, c->bit[i][k]);
    }
    memcpy(c->count, next->count, sizeof c->count);
    memcpy(c->bit, next->bit, sizeof c->bit);
}

static bool two_rows(const struct columns *c)
{
    for (int i = 0; i < c->width; i++)
        if (c->count[i] + (int)(c->constant >> i & 1) > 2)
            return false;
    return true;
}

static void row(const struct columns *c, const char *name, int which)
{
    put(c->v, "  wire [%d:0] %s_%s = {", c->width - 1, c->p, name);
    for (int i = c->width - 1; i >= 0; i--) {
        if (which < c->count[i])
            put(c->v, "%s_%d", c->p, c->bit[i][which]);
        else
            put(c->v, "1'b%d", which == c->count[i] && (c->constant >> i & 1));
        put(c->v, i > 0 ? ", " : "};\n");
    }
}

void columns_sum(struct columns *c)
{
    struct columns next;

    columns_open(&next, c->v, c->p, c->width);
    while (!two_rows(c))
        level(c, &next);
    row(c, "r0", 0);
    row(c, "r1", 1);
    put(c->v, "  wire [%d:0] %s_sum = %s_r0 + %s_r1;\n", c->width - 1, c->p, c->p, c->p);
}

/* ---- multipliers ----------------------------------------------------------------------------------------------------- */

/* Rows of two partial products each, the top bit of a signed y counting negative; every row and every sum of rows is one carry chain. */
static void multiply_rows(FILE *v, const char *name, const char *x, int xb, const char *y, int yb, bool is_signed)
{
    int rows = (yb + 1) / 2, w = xb + 2;

    for (int k = 0; k < rows; k++) {
        bool has_high = 2 * k + 1 < yb, last = is_signed && k == rows - 1;
        char ext2[RTL_NAME_MAX] = "2'd0", ext1[RTL_NAME_MAX] = "1'b0";

        if (is_signed) {
            snprintf(ext2, sizeof ext2, "{2{%s_p%d[%d]}}", name, 2 * k, xb - 1);
            snprintf(ext1, sizeof ext1, "%s_p%d[%d]", name, 2 * k + 1, xb - 1);
        }
        put(v, "  wire [%d:0] %s_p%d = %s & {%d{%s[%d]}};\n", xb - 1, name, 2 * k, x, xb, y, 2 * k);
        if (has_high)
            put(v, "  wire [%d:0] %s_p%d = %s & {%d{%s[%d]}};\n  wire [%d:0] %s_r%d = {%s, %s_p%d} %c {%s, %s_p%d, 1'b0};\n", xb - 1, name, 2 * k + 1, x,
                xb, y, 2 * k + 1, w - 1, name, k, ext2, name, 2 * k, last ? '-' : '+', ext1, name, 2 * k + 1);
        else
            put(v, "  wire [%d:0] %s_r%d = %s{%s, %s_p%d};\n", w - 1, name, k, last ? "-" : "", ext2, name, 2 * k);
        if (k == 0)
            put(v, "  wire [%d:0] %s_s0 = %s_r0;\n", w - 1, name, name);
        else if (is_signed)
            put(v, "  wire [%d:0] %s_s%d = {{2{%s_s%d[%d]}}, %s_s%d[%d:2]} + %s_r%d;\n", w - 1, name, k, name, k - 1, w - 1, name, k - 1, w - 1, name, k);
        else
            put(v, "  wire [%d:0] %s_s%d = {2'd0, %s_s%d[%d:2]} + %s_r%d;\n", w - 1, name, k, name, k - 1, w - 1, name, k);
    }
    put(v, "  wire [%d:0] %s_all = {%s_s%d", w + 2 * (rows - 1) - 1, name, name, rows - 1);
    for (int k = rows - 2; k >= 0; k--)
        put(v, ", %s_s%d[1:0]", name, k);
    put(v, "};\n");
    char all[RTL_NAME_MAX];
    snprintf(all, sizeof all, "%s_all", name);
    part_extend(v, name, all, w + 2 * (rows - 1), xb + yb, is_signed);
}

void part_multiply(FILE *v, const char *name, const char *x, int xb, const char *y, int yb, bool is_signed, enum rtl_tree tree)
{
    if (tree == TREE_ROWS) {
        multiply_rows(v, name, x, xb, y, yb, is_signed);
    } else if (tree == TREE_COLUMNS) {
        struct columns c;

        columns_open(&c, v, name, xb + yb);
        columns_product(&c, x, xb, is_signed, y, yb, is_signed);
        columns_sum(&c);
        put(v, "  wire [%d:0] %s = %s_sum;\n", xb + yb - 1, name, name);
    } else if (is_signed) {
        put(v, "  wire signed [%d:0] %s = $signed(%s) * $signed(%s);\n", xb + yb - 1, name, x, y);
    } else {
        put(v, "  wire [%d:0] %s = %s * %s;\n", xb + yb - 1, name, x, y);
    }
}
