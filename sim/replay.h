/* SPDX-License-Identifier: Apache-2.0 */
/* Private to sim/run.c, sim/replay*.c: times in integer picoseconds, the memo of timed kernels, decode attention over iterations. */
#ifndef LLMSIM_SIM_REPLAY_H
#define LLMSIM_SIM_REPLAY_H

#include "sim/run.h"
#include "sim/timing.h"

/* A timing whose parts are integers that sum exactly to time_ps. */
struct ps_timing {
    int64_t time_ps, best_ps, roofline_ps;
    int64_t parts_ps[CAUSES];
    const struct timing *timing;
    const struct timed_kernel *timed;
};

struct memo_mark; /* the memo's */

struct timed_kernel {
    struct timing timing;
    double roofline_s;
    double core_j, voltage_share; /* dynamic energy of a launch under the core's voltage, at boost; its share at the clock that ran */
    char mapping[96];             /* of products and attention, as text */
    struct memo_mark *mark;       /* which run asked for it last */
};

/** Rounds each part and gives what rounding left to the largest. STATUS_INTERNAL: the fidelity gave a time that is no number. */
enum status ps_from_timing(struct ps_timing *out, const struct timed_kernel *t, const char *role, struct error *err);

struct attention_series;
struct memo; /* handle */
struct memo *memo_open(const struct fidelity *fidelity, const struct timing_context *ctx); /* NULL: no memory */
void memo_close(struct memo *m);
/** Begins another run: what is timed already stays, hits and misses are counted as if it were not. */
void memo_begin(struct memo *m);
/** Has another run been before this one? Then series are kept, and sums may be. */
bool memo_shared(const struct memo *m);
/** Times the kernel, also by roofline, or finds it timed already. *out is borrowed from the memo. Collectives are timed by sim/collective.h at every fidelity. */
enum status memo_time(const struct timed_kernel **out, struct memo *m, const struct kernel *k, struct error *err);
/** A kernel that was found before is launched again, without asking. */
void memo_again(struct memo *m, const struct timed_kernel *t);
void memo_counts(int64_t *hits, int64_t *misses, const struct memo *m);
/** Bytes that the memo holds. */
size_t memo_bytes(const struct memo *m);

/* Attention of a repeated step: a timing for each sampled iteration; between two samples time is linear. */
struct attention_series {
    int64_t count, *iteration;     /* sampled, ascending; first 0, last repeat - 1 */
    struct ps_timing *at;          /* of those */
    double simulated_fraction;
    int64_t sum_ps, sum_parts_ps[CAUSES]; /* over all iterations; 0: not summed, or beyond 64 bits */
    double error;                  /* share by which an iteration between samples may be off: largest of the accepted intervals */
};

/** A series that the memo keeps, by the kernel of its first iteration, whose launches are counted again; NULL: none yet. */
const struct attention_series *memo_series(struct hash128 *key, struct memo *m, const struct kernel *k, int64_t repeat, bool sample);
/** Puts a copy that the memo keeps under its key in the place of a series, if many runs use the memo. */
enum status memo_keep_series(const struct attention_series **series, struct memo *m, struct hash128 key, struct error *err);

/** What the memo keeps under a key for its user (`bytes` of it copied); NULL: nothing yet. */
const void *memo_sum(const struct memo *m, struct hash128 key);
enum status memo_keep_sum(struct memo *m, struct hash128 key, const void *sum, size_t bytes, struct error *err);
/** The memo's hasher, for keys of memo_sum(). */
struct hasher *memo_hasher(struct memo *m);

/** Times iterations 0 .. repeat - 1 of kernel `k` (its groups grow by q each). All of them where the fidelity is cheap, else sampled:
 *  ends first, then halves, until each midpoint lies within 1 % of the line through its neighbours (docs/replay.md). *out is the memo's, or lives
 *  in the arena. */
enum status attention_series_time(const struct attention_series **out, struct memo *m, const struct kernel *k, int64_t repeat, bool sample,
                                  struct arena *arena, struct error *err);

/** Time of one iteration, by integer interpolation; parts sum to it. `hint`: segment to start from, kept by the caller (0 at first). */
void attention_series_at(int64_t *time_ps, int64_t parts_ps[CAUSES], const struct attention_series *s, int64_t iteration, int64_t *hint);
/** Weight of sample i in a sum over all iterations (its hat function): sums of bytes and events. */
double attention_series_weight(const struct attention_series *s, int64_t i);

/* Host: eager launches. A queue that the host fills at one launch each host_ps; the device waits for it where it is ahead. */
struct host_queue { int64_t host_ps, device_ps, launch_ps; };
/** Device idle time before a kernel of `time_ps`. */
int64_t host_queue_launch(struct host_queue *q, int64_t time_ps);

#endif
