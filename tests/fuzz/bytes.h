/* SPDX-License-Identifier: Apache-2.0 */
/** The bytes of a fuzz target as a file, for readers that take a path. Lives in memory: no two targets running side by side meet. */
#ifndef LLMSIM_TESTS_FUZZ_BYTES_H
#define LLMSIM_TESTS_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes_file { int fd; char path[32]; };

static inline void require(int condition)
{
    if (!condition)
        abort();
}

static inline struct bytes_file bytes_open(const uint8_t *data, size_t size)
{
    struct bytes_file f = { .fd = memfd_create("fuzz", 0) };

    require(f.fd >= 0);
    for (size_t done = 0; done < size;) {
        ssize_t n = write(f.fd, data + done, size - done);

        require(n > 0);
        done += (size_t)n;
    }
    snprintf(f.path, sizeof f.path, "/proc/self/fd/%d", f.fd);
    return f;
}

/** Whatever the bytes: a status of those that input can cause, and with a bad one a message of one line. */
static inline void require_told(enum status st, const struct error *err)
{
    if (st != STATUS_OK)
        require((st == STATUS_BAD_INPUT || st == STATUS_INTERNAL || st == STATUS_INFEASIBLE) && err->message[0] != '\0' &&
                strchr(err->message, '\n') == NULL);
}

#endif
