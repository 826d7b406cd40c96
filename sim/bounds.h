/* SPDX-License-Identifier: Apache-2.0 */
/** Bounds as words, for closed forms: at_least(x, 1) reads better in an equation than a conditional. */
#ifndef LLMSIM_SIM_BOUNDS_H
#define LLMSIM_SIM_BOUNDS_H

#include <stdint.h>

static inline double at_least(double x, double low) { return x > low ? x : low; }
static inline double at_most(double x, double high) { return x < high ? x : high; }
static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

#endif
