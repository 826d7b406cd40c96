/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Arena: values with one lifetime, freed together. Zero-initialised (`struct arena a = {0}`) is a valid empty arena.
 * Allocations are zeroed and aligned to 16 bytes. Failure returns NULL (callers: `return error_no_memory(err)`).
 */
#ifndef LLMSIM_BASE_ARENA_H
#define LLMSIM_BASE_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_block *blocks, *current; /* private */
    size_t used_bytes;   /* handed out since the last reset */
    size_t limit_bytes;  /* 0 = no limit; above it allocation fails: the guard against alias and repeat bombs */
};

void *arena_alloc(struct arena *arena, size_t bytes);
/** count * size checked for overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t bytes);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Everything handed out becomes invalid; the memory is kept for reuse. */
void arena_reset(struct arena *arena);
/** Gives the memory back; the arena is empty and usable again. NULL is allowed. */
void arena_free(struct arena *arena);

#endif
