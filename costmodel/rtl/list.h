/* SPDX-License-Identifier: Apache-2.0 */
/** A file of units, one a line ("kulisch a=e4m3 w=e2m1"; # begins a comment), and the Verilog file of all of them. docs/rtl.md */
#ifndef LLMSIM_COSTMODEL_RTL_LIST_H
#define LLMSIM_COSTMODEL_RTL_LIST_H

#include "base/arena.h"
#include "costmodel/rtl/rtl.h"

struct rtl_list {
    const struct rtl_spec *specs;
    int64_t count;
};

/** Errors give file:line. Each module's name occurs once. */
enum status rtl_list_load(struct rtl_list *out, const char *path, struct arena *arena, struct error *err);

enum rtl_top {
    RTL_TOP_NONE,
    RTL_TOP_COSIM, /* module cosim_top (clk, clr, in, out): unit i has clr[i] and slices of `in` and `out` that begin at rtl_slice() */
    RTL_TOP_SYNTH, /* module synth_top: every unit once, kept whole and apart, so that one run of the tool counts them all */
};

/** Every module once, the full adder if one needs it, then the top. */
void rtl_list_emit(const struct rtl_list *list, enum rtl_top top, FILE *v);

/** First bit of unit `i`'s inputs or outputs in cosim_top: multiples of 32; i = count gives the whole width. */
int rtl_slice(const struct rtl_list *list, int64_t i, bool output);

#endif
