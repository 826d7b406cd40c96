/* SPDX-License-Identifier: Apache-2.0 */
/* Names of datapaths and of the numbers at their ports. See datapath.h. */
#include "sim/datapath.h"

#include <stdio.h>
#include <string.h>

const char *const datapath_kinds[] = { "int_mul", "float_mul", "int_dot", "float_dot", "float_exact", "add_dot", "lut_dot", "lut_table", "lut_select", "float_add", NULL };

/* Decimal digits at *p, moved past them; -1: none, or more than four. */
static int digits(const char **p)
{
    int value = 0, count = 0;

    for (; **p >= '0' && **p <= '9'; (*p)++, count++)
        value = count < 4 ? value * 10 + (**p - '0') : value;
    return count >= 1 && count <= 4 ? value : -1;
}

static bool whole(struct datapath_number *n, const char *text, const char *prefix, enum number_kind kind, int most)
{
    size_t length = strlen(prefix);
    const char *p = text + length;

    if (strncmp(text, prefix, length) != 0)
        return false;
    *n = (struct datapath_number){ .kind = kind, .bits = digits(&p) };
    return *p == '\0' && n->bits >= 1 && n->bits <= most;
}

static bool floating(struct datapath_number *n, const char *text)
{
    const char *p = text + 1;

    if (*text != 'e')
        return false;
    *n = (struct datapath_number){ .kind = NUMBER_FLOAT, .e = digits(&p) };
    if (*p++ != 'm')
        return false;
    n->m = digits(&p);
    n->bits = 1 + n->e + n->m;
    return *p == '\0' && n->e >= 1 && n->e <= 15 && n->m >= 0 && n->m <= 112;
}

enum status datapath_number_parse(struct datapath_number *out, const char *text, struct source_pos at, struct error *err)
{
    *out = (struct datapath_number){ 0 };
    if (*text == '\0' || whole(out, text, "int", NUMBER_INT, 64) || whole(out, text, "fixed", NUMBER_FIXED, 4096) || floating(out, text))
        return STATUS_OK;
    const struct format *named = format_find(text);
    if (named != NULL && named->family == FORMAT_FLOAT) {
        *out = datapath_number_of(named);
        return STATUS_OK;
    }
    return error_set(err, STATUS_BAD_INPUT, at, "'%.40s' is no number of a datapath, expected intN, eXmY, fixedN or a format as fp16", text);
}

/* Name of the standard format with this exponent and mantissa: "fp16" for e5m10. NULL: none. */
static const char *float_name(struct datapath_number n)
{
    size_t count;
    const struct format *const *all = format_list(&count);

    for (size_t i = 0; i < count; i++)
        if (all[i]->family == FORMAT_FLOAT && all[i]->exponent_bits == n.e && all[i]->mantissa_bits == n.m)
            return all[i]->name;
    return NULL;
}

const char *datapath_number_text(char *out, size_t bytes, struct datapath_number n)
{
    switch (n.kind) {
    case NUMBER_NONE:  snprintf(out, bytes, "%s", ""); break;
    case NUMBER_INT:   snprintf(out, bytes, "int%d", n.bits); break;
    case NUMBER_FIXED: snprintf(out, bytes, "fixed%d", n.bits); break;
    case NUMBER_FLOAT:
        if (float_name(n) != NULL)
            snprintf(out, bytes, "%s", float_name(n));
        else
            snprintf(out, bytes, "e%dm%d", n.e, n.m);
        break;
    }
    return out;
}

struct datapath_number datapath_number_of(const struct format *f)
{
    if (f->family == FORMAT_FLOAT) /* tf32 is kept in 32 bits and computed in 19 */
        return (struct datapath_number){ .kind = NUMBER_FLOAT, .bits = 1 + f->exponent_bits + f->mantissa_bits, .e = f->exponent_bits, .m = f->mantissa_bits };
    return (struct datapath_number){ .kind = NUMBER_INT, .bits = f->bits };
}

bool datapath_number_equal(struct datapath_number a, struct datapath_number b)
{
    return a.kind == b.kind && a.bits == b.bits && a.e == b.e && a.m == b.m;
}

const char *datapath_text(char *out, size_t bytes, const struct datapath *d)
{
    char a[16], w[16], c[16], t[16];
    size_t n = (size_t)snprintf(out, bytes, "%s k%d %s", datapath_kinds[d->kind], d->k, datapath_number_text(a, sizeof a, d->activation));

    if (d->weight.kind != NUMBER_NONE && n < bytes)
        n += (size_t)snprintf(out + n, bytes - n, " x %s", datapath_number_text(w, sizeof w, d->weight));
    if (d->table.kind != NUMBER_NONE && n < bytes)
        n += (size_t)snprintf(out + n, bytes - n, ", %s table of %s", d->full ? "full" : "half", datapath_number_text(t, sizeof t, d->table));
    if (d->accumulator.kind != NUMBER_NONE && n < bytes)
        n += (size_t)snprintf(out + n, bytes - n, ", into %s", datapath_number_text(c, sizeof c, d->accumulator));
    if (d->planes > 1 && n < bytes)
        n += (size_t)snprintf(out + n, bytes - n, ", %d planes", d->planes);
    if (d->serial && n < bytes)
        snprintf(out + n, bytes - n, ", serial");
    return out;
}

double datapath_table_adds(int k)
{
    if (k <= 1)
        return 0;
    return (double)((int64_t)1 << (k - 1)) + datapath_table_adds(k / 2) + datapath_table_adds(k - k / 2);
}
