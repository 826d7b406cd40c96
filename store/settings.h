/* SPDX-License-Identifier: Apache-2.0 */
/** Inside store/: what runs of schema 5 changed of a description, as the column `input.settings`. */
#ifndef LLMSIM_STORE_SETTINGS_H
#define LLMSIM_STORE_SETTINGS_H

#include "store/sql.h"

/** Rows of schema 5 have settings in the runs' "a.b=v stack.c=w" only; sweeps wrote "# NAME with ..." in place of a body. */
enum status settings_migrate(struct store *s, struct error *err);

#endif
