/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How a source of measurements timed: what its clock includes and in what state its device was. One YAML for each source in
 * validate/harness/. The model adds exactly what the harness says and nothing else; no other factor depends on the source.
 * docs/validation.md
 */
#ifndef LLMSIM_VALIDATE_HARNESS_H
#define LLMSIM_VALIDATE_HARNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/hardware.h"
#include "base/arena.h"
#include "base/error.h"

enum harness_cache {        /* of an operand when the timed kernel starts */
    HARNESS_COLD,           /* from DRAM */
    HARNESS_FRESH,          /* written by the operator just before: in L2 unless later writes have pushed it out */
    HARNESS_WARM,           /* the same buffers in every repeat: in L2 as far as all of them fit */
    HARNESS_ROTATING        /* `weight_copies` buffers in turn: cold where all copies together exceed L2, else warm */
};

enum { HARNESS_SYSTEMS_MAX = 16, HARNESS_CLOCKS_MAX = 16, HARNESS_OVERHEADS_MAX = 16, HARNESS_SENDER_CALLS_MAX = 64 };

/** Highest clock of a device under a source ("vidur": what stands before the colon), over boost; 80 % interval. */
struct harness_clock { const char *source, *device; double share, low, high; };
struct harness_clock_list { int64_t count; struct harness_clock *items; };
struct harness_overhead { const char *op; double s; const char *where; }; /* where: a device, generation or vendor; NULL: all others */
struct harness_system { const char *device, *system; };

/** `count` requests of `shape`, "128x2048". */
struct harness_requests { const char *shape; int64_t count; };

struct harness {
    const char *name;               /* "vidur" */
    const char *source;             /* pattern of the rows' `source` column (fnmatch); the longest that matches wins */
    const char *kinds;              /* blank-separated kinds it holds for; NULL: all */
    const char *stack;              /* software stack that ran: launch mode, catalogue */
    bool sustained;                 /* ran long enough for the power cap to act; else `burst` (sim/timing.h) */
    double operand_activity;        /* of the operands that were used (sim/timing.h); 1 unless said otherwise */
    bool real_operands;             /* long runs on real weights and activations: the device's power.real_operands, where it has one, stands for the above */
    enum harness_cache activations, weights, kv;
    int64_t replays;                /* not sustained: times the kernel runs back to back (timing_context.repeats); 0 = power never acts */
    int64_t weight_copies;          /* HARNESS_ROTATING */
    double sync_s;                  /* wall clock: launch call to return of the synchronisation, beside the kernel */
    bool leftover_piled;            /* skewed MoE rows: token copies that rounding leaves over went to the least loaded experts in their order, not around the ranks */
    bool quantizes_activations;     /* low-precision rows include abs-max and quantization kernels */
    bool kv_write, rope;            /* attention rows include these kernels */
    const char *fp8;                /* serving: recipe of rows whose dtype is "fp8"; NULL: the preset of that name */
    int64_t requests_count;         /* serving: requests of a run at maximum load, by "INxOUT" tokens */
    struct harness_requests requests[HARNESS_SYSTEMS_MAX];
    int64_t sender_calls;           /* send/receive: the sender was timed, its median over so many calls in a row; 0: until the bytes have arrived */
    const char *sender_reads;       /* generation of devices on which the library's receiver reads over the link, the sender fills a buffer of its own */
    int64_t sender_buffer_bytes;    /* that buffer */
    double sender_copy_share;       /* rate at which it is filled, in payload rates of the link */
    const char *sharding;           /* training: "none", "optimizer", "gradients", "full"; NULL: none */
    bool causal_flops;              /* training: reported FLOPs count the unmasked half of attention */
    bool overlap_gradients;         /* training: exchange of gradients beside the last backward pass */
    bool overlap_tensor;            /* training: tensor-parallel exchange in pieces beside products */
    const char *overlap_dispatch;   /* training: blank-separated patterns of "model@device" that exchange experts' tokens beside another micro-batch */
    bool sequence_parallel;         /* training: with tensor parallelism, always */
    int64_t systems_count;          /* training: the cluster on which a device was */
    struct harness_system systems[HARNESS_SYSTEMS_MAX];
    int64_t dies_count;             /* packages whose dies are devices of their own to software */
    struct harness_system dies[HARNESS_SYSTEMS_MAX]; /* system: the die; two each */
    int64_t stacks_count;           /* serving: software by device, generation or vendor, where it is not `stack` */
    struct harness_system stacks[HARNESS_SYSTEMS_MAX]; /* system: the stack */
    int64_t overheads_count;        /* wall clock: the framework's own CPU time a call, by operator; "any" for the rest */
    struct harness_overhead overheads[HARNESS_OVERHEADS_MAX];
    int64_t host_afters_count;      /* of that time, what runs beside the kernel: a call takes overhead + max(kernel, host_after) */
    struct harness_overhead host_afters[HARNESS_OVERHEADS_MAX];
    int64_t clocks_count;           /* of its source (validate/clocks.yaml): the one number that a source and a device may have fitted */
    struct harness_clock clocks[HARNESS_CLOCKS_MAX];
    const char *path;
};

struct harness_library { int64_t count; struct harness *items; };

/** One file. `path` and the arena must outlive it. */
enum status harness_read(struct harness *out, const char *path, struct arena *arena, struct error *err);
/** Every validate/harness/ *.yaml of the data directory. */
enum status harness_library_load(struct harness_library *out, struct arena *arena, struct error *err);
/** Does the library's receiver read over the link on this device, and was its sender timed? */
bool harness_sender_reads(const struct harness *h, const struct hardware *hw);
/** Does it hold for any source (`source: "*"`)? It is found when no other matches. */
bool harness_is_default(const struct harness *h);
/** Longest matching pattern whose kinds hold `kind`; NULL when none matches. */
const struct harness *harness_find(const struct harness_library *lib, const char *source, const char *kind);
/** What software sees of a package of several dies: name of one die, and how many the package has; the device itself and 1 otherwise. */
const char *harness_die(int64_t *dies, const struct harness *h, const char *device);
/** Activity of the operands on this device: timing_context.operand_activity. */
double harness_activity(const struct harness *h, const struct hardware *hw);
/** Stack that ran on this device: the entry for it, else for its generation, else for its vendor, else `stack`. */
const char *harness_stack(const struct harness *h, const struct hardware *hw);
/** Requests of a run at maximum load with prompts and answers of these lengths; 0: not known (the steady state). */
int64_t harness_requests(const struct harness *h, int64_t in_tokens, int64_t out_tokens);
/** System of this device under this harness; the device itself (one node) when none is named. */
const char *harness_system(const struct harness *h, const char *device);
/** Fitted share of boost for this device (its name, not an alias) under this harness, 0 when none. */
double harness_clock_share(const struct harness *h, const char *device);
/** Sets it for every harness of a source ("vidur"); texts must live as long as the library. */
enum status harness_clock_set(struct harness_library *lib, const char *source, const char *device, double share, struct error *err);
/** Forgets the clocks of every source. */
void harness_clocks_clear(struct harness_library *lib);
/** A file of clocks; an empty list when it is absent. */
enum status harness_clocks_read(struct harness_clock_list *out, const char *path, struct arena *arena, struct error *err);
/** What the wall clock holds beside the device's time for this operator; 0 for harnesses that time on the device. */
double harness_overhead_s(const struct harness *h, const char *op, const struct hardware *hw);

/** Host time after the launch under which the kernel runs, for this operator; 0 when not given. */
double harness_host_after_s(const struct harness *h, const char *op, const struct hardware *hw);

#endif
