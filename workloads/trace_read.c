/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Streaming reader of traces: header at trace_open(), then one step a call. docs/trace_format.md has the grammar.
 * A step is bounded (TRACE_OPS_MAX operators, TRACE_SEQ_GROUPS_MAX sequences), and so is the memory that reading needs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/nearest.h"
#include "workloads/op_table.h"
#include "workloads/roles.h"
#include "workloads/trace.h"
#include "workloads/trace_check.h"
#include "workloads/trace_hash.h"
#include "workloads/trace_line.h"

struct trace {
    struct textfile *file;
    struct arena arena;        /* the header */
    struct model_info model;
    struct hasher *hasher;
    struct line line;          /* the line not yet consumed */
    int64_t steps;
    bool ended;
};

/* A growing array in an arena: doubled by copying, the old one is left to the arena. */
struct list {
    struct arena *arena;
    void *items;
    int64_t count, capacity;
    size_t size;
};

static void *list_add(struct list *l)
{
    if (l->count == l->capacity) {
        int64_t capacity = l->capacity ? 2 * l->capacity : 16;
        void *items = arena_array(l->arena, (size_t)capacity, l->size);

        if (items == NULL)
            return NULL;
        if (l->count > 0)
            memcpy(items, l->items, (size_t)l->count * l->size);
        l->items = items;
        l->capacity = capacity;
    }
    return (char *)l->items + (size_t)l->count++ * l->size;
}

static bool is(const struct line *l, const char *word)
{
    return l->count > 0 && strcmp(l->words[0], word) == 0;
}

static enum status advance(struct trace *t, struct error *err)
{
    return line_next(&t->line, t->file, err);
}

/* The record's name word, as `model NAME` or `gemm ROLE`. */
static enum status need_word(const struct line *l, int i, const char *what, struct error *err)
{
    if (i >= l->count || strchr(l->words[i], '=') != NULL)
        return error_set(err, STATUS_BAD_INPUT, line_pos(l, i), "%s without %s", l->words[0], what);
    return STATUS_OK;
}

static enum status read_role(const char **out, const struct line *l, struct error *err)
{
    const struct role *role;
    const char *near;
    enum status st;

    if ((st = need_word(l, 1, "a role", err)))
        return st;
    role = role_find(l->words[1]);
    if (role == NULL) {
        near = role_nearest(l->words[1]);
        return error_set(err, STATUS_BAD_INPUT, line_pos(l, 1), "unknown role '%s'%s%s%s", l->words[1], near ? "; nearest is '" : "",
                         near ? near : "", near ? "'" : "");
    }
    *out = role->name;
    return STATUS_OK;
}

static enum status truncated(const struct line *l, const char *expected, struct error *err)
{
    return error_set(err, STATUS_BAD_INPUT, l->at, "the trace ends here, expected %s (is the file truncated?)", expected);
}

static enum status read_magic(struct trace *t, struct error *err)
{
    enum status st = advance(t, err);
    int64_t version;

    if (st)
        return st;
    if (t->line.count == 0)
        return truncated(&t->line, "'llmsim-trace 1'", err);
    if (!is(&t->line, "llmsim-trace") || t->line.count < 2)
        return error_set(err, STATUS_BAD_INPUT, t->line.at, "not a trace: the first line is '%.40s', expected 'llmsim-trace 1'",
                         t->line.words[0]);
    if ((st = line_i64(&version, &t->line, 1, t->line.words[1], 1, 1000000, "version", err)))
        return st;
    if (version != TRACE_VERSION || t->line.count > 2)
        return error_set(err, STATUS_BAD_INPUT, line_pos(&t->line, 1), "trace version %s, expected %d and nothing after it",
                         t->line.words[1], TRACE_VERSION);
    return advance(t, err);
}

static enum status read_model_line(struct trace *t, struct error *err)
{
    struct line *l = &t->line;
    enum status st;
    char *name;

    if (l->count == 0)
        return truncated(l, "'model NAME ...'", err);
    if (!is(l, "model"))
        return error_set(err, STATUS_BAD_INPUT, l->at, "found '%s', expected 'model NAME layers=... hidden=...'", l->words[0]);
    if ((st = need_word(l, 1, "a name", err)))
        return st;
    if (strlen(l->words[1]) > TRACE_NAME_MAX)
        return error_set(err, STATUS_BAD_INPUT, line_pos(l, 1), "name longer than %d bytes", TRACE_NAME_MAX);
    if ((name = arena_strdup(&t->arena, l->words[1])) == NULL)
        return error_no_memory(err);
    if ((st = line_fields(&t->model, model_fields, l, 2, "model", err)))
        return st;
    t->model.name = name;
    return advance(t, err);
}

static enum status read_weight(struct weight_info *w, const struct line *l, struct arena *arena, struct error *err)
{
    const char *role;
    enum status st;

    if ((st = read_role(&role, l, err)) || (st = line_fields(w, weight_fields, l, 2, "weight", err)))
        return st;
    w->role = strcmp(role, l->words[1]) == 0 ? role : arena_strdup(arena, l->words[1]); /* the latter: ROLE.bias */
    return w->role == NULL ? error_no_memory(err) : STATUS_OK;
}

static enum status read_weights_and_kv(struct trace *t, struct error *err)
{
    struct list weights = { .arena = &t->arena, .size = sizeof(struct weight_info) };
    struct list kv = { .arena = &t->arena, .size = sizeof(struct kv_info) };
    struct source_pos at = t->line.at;
    enum status st;

    while (is(&t->line, "weight") || is(&t->line, "kv")) {
        bool weight = is(&t->line, "weight");
        void *record = list_add(weight ? &weights : &kv);

        if (record == NULL)
            return error_no_memory(err);
        if (weights.count + kv.count > TRACE_RECORDS_MAX)
            return error_set(err, STATUS_BAD_INPUT, t->line.at, "more than %d weight and kv records", TRACE_RECORDS_MAX);
        st = weight ? read_weight(record, &t->line, &t->arena, err) : line_fields(record, kv_fields, &t->line, 1, "kv", err);
        if (st || (st = advance(t, err)))
            return st;
    }
    t->model.weights = weights.items;
    t->model.weights_count = weights.count;
    t->model.kv = kv.items;
    t->model.kv_count = kv.count;
    return trace_check_model(&t->model, &t->model.parameters, at, err);
}

static enum status read_header(struct trace *t, struct error *err)
{
    enum status st;

    if ((st = read_magic(t, err)) || (st = read_model_line(t, err)) || (st = read_weights_and_kv(t, err)))
        return st;
    trace_hash_model(t->hasher, &t->model);
    return STATUS_OK;
}

static enum status open_on(struct trace **out, struct textfile *file, struct error *err)
{
    struct trace *t = calloc(1, sizeof *t);
    enum status st;

    if (t == NULL || (t->hasher = hasher_open()) == NULL) {
        free(t);
        textfile_close(file);
        return error_no_memory(err);
    }
    t->file = file;
    if ((st = read_header(t, err))) {
        trace_close(t);
        return st;
    }
    *out = t;
    return STATUS_OK;
}

enum status trace_open(struct trace **out, const char *path, struct error *err)
{
    struct textfile *file;
    enum status st = textfile_open(&file, path, err);

    return st ? st : open_on(out, file, err);
}

enum status trace_open_memory(struct trace **out, const char *name, const void *data, size_t bytes, struct error *err)
{
    struct textfile *file;
    enum status st = textfile_open_memory(&file, name, data, bytes, err);

    return st ? st : open_on(out, file, err);
}

const struct model_info *trace_model(const struct trace *t)
{
    return &t->model;
}

struct hash128 trace_hash(const struct trace *t)
{
    return hasher_value(t->hasher);
}

void trace_close(struct trace *t)
{
    if (t == NULL)
        return;
    textfile_close(t->file);
    hasher_close(t->hasher);
    arena_free(&t->arena);
    free(t);
}

const char *phase_name(enum phase phase)
{
    static const char *const names[] = { [PHASE_PREFILL] = "prefill", [PHASE_DECODE] = "decode", [PHASE_MIXED] = "mixed" };

    return names[phase];
}

static enum status read_step_line(struct step *s, const struct line *l, struct error *err)
{
    static const char *const phases[] = { "prefill", "decode", "mixed" };
    const char *near;
    enum status st;
    int p;

    if ((st = need_word(l, 1, "a phase, expected prefill, decode or mixed", err)))
        return st;
    for (p = 0; p < 3 && strcmp(l->words[1], phases[p]) != 0; p++)
        ;
    if (p == 3) {
        near = nearest_name(l->words[1], phases, 3);
        return error_set(err, STATUS_BAD_INPUT, line_pos(l, 1), "unknown phase '%s', expected prefill, decode or mixed%s%s%s",
                         l->words[1], near ? "; nearest is '" : "", near ? near : "", near ? "'" : "");
    }
    if ((st = line_fields(s, step_fields, l, 2, "step", err)))
        return st;
    s->phase = (enum phase)p;
    s->line = l->at.line;
    return STATUS_OK;
}

static enum status read_seqs(struct trace *t, struct step *s, struct arena *arena, struct error *err)
{
    struct list seqs = { .arena = arena, .size = sizeof(struct seq_group) };
    enum status st;
    int64_t tokens;

    for (; is(&t->line, "seq"); ) {
        struct seq_group *g = list_add(&seqs);

        if (g == NULL)
            return error_no_memory(err);
        if (seqs.count > TRACE_SEQ_GROUPS_MAX)
            return error_set(err, STATUS_BAD_INPUT, t->line.at, "more than %d seq lines in a step", TRACE_SEQ_GROUPS_MAX);
        if ((st = line_fields(g, seq_fields, &t->line, 1, "seq", err)) || (st = trace_check_seq(g, s, t->line.at, err)))
            return st;
        if (!checked_mul_i64(&tokens, g->count, g->q) || !checked_add_i64(&tokens, tokens, s->tokens) || tokens > TRACE_DIMENSION_MAX)
            return error_set(err, STATUS_BAD_INPUT, t->line.at, "more than 2^48 tokens in a step");
        s->tokens = tokens;
        s->sequences += g->count;
        if ((st = advance(t, err)))
            return st;
    }
    if (seqs.count == 0)
        return t->line.count == 0 ? truncated(&t->line, "'seq'", err)
                                  : error_set(err, STATUS_BAD_INPUT, t->line.at, "found '%s', expected 'seq count=... q=... kv=...'",
                                              t->line.words[0]);
    s->seqs = seqs.items;
    s->seq_groups = seqs.count;
    return STATUS_OK;
}

static enum status unknown_operator(const struct line *l, struct error *err)
{
    const char *names[OP_KINDS + 2] = { "repeat", "end" }, *near;

    for (int k = 0; k < OP_KINDS; k++)
        names[k + 2] = op_type_of((enum op_kind)k)->name;
    near = nearest_name(l->words[0], names, OP_KINDS + 2);
    return error_set(err, STATUS_BAD_INPUT, l->at, "unknown operator '%s', expected an operator, 'repeat N' or 'end'%s%s%s", l->words[0],
                     near ? "; nearest is '" : "", near ? near : "", near ? "'" : "");
}

static enum status read_op(struct list *ops, const struct step *s, int64_t count, const struct line *l, struct error *err)
{
    const struct op_type *type = op_type_find(l->words[0]);
    const char *role;
    struct op *op;
    enum status st;

    if (type == NULL)
        return unknown_operator(l, err);
    if (ops->count == TRACE_OPS_MAX)
        return error_set(err, STATUS_BAD_INPUT, l->at, "more than %d operators in a step", TRACE_OPS_MAX);
    if ((op = list_add(ops)) == NULL)
        return error_no_memory(err);
    if ((st = read_role(&role, l, err)))
        return st;
    if (strcmp(role, l->words[1]) != 0)
        return error_set(err, STATUS_BAD_INPUT, line_pos(l, 1), "'%s' names weights, expected the role '%s'", l->words[1], role);
    if ((st = line_fields(op, type->fields, l, 2, type->name, err)))
        return st;
    op->kind = type->kind;
    op->role = role;
    op->count = count;
    return trace_check_op(op, s, l->at, err);
}

/* `repeat N` multiplies the count of what it encloses; counts[depth] is the product so far. */
static enum status read_repeat(int64_t *counts, int *depth, const struct line *l, struct error *err)
{
    int64_t n, product;
    enum status st;

    if ((st = need_word(l, 1, "a number", err)) || (st = line_i64(&n, l, 1, l->words[1], 1, TRACE_REPEAT_MAX, "repeat", err)))
        return st;
    if (l->count > 2)
        return error_set(err, STATUS_BAD_INPUT, line_pos(l, 2), "found '%s' after 'repeat N', expected the end of the line", l->words[2]);
    if (*depth == TRACE_NESTING_MAX)
        return error_set(err, STATUS_BAD_INPUT, l->at, "more than %d nested repeats", TRACE_NESTING_MAX);
    if (!checked_mul_i64(&product, counts[*depth], n) || product > TRACE_REPEAT_MAX)
        return error_set(err, STATUS_BAD_INPUT, line_pos(l, 1), "nested repeats multiply to more than %lld", (long long)TRACE_REPEAT_MAX);
    counts[++*depth] = product;
    return STATUS_OK;
}

static enum status read_ops(struct trace *t, struct step *s, struct arena *arena, struct error *err)
{
    struct list ops = { .arena = arena, .size = sizeof(struct op) };
    int64_t counts[TRACE_NESTING_MAX + 1] = { 1 };
    int depth = 0;
    enum status st;

    for (;; ) {
        if (t->line.count == 0)
            return truncated(&t->line, "'end' of a step", err);
        if (is(&t->line, "end")) {
            if (t->line.count > 1)
                return error_set(err, STATUS_BAD_INPUT, line_pos(&t->line, 1), "found '%s' after 'end', expected the end of the line",
                                 t->line.words[1]);
            if (depth-- == 0)
                break;
            st = STATUS_OK;
        } else if (is(&t->line, "repeat")) {
            st = read_repeat(counts, &depth, &t->line, err);
        } else {
            st = read_op(&ops, s, counts[depth], &t->line, err);
        }
        if (st || (st = advance(t, err)))
            return st;
    }
    if (ops.count == 0)
        return error_set(err, STATUS_BAD_INPUT, t->line.at, "a step without operators");
    s->ops = ops.items;
    s->ops_count = ops.count;
    return advance(t, err);
}

/* `end-trace steps=N`: tells a whole file from a truncated one. */
static enum status read_end(struct trace *t, struct error *err)
{
    static const struct field end_fields[] = {
        { .key = "steps", .type = FIELD_I64, .offset = 0, .required = true, .maximum = INT64_MAX }, { .key = NULL }
    };
    int64_t steps;
    enum status st;

    if ((st = line_fields(&steps, end_fields, &t->line, 1, "end-trace", err)))
        return st;
    if (steps != t->steps)
        return error_set(err, STATUS_BAD_INPUT, line_pos(&t->line, 1), "end-trace says steps=%lld, found %lld", (long long)steps,
                         (long long)t->steps);
    if ((st = advance(t, err)))
        return st;
    if (t->line.count > 0)
        return error_set(err, STATUS_BAD_INPUT, t->line.at, "found '%s' after 'end-trace', expected the end of the file", t->line.words[0]);
    t->ended = true;
    return STATUS_OK;
}

enum status trace_next(const struct step **out, struct trace *t, struct arena *step_arena, struct error *err)
{
    struct step *s;
    enum status st;

    *out = NULL;
    if (t->ended)
        return STATUS_OK;
    if (t->line.count == 0)
        return truncated(&t->line, "'step' or 'end-trace steps=N'", err);
    if (is(&t->line, "end-trace"))
        return read_end(t, err);
    if (!is(&t->line, "step"))
        return error_set(err, STATUS_BAD_INPUT, t->line.at, "found '%s', expected %s'step' or 'end-trace'", t->line.words[0],
                         t->steps == 0 ? "'weight', 'kv', " : "");
    if ((s = arena_alloc(step_arena, sizeof *s)) == NULL)
        return error_no_memory(err);
    if ((st = read_step_line(s, &t->line, err)) || (st = advance(t, err)) || (st = read_seqs(t, s, step_arena, err)) ||
        (st = read_ops(t, s, step_arena, err)))
        return st;
    t->steps++;
    trace_hash_step(t->hasher, s);
    *out = s;
    return STATUS_OK;
}
