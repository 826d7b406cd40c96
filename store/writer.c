/* SPDX-License-Identifier: Apache-2.0 */
/* A run into its tables. See writer.h. */
#include "store/writer.h"

#include <string.h>

#include "store/get.h"
#include "store/statement.h"

static const char storing[] = "storing a run";
static const struct column warning_columns[] = { { "text", COLUMN_TEXT, 0, 0 }, { 0 } };

enum status writer_open(struct writer *w, struct store *s, struct error *err)
{
    /* The update fills in what an older schema or another sweep did not keep. (No RETURNING: SQLite makes a table in memory for it at every call.) */
    static const char input[] = "INSERT INTO input (kind, hash, name, body, packed, base_id, settings) VALUES (?, ?, ?, ?, ?, ?, ?)" INPUT_JOINED;
    static const char find_input[] = "SELECT id, body IS NOT NULL, packed IS NOT NULL, base_id IS NOT NULL, settings FROM input WHERE kind = ? AND hash = ?";
    enum status st;

    *w = (struct writer){ .s = s };
    if ((st = sql_prepare(&w->find, s, "SELECT id, detail FROM run WHERE key = ?", storing, err)) ||
        (st = sql_prepare(&w->input, s, input, storing, err)) || (st = sql_prepare(&w->find_input, s, find_input, storing, err)) ||
        (st = sql_prepare(&w->complete, s, "UPDATE run SET detail = 1 WHERE id = ?", storing, err)) ||
        (st = statement_prepare(&w->run, s, "INSERT INTO run (id, key, detail, model_version, arch_id, stack_id, trace_id, recipe, layout, mapping, overrides, ",
                                result_columns, ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ", ")", storing, err)) ||
        (st = statement_prepare(&w->phase, s, "INSERT INTO phase (run_id, ordinal, ", phase_columns, ") VALUES (?, ?, ", ")", storing, err)) ||
        (st = statement_prepare(&w->breakdown, s, "INSERT INTO breakdown (run_id, ordinal, ", breakdown_columns, ") VALUES (?, ?, ", ")", storing, err)) ||
        (st = statement_prepare(&w->warning, s, "INSERT INTO warning (run_id, ordinal, ", warning_columns, ") VALUES (?, ?, ", ")", storing, err)))
        writer_close(w);
    return st;
}

void writer_close(struct writer *w)
{
    sqlite3_stmt **all[] = { &w->find, &w->find_input, &w->input, &w->run, &w->phase, &w->breakdown, &w->warning, &w->complete };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        sqlite3_finalize(*all[i]);
        *all[i] = NULL;
    }
}

void writer_forget(struct writer *w)
{
    memset(w->inputs, 0, sizeof w->inputs);
}

/* A row of `input`; texts are the caller's. */
struct input { const char *kind, *name, *body, *settings; struct hash128 hash; const struct packed *text; int64_t base_id; };

/* *id 0: it is not there. *whole: it lacks nothing that `in` has. */
static enum status find_input(int64_t *id, bool *whole, struct writer *w, const struct input *in, struct error *err)
{
    char hex[HASH_TEXT_MAX];
    enum status st = STATUS_OK;

    *id = 0;
    *whole = false;
    sqlite3_bind_text(w->find_input, 1, in->kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(w->find_input, 2, hash_format(hex, in->hash), -1, SQLITE_STATIC);
    int code = sqlite3_step(w->find_input);
    if (code == SQLITE_ROW) {
        bool body = sqlite3_column_int(w->find_input, 1) != 0, packed = sqlite3_column_int(w->find_input, 2) != 0, base = sqlite3_column_int(w->find_input, 3) != 0;
        const char *settings = (const char *)sqlite3_column_text(w->find_input, 4);

        *id = sqlite3_column_int64(w->find_input, 0);
        *whole = (body || !in->body) && (packed || !in->text || !in->text->data) && (body || base || !in->base_id) &&
                 (!in->settings || (settings && strcmp(settings, in->settings) == 0));
    } else if (code != SQLITE_DONE) {
        st = sql_fail(w->s, storing, err);
    }
    sqlite3_reset(w->find_input);
    return st;
}

static enum status insert_input(int64_t *id, struct writer *w, const struct input *in, struct error *err)
{
    const char *texts[] = { in->kind, NULL, in->name, in->body };
    char hex[HASH_TEXT_MAX];
    bool whole;
    enum status st = find_input(id, &whole, w, in, err);

    if (st || whole)
        return st;
    texts[1] = hash_format(hex, in->hash);
    for (int i = 0; i < 4; i++)
        statement_bind_text(w->input, i + 1, texts[i]);
    if (in->text && in->text->data)
        sqlite3_bind_blob64(w->input, 5, in->text->data, in->text->bytes, SQLITE_STATIC);
    if (in->base_id)
        sqlite3_bind_int64(w->input, 6, in->base_id);
    statement_bind_text(w->input, 7, in->settings);
    st = sql_run(w->s, w->input, storing, err);
    sqlite3_clear_bindings(w->input);
    *id = *id ? *id : sqlite3_last_insert_rowid(w->s->db);
    return st;
}

/* Ids are remembered without settings and with them apart: the same chip may be a base, and what an axis sets. */
static enum status put_input(int64_t *id, struct writer *w, const struct input *in, struct error *err)
{
    size_t at = (size_t)(in->hash.low ^ (uint64_t)(unsigned char)in->kind[0]) % WRITER_INPUTS;
    bool settings = in->settings != NULL;
    enum status st;

    if (w->inputs[at].kind == in->kind[0] && w->inputs[at].settings == settings && hash_equal(w->inputs[at].hash, in->hash)) {
        *id = w->inputs[at].id;
        return STATUS_OK;
    }
    if (!(st = insert_input(id, w, in, err))) {
        w->inputs[at].kind = in->kind[0];
        w->inputs[at].settings = settings;
        w->inputs[at].hash = in->hash;
        w->inputs[at].id = *id;
    }
    return st;
}

/* Hardware or a stack: its base first. One that equals its base takes the base's body. */
static enum status put_description(int64_t *id, struct writer *w, struct input in, const struct run_base *base, struct error *err)
{
    enum status st;

    if (base && !hash_equal(base->hash, in.hash)) {
        const struct input first = { .kind = in.kind, .name = in.name, .body = base->yaml, .hash = base->hash };

        if ((st = put_input(&in.base_id, w, &first, err)))
            return st;
    } else if (base) {
        in.body = base->yaml;
    }
    return put_input(id, w, &in, err);
}

/* `id` 0: the next free one. Texts are the caller's until the statement has run. */
static enum status put_head(int64_t *id, struct writer *w, const struct result *r, const struct run_inputs *in, bool detail, struct error *err)
{
    int64_t arch_id, stack_id, trace_id;
    char hex[HASH_TEXT_MAX];
    enum status st;

    const struct input arch = { .kind = "arch", .hash = in->arch_hash, .name = in->arch_name, .body = in->arch_yaml, .settings = in->arch_settings },
                       stack = { .kind = "stack", .hash = in->stack_hash, .name = in->stack_name, .body = in->stack_yaml, .settings = in->stack_settings },
                       trace = { .kind = "trace", .hash = in->trace_hash, .name = in->trace_name, .text = &in->trace_text };

    if ((st = put_description(&arch_id, w, arch, in->arch_base, err)) || (st = put_description(&stack_id, w, stack, in->stack_base, err)) ||
        (st = put_input(&trace_id, w, &trace, err)))
        return st;
    if (*id)
        sqlite3_bind_int64(w->run, 1, *id);
    else
        sqlite3_bind_null(w->run, 1);
    const char *texts[] = { in->recipe, in->layout, in->mapping, in->overrides };
    sqlite3_bind_text(w->run, 2, hash_format(hex, r->key), -1, SQLITE_STATIC);
    sqlite3_bind_int(w->run, 3, detail);
    sqlite3_bind_text(w->run, 4, in->model_version, -1, SQLITE_STATIC);
    sqlite3_bind_int64(w->run, 5, arch_id);
    sqlite3_bind_int64(w->run, 6, stack_id);
    sqlite3_bind_int64(w->run, 7, trace_id);
    for (int i = 0; i < 4; i++)
        texts[i] ? sqlite3_bind_text(w->run, 8 + i, texts[i], -1, SQLITE_STATIC) : sqlite3_bind_null(w->run, 8 + i);
    columns_bind(w->run, 12, result_columns, r);
    st = sql_run(w->s, w->run, storing, err);
    *id = sqlite3_last_insert_rowid(w->s->db);
    return st;
}

static enum status put_rows(struct writer *w, sqlite3_stmt *stmt, const struct column *columns, const void *items, int64_t count, size_t size,
                            int64_t run_id, struct error *err)
{
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < count && !st; i++) {
        sqlite3_bind_int64(stmt, 1, run_id);
        sqlite3_bind_int64(stmt, 2, i);
        columns_bind(stmt, 3, columns, (const char *)items + (size_t)i * size);
        st = sql_run(w->s, stmt, storing, err);
    }
    return st;
}

static enum status put_all(int64_t *id, struct writer *w, const struct result *r, const struct run_inputs *in, bool detail, struct error *err)
{
    enum status st;

    if ((st = put_head(id, w, r, in, detail, err)) ||
        (st = put_rows(w, w->phase, phase_columns, r->phases, r->phases_count, sizeof r->phases[0], *id, err)) ||
        (detail && (st = put_rows(w, w->breakdown, breakdown_columns, r->rows, r->rows_count, sizeof *r->rows, *id, err))))
        return st;
    return put_rows(w, w->warning, warning_columns, r->warnings, r->warnings_count, sizeof *r->warnings, *id, err);
}

static const char *rows_difference(const struct column *columns, const void *a, const void *b, int64_t count, size_t size)
{
    const char *name = NULL;

    for (int64_t i = 0; i < count && !name; i++)
        name = columns_difference(columns, (const char *)a + (size_t)i * size, (const char *)b + (size_t)i * size);
    return name;
}

/* Name of the first value in which two results of the same key differ, or NULL. Breakdown rows only where both have them. */
static const char *difference(const struct result *a, const struct result *b, bool rows)
{
    const char *name = columns_difference(result_columns, a, b);

    if (!name && a->phases_count != b->phases_count)
        name = "phases";
    if (!name && rows && a->rows_count != b->rows_count)
        name = "breakdown";
    if (!name && a->warnings_count != b->warnings_count)
        name = "warnings";
    if (!name)
        name = rows_difference(phase_columns, a->phases, b->phases, a->phases_count, sizeof a->phases[0]);
    if (!name && rows)
        name = rows_difference(breakdown_columns, a->rows, b->rows, a->rows_count, sizeof *a->rows);
    for (int64_t i = 0; !name && i < a->warnings_count; i++)
        if (strcmp(a->warnings[i], b->warnings[i]) != 0)
            name = "warnings";
    return name;
}

static enum status check_same(struct writer *w, const struct result *r, bool detail, struct error *err)
{
    struct arena arena = { 0 };
    struct result there = { 0 };
    bool there_detail;
    char hex[HASH_TEXT_MAX];
    int64_t id;
    enum status st = get_run(&there, &id, &there_detail, w->s, r->key, &arena, err);
    const char *name = st ? NULL : difference(&there, r, detail && there_detail);

    if (!st && name)
        st = error_plain(err, STATUS_INTERNAL, "%s: run %s is there with another value of %s: either the model changed without a new version, "
                         "or it is not deterministic (--force replaces the row)", w->s->path, hash_format(hex, r->key), name);
    arena_free(&arena);
    return st;
}

/* Breakdown rows of a run that a sweep stored without them. */
static enum status complete(struct writer *w, const struct result *r, int64_t id, struct error *err)
{
    enum status st = put_rows(w, w->breakdown, breakdown_columns, r->rows, r->rows_count, sizeof *r->rows, id, err);

    if (st)
        return st;
    sqlite3_bind_int64(w->complete, 1, id);
    return sql_run(w->s, w->complete, storing, err);
}

static enum status delete_run(struct writer *w, int64_t id, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status st = sql_prepare(&stmt, w->s, "DELETE FROM run WHERE id = ?", storing, err);

    if (st)
        return st;
    sqlite3_bind_int64(stmt, 1, id);
    st = sql_run(w->s, stmt, storing, err);
    sqlite3_finalize(stmt);
    return st;
}

enum status writer_find(int64_t *id, bool *detail, struct writer *w, struct hash128 key, struct error *err)
{
    char hex[HASH_TEXT_MAX];
    enum status st = STATUS_OK;

    *id = 0;
    *detail = false;
    sqlite3_bind_text(w->find, 1, hash_format(hex, key), -1, SQLITE_STATIC);
    int code = sqlite3_step(w->find);
    if (code == SQLITE_ROW) {
        *id = sqlite3_column_int64(w->find, 0);
        *detail = sqlite3_column_int(w->find, 1) != 0;
    } else if (code != SQLITE_DONE) {
        st = sql_fail(w->s, "looking for a run", err);
    }
    sqlite3_reset(w->find);
    return st;
}

enum status writer_put(int64_t *id, struct writer *w, const struct result *r, const struct run_inputs *in, bool detail, bool replace,
                       struct error *err)
{
    bool there_detail;
    enum status st = writer_find(id, &there_detail, w, r->key, err);

    if (st || *id == 0)
        return st ? st : put_all(id, w, r, in, detail, err);
    if (replace)
        return (st = delete_run(w, *id, err)) ? st : put_all(id, w, r, in, detail || there_detail, err);
    if ((st = check_same(w, r, detail, err)))
        return st;
    return detail && !there_detail ? complete(w, r, *id, err) : STATUS_OK;
}
