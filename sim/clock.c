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

/* From above by Newton's steps, which is near; the last bits are settled by the caller. */
static double near_root(double x, double exponent)
{
    double root = 1.0;

    for (int i = 0; i < 12; i++) {
        double power = power_half(root, exponent), step = root * (power - x) / (exponent * power);

        root -= step;
        if (step < 1e-15)
            break;
    }
    return root;
}

/* The least number whose power is x or above (of small ones: to 2^-60): one for each x on every host. Powers never fall as numbers rise, rounding included. */
double root_half(double x, double exponent)
{
    const double few = 4.0 / 9007199254740992.0; /* numbers next to each other, where they are 2^-53 apart */
    double low = 0.0, high = 1.0, near = x > 0.0 && x < 1.0 ? near_root(x, exponent) : 1.0;

    if (near > 0.5 && near + few < 1.0) {
        low = power_half(near - few, exponent) < x ? near - few : low;
        high = power_half(near + few, exponent) >= x ? near + few : high;
    }
    if (x >= 1.0)
        return 1.0;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);

        if (middle <= low || middle >= high)
            break;
        *(power_half(middle, exponent) < x ? &low : &high) = middle;
    }
    return high;
}

/* p-norms for p = 2^squarings and for twice that, by products and square roots only. The search for kernels spends a third of its time here. */
static void dyadic_norms(double *low, double *high, const double *terms, int n, double largest, int squarings)
{
    double sum = 0.0, sum_high = 0.0;

    for (int i = 0; i < n; i++) {
        double x;

        if (terms[i] == 0.0)
            continue; /* many resources are idle */
        x = terms[i] / largest;
        for (int j = 0; j < squarings; j++)
            x *= x;
        sum += x;
        sum_high += x * x;
    }
    sum_high = sqrt(sum_high);
    for (int j = 0; j < squarings; j++) {
        sum = sqrt(sum);
        sum_high = sqrt(sum_high);
    }
    *low = largest * sum;
    *high = largest * sum_high;
}

double overlap_norm(const double *terms, int n, double p)
{
    double largest = 0.0, above, low, high;
    int squarings = 0;

    for (int i = 0; i < n; i++)
        if (terms[i] > largest)
            largest = terms[i];
    if (largest <= 0.0)
        return 0.0;
    while (squarings < 6 && (double)(2 << squarings) <= p)
        squarings++;
    dyadic_norms(&low, &high, terms, n, largest, squarings);
    above = p / (double)(1 << squarings) - 1.0; /* 0 at this power of two, 1 at the next */
    if (squarings == 6 || above <= 0.0)
        return low;
    return low + (high - low) * above;
}

double clock_highest_hz(const struct timing_context *ctx)
{
    double hz = ctx->hw->clock.boost_hz;

    return ctx->clock_limit_hz > 0.0 && ctx->clock_limit_hz < hz ? ctx->clock_limit_hz : hz;
}

double clock_voltage_share(const struct hardware *hw, double hz)
{
    double floor_hz = hz > hw->power.voltage_knee_hz ? hz : hw->power.voltage_knee_hz;

    if (!(hz > 0) || floor_hz >= hw->clock.boost_hz || hw->power.voltage_exponent <= 1)
        return 1;
    return power_half(floor_hz / hw->clock.boost_hz, hw->power.voltage_exponent - 1);
}

/* Dynamic power of the load at a clock. */
static double dynamic_w(const struct timing_context *ctx, const struct clock_load *load, double hz)
{
    double activity = ctx->operand_activity > 0.0 ? ctx->operand_activity : 1.0;
    double energy_j = dynamic_energy_core_j(&load->energy) * clock_voltage_share(ctx->hw, hz) + dynamic_energy_other_j(&load->energy);

    return activity * energy_j / load->time_s(load->kernel, hz);
}

/* Where the power of a load that is all core and all clock would be `share` of that at `hz`: a first guess. */
static double core_bound_hz(const struct hardware *hw, double hz, double share)
{
    double knee = hw->power.voltage_knee_hz, x = hw->power.voltage_exponent >= 1.0 ? hw->power.voltage_exponent : 1.0;
    double at_knee = knee > 0.0 && knee < hz ? power_half(knee / hz, x) : knee >= hz ? 1.0 : 0.0;

    return share < at_knee ? (knee < hz ? knee * share / at_knee : hz * share) : hz * root_half(share, x);
}

/* Power rises with the clock: a bracket [low, high] about the cap, narrowed by the chord between its ends, which are halved in weight when they stay
 * ("Illinois"); products and quotients only, so that every host gives the same bytes. Aims at the middle of the tolerance below the cap. */
static double capped_hz(const struct timing_context *ctx, const struct clock_load *load, double budget_w, double highest_hz, double highest_w)
{
    const double tolerance = 0.002;
    const int steps_max = 40;
    double aim_w = budget_w * (1.0 - 0.5 * tolerance), low = 0.0, below = -aim_w, high = highest_hz, above = highest_w - aim_w;
    double hz = core_bound_hz(ctx->hw, highest_hz, aim_w / highest_w);

    for (int i = 0; i < steps_max; i++) {
        double excess = dynamic_w(ctx, load, hz) - aim_w;

        if (fabs(excess) <= 0.5 * tolerance * budget_w)
            return hz;
        if (excess > 0.0) {
            high = hz;
            above = excess;
            below *= i > 0 ? 0.5 : 1.0;
        } else {
            low = hz;
            below = excess;
            above *= i > 0 ? 0.5 : 1.0;
        }
        hz = low - below * (high - low) / (above - below);
    }
    return low > 0.0 ? low : hz;
}

double clock_sustained_hz(const struct timing_context *ctx, double highest_hz, const struct clock_load *load)
{
    const struct arch_power *power = &ctx->hw->power;
    double budget_w = power->tdp_w - power->idle_w, highest_w, sustained, ran;

    if ((ctx->burst && ctx->repeats <= 0) || budget_w <= 0.0)
        return highest_hz;
    highest_w = dynamic_w(ctx, load, highest_hz);
    if (highest_w <= budget_w)
        return highest_hz;
    sustained = capped_hz(ctx, load, budget_w, highest_hz, highest_w);
    if (!ctx->burst || power->time_constant_s <= 0.0)
        return sustained;
    /* mean over the run of a clock that falls from the highest with the controller's time constant: (1 - exp(-x)) / x, x = run / constant,
     * by its Pade approximant (within 4 %) */
    ran = (double)ctx->repeats * load->time_s(load->kernel, highest_hz) / power->time_constant_s;
    return sustained + (highest_hz - sustained) / (1.0 + 0.5 * ran + ran * ran / (12.0 + 2.0 * ran));
}

struct other_model { const struct clock_load *load; double by; };

static double other_time_s(void *kernel, double hz)
{
    const struct other_model *m = kernel;

    return m->by * m->load->time_s(m->load->kernel, hz);
}

void clock_settle(struct timing *out, const struct timing_context *ctx, const struct clock_load *load)
{
    struct other_model other = { load, out->time_s / load->time_s(load->kernel, out->clock_hz) };
    struct clock_load its = { load->energy, other_time_s, &other };
    double hz = clock_sustained_hz(ctx, clock_highest_hz(ctx), &its), fixed_s = out->parts_s[CAUSE_LAUNCH], work_s = out->time_s - fixed_s;
    double by = work_s > 0.0 ? (other_time_s(&other, hz) - fixed_s) / work_s : 1.0;

    if (hz == out->clock_hz || by <= 0.0)
        return;
    out->clock_hz = hz;
    out->time_s = 0.0;
    for (int i = 0; i < CAUSES; i++) {
        out->parts_s[i] *= i == CAUSE_LAUNCH ? 1.0 : by;
        out->time_s += out->parts_s[i];
    }
}
