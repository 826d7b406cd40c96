/* SPDX-License-Identifier: Apache-2.0 */
/* Idealized runtime. See ideal_runtime.h. */
#include "sim/ideal_runtime.h"

static enum status iteration_s(double *out, struct engine *e, enum phase phase, struct seq_group group, struct error *err)
{
    struct engine_step step;
    enum status st = engine_step(&step, e, phase, &group, 1, err);

    *out = step.time_s;
    return st;
}

/* Mean over the contexts p + 1 .. p + o - 1 by Simpson's rule on both ends and the middle: an iteration is linear in its context but for steps of tiles. */
static enum status mean_decode_s(double *out, struct engine *e, int64_t in_tokens, int64_t out_tokens, struct error *err)
{
    int64_t first = in_tokens + 1, last = in_tokens + out_tokens - 1, middle = first + (last - first) / 2;
    double at_first, at_middle, at_last;
    enum status st;

    if ((st = iteration_s(&at_first, e, PHASE_DECODE, (struct seq_group){ 1, 1, first }, err)) ||
        (st = iteration_s(&at_middle, e, PHASE_DECODE, (struct seq_group){ 1, 1, middle }, err)) ||
        (st = iteration_s(&at_last, e, PHASE_DECODE, (struct seq_group){ 1, 1, last }, err)))
        return st;
    *out = (at_first + 4 * at_middle + at_last) / 6;
    return STATUS_OK;
}

enum status ideal_runtime(struct ideal_runtime *out, struct engine *e, int64_t in_tokens, int64_t out_tokens, struct error *err)
{
    enum status st;

    *out = (struct ideal_runtime){ 0 };
    if ((st = iteration_s(&out->alpha_s, e, PHASE_PREFILL, (struct seq_group){ 1, in_tokens, in_tokens }, err)) ||
        (out_tokens > 1 && (st = mean_decode_s(&out->beta_s, e, in_tokens, out_tokens, err))))
        return st;
    out->time_s = out->alpha_s + out->beta_s * (double)(out_tokens - 1);
    return STATUS_OK;
}
