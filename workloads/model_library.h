/* SPDX-License-Identifier: Apache-2.0 */
/** Shipped model descriptions (workloads/models/) by name or alias, ASCII case ignored: "Llama-2-7b-hf". docs/models.md */
#ifndef LLMSIM_WORKLOADS_MODEL_LIBRARY_H
#define LLMSIM_WORKLOADS_MODEL_LIBRARY_H

#include "workloads/llm.h"

/** Path of a description; a text with '/' or ending in .yaml is a path already. Unknown: STATUS_BAD_INPUT with the nearest name. */
enum status model_find(const char **path, const char *name, struct arena *arena, struct error *err);

/** The same, read. */
enum status model_load(struct llm *out, const char *name, struct arena *arena, struct error *err);

#endif
