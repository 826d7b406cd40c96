/* SPDX-License-Identifier: Apache-2.0 */
/* Predictor: what rows share (validate/predict.h). */
#include "validate/predict.h"

#include <math.h>
#include <string.h>

#include "validate/engines.h"

struct predictor_entry {
    struct predictor_entry *next;
    const char *name;
    const void *loaded;
    enum status status;
    struct error error;          /* a name that cannot be loaded fails the same way for each row */
};

enum status predictor_open(struct predictor *out, const char *fidelity, struct error *err)
{
    enum status st;

    memset(out, 0, sizeof *out);
    if ((st = fidelity_find(&out->fidelity, fidelity, err)) || (st = harness_library_load(&out->harnesses, &out->arena, err)) ||
        (st = residual_library_load(&out->residuals, &out->arena, err)))
        predictor_close(out);
    return st;
}

void predictor_uncalibrate(struct predictor *p)
{
    p->uncalibrated = true;
    harness_clocks_clear(&p->harnesses);
}

void predictor_close(struct predictor *p)
{
    engines_close(p);
    arena_free(&p->arena);
    memset(p, 0, sizeof *p);
}

static struct predictor_entry *entry_of(struct predictor_entry **list, struct predictor *p, const char *name, bool *fresh)
{
    struct predictor_entry **at = list, *e;

    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->name, name) == 0) {
            *fresh = false;
            return *at;
        }
    if (!(e = arena_alloc(&p->arena, sizeof *e)) || !(e->name = arena_strdup(&p->arena, name)))
        return NULL;
    *fresh = true;
    return *at = e;
}

static enum status answer(const struct predictor_entry *e, struct error *err)
{
    if (e->status && err)
        *err = e->error;
    return e->status;
}

static enum status load_device(const struct hardware **out, struct predictor *p, const char *name, struct error *err)
{
    struct arch_override *all;

    if (!p->uncalibrated)
        return arch_load(out, name, p->overrides, p->overrides_count, &p->arena, err);
    if (!(all = arena_array(&p->arena, (size_t)p->overrides_count + 1, sizeof *all)))
        return error_no_memory(err);
    all[0] = (struct arch_override){ "calibration", "none" };
    for (int64_t i = 0; i < p->overrides_count; i++)
        all[i + 1] = p->overrides[i];
    return arch_load(out, name, all, p->overrides_count + 1, &p->arena, err);
}

enum status predictor_device(const struct hardware **out, struct predictor *p, const char *name, struct error *err)
{
    bool fresh;
    struct predictor_entry *e = entry_of(&p->devices, p, name, &fresh);
    const struct hardware *hw = NULL;

    if (!e)
        return error_no_memory(err);
    if (fresh) {
        e->status = load_device(&hw, p, name, &e->error);
        e->loaded = hw;
    }
    *out = e->loaded;
    return answer(e, err);
}

enum status predictor_stack(const struct stack **out, struct predictor *p, const char *name, struct error *err)
{
    bool fresh;
    struct predictor_entry *e = entry_of(&p->stacks, p, name, &fresh);
    const struct stack *stack = NULL;

    if (!e)
        return error_no_memory(err);
    if (fresh) {
        e->status = stack_load(&stack, name, NULL, 0, &p->arena, &e->error);
        e->loaded = stack;
    }
    *out = e->loaded;
    return answer(e, err);
}

const char *row_group(const struct row *row, struct arena *arena)
{
    const char *op = row->kind->group_op ? row_text(row, row->kind->group_op) : NULL;

    if (row_has(row, "dtype_a"))
        return arena_printf(arena, "%s x %s%s", row_text(row, "dtype_a"), row_text(row, "dtype_b"), strstr(row_text(row, "label"), "block") ? ", block" : "");
    if (strcmp(row->kind->name, "moe") == 0)
        op = row_text(row, "dtype");
    return op ? op : "";
}

/* 80 % of measured values lie within; classes are by predicted time, so the measured one is not needed. */
static enum status add_interval(struct prediction *out, const struct row *row, struct predictor *p, struct arena *arena, struct error *err)
{
    bool microseconds = strcmp(row->kind->measured, "time_us") == 0;
    const struct hardware *hw = NULL;
    const char *generation = out->generation, *group = row_group(row, arena);
    double low, median, high;
    bool own, known;

    if (!group)
        return error_no_memory(err);
    if (!generation && !predictor_device(&hw, p, row_text(row, "device"), NULL))
        out->generation = generation = hw->generation;
    if (!isnan(out->low))
        return STATUS_OK;
    generation = generation ? generation : "";
    known = p->uncalibrated ? interval_unseen(&low, &high, &p->residuals, generation, row->kind->name, group, microseconds ? out->value * 1e-6 : 1.0)
                            : interval_of(&low, &median, &high, &own, &p->residuals, generation, row->kind->name, group,
                                          microseconds ? out->value * 1e-6 : 1.0);
    if (known) {
        out->low = out->value * low;
        out->high = out->value * high;
    }
    return STATUS_OK;
}

enum status predict_row(struct prediction *out, const struct row *row, struct predictor *p, struct arena *arena, struct error *err)
{
    const struct harness *h = harness_find(&p->harnesses, row_text(row, "source"), row->kind->name);
    enum status st;

    *out = (struct prediction){ .low = NAN, .high = NAN, .bound = "", .simulated_fraction = 1.0 };
    if (!h)
        return error_set(err, STATUS_BAD_INPUT, row->at, "no harness for %s rows of source '%s' (validate/harness/)", row->kind->name,
                         row_text(row, "source"));
    if (harness_is_default(h) && !(out->note = arena_printf(arena, "no harness names the source '%s': timed as %s", row_text(row, "source"), h->name)))
        return error_no_memory(err);
    st = row->kind->predict(out, row, h, p, arena, err);
    return st ? st : add_interval(out, row, p, arena, err);
}
