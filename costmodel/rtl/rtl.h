/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Verilog of datapath units, and what each must compute. docs/rtl.md
 *
 * A unit type is one descriptor in one file (costmodel/rtl/unit_*.c) and one line in units.c. A unit is a type with its parameters,
 * written as words: "kulisch a=e4m3 w=e2m1 lanes=4". From it come the Verilog-2001 text, the module's name and ports, and a schedule of
 * input cycles with the outputs that formats/dot.h gives for them; co-simulation compares the two bit for bit.
 *
 * All units have one clock domain, no reset, positive edges. Ports: `clk`, `clr` (synchronous: the accumulator becomes zero after the
 * pipeline's latency, this cycle's operands are ignored) where the unit is clocked; then inputs, then outputs, least significant lane lowest.
 */
#ifndef LLMSIM_COSTMODEL_RTL_H
#define LLMSIM_COSTMODEL_RTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "formats/dot.h"

enum rtl_tree {
    TREE_OPERATOR, /* `*` and `+`: the tool chooses */
    TREE_ROWS,     /* multipliers as rows of two partial products, each one carry chain: FPGAs */
    TREE_COLUMNS,  /* Baugh-Wooley columns of full adders (Baugh and Wooley, IEEE Trans. Comput. C-22, 1973), one carry chain at the end: ASICs */
};

enum { RTL_LANES_MAX = 64, RTL_NAME_MAX = 160 };

struct rtl_unit;

struct rtl_spec {
    const struct rtl_unit *unit;
    const struct format *a, *w;       /* activations, weights */
    const struct format *accumulator; /* float units */
    const struct format *table;       /* LUT units: format of the entries; NULL: exact sums of integers */
    int64_t lanes;                    /* terms a cycle; LUT units: activations a table covers (K) */
    int64_t width;                    /* bits of a fixed-point accumulator; 0 until rtl_parse() has chosen */
    int64_t fraction_bits;            /* fused_dot: kept below the largest exponent */
    int64_t stages;                   /* pipeline registers between operands and accumulator */
    int64_t planes;                   /* lut_dot: bit planes looked up in one cycle: 1, or all of the weight's */
    bool saturate;                    /* clamp at each addition, else wrap */
    bool round_nearest;               /* fused_dot: nearest even, else toward zero */
    enum rtl_tree tree;
};

enum rtl_param_kind { RTL_FORMAT, RTL_COUNT, RTL_CHOICE };

struct rtl_param {
    const char *key;
    enum rtl_param_kind kind;
    size_t offset;              /* in struct rtl_spec: const struct format *, int64_t; RTL_CHOICE: bool or enum rtl_tree (index of the word) */
    const char *otherwise;      /* as it would be typed */
    int64_t min, max;           /* RTL_COUNT */
    const char *const *choices; /* RTL_CHOICE; ends with NULL */
    const char *tag;            /* of a count in the module's name: "k" gives k4 */
    const char *doc;
};

struct rtl_port {
    const char *name;
    int bits;
    bool output;
};

enum { RTL_PORTS_MAX = 8, RTL_WORDS = 16, RTL_CYCLES_MAX = 4096 };

/** One clock cycle of a schedule. Ports follow one another in `in` and `out`, first port lowest, without clk and clr. */
struct rtl_cycle {
    bool clear;
    int groups; /* when > 0: after this cycle (and the latency) the outputs hold the result over the first `groups` groups of lanes */
    uint64_t in[RTL_WORDS];
};

struct rtl_unit {
    const char *name, *summary;
    const char *equals;               /* the C function that defines the result, for the header comment and docs */
    const struct rtl_param *params;   /* ends with key NULL */
    bool clocked;                     /* else combinational: no clk, no clr */
    /** Rules beyond the parameters' ranges; fills what is derived (width). STATUS_BAD_INPUT with the reason. */
    enum status (*check)(struct rtl_spec *spec, struct error *err);
    int (*ports)(const struct rtl_spec *spec, struct rtl_port ports[RTL_PORTS_MAX]); /* number of them, without clk and clr */
    void (*body)(const struct rtl_spec *spec, FILE *v);                              /* Verilog between the ports and endmodule */
    /** Cycles that feed `groups` groups of `lanes` codes each, from a cleared unit on; returns their number, at most RTL_CYCLES_MAX. */
    int (*schedule)(const struct rtl_spec *spec, const uint32_t *a, const uint32_t *w, int groups, struct rtl_cycle *cycles);
    /** Outputs after `groups` groups, in the order of the ports. */
    void (*reference)(const struct rtl_spec *spec, const uint32_t *a, const uint32_t *w, int groups, uint64_t out[RTL_WORDS]);
};

/** All unit types, sorted by name, ends with NULL. */
extern const struct rtl_unit *const rtl_units[];

/** Words UNIT [key=value ...] to a checked spec. Errors name the nearest unit, key, format or word; `at` is where the words stand. */
enum status rtl_parse(struct rtl_spec *out, const char *const *words, int64_t count, struct source_pos at, struct error *err);

/** The module's name: type and parameters, a Verilog identifier; two specs with equal names are equal. */
const char *rtl_name(char out[RTL_NAME_MAX], const struct rtl_spec *spec);

/** Ports without clk and clr; returns their number. */
int rtl_ports(const struct rtl_spec *spec, struct rtl_port ports[RTL_PORTS_MAX]);
int rtl_bits(const struct rtl_spec *spec, bool output);

/** The module, with a comment that states parameters, ports and the C function it equals. The same spec gives the same bytes. */
void rtl_emit(const struct rtl_spec *spec, FILE *v);
/** The full adder that modules with tree=columns instantiate: once a file. */
void rtl_emit_full_adder(FILE *v);

/** Cycles between the operands and their sum in the accumulator, beyond the accumulator's own register. */
int rtl_latency(const struct rtl_spec *spec);

#endif
