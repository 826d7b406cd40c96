/* SPDX-License-Identifier: Apache-2.0 */
/* Settings as JSON, and those of schema 5, which were one text a run. See settings.h. */
#include "store/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/statement.h"
#include "store/store.h"

enum { SETTINGS_MAX = 128 };

static bool set_again(const struct arch_override *set, int64_t count, int64_t i)
{
    for (int64_t later = i + 1; later < count; later++)
        if (strcmp(set[later].key, set[i].key) == 0)
            return true;
    return false;
}

enum status store_settings_text(const char **out, const struct arch_override *set, int64_t count, struct arena *arena, struct error *err)
{
    char *text = NULL;
    size_t bytes = 0;
    struct json j;
    FILE *f;

    *out = NULL;
    if (count == 0)
        return STATUS_OK;
    if (!(f = open_memstream(&text, &bytes)))
        return error_no_memory(err);
    json_open_compact(&j, f);
    json_object_begin(&j, NULL);
    for (int64_t i = 0; i < count; i++)
        if (!set_again(set, count, i))
            json_text(&j, set[i].key, set[i].value);
    json_object_end(&j);
    bool whole = json_close(&j);
    whole = fclose(f) == 0 && whole;
    if (whole)
        *out = arena_strndup(arena, text, strcspn(text, "\n"));
    free(text);
    return *out ? STATUS_OK : error_no_memory(err);
}

/* ---- from schema 5 ---- */

/* Of "a.b=v stack.c=w" those of the stack, or those of the hardware. */
static enum status split(struct arch_override out[SETTINGS_MAX], int64_t *count, const char *text, bool stack, struct arena *arena, struct error *err)
{
    static const char prefix[] = "stack.";
    struct arch_override all[SETTINGS_MAX];
    int64_t all_count;
    enum status st = arch_overrides_read(all, &all_count, SETTINGS_MAX, text, arena, err);

    *count = 0;
    for (int64_t i = 0; i < all_count && !st; i++)
        if ((strncmp(all[i].key, prefix, sizeof prefix - 1) == 0) == stack)
            out[(*count)++] = (struct arch_override){ all[i].key + (stack ? sizeof prefix - 1 : 0), all[i].value };
    return st;
}

static enum status settings_of_text(const char **out, const char *text, bool stack, struct arena *arena, struct error *err)
{
    struct arch_override set[SETTINGS_MAX];
    int64_t count;
    enum status st = split(set, &count, text, stack, arena, err);

    return st ? st : store_settings_text(out, set, count, arena, err);
}

static enum status migrate_row(struct store *s, sqlite3_stmt *update, int64_t input, const char *text, bool stack, struct arena *arena, struct error *err)
{
    const char *json;
    enum status st = settings_of_text(&json, text, stack, arena, err);

    if (st || !json)
        return st;
    sqlite3_bind_text(update, 1, json, -1, SQLITE_STATIC);
    sqlite3_bind_int64(update, 2, input);
    return sql_run(s, update, "migrating the schema", err);
}

static enum status migrate_rows(struct store *s, sqlite3_stmt *select, sqlite3_stmt *update, struct error *err)
{
    struct arena arena = { 0 };
    enum status st = STATUS_OK;
    int code = SQLITE_DONE;

    while (!st && (code = sqlite3_step(select)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(select, 2);

        arena_reset(&arena);
        if (!(st = migrate_row(s, update, sqlite3_column_int64(select, 0), text, false, &arena, err)))
            st = migrate_row(s, update, sqlite3_column_int64(select, 1), text, true, &arena, err);
    }
    arena_free(&arena);
    return !st && code != SQLITE_DONE ? sql_fail(s, "migrating the schema", err) : st;
}

enum status settings_migrate(struct store *s, struct error *err)
{
    /* A text of one line that is a comment describes nothing: the name and the settings say the same. */
    static const char bodies[] = "UPDATE input SET body = NULL WHERE body GLOB '# * with *' AND instr(body, char(10)) IN (0, length(body))";
    sqlite3_stmt *select = NULL, *update = NULL;
    enum status st;

    if (!(st = sql_prepare(&select, s, "SELECT arch_id, stack_id, overrides FROM run WHERE overrides IS NOT NULL GROUP BY 1, 2, 3", "migrating the schema", err)) &&
        !(st = sql_prepare(&update, s, "UPDATE input SET settings = json_patch(?1, ifnull(settings, '{}')) WHERE id = ?2", "migrating the schema", err)) &&
        !(st = migrate_rows(s, select, update, err)))
        st = sql_exec(s, bodies, "migrating the schema", err);
    sqlite3_finalize(select);
    sqlite3_finalize(update);
    return st;
}
