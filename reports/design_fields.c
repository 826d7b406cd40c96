/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of designs. See design_fields.h. */
#include "reports/design_fields.h"

#include <string.h>

static void add(struct design_fields *out, const char *item)
{
    if (item && *item && out->count < DESIGN_FIELDS_MAX)
        out->items[out->count++] = item;
}

static void add_parts(struct design_fields *out, const char *text, char separator, struct arena *arena)
{
    const char *end;

    for (; text && *text; text = end + (*end == separator)) {
        end = text;
        /* a value may hold the separator ("dram.bandwidth=3 TB/s l2.size=20 MiB"): what follows it is a field only with a '=' of its own */
        do
            end += *end == separator, end += strcspn(end, (char[]){ separator, '\0' });
        while (*end && (out->count + 1 == DESIGN_FIELDS_MAX || !memchr(end + 1, '=', strcspn(end + 1, (char[]){ separator, '\0' }))));
        add(out, arena_strndup(arena, text, (size_t)(end - text)));
    }
}

void design_fields(struct design_fields *out, const struct report_head *head, const char *fidelity, struct arena *arena)
{
    out->count = 0;
    add(out, head->arch);
    add(out, head->trace);
    add_parts(out, head->recipe, ',', arena);
    add_parts(out, head->layout, ',', arena);
    if (head->mapping && strcmp(head->mapping, "picked") != 0)
        add(out, arena_printf(arena, "mapping %s", head->mapping));
    if (head->stack)
        add(out, arena_printf(arena, "stack %s", head->stack));
    add(out, fidelity);
    add_parts(out, head->overrides, ' ', arena);
}

static bool has(const struct design_fields *design, const char *item)
{
    for (int i = 0; i < design->count; i++)
        if (strcmp(design->items[i], item) == 0)
            return true;
    return false;
}

bool design_fields_share(const struct design_fields *designs, int64_t count, const char *item)
{
    for (int64_t i = 0; i < count; i++)
        if (!has(&designs[i], item))
            return false;
    return true;
}
