/* SPDX-License-Identifier: Apache-2.0 */
/* Reads designs. Descriptions, prices and errors of formats are found once for each hardware and each recipe. See rank_rows.h. */
#include "cli/rank_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/job.h"
#include "costmodel/die.h"
#include "costmodel/quality.h"
#include "sim/recipe.h"
#include "store/query.h"

/* Columns before those of the metrics. */
enum { COLUMN_ID, COLUMN_ARCH_ID, COLUMN_TRACE_ID, COLUMN_RECIPE, COLUMN_DEVICES, COLUMN_RATE, COLUMN_ENERGY, COLUMNS };
static const char fixed[] = "id, arch_id, trace_id, recipe, devices, tokens_per_s, energy_per_token_j";

struct recipe_noise { char *text; double noise; };

struct loading {
    struct rank_rows *out;
    struct store *store;
    const struct prices *prices;
    struct synthesis synthesis;
    struct recipe_noise *recipes, *operands; /* as met */
    int64_t recipes_count, recipes_capacity, operands_count, operands_capacity, capacity;
    int64_t last_recipe;             /* of the row before: neighbours are alike */
    bool needs_area, needs_noise;
    struct arena *arena;
    struct error *err;
};

/* Room for one more of `size` bytes in a malloc()'d list. */
static bool grow(void **items, int64_t *capacity, int64_t count, size_t size)
{
    int64_t more = *capacity ? 2 * *capacity : 64;
    void *grown;

    if (count < *capacity)
        return true;
    if (!(grown = reallocarray(*items, (size_t)more, size)))
        return false;
    *items = grown;
    *capacity = more;
    return true;
}

/* ---- what a row's hardware and recipe say ---- */

/* The description in the database: as it was resolved, or its base with what was changed, or the file of that name. *out NULL: the file is gone or
 *  means something else now. */
static enum status read_arch(const struct hardware **out, const struct stored_description *d, struct arena *arena, struct error *err)
{
    struct error unknown;

    *out = NULL;
    if (d->yaml)
        return arch_load_shown(out, "the database", d->yaml, NULL, 0, arena, err);
    if (d->base_yaml && !arch_load_shown(out, "the database", d->base_yaml, d->settings, d->settings_count, arena, &unknown) && hash_equal((*out)->hash, d->hash))
        return STATUS_OK;
    if (!d->name || arch_load(out, d->name, d->settings, d->settings_count, arena, &unknown) || !hash_equal((*out)->hash, d->hash))
        *out = NULL;
    return STATUS_OK;
}

enum status rank_rows_hardware(const struct hardware **out, struct rank_rows *rows, int64_t index, struct store *store, struct arena *arena, struct error *err)
{
    struct rank_arch *a = &rows->archs[index];
    struct stored_description d;
    enum status st;

    if (!a->read) {
        if ((st = store_arch(&d, store, a->id, arena, err)) || (st = read_arch(&a->hw, &d, arena, err)))
            return st;
        a->read = true;
    }
    *out = a->hw;
    return STATUS_OK;
}

static void price_of(struct rank_arch *a, const struct prices *prices)
{
    const struct device_price *price = a->name ? prices_find(prices, a->name) : NULL;

    a->area_mm2 = a->usd_per_hour.low = a->usd_per_hour.likely = a->usd_per_hour.high = NAN;
    if (price) {
        a->usd_per_hour = price->cloud_usd_per_hour;
        a->price_date = price->date;
    }
}

/* Names and prices of all; neighbours are often variants of one chip. */
static enum status list_archs(struct loading *l)
{
    struct rank_rows *r = l->out;
    struct stored_name *names;
    enum status st = store_archs(&names, &r->archs_count, l->store, l->arena, l->err);

    if (st)
        return st;
    if (!(r->archs = calloc((size_t)r->archs_count + 1, sizeof *r->archs)))
        return error_no_memory(l->err);
    for (int64_t i = 0; i < r->archs_count; i++) {
        struct rank_arch *a = &r->archs[i], *before = i ? a - 1 : NULL;

        if (before && names[i].name == before->name)
            *a = *before;
        a->id = names[i].id;
        a->name = names[i].name;
        if (!before || a->name != before->name)
            price_of(a, l->prices);
    }
    return STATUS_OK;
}

/* Of a description that lives only as long as its area is found: there may be many. */
static enum status area_of(struct rank_arch *a, struct loading *l)
{
    struct arena arena = { 0 };
    struct arch_floorplan plan;
    const struct hardware *hw;
    struct stored_description d;
    struct die_area die;
    enum status st;

    if (!l->needs_area || a->measured)
        return STATUS_OK;
    a->measured = true;
    if (!(st = store_arch(&d, l->store, a->id, &arena, l->err)) && !(st = read_arch(&hw, &d, &arena, l->err)) && hw &&
        !floorplan_read(&plan, hw, NULL) && !die_area_of(&die, &plan, hw, &l->synthesis, NULL))
        a->area_mm2 = die.total_mm2.likely * (double)plan.dies;
    arena_free(&arena);
    return st;
}

static int compare_ids(const void *key, const void *arch)
{
    int64_t id = *(const int64_t *)key, other = ((const struct rank_arch *)arch)->id;

    return (id > other) - (id < other);
}

static enum status find_arch(int64_t *index, struct loading *l, int64_t id)
{
    struct rank_rows *r = l->out;
    struct rank_arch *a = bsearch(&id, r->archs, (size_t)r->archs_count, sizeof *r->archs, compare_ids);

    if (!a)
        return error_plain(l->err, STATUS_BAD_INPUT, "a run's hardware %lld is not in the database ('llmsim db check' tells more)", (long long)id);
    *index = a - r->archs;
    return area_of(a, l);
}

static bool has_operands(const struct recipe_noise *r, const char *text, size_t length)
{
    return strncmp(r->text, text, length) == 0 && r->text[length] == '\0';
}

/* Noise of one operand in a scheme, found once for each. `text` is the scheme, by its length. */
static enum status operand_noise(double *noise, struct loading *l, const struct quant *scheme, const char *text, size_t length)
{
    double sqnr_db;
    enum status st;

    for (int64_t i = 0; i < l->operands_count; i++)
        if (has_operands(&l->operands[i], text, length)) {
            *noise = l->operands[i].noise;
            return STATUS_OK;
        }
    if ((st = quality_sqnr_db(&sqnr_db, scheme, l->err)))
        return st;
    *noise = pow(10, -0.1 * sqnr_db);
    if (!grow((void **)&l->operands, &l->operands_capacity, l->operands_count, sizeof *l->operands))
        return error_no_memory(l->err);
    struct recipe_noise *o = &l->operands[l->operands_count];
    *o = (struct recipe_noise){ arena_strndup(l->arena, text, length), *noise };
    l->operands_count += o->text != NULL;
    return o->text ? STATUS_OK : error_no_memory(l->err);
}

/* Errors of the two operands of a product are independent: their noise powers add. */
static enum status noise_of(double *noise, struct loading *l, const char *text)
{
    struct recipe recipe;
    char canonical[RECIPE_TEXT_MAX];
    const char *weights, *activations;
    double of_weights, of_activations;
    enum status st;

    if ((st = recipe_parse(&recipe, text, (struct source_pos){ "a recipe of the database", 0, 0 }, l->err)))
        return st;
    recipe_format(canonical, sizeof canonical, &recipe); /* "w=int4g128,a=fp16,..." */
    weights = strchr(canonical, '=') + 1;
    activations = weights + strcspn(weights, "=") + 1;
    if ((st = operand_noise(&of_weights, l, &recipe.weights, weights, strcspn(weights, ","))) ||
        (st = operand_noise(&of_activations, l, &recipe.activations, activations, strcspn(activations, ","))))
        return st;
    *noise = of_weights + of_activations;
    return STATUS_OK;
}

/* The operands' part of a recipe's canonical text, "w=...,a=...": what follows, from the cache on, does not enter a product's error. */
static size_t operands_length(const char *text)
{
    const char *rest = strstr(text, ",kv=");

    return strncmp(text, "w=", 2) == 0 && rest ? (size_t)(rest - text) : strlen(text);
}

static enum status find_noise(double *noise, struct loading *l, const char *text)
{
    int64_t i = l->last_recipe;
    size_t length = operands_length(text);

    if (i >= l->recipes_count || !has_operands(&l->recipes[i], text, length))
        for (i = 0; i < l->recipes_count && !has_operands(&l->recipes[i], text, length);)
            i++;
    if (i == l->recipes_count) {
        double value;
        enum status st = noise_of(&value, l, text);

        if (st)
            return st;
        if (!grow((void **)&l->recipes, &l->recipes_capacity, l->recipes_count, sizeof *l->recipes))
            return error_no_memory(l->err);
        l->recipes[i] = (struct recipe_noise){ arena_strndup(l->arena, text, length), value };
        if (!l->recipes[i].text)
            return error_no_memory(l->err);
        l->recipes_count++;
    }
    l->last_recipe = i;
    *noise = l->recipes[i].noise;
    return STATUS_OK;
}

/* ---- rows ---- */

static enum status add_row(struct loading *l, const struct store_query *q)
{
    struct rank_rows *r = l->out;
    const struct prices *p = l->prices;
    struct rank_facts f = { store_query_double(q, COLUMN_DEVICES), store_query_double(q, COLUMN_RATE), store_query_double(q, COLUMN_ENERGY), { NAN, NAN, NAN },
                            p->pue.likely * p->carbon_g_per_kwh.likely / 3.6e6, NAN, NAN };
    int64_t n = r->table.count, arch = 0, metric_column = COLUMNS;
    enum status st;

    if ((st = find_arch(&arch, l, store_query_i64(q, COLUMN_ARCH_ID))) ||
        (l->needs_noise && (st = find_noise(&f.noise, l, store_query_text(q, COLUMN_RECIPE)))))
        return st;
    f.usd_per_hour = r->archs[arch].usd_per_hour;
    f.area_mm2 = r->archs[arch].area_mm2;
    if (n == l->capacity) {
        l->capacity = n ? 2 * n : 1024;
        r->values = reallocarray(r->values, (size_t)l->capacity, (size_t)r->table.metrics * sizeof *r->values);
        r->run_ids = reallocarray(r->run_ids, (size_t)l->capacity, sizeof *r->run_ids);
        r->arch_index = reallocarray(r->arch_index, (size_t)l->capacity, sizeof *r->arch_index);
        if (!r->values || !r->run_ids || !r->arch_index)
            return error_no_memory(l->err);
    }
    r->run_ids[n] = store_query_i64(q, COLUMN_ID);
    r->arch_index[n] = arch;
    for (int64_t m = 0; m < r->table.metrics; m++)
        r->values[n * r->table.metrics + m] = r->metrics[m]->column ? store_query_double(q, (int)metric_column++) : r->metrics[m]->of(&f);
    r->trace_id = n ? r->trace_id : store_query_i64(q, COLUMN_TRACE_ID);
    r->mixed_traces = r->mixed_traces || r->trace_id != store_query_i64(q, COLUMN_TRACE_ID);
    r->table.count++;
    return STATUS_OK;
}

static enum status read_rows(struct loading *l, const char *where)
{
    const char *columns = fixed;
    struct store_query *q = NULL;
    bool more = false;
    enum status st;

    for (int64_t m = 0; m < l->out->table.metrics && columns; m++)
        if (l->out->metrics[m]->column)
            columns = arena_printf(l->arena, "%s, %s", columns, l->out->metrics[m]->column);
    if (!columns)
        return error_no_memory(l->err);
    struct store_selection what = { .view = "runs", .columns = columns, .where = where };
    st = store_query_open(&q, l->store, &what, l->arena, l->err);
    while (!st && !(st = store_query_next(&more, q, l->err)) && more)
        st = add_row(l, q);
    store_query_close(q);
    return st;
}

enum status rank_rows_load(struct rank_rows *out, struct store *store, const char *where, const struct prices *prices, struct arena *arena,
                           struct error *err)
{
    struct loading l = { .out = out, .store = store, .prices = prices, .arena = arena, .err = err };
    const struct technology *technology;
    enum status st = STATUS_OK;

    for (int64_t m = 0; m < out->table.metrics; m++) {
        l.needs_area = l.needs_area || out->metrics[m]->with_area;
        l.needs_noise = l.needs_noise || out->metrics[m]->with_noise;
        out->table.higher_is_better[m] = out->metrics[m]->higher_is_better;
    }
    if (l.needs_area && (st = technology_load(&technology, NULL, arena, err)) == STATUS_OK)
        st = synthesis_load(&l.synthesis, technology, NULL, 0, arena, err);
    if (!st && !(st = list_archs(&l)))
        st = read_rows(&l, where);
    free(l.recipes);
    free(l.operands);
    out->table.values = out->values;
    return st;
}

void rank_rows_free(struct rank_rows *rows)
{
    free(rows->values);
    free(rows->run_ids);
    free(rows->arch_index);
    free(rows->archs);
}
