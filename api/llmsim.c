/* SPDX-License-Identifier: Apache-2.0 */
/* The installed interface: thin, so that the rooms behind it stay free to change. */
#include "api/llmsim.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/path.h"
#include "base/version.h"
#include "costmodel/energy.h"
#include "reports/run_report.h"
#include "sim/run.h"

const char *llmsim_version(void)
{
    return version_program();
}

const char *llmsim_model_version(void)
{
    return version_model();
}

static enum status resolve(struct run_spec *spec, const struct llmsim_run_options *o, struct arena *arena, struct error *err)
{
    enum status st;

    if (!o->arch || !o->trace)
        return error_plain(err, STATUS_BAD_INPUT, "llmsim_run: arch and trace must be given");
    if (o->tensor_parallel < 0)
        return error_plain(err, STATUS_BAD_INPUT, "llmsim_run: tensor_parallel is %d, expected 1 or more", o->tensor_parallel);
    if ((st = arch_load(&spec->hw, o->arch, NULL, 0, arena, err)))
        return st;
    if (!o->stack && !spec->hw->default_stack)
        return error_plain(err, STATUS_BAD_INPUT, "%s names no default stack: give one", spec->hw->name);
    spec->layout.tp = o->tensor_parallel ? o->tensor_parallel : 1;
    spec->fidelity = o->fidelity ? o->fidelity : "cycle";
    spec->choice = o->best_mapping ? MAPPING_BEST : MAPPING_PICKED;
    if ((st = stack_load(&spec->stack, o->stack ? o->stack : spec->hw->default_stack, NULL, 0, arena, err)))
        return st;
    return recipe_parse(&spec->recipe, o->recipe ? o->recipe : spec->hw->default_recipe, (struct source_pos){ "recipe", 0, 0 }, err);
}

static enum status model_name(const char **out, const char *trace_path, struct arena *arena, struct error *err)
{
    struct trace *t;
    enum status st = trace_open(&t, trace_path, err);

    if (st)
        return st;
    *out = arena_strdup(arena, trace_model(t)->name);
    trace_close(t);
    return STATUS_OK;
}

static enum status to_json(char **json, const struct result *r, const struct run_spec *spec, const struct llmsim_run_options *o,
                           struct arena *arena, struct error *err)
{
    char recipe[512], layout[64], *text = NULL;
    struct report_head head = { .arch = spec->hw->name, .stack = spec->stack->name, .trace = path_name(o->trace),
                                .recipe = recipe, .layout = layout, .mapping = o->best_mapping ? "best" : "picked" };
    size_t bytes;
    enum status st = model_name(&head.model, o->trace, arena, err);
    FILE *out;

    if (st)
        return st;
    recipe_format(recipe, sizeof recipe, &spec->recipe);
    snprintf(layout, sizeof layout, "tp=%lld", (long long)spec->layout.tp);
    if (!(out = open_memstream(&text, &bytes)))
        return error_no_memory(err);
    st = report_run_json(out, r, &head, err);
    if (fclose(out) && !st)
        st = error_no_memory(err);
    if (st)
        free(text);
    else
        *json = text;
    return st;
}

int llmsim_run(const struct llmsim_run_options *options, char **json, char **message)
{
    struct arena arena = { 0 };
    struct error err = { 0 };
    struct run_spec spec = { 0 };
    struct result r = { 0 };
    enum status st = resolve(&spec, options, &arena, &err);

    *json = NULL;
    if (message)
        *message = NULL;
    if (!st)
        st = run(&r, &spec, options->trace, &arena, NULL, NULL, &err);
    if (!st) {
        energy_account(&r, spec.hw);
        st = to_json(json, &r, &spec, options, &arena, &err);
    }
    if (st && message)
        *message = strdup(err.message);
    arena_free(&arena);
    return (int)st;
}

void llmsim_free(char *text)
{
    free(text);
}
