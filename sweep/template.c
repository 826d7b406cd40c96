/* SPDX-License-Identifier: Apache-2.0 */
/* Derived values. See template.h. */
#include "sweep/template.h"

#include <string.h>

#include "base/num.h"

enum { PARTS_MAX = 16 };

struct part { const char *text; struct expression *value; }; /* one of the two */
struct value_template { size_t count; struct part parts[PARTS_MAX]; };

static enum status add(struct value_template *t, const char *text, size_t bytes, struct source_pos at, const struct names *names,
                       struct arena *arena, struct error *err)
{
    const char *copy = arena_strndup(arena, text, bytes);

    if (!copy)
        return error_no_memory(err);
    if (t->count == PARTS_MAX)
        return error_set(err, STATUS_BAD_INPUT, at, "more than %d parts in a derived value", PARTS_MAX);
    struct part *p = &t->parts[t->count++];
    if (names)
        return expression_parse(&p->value, copy, at, names, arena, err);
    p->text = copy;
    return STATUS_OK;
}

enum status template_parse(struct value_template **out, const char *text, struct source_pos at, const struct names *names, struct arena *arena,
                           struct error *err)
{
    struct value_template *t = arena_alloc(arena, sizeof *t);
    enum status st = t ? STATUS_OK : error_no_memory(err);

    for (const char *p = text; !st && *p;) {
        size_t plain = strcspn(p, "{");
        struct source_pos place = at;

        if (plain > 0)
            st = add(t, p, plain, at, NULL, arena, err);
        p += plain;
        if (st || !*p)
            continue;
        const char *end = strchr(p, '}');
        place.column += at.column > 0 ? (int)(p + 1 - text) : 0;
        if (!end)
            return error_set(err, STATUS_BAD_INPUT, place, "the expression that begins here does not end, expected }");
        st = add(t, p + 1, (size_t)(end - p - 1), place, names, arena, err);
        p = end + 1;
    }
    *out = t;
    return st;
}

enum status template_value(struct value *out, const struct value_template *t, expression_lookup *lookup, void *context, struct arena *arena,
                           struct error *err)
{
    const char *text = "";
    char number[NUM_TEXT_MAX];

    for (size_t i = 0; i < t->count; i++) {
        const char *part = t->parts[i].text;
        struct value v;
        if (!part) {
            enum status st = expression_value(&v, t->parts[i].value, lookup, context, err);
            if (st)
                return st;
            part = v.number ? num_format_double(number, v.x) : v.text;
        }
        text = arena_printf(arena, "%s%s", text, part);
        if (!text)
            return error_no_memory(err);
    }
    *out = value_of_text(text);
    return STATUS_OK;
}
