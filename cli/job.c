/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs of a run from options (cli/job.h). */
#include "cli/job.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"

const char *const job_fidelities[] = { "roofline", "analytic", "cycle", NULL };
const char *const job_mappings[] = { "picked", "best", NULL };

/* "a.b=v" to the hardware, "stack.a.b=v" to the stack. */
enum status job_overrides_split(struct arch_override *arch, int64_t *arch_count, struct arch_override *stack, int64_t *stack_count,
                                   const struct text_list *set, struct arena *arena, struct error *err)
{
    for (int64_t i = 0; i < set->count; i++) {
        const char *text = set->items[i], *equals = strchr(text, '=');
        bool of_stack = strncmp(text, "stack.", 6) == 0;

        if (!equals || equals == text)
            return error_plain(err, STATUS_BAD_INPUT, "--set: found '%s', expected KEY=VALUE, as in dram.bandwidth=\"3 TB/s\"", text);
        if (of_stack)
            text += 6;
        struct arch_override o = { arena_strndup(arena, text, (size_t)(equals - text)), equals + 1 };
        if (!o.key)
            return error_no_memory(err);
        if (of_stack && !stack)
            return error_plain(err, STATUS_BAD_INPUT, "--set: '%s' is of the stack, which is the row's harness's", set->items[i]);
        if (of_stack)
            stack[(*stack_count)++] = o;
        else
            arch[(*arch_count)++] = o;
    }
    return STATUS_OK;
}

enum status job_load(struct job *job, const struct job_options *o, const char *arch_name, struct arena *arena, struct error *err)
{
    size_t room = (size_t)o->set.count + 1;
    struct arch_override *arch = arena_array(arena, room, sizeof *arch), *stack = arena_array(arena, room, sizeof *stack);
    int64_t arch_count = 0, stack_count = 0;
    struct run_spec *s = &job->spec;
    const char *recipe;
    enum status st;

    if (!arch || !stack)
        return error_no_memory(err);
    if ((st = job_overrides_split(arch, &arch_count, stack, &stack_count, &o->set, arena, err)) ||
        (st = arch_load(&s->hw, arch_name, arch, arch_count, arena, err)))
        return st;
    if (!o->stack && !s->hw->default_stack)
        return error_plain(err, STATUS_BAD_INPUT, "%s names no default stack: give one with --stack", s->hw->name);
    if ((st = stack_load(&s->stack, o->stack ? o->stack : s->hw->default_stack, stack, stack_count, arena, err)))
        return st;
    recipe = o->recipe ? o->recipe : s->hw->default_recipe;
    if ((st = recipe_parse(&s->recipe, recipe, (struct source_pos){ o->recipe ? "--recipe" : s->hw->path, 0, 0 }, err)))
        return st;
    s->layout.tp = o->tp;
    s->fidelity = o->fidelity;
    s->choice = strcmp(o->mapping, "best") == 0 ? MAPPING_BEST : MAPPING_PICKED;
    recipe_format(job->recipe, sizeof job->recipe, &s->recipe);
    snprintf(job->layout, sizeof job->layout, "tp=%lld", (long long)o->tp);
    return STATUS_OK;
}

const char *job_trace_name(const struct job *job)
{
    return path_name(job->trace_path);
}

const char *job_overrides(const struct job_options *o, struct arena *arena)
{
    const char *text = NULL;

    for (int64_t i = 0; i < o->set.count; i++)
        text = text ? arena_printf(arena, "%s %s", text, o->set.items[i]) : o->set.items[i];
    return text;
}

const char *job_database(const char *given)
{
    const char *from_environment = getenv("LLMSIM_DB");

    return given ? given : from_environment && *from_environment ? from_environment : "llmsim.db";
}

double job_clock_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
