/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Time of one kernel, with its breakdown. Three fidelities implement one function: roofline, analytic, cycle.
 *
 * Breakdown: parts_s[] sum to time_s. A part is the time that its cause adds on the critical path, given in the order of enum cause:
 * the busiest resource of the steady state gets the steady time, prologues and tails go to `stall`, launch gaps to `launch`.
 */
#ifndef LLMSIM_SIM_TIMING_H
#define LLMSIM_SIM_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/kernel.h"
#include "sim/mapping.h"

struct account;
struct fabric;

enum cause {
    CAUSE_MATRIX,   /* tensor core, LUT unit */
    CAUSE_VECTOR,   /* vector lanes and SFU: dequantization, softmax, epilogue, scales */
    CAUSE_SHARED,   /* shared memory, L1, LUT table and partial-sum ports */
    CAUSE_L2,
    CAUSE_DRAM,
    CAUSE_LINK,
    CAUSE_LAUNCH,   /* gaps, ramp, drain, host */
    CAUSE_STALL,    /* latency that nothing hides: pipeline fill, tail wave, dependency */
    CAUSES
};
const char *cause_name(enum cause cause); /* "matrix" ... */

enum level { LEVEL_REGISTER, LEVEL_SHARED, LEVEL_L2, LEVEL_LLC, LEVEL_DRAM, LEVEL_LINK, LEVELS };
const char *level_name(enum level level);

/** Countable events of one launch; costmodel/ turns them into joules. */
struct events {
    double fma;              /* logical multiply-adds on the matrix unit */
    const char *fma_op;      /* energy op of one unit operation; NULL none */
    double unit_ops;         /* of fma_op: fma x energy_ops_per_fma; padding of tiles counts energy.zero_operand of one each (sim/dynamic_energy.h) */
    double vector_ops, sfu_ops;
    double instructions;     /* warp instructions, estimate */
    double table_entries;    /* LUT: entries built */
    const char *entry_op;    /* energy op of one that a builder at the unit makes; NULL: vector operations make them */
};

struct timing {
    double time_s;                /* one launch, start to start of the next */
    double parts_s[CAUSES];
    enum cause bound;             /* largest part among matrix..link, launch, stall */
    double bytes[LEVELS];         /* moved at each level, one launch */
    double table_bytes, psum_bytes; /* LUT: read through the table port; partial sums through theirs (parts of LEVEL_SHARED/REGISTER) */
    double flops;                 /* logical */
    struct events events;
    double clock_hz;              /* sustained under the power cap */
    struct mapping mapping;       /* picked (or best) */
    double best_time_s;           /* of the best mapping, same fidelity analytic; 0 where there is no choice */
    double simulated_fraction;    /* cycle: share of the work that was simulated and not extrapolated; 1 for the others */
    int64_t simulated_events;
    double extrapolation_error;   /* cycle: share of time_s by which the extrapolated part may be off (half of what its two estimates differ by); 0 for the others */
};

/** What timing may depend on beside the kernel. */
struct timing_context {
    const struct hardware *hw;
    const struct stack *stack;
    enum mapping_choice choice;
    int64_t ranks;                /* tensor parallel */
    double clock_limit_hz;        /* 0: none; a locked clock (probe, claims) */
    double operand_activity;      /* dynamic energy with these operands over that with the ones the energies are for (few bits toggle: values near
                                   * zero of one magnitude); real weights and activations more. 0: 1. docs/clock.md */
    const struct fabric *fabric;  /* collectives: what joins the ranks (sim/collective.h), where it is not the device's own link; NULL: that */
    int64_t context_max;          /* longest context of the model, for which kernels reserve memory; 0: not known */
    struct account *account;      /* sim/account.h: where a closed form writes how it came to its time; NULL (the rule): nowhere */
    int64_t repeats;              /* burst: times the kernel runs back to back before the chip rests; 0: few enough that power never acts */
    bool burst;                   /* the chip works for less than power.time_constant_s at a time: the power cap has not acted yet,
                                   * and one kernel replayed alone finds its program in the instruction caches */
};

struct fidelity {
    const char *name, *summary;
    bool costly; /* simulates: replay asks for decode attention at sampled context lengths only, and interpolates (checked, under 1 %) */
    /** Time of one launch of `k`. STATUS_INFEASIBLE: no legal mapping. Pure: same arguments, same result. */
    enum status (*time)(struct timing *out, const struct kernel *k, const struct timing_context *ctx, struct error *err);
};

extern const struct fidelity fidelity_roofline, fidelity_analytic;
/** By name; "cycle" loads the SystemC module. Unknown: STATUS_BAD_INPUT with the nearest name. */
enum status fidelity_find(const struct fidelity **out, const char *name, struct error *err);

#endif
