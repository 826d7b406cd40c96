/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities in SQL. See functions.h. */
#include "store/functions.h"

#include <stdlib.h>
#include <string.h>

enum { REMEMBERED = 8192, TEXT_MAX = 48 };

struct remembered { char text[TEXT_MAX]; double value; bool number; };

bool functions_number(double *out, enum quantity_kind *kind, const char *text)
{
    struct error unknown;

    for (int k = 0; k < Q_KINDS; k++)
        if (quantity_parse(out, text, (enum quantity_kind)k, (struct source_pos){ 0 }, &unknown) == STATUS_OK) {
            *kind = (enum quantity_kind)k;
            return true;
        }
    return false;
}

const char *functions_unit(enum quantity_kind kind)
{
    static const char *const units[Q_KINDS] = { [Q_COUNT] = "", [Q_RATIO] = "", [Q_BYTES] = "bytes", [Q_BYTES_PER_S] = "B/s", [Q_HZ] = "Hz", [Q_SECONDS] = "s",
                                                [Q_CYCLES] = "cycles", [Q_BYTES_PER_CYCLE] = "B/cycle", [Q_OPS_DENSE] = "op/s", [Q_WATT] = "W",
                                                [Q_JOULE] = "J", [Q_JOULE_PER_BIT] = "J/bit", [Q_MM2] = "mm2", [Q_VOLT] = "V", [Q_DOLLAR] = "$" };

    return units[kind];
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
    enum quantity_kind kind;

    (void)count;
    if (!text || strlen(text) >= TEXT_MAX)
        return; /* NULL */
    r = &all[slot_of(text)];
    if (strcmp(r->text, text) != 0) {
        r->number = functions_number(&r->value, &kind, text);
        memcpy(r->text, text, strlen(text) + 1);
    }
    if (r->number)
        sqlite3_result_double(context, r->value);
}

/* What stands behind NAME=, up to the next comma. */
static void field(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]), *name = (const char *)sqlite3_value_text(values[1]);
    size_t n = name ? strlen(name) : 0;

    (void)count;
    for (; text && name; text = strchr(text, ',') ? strchr(text, ',') + 1 : NULL)
        if (strncmp(text, name, n) == 0 && text[n] == '=') {
            sqlite3_result_text(context, text + n + 1, (int)strcspn(text + n + 1, ","), SQLITE_TRANSIENT);
            return;
        }
}

enum status functions_register(struct store *s, struct error *err)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    struct remembered *all = calloc(REMEMBERED, sizeof *all);

    if (!all)
        return error_no_memory(err);
    return sqlite3_create_function_v2(s->db, "llmsim_number", 1, flags, all, number, NULL, NULL, free) == SQLITE_OK &&
                   sqlite3_create_function_v2(s->db, "llmsim_field", 2, flags, NULL, field, NULL, NULL, NULL) == SQLITE_OK
               ? STATUS_OK : sql_fail(s, "opening it", err); /* SQLite frees `all` where it fails, too */
}
