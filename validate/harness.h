/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How a source of measurements timed: what its clock includes and in what state its device was. One YAML for each source in
 * validate/harness/. The model adds exactly what the harness says and nothing else; no other factor depends on the source.
 */
#ifndef LLMSIM_VALIDATE_HARNESS_H
#define LLMSIM_VALIDATE_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum harness_cache {        /* of an operand when the timed kernel starts */
    HARNESS_COLD,           /* from DRAM */
    HARNESS_WARM,           /* in L2 as far as it fits beside the kernel's other operands */
    HARNESS_ROTATING        /* `copies` buffers in turn: cold where all copies together exceed L2, else warm */
};

struct harness {
    const char *name;               /* "vidur" */
    const char *source;             /* prefix of the rows' `source` column; the longest match wins */
    const char *kinds;              /* blank-separated kinds it holds for; empty = all */
    const char *stack;              /* software stack that ran: launch mode, catalogue */
    bool sustained;                 /* ran long enough for the power cap to act; else `burst` (sim/timing.h) */
    enum harness_cache activations, weights, kv;
    int64_t weight_copies;
    double sync_s;                  /* wall clock: launch call to return of the synchronisation, beside the kernel */
    double framework_s;             /* wall clock: the framework's own CPU time a call */
    double resolution_s;            /* times are rounded to this; 0 = not */
    bool quantizes_activations;     /* low-precision rows include abs-max and quantization kernels */
    /* clock under this harness as a share of boost, by device: the one number a source and a device may have fitted */
    int64_t clocks_count;
    struct { const char *device; double share; } clocks[16];
};

struct harness_library;
enum status harness_library_load(struct harness_library **out, struct arena *arena, struct error *err);
/** Longest matching source prefix whose kinds hold `kind`; NULL when none matches (kernel durations of a sustained run are assumed). */
const struct harness *harness_find(const struct harness_library *lib, const char *source, const char *kind);
/** Fitted share of boost for this device under this harness, 1 when none. */
double harness_clock_share(const struct harness *h, const char *device);

#endif
