/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Quantities: a decimal number and a unit, read into the base unit of the kind that the caller wants.
 *
 * A unit is a spelling with the prefixes it may carry; the table below is all there is to know about units. A decimal
 * prefix is added to the exponent of the number's text before it is converted, so "2.039 TB/s" is the double nearest to
 * 2.039e12 and no product of two rounded numbers. Source of prefixes: SI brochure, 9th edition; IEC 80000-13 (Ki Mi Gi Ti).
 */
#include "base/quantity.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clocale.h"
#include "base/num.h"

enum { TEXT_MAX = 96, PREFIX_NONE = 0, PREFIX_LARGE = 1, PREFIX_SMALL = 2, PREFIX_BINARY = 4 };

static const struct prefix {
    const char *text;
    int set;
    int exponent10;
    double binary; /* 1 for a decimal prefix */
} prefixes[] = {
    { "", ~0, 0, 1.0 },
    { "k", PREFIX_LARGE, 3, 1.0 },   { "M", PREFIX_LARGE, 6, 1.0 },    { "G", PREFIX_LARGE, 9, 1.0 },
    { "T", PREFIX_LARGE, 12, 1.0 },  { "P", PREFIX_LARGE, 15, 1.0 },   { "E", PREFIX_LARGE, 18, 1.0 },
    { "m", PREFIX_SMALL, -3, 1.0 },  { "u", PREFIX_SMALL, -6, 1.0 },   { "\u00b5", PREFIX_SMALL, -6, 1.0 },
    { "\u03bc", PREFIX_SMALL, -6, 1.0 },
    { "n", PREFIX_SMALL, -9, 1.0 },  { "p", PREFIX_SMALL, -12, 1.0 },  { "f", PREFIX_SMALL, -15, 1.0 },
    { "Ki", PREFIX_BINARY, 0, 0x1p10 }, { "Mi", PREFIX_BINARY, 0, 0x1p20 },
    { "Gi", PREFIX_BINARY, 0, 0x1p30 }, { "Ti", PREFIX_BINARY, 0, 0x1p40 },
};

enum { DATA = PREFIX_LARGE | PREFIX_BINARY };

static const struct unit {
    enum quantity_kind kind;
    const char *text;   /* without prefix */
    int prefix_set;
    int exponent10;     /* value in base units = number * 10^exponent10 * factor */
    double factor;
    bool sparse;
} units[] = {
    { Q_COUNT, "", PREFIX_NONE, 0, 1.0, false },
    { Q_RATIO, "", PREFIX_NONE, 0, 1.0, false },
    { Q_RATIO, "%", PREFIX_NONE, -2, 1.0, false },
    { Q_BYTES, "B", DATA, 0, 1.0, false },
    { Q_BYTES, "b", DATA, 0, 0.125, false },
    { Q_BYTES, "bit", DATA, 0, 0.125, false },
    { Q_BYTES_PER_S, "B/s", DATA, 0, 1.0, false },
    { Q_BYTES_PER_S, "b/s", DATA, 0, 0.125, false },
    { Q_BYTES_PER_S, "bit/s", DATA, 0, 0.125, false },
    { Q_HZ, "Hz", PREFIX_LARGE, 0, 1.0, false },
    { Q_SECONDS, "s", PREFIX_SMALL, 0, 1.0, false },
    { Q_SECONDS, "min", PREFIX_NONE, 0, 60.0, false },
    { Q_SECONDS, "h", PREFIX_NONE, 0, 3600.0, false },
    { Q_CYCLES, "cycles", PREFIX_NONE, 0, 1.0, false },
    { Q_CYCLES, "cycle", PREFIX_NONE, 0, 1.0, false },
    { Q_BYTES_PER_CYCLE, "B/cycle", DATA, 0, 1.0, false },
    { Q_BYTES_PER_CYCLE, "bit/cycle", DATA, 0, 0.125, false },
    { Q_OPS_DENSE, "FLOP/s dense", PREFIX_LARGE, 0, 1.0, false },
    { Q_OPS_DENSE, "OP/s dense", PREFIX_LARGE, 0, 1.0, false },
    { Q_OPS_DENSE, "FLOP/s sparse", PREFIX_LARGE, 0, 1.0, true },
    { Q_OPS_DENSE, "OP/s sparse", PREFIX_LARGE, 0, 1.0, true },
    { Q_WATT, "W", PREFIX_LARGE | PREFIX_SMALL, 0, 1.0, false },
    { Q_JOULE, "J", PREFIX_LARGE | PREFIX_SMALL, 0, 1.0, false },
    { Q_JOULE_PER_BIT, "J/bit", PREFIX_SMALL, 0, 1.0, false },
    { Q_JOULE_PER_BIT, "J/b", PREFIX_SMALL, 0, 1.0, false },
    { Q_JOULE_PER_BIT, "J/B", PREFIX_SMALL, 0, 0.125, false },
    { Q_MM2, "mm2", PREFIX_NONE, 0, 1.0, false },
    { Q_MM2, "um2", PREFIX_NONE, -6, 1.0, false },
    { Q_MM2, "cm2", PREFIX_NONE, 2, 1.0, false },
    { Q_VOLT, "V", PREFIX_SMALL, 0, 1.0, false },
    { Q_DOLLAR, "$", PREFIX_NONE, 0, 1.0, false },
};

static const struct kind {
    const char *what;    /* noun with article */
    const char *example;
} kinds[Q_KINDS] = {
    [Q_COUNT]           = { "a whole number", "8192" },
    [Q_RATIO]           = { "a ratio", "0.87" },
    [Q_BYTES]           = { "a size", "80 GiB" },
    [Q_BYTES_PER_S]     = { "a bandwidth", "2.039 TB/s" },
    [Q_HZ]              = { "a frequency", "1410 MHz" },
    [Q_SECONDS]         = { "a time", "500 ns" },
    [Q_CYCLES]          = { "a number of cycles", "29 cycles" },
    [Q_BYTES_PER_CYCLE] = { "a width", "128 B/cycle" },
    [Q_OPS_DENSE]       = { "a rate of operations", "989.4 TFLOP/s dense" },
    [Q_WATT]            = { "a power", "400 W" },
    [Q_JOULE]           = { "an energy", "1.3 pJ" },
    [Q_JOULE_PER_BIT]   = { "an energy per bit", "3.9 pJ/bit" },
    [Q_MM2]             = { "an area", "826 mm2" },
    [Q_VOLT]            = { "a voltage", "0.85 V" },
    [Q_DOLLAR]          = { "a price", "$ 12000" },
};

const char *quantity_example(enum quantity_kind kind)
{
    return kinds[kind].example;
}

/* A number and the unit text after (or, for "$", before) it, blanks between words made single. */
struct parts {
    char number[TEXT_MAX];
    char unit[TEXT_MAX];
};

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

static bool split(struct parts *out, const char *text)
{
    const char *p = skip_blanks(text);
    size_t length, used = 0;

    if (strlen(p) >= TEXT_MAX)
        return false;
    if (*p == '$') {
        out->unit[used++] = '$';
        p = skip_blanks(p + 1);
    }
    length = num_decimal_length(p);
    if (length == 0)
        return false;
    memcpy(out->number, p, length);
    out->number[length] = '\0';
    for (p = skip_blanks(p + length); *p; p++) {
        if (*p != ' ' && *p != '\t')
            out->unit[used++] = *p;
        else if (*skip_blanks(p) && p[1] != ' ' && p[1] != '\t')
            out->unit[used++] = ' ';
    }
    out->unit[used] = '\0';
    return true;
}

static const struct prefix *match_unit(const struct unit *unit, const char *text)
{
    size_t length = strlen(text), tail = strlen(unit->text);

    if (length < tail || strcmp(text + length - tail, unit->text) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const struct prefix *p = &prefixes[i];

        if ((p->set & unit->prefix_set || p->text[0] == '\0') && strlen(p->text) == length - tail &&
            strncmp(text, p->text, length - tail) == 0)
            return p;
    }
    return NULL;
}

/* The unit and prefix that `text` means among those of `kind`, or of any kind when kind is Q_KINDS. */
static const struct unit *find_unit(const struct prefix **prefix, const char *text, enum quantity_kind kind)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (kind != Q_KINDS && units[i].kind != kind)
            continue;
        *prefix = match_unit(&units[i], text);
        if (*prefix)
            return &units[i];
    }
    return NULL;
}

/* number * 10^exponent10, correctly rounded: the exponent is changed in the text. False beyond the range of double. */
static bool scale10(double *out, const char *number, int exponent10)
{
    char text[TEXT_MAX + 16];
    size_t mantissa = strcspn(number, "eE");
    long exponent = number[mantissa] ? strtol(number + mantissa + 1, NULL, 10) : 0;

    if (exponent < -9999 || exponent > 9999)
        return false;
    snprintf(text, sizeof text, "%.*se%ld", (int)mantissa, number, exponent + exponent10);
    return num_parse_double(out, text) == 0;
}

/* Why `unit` is no unit of `kind`. */
static enum status wrong_unit(const char *text, const char *unit, enum quantity_kind kind, struct source_pos at,
                              struct error *err)
{
    const char *want = kinds[kind].what, *example = kinds[kind].example;
    const struct prefix *prefix;
    const struct unit *other = find_unit(&prefix, unit, Q_KINDS);

    if (unit[0] == '\0')
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' has no unit, expected %s such as '%s'", text, want, example);
    if (other && other->kind != kind)
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' is %s, expected %s such as '%s'", text,
                         kinds[other->kind].what, want, example);
    if (kind == Q_OPS_DENSE && !strstr(unit, "dense") && !strstr(unit, "sparse"))
        return error_set(err, STATUS_BAD_INPUT, at,
                         "'%s' does not say whether the peak is dense or sparse, expected %s such as '%s'", text, want,
                         example);
    if (unit[0] == 'K' && unit[1] != 'i')
        return error_set(err, STATUS_BAD_INPUT, at,
                         "'%s' has the unknown prefix 'K', expected 'k' (1000) or 'Ki' (1024)", text);
    return error_set(err, STATUS_BAD_INPUT, at, "'%s' has the unknown unit '%s', expected %s such as '%s'", text, unit,
                     want, example);
}

enum status quantity_parse(double *out, const char *text, enum quantity_kind kind, struct source_pos at, struct error *err)
{
    struct parts parts;
    const struct prefix *prefix;
    const struct unit *unit;
    double value;

    if (!split(&parts, text))
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' is no number with a unit, expected %s such as '%s'", text,
                         kinds[kind].what, kinds[kind].example);
    unit = find_unit(&prefix, parts.unit, kind);
    if (!unit)
        return wrong_unit(text, parts.unit, kind, at, err);
    if (unit->sparse)
        return error_set(err, STATUS_BAD_INPUT, at,
                         "'%s' is a sparse peak, expected the dense one (half of it for 2:4 sparsity) such as '%s'", text,
                         kinds[kind].example);
    if (kind == Q_COUNT && strspn(parts.number, "+-0123456789") != strlen(parts.number))
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' is not whole, expected %s such as '%s'", text,
                         kinds[kind].what, kinds[kind].example);
    if (!scale10(&value, parts.number, prefix->exponent10 + unit->exponent10))
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' is out of range, expected %s such as '%s'", text,
                         kinds[kind].what, kinds[kind].example);
    value *= prefix->binary * unit->factor;
    if (value - value != 0.0 || (kind == Q_COUNT && value > 0x1p53))
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' is too large, expected %s such as '%s'", text,
                         kinds[kind].what, kinds[kind].example);
    if (signbit(value))
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' is negative, expected %s such as '%s'", text, kinds[kind].what,
                         kinds[kind].example);
    *out = value;
    return STATUS_OK;
}

enum status quantity_parse_i64(int64_t *out, const char *text, int64_t min, int64_t max, struct source_pos at,
                               struct error *err)
{
    const char *digits = text + (*text == '-' || *text == '+');
    bool negative = *text == '-';
    int64_t value = 0;

    if (*digits == '\0' || strspn(digits, "0123456789") != strlen(digits))
        return error_set(err, STATUS_BAD_INPUT, at, "'%s' is not a whole number, expected one from %lld to %lld", text,
                         (long long)min, (long long)max);
    for (; *digits; digits++) {
        int digit = *digits - '0';

        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value)) {
            value = negative ? INT64_MIN : INT64_MAX;
            return error_set(err, STATUS_BAD_INPUT, at, "%s is out of range, expected a whole number from %lld to %lld",
                             text, (long long)min, (long long)max);
        }
    }
    if (value < min || value > max)
        return error_set(err, STATUS_BAD_INPUT, at, "%s is out of range, expected a whole number from %lld to %lld", text,
                         (long long)min, (long long)max);
    *out = value;
    return STATUS_OK;
}

/* How a kind is printed: prefixes from small to large, all with the same base unit. */
static const struct style {
    const char *unit;
    int set;
} styles[Q_KINDS] = {
    [Q_BYTES]           = { "B", PREFIX_BINARY },
    [Q_BYTES_PER_S]     = { "B/s", PREFIX_LARGE },
    [Q_HZ]              = { "Hz", PREFIX_LARGE },
    [Q_SECONDS]         = { "s", PREFIX_SMALL },
    [Q_CYCLES]          = { "cycles", PREFIX_NONE },
    [Q_BYTES_PER_CYCLE] = { "B/cycle", PREFIX_NONE },
    [Q_OPS_DENSE]       = { "OP/s dense", PREFIX_LARGE },
    [Q_WATT]            = { "W", PREFIX_LARGE | PREFIX_SMALL },
    [Q_JOULE]           = { "J", PREFIX_LARGE | PREFIX_SMALL },
    [Q_JOULE_PER_BIT]   = { "J/bit", PREFIX_SMALL },
    [Q_MM2]             = { "mm2", PREFIX_NONE },
    [Q_VOLT]            = { "V", PREFIX_SMALL },
};

static double prefix_value(const struct prefix *p)
{
    double value = p->binary;

    scale10(&value, "1", p->exponent10);
    return p->binary != 1.0 ? p->binary : value;
}

/* Four significant digits, but whole numbers up to six digits are printed whole. */
static void format_number(char out[NUM_TEXT_MAX], double value)
{
    struct clocale locale = clocale_enter();
    double rounded = value;

    if (value != trunc(value) || fabs(value) >= 1e6) {
        snprintf(out, NUM_TEXT_MAX, "%.3e", value);
        rounded = strtod(out, NULL);
    }
    num_format_double(out, rounded);
    clocale_leave(locale);
}

/* The largest prefix of the style whose value is not above |value|, counting what rounding to four digits does. */
static const struct prefix *fitting_prefix(double value, int set)
{
    const struct prefix *best = NULL, *smallest = &prefixes[0];
    double magnitude = fabs(value) * (set & PREFIX_BINARY ? 1.0 : 1.00005);

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const struct prefix *p = &prefixes[i];

        if ((p->text[0] != '\0' && !(p->set & set)) || (p->text[0] & 0x80))
            continue;
        if (prefix_value(p) <= magnitude && (!best || prefix_value(p) > prefix_value(best)))
            best = p;
        if (prefix_value(p) < prefix_value(smallest))
            smallest = p;
    }
    return best ? best : smallest;
}

const char *quantity_format(struct arena *arena, double value, enum quantity_kind kind)
{
    char number[NUM_TEXT_MAX];
    const struct prefix *p;

    if (value - value != 0.0)
        return arena_strdup(arena, num_format_double(number, value));
    if (kind == Q_COUNT)
        return arena_strdup(arena, num_format_double(number, value));
    if (kind == Q_DOLLAR) {
        if (fabs(value) >= 1.0 && value != trunc(value))
            return arena_printf(arena, "$ %.2f", value);
        format_number(number, value);
        return arena_printf(arena, "$ %s", number);
    }
    if (kind == Q_RATIO) {
        format_number(number, value * 100);
        return arena_printf(arena, "%s %%", number);
    }
    p = value == 0.0 ? &prefixes[0] : fitting_prefix(value, styles[kind].set);
    format_number(number, value / prefix_value(p));
    return arena_printf(arena, "%s %s%s", number, p->text, styles[kind].unit);
}
