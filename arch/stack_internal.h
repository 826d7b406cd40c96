/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the reader of stacks (arch/stack_read.c): sections with a file of their own. */
#ifndef LLMSIM_ARCH_STACK_INTERNAL_H
#define LLMSIM_ARCH_STACK_INTERNAL_H

#include "arch/stack.h"
#include "base/error.h"

/** One entry of a GEMM catalogue. STATUS_BAD_INPUT with file:line:column. */
enum status stack_read_kernel(struct gemm_kernel *k, const char *name, const struct yaml_node *node, struct error *err);
/** Feeds every value of a catalogue entry. */
void stack_hash_kernel(struct hasher *h, const struct gemm_kernel *k);

/** Reads `collective.protocols` into s->protocols, sorted by name. */
enum status stack_read_protocols(struct stack *s, const struct yaml_node *map, struct error *err);
void stack_hash_protocols(struct hasher *h, const struct stack *s);

/** Reads the section `moe` (NULL: the defaults) into s->moe. */
enum status stack_read_moe(struct stack *s, const struct yaml_node *map, struct error *err);
void stack_hash_moe(struct hasher *h, const struct stack *s);

/** Reads the mapping (NULL: none) into s->stream_kernels, sorted by name. STATUS_BAD_INPUT with file:line:column. */
enum status stack_read_streams(struct stack *s, const struct yaml_node *map, struct error *err);

/** Feeds every value of every streaming kernel: part of the stack's hash. */
void stack_hash_streams(struct hasher *h, const struct stack *s);

#endif
