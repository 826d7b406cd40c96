/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Status codes and errors that say where.
 *
 * Every fallible function returns `enum status` and, on failure, fills a `struct error` that the caller owns.
 * The function that knows most writes the message; those above pass it up untouched. Nothing here prints.
 * The values of `enum status` are the exit codes of the `llmsim` command.
 */
#ifndef LLMSIM_BASE_ERROR_H
#define LLMSIM_BASE_ERROR_H

enum status {
    STATUS_OK = 0,
    STATUS_INTERNAL = 1,      /* our mistake, or the machine's (no memory, disk full) */
    STATUS_BAD_INPUT = 2,     /* bad usage or input */
    STATUS_INFEASIBLE = 3,    /* the design does not fit, or no legal mapping */
    STATUS_TOLERANCE = 4,     /* a tolerance that the user asked for was exceeded */
    STATUS_PARTIAL = 5,       /* stopped early, can be resumed */
    STATUS_INTERRUPTED = 130, /* SIGINT */
};

/** A place in a text input. line and column count from 1; 0 = unknown. `file` is borrowed (an arena keeps it). */
struct source_pos {
    const char *file;
    int line, column;
};

enum { ERROR_MESSAGE_MAX = 1024 };

struct error {
    enum status status;
    char message[ERROR_MESSAGE_MAX]; /* "file:line:column: text", or "text" where there is no place; no newline */
};

/** Fills `err` (may be NULL) and returns `status`, so that `return error_set(...)` reads well.
 *  Control bytes in arguments are shown as \xNN. An over-long message is cut and ends in "...". */
enum status error_set(struct error *err, enum status status, struct source_pos at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** The same without a place. */
enum status error_plain(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** "out of memory", STATUS_INTERNAL. */
enum status error_no_memory(struct error *err);

#endif
