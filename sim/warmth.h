/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What of a kernel's inputs still lies in L2: LRU stack distance over the tensors of a step, in launch order. docs/replay.md, "L2"
 *
 * A tensor is warm when everything touched since it was written, itself included, fits in the share of L2 that a stream can use
 * (l2.bytes x hash_capacity_share). All or nothing a tensor: a stream longer than the cache leaves its end there, and the next
 * reader begins with its start. Weights and old KV are warm only when one whole iteration fits.
 */
#ifndef LLMSIM_SIM_WARMTH_H
#define LLMSIM_SIM_WARMTH_H

#include <stdbool.h>

#include "arch/hardware.h"
#include "sim/lower.h"

/** Sets kernel.warm of every kernel. `again`: an iteration with the same weights ran just before. */
void warmth_assign(struct lowered_step *step, const struct hardware *hw, bool again);

/** Bytes that one iteration touches, all layers. */
double warmth_step_bytes(const struct lowered_step *step);

/** Bytes of L2 that a stream can use. */
double warmth_capacity(const struct hardware *hw);

#endif
