/* SPDX-License-Identifier: Apache-2.0 */
/* Loads of experts by routing. See experts.h. */
#include "sim/experts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

enum { PLACEMENTS = 9 };

static int falling(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? 1 : x > y ? -1 : 0;
}

/* Runs of equal loads become groups; experts without copies none. Sorts `rows`. */
static enum status group(struct expert_loads *out, int64_t *rows, int64_t count, struct arena *arena, struct error *err)
{
    struct gemm_group *groups = arena_array(arena, (size_t)(count > 0 ? count : 1), sizeof *groups);

    if (!groups)
        return error_no_memory(err);
    qsort(rows, (size_t)count, sizeof *rows, falling);
    out->groups = groups;
    out->groups_count = out->rows = out->active = 0;
    for (int64_t i = 0; i < count && rows[i] > 0; i++) {
        out->rows += rows[i];
        out->active++;
        if (out->groups_count > 0 && groups[out->groups_count - 1].rows == rows[i])
            groups[out->groups_count - 1].count++;
        else
            groups[out->groups_count++] = (struct gemm_group){ 1, rows[i] };
    }
    if (out->active > 0)
        return STATUS_OK;
    groups[0] = (struct gemm_group){ 1, 1 }; /* no copy of its own: the kernels still run over one padded tile */
    out->groups_count = out->rows = out->active = 1;
    return STATUS_OK;
}

static enum status evenly(struct expert_loads *out, int64_t copies, int64_t active, struct arena *arena, struct error *err)
{
    int64_t *rows;

    if (active > copies)
        active = copies;
    if (active < 1)
        active = 1;
    if (!(rows = arena_array(arena, (size_t)active, sizeof *rows)))
        return error_no_memory(err);
    for (int64_t i = 0; i < active; i++)
        rows[i] = copies / active + (i < copies % active ? 1 : 0);
    return group(out, rows, active, arena, err);
}

enum status experts_balanced(struct expert_loads *out, int64_t tokens, int64_t top_k, int64_t experts, int64_t ep, struct arena *arena, struct error *err)
{
    int64_t copies;

    if (!checked_mul_i64(&copies, tokens, top_k))
        return error_plain(err, STATUS_BAD_INPUT, "%lld tokens of %lld experts each overflow 64 bits", (long long)tokens, (long long)top_k);
    *out = (struct expert_loads){ .tokens = tokens, .top_k = top_k, .experts = experts / ep };
    return evenly(out, ceil_div_i64(copies, ep), out->experts, arena, err);
}

static double power(double base, int64_t exponent)
{
    double result = 1;

    for (; exponent > 0; exponent >>= 1, base *= base)
        if (exponent & 1)
            result *= base;
    return result;
}

/* Expert i's share ~ 1 / i^skew: those that expect a row or more get it rounded; of the others as many as expect to be hit get one. */
static enum status zipf(struct expert_loads *out, int64_t copies, double skew, struct arena *arena, struct error *err)
{
    int64_t *rows = arena_array(arena, (size_t)out->experts, sizeof *rows), count = 0;
    double total = 0, ones = 0;

    if (!rows)
        return error_no_memory(err);
    for (int64_t i = 1; i <= out->experts; i++)
        total += pow((double)i, -skew);
    for (int64_t i = 1; i <= out->experts; i++) {
        double share = pow((double)i, -skew) / total, expected = (double)copies * share;

        if (expected >= 1)
            rows[count++] = (int64_t)fmin(floor(expected + 0.5), (double)out->tokens);
        else
            ones += 1 - power(1 - share, copies);
    }
    for (int64_t i = (int64_t)floor(ones + 0.5); i > 0 && count < out->experts; i--)
        rows[count++] = 1;
    return group(out, rows, count, arena, err);
}

enum status experts_of_op(struct expert_loads *out, const struct op *op, struct arena *arena, struct error *err)
{
    int64_t groups = op->groups > 0 ? op->groups : 1, picks = op->top_k > 0 ? op->top_k : 1;

    *out = (struct expert_loads){ .tokens = op->m / picks > 0 ? op->m / picks : 1, .top_k = picks, .experts = groups };
    if (op->routing == ROUTING_POWER_LAW)
        return zipf(out, op->m, op->skew, arena, err);
    double active = (double)groups * (1 - power(1 - (double)picks / (double)groups, op->m / picks));
    return evenly(out, op->m, (int64_t)floor(active + 0.5), arena, err);
}

/* Raises the lowest (or lowers the highest) of `rows` until `amount` is given out (taken); none above `cap`, none below 0. */
static void level(int64_t *rows, int64_t count, int64_t amount, int64_t cap)
{
    int64_t low = 0, high = cap;
    bool raise = amount > 0;

    for (int pass = 0; amount != 0 && low < high; pass++) { /* bisect the water line */
        int64_t line = low + (high - low + (raise ? 1 : 0)) / 2, sum = 0;
        for (int64_t i = 0; i < count; i++)
            sum += raise ? (rows[i] < line ? line - rows[i] : 0) : (rows[i] > line ? rows[i] - line : 0);
        if (raise) { /* highest line that does not give out more than there is */
            if (sum <= amount)
                low = line;
            else
                high = line - 1;
        } else { /* lowest line that does not take more */
            if (sum <= -amount)
                high = line;
            else
                low = line + 1;
        }
    }
    for (int64_t i = 0; amount != 0 && i < count; i++) {
        int64_t now = raise ? (rows[i] < low ? low : rows[i]) : (rows[i] > high ? high : rows[i]);
        amount -= now - rows[i];
        rows[i] = now;
    }
    for (int64_t i = 0; amount != 0 && i < count; i++)
        if (raise ? rows[i] < cap : rows[i] > 0) {
            rows[i] += raise ? 1 : -1;
            amount -= raise ? 1 : -1;
        }
}

/* Quantiles of the bounded power law, scaled to `copies` and rounded, none above `tokens`. */
static void quantiles(int64_t *rows, int64_t experts, int64_t tokens, int64_t copies, double alpha)
{
    bool many = copies > experts;
    double low = many ? 1 : 0.01, high = many ? 0.8 * (double)tokens : 2, e = 1 - alpha, sum = 0;
    double a = pow(low, e), b = pow(high > low ? high : low, e);

    for (int64_t i = 0; i < experts; i++)
        sum += pow(a + (b - a) * ((double)i + 0.5) / (double)experts, 1 / e);
    for (int64_t i = 0; i < experts; i++) {
        double x = pow(a + (b - a) * ((double)i + 0.5) / (double)experts, 1 / e) / sum * (double)copies;
        rows[i] = (int64_t)fmin(floor(x + 0.5), (double)tokens);
    }
}

/* A fixed shuffle for each `seed`: Fisher and Yates with a linear congruential sequence (Knuth's MMIX constants). */
static void shuffle(int64_t *out, const int64_t *in, int64_t count, uint64_t seed)
{
    uint64_t state = seed;

    memcpy(out, in, (size_t)count * sizeof *out);
    for (int64_t i = count - 1; i > 0; i--) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        int64_t j = (int64_t)((state >> 33) % (uint64_t)(i + 1)), t = out[i];
        out[i] = out[j];
        out[j] = t;
    }
}

/* Gives `left` copies, one each, to the experts of fewest copies, the last of equals first. */
static int64_t pile(int64_t *rows, int64_t experts, int64_t tokens, int64_t left)
{
    int64_t most = 0;

    for (int64_t i = 0; i < experts; i++)
        most = rows[i] > most ? rows[i] : most;
    for (int64_t few = 0; few <= most; few++)
        for (int64_t i = experts - 1; i >= 0 && left > 0; i--)
            if (rows[i] == few && rows[i] < tokens) {
                rows[i] = -few - 1; /* marked: it has had its copy */
                left--;
            }
    for (int64_t i = 0; i < experts; i++)
        rows[i] = rows[i] < 0 ? -rows[i] : rows[i];
    return left;
}

/* What rounding and the cap left over is given out; then the rank of the most copies moves to the front. */
static int64_t settle(int64_t *rows, int64_t experts, int64_t ep, int64_t tokens, int64_t copies, bool piled)
{
    int64_t each = experts / ep, left = copies, best = 0, most = -1;

    for (int64_t i = 0; i < experts; i++)
        left -= rows[i];
    if (piled && left > 0 && left <= experts)
        left = pile(rows, experts, tokens, left);
    for (int64_t r = 0; r < ep; r++) {
        int64_t part = left / ep + (llabs(left % ep) > r ? (left > 0 ? 1 : -1) : 0), sum = 0;
        level(rows + r * each, each, part, tokens);
        for (int64_t i = 0; i < each; i++)
            sum += rows[r * each + i];
        if (sum > most) {
            most = sum;
            best = r;
        }
    }
    memmove(rows, rows + best * each, (size_t)each * sizeof *rows);
    return most;
}

enum status experts_power_law(struct expert_loads *out, int64_t tokens, int64_t top_k, int64_t experts, int64_t ep, double alpha, bool piled,
                              struct arena *arena, struct error *err)
{
    int64_t *law = arena_array(arena, (size_t)experts, sizeof *law), *rows = arena_array(arena, (size_t)experts * PLACEMENTS, sizeof *rows), copies;
    int64_t most[PLACEMENTS], sorted[PLACEMENTS], chosen = 0, used = ep > 1 ? PLACEMENTS : 1;

    if (!law || !rows)
        return error_no_memory(err);
    if (!checked_mul_i64(&copies, tokens, top_k))
        return error_plain(err, STATUS_BAD_INPUT, "%lld tokens of %lld experts each overflow 64 bits", (long long)tokens, (long long)top_k);
    quantiles(law, experts, tokens, copies, alpha);
    for (int64_t i = 0; i < used; i++) {
        shuffle(rows + i * experts, law, experts, (uint64_t)i + 1);
        most[i] = sorted[i] = settle(rows + i * experts, experts, ep, tokens, copies, piled);
    }
    qsort(sorted, (size_t)used, sizeof *sorted, falling);
    while (most[chosen] != sorted[used / 2])
        chosen++;
    *out = (struct expert_loads){ .tokens = tokens, .top_k = top_k, .experts = experts / ep };
    return group(out, rows + chosen * experts, out->experts, arena, err);
}

enum status experts_part(struct expert_loads *out, const struct expert_loads *whole, int64_t parts, struct arena *arena, struct error *err)
{
    int64_t *rows = arena_array(arena, (size_t)(whole->active > 0 ? whole->active : 1), sizeof *rows), count = 0;

    if (!rows)
        return error_no_memory(err);
    for (int64_t i = 0; i < whole->groups_count; i++)
        for (int64_t j = 0; j < whole->groups[i].count; j++)
            rows[count++] = ceil_div_i64(whole->groups[i].rows, parts);
    *out = *whole;
    out->tokens = ceil_div_i64(whole->tokens, parts);
    return group(out, rows, count, arena, err);
}
