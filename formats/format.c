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
 *   FNUZ   Noune et al., arXiv 2206.02915: bias one more, one NaN where negative zero would be
 *   FIN    Aggarwal et al., arXiv 2311.12359: every code a number
 *   NF4    Dettmers et al., QLoRA, arXiv 2305.14314, appendix E; formats/tables/codebooks.csv
 *   BNB4   bitsandbytes' fp4; formats/tables/codebooks.csv
 *   SQ     levels fitted to each row (SqueezeLLM, arXiv 2306.07629); formats/codebook.c
 *   B158   ternary weights {-1, 0, 1} (arXiv 2402.17764); five in a byte, since 3^5 = 243 <= 256
 */
#include "formats/format.h"

#include <string.h>
#include <strings.h>

#include "format_tables.h"

#define FLOAT_ROW(id, text, total, e, m, special)                                                                      \
    static const struct format id = {                                                                                  \
        .name = #id, .summary = text, .family = FORMAT_FLOAT, .specials = special, .bits = total, .exponent_bits = e,  \
        .mantissa_bits = m, .packed_elements = 1, .packed_bits = total }
#define PLANES_ROW(id, text, kind, total, ...)                                                                         \
    static const struct format id = {                                                                                  \
        .name = #id, .summary = text, .family = kind, .bits = total, .planes = total,                                  \
        .packed_elements = 1, .packed_bits = total, __VA_ARGS__ }

FLOAT_ROW(bf16, "bfloat16: the upper half of binary32 [BF16]", 16, 8, 7, SPECIALS_IEEE);
FLOAT_ROW(fp16, "binary16, half precision [IEEE]", 16, 5, 10, SPECIALS_IEEE);
FLOAT_ROW(fp22, "e8m13, what fp8 tensor cores add in (arXiv 2511.10909)", 22, 8, 13, SPECIALS_IEEE);
FLOAT_ROW(fp32, "binary32, single precision [IEEE]", 32, 8, 23, SPECIALS_IEEE);
FLOAT_ROW(fp4_e2m1, "4-bit float, +-{0, 0.5, 1, 1.5, 2, 3, 4, 6} [MX]", 4, 2, 1, SPECIALS_FINITE);
FLOAT_ROW(fp6_e2m3, "6-bit float, largest 7.5 [MX]", 6, 2, 3, SPECIALS_FINITE);
FLOAT_ROW(fp6_e3m2, "6-bit float, largest 28 [MX]", 6, 3, 2, SPECIALS_FINITE);
FLOAT_ROW(fp8_e4m3, "8-bit float, largest 448, no infinity [OFP8]", 8, 4, 3, SPECIALS_FN);
FLOAT_ROW(fp8_e5m2, "8-bit float, largest 57344, with infinity [OFP8]", 8, 5, 2, SPECIALS_IEEE);
FLOAT_ROW(tf32, "19 significant bits stored in 32 [TF32]", 32, 8, 10, SPECIALS_IEEE);

PLANES_ROW(bipolar2, "odd integers -3 to 3 [APT]", FORMAT_BIPOLAR, 2, 0);
PLANES_ROW(bipolar3, "odd integers -7 to 7 [APT]", FORMAT_BIPOLAR, 3, 0);
PLANES_ROW(bipolar4, "odd integers -15 to 15 [APT]", FORMAT_BIPOLAR, 4, 0);
PLANES_ROW(bipolar5, "odd integers -31 to 31 [APT]", FORMAT_BIPOLAR, 5, 0);
PLANES_ROW(bipolar6, "odd integers -63 to 63 [APT]", FORMAT_BIPOLAR, 6, 0);
PLANES_ROW(bipolar7, "odd integers -127 to 127 [APT]", FORMAT_BIPOLAR, 7, 0);
PLANES_ROW(bipolar8, "odd integers -255 to 255 [APT]", FORMAT_BIPOLAR, 8, 0);
PLANES_ROW(int1, "one bit, -1 or +1 [APT]", FORMAT_BINARY, 1, 0);
PLANES_ROW(int16, "16-bit integer [2C]", FORMAT_INT, 16, 0);
PLANES_ROW(int2, "2-bit integer [2C]", FORMAT_INT, 2, 0);
PLANES_ROW(int2sym, "2-bit integer, -1 to 1 [2C]", FORMAT_INT, 2, .symmetric = true);
PLANES_ROW(int3, "3-bit integer [2C]", FORMAT_INT, 3, 0);
PLANES_ROW(int32, "32-bit integer, accumulators [2C]", FORMAT_INT, 32, 0);
PLANES_ROW(int3sym, "3-bit integer, -3 to 3 [2C]", FORMAT_INT, 3, .symmetric = true);
PLANES_ROW(int4, "4-bit integer [2C]", FORMAT_INT, 4, 0);
PLANES_ROW(int4sym, "4-bit integer, -7 to 7 [2C]", FORMAT_INT, 4, .symmetric = true);
PLANES_ROW(int5, "5-bit integer [2C]", FORMAT_INT, 5, 0);
PLANES_ROW(int5sym, "5-bit integer, -15 to 15 [2C]", FORMAT_INT, 5, .symmetric = true);
PLANES_ROW(int6, "6-bit integer [2C]", FORMAT_INT, 6, 0);
PLANES_ROW(int6sym, "6-bit integer, -31 to 31 [2C]", FORMAT_INT, 6, .symmetric = true);
PLANES_ROW(int7, "7-bit integer [2C]", FORMAT_INT, 7, 0);
PLANES_ROW(int7sym, "7-bit integer, -63 to 63 [2C]", FORMAT_INT, 7, .symmetric = true);
PLANES_ROW(int8, "8-bit integer [2C]", FORMAT_INT, 8, 0);
PLANES_ROW(int8sym, "8-bit integer, -127 to 127 [2C]", FORMAT_INT, 8, .symmetric = true);
PLANES_ROW(uint2, "2-bit integer without sign", FORMAT_INT, 2, .is_unsigned = true);
PLANES_ROW(uint3, "3-bit integer without sign", FORMAT_INT, 3, .is_unsigned = true);
PLANES_ROW(uint4, "4-bit integer without sign", FORMAT_INT, 4, .is_unsigned = true);
PLANES_ROW(uint5, "5-bit integer without sign", FORMAT_INT, 5, .is_unsigned = true);
PLANES_ROW(uint6, "6-bit integer without sign", FORMAT_INT, 6, .is_unsigned = true);
PLANES_ROW(uint7, "7-bit integer without sign", FORMAT_INT, 7, .is_unsigned = true);
PLANES_ROW(uint8, "8-bit integer without sign", FORMAT_INT, 8, .is_unsigned = true);

static const struct format e8m0 = {
    .name = "e8m0", .summary = "power-of-two scale, 2^-127 to 2^127 [MX]", .family = FORMAT_SCALE, .bits = 8,
    .exponent_bits = 8, .packed_elements = 1, .packed_bits = 8,
};
static const struct format ternary = {
    .name = "ternary", .summary = "-1, 0 or +1; five in a byte [B158]", .family = FORMAT_TERNARY, .bits = 2, .planes = 2,
    .packed_elements = 5, .packed_bits = 8,
};
static const struct format ternary2in4 = {
    .name = "ternary2in4", .summary = "-1, 0 or +1; two in four bits [B158]", .family = FORMAT_TERNARY, .bits = 2, .planes = 2,
    .packed_elements = 2, .packed_bits = 4,
};

static const double nf4_values[16] = { CODEBOOK_nf4 };
static const double fp4_bnb_values[16] = { CODEBOOK_fp4_bnb };
static const struct format nf4 = {
    .name = "nf4", .summary = "16 quantiles of the normal distribution in [-1, 1] [NF4]", .family = FORMAT_CODEBOOK, .bits = 4,
    .packed_elements = 1, .packed_bits = 4, .codebook = nf4_values,
};
static const struct format fp4_bnb = {
    .name = "fp4_bnb", .summary = "4-bit codebook of bitsandbytes in [-1, 1] [BNB4]", .family = FORMAT_CODEBOOK, .bits = 4,
    .packed_elements = 1, .packed_bits = 4, .codebook = fp4_bnb_values,
};

#define LEARNED_ROW(id, n, text)                                                                                       \
    static const struct format id = {                                                                                  \
        .name = #id, .summary = text, .family = FORMAT_CODEBOOK, .bits = n, .packed_elements = 1, .packed_bits = n }
LEARNED_ROW(cb2, 2, "learned codebook of 4 fp16 levels a row [SQ]");
LEARNED_ROW(cb3, 3, "learned codebook of 8 fp16 levels a row [SQ]");
LEARNED_ROW(cb4, 4, "learned codebook of 16 fp16 levels a row [SQ]");

static const struct format *const formats[] = {
    &bf16, &bipolar2, &bipolar3, &bipolar4, &bipolar5, &bipolar6, &bipolar7, &bipolar8, &cb2, &cb3, &cb4, &e8m0, &fp16, &fp22, &fp32, &fp4_bnb, &fp4_e2m1,
    &fp6_e2m3, &fp6_e3m2, &fp8_e4m3, &fp8_e5m2, &int1, &int16, &int2, &int2sym, &int3, &int32, &int3sym, &int4, &int4sym, &int5,
    &int5sym, &int6, &int6sym, &int7, &int7sym, &int8, &int8sym, &nf4, &ternary, &ternary2in4, &tf32, &uint2, &uint3, &uint4,
    &uint5, &uint6, &uint7, &uint8,
};

static const struct {
    const char *name;
    const struct format *format;
} aliases[] = {
    { "b1.58", &ternary },   { "bfloat16", &bf16 },   { "binary", &int1 },   { "bipolar1", &int1 },  { "e2m1", &fp4_e2m1 },
    { "e2m1fin", &fp4_e2m1 },{ "e2m3", &fp6_e2m3 },   { "e2m3fin", &fp6_e2m3 }, { "e3m2", &fp6_e3m2 }, { "e3m2fin", &fp6_e3m2 },
    { "e4m3", &fp8_e4m3 },   { "e4m3fn", &fp8_e4m3 }, { "e5m10", &fp16 },    { "e5m10ieee", &fp16 }, { "e5m2", &fp8_e5m2 },
    { "e5m2ieee", &fp8_e5m2 }, { "e8m13", &fp22 },      { "e8m7", &bf16 },     { "e8m7ieee", &bf16 }, { "float16", &fp16 },
    { "float32", &fp32 },    { "float8_e4m3fn", &fp8_e4m3 }, { "float8_e5m2", &fp8_e5m2 }, { "fp4", &fp4_e2m1 },   { "fp6", &fp6_e2m3 },
    { "fp8", &fp8_e4m3 },    { "half", &fp16 },       { "ternary5in8", &ternary }, { "ue8m0", &e8m0 },
};

/* Four rows for each ExMy; the bare name and "fin" are one row. What a standard names is found above, before this table. */
#define MINI(x, y, suffix, text, special)                                                                              \
    { .name = "e" #x "m" #y suffix, .summary = text, .family = FORMAT_FLOAT, .specials = special, .bits = 1 + x + y,   \
      .exponent_bits = x, .mantissa_bits = y, .packed_elements = 1, .packed_bits = 1 + x + y }
#define MINI_ALL(x, y)                                                                                                 \
    MINI(x, y, "fin", "minifloat, every code a number [FIN]", SPECIALS_FINITE),                                        \
    MINI(x, y, "fn", "minifloat, no infinity, NaN where all is ones [as OFP8]", SPECIALS_FN),                          \
    MINI(x, y, "fnuz", "minifloat, bias one more, NaN in place of -0 [FNUZ]", SPECIALS_FNUZ),                          \
    MINI(x, y, "ieee", "minifloat, infinity and NaN [as IEEE]", SPECIALS_IEEE)
#define MINI_ROW(x)                                                                                                    \
    MINI_ALL(x, 0), MINI_ALL(x, 1), MINI_ALL(x, 2), MINI_ALL(x, 3), MINI_ALL(x, 4), MINI_ALL(x, 5), MINI_ALL(x, 6),    \
    MINI_ALL(x, 7), MINI_ALL(x, 8), MINI_ALL(x, 9), MINI_ALL(x, 10)

static const struct format minifloats[] = {
    MINI_ROW(1), MINI_ROW(2), MINI_ROW(3), MINI_ROW(4), MINI_ROW(5), MINI_ROW(6), MINI_ROW(7), MINI_ROW(8),
};

const struct format *format_minifloats(size_t *count)
{
    *count = sizeof minifloats / sizeof minifloats[0];
    return minifloats;
}

/* "e3m4", "E3M4fnuz": rows are named eXmY + variant; a bare name means "fin". */
static const struct format *minifloat_find(const char *name)
{
    char full[16];
    size_t n = strlen(name), digits;

    if (n < 4 || n > 10 || (name[0] | 32) != 'e' || (name[2] | 32) != 'm')
        return NULL;
    digits = strspn(name + 3, "0123456789");
    memcpy(full, name, n + 1);
    if (3 + digits == n)
        memcpy(full + n, "fin", 4);
    for (size_t i = 0; i < sizeof minifloats / sizeof minifloats[0]; i++)
        if (strcasecmp(full, minifloats[i].name) == 0)
            return &minifloats[i];
    return NULL;
}

const struct format *const *format_list(size_t *count)
{
    *count = sizeof formats / sizeof formats[0];
    return formats;
}

/* Where strcasecmp() would agree on the first two letters: most rows end here. */
static bool begins_alike(const char *a, const char *b)
{
    return ((a[0] ^ b[0]) & ~32) == 0 && (a[0] == '\0' || ((a[1] ^ b[1]) & ~32) == 0);
}

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (begins_alike(name, formats[i]->name) && strcasecmp(name, formats[i]->name) == 0)
            return formats[i];
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (begins_alike(name, aliases[i].name) && strcasecmp(name, aliases[i].name) == 0)
            return aliases[i].format;
    return minifloat_find(name);
}
