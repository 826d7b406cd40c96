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
    if (2 * whole <= 9 * k1 + k1 / 2) {   // the three runs would cost as much
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
            for (size_t i = 0; i < measures; ++i)
                out.value[i] = m3[i] + rest * std::max(m3[i] - m1[i], 0.0) / static_cast<double>(k3 - k1);
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

Extrapolation extrapolate_waves(const std::function<WaveRun(int64_t)> &run, int64_t whole, int64_t slots, int64_t longest, double tolerance)
{
    Extrapolation out;
    for (int64_t waves = 4;; waves *= 2) {
        const bool all = waves + 1 >= whole;
        const WaveRun r = run(all ? whole : waves);
        ++out.runs;
        out.value = r.value;
        out.simulated = all ? whole : waves;
        out.error = 0;
        if (all)
            return out;
        // Two paces, each over half of what lies behind the first wave.
        const auto n = static_cast<size_t>(waves), middle = n / 2;
        const double late = static_cast<double>(r.wave_start[n - 1] - r.wave_start[middle]) / static_cast<double>(n - 1 - middle);
        const double early = static_cast<double>(r.wave_start[middle] - r.wave_start[1]) / static_cast<double>(middle - 1);
        const double pace = static_cast<double>(r.wave_start[n - 1] - r.wave_start[1]) / static_cast<double>(n - 2);
        const double rest = static_cast<double>(whole - waves), total = r.value[0] + rest * pace;
        out.error = 0.5 * std::fabs(late - early) * rest / std::max(total, 1.0);
        if (out.error > tolerance && waves < longest)
            continue;
        for (size_t i = 1; i < measures; ++i)
            out.value[i] += rest * r.value[i] * static_cast<double>(slots) / static_cast<double>(std::max<int64_t>(r.blocks, 1));
        out.value[0] = total;
        return out;
    }
}

}  // namespace llmsim
