/* SPDX-License-Identifier: Apache-2.0 */
/* A stack's collective library: protocols of `collective.protocols`. Part of the reader of stacks (arch/stack_read.c). */
#ifndef LLMSIM_ARCH_STACK_COLLECTIVE_H
#define LLMSIM_ARCH_STACK_COLLECTIVE_H

#include "arch/stack.h"
#include "base/error.h"

/** Reads the mapping into s->protocols, sorted by name. STATUS_BAD_INPUT with file:line:column. */
enum status stack_read_protocols(struct stack *s, const struct yaml_node *map, struct error *err);

/** Feeds every value of every protocol: part of the stack's hash. */
void stack_hash_protocols(struct hasher *h, const struct stack *s);

#endif
