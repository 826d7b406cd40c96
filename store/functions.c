/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities in SQL. See functions.h. */
#include "store/functions.h"

#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"

enum { REMEMBERED = 8192, TEXT_MAX = 48 };

struct remembered { char text[TEXT_MAX]; double value; bool number; };

bool functions_number(double *out, const char *text)
{
    struct error unknown;

    for (int kind = 0; kind < Q_KINDS; kind++)
        if (quantity_parse(out, text, (enum quantity_kind)kind, (struct source_pos){ 0 }, &unknown) == STATUS_OK)
            return true;
    return false;
}

static unsigned slot_of(const char *text)
{
    unsigned hash = 2166136261u; /* FNV-1a */

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash % REMEMBERED;
}

static void number(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    struct remembered *all = sqlite3_user_data(context), *r;

    (void)count;
    if (!text || strlen(text) >= TEXT_MAX)
        return; /* NULL */
    r = &all[slot_of(text)];
    if (strcmp(r->text, text) != 0) {
        r->number = functions_number(&r->value, text);
        memcpy(r->text, text, strlen(text) + 1);
    }
    if (r->number)
        sqlite3_result_double(context, r->value);
}

enum status functions_register(struct store *s, struct error *err)
{
    struct remembered *all = calloc(REMEMBERED, sizeof *all);

    if (!all)
        return error_no_memory(err);
    return sqlite3_create_function_v2(s->db, "llmsim_number", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, all, number, NULL, NULL, free) == SQLITE_OK
               ? STATUS_OK : sql_fail(s, "opening it", err); /* SQLite frees `all` where it fails, too */
}
