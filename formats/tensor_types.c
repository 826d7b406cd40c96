/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How elements are stored, little-endian. Blocks of GGUF (ggml-common.h): q4_0 {fp16 d, 16 bytes}: d (q - 8), low nibbles first; q4_1 {d, m}: d q + m;
 * q5_0, q5_1 the same with a fifth bit each in 32 bits after d (and m); q8_0 {d, 32 int8}: d q. K-quants: sizes only.
 */
#include <string.h>

#include "formats/codec.h"
#include "formats/tensor_internal.h"

#define READER(id, type)                                                                                               \
    static void id(float *out, const uint8_t *block)                                                                   \
    {                                                                                                                  \
        type v;                                                                                                        \
                                                                                                                       \
        memcpy(&v, block, sizeof v);                                                                                   \
        *out = (float)v;                                                                                               \
    }
READER(f64, double)
READER(f32, float)
READER(i64, int64_t)
READER(i32, int32_t)
READER(i16, int16_t)
READER(i8, int8_t)
READER(u64, uint64_t)
READER(u32, uint32_t)
READER(u16, uint16_t)
READER(u8, uint8_t)

static void bf16(float *out, const uint8_t *block)
{
    uint32_t bits = (uint32_t)block[0] << 16 | (uint32_t)block[1] << 24;

    memcpy(out, &bits, sizeof bits);
}

/* binary16 by its fields: as format_decode(fp16), without a search for the format. */
static void f16(float *out, const uint8_t *block)
{
    uint32_t h = block[0] | (uint32_t)block[1] << 8, sign = h >> 15 << 31, exponent = h >> 10 & 31, mantissa = h & 1023, bits;
    float v;

    if (exponent == 0) {
        v = (float)mantissa * 0x1p-24f;
        *out = sign ? -v : v;
        return;
    }
    bits = sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13;
    memcpy(out, &bits, sizeof bits);
}

static void minifloat(float *out, const uint8_t *block, const char *name)
{
    *out = (float)format_decode(format_find(name), *block);
}

static void f8_e4m3(float *out, const uint8_t *block)
{
    minifloat(out, block, "e4m3");
}

static void f8_e5m2(float *out, const uint8_t *block)
{
    minifloat(out, block, "e5m2");
}

static void q8_0(float *out, const uint8_t *block)
{
    float d;

    f16(&d, block);
    for (int i = 0; i < 32; i++)
        out[i] = d * (float)(int8_t)block[2 + i];
}

static void q4(float *out, const uint8_t *nibbles, float d, float m)
{
    for (int i = 0; i < 16; i++) {
        out[i] = d * (float)(nibbles[i] & 15) + m;
        out[i + 16] = d * (float)(nibbles[i] >> 4) + m;
    }
}

static void q4_0(float *out, const uint8_t *block)
{
    float d;

    f16(&d, block);
    q4(out, block + 2, d, -8 * d);
}

static void q4_1(float *out, const uint8_t *block)
{
    float d, m;

    f16(&d, block);
    f16(&m, block + 2);
    q4(out, block + 4, d, m);
}

static void q5(float *out, const uint8_t *high, float d, float m)
{
    uint32_t fifth = high[0] | (uint32_t)high[1] << 8 | (uint32_t)high[2] << 16 | (uint32_t)high[3] << 24;

    for (uint32_t i = 0; i < 16; i++) {
        out[i] = d * (float)((high[4 + i] & 15u) | (fifth >> i & 1) << 4) + m;
        out[i + 16] = d * (float)((high[4 + i] >> 4) | (fifth >> (i + 16) & 1) << 4) + m;
    }
}

static void q5_0(float *out, const uint8_t *block)
{
    float d;

    f16(&d, block);
    q5(out, block + 2, d, -16 * d);
}

static void q5_1(float *out, const uint8_t *block)
{
    float d, m;

    f16(&d, block);
    f16(&m, block + 2);
    q5(out, block + 4, d, m);
}

const struct tensor_type tensor_types[] = {
    { "F64", 1, 8, false, f64 },       { "F32", 1, 4, false, f32 },     { "F16", 1, 2, false, f16 },     { "BF16", 1, 2, false, bf16 },
    { "F8_E4M3", 1, 1, false, f8_e4m3 },{ "F8_E5M2", 1, 1, false, f8_e5m2 }, { "I64", 1, 8, true, i64 }, { "I32", 1, 4, true, i32 },
    { "I16", 1, 2, true, i16 },        { "I8", 1, 1, true, i8 },        { "U64", 1, 8, true, u64 },      { "U32", 1, 4, true, u32 },
    { "U16", 1, 2, true, u16 },        { "U8", 1, 1, true, u8 },        { "BOOL", 1, 1, true, u8 },
    { "Q4_0", 32, 18, false, q4_0 },   { "Q4_1", 32, 20, false, q4_1 }, { "Q5_0", 32, 22, false, q5_0 }, { "Q5_1", 32, 24, false, q5_1 },
    { "Q8_0", 32, 34, false, q8_0 },   { "Q8_1", 32, 36, false, NULL }, { "Q2_K", 256, 84, false, NULL },{ "Q3_K", 256, 110, false, NULL },
    { "Q4_K", 256, 144, false, NULL }, { "Q5_K", 256, 176, false, NULL },{ "Q6_K", 256, 210, false, NULL },{ "Q8_K", 256, 292, false, NULL },
    { NULL, 0, 0, false, NULL },
};

const struct tensor_type *tensor_type_find(const char *name)
{
    for (const struct tensor_type *t = tensor_types; t->name != NULL; t++)
        if (strcmp(t->name, name) == 0)
            return t;
    return NULL;
}
