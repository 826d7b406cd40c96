/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A recipe: number formats chosen at run time, and weight sparsity. "w=int4g128z,a=fp16,kv=fp8,acc=fp32,head=fp16"
 *   w     weights of linear layers            a    activations that enter linear layers (quantized at run time if not 16 bit)
 *   kv    KV cache                            acc  accumulator of matrix units
 *   head  LM head weights (default fp16)      embed embedding table (default fp16)
 *   attn  operands of attention products (default: 16-bit activations)   out  what operators write between layers (default fp16)
 * Named presets: "fp16", "bf16", "w8a8", "fp8", "w4a16", "bitnet" are recipes too. docs/recipes.md
 */
#ifndef LLMSIM_SIM_RECIPE_H
#define LLMSIM_SIM_RECIPE_H

#include <stddef.h>

#include "base/error.h"
#include "base/hash.h"
#include "formats/format.h"

struct recipe {
    struct quant weights, activations, kv, head, embed;
    const struct format *accumulator, *attention, *output;
    struct quant router;      /* MoE router: stays in output format */
};

/** Unknown keys and formats give the nearest name. `at` is the place (an option or a YAML value). NULL or "" = fp16 everywhere. */
enum status recipe_parse(struct recipe *out, const char *text, struct source_pos at, struct error *err);
/** Schemes by their text, for programs that parse many recipes of few schemes. */
struct quant_memo; /* handle */
struct quant_memo *quant_memo_open(void); /* NULL: no memory */
void quant_memo_close(struct quant_memo *m); /* NULL is allowed */
/** As recipe_parse(); `memo` may be NULL. */
enum status recipe_parse_again(struct recipe *out, const char *text, struct quant_memo *memo, struct source_pos at, struct error *err);
/** Canonical text, all keys in fixed order; parses back. */
const char *recipe_format(char *out, size_t bytes, const struct recipe *r);
void recipe_hash(struct hasher *h, const struct recipe *r);

#endif
