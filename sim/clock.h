/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Sustained clock under the power cap, and the small deterministic arithmetic that the timing models share.
 *
 * Board power while a kernel repeats:  P(f) = P_idle + E (V(f)/V_boost)^2 / t(f)                     docs/clock.md, Eq. 1
 * with E the dynamic energy of one launch at the boost voltage. Above the knee voltage follows frequency, so that for
 * a compute-bound kernel (t ~ 1/f) dynamic power goes as f^x, x = power.voltage_exponent; below the knee as f.
 * At the cap:  f = f_boost ((TDP - P_idle) / (P(f_boost) - P_idle))^(1/x).                            Eq. 2
 * Left out: temperature, spread between boards, and the controller's transient (only "has acted" or "has not": `burst`).
 */
#ifndef LLMSIM_SIM_CLOCK_H
#define LLMSIM_SIM_CLOCK_H

#include "arch/hardware.h"
#include "sim/timing.h"

/** Highest clock that the context allows: boost, or the locked clock below it. Hz. */
double clock_highest_hz(const struct timing_context *ctx);

/**
 * Clock that holds the power cap.
 * @param energy_j  dynamic energy of one launch at boost voltage, >= 0
 * @param time_s    time of one launch at `highest_hz`, > 0
 * @return Hz, 0 < f <= highest_hz
 */
double clock_sustained_hz(const struct timing_context *ctx, double highest_hz, double energy_j, double time_s);

/** x^e for e a multiple of 1/2, x > 0: products and square roots only, so that every host gives the same bytes. */
double power_half(double x, double exponent);
/** y with y^e = x, 0 < x <= 1, by bisection; same determinism. */
double root_half(double x, double exponent);

/** p-norm of n terms >= 0, p from 1 to 64, linear between powers of two: products and square roots only. docs/gemm.md, Eq. 4 */
double overlap_norm(const double *terms, int n, double p);

#endif
