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

double overlap_norm(const double *terms, int n, double p)
{
    double largest = 0.0, sum = 0.0;
    int squarings = 0;

    for (int i = 0; i < n; i++)
        if (terms[i] > largest)
            largest = terms[i];
    if (largest <= 0.0)
        return 0.0;
    while (squarings < 6 && (double)(1 << squarings) * 1.5 < p)
        squarings++;
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
    double share, floor;

    if (ctx->burst || dynamic_w <= budget_w || budget_w <= 0.0)
        return highest_hz;
    share = at_highest * budget_w / dynamic_w;
    floor = power->voltage_knee_hz > 0.0 ? relative_power(power, boost, power->voltage_knee_hz) : 0.0;
    if (share < floor)
        return power->voltage_knee_hz * share / floor;
    return boost * root_half(share, power->voltage_exponent);
}
