/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Formats and quantization schemes. Expected sizes are worked out by hand in the rows' comments; bit widths are those of the
 * standards named in formats/format.c; MARLIN's 4.125 bits a weight is arXiv 2408.11743, section 3.
 */
#include <string.h>

#include "base/num.h"
#include "formats/format.h"
#include "tests/harness.h"

static const struct source_pos nowhere;

static void table_is_sorted_and_consistent(void)
{
    size_t count;
    const struct format *const *list = format_list(&count);

    for (size_t i = 0; i < count; i++) {
        const struct format *f = list[i];

        CHECK_ROW(f->name, i == 0 || strcmp(list[i - 1]->name, f->name) < 0);
        CHECK_ROW(f->name, format_find(f->name) == f);
        if (f->family == FORMAT_FLOAT && strcmp(f->name, "tf32") != 0)
            CHECK_ROW(f->name, 1 + f->exponent_bits + f->mantissa_bits == f->bits);
        if (f->family != FORMAT_FLOAT && f->family != FORMAT_SCALE && f->family != FORMAT_CODEBOOK)
            CHECK_ROW(f->name, f->planes == f->bits);
    }
    CU_ASSERT_PTR_NULL(format_find("fp17"));
}

static const struct { const char *alias, *name; } aliases[] = {
    { "fp8", "fp8_e4m3" }, { "e5m2", "fp8_e5m2" }, { "b1.58", "ternary" }, { "fp4", "fp4_e2m1" }, { "FP16", "fp16" },
    { "e4m3fn", "fp8_e4m3" }, { "E3M2", "fp6_e3m2" }, { "e3m2fin", "fp6_e3m2" }, { "e3m4", "e3m4fin" }, { "E4M3FIN", "e4m3fin" },
    { "e4m3fnuz", "e4m3fnuz" }, { "e8m10ieee", "e8m10ieee" }, { "e5m10", "fp16" }, { "e1m0", "e1m0fin" },
};

static void aliases_resolve(void)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        const struct format *f = format_find(aliases[i].alias);

        CHECK_ROW(aliases[i].alias, f != NULL && strcmp(f->name, aliases[i].name) == 0);
    }
}

static const struct { const char *text, *canonical; double bits; } schemes[] = {
    { "fp16", "fp16", 16 },
    { "int4g128", "int4g128", 4 + 16 / 128. },              /* MARLIN: 4.125 */
    { "int4g128z", "int4g128z", 4 + 20 / 128. },            /* a 4-bit zero point with each scale */
    { "int8", "int8", 8 },                                  /* a scale per channel is left out of the average */
    { "int8pc", "int8", 8 },
    { "int8pt", "int8pt", 8 },
    { "int16", "int16", 16 },                               /* not int1 and a 6 */
    { "int2", "int2", 2 },
    { "b1.58", "ternary", 1.6 },                            /* 5 in 8 bits */
    { "fp8", "fp8_e4m3", 8 },
    { "e4m3g128/s=fp32", "fp8_e4m3g128/s=fp32", 8.25 },
    { "mxfp4", "fp4_e2m1g32/s=e8m0", 4.25 },                /* OCP MX 1.0, table 1 */
    { "nvfp4", "fp4_e2m1g16/s=fp8_e4m3/ss=fp32pt", 4.5 },   /* the tensor's scale is left out of the average */
    { "e3m4", "e3m4fin", 8 },                               /* 1 + 3 + 4 */
    { "e4m10g128", "e4m10fing128", 15.125 },                /* not e4m1 and a 0 */
    { "nf4g64/s=fp32", "nf4g64/s=fp32", 4.5 },              /* QLoRA without double quantization */
    { "fp16+2:4", "fp16+2:4", 9 },                          /* half of 16, 2 bits for each kept value */
    { "int4g128+2:4", "int4g128+2:4", 3 + 16 / 128. },
    { "nf4dq", "nf4g64/s=fp8_e4m3/ss=fp32g256", 4 + 8 / 64. + 32 / (64. * 256) }, /* QLoRA, section 3: 0.127 bits for the scales */
    { "msfp12", "int4symg16/s=e8m0", 4.5 },                 /* 4 bits and an exponent for 16 */
    { "int4symg32/s=e8m0", "int4symg32/s=e8m0", 4.25 },     /* arXiv 2403.20137: m + 8 / n, n = 32 */
    { "dgq", "uint4g128z/s=int8/ss=fp16pc", 4 + 12 / 128. },/* an int8 scale and a 4-bit zero point for 128 */
    { "int4+1:4", "int4+1:4", 1.5 },                        /* (4 + 2) / 4 */
    { "int8+4:8", "int8+4:8", 5.5 },                        /* (8 + 3) / 2 */
    { "fp16+bitmask0.5", "fp16+bitmask0.5", 9 },            /* a bit an element */
    { "squeezellm3", "cb3+out0.0045", 3 + 0.0045 * 48 },    /* arXiv 2306.07629: 0.45 % in fp16 with 32-bit columns */
    { "int8+cols0.001", "int8+cols0.001", 8 * 0.999 + 16 * 0.001 },
    { "int2g64+mixint4:0.25", "int2g64+mixint4:0.25", 2.5 + 17 / 64. }, /* 1/4 at 4 bits; a flag and an fp16 scale for 64 */
    { "fp16+sparse0.8", "fp16+sparse0.8", 0.2 * 32 + 32 / 8192. }, /* Flash-LLM: 32 bits a kept value; an offset a tile */
};

static void schemes_parse_and_print(void)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        struct quant q = { 0 }, again = { 0 };
        struct error err;
        char text[96] = "";
        double bits;

        CHECK_ROW(schemes[i].text, quant_parse(&q, schemes[i].text, nowhere, &err) == STATUS_OK);
        if (q.format == NULL)
            continue;
        CHECK_ROW(schemes[i].text, strcmp(quant_format(text, sizeof text, &q), schemes[i].canonical) == 0);
        CHECK_ROW(schemes[i].text, quant_parse(&again, text, nowhere, &err) == STATUS_OK && q.format == again.format &&
                  q.group == again.group && q.scale == again.scale && q.zero_point == again.zero_point &&
                  q.two_of_four == again.two_of_four && q.sparsity == again.sparsity && q.sparse == again.sparse &&
                  q.keep == again.keep && q.of == again.of && q.scale2 == again.scale2 && q.scale2_group == again.scale2_group &&
                  q.outliers == again.outliers && q.columns == again.columns && q.mixed == again.mixed && q.mixed_share == again.mixed_share);
        bits = quant_bits_per_element(&q) - schemes[i].bits;
        CHECK_ROW(schemes[i].text, bits < 1e-12 && bits > -1e-12);
    }
}

static const struct { const char *text; int64_t rows, cols, bytes; } sizes[] = {
    { "fp16", 8192, 8192, 134217728 },                     /* 2^26 elements x 2 */
    { "fp32", 3, 5, 60 },
    { "tf32", 3, 5, 60 },                                  /* stored in 32 bits */
    { "int4", 8192, 8192, 33554432 + 16384 },              /* half a byte each; 8192 fp16 scales */
    { "int4g128", 8192, 8192, 33554432 + 8192 * 64 * 2 },  /* 64 groups a row */
    { "int4g128z", 8192, 8192, 33554432 + 8192 * 64 * 2 + 8192 * 64 / 2 },
    { "int4pt", 8192, 8192, 33554432 + 2 },
    { "int4", 2, 5, 2 * 3 + 4 },                           /* 20 bits a row make 3 bytes */
    { "int3g128", 1, 128, 48 + 2 },                        /* 384 bits */
    { "int4g128", 1, 129, 65 + 4 },                        /* a second group of one element */
    { "ternary", 1, 3200, 640 + 2 },                       /* 5 in a byte */
    { "ternary", 1, 3201, 641 + 2 },
    { "int1", 4, 9, 4 * 2 + 8 },
    { "mxfp4", 2, 64, 2 * 32 + 4 },                        /* 2 scales of a byte a row */
    { "fp16+2:4", 1, 64, 32 * 2 + 8 },                     /* 32 kept; 32 x 2 bit of index */
    { "int8+2:4", 2, 6, 2 * (4 + 1) + 4 },                 /* 6 columns are 2 quads: 4 kept, 8 bit of index */
    { "fp16+sparse0.5", 128, 64, 4096 * 4 + 4 },           /* 4096 kept x (2 + 2 bytes), one tile */
    { "nvfp4", 2, 64, 2 * 32 + 8 + 4 },                    /* 8 scales of a byte, one fp32 */
    { "nf4dq", 4, 4096, 4 * 2048 + 256 + 4 },              /* 4 x 64 scales of a byte share one fp32 */
    { "dgq", 2, 256, 2 * 128 + 4 + 2 + 2 * 2 },            /* 4 scales, 4 zeros of 4 bits, an fp16 a row */
    { "cb4", 3, 64, 3 * 32 + 3 * 16 * 2 },                 /* 16 fp16 levels a row */
    { "int4+out0.01", 10, 100, 10 * 50 + 10 * 2 + 10 * 2 + 10 * 4 + 11 * 4 }, /* 10 outliers of 2 + 4 bytes, 11 pointers, 10 scales */
    { "int8+cols0.02", 10, 100, 10 * 98 + 10 * 2 + 10 * 2 * 2 + 2 * 4 },
    { "fp16+bitmask0.5", 4, 9, 18 * 2 + 4 * 2 + 5 * 4 },   /* 18 kept; 2 bytes of mask a row */
    { "int4+1:4", 1, 6, 1 + 1 + 2 },                       /* 2 kept: a byte of codes, a byte of places, a scale */
    { "int2g4+mixint4:0.5", 1, 16, 2 + 4 + 1 + 8 },        /* 2 groups of a byte, 2 of 2 bytes, flags, 4 scales */
    { "int4", 0, 64, 0 },
    { "fp16", (int64_t)1 << 40, (int64_t)1 << 40, -1 },    /* overflow */
    { "int4g128", INT64_MAX, 2, -1 },
};

static void stored_bytes_are_exact(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct quant q = { 0 };
        struct error err;

        CHECK_ROW(sizes[i].text, quant_parse(&q, sizes[i].text, nowhere, &err) == STATUS_OK);
        CHECK_ROW(sizes[i].text, quant_stored_bytes(&q, sizes[i].rows, sizes[i].cols) == sizes[i].bytes);
    }
}

static const struct { const char *text, *part; } bad[] = {
    { "", "unknown number format" },         { "fp17", "nearest is 'fp16'" },     { "int4g0", "group size" },
    { "int4g99999999999", "group size" },    { "fp16z", "zero point" },           { "int4x", "unexpected 'x'" },
    { "int128", "unexpected '28'" },         { "fp16/s=fp32", "no group" },       { "int4/s=int4", "scale format" },
    { "e8m0", "holds scales" },              { "int4+sparse1", "0 <= F < 1" },    { "int4+sparse-1", "0 <= F < 1" },
    { "int4+sparsenan", "0 <= F < 1" },      { "int4+4:3", "expected '+2:4'" }, { "int4+2:4+out0.1", "unexpected '+out" }, { "int4g32/ss=fp32pt+3:65", "expected '+2:4'" },
    { "int4g32/ss=fp32", "expected gN" },    { "int4pt/ss=fp32pt", "scales scales" }, { "int4g32/ss=int8pt", "expected a float" },
    { "cb4g32", "levels are of a row" },     { "int2g64+mixfp16:0.1", "integers both" }, { "int2g64+mixint4:2", "share of groups" },
    { "int4/s=nf4", "scale format" },   { "int4/s=fp99", "unknown number format" },
    { "int4g", "group size" },
};

static void bad_schemes_say_why(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct quant q;
        struct error err = { 0 };

        CHECK_ROW(bad[i].text, quant_parse(&q, bad[i].text, nowhere, &err) == STATUS_BAD_INPUT);
        CHECK_ROW(bad[i].text, strstr(err.message, bad[i].part) != NULL);
    }
}

static const struct test tests[] = {
    { "the table is sorted, its widths add up", table_is_sorted_and_consistent },
    { "aliases name formats", aliases_resolve },
    { "schemes parse, print canonically, have the published bits", schemes_parse_and_print },
    { "stored bytes are exact", stored_bytes_are_exact },
    { "bad schemes say what was expected", bad_schemes_say_why },
};
TEST_MAIN("formats", tests)
