/* SPDX-License-Identifier: Apache-2.0 */
/* L2 warmth by stack distance. See warmth.h. */
#include "sim/warmth.h"

double warmth_capacity(const struct hardware *hw)
{
    double share = hw->l2.hash_capacity_share > 0 ? hw->l2.hash_capacity_share : 1;
    return (double)hw->l2.bytes * share;
}

double warmth_step_bytes(const struct lowered_step *step)
{
    double sum = 0;

    for (int64_t i = 0; i < step->count; i++)
        sum += lowered_touched_bytes(&step->kernels[i]) * (double)step->kernels[i].kernel.count;
    return sum;
}

/* Bytes touched from the end of kernel `from` to the start of kernel `to`, and what `from` left. */
static double distance(const struct lowered_step *step, int64_t from, int64_t to)
{
    double sum = (double)step->kernels[from].activation_bytes;

    for (int64_t i = from + 1; i < to; i++)
        sum += lowered_touched_bytes(&step->kernels[i]);
    return sum;
}

static bool warm(const struct lowered_step *step, int64_t from, int64_t to, double capacity)
{
    return from >= 0 && from < to && distance(step, from, to) <= capacity;
}

static int64_t attention_warm_bytes(const struct lowered_step *step, int64_t i, double capacity, bool all_fits)
{
    const struct attention_kernel_shape *a = &step->kernels[i].kernel.attention;
    double bytes = attention_kernel_kv_bytes(a), fresh = 0, all = 0;

    if (all_fits)
        return (int64_t)bytes;
    for (int64_t g = 0; g < a->groups_count; g++) {
        fresh += (double)a->groups[g].count * (double)a->groups[g].q;
        all += (double)a->groups[g].count * (double)a->groups[g].kv;
    }
    return all > 0 && warm(step, step->kernels[i].input, i, capacity) ? (int64_t)(bytes * (fresh / all)) : 0;
}

void warmth_assign(struct lowered_step *step, const struct hardware *hw, bool again)
{
    double capacity = warmth_capacity(hw);
    bool all_fits = again && warmth_step_bytes(step) <= capacity;

    for (int64_t i = 0; i < step->count; i++) {
        struct lowered_kernel *k = &step->kernels[i];
        struct warmth *w = &k->kernel.warm;
        bool input = warm(step, k->input, i, capacity), second = warm(step, k->second, i, capacity);

        *w = (struct warmth){ 0 };
        switch (k->kernel.kind) {
        case KERNEL_GEMM:
            w->a_bytes = input ? k->kernel.gemm.a_bytes : 0;
            w->b_bytes = all_fits || warm(step, k->weights_from, i, capacity) ? k->kernel.gemm.b_bytes : 0;
            break;
        case KERNEL_ATTENTION: w->other_bytes = attention_warm_bytes(step, i, capacity, all_fits); break;
        case KERNEL_STREAM:
            if (k->weight_bytes > 0)
                w->other_bytes = all_fits ? k->kernel.stream.read_bytes : 0;
            else
                w->other_bytes = (input ? k->kernel.stream.read_bytes - k->second_bytes : 0) + (second ? k->second_bytes : 0);
            break;
        default: break;
        }
    }
}
