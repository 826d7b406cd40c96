/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long homogeneous stretches are not simulated to the end: a prefix is, at three lengths, and when the two steady rates between
 * them agree the rest is taken in a straight line.                                                   docs/cycle.md, 6
 *
 *   T(k) = T(k3) + (k - k3) r,   r = (T(k3) - T(k1)) / (k3 - k1)
 * checked by its two halves, r1 from k1 to k2 and r2 from k2 to k3:  |r2 - r1| / 2 x (k - k3) <= 1 % of T(k). Where they disagree
 * the lengths are doubled, up to the whole or to `longest`; what is left of the disagreement then stands in `error`, and the later rate
 * is taken.
 *
 * Policy class: what is measured at a length is given as a function.
 */
#ifndef LLMSIM_SIM_HW_EXTRAPOLATE_H
#define LLMSIM_SIM_HW_EXTRAPOLATE_H

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

namespace llmsim {

/// Figures of a run that grow linearly in the steady state; [0] is time and decides.
enum { measures = 20 };
using Measure = std::array<double, measures>;

struct Extrapolation {
    Measure value{};
    int64_t simulated = 0;      ///< longest length that was run
    double error = 0;           ///< |r2 - r1| / 2 (k - k3) / T(k): half of how far the two estimates are apart
    int runs = 0;
};

/// @param whole   length wanted, >= 1
/// @param shortest  first length to try
/// @param longest  length beyond which no run goes
/// @param tolerance  of `error`
Extrapolation extrapolate(const std::function<Measure(int64_t)> &run, int64_t whole, int64_t shortest, int64_t longest, double tolerance);

/// What a run over some waves of blocks gives: its figures, and when each wave began.
struct WaveRun {
    Measure value{};
    std::vector<int64_t> wave_start;
    int64_t blocks = 0;
};

struct WavePlan {
    int64_t whole = 0;         ///< waves wanted
    int64_t slots = 1;         ///< blocks of a wave
    double period = 1;         ///< waves after which the order of the grid repeats (panels); short ones are seen twice
    int64_t longest = 8;       ///< waves beyond which no run goes to meet the tolerance
    double tolerance = 0.01;   ///< of `error`; 0: everything is run
};

/// The same over waves, from one run: waves begin at a steady pace once the first few are through. `run(n)` simulates n whole waves
/// and the rest of the grid. Pace: from the second wave's start to the last one's, checked by its two halves, which are whole periods
/// where those are short. Halves that still disagree at `longest`: the later one counts.
Extrapolation extrapolate_waves(const std::function<WaveRun(int64_t)> &run, const WavePlan &plan);

}  // namespace llmsim

#endif
