/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A run: (hardware, stack, trace, recipe, layout, fidelity, model version) -> result. A pure function; its inputs hash to the key.
 * Time is integer picoseconds, so that sums are exact and independent of order. docs/replay.md
 */
#ifndef LLMSIM_SIM_RUN_H
#define LLMSIM_SIM_RUN_H

#include <signal.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/progress.h"
#include "sim/recipe.h"
#include "sim/timing.h"
#include "workloads/trace.h"

struct layout {
    int64_t tp;                    /* tensor parallel degree, 1.. */
};

struct run_spec {
    const struct hardware *hw;
    const struct stack *stack;
    struct recipe recipe;
    struct layout layout;
    const char *fidelity;
    enum mapping_choice choice;
};

/** All launches of one (phase, role, note) together; all devices do the same. */
struct breakdown_row {
    enum phase phase;
    const char *role, *note;
    const char *kind;              /* of its kernels: "gemm", "lut_gemm", "moe", "attention", "elementwise", "collective"; "host"; NULL in rows of old databases */
    int64_t count;                 /* launches */
    int64_t time_ps;               /* rows of all phases sum exactly to result.time_ps */
    int64_t parts_ps[CAUSES];      /* sum exactly to time_ps */
    enum cause bound;              /* largest part */
    double flops;
    double bytes[LEVELS];
    double table_bytes, psum_bytes;
    struct events events;          /* sums; fma_op of the row */
    int64_t best_time_ps;          /* if every kernel ran its best mapping */
    int64_t roofline_time_ps;      /* of the same launches at fidelity "roofline"; over time_ps: the share of the bound's peak that is achieved */
    char mapping[96];              /* of the longest kernel of the row */
    double simulated_fraction;     /* weighted by time */
    double extrapolation_error;    /* share of time_ps by which what was not simulated may be off: mean over launches, weighted by time */
    int64_t simulated_events;
    double voltage_scale;          /* energy of an on-chip operation over that at boost: (V/V_boost)^2, mean over the row's launches by their energy; 1 where the cap does not act */
};

struct phase_result {
    enum phase phase;
    int64_t steps, tokens;         /* iterations; tokens produced (decode) or taken in (prefill) */
    int64_t time_ps;
    double flops;
};

struct memory_use {                /* bytes on one device, at the peak of the run */
    int64_t weights, kv, activations, workspace, total, capacity;
};

struct result {
    struct hash128 key;
    const char *fidelity;
    int64_t devices;
    int64_t time_ps, ttft_ps, tpot_ps;   /* ttft: end of the first step that gives tokens; tpot: mean step time per sequence and token after the first */
    double tokens_per_s;           /* generated tokens over time */
    int64_t generated_tokens;
    int64_t phases_count; struct phase_result phases[3];
    int64_t rows_count; struct breakdown_row *rows; /* sorted: phase, then order of first appearance */
    struct memory_use memory;
    double simulated_fraction, extrapolation_error; /* over all rows, weighted by time */
    int64_t simulated_events;
    int64_t memo_hits, memo_misses;
    int64_t warnings_count; const char **warnings;
    /* filled by costmodel/energy.h */
    double energy_j, energy_static_j, energy_matrix_j, energy_vector_j, energy_onchip_j, energy_dram_j, energy_link_j;
    double average_power_w;        /* of one device */
};

/** Key of a run: hashes hardware, stack, recipe, layout, fidelity, choice, model version and the trace's content (read to its end). */
enum status run_key(struct hash128 *out, const struct run_spec *spec, const char *trace_path, struct error *err);

/**
 * Replays the trace. Memory that does not fit is STATUS_INFEASIBLE: the message names the binding constraint and the nearest design that fits.
 * @param stop  polled between steps; when set, STATUS_INTERRUPTED. May be NULL.
 * @param progress  may be NULL
 */
enum status run(struct result *out, const struct run_spec *spec, const char *trace_path, struct arena *arena,
                const volatile sig_atomic_t *stop, struct progress *progress, struct error *err);

/* ---- many runs ---- */

struct run_trace; /* handle: a trace in memory */
enum status run_trace_open(struct run_trace **out, const char *path, struct error *err);
struct hash128 run_trace_hash(const struct run_trace *t);
void run_trace_close(struct run_trace *t);

/**
 * Runs of one trace on one chip under one stack that differ in recipe and layout: a kernel that two of them share is timed once. Results
 * equal those of run(), bit for bit. `hw`, `stack` and `trace` must outlive the handle and its results.
 */
struct runner;
enum status runner_open(struct runner **out, const struct hardware *hw, const struct stack *stack, const struct run_trace *trace, const char *fidelity,
                        enum mapping_choice choice, struct error *err);
/** As run_key(). */
enum status runner_key(struct hash128 *out, const struct runner *r, const struct recipe *recipe, const struct layout *layout, struct error *err);
enum status runner_run(struct result *out, struct runner *r, const struct hash128 *key, const struct recipe *recipe, const struct layout *layout, struct arena *arena,
                       const volatile sig_atomic_t *stop, struct error *err);
/** What it may know of earlier runs, bytes; 32 MiB at first. Beyond it things are worked out anew. Results do not depend on it. */
void runner_limit(struct runner *r, size_t bytes);
void runner_close(struct runner *r);

#endif
