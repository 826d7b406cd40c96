/* SPDX-License-Identifier: Apache-2.0 */
/* The list of unit types, sorted by name. A new one is a file, its declaration in units.h, and its row here. */
#include "costmodel/rtl/units.h"

#include <stddef.h>

const struct rtl_unit *const rtl_units[] = {
    &unit_add_dot, &unit_bit_serial, &unit_float_add, &unit_float_mac, &unit_fused_dot, &unit_int_dot, &unit_int_mul,
    &unit_kulisch, &unit_lut_conventional, &unit_lut_dot, &unit_lut_precompute, &unit_minifloat_mul, NULL,
};
