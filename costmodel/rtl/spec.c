/* SPDX-License-Identifier: Apache-2.0 */
/* From words to a checked spec, its name, its module. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "costmodel/rtl/parts.h"

enum { NAMES_MAX = 256 };

static void *field(struct rtl_spec *s, const struct rtl_param *p)
{
    return (char *)s + p->offset;
}

/* "; nearest is 'x'" or "; one of x, y, z". */
static const char *hint(char *out, size_t bytes, const char *given, const char *const *names, size_t count)
{
    const char *near = nearest_name(given, names, count);
    size_t at = 0;

    if (near != NULL) {
        snprintf(out, bytes, "nearest is '%s'", near);
        return out;
    }
    for (size_t i = 0; i < count && at < bytes; i++)
        at += (size_t)snprintf(out + at, bytes - at, "%s%s", i == 0 ? "expected one of " : ", ", names[i]);
    return out;
}

static enum status set_format(struct rtl_spec *s, const struct rtl_param *p, const char *value, struct source_pos at, struct error *err)
{
    const struct format *f = format_find(value), *const *all;
    const char *names[NAMES_MAX];
    char text[512];
    size_t count, n = 0;

    if (strcmp(value, "none") == 0 && strcmp(p->otherwise, "none") == 0)
        f = NULL;
    else if (f == NULL) {
        all = format_list(&count);
        for (size_t i = 0; i < count; i++)
            names[n++] = all[i]->name;
        return error_set(err, STATUS_BAD_INPUT, at, "%s=%s: unknown format; %s", p->key, value, hint(text, sizeof text, value, names, n));
    }
    memcpy(field(s, p), &f, sizeof f);
    return STATUS_OK;
}

static enum status set_count(struct rtl_spec *s, const struct rtl_param *p, const char *value, struct source_pos at, struct error *err)
{
    char *end;
    long long n = strtoll(value, &end, 10);
    int64_t stored = n;

    if (end == value || *end != '\0' || !isdigit((unsigned char)*value) || n < p->min || n > p->max)
        return error_set(err, STATUS_BAD_INPUT, at, "%s=%s, expected an integer from %lld to %lld (%s)", p->key, value, (long long)p->min, (long long)p->max, p->doc);
    memcpy(field(s, p), &stored, sizeof stored);
    return STATUS_OK;
}

static enum status set_choice(struct rtl_spec *s, const struct rtl_param *p, const char *value, struct source_pos at, struct error *err)
{
    size_t n = 0;
    char text[512];

    for (; p->choices[n] != NULL; n++)
        if (strcmp(p->choices[n], value) == 0) {
            if (p->offset == offsetof(struct rtl_spec, tree))
                s->tree = (enum rtl_tree)n;
            else
                *(bool *)field(s, p) = n == 1;
            return STATUS_OK;
        }
    return error_set(err, STATUS_BAD_INPUT, at, "%s=%s: unknown word; %s", p->key, value, hint(text, sizeof text, value, p->choices, n));
}

static enum status set(struct rtl_spec *s, const struct rtl_param *p, const char *value, struct source_pos at, struct error *err)
{
    switch (p->kind) {
    case RTL_FORMAT: return set_format(s, p, value, at, err);
    case RTL_COUNT: return set_count(s, p, value, at, err);
    case RTL_CHOICE: return set_choice(s, p, value, at, err);
    }
    return STATUS_INTERNAL;
}

static enum status set_word(struct rtl_spec *s, const char *word, struct source_pos at, struct error *err)
{
    const char *keys[NAMES_MAX], *equals = strchr(word, '=');
    char key[64], text[512];
    size_t n = 0;

    if (equals == NULL)
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' after %s, expected KEY=VALUE", word, s->unit->name);
    snprintf(key, sizeof key, "%.*s", (int)(equals - word), word);
    for (const struct rtl_param *p = s->unit->params; p->key != NULL; p++) {
        if (strcmp(p->key, key) == 0)
            return set(s, p, equals + 1, at, err);
        keys[n++] = p->key;
    }
    return error_set(err, STATUS_BAD_INPUT, at, "%s has no parameter '%s'; %s", s->unit->name, key, hint(text, sizeof text, key, keys, n));
}

static enum status find_unit(struct rtl_spec *s, const char *name, struct source_pos at, struct error *err)
{
    const char *names[NAMES_MAX];
    char text[512];
    size_t n = 0;

    for (; rtl_units[n] != NULL; n++) {
        if (strcmp(rtl_units[n]->name, name) == 0) {
            s->unit = rtl_units[n];
            return STATUS_OK;
        }
        names[n] = rtl_units[n]->name;
    }
    return error_set(err, STATUS_BAD_INPUT, at, "unknown unit '%s'; %s", name, hint(text, sizeof text, name, names, n));
}

enum status rtl_parse(struct rtl_spec *out, const char *const *words, int64_t count, struct source_pos at, struct error *err)
{
    struct rtl_spec s = { .lanes = 1, .planes = 1 };
    struct error inner;
    enum status st;

    if (count < 1)
        return error_set(err, STATUS_BAD_INPUT, at, "no unit named");
    if ((st = find_unit(&s, words[0], at, err)))
        return st;
    for (const struct rtl_param *p = s.unit->params; p->key != NULL; p++)
        if ((st = set(&s, p, p->otherwise, at, err)))
            return st;
    for (int64_t i = 1; i < count; i++)
        if ((st = set_word(&s, words[i], at, err)))
            return st;
    if ((st = s.unit->check(&s, &inner)))
        return error_set(err, st, at, "%s: %s", s.unit->name, inner.message);
    *out = s;
    return STATUS_OK;
}

const char *rtl_name(char out[RTL_NAME_MAX], const struct rtl_spec *spec)
{
    struct rtl_spec s = *spec;
    size_t at = (size_t)snprintf(out, RTL_NAME_MAX, "%s", s.unit->name);

    for (const struct rtl_param *p = s.unit->params; p->key != NULL && at < RTL_NAME_MAX; p++) {
        const struct format *f;
        int64_t n;
        size_t choice;

        switch (p->kind) {
        case RTL_FORMAT:
            memcpy(&f, field(&s, p), sizeof f);
            at += (size_t)snprintf(out + at, RTL_NAME_MAX - at, "_%s", f != NULL ? f->name : "exact");
            break;
        case RTL_COUNT:
            memcpy(&n, field(&s, p), sizeof n);
            at += (size_t)snprintf(out + at, RTL_NAME_MAX - at, "_%s%lld", p->tag, (long long)n);
            break;
        case RTL_CHOICE:
            choice = p->offset == offsetof(struct rtl_spec, tree) ? (size_t)s.tree : (size_t)*(bool *)field(&s, p);
            at += (size_t)snprintf(out + at, RTL_NAME_MAX - at, "_%s", p->choices[choice]);
            break;
        }
    }
    return out;
}

int rtl_ports(const struct rtl_spec *spec, struct rtl_port ports[RTL_PORTS_MAX])
{
    return spec->unit->ports(spec, ports);
}

int rtl_bits(const struct rtl_spec *spec, bool output)
{
    struct rtl_port ports[RTL_PORTS_MAX];
    int n = rtl_ports(spec, ports), bits = 0;

    for (int i = 0; i < n; i++)
        bits += ports[i].output == output ? ports[i].bits : 0;
    return bits;
}

int rtl_latency(const struct rtl_spec *spec)
{
    return (int)spec->stages;
}

static void comment(const struct rtl_spec *spec, FILE *v)
{
    struct rtl_spec s = *spec;

    put(v, "// %s\n// parameters:", s.unit->summary);
    for (const struct rtl_param *p = s.unit->params; p->key != NULL; p++) {
        const struct format *f;
        int64_t n;

        if (p->kind == RTL_FORMAT) {
            memcpy(&f, field(&s, p), sizeof f);
            put(v, " %s=%s", p->key, f != NULL ? f->name : "none");
        } else if (p->kind == RTL_COUNT) {
            memcpy(&n, field(&s, p), sizeof n);
            put(v, " %s=%lld", p->key, (long long)n);
        } else {
            put(v, " %s=%s", p->key, p->choices[p->offset == offsetof(struct rtl_spec, tree) ? (size_t)s.tree : (size_t)*(bool *)field(&s, p)]);
        }
    }
    put(v, "\n// equals, bit for bit: %s\n", s.unit->equals);
    if (s.unit->clocked)
        put(v, "// clr makes the sum zero and ignores this cycle's operands; operands are in the sum after %d clock edge%s\n", rtl_latency(&s) + 1,
            rtl_latency(&s) > 0 ? "s" : "");
}

void rtl_emit(const struct rtl_spec *spec, FILE *v)
{
    struct rtl_port ports[RTL_PORTS_MAX];
    int n = rtl_ports(spec, ports);
    char name[RTL_NAME_MAX];

    comment(spec, v);
    put(v, "module %s (", rtl_name(name, spec));
    if (spec->unit->clocked)
        put(v, "\n  input clk,\n  input clr,");
    for (int i = 0; i < n; i++)
        put(v, "\n  %s [%d:0] %s%s", ports[i].output ? "output" : "input", ports[i].bits - 1, ports[i].name, i + 1 < n ? "," : "");
    put(v, "\n);\n");
    spec->unit->body(spec, v);
    put(v, "endmodule\n");
}

void rtl_emit_full_adder(FILE *v)
{
    put(v, "// full adder: s + 2 co = a + b + c\n"
           "module full_adder (\n  input a,\n  input b,\n  input c,\n  output s,\n  output co\n);\n"
           "  assign s = a ^ b ^ c;\n  assign co = (a & b) | (c & (a ^ b));\nendmodule\n");
}
