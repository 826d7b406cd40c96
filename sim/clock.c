/* SPDX-License-Identifier: Apache-2.0 */
/* Sustained clock under the power cap (sim/clock.h, docs/clock.md). */
#include "sim/clock.h"

#include <math.h>

double power_half(double x, double exponent)
{
    int halves = (int)(exponent * 2.0 + 0.5);
    double result = halves % 2 ? sqrt(x) : 1.0;

    for (int i = 0; i < halves / 2; i++)
        result *= x;
    return result;
}

double root_half(double x, double exponent)
{
    double low = 0.0, high = 1.0;

    if (x >= 1.0)
        return 1.0;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);

        if (power_half(middle, exponent) < x)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* p-norm for p a power of two, by products and square roots only. */
static double dyadic_norm(const double *terms, int n, double largest, int squarings)
{
    double sum = 0.0;

    for (int i = 0; i < n; i++) {
        double x = terms[i] / largest;

        for (int j = 0; j < squarings; j++)
            x *= x;
        sum += x;
    }
    for (int j = 0; j < squarings; j++)
        sum = sqrt(sum);
    return largest * sum;
}

double overlap_norm(const double *terms, int n, double p)
{
    double largest = 0.0, above, low;
    int squarings = 0;

    for (int i = 0; i < n; i++)
        if (terms[i] > largest)
            largest = terms[i];
    if (largest <= 0.0)
        return 0.0;
    while (squarings < 6 && (double)(2 << squarings) <= p)
        squarings++;
    low = dyadic_norm(terms, n, largest, squarings);
    above = p / (double)(1 << squarings) - 1.0; /* 0 at this power of two, 1 at the next */
    if (squarings == 6 || above <= 0.0)
        return low;
    return low + (dyadic_norm(terms, n, largest, squarings + 1) - low) * above;
}

double clock_highest_hz(const struct timing_context *ctx)
{
    double hz = ctx->hw->clock.boost_hz;

    return ctx->clock_limit_hz > 0.0 && ctx->clock_limit_hz < hz ? ctx->clock_limit_hz : hz;
}

/* Dynamic power relative to boost of a compute-bound kernel at clock f: f^x above the knee, straight to zero below. */
static double relative_power(const struct arch_power *power, double boost_hz, double hz)
{
    double knee = power->voltage_knee_hz;

    if (hz >= knee || knee <= 0.0)
        return power_half(hz / boost_hz, power->voltage_exponent);
    return power_half(knee / boost_hz, power->voltage_exponent) * hz / knee;
}

double clock_sustained_hz(const struct timing_context *ctx, double highest_hz, double energy_j, double time_s)
{
    const struct arch_power *power = &ctx->hw->power;
    double boost = ctx->hw->clock.boost_hz;
    double at_highest = relative_power(power, boost, highest_hz);
    double budget_w = power->tdp_w - power->idle_w;
    double voltage_share = at_highest * boost / highest_hz; /* (V/V_boost)^2 */
    double activity = ctx->operand_activity > 0.0 ? ctx->operand_activity : 1.0;
    double dynamic_w = activity * energy_j * voltage_share / time_s;
    double share, floor, sustained, ran;

    if ((ctx->burst && ctx->repeats <= 0) || dynamic_w <= budget_w || budget_w <= 0.0)
        return highest_hz;
    share = at_highest * budget_w / dynamic_w;
    floor = power->voltage_knee_hz > 0.0 ? relative_power(power, boost, power->voltage_knee_hz) : 0.0;
    sustained = share < floor ? power->voltage_knee_hz * share / floor : boost * root_half(share, power->voltage_exponent);
    if (!ctx->burst || power->time_constant_s <= 0.0)
        return sustained;
    /* mean over the run of a clock that falls from the highest with the controller's time constant: (1 - exp(-x)) / x, x = run / constant,
     * by its Pade approximant (within 4 %) */
    ran = (double)ctx->repeats * time_s / power->time_constant_s;
    return sustained + (highest_hz - sustained) / (1.0 + 0.5 * ran + ran * ran / (12.0 + 2.0 * ran));
}
