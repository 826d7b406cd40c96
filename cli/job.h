/* SPDX-License-Identifier: Apache-2.0 */
/** What commands that replay a trace share: hardware, stack, recipe and layout from options, the trace's path, the terminal's style. */
#ifndef LLMSIM_CLI_JOB_H
#define LLMSIM_CLI_JOB_H

#include "arch/arch.h"
#include "cli/options.h"
#include "reports/run_report.h"
#include "sim/run.h"
#include "store/store.h"

enum { RECIPE_TEXT_MAX = 512 };

struct job_options {
    const char *recipe, *stack, *fidelity, *mapping;
    int64_t tp;
    struct text_list set;
};

extern const char *const job_fidelities[], *const job_mappings[];

/** Rows of an option table for the struct job_options inside the command's options; `member` is its name with a dot, or nothing. */
#define JOB_OPTIONS(type, member, fidelity_default)                                                                                          \
    { .name = "recipe", .letter = 'r', .kind = OPTION_TEXT, .offset = offsetof(type, member recipe), .value = "R",                            \
      .help = "number formats: w=int4g128,a=fp16,kv=fp8 or a name like fp8 (docs/recipes.md) [default: the hardware's, else fp16]" },         \
    { .name = "stack", .kind = OPTION_TEXT, .offset = offsetof(type, member stack), .value = "S",                                             \
      .help = "software stack: a name of arch/stacks/ or a path [default: the hardware's]" },                                                 \
    { .name = "tp", .kind = OPTION_I64, .offset = offsetof(type, member tp), .value = "N", .otherwise = "1", .min = 1, .max = 65536,          \
      .help = "tensor parallel degree: devices that share every layer" },                                                                     \
    { .name = "fidelity", .letter = 'f', .kind = OPTION_CHOICE, .offset = offsetof(type, member fidelity), .value = "F",                      \
      .otherwise = fidelity_default, .choices = job_fidelities, .help = "how operators are timed" },                                          \
    { .name = "mapping", .kind = OPTION_CHOICE, .offset = offsetof(type, member mapping), .value = "M", .otherwise = "picked",                \
      .choices = job_mappings, .help = "kernels as the library picks them, or the best legal ones" },                                         \
    { .name = "set", .kind = OPTION_LIST, .offset = offsetof(type, member set), .value = "a.b=v",                                             \
      .help = "changes a value of the hardware (or, as stack.a.b=v, of the stack); may be given often" }

/** Everything that a run needs, resolved. */
struct job {
    struct run_spec spec;
    struct run_inputs inputs;
    struct report_head head;
    const char *trace_path;
    char recipe[RECIPE_TEXT_MAX], layout[64];
};

/** Fills spec, recipe and layout. */
enum status job_load(struct job *job, const struct job_options *o, const char *arch_name, struct arena *arena, struct error *err);

/** "a.b=v" to the hardware, "stack.a.b=v" to the stack (stack NULL: refused). Room for all of `set` in each. */
enum status job_overrides_split(struct arch_override *arch, int64_t *arch_count, struct arch_override *stack, int64_t *stack_count,
                                const struct text_list *set, struct arena *arena, struct error *err);

/** A path, "-", or the name of a shipped trace: "workloads/llama70b.trace" or "llama70b" from any folder. STATUS_BAD_INPUT: neither, with the nearest name. */
enum status job_trace(const char **out, const char *name, struct arena *arena, struct error *err);

/** Names of the shipped traces, sorted; returns how many there are. */
enum { JOB_TRACES_MAX = 256 };
size_t job_shipped_traces(const char *names[JOB_TRACES_MAX], struct arena *arena);

/** The trace's name without its folder. */
const char *job_trace_name(const struct job *job);

/** What `--set` changed, separated by blanks; NULL: nothing (or no memory). */
const char *job_overrides(const struct job_options *o, struct arena *arena);

/** --db, else $LLMSIM_DB, else llmsim.db. */
const char *job_database(const char *given);

/** Seconds of a clock that only goes forward, for progress. */
double job_clock_s(void);

#endif
