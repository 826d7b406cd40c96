/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, sampling and predicting rows (validate/evaluate.h). */
#include "validate/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"

static enum status copy_row(struct evaluated_row *out, const struct row *row, struct row *shared, struct arena *arena, struct error *err)
{
    const char **fields = arena_array(arena, (size_t)row->columns + 1, sizeof *fields);

    if (!fields)
        return error_no_memory(err);
    if (!shared->names) { /* one copy of the header for a file */
        const char **names = arena_array(arena, (size_t)row->columns + 1, sizeof *names);

        for (int i = 0; names && i < row->columns; i++)
            if (!(names[i] = arena_strdup(arena, row->names[i])))
                return error_no_memory(err);
        shared->names = names;
        shared->at.file = arena_strdup(arena, row->at.file ? row->at.file : "");
    }
    if (!shared->names || !shared->at.file)
        return error_no_memory(err);
    for (int i = 0; i < row->columns; i++)
        if (!(fields[i] = arena_strdup(arena, row->fields[i])))
            return error_no_memory(err);
    *out = (struct evaluated_row){ .row = { row->kind, shared->names, fields, row->columns, { shared->at.file, row->at.line, row->at.column } },
                                   .measured = NAN, .selected = true, .fold = -1, .low = NAN, .high = NAN, .value = NAN, .mapping = "", .bound = "" };
    return STATUS_OK;
}

static enum status append(struct evaluation *e, const struct row *row, struct row *shared, struct arena *arena, struct error *err)
{
    struct evaluated_row *r;
    struct error why;
    enum status st;

    if (e->count == e->capacity) {
        int64_t capacity = e->capacity ? 2 * e->capacity : 1024;
        struct evaluated_row *grown = arena_array(arena, (size_t)capacity, sizeof *grown);

        if (!grown)
            return error_no_memory(err);
        if (e->count)
            memcpy(grown, e->rows, (size_t)e->count * sizeof *grown);
        e->rows = grown;
        e->capacity = capacity;
    }
    r = &e->rows[e->count];
    if ((st = copy_row(r, row, shared, arena, err)))
        return st;
    e->count++;
    if (row_measured(&r->measured, &r->row, &why) && !(r->reason = arena_strdup(arena, why.message)))
        return error_no_memory(err);
    return STATUS_OK;
}

enum status evaluation_read(struct evaluation *e, const char *path, struct arena *arena, struct error *err)
{
    struct row_file *file;
    struct row row, shared = { 0 };
    enum status st = row_file_open(&file, path, err);

    if (st)
        return st;
    while (!(st = row_file_next(&row, file, err)) && row.fields)
        if ((st = append(e, &row, &shared, arena, err)))
            break;
    row_file_close(file);
    return st;
}

/* Text of a column that makes strata: device, phase, operator, formats. Numbers and names of layers do not; of a source only who measured. */
static const char *stratum_text(size_t *length, const struct row *row, int column)
{
    const char *name = row->names[column], *text = row->fields[column];
    bool letter = (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z');

    *length = !letter || strcmp(name, "label") == 0 ? 0 : strcmp(name, "source") == 0 ? strcspn(text, ":") : strlen(text);
    return text;
}

/* Half decade of the product of the row's whole numbers above 0: of its work, about, and known before anything is measured or predicted. */
static int size_class(const struct evaluated_row *r)
{
    double log_size = 0.0;

    for (int i = 0; i < r->row.columns; i++) {
        const char *text = row_text(&r->row, r->row.names[i]);
        double count;

        if (*text && text[strspn(text, "0123456789")] == '\0' && num_parse_double(&count, text) == 0 && count > 0.0)
            log_size += log10(count);
    }
    return (int)floor(2.0 * log_size);
}

static int compare_strata(const void *left, const void *right)
{
    const struct evaluated_row *a = *(struct evaluated_row *const *)left, *b = *(struct evaluated_row *const *)right;
    int x = size_class(a), y = size_class(b);

    for (int i = 0; i < a->row.columns && i < b->row.columns; i++) {
        size_t a_length, b_length;
        const char *a_text = stratum_text(&a_length, &a->row, i), *b_text = stratum_text(&b_length, &b->row, i);
        int order = strncmp(a_text, b_text, a_length < b_length ? a_length : b_length);

        if (order != 0 || a_length != b_length)
            return order != 0 ? order : a_length < b_length ? -1 : 1;
    }
    return x != y ? (x > y) - (x < y) : (a > b) - (a < b); /* all lie in one array, in the order of reading */
}

void evaluation_sample(struct evaluation *e, int64_t sample)
{
    struct evaluated_row **order;
    int64_t taken = 0, first = 0;

    if (sample <= 0 || sample >= e->count || !(order = malloc((size_t)e->count * sizeof *order)))
        return;
    for (int64_t i = 0; i < e->count; i++)
        order[i] = &e->rows[i];
    for (int64_t end = 1; end <= e->count; end++)
        if (end == e->count || e->rows[end].row.at.file != e->rows[first].row.at.file) { /* one copy of the name for a file */
            qsort(order + first, (size_t)(end - first), sizeof *order, compare_strata);
            first = end;
        }
    for (int64_t i = 0; i < e->count; i++) {
        order[i]->selected = (double)i * (double)sample / (double)e->count >= (double)taken;
        taken += order[i]->selected;
    }
    free(order);
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum status predict_one(struct evaluated_row *r, struct predictor *p, struct arena *scratch, struct arena *arena, struct error *err)
{
    struct prediction out;
    struct error why = { 0 };
    enum status st = predict_row(&out, &r->row, p, scratch, &why);

    if (st == STATUS_INTERNAL) {
        *err = why;
        return st;
    }
    if (!st && !(isfinite(out.value) && out.value > 0.0))
        st = error_set(&why, STATUS_BAD_INPUT, r->row.at, "the prediction is not a positive number");
    if (st)
        return r->reason || (r->reason = arena_strdup(arena, why.message)) ? STATUS_OK : error_no_memory(err);
    r->value = out.value;
    r->low = out.low;
    r->high = out.high;
    r->simulated_fraction = out.simulated_fraction;
    r->extrapolation_error = out.timing.extrapolation_error;
    r->bound = out.bound;
    if (out.note && !(r->note = arena_strdup(arena, out.note)))
        return error_no_memory(err);
    return (r->mapping = arena_strdup(arena, out.mapping)) ? STATUS_OK : error_no_memory(err);
}

enum status evaluation_predict(struct evaluation *e, struct predictor *p, struct arena *arena, const volatile sig_atomic_t *stop,
                               struct progress *progress, struct error *err)
{
    struct arena scratch = { 0 };
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < e->count && !st; i++) {
        if (stop && *stop)
            st = error_plain(err, STATUS_INTERRUPTED, "interrupted after %lld of %lld rows", (long long)i, (long long)e->count);
        else if (e->rows[i].selected) /* also where the measured value cannot be read: it stays a miss, and has its prediction */
            st = predict_one(&e->rows[i], p, &scratch, arena, err);
        arena_reset(&scratch);
        if (progress && i % 16 == 0)
            progress_step(progress, i, now_s());
    }
    arena_free(&scratch);
    return st;
}
