/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Why one kernel takes as long as it does, in `analytic`: mapping and runners-up, waves, pipeline, traffic against peaks, clock, bound, and
 * what would make it faster. Pure: reads a kernel and its timing context, prints nothing. docs/explain.md
 */
#ifndef LLMSIM_SIM_EXPLAIN_H
#define LLMSIM_SIM_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "sim/account.h"
#include "sim/recipe.h"
#include "sim/run.h"
#include "sim/timing.h"

/** A legal mapping. GEMM: what the library's rule makes of it, over what it makes of the picked one (0: the kind has no rule). */
struct explain_mapping {
    const char *kernel;      /* name in the stack's catalogue */
    const char *text;        /* mapping_format() */
    double time_s, rule;
    bool picked;
};

/** How well blocks fill the chip. GEMM and attention; else blocks is 0. */
struct explain_waves {
    int64_t blocks, sms, blocks_per_sm, slots; /* slots = SMs x blocks of an SM */
    double waves;            /* blocks / slots */
    double wave_share;       /* waves / waves rounded up: share of slots that have work */
    double tile_share;       /* GEMM: m n / area of all tiles; attention 1 */
};

/** A resource over the whole launch: work, its peak rate at the launch's clock, and the time that work would take at that rate. */
struct explain_traffic {
    const char *name;        /* "DRAM", "matrix unit" */
    enum cause cause;
    double amount, peak_per_s, at_peak_s;
    const char *unit;        /* of amount: "B", "FLOP", "op" */
};

/** Relative change of the time for 10 % more of one value of the description (10 % less where it stands at its maximum, sign turned;
 *  whole numbers by at least one, scaled to 10 %). The library picks anew: `moved` when it then picks another mapping. */
struct explain_sensitivity {
    const char *path;        /* as `--set` takes it: "sm.count", "stack.launch.host" */
    double value, change;
    bool moved;
};

/** A neighbouring shape that makes better use of the chip. */
struct explain_shape {
    char dimension;          /* 'm', 'n' */
    int64_t size;
    double time_s;
    double rate;             /* work per second over the present one's; > 1 */
    const char *why;         /* "fills the last wave" */
};

struct explanation {
    const struct kernel *kernel;
    const struct hardware *hw;
    const struct stack *stack;
    struct timing timing;    /* analytic */
    struct account account;
    double roofline_s, highest_hz;
    enum cause roofline_bound;
    struct explain_waves waves;
    int64_t legal_count;     /* mappings; 0: nothing to choose */
    int64_t faster_count;    /* of them faster than the picked one */
    int64_t mappings_count, traffic_count, sensitivities_count, shapes_count;
    const struct explain_mapping *mappings;           /* all legal_count by time, but the picked one is among the first mappings_count */
    const struct explain_traffic *traffic;
    const struct explain_sensitivity *sensitivities;  /* by size; none without effect (under 1e-6) */
    const struct explain_shape *shapes;               /* best rate first */
};

/** `kernel` must outlive the result; what `out` points to lies in `arena`. STATUS_INFEASIBLE: no legal mapping. */
enum status explain_kernel(struct explanation *out, const struct kernel *kernel, const struct timing_context *ctx, struct arena *arena,
                           struct error *err);

/** A value of the description, and its relative change that would bring the time to the measured one (linear). */
struct explain_needed { const char *path; double value, change; };

enum { EXPLAIN_NEEDED_MAX = 6 };

struct explain_gap {
    double measured_s;
    const struct explain_mapping *closest;   /* legal mapping whose time is closest to it; NULL none */
    int64_t needed_count;
    const struct explain_needed *needed;     /* smallest change first; none over a half, none that moves the mapping */
};

/** What could make a kernel take measured_s > 0. Hints: each alone. */
enum status explain_gap(struct explain_gap *out, const struct explanation *e, double measured_s, struct arena *arena, struct error *err);

/* ---- where the kernel comes from ---- */

enum { EXPLAIN_ANY_PHASE = -1 };

/** The launch of a trace that stands for a role: of all with that role (and phase), the one whose launches take longest together. */
struct explain_found {
    const struct kernel *kernel;
    enum phase phase;
    int64_t step_line, iteration;  /* place in the trace; iteration of the step whose context lengths it has */
    int64_t launches;              /* of this (step, kernel): count x repeat */
    double launches_s, role_s, trace_s; /* of these launches, of the role (in the phase), of all kernels; host's waits left out */
};

/** STATUS_BAD_INPUT: no kernel has the role: the message lists those that there are, nearest first. `spec->fidelity` is not used. */
enum status explain_find(struct explain_found *out, const struct run_spec *spec, const char *trace_path, const char *role, int phase,
                         struct arena *arena, struct error *err);

/** A product of bare shape, in the recipe's formats; activations warm if they fit in L2, weights cold or warm. */
struct explain_gemm { int64_t m, n, k; bool warm_weights; };
enum status explain_gemm_kernel(const struct kernel **out, const struct explain_gemm *shape, const struct run_spec *spec, struct arena *arena,
                                struct error *err);

struct explain_attention { int64_t batch, q, kv, heads, kv_heads, head_dim; };
enum status explain_attention_kernel(const struct kernel **out, const struct explain_attention *shape, const struct run_spec *spec,
                                     struct arena *arena, struct error *err);

/* ---- private to sim/explain*.c ---- */

enum status explain_sensitivities(struct explanation *out, const struct timing_context *ctx, struct arena *arena, struct error *err);
enum status explain_shapes(struct explanation *out, const struct timing_context *ctx, struct arena *arena, struct error *err);

#endif
