/* SPDX-License-Identifier: Apache-2.0 */
/** Inside store/: the schema as a list of forward migrations. */
#ifndef LLMSIM_STORE_SCHEMA_H
#define LLMSIM_STORE_SCHEMA_H

#include <stdint.h>

#include "base/error.h"

enum { STORE_APPLICATION_ID = 0x6c6c6d73 }; /* "llms", PRAGMA application_id */

struct store;

/** `sql`, then `rows` (NULL: none) for what SQL cannot say, in one transaction. */
struct store_migration {
    const char *sql;
    enum status (*rows)(struct store *s, struct error *err);
};

/** migrations[v] brings schema v to v + 1; a database at store_schema_version() is current. */
extern const struct store_migration store_migrations[];
int64_t store_schema_version(void);

#endif
