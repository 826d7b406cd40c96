/* SPDX-License-Identifier: Apache-2.0 */
/* Which number format holds another, and what unpacking costs on 32-bit vector lanes. docs/recipes.md */
#include "formats/codec.h"
#include "sim/units.h"

#include "base/checked.h"

static bool is_integer(const struct format *f)
{
    return f->family == FORMAT_INT || f->family == FORMAT_BIPOLAR || f->family == FORMAT_TERNARY || f->family == FORMAT_BINARY;
}

bool format_fits(const struct format *from, const struct format *to)
{
    if (from == to)
        return true;
    if (is_integer(from)) {
        int magnitude_bits = from->family == FORMAT_BIPOLAR ? from->bits : from->is_unsigned ? from->bits : from->bits > 1 ? from->bits - 1 : 1;
        if (to->family == FORMAT_INT)
            return magnitude_bits <= to->bits - 1;
        return to->family == FORMAT_FLOAT && magnitude_bits <= to->mantissa_bits + 1;
    }
    if (from->family == FORMAT_CODEBOOK) /* levels are read from a table of 16-bit values */
        return to->family == FORMAT_FLOAT && to->bits >= 16;
    if (from->family != FORMAT_FLOAT || to->family != FORMAT_FLOAT)
        return false;
    return from->mantissa_bits <= to->mantissa_bits && format_largest(from) <= format_largest(to) &&
           format_smallest(from) >= format_smallest(to);
}

double format_unpack_ops(const struct format *from, const struct format *to)
{
    if (from == to)
        return 0;
    double bits = (double)from->packed_bits / from->packed_elements;
    double elements_per_word = 32 / bits;
    double per_register = to->bits >= 32 ? 1 : 32.0 / to->bits;
    double registers = elements_per_word / per_register;
    double shifts = registers > 2 ? registers / 2 - 1 : 0;
    /* floats: sign and exponent move apart before the bias is multiplied away */
    double each = from->family == FORMAT_FLOAT ? 3 : 2;
    /* five ternary digits in a byte: a table lookup and a multiply-high for each byte more */
    double packing = from->packed_elements > 1 ? 2 * (32.0 / from->packed_bits) : 0;

    return (each * registers + shifts + packing) / elements_per_word;
}

double unit_rate(const struct arch_unit *unit, const struct format *format, const struct format *accumulator)
{
    double rate = accumulator != NULL ? unit_fma_per_cycle_sm(unit, format, accumulator) : 0;

    if (rate <= 0)
        rate = unit_fma_per_cycle_sm(unit, format, format_find("fp32"));
    if (rate <= 0)
        rate = unit_fma_per_cycle_sm(unit, format, NULL);
    return rate;
}
