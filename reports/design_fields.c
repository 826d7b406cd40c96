/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of designs. See design_fields.h. */
#include "reports/design_fields.h"

#include <string.h>

#include "arch/arch.h"

static void add(struct design_fields *out, const char *item)
{
    if (item && *item && out->count < DESIGN_FIELDS_MAX)
        out->items[out->count++] = item;
}

/* Of "w=int4g128,a=fp16". */
static void add_parts(struct design_fields *out, const char *text, struct arena *arena)
{
    for (; text && *text; text += strcspn(text, ","), text += *text == ',')
        add(out, arena_strndup(arena, text, strcspn(text, ",")));
}

static void add_changes(struct design_fields *out, const char *text, struct arena *arena)
{
    struct arch_override changes[DESIGN_FIELDS_MAX];
    struct error unknown;
    int64_t count;

    arch_overrides_read(changes, &count, DESIGN_FIELDS_MAX, text, arena, &unknown);
    for (int64_t i = 0; i < count; i++)
        add(out, arena_printf(arena, "%s=%s", changes[i].key, changes[i].value));
}

void design_fields(struct design_fields *out, const struct report_head *head, const char *fidelity, struct arena *arena)
{
    out->count = 0;
    add(out, head->arch);
    add(out, head->trace);
    add_parts(out, head->recipe, arena);
    add_parts(out, head->layout, arena);
    if (head->mapping && strcmp(head->mapping, "picked") != 0)
        add(out, arena_printf(arena, "mapping %s", head->mapping));
    if (head->stack)
        add(out, arena_printf(arena, "stack %s", head->stack));
    add(out, fidelity);
    add_changes(out, head->overrides, arena);
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
