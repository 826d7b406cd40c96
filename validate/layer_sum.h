/* SPDX-License-Identifier: Apache-2.0 */
/** Sum over the operators of one transformer layer, each timed alone. Microseconds, into out->value. docs/endtoend.md, "Layers" */
#ifndef LLMSIM_VALIDATE_LAYER_SUM_H
#define LLMSIM_VALIDATE_LAYER_SUM_H

#include "validate/predict.h"
#include "workloads/llm.h"

struct layer_sum_shape {
    const struct llm *model;
    int64_t tp, batch, q, kv;      /* sequences, new tokens and keys of each */
};

enum status layer_sum(struct prediction *out, const struct layer_sum_shape *shape, const struct row *row, const struct harness *harness,
                      struct predictor *p, struct error *err);

#endif
