/* SPDX-License-Identifier: Apache-2.0 */
/** Batch queues: a job array of slices of a sweep, then a merge job that waits until all of them have ended, well or not. */
#ifndef LLMSIM_SWEEP_QUEUE_H
#define LLMSIM_SWEEP_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct queue_job {
    const char *name;                 /* letters, digits, '.', '_' and '-', a letter first: what every queue takes */
    const char *program, *file, *database, *folder; /* absolute paths; folder: of shards, scripts and logs */
    const char *sweep;                /* tells its shards from those of another sweep, or of this file before it was changed: digits of its hash */
    const int64_t *slices;            /* slices of `of` that are to be computed, ascending; the array has count tasks */
    int64_t count, of, concurrent, minutes, memory_mib; /* concurrent 0: no limit */
    bool detail;
    const char *options;              /* for the queue: "--partition=long", or NULL */
};

struct queue_type {
    const char *name, *submit, *index_variable;  /* command that takes the script; the task's index, as in the shell's arithmetic */
    int64_t first_index;
    void (*array_head)(FILE *out, const struct queue_type *q, const struct queue_job *job);
    void (*merge_head)(FILE *out, const struct queue_type *q, const struct queue_job *job, const char *array_id);
    const char *input;                /* "<" where the command reads the script from standard input, else "" */
};

/** Sorted by name; ends with NULL. */
extern const struct queue_type *const queues[];
enum status queue_find(const struct queue_type **out, const char *name, struct error *err);
/** STATUS_BAD_INPUT: a folder that a directive cannot name. */
enum status queue_check(const struct queue_job *job, struct error *err);
/** The two scripts. array_id: what the queue calls the array; NULL: a mark that stands for it. */
void queue_print_array(FILE *out, const struct queue_type *q, const struct queue_job *job);
void queue_print_merge(FILE *out, const struct queue_type *q, const struct queue_job *job, const char *array_id);
/** Writes the scripts into job->folder and submits them. */
enum status queue_submit(const struct queue_type *q, const struct queue_job *job, struct error *err);

#endif
