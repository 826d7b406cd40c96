/* SPDX-License-Identifier: Apache-2.0 */
/** Inside store/: functions of ours in SQL. */
#ifndef LLMSIM_STORE_FUNCTIONS_H
#define LLMSIM_STORE_FUNCTIONS_H

#include "store/sql.h"

/**
 * llmsim_number(TEXT): value of a quantity as descriptions write it, in its base unit: '2 TB/s' is 2e12, '108' is 108, '87 %' is 0.87; NULL for what is none.
 * Texts of settings repeat from row to row: the values of those met last are remembered.
 */
enum status functions_register(struct store *s, struct error *err);

/** The same in C; false: no quantity. */
bool functions_number(double *out, const char *text);

#endif
