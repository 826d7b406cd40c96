/* SPDX-License-Identifier: Apache-2.0 */
/** Canonical hashing over XXH3 128 bits: every value is a tag byte and little-endian bytes, texts and bytes with their length. */
#include "base/hash.h"

#include <endian.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* What fits in the buffer is hashed in one go, which takes a third of the time of a stream; a longer one goes on as a stream. */
enum { BUFFER_BYTES = 4096 };

struct hasher {
    XXH3_state_t *state;
    bool streams;          /* the state holds all; the buffer is done with */
    size_t used;
    unsigned char buffer[BUFFER_BYTES];
};

enum tag { TAG_BYTES = 'b', TAG_TEXT = 't', TAG_NO_TEXT = 'n', TAG_I64 = 'i', TAG_DOUBLE = 'd' };

static void add(struct hasher *h, const void *data, size_t bytes)
{
    if (!h->streams && bytes <= sizeof h->buffer - h->used) {
        memcpy(h->buffer + h->used, data, bytes);
        h->used += bytes;
        return;
    }
    if (!h->streams) {
        XXH3_128bits_reset(h->state);
        XXH3_128bits_update(h->state, h->buffer, h->used);
        h->streams = true;
    }
    XXH3_128bits_update(h->state, data, bytes);
}

static void feed(struct hasher *h, enum tag tag, uint64_t value)
{
    unsigned char bytes[1 + sizeof value] = { (unsigned char)tag };

    value = htole64(value);
    memcpy(bytes + 1, &value, sizeof value);
    add(h, bytes, sizeof bytes);
}

struct hasher *hasher_open(void)
{
    struct hasher *h = malloc(sizeof *h);

    if (!h)
        return NULL;
    h->state = XXH3_createState();
    if (!h->state) {
        free(h);
        return NULL;
    }
    hasher_reset(h);
    return h;
}

void hasher_reset(struct hasher *h)
{
    h->streams = false;
    h->used = 0;
}

void hasher_bytes(struct hasher *h, const void *data, size_t bytes)
{
    feed(h, TAG_BYTES, bytes);
    if (bytes > 0)
        add(h, data, bytes);
}

void hasher_text(struct hasher *h, const char *text)
{
    size_t bytes = text ? strlen(text) : 0;

    feed(h, text ? TAG_TEXT : TAG_NO_TEXT, bytes);
    if (bytes > 0)
        add(h, text, bytes);
}

void hasher_i64(struct hasher *h, int64_t value)
{
    feed(h, TAG_I64, (uint64_t)value);
}

void hasher_double(struct hasher *h, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    if (value == 0.0)
        bits = 0; /* -0.0 too */
    if (value != value)
        bits = UINT64_C(0x7ff8000000000000); /* one NaN for all */
    feed(h, TAG_DOUBLE, bits);
}

struct hash128 hasher_value(const struct hasher *h)
{
    XXH128_hash_t hash = h->streams ? XXH3_128bits_digest(h->state) : XXH3_128bits(h->buffer, h->used);

    return (struct hash128){ .high = hash.high64, .low = hash.low64 };
}

void hasher_close(struct hasher *h)
{
    if (!h)
        return;
    XXH3_freeState(h->state);
    free(h);
}

const char *hash_format(char out[HASH_TEXT_MAX], struct hash128 hash)
{
    snprintf(out, HASH_TEXT_MAX, "%016llx%016llx", (unsigned long long)hash.high, (unsigned long long)hash.low);
    return out;
}
