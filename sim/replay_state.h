/* SPDX-License-Identifier: Apache-2.0 */
/* Private to sim/run.c and sim/replay_*.c: the state of one run, and what its parts call of one another. docs/replay.md */
#ifndef LLMSIM_SIM_REPLAY_STATE_H
#define LLMSIM_SIM_REPLAY_STATE_H

#include "sim/lower.h"
#include "sim/observe.h"
#include "sim/replay.h"
#include "sim/run.h"
#include "sim/step_source.h"

enum { WARNINGS_MAX = 32 };

/* What a row needs until the run is over, beside what it shows. */
struct row_state {
    const char *role, *note;          /* texts that the row was made for: the same pointers again are the same texts */
    uint64_t mark;                    /* of the texts: others have another, but for chance */
    int64_t longest_ps;               /* of its launches; -1: none yet */
    int64_t idle_ps;                  /* of the row's time: the device waits for the host, and the weights below do not count it */
    double fraction, error;           /* simulated fraction and extrapolation error, weighted by launches x ps */
    double core_j, scaled_core_j;     /* dynamic energy under the core's voltage, at boost and at the clocks that ran */
};

/* Launches of one kernel of a step in all iterations. Of a run after others they are added to their row at the end, or found there added (replay_sums.c). */
struct launched {
    const char *kind;                 /* as breakdown_row.kind */
    const struct timed_kernel *timed; /* NULL: attention */
    const struct attention_series *series;
    int64_t launches, iterations;     /* launches: of all iterations; of attention, of one */
};
struct launch_note { int64_t row; struct launched launched; };

struct replay {
    const struct run_spec *spec;
    const struct fidelity *fidelity;
    struct memo *memo;
    struct lower_context lower;
    struct lower_memo *lowered;       /* NULL: steps are lowered for this run alone */
    struct arena *arena;              /* of the result */
    struct arena scratch;             /* of one step */
    struct result *out;
    struct breakdown_row *rows;
    struct row_state *states;         /* of the rows */
    int64_t rows_count, rows_capacity;
    struct launch_note *notes;        /* launches that are not in their rows yet, in order; in the result's arena */
    int64_t notes_count, notes_capacity;
    const char *warnings[WARNINGS_MAX];
    int64_t warnings_count;
    __int128 token_time_ps;           /* sum over decode iterations of step time x sequences */
    int64_t decode_tokens;
    bool weights_seen;
    struct replay_watch *watch;       /* NULL: nobody observes the run */
    struct error *err;
};

/* ---- run_key.c ---- */

/* run_key(), and how many steps the trace has. */
/* Key from a spec and the hash of its trace. */
struct hash128 run_key_with(struct hasher *h, const struct run_spec *spec, struct hash128 trace);
enum status run_key_of(struct hash128 *out, const struct run_spec *spec, struct hash128 trace, struct error *err);
enum status run_key_and_steps(struct hash128 *out, int64_t *steps, const struct run_spec *spec, const char *trace_path, struct error *err);

/* ---- run.c ---- */

/* The replay itself: `out` holds key and memory already. */
enum status run_steps(struct result *out, const struct run_spec *spec, const struct fidelity *fidelity, struct memo *memo, struct step_source *source,
                      const struct run_observer *observer, struct arena *arena, const volatile sig_atomic_t *stop, struct progress *progress,
                      struct error *err);

/* ---- replay_rows.c: what the run has come to so far ---- */

/* Adds a warning once; NULL is none. */
void replay_warn(struct replay *r, const char *text);
enum status replay_too_long(struct replay *r);
/* Row of (phase, role, note), looked for at index `near` first, made when it is new; NULL: no memory (err is set). Moves the rows: keep indices, not pointers. */
struct breakdown_row *replay_row(struct replay *r, enum phase phase, const char *role, const char *note, int64_t near);
/* Is it the row that was made for these very texts? */
bool replay_row_made_for(const struct replay *r, int64_t row, const char *role, const char *note);
/* Adds `launches` of a time and its parts. */
enum status replay_row_time(struct replay *r, struct breakdown_row *row, int64_t launches, int64_t time_ps, const int64_t parts_ps[CAUSES],
                            int64_t best_ps, int64_t roofline_ps);
/* Kind of a row of such kernels; lives as long as the program. */
const char *replay_kind(const struct kernel *k, const struct timing *t);
/* Adds flops, bytes and events of `launches` launches, which may be a fraction; sets the kind. */
void replay_amounts_add(struct breakdown_row *row, double launches, const char *kind, const struct timing *t);
/* Adds all of the launches. `at`: time of launched->timed. */
enum status replay_row_launches(struct replay *r, struct breakdown_row *row, const struct launched *l, const struct ps_timing *at);
/* Time in which the device waits for the host. */
enum status replay_row_idle(struct replay *r, struct breakdown_row *row, int64_t idle_ps);
struct phase_result *replay_phase(struct result *out, enum phase phase);
/* Bounds, weighted means and order; moves the rows to the result. */
void replay_rows_finish(struct replay *r);

/* ---- replay_sums.c: rows whose launches were added up in a run before ---- */

/* Notes launches down, for replay_rows_sum(): timed kernels and series are told apart by their address, so the memo must keep them (memo_shared()). */
enum status replay_note_launches(struct replay *r, int64_t row, const struct launched *l);
/* Adds the launches that were noted to their rows: the same ones in the same order give the same sums, so that they are added once. */
enum status replay_rows_sum(struct replay *r);

/* ---- replay_launches.c: the kernels of a lowered step on one device ---- */

/* A kernel of the step, timed. */
struct timed {
    struct ps_timing at;              /* not attention */
    const struct attention_series *series; /* attention */
    int64_t hint, row;
};

enum status replay_time_kernels(struct replay *r, struct timed *timed, const struct lowered_step *low, int64_t iterations);
/* Adds all launches of all iterations to their rows, but for the host's waits. */
enum status replay_add_rows(struct replay *r, struct timed *timed, const struct lowered_step *low, enum phase phase, int64_t iterations);
/* Device time of a kernel in an iteration. */
int64_t replay_kernel_ps(struct timed *t, const struct kernel *k, int64_t iteration);
/* One iteration, launch by launch. Launched eagerly the device waits for the host: gives how long. Else only the observer needs it. */
enum status replay_launches(struct replay *r, struct timed *timed, const struct lowered_step *low, int64_t iteration, int64_t *waited_ps);

/* ---- replay_watch.c: what an observer is shown (sim/observe.h) ---- */

struct replay_watch {
    const struct run_observer *observer;
    const struct model_info *model;
    struct run_iteration iteration;
    struct breakdown_row *rows;       /* of the iteration, one a kernel of the step; in the scratch arena */
    int64_t at_ps;                    /* end of what was shown */
    bool unrolled;
};

/* Rows for `count` kernels of a step. */
enum status replay_watch_step(struct replay *r, int64_t count);
/* Iteration n of a step starts. The host's part comes first. */
enum status replay_watch_begin(struct replay *r, const struct step *s, struct timed *timed, const struct lowered_step *low, int64_t n, int64_t host_ps);
/* The device waits for idle_ps, then kernel i of the step runs. */
enum status replay_watch_launch(struct replay *r, int64_t i, int64_t layer, int64_t idle_ps);
enum status replay_watch_end(struct replay *r, int64_t time_ps);

/* ---- replay_step.c ---- */

enum status replay_step(struct replay *r, const struct step *s);

#endif
