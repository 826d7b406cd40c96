/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Typed quantities: "2.039 TB/s", "40 MiB", "1410 MHz", "989.4 TFLOP/s dense", "80 GiB", "400 W", "29 cycles", "87 %".
 * A bare number where a unit is needed is an error, and so is a unit of another kind. Decimal prefixes are powers of
 * 1000 (k M G T P, m u n p f), binary ones of 1024 (Ki Mi Gi Ti). B is byte, b or bit is bit. A rate of operations must say
 * "dense" or "sparse", so that a sparse peak cannot be taken for a dense one; "sparse" is refused where dense is wanted.
 */
#ifndef LLMSIM_BASE_QUANTITY_H
#define LLMSIM_BASE_QUANTITY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum quantity_kind {
    Q_COUNT,        /* bare integer >= 0 */
    Q_RATIO,        /* bare number, or "87 %" */
    Q_BYTES,        /* B, KiB, MB, GB ... and bit */
    Q_BYTES_PER_S,  /* GB/s, Gbit/s */
    Q_HZ,           /* MHz, GHz */
    Q_SECONDS,      /* ns, us, ms, s */
    Q_CYCLES,       /* "29 cycles" */
    Q_BYTES_PER_CYCLE, /* "128 B/cycle" */
    Q_OPS_DENSE,    /* "989.4 TFLOP/s dense", "624 TOP/s dense" */
    Q_WATT,
    Q_JOULE,        /* pJ, nJ, J */
    Q_JOULE_PER_BIT,/* pJ/bit, pJ/B accepted and converted */
    Q_MM2,          /* mm2, um2; SI value in mm2 (the one kind that is not SI) */
    Q_VOLT,
    Q_DOLLAR,       /* "$ 12000", "2.5 $/h" is another kind and refused */
    Q_KINDS
};

/** @param text  the scalar as written; @param at its place, for the message
 *  @param out   value in the base unit of the kind (B, B/s, Hz, s, cycles, B/cycle, op/s, W, J, J/bit, mm2, V)
 *  @return STATUS_BAD_INPUT for a missing, wrong or unknown unit (message names the expected form), NaN, infinity or a negative value. */
enum status quantity_parse(double *out, const char *text, enum quantity_kind kind, struct source_pos at, struct error *err);

/** Same for whole numbers ("8192", "8_192" is refused): range-checked. */
enum status quantity_parse_i64(int64_t *out, const char *text, int64_t min, int64_t max, struct source_pos at, struct error *err);

/** Example text of a kind, for messages and help: "2.039 TB/s". */
const char *quantity_example(enum quantity_kind kind);

/** Human form with 4 significant digits and a fitting prefix, into an arena: 2.039 TB/s, 38.15 GiB (bytes are printed binary), 11.4 ms. */
const char *quantity_format(struct arena *arena, double value, enum quantity_kind kind);

#endif
