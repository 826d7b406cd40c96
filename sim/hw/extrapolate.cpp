/* SPDX-License-Identifier: Apache-2.0 */
/* Straight-line extrapolation with a checked rate. See extrapolate.h. */
#include "sim/hw/extrapolate.h"

#include <algorithm>
#include <cmath>

namespace llmsim {

Extrapolation extrapolate(const std::function<Measure(int64_t)> &run, int64_t whole, int64_t shortest, int64_t longest, double tolerance)
{
    Extrapolation out;
    int64_t k1 = std::max<int64_t>(shortest, 2), k2 = k1 + k1 / 2, k3 = 2 * k1;
    if (tolerance <= 0 || 2 * whole <= 9 * k1 + k1 / 2) {   // the three runs would cost as much
        out.value = run(whole);
        out.simulated = whole;
        out.runs = 1;
        return out;
    }
    Measure m1 = run(k1), m2 = run(k2), m3 = run(k3);
    out.runs = 3;
    for (;;) {
        const double rest = static_cast<double>(whole - k3);
        const double first = (m2[0] - m1[0]) / static_cast<double>(k2 - k1), second = (m3[0] - m2[0]) / static_cast<double>(k3 - k2);
        const double rate = (m3[0] - m1[0]) / static_cast<double>(k3 - k1);
        out.error = 0.5 * std::fabs(second - first) * rest / std::max(m3[0] + rest * rate, 1.0);
        if (out.error <= tolerance || k3 >= longest || k3 >= whole) {
            const bool steady = out.error <= tolerance;   // else the later rate
            const Measure &from = steady ? m1 : m2;
            for (size_t i = 0; i < measures; ++i)
                out.value[i] = m3[i] + rest * std::max(m3[i] - from[i], 0.0) / static_cast<double>(k3 - (steady ? k1 : k2));
            out.simulated = k3;
            return out;
        }
        k1 = k2, m1 = m2;
        k2 = k3, m2 = m3;
        k3 = std::min({2 * k3, whole, std::max(longest, k3 + 1)});
        m3 = run(k3);
        ++out.runs;
    }
}

/// Start of wave `at`, which may lie between two.
static double start_of(const WaveRun &r, double at)
{
    const auto i = std::min(static_cast<size_t>(std::max(at, 0.0)), r.wave_start.size() - 1), j = std::min(i + 1, r.wave_start.size() - 1);
    const double share = at - static_cast<double>(i);
    return static_cast<double>(r.wave_start[i]) + share * static_cast<double>(r.wave_start[j] - r.wave_start[i]);
}

/// Waves of a half of what lies behind the first wave: whole periods where two of them fit.
static double half_of(int64_t waves, double period)
{
    const double half = static_cast<double>(waves - 2) / 2;
    return period > 1 && period <= half ? std::floor(half / period) * period : half;
}

Extrapolation extrapolate_waves(const std::function<WaveRun(int64_t)> &run, const WavePlan &plan)
{
    enum { long_period = 8 };   // waves: with longer panels their beginnings weigh little
    Extrapolation out;
    const bool short_period = plan.period > 1 && plan.period <= long_period;
    const int64_t first = short_period ? static_cast<int64_t>(std::ceil(2 * plan.period)) + 2 : 4;
    for (int64_t waves = std::max<int64_t>(std::min(first, plan.longest), 4);; waves = std::min(2 * waves, std::max(plan.longest, waves + 1))) {
        const bool all = waves + 1 >= plan.whole || plan.tolerance <= 0;
        const WaveRun r = run(all ? plan.whole : waves);
        ++out.runs;
        out.value = r.value;
        out.simulated = all ? plan.whole : waves;
        out.error = 0;
        if (all)
            return out;
        // Two paces, each over half of what lies behind the first wave.
        const double half = half_of(waves, short_period ? plan.period : 1), end = static_cast<double>(waves - 1);
        const double late = (start_of(r, end) - start_of(r, end - half)) / half;
        const double early = (start_of(r, end - half) - start_of(r, end - 2 * half)) / half;
        const double rest = static_cast<double>(plan.whole - waves);
        out.error = 0.5 * std::fabs(late - early) * rest / std::max(r.value[0] + rest * late, 1.0);
        if (out.error > plan.tolerance && waves < plan.longest)
            continue;
        for (size_t i = 1; i < measures; ++i)
            out.value[i] += rest * r.value[i] * static_cast<double>(plan.slots) / static_cast<double>(std::max<int64_t>(r.blocks, 1));
        out.value[0] = r.value[0] + rest * late;
        return out;
    }
}

}  // namespace llmsim
