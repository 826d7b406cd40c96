/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The `cycle` fidelity: SystemC modules, behind a C interface. docs/cycle.md
 *
 * These are the entry points of a module (llmsim_cycle) that is loaded when a cycle run begins; their names are what a loader
 * looks up. Pure functions of their arguments; not thread safe (SystemC's kernel is one per process).
 */
#ifndef LLMSIM_SIM_HW_CYCLE_H
#define LLMSIM_SIM_HW_CYCLE_H

#ifdef __cplusplus
extern "C" {
#endif

#include "sim/timing.h"

/** `time` of struct fidelity. Same mapping and clock as `analytic`; time, breakdown and bytes from the simulation. Collectives and
 *  unfused attention have no modules: their closed form is given, with simulated_fraction 0. */
enum status llmsim_cycle_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx, struct error *err);
typedef enum status (*cycle_time_function)(struct timing *, const struct kernel *, const struct timing_context *, struct error *);

/** What a pointer chase and a read loop see at one footprint. */
struct cycle_probe {
    double latency_s;      /* one warp, dependent loads of one line each in random order */
    double bytes_per_s;    /* all SMs reading the footprint again and again */
};
enum { CYCLE_PROBE_LATENCY = 1, CYCLE_PROBE_BANDWIDTH = 2 };
/** @param what  which of the two are wanted, or-ed; the other is 0
 *  @param footprint_bytes  >= 4096. STATUS_INFEASIBLE when it exceeds the memory. */
enum status llmsim_cycle_probe(struct cycle_probe *out, const struct hardware *hw, int what, int64_t footprint_bytes, struct error *err);
typedef enum status (*cycle_probe_function)(struct cycle_probe *, const struct hardware *, int, int64_t, struct error *);

/** Sustained share of the peak that the bank model gives on the chip's own channels: sequential or random 64-byte reads. 0 where the
 *  description has no timings. */
double llmsim_cycle_dram_share(const struct hardware *hw, bool random, double write_share);

const char *llmsim_cycle_systemc_version(void);

#ifdef __cplusplus
}
#endif

#endif
