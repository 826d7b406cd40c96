/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a fit: which count, which are left out together, which clocks they share (validate/calibrate.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "validate/calibrate_internal.h"

/* ---- rows and folds ---- */

static uint64_t text_hash(uint64_t h, const char *text)
{
    for (; *text; text++) /* FNV-1a */
        h = (h ^ (unsigned char)*text) * 0x100000001b3ull;
    return h;
}

static bool training(const struct row *row) { return strcmp(row->kind->name, "training") == 0; }

/* What is left out together: a model where the source or the row names one ... */
static bool model_key(uint64_t *key, const struct row *row)
{
    const char *source = row_text(row, "source"), *slash = strchr(source, '/');

    if (training(row)) {
        *key = text_hash(0xcbf29ce484222325ull, row_text(row, "model"));
        return true;
    }
    *key = text_hash(0xcbf29ce484222325ull, slash ? slash : source);
    return strncmp(source, "vidur:", 6) == 0 && strncmp(source, "vidur:network", 13) != 0;
}

/* ... else shapes, without the number of tokens. Of collectives one operation of so many ranks on one machine: its rows share network and library. */
static uint64_t shape_key(const struct row *row)
{
    static const char *const shape[] = { "n", "k", "n_head", "n_kv_head", "head_dim", "op", "cols", "hidden", "inter", "n_expert", "moe_tp", "moe_ep", "ranks" };
    uint64_t h = 0xcbf29ce484222325ull;

    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++)
        h = text_hash(text_hash(h, row_text(row, shape[i])), ",");
    h = text_hash(h, row_text(row, "system"));
    return h ^ h >> 32; /* the low bits of FNV alone follow the last bytes */
}

static int64_t find_model(uint64_t *models, int64_t *known, uint64_t key)
{
    int64_t at = 0;

    while (at < *known && models[at] != key)
        at++;
    if (at == *known && *known < CALIBRATE_FOLDS_MAX)
        models[(*known)++] = key;
    return at;
}

void calibrate_folds(int64_t *fold, struct evaluated_row **rows, size_t n, int64_t folds, bool by_shape)
{
    uint64_t models[CALIBRATE_FOLDS_MAX], key, parts = folds < 3 ? (uint64_t)folds : 3;
    int64_t known = 0;

    for (size_t i = 0; i < n; i++)
        if (!by_shape && model_key(&key, &rows[i]->row))
            find_model(models, &known, key);
    for (size_t i = 0; i < n; i++)
        fold[i] = (known > 1 && model_key(&key, &rows[i]->row) ? find_model(models, &known, key) : (int64_t)(shape_key(&rows[i]->row) % parts)) % folds;
}

size_t calibrate_thin(struct evaluated_row **out, struct evaluated_row **rows, size_t n, int64_t want)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (want <= 0 || (double)i * (double)want / (double)n >= (double)kept)
            out[kept++] = rows[i];
    return kept;
}

static bool single_kernel(const struct row *row)
{
    static const char *const kinds[] = { "gemm", "attention", "elementwise", "moe" };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(row->kind->name, kinds[i]) == 0)
            return true;
    return false;
}

/* Rows of devices of this generation that have a measured value and that the description predicts as it stands. */
size_t calibrate_usable_rows(struct evaluated_row **out, struct evaluation *e, const struct hardware *hw, struct predictor *p)
{
    struct arena scratch = { 0 };
    size_t n = 0;

    for (int64_t i = 0; i < e->count; i++) {
        struct evaluated_row *r = &e->rows[i];
        const struct hardware *its_hw = NULL;
        struct prediction its;
        struct error why;

        r->selected = !r->reason && !isnan(r->measured);
        if (r->selected && single_kernel(&r->row)) /* timed on the device that the row names: no prediction tells more */
            r->selected = predictor_device(&its_hw, p, row_text(&r->row, "device"), &why) == STATUS_OK && its_hw->generation &&
                          strcmp(its_hw->generation, hw->generation) == 0;
        r->selected = r->selected && predict_row(&its, &r->row, p, &scratch, &why) == STATUS_OK && its.generation &&
                      strcmp(its.generation, hw->generation) == 0;
        if (r->selected)
            out[n++] = r;
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    return n;
}

/* ---- clocks of sources ---- */

static bool same_source(const char *source, const char *prefix)
{
    size_t n = strcspn(source, ":");

    return strlen(prefix) == n && strncmp(source, prefix, n) == 0;
}

struct clock_pair { const char *source, *device; int64_t rows, rows_min; };

static enum status count_pair(struct clock_pair *pairs, int64_t *count, const struct row *row, struct predictor *p, struct arena *arena, struct error *err)
{
    const char *source = row_text(row, "source");
    const struct hardware *hw;
    enum status st = predictor_device(&hw, p, row_text(row, "device"), err);
    int64_t i = 0;

    if (st)
        return st;
    while (i < *count && !(same_source(source, pairs[i].source) && strcmp(pairs[i].device, hw->name) == 0))
        i++;
    if (i == CALIBRATE_CLOCKS_MAX) /* more sources than that keep the clock of the power model */
        return STATUS_OK;
    if (i == *count) {
        pairs[(*count)++] = (struct clock_pair){ arena_strndup(arena, source, strcspn(source, ":")), arena_strdup(arena, hw->name), 0,
                                              training(row) ? CALIBRATE_CLOCK_ITERATIONS_MIN : CALIBRATE_CLOCK_KERNELS_MIN };
        if (!pairs[i].source || !pairs[i].device)
            return error_no_memory(err);
    }
    pairs[i].rows++;
    return STATUS_OK;
}

enum status calibrate_clocks(struct calibration *c, struct evaluated_row **rows, size_t n, struct predictor *p, struct arena *arena, struct error *err)
{
    struct clock_pair pairs[CALIBRATE_CLOCKS_MAX];
    int64_t count = 0;
    enum status st;

    for (size_t i = 0; i < n; i++)
        if ((single_kernel(&rows[i]->row) || training(&rows[i]->row)) && (st = count_pair(pairs, &count, &rows[i]->row, p, arena, err)))
            return st;
    for (int64_t i = 0; i < count; i++) {
        const char *key = arena_printf(arena, "clock, %s, %s", pairs[i].source, pairs[i].device);

        if (!key)
            return error_no_memory(err);
        if (pairs[i].rows < pairs[i].rows_min)
            continue;
        c->parameters[c->count++] = (struct free_parameter){
            .key = key, .unit = "", .means = "highest clock of the device under this source, over boost", .clock_source = pairs[i].source,
            .clock_device = pairs[i].device, .low = 0.6, .high = 1.02, .start = 1.0, .value = 1.0, .low80 = 1.0, .high80 = 1.0, .remark = "",
        };
    }
    return STATUS_OK;
}

/* ---- overlap of fit and judgement ---- */

static uint64_t row_hash(const struct row *row)
{
    uint64_t h = 0xcbf29ce484222325ull;

    for (int i = 0; i < row->columns; i++)
        if (strcmp(row->names[i], row->kind->measured) != 0)
            h = text_hash(text_hash(h, row->fields[i]), "\n");
    return h;
}

struct place { uint64_t hash; const struct evaluated_row *row; };

static int by_hash(const void *a, const void *b)
{
    uint64_t x = ((const struct place *)a)->hash, y = ((const struct place *)b)->hash;

    return x < y ? -1 : x > y;
}

enum status calibrate_disjoint(const struct evaluation *fit_rows, const struct evaluation *judge, struct error *err)
{
    struct arena arena = { 0 };
    struct place *places = arena_array(&arena, (size_t)fit_rows->count + 1, sizeof *places);
    enum status st = STATUS_OK;

    if (!places)
        return error_no_memory(err);
    for (int64_t i = 0; i < fit_rows->count; i++)
        places[i] = (struct place){ row_hash(&fit_rows->rows[i].row), &fit_rows->rows[i] };
    qsort(places, (size_t)fit_rows->count, sizeof *places, by_hash);
    for (int64_t i = 0; i < judge->count && !st; i++) {
        struct place want = { row_hash(&judge->rows[i].row), NULL }, *found = bsearch(&want, places, (size_t)fit_rows->count, sizeof *places, by_hash);

        if (found)
            st = error_set(err, STATUS_BAD_INPUT, judge->rows[i].row.at, "this row is to judge, but stands in the fit too (%s:%d)",
                           found->row->row.at.file, found->row->row.at.line);
    }
    arena_free(&arena);
    return st;
}
