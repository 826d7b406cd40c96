/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Arena of a chain of blocks.
 *
 * Invariant: blocks before `current` are full or passed over, blocks after it are empty; `used` counts from the block's
 * start, and bytes at and above `dirty` are zeros. Ordinary blocks come as they are and are zeroed where they are handed out: recycled memory is then
 * touched only as far as it is used. Blocks for one great request come zeroed, so that what is never written takes no memory. A request that does not
 * fit in what is left of `current` goes to the next block when it fits there, else to a new one put in between.
 * Built with AddressSanitizer, what is not handed out is poisoned, and a red zone follows every allocation.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clocale.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
enum { RED_ZONE = 16 };
#define HIDE(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define SHOW(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
enum { RED_ZONE = 0 };
#define HIDE(p, n) ((void)(p), (void)(n))
#define SHOW(p, n) ((void)(p), (void)(n))
#endif

enum { ALIGN = 16, BLOCK_FIRST = 8 << 10, BLOCK_LARGEST = 256 << 10 };

struct arena_block {
    struct arena_block *next;
    size_t size, used, dirty; /* bytes of data */
    _Alignas(ALIGN) unsigned char data[];
};

static bool fits(const struct arena_block *b, size_t bytes)
{
    return b && b->size - b->used >= bytes;
}

/* Makes `current` a block with room for `bytes`; NULL when there is no memory. */
static struct arena_block *make_room(struct arena *a, size_t bytes)
{
    struct arena_block *b;
    size_t size = a->current ? 2 * a->current->size : BLOCK_FIRST;

    if (fits(a->current, bytes))
        return a->current;
    if (a->current && fits(a->current->next, bytes))
        return a->current = a->current->next;
    if (size > BLOCK_LARGEST)
        size = BLOCK_LARGEST;
    if (size < bytes)
        size = bytes;
    b = size > BLOCK_LARGEST ? calloc(1, sizeof *b + size) : malloc(sizeof *b + size);
    if (!b)
        return NULL;
    *b = (struct arena_block){ .size = size, .dirty = size > BLOCK_LARGEST ? 0 : size };
    HIDE(b->data, b->size);
    if (a->current) {
        b->next = a->current->next;
        a->current->next = b;
    } else {
        a->blocks = b;
    }
    return a->current = b;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    struct arena_block *b;
    unsigned char *p;
    size_t rounded, stale;

    if (bytes > PTRDIFF_MAX / 2)
        return NULL;
    rounded = (bytes ? bytes + ALIGN - 1 : ALIGN) / ALIGN * ALIGN;
    if (a->limit_bytes && (a->used_bytes > a->limit_bytes || rounded > a->limit_bytes - a->used_bytes))
        return NULL;
    b = make_room(a, rounded + RED_ZONE);
    if (!b)
        return NULL;
    p = b->data + b->used;
    SHOW(p, bytes);
    stale = b->dirty > b->used ? b->dirty - b->used : 0;
    if (stale > 0)
        memset(p, 0, stale < bytes ? stale : bytes);
    b->used += rounded + RED_ZONE;
    if (b->dirty < b->used)
        b->dirty = b->used;
    a->used_bytes += rounded;
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return arena_alloc(a, bytes);
}

char *arena_strndup(struct arena *a, const char *text, size_t bytes)
{
    size_t length = strnlen(text, bytes);
    char *copy = arena_alloc(a, length + 1);

    if (copy)
        memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    struct clocale locale = clocale_enter();
    char *text = NULL, brief[256]; /* most are: printed once, then copied */
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(brief, sizeof brief, format, args);
    va_end(args);
    if (length >= 0)
        text = arena_alloc(a, (size_t)length + 1);
    if (text && (size_t)length < sizeof brief) {
        memcpy(text, brief, (size_t)length + 1);
    } else if (text) {
        va_start(args, format);
        vsnprintf(text, (size_t)length + 1, format, args);
        va_end(args);
    }
    clocale_leave(locale);
    return text;
}

void arena_reset(struct arena *a)
{
    for (struct arena_block *b = a->blocks; b; b = b->next) {
        b->used = 0;
        HIDE(b->data, b->size);
    }
    a->current = a->blocks;
    a->used_bytes = 0;
}

void arena_free(struct arena *a)
{
    struct arena_block *next;

    if (!a)
        return;
    for (struct arena_block *b = a->blocks; b; b = next) {
        next = b->next;
        SHOW(b->data, b->size);
        free(b);
    }
    a->blocks = a->current = NULL;
    a->used_bytes = 0;
}
