/* SPDX-License-Identifier: Apache-2.0 */
/** Inside store/: functions of ours in SQL. */
#ifndef LLMSIM_STORE_FUNCTIONS_H
#define LLMSIM_STORE_FUNCTIONS_H

#include "base/quantity.h"
#include "store/sql.h"

/**
 * llmsim_number(TEXT): value of a quantity as descriptions write it, in its base unit: '2 TB/s' is 2e12, '108' is 108, '87 %' is 0.87; NULL for what is none.
 * Texts of settings repeat from row to row: the values of those met last are remembered.
 * llmsim_field(TEXT, NAME): a field of 'w=int4g128,a=fp16'; NULL where there is none.
 */
enum status functions_register(struct store *s, struct error *err);

/** The first in C; false: no quantity. */
bool functions_number(double *out, enum quantity_kind *kind, const char *text);
/** Its base unit as headings write it: "B/s"; "" of a bare number. */
const char *functions_unit(enum quantity_kind kind);

#endif
