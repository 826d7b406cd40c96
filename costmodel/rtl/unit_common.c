/* SPDX-License-Identifier: Apache-2.0 */
/* What several unit types share: words of parameters, ports, schedules, pipeline registers, the integer accumulator. */
#include "costmodel/rtl/units.h"

const char *const words_tree[] = { "operator", "rows", "columns", NULL };
const char *const words_overflow[] = { "wrap", "saturate", NULL };
const char *const words_round[] = { "zero", "nearest", NULL };

int port(struct rtl_port *ports, int at, const char *name, int bits, bool output)
{
    ports[at] = (struct rtl_port){ name, bits, output };
    return at + 1;
}

void vector_set(uint64_t *words, int at, int bits, uint64_t value)
{
    for (int i = 0; i < bits; i++, at++)
        if (i < 64 && value >> i & 1)
            words[at / 64] |= (uint64_t)1 << at % 64;
        else
            words[at / 64] &= ~((uint64_t)1 << at % 64);
}

void vector_set_wide(uint64_t *words, int at, int bits, const uint64_t *value)
{
    for (int i = 0; i < bits; i += 64)
        vector_set(words, at + i, bits - i < 64 ? bits - i : 64, value[i / 64]);
}

int schedule_dot(const struct rtl_spec *s, const uint32_t *a, const uint32_t *w, int groups, struct rtl_cycle *cycles)
{
    int k = (int)s->lanes, ab = format_code_bits(s->a), wb = format_code_bits(s->w);

    for (int g = 0; g < groups; g++) {
        cycles[g] = (struct rtl_cycle){ .groups = g + 1 };
        for (int i = 0; i < k; i++) {
            vector_set(cycles[g].in, i * ab, ab, a[g * k + i]);
            vector_set(cycles[g].in, k * ab + i * wb, wb, w[g * k + i]);
        }
    }
    return groups;
}

const char *lane_name(char out[32], const char *of, int lane)
{
    snprintf(out, 32, "%s%d", of, lane);
    return out;
}

const char *delayed_clear(char out[32], const struct rtl_spec *s, FILE *v)
{
    char from[32];

    snprintf(out, 32, "clr");
    for (int i = 1; i <= s->stages; i++) {
        snprintf(from, sizeof from, "%s", out);
        snprintf(out, 32, "clr_%d", i);
        put(v, "  reg %s;\n  always @(posedge clk) %s <= %s;\n", out, out, from);
    }
    return out;
}

const char *staged(char out[64], const struct rtl_spec *s, FILE *v, int stage, const char *wire, int bits)
{
    if (s->stages < stage) {
        snprintf(out, 64, "%s", wire);
        return out;
    }
    snprintf(out, 64, "%s_r", wire);
    part_register(v, out, wire, bits);
    return out;
}

void part_accumulate(const struct rtl_spec *s, FILE *v, const char *sum, int bits, const char *clear)
{
    int w = (int)s->width, x = (w > bits ? w : bits) + 1;

    put(v, "  reg [%d:0] acc;\n  assign q = acc;\n", w - 1);
    if (!s->saturate) {
        part_extend(v, "addend", sum, bits, w, true);
        put(v, "  always @(posedge clk) acc <= %s ? %d'd0 : acc + addend;\n", clear, w);
        return;
    }
    part_extend(v, "addend", sum, bits, x, true);
    part_extend(v, "held", "acc", w, x, true);
    put(v, "  wire [%d:0] next = held + addend;\n", x - 1);
    put(v, "  wire over = ~next[%d] & (|next[%d:%d]), under = next[%d] & ~(&next[%d:%d]);\n", x - 1, x - 2, w - 1, x - 1, x - 2, w - 1);
    put(v, "  always @(posedge clk) acc <= %s ? %d'd0 : over ? {1'b0, {%d{1'b1}}} : under ? {1'b1, %d'd0} : next[%d:0];\n", clear, w, w - 1, w - 1, w - 1);
}

struct dot_spec integer_dot(const struct rtl_spec *s)
{
    return (struct dot_spec){ .kind = DOT_INTEGER, .a = s->a, .w = s->w, .lanes = (int)s->lanes, .width = (int)s->width, .saturate = s->saturate };
}

enum status check_integers(const struct rtl_spec *s, struct error *err)
{
    if (is_integer(s->a) && is_integer(s->w) && s->a->bits <= 8 && s->w->bits <= 8)
        return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "a=%s w=%s, expected integers of 1 to 8 bits", s->a->name, s->w->name);
}

enum status check_accumulator(const struct rtl_spec *s, struct error *err)
{
    const struct format *f = s->accumulator;

    if (f->family == FORMAT_FLOAT && f->specials == SPECIALS_IEEE && f->mantissa_bits > 0 && f->exponent_bits > 1)
        return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "acc=%s, expected a float with infinity: fp32, fp22, tf32, bf16, fp16 or eXmYieee", f->name);
}
