/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a scheme makes of a matrix, to the last bit: its arrays, its sizes, and the values that come back. docs/formats.md, 6 and 7.
 *
 * A matrix has rows x cols values, row-major, cols along K. Its scheme turns each into a code; value = level(code) x scale, or
 * (level - zero) x scale; scale = level(scale code) [x second scale]. Everything a row needs is chosen from that row, but for scales of the
 * whole tensor (struct quant_range), so that a matrix may come in pieces of some rows.
 */
#ifndef LLMSIM_FORMATS_QUANT_H
#define LLMSIM_FORMATS_QUANT_H

#include "base/arena.h"
#include "formats/codec.h"

/** Arrays of a stored matrix, in the order of storage. */
enum quant_part {
    PART_ELEMENTS,       /* codes, each row padded to a byte; unstructured sparse: all kept values without padding of rows;
                            mixed groups: the narrow groups of a row, each padded to a byte */
    PART_MIXED,          /* the wide groups of each row, each padded to a byte */
    PART_MIXED_FLAGS,    /* one bit a group: 1 wide; each row padded to a byte */
    PART_PLACES,         /* N:M: ceil(log2 M) bits a kept value, each row padded to a byte; CSL: 16 bits; bitmask: a bit an element, each row
                            padded to a byte */
    PART_OFFSETS,        /* CSL: 32 bits a tile of 128 x 64; bitmask: 32 bits a row and one more */
    PART_SCALES,
    PART_ZEROS,
    PART_SCALES2,
    PART_LEVELS,         /* learned codebooks: 2^bits fp16 a row */
    PART_OUTLIER_VALUES, /* fp16 */
    PART_OUTLIER_COLUMNS,/* 32 bits a value */
    PART_OUTLIER_ROWS,   /* 32 bits a row and one more */
    PART_COLUMN_VALUES,  /* whole columns in fp16, a row after the other */
    PART_COLUMN_NUMBERS, /* 32 bits a column */
    PART_COUNT
};
extern const char *const quant_part_names[PART_COUNT];

struct quant_layout {
    int64_t offset[PART_COUNT], bytes[PART_COUNT]; /* absent arrays: 0 bytes */
    int64_t stored_bytes;
};

/** False: a size beyond 63 bits, or rows or cols negative. */
bool quant_layout(struct quant_layout *out, const struct quant *q, int64_t rows, int64_t cols);

/** How memory deals in bytes. Values of 1 mean: no granule. */
struct quant_memory {
    int64_t burst_bytes; /* of one DRAM access: 32 (HBM2, GDDR6 sector), 64 (DDR4, DDR5, HBM3) */
    int64_t align_bytes; /* each array is allocated at a multiple: 256 (CUDA C++ Programming Guide, device memory accesses) */
};

/** The four sizes of a stored matrix, bytes:  logical = ceil(elements x bits of a code / 8)  <=  stored = all arrays  <=
 *  moved = each array read once, in whole bursts  <=  resident = each array rounded up to the allocation's granule (and to a burst). */
struct quant_sizes {
    int64_t logical_bytes, stored_bytes, moved_bytes, resident_bytes;
};
bool quant_sizes(struct quant_sizes *out, const struct quant *q, int64_t rows, int64_t cols, const struct quant_memory *memory);

/** How a scale is chosen from a block. docs/formats.md, 6. */
enum scale_choice {
    SCALE_STANDARD, /* e8m0: 2^(floor(log2 largest) - emax), OCP MX 1.0, 6.3 (elements beyond the range saturate); ternary, binary: mean
                       magnitude (arXiv 2402.17764; 1603.05279); else largest / largest level; zero points: (max - min) / (levels - 1) */
    SCALE_NO_CLIP,  /* e8m0 rounded up, so that nothing saturates; others as the standard */
    SCALE_SEARCH,   /* of 1, 0.98 ... 0.40 times the standard (e8m0: half, once, twice): least squared error; ties to the larger */
};

struct quantize_rule {
    struct encode_rule encode; /* of elements; scales are always nearest even (e8m0 choices apart) */
    enum scale_choice scale;
};

/** Of a whole tensor, for scales that belong to it; finite values only. */
struct quant_range {
    double lowest, highest;    /* 0 where there is no value */
    double sum_magnitude;
    int64_t count, not_finite; /* values, and among them NaN and infinities, which take no part in scales */
    const float *column_largest; /* [cols] largest magnitude of each column, for +cols; NULL: taken from the rows at hand */
};
void quant_range_add(struct quant_range *range, const float *values, int64_t n);

/** Codes of some rows, unpacked. Arrays in the arena given. */
struct quant_matrix {
    const struct quant *q; /* borrowed */
    int64_t rows, cols, groups; /* groups of a row: ceil(cols / group), 1 with scales of a row, tensor or none */
    uint32_t *codes;       /* [rows][cols]; fp16 codes where place is PLACE_OUTSIDE or PLACE_COLUMN */
    uint8_t *place;        /* [rows][cols] enum quant_place, or NULL: all PLACE_DENSE */
    uint8_t *wide;         /* [rows][groups]: 1 in `mixed`; NULL without */
    uint32_t *scales, *zeros; /* [rows][groups], or [1] with a scale of the tensor; NULL without */
    uint32_t *scales2;     /* [ceil(rows x groups / scale2_group)], [rows] or [1] */
    uint32_t *levels;      /* [rows][2^bits] fp16 codes of learned codebooks */
};
enum quant_place { PLACE_DENSE, PLACE_ZERO, PLACE_OUTSIDE, PLACE_COLUMN };

/** Rows that a piece must be a multiple of, so that no second scale is shared by two pieces (the last piece apart). */
int64_t quant_piece_rows(const struct quant *q, int64_t cols);

/**
 * values[rows][cols] to codes. `range`: of the whole tensor these rows are of (NULL: these rows are the tensor). Element i of the piece reads
 * counter first_element + i of a stochastic rule. STATUS_BAD_INPUT: a scheme without arithmetic (see the message), sizes; STATUS_INTERNAL.
 */
enum status quant_quantize(struct quant_matrix *out, const struct quant *q, const float *values, int64_t rows, int64_t cols, const struct quant_range *range,
                           const struct quantize_rule *rule, int64_t first_element, struct arena *arena, struct error *err);
/** The values that the codes stand for, rounded once to fp32. */
void quant_dequantize(float *values, const struct quant_matrix *m);

/** Codes to bytes and back. `stored` has quant_layout(...).stored_bytes; bytes of padding are zero. */
enum status quant_pack(uint8_t *stored, const struct quant_matrix *m, struct error *err);
enum status quant_unpack(struct quant_matrix *out, const struct quant *q, const uint8_t *stored, int64_t rows, int64_t cols, struct arena *arena,
                         struct error *err);

/** Levels of a learned codebook: Lloyd's algorithm in one dimension from quantiles, at most 1000 rounds; `levels` (count, ascending) from
 *  values[n]; values that are not finite are passed over. False: no memory. */
bool codebook_learn(double *levels, int count, const float *values, int64_t n);
/** A codebook from CSV (columns code and value, 2 to 256 rows a power of two, codes 0 up in order). */
enum status codebook_read(struct format *out, const char *path, struct arena *arena, struct error *err);

#endif
