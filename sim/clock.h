/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Sustained clock under the power cap, and the small deterministic arithmetic that the timing models share.
 *
 * Board power while a kernel repeats:  P(f) = P_idle + (E_core (V(f)/V_boost)^2 + E_other) / t(f)    docs/clock.md, Eq. 1
 * with E_core the dynamic energy of one launch under the core's voltage, at boost, E_other that of memory and links, t(f) the launch's time.
 * Above the knee voltage follows frequency: (V/V_boost)^2 = (f/f_boost)^(x-1), x = power.voltage_exponent; below it stands still.  Eq. 2
 * At the cap f solves P(f) = TDP, with t(f) as the kernel's model gives it: what does not wait for the clock (memory, launches) does not stretch.
 * Left out: temperature, spread between boards, and the controller's transient (only "has acted" or "has not": `burst`).
 */
#ifndef LLMSIM_SIM_CLOCK_H
#define LLMSIM_SIM_CLOCK_H

#include "arch/hardware.h"
#include "sim/dynamic_energy.h"
#include "sim/timing.h"

/** Highest clock that the context allows: boost, or the locked clock below it. Hz. */
double clock_highest_hz(const struct timing_context *ctx);

/** Energy of a switching event on chip at a clock, over that at boost: (V/V_boost)^2, Eq. 2. 0 < share <= 1. */
double clock_voltage_share(const struct hardware *hw, double hz);

/** A kernel whose clock is sought: its energy, and its time from start to start of the next launch at a clock (s, > 0, falls or stands still with it). */
struct clock_load {
    struct dynamic_energy energy;  /* one launch, boost voltage */
    double (*time_s)(void *kernel, double hz);
    void *kernel;
};

/**
 * Clock that holds the power cap: board power comes out at most TDP and at least 0.998 of its dynamic part below it, where the cap acts at all.
 * @return Hz, 0 < f <= highest_hz
 */
double clock_sustained_hz(const struct timing_context *ctx, double highest_hz, const struct clock_load *load);

/**
 * A launch that another model timed at out->clock_hz (parts summed to time_s): moves its clock to where that launch holds the cap, and its time as
 * `load` stretches between the two clocks; launch gaps stand still. Second order in the difference of the two models.
 */
void clock_settle(struct timing *out, const struct timing_context *ctx, const struct clock_load *load);

/** x^e for e a multiple of 1/2, x > 0: products and square roots only, so that every host gives the same bytes. */
double power_half(double x, double exponent);
/** y with y^e = x, 0 < x <= 1, by bisection; same determinism. */
double root_half(double x, double exponent);

/** p-norm of n terms >= 0, p from 1 to 64, linear between powers of two: products and square roots only. docs/gemm.md, Eq. 4 */
double overlap_norm(const double *terms, int n, double p);

#endif
