/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Number formats as descriptors, and quantization schemes (element format + group scales + zero points + sparsity).
 *
 * Four sizes are kept apart: logical (elements x element bits), stored (with scales, zero points, indices, padding), moved
 * (what a kernel transfers) and resident (what memory holds). This header gives logical and stored. What a code means and how
 * a value is rounded to one is formats/codec.h; dot products are formats/dot.h; docs/formats.md has the equations.
 */
#ifndef LLMSIM_FORMATS_FORMAT_H
#define LLMSIM_FORMATS_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum format_family { FORMAT_FLOAT, FORMAT_INT, FORMAT_BIPOLAR, FORMAT_TERNARY, FORMAT_BINARY, FORMAT_SCALE, FORMAT_CODEBOOK };

/** Which codes of a float are no numbers. */
enum format_specials {
    SPECIALS_FINITE, /* none: every code is a number (arXiv 2311.12359; OCP E2M1, E2M3, E3M2) */
    SPECIALS_IEEE,   /* exponent of ones: infinity (mantissa 0) or NaN */
    SPECIALS_FN,     /* no infinity; exponent and mantissa of ones: NaN (OCP E4M3) */
    SPECIALS_FNUZ,   /* no infinity, no negative zero: its code is the one NaN; bias 2^(x-1) (arXiv 2206.02915) */
};

struct format {
    const char *name;        /* "fp16", "fp8_e4m3", "e3m4", "e4m3fnuz", "int4", "ternary" */
    const char *summary;     /* one line, with the standard */
    enum format_family family;
    enum format_specials specials; /* FORMAT_FLOAT */
    bool is_unsigned;        /* FORMAT_INT: 0 to 2^bits - 1 */
    bool symmetric;          /* FORMAT_INT: rounding never gives -2^(bits-1) */
    int bits;                /* of one element as stored alone; ternary: 2; tf32: 32 */
    int exponent_bits, mantissa_bits; /* FORMAT_FLOAT; mantissa without the hidden bit */
    int planes;              /* bit planes that a bit-serial unit walks through: int4 4, ternary 2, binary 1; floats 0 */
    int packed_elements, packed_bits; /* storage unit: ternary 5 in 8; others 1 in `bits` */
    const double *codebook;  /* FORMAT_CODEBOOK: 2^bits values, by code; NULL: learned, one of fp16 levels a row (cb2, cb3, cb4) */
};

/** The formats with a name of their own, sorted by name, `*count` of them (fewer than 64). */
const struct format *const *format_list(size_t *count);
/** The minifloats ExMy, x 1 to 8, y 0 to 10, in four variants each: a table of `*count` rows in no promised order. */
const struct format *format_minifloats(size_t *count);
/**
 * By name or alias, in any case; NULL when unknown. Minifloats: "eXmY" + variant: "" or "fin" (every code a number), "ieee", "fn",
 * "fnuz". A bare name that a standard defines is the standard's: e2m1 e2m3 e3m2 (OCP MX), e4m3 (OCP, = e4m3fn), e5m2 (OCP,
 * = e5m2ieee), e5m10 = fp16, e8m7 = bf16; e4m3fin is the variant of arXiv 2311.12359, largest 480.
 */
const struct format *format_find(const char *name);

enum { QUANT_PER_TENSOR = -1, QUANT_PER_CHANNEL = 0 };

/** What is left out of a sparse matrix, and how the places of what is kept are written. */
enum quant_sparse {
    SPARSE_TILED_CSL, /* unstructured; a 16-bit position with each kept value, a 32-bit offset a tile (Flash-LLM, arXiv 2309.10285) */
    SPARSE_BITMASK,   /* unstructured; one bit an element, a 32-bit offset a row */
    SPARSE_N_OF_M,    /* `keep` of `of` neighbours; ceil(log2 of) bits of place with each kept value */
};

/**
 * A quantization scheme, written "int4g128z", "int2", "fp16", "fp8_e4m3g128", "int4g128/s=bf16", "nf4g64/s=fp8_e4m3/ss=fp32g256",
 * "fp16+2:4", "fp16+sparse0.8", "cb4+out0.0045", "int8+cols0.001", "int2g64z+mixint4:0.25". docs/recipes.md has the grammar:
 *     FORMAT [gN | pt | pc] [z] [/s=FORMAT [/ss=FORMAT (gN | pt | pc)]] [+2:4 | +N:M | +sparseF | +bitmaskF | +outF | +colsF | +mixFORMAT:F]
 */
struct quant {
    const struct format *format;
    int64_t group;               /* elements along K that share a scale; QUANT_PER_CHANNEL, QUANT_PER_TENSOR */
    const struct format *scale;  /* NULL: no scale (plain floats; learned codebooks, whose levels are in place) */
    bool zero_point;             /* one per group, stored in as many bits as the element */
    bool two_of_four;            /* 2:4 structured: half the elements, 2-bit index for each kept one */
    double sparsity;             /* share of zeros in [0, 1) that is left out, 2:4 apart; `sparse` says how */
    enum quant_sparse sparse;
    int keep, of;                /* SPARSE_N_OF_M: 0 < keep < of <= 64 */
    const struct format *scale2; /* scale of the scales (double quantization; NVFP4's tensor scale); NULL: none */
    int64_t scale2_group;        /* scales that share one, in the order of storage; QUANT_PER_CHANNEL, QUANT_PER_TENSOR */
    double outliers;             /* share of elements kept beside the dense part: fp16, 32-bit column, row pointers (SqueezeLLM) */
    double columns;              /* share of columns held in fp16 in place of `format`, 32-bit column numbers (LLM.int8) */
    const struct format *mixed;  /* NULL, or the format of a share `mixed_share` of the groups; one bit a group tells which */
    double mixed_share;
};

/** Schemes with a name of their own, sorted: the i-th, and what it stands for; NULL past the last. */
const char *quant_preset(size_t i, const char **text);

enum status quant_parse(struct quant *out, const char *text, struct source_pos at, struct error *err);
/** Canonical text that parses back to the same scheme. */
const char *quant_format(char *out, size_t bytes, const struct quant *q);
/** Stored bytes of a matrix rows x cols (cols along K): every array of quant_layout() (formats/quant.h), checked for overflow: -1. */
int64_t quant_stored_bytes(const struct quant *q, int64_t rows, int64_t cols);
/** Stored bits per logical element, group scales included; what a row or the matrix has once (scales, learned levels, offsets, pointers) is
 *  left out, since it depends on the shape. */
double quant_bits_per_element(const struct quant *q);

#endif
