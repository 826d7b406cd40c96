/* SPDX-License-Identifier: Apache-2.0 */
/* Overrides as the text that a run keeps of them (arch/arch.h). */
#include <string.h>

#include "arch/arch.h"

/* A setting ends at a blank before the next word that holds a "=": values may hold blanks. */
static size_t length_of(const char *text)
{
    const char *end = strchr(text, ' ');

    while (end && strcspn(end + 1, "=") >= strcspn(end + 1, " "))
        end = strchr(end + 1, ' ');
    return end ? (size_t)(end - text) : strlen(text);
}

enum status arch_overrides_read(struct arch_override *out, int64_t *count, int64_t room, const char *text, struct arena *arena, struct error *err)
{
    *count = 0;
    for (const char *at = text; at && *at && *count < room; at += *at == ' ') {
        size_t length = length_of(at), key = strcspn(at, "=");

        if (key < length) {
            struct arch_override *o = &out[(*count)++];

            o->key = arena_strndup(arena, at, key);
            o->value = arena_strndup(arena, at + key + 1, length - key - 1);
            if (!o->key || !o->value)
                return error_no_memory(err);
        }
        at += length;
    }
    return STATUS_OK;
}
