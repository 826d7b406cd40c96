/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Sums as columns of bits, reduced by full adders to two rows and one carry chain (Wallace, IEEE Trans. EC-13, 1964; signed products after
 * Baugh and Wooley, 1973): what an ASIC tool that knows compressors makes of a multiply-accumulate.
 */
#ifndef LLMSIM_COSTMODEL_RTL_COLUMNS_H
#define LLMSIM_COSTMODEL_RTL_COLUMNS_H

#include "costmodel/rtl/parts.h"

enum { COLUMNS_MAX = 64, COLUMN_BITS_MAX = 1024 };

/** 256 KiB: a value on the stack. */
struct columns {
    FILE *v;
    const char *p;
    int width, wires;
    int count[COLUMNS_MAX];
    int bit[COLUMNS_MAX][COLUMN_BITS_MAX]; /* wire numbers of a column, oldest first */
    uint64_t constant;                     /* ones, by position */
};

/** Sum modulo 2^width, width <= 64, at most COLUMN_BITS_MAX bits a column; wires begin with prefix `p` (borrowed). */
void columns_open(struct columns *c, FILE *v, const char *p, int width);
/** Adds x y 2^0; each of x and y is signed or not. */
void columns_product(struct columns *c, const char *x, int xb, bool x_signed, const char *y, int yb, bool y_signed);
/** Adds the bits of wire x, `bits` of them, unsigned (a two's complement x of the full width is one too). */
void columns_add(struct columns *c, const char *x, int bits);
/** Emits the tree; P_sum is the sum. */
void columns_sum(struct columns *c);

#endif
