/* SPDX-License-Identifier: Apache-2.0 */
/* From a design's indices to the values of all names. See plan.h. */
#include "sweep/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/json.h"
#include "base/num.h"
#include "sweep/template.h"

int64_t plan_grid(const struct plan *plan)
{
    int64_t product = 1;

    for (int64_t d = 0; d < plan->dimensions_count; d++)
        if (!checked_mul_i64(&product, product, plan->dimensions[d].count) || product > (int64_t)1 << 62)
            return -1;
    return product;
}

static struct value look_up(void *context, size_t name)
{
    const struct value *values = context;
    struct value v = values[name];

    v.text = v.text ? v.text : "";
    return v;
}

/* Which dimensions are there, in order: a condition sees the values before it. */
static enum status assign_axes(struct value *values, bool *valid, const struct plan *plan, const int64_t *index, struct error *err)
{
    bool present[PLAN_NAMES_MAX] = { false }, decided[PLAN_NAMES_MAX] = { false };
    enum status st = STATUS_OK;

    for (int64_t i = 0; i < plan->names_count && !st; i++) {
        const struct plan_name *n = &plan->names[i];
        int64_t d = n->dimension;

        if (d < 0) {
            values[i] = n->derived ? (struct value){ 0 } : n->values[0];
            continue;
        }
        if (!decided[d]) {
            present[d] = decided[d] = true;
            if (plan->dimensions[d].when)
                st = expression_true(&present[d], plan->dimensions[d].when, look_up, values, err);
            *valid = *valid && (present[d] || index[d] == 0);
        }
        values[i] = present[d] ? n->values[index[d]] : (struct value){ 0 };
    }
    return st;
}

enum status plan_assign(struct value values[PLAN_NAMES_MAX], bool *valid, const struct plan *plan, const int64_t *index, struct arena *arena,
                        struct error *err)
{
    enum status st;

    *valid = true;
    memset(values, 0, (size_t)plan->names_count * sizeof *values);
    if ((st = assign_axes(values, valid, plan, index, err)) || !*valid)
        return st;
    for (int64_t i = 0; i < plan->names_count && !st; i++)
        if (plan->names[i].derived)
            st = template_value(&values[i], plan->names[i].derived, look_up, values, arena, err);
    for (int64_t i = 0; i < plan->constraints_count && !st && *valid; i++)
        st = expression_true(valid, plan->constraints[i], look_up, values, err);
    return st;
}

static void put_text(char **out, const char *text)
{
    *(*out)++ = '"';
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20) {
            static const char hex[] = "0123456789abcdef";
            memcpy(*out, "\\u00", 4);
            (*out)[4] = hex[(unsigned char)*c >> 4];
            (*out)[5] = hex[(unsigned char)*c & 15];
            *out += 6;
        } else {
            if (*c == '"' || *c == '\\')
                *(*out)++ = '\\';
            *(*out)++ = *c;
        }
    *(*out)++ = '"';
}

static void put_pair(char **out, const char *name, const struct value *v)
{
    char number[NUM_TEXT_MAX];

    if ((*out)[-1] != '{') {
        memcpy(*out, ", ", 2);
        *out += 2;
    }
    put_text(out, name);
    memcpy(*out, ": ", 2);
    *out += 2;
    if (!v->number) {
        put_text(out, v->text);
        return;
    }
    num_format_double(number, v->x);
    memcpy(*out, number, strlen(number));
    *out += strlen(number);
}

const char *plan_assignment(const struct plan *plan, const struct value *values, const char *fidelity, struct arena *arena)
{
    size_t room = 64;

    for (int64_t i = 0; i < plan->names_count; i++)
        room += 6 * (strlen(plan->names[i].name) + (values[i].text ? strlen(values[i].text) : 0)) + 16 + NUM_TEXT_MAX;
    char *text = arena_alloc(arena, room), *out = text;

    if (!text)
        return NULL;
    *out++ = '{';
    for (int64_t i = 0; i < plan->names_count; i++) {
        const struct plan_name *n = &plan->names[i];
        if (values[i].text && (n->dimension >= 0 || n->derived) && !(fidelity && n->target == TARGET_FIDELITY))
            put_pair(&out, n->name, &values[i]);
    }
    if (fidelity)
        put_pair(&out, "fidelity", &(struct value){ .text = fidelity });
    *out++ = '}';
    *out = '\0';
    return text;
}
