/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The table of number formats: one row each, with the standard that defines it. Only sizes live here; decoding and
 * rounding are other files. docs/recipes.md explains the columns.
 *
 * Sources, by the tag at the end of each summary:
 *   IEEE   IEEE 754-2019, table 3.5 (binary16, binary32)
 *   BF16   Intel, "BFLOAT16 - Hardware Numerics Definition", 2018
 *   TF32   NVIDIA A100 architecture white paper, 2020: 8 exponent and 10 mantissa bits in a 32-bit container
 *   OFP8   OCP 8-bit Floating Point Specification, revision 1.0, 2023
 *   MX     OCP Microscaling Formats Specification, version 1.0, 2023
 *   2C     two's complement
 *   APT    bipolar integers, every bit plane is -1 or +1 (arXiv 2409.17870; the re-reading of arXiv 2408.06003, section 3.1)
 *   B158   ternary weights {-1, 0, 1} (arXiv 2402.17764); five in a byte, since 3^5 = 243 <= 256
 */
#include "formats/format.h"

#include <string.h>
#include <strings.h>

#define FLOAT_ROW(id, text, total, e, m)                                                                               \
    static const struct format id = {                                                                                  \
        .name = #id, .summary = text, .family = FORMAT_FLOAT, .bits = total, .exponent_bits = e, .mantissa_bits = m,   \
        .packed_elements = 1, .packed_bits = total }
#define PLANES_ROW(id, text, kind, total)                                                                              \
    static const struct format id = {                                                                                  \
        .name = #id, .summary = text, .family = kind, .bits = total, .planes = total,                                  \
        .packed_elements = 1, .packed_bits = total }

FLOAT_ROW(bf16, "bfloat16: the upper half of binary32 [BF16]", 16, 8, 7);
FLOAT_ROW(fp16, "binary16, half precision [IEEE]", 16, 5, 10);
FLOAT_ROW(fp32, "binary32, single precision [IEEE]", 32, 8, 23);
FLOAT_ROW(fp4_e2m1, "4-bit float, +-{0, 0.5, 1, 1.5, 2, 3, 4, 6} [MX]", 4, 2, 1);
FLOAT_ROW(fp6_e2m3, "6-bit float, largest 7.5 [MX]", 6, 2, 3);
FLOAT_ROW(fp6_e3m2, "6-bit float, largest 28 [MX]", 6, 3, 2);
FLOAT_ROW(fp8_e4m3, "8-bit float, largest 448, no infinity [OFP8]", 8, 4, 3);
FLOAT_ROW(fp8_e5m2, "8-bit float, largest 57344, with infinity [OFP8]", 8, 5, 2);
FLOAT_ROW(tf32, "19 significant bits stored in 32 [TF32]", 32, 8, 10);

PLANES_ROW(bipolar2, "odd integers -3 to 3 [APT]", FORMAT_BIPOLAR, 2);
PLANES_ROW(bipolar3, "odd integers -7 to 7 [APT]", FORMAT_BIPOLAR, 3);
PLANES_ROW(bipolar4, "odd integers -15 to 15 [APT]", FORMAT_BIPOLAR, 4);
PLANES_ROW(int1, "one bit, -1 or +1 [APT]", FORMAT_BINARY, 1);
PLANES_ROW(int16, "16-bit integer [2C]", FORMAT_INT, 16);
PLANES_ROW(int2, "2-bit integer [2C]", FORMAT_INT, 2);
PLANES_ROW(int3, "3-bit integer [2C]", FORMAT_INT, 3);
PLANES_ROW(int32, "32-bit integer, accumulators [2C]", FORMAT_INT, 32);
PLANES_ROW(int4, "4-bit integer [2C]", FORMAT_INT, 4);
PLANES_ROW(int5, "5-bit integer [2C]", FORMAT_INT, 5);
PLANES_ROW(int6, "6-bit integer [2C]", FORMAT_INT, 6);
PLANES_ROW(int7, "7-bit integer [2C]", FORMAT_INT, 7);
PLANES_ROW(int8, "8-bit integer [2C]", FORMAT_INT, 8);

static const struct format e8m0 = {
    .name = "e8m0", .summary = "power-of-two scale, 2^-127 to 2^127 [MX]", .family = FORMAT_SCALE, .bits = 8,
    .exponent_bits = 8, .packed_elements = 1, .packed_bits = 8,
};
static const struct format ternary = {
    .name = "ternary", .summary = "-1, 0 or +1; five in a byte [B158]", .family = FORMAT_TERNARY, .bits = 2, .planes = 2,
    .packed_elements = 5, .packed_bits = 8,
};

static const struct format *const formats[] = {
    &bf16, &bipolar2, &bipolar3, &bipolar4, &e8m0, &fp16, &fp32, &fp4_e2m1, &fp6_e2m3, &fp6_e3m2, &fp8_e4m3, &fp8_e5m2,
    &int1, &int16, &int2, &int3, &int32, &int4, &int5, &int6, &int7, &int8, &ternary, &tf32,
};

static const struct {
    const char *name;
    const struct format *format;
} aliases[] = {
    { "b1.58", &ternary },   { "bfloat16", &bf16 },   { "binary", &int1 },   { "e2m1", &fp4_e2m1 }, { "e2m3", &fp6_e2m3 },
    { "e3m2", &fp6_e3m2 },   { "e4m3", &fp8_e4m3 },   { "e5m2", &fp8_e5m2 }, { "fp4", &fp4_e2m1 },  { "fp6", &fp6_e2m3 },
    { "fp8", &fp8_e4m3 },    { "half", &fp16 },       { "ue8m0", &e8m0 },
};

const struct format *const *format_list(size_t *count)
{
    *count = sizeof formats / sizeof formats[0];
    return formats;
}

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcasecmp(name, formats[i]->name) == 0)
            return formats[i];
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (strcasecmp(name, aliases[i].name) == 0)
            return aliases[i].format;
    return NULL;
}
