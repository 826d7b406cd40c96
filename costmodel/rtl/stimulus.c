/* SPDX-License-Identifier: Apache-2.0 */
#include "costmodel/rtl/stimulus.h"

#include <math.h>
#include <string.h>

#include "costmodel/rtl/parts.h"

enum { PAIR_BITS_MAX = 16 };

static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A code with a meaning. */
static uint32_t meaningful(const struct format *f, uint32_t code)
{
    int bits = format_code_bits(f);

    code &= bits < 32 ? ((uint32_t)1 << bits) - 1 : ~(uint32_t)0;
    return f->family == FORMAT_TERNARY && code == 3 ? 1 : code;
}

static uint32_t corner(const struct format *f, uint64_t r)
{
    const double values[] = { 0, -0.0, format_smallest(f), -format_smallest(f), format_smallest_normal(f), format_smallest_normal(f) - format_smallest(f),
                              format_largest(f), format_lowest(f), 1, -1, NAN, HUGE_VAL, -HUGE_VAL };

    return meaningful(f, code_of(f, values[r % (sizeof values / sizeof values[0])], false));
}

static uint32_t random_code(const struct format *f, uint64_t *state)
{
    uint64_t r = next(state);
    uint32_t code = (uint32_t)(r >> 32);
    int kind = (int)(r & 15), m = f->mantissa_bits;

    if (kind < 1)
        return corner(f, r >> 4);
    if (kind < 8 && f->family == FORMAT_FLOAT) { /* exponents within 16 binades around 1 */
        uint32_t exponent = (uint32_t)(format_bias(f) + (int)(r >> 8 & 15) - 8), mask = ((uint32_t)1 << f->exponent_bits) - 1;
        code = (code & ~(mask << m)) | (exponent & mask) << m;
    }
    return meaningful(f, code);
}

static bool has_weights(const struct rtl_spec *s)
{
    struct rtl_port ports[RTL_PORTS_MAX];

    rtl_ports(s, ports);
    return strcmp(ports[1].name, "w") == 0 && !ports[1].output;
}

int64_t stimulus_pairs(const struct rtl_spec *s)
{
    int bits = format_code_bits(s->a) + format_code_bits(s->w);

    return bits <= PAIR_BITS_MAX ? (int64_t)1 << bits : 0;
}

static void fill(struct stimulus *t)
{
    const struct rtl_spec *s = t->spec;
    int k = (int)s->lanes, n = t->groups * k;

    for (int i = 0; i < n; i++) {
        bool cancel = i > 0 && (next(&t->seed) & 7) == 0 && s->a->family == FORMAT_FLOAT;
        t->a[i] = cancel ? meaningful(s->a, t->a[i - 1] ^ (uint32_t)1 << (format_code_bits(s->a) - 1)) : random_code(s->a, &t->seed);
        t->w[i] = cancel ? t->w[i - 1] : random_code(s->w, &t->seed);
    }
    if (t->pairs < stimulus_pairs(s)) { /* one pair of all, in a lane that moves on */
        int ab = format_code_bits(s->a), lane = (int)(t->pairs % k);
        uint32_t low = meaningful(s->a, (uint32_t)t->pairs), high = meaningful(s->w, (uint32_t)(t->pairs >> ab));

        t->a[lane] = low;
        if (has_weights(s))
            t->w[lane] = high;
        else if (k > 1)
            t->a[(lane + 1) % k] = high;
        t->pairs++;
    }
}

static void begin(struct stimulus *t)
{
    const struct rtl_unit *unit = t->spec->unit;
    int first = unit->clocked;

    t->in_pairs = t->pairs < stimulus_pairs(t->spec);
    t->groups = !unit->clocked || t->in_pairs ? 1 : 1 + (int)(next(&t->seed) % STIMULUS_GROUPS_MAX);
    fill(t);
    if (first) { /* clr, with operands that must not matter */
        t->cycles[0] = (struct rtl_cycle){ .clear = true };
        for (int i = 0; i < RTL_WORDS; i++)
            t->cycles[0].in[i] = next(&t->seed);
    }
    t->count = first + unit->schedule(t->spec, t->a, t->w, t->groups, t->cycles + first);
    t->at = 0;
}

void stimulus_drive(struct stimulus *t, uint64_t in[RTL_WORDS], bool *clear)
{
    const struct rtl_cycle *c;
    struct expected *e = &t->queue[t->vectors % STIMULUS_LATENCY_MAX];

    if (t->at == t->count)
        begin(t);
    c = &t->cycles[t->at++];
    memcpy(in, c->in, sizeof c->in);
    *clear = c->clear;
    *e = (struct expected){ .valid = c->clear || c->groups > 0 };
    if (e->valid)
        t->spec->unit->reference(t->spec, t->a, t->w, c->groups, e->out);
    t->vectors++;
    t->random += !t->in_pairs;
}

bool stimulus_check(struct stimulus *t, const uint64_t out[RTL_WORDS])
{
    int64_t of = t->vectors - 1 - rtl_latency(t->spec);
    int bits = rtl_bits(t->spec, true);
    const struct expected *e = &t->queue[of < 0 ? 0 : of % STIMULUS_LATENCY_MAX];
    bool same = true;

    if (of < 0 || !e->valid)
        return true;
    t->checks++;
    for (int i = 0; i * 64 < bits; i++) {
        uint64_t mask = bits - i * 64 < 64 ? ((uint64_t)1 << (bits - i * 64)) - 1 : ~(uint64_t)0;
        same = same && (out[i] & mask) == (e->out[i] & mask);
    }
    if (!same && t->mismatches++ == 0) {
        memcpy(t->want, e->out, sizeof t->want);
        memcpy(t->got, out, sizeof t->got);
    }
    return same;
}
