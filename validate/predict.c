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
    if ((st = fidelity_find(&out->fidelity, fidelity, err)) || (st = harness_library_load(&out->harnesses, &out->arena, err)))
        predictor_close(out);
    return st;
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

enum status predictor_device(const struct hardware **out, struct predictor *p, const char *name, struct error *err)
{
    bool fresh;
    struct predictor_entry *e = entry_of(&p->devices, p, name, &fresh);
    const struct hardware *hw = NULL;

    if (!e)
        return error_no_memory(err);
    if (fresh) {
        e->status = arch_load(&hw, name, p->overrides, p->overrides_count, &p->arena, &e->error);
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

enum status predict_row(struct prediction *out, const struct row *row, struct predictor *p, struct arena *arena, struct error *err)
{
    const struct harness *h = harness_find(&p->harnesses, row_text(row, "source"), row->kind->name);

    *out = (struct prediction){ .low = NAN, .high = NAN, .bound = "", .simulated_fraction = 1.0 };
    if (!h)
        return error_set(err, STATUS_BAD_INPUT, row->at, "no harness for %s rows of source '%s' (validate/harness/)", row->kind->name,
                         row_text(row, "source"));
    return row->kind->predict(out, row, h, p, arena, err);
}
