/* SPDX-License-Identifier: Apache-2.0 */
/* Engines of a predictor. See engines.h. */
#include "validate/engines.h"

#include <string.h>

#include "arch/system.h"
#include "workloads/model_library.h"

struct engine_entry {
    struct engine_request key;   /* texts in the predictor's arena */
    struct engine *engine;
    struct engine_entry *next;
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same(const struct engine_request *a, const struct engine_request *b)
{
    return same_text(a->device, b->device) && same_text(a->model, b->model) && same_text(a->recipe, b->recipe) && same_text(a->stack, b->stack) &&
           a->layout.tp == b->layout.tp && a->pp == b->pp && a->layers == b->layers && a->harness == b->harness;
}

static enum status open_engine(struct engine_entry *n, struct predictor *p, struct error *err)
{
    const struct engine_request *k = &n->key;
    struct engine_spec spec = { .layout = k->layout, .pp = k->pp, .layers = k->layers, .fidelity = p->fidelity };
    struct llm *model = arena_alloc(&p->arena, sizeof *model);
    enum status st;

    if (model == NULL)
        return error_no_memory(err);
    if ((st = predictor_device(&spec.hw, p, k->device, err)) ||
        (st = predictor_stack(&spec.stack, p, k->stack != NULL ? k->stack : spec.hw->default_stack, err)) ||
        (st = model_load(model, k->model, &p->arena, err)) || (st = recipe_parse(&spec.recipe, k->recipe, (struct source_pos){ 0 }, err)))
        return st;
    spec.model = model;
    if (k->harness != NULL) {
        const struct arch_system *system;
        const char *name = harness_system(k->harness, spec.hw->name);

        if (name != spec.hw->name) {
            if ((st = arch_system_load(&system, name, &p->arena, err)))
                return st;
            /* a row of more devices than the source's usual nodes hold was taken on another machine: the device's own */
            if (k->layout.tp <= system->node_devices && (spec.hw = arch_system_device(system, spec.hw, &p->arena)) == NULL)
                return error_no_memory(err);
        }
        spec.operand_activity = harness_activity(k->harness, spec.hw);
        spec.clock_limit_hz = harness_clock_share(k->harness, spec.hw->name) * spec.hw->clock.boost_hz;
    }
    return engine_open(&n->engine, &spec, err);
}

enum status engines_get(struct engine **out, struct predictor *p, const struct engine_request *want, struct error *err)
{
    struct engine_entry *n;
    enum status st;

    for (n = p->engines; n != NULL; n = n->next)
        if (same(&n->key, want)) {
            *out = n->engine;
            return STATUS_OK;
        }
    if ((n = arena_alloc(&p->arena, sizeof *n)) == NULL)
        return error_no_memory(err);
    *n = (struct engine_entry){ .key = *want };
    n->key.device = arena_strdup(&p->arena, want->device);
    n->key.model = arena_strdup(&p->arena, want->model);
    n->key.recipe = arena_strdup(&p->arena, want->recipe);
    n->key.stack = want->stack != NULL ? arena_strdup(&p->arena, want->stack) : NULL;
    if (n->key.device == NULL || n->key.model == NULL || n->key.recipe == NULL || (want->stack != NULL && n->key.stack == NULL))
        return error_no_memory(err);
    if ((st = open_engine(n, p, err)))
        return st;
    n->next = p->engines;
    p->engines = n;
    *out = n->engine;
    return STATUS_OK;
}

void engines_close(struct predictor *p)
{
    for (struct engine_entry *n = p->engines; n != NULL; n = n->next)
        engine_close(n->engine);
    p->engines = NULL;
}
