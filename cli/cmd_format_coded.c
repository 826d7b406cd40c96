/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim format coded: ternary weights in codewords of a dictionary (QMoE), and what a matrix of them takes. docs/formats.md, 7 */
#include <stddef.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "formats/ternary_code.h"

struct coded_options {
    double zeros;
    int64_t rows, cols, seed;
    bool json;
};

#define FIELD(name) offsetof(struct coded_options, name)
static const struct option_spec table[] = {
    { .name = "zeros", .kind = OPTION_DOUBLE, .offset = FIELD(zeros), .value = "P", .otherwise = "0.885", .help = "share of zeros, of the weights and of the dictionary" },
    { .name = "rows", .kind = OPTION_I64, .offset = FIELD(rows), .value = "R", .otherwise = "256", .min = 1, .max = 1 << 24, .help = "rows of the matrix" },
    { .name = "cols", .kind = OPTION_I64, .offset = FIELD(cols), .value = "C", .otherwise = "4096", .min = 1, .max = 1 << 24, .help = "columns of it" },
    { .name = "seed", .kind = OPTION_I64, .offset = FIELD(seed), .value = "N", .otherwise = "1", .min = 0, .max = INT64_MAX, .help = "of the weights" },
    { .name = "json", .kind = OPTION_FLAG, .offset = FIELD(json), .help = "print one JSON object" },
    { 0 }
};

static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static enum status coded(const struct coded_options *o, struct arena *arena, struct error *err)
{
    const struct ternary_code *code;
    uint8_t *row = arena_alloc(arena, (size_t)o->cols);
    uint64_t state = (uint64_t)o->seed;
    int64_t words = 0, stored;
    double elements = (double)o->rows * (double)o->cols, entropy = ternary_code_entropy_bits(o->zeros);
    enum status st;

    if (row == NULL)
        return error_no_memory(err);
    if ((st = ternary_code_build(&code, o->zeros, arena, err)))
        return st;
    for (int64_t r = 0; r < o->rows; r++) {
        for (int64_t c = 0; c < o->cols; c++) {
            uint64_t z = next(&state);
            row[c] = (double)(z >> 11) * 0x1p-53 < o->zeros ? 0 : (uint8_t)(1 + (z & 1));
        }
        words += ternary_code_encode(NULL, code, row, o->cols);
    }
    stored = ternary_code_stored_bytes(o->rows, words);
    if (o->json) {
        struct json j;
        json_open(&j, stdout);
        json_object_begin(&j, NULL);
        json_text(&j, "schema", "llmsim.format_coded/1");
        json_double(&j, "zeros", o->zeros);
        json_i64(&j, "rows", o->rows);
        json_i64(&j, "cols", o->cols);
        json_i64(&j, "codewords", words);
        json_double(&j, "weights_per_codeword", elements / (double)words);
        json_double(&j, "entropy_bits", entropy);
        json_double(&j, "bits_per_element", 8 * (double)stored / elements);
        json_i64(&j, "stored_bytes", stored);
        json_object_end(&j);
        json_close(&j);
        return STATUS_OK;
    }
    terminal_printf("weights     %lld x %lld ternary, %g of them zero; entropy %.4f bits each\n", (long long)o->rows, (long long)o->cols, o->zeros, entropy);
    terminal_printf("codewords   %lld of 16 bits, %.2f weights each\n", (long long)words, elements / (double)words);
    terminal_printf("stored      %lld B, %.4f bits a weight with row offsets and levels\n", (long long)stored, 8 * (double)stored / elements);
    return STATUS_OK;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct coded_options o = { 0 };
    struct text_list operands;
    struct error err;
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (st == STATUS_OK)
        st = coded(&o, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_format_coded = {
    .name = "coded", .summary = "ternary weights below one bit, in codewords of a dictionary (QMoE)", .options = table, .run = run,
    .examples = "  llmsim format coded --zeros 0.9\n",
};
