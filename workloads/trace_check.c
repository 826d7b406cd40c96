/* SPDX-License-Identifier: Apache-2.0 */
/* Meaning of trace records: relations between fields, and sizes that fit. See trace_check.h. */
#include "workloads/trace_check.h"

#include <string.h>

#include "base/checked.h"
#include "workloads/op_math.h"
#include "workloads/op_table.h"

/* Element counts of an iteration stay below this, so that bytes of any format (at most 32 bit and a scale) do not overflow. */
#define ELEMENTS_MAX ((int64_t)1 << 58)

static bool below(const struct op_elements *e, int64_t limit)
{
    return e->weights < limit && e->bias < limit && e->input < limit && e->input_b < limit && e->output < limit && e->kv_read < limit &&
           e->kv_write < limit;
}

/* The work of the last iteration, the largest, and of all iterations together. */
static enum status check_size(const struct op *op, const struct step *step, struct source_pos at, struct error *err)
{
    struct op_elements e;

    if (op_flops(op, step, step->repeat - 1) < 0 || !op_elements(&e, op, step, step->repeat - 1) || !below(&e, ELEMENTS_MAX) ||
        op_flops_total(op, step) < 0 || !op_elements_total(&e, op, step))
        return error_set(err, STATUS_BAD_INPUT, at, "%s %s is too large: its work does not fit in 63 bits", op_type_of(op->kind)->name,
                         op->role);
    return STATUS_OK;
}

/* Fields within the table's bounds: what the reader ensures word by word holds for generated records too. */
static enum status check_bounds(const void *record, const struct field *fields, const char *what, struct source_pos at, struct error *err)
{
    for (const struct field *f = fields; f->key != NULL; f++) {
        int64_t value;

        if (f->type != FIELD_I64)
            continue;
        memcpy(&value, (const char *)record + f->offset, sizeof value);
        if (value < f->minimum || value > f->maximum)
            return error_set(err, STATUS_BAD_INPUT, at, "%s: %s is %lld, expected %lld to %lld", what, f->key, (long long)value,
                             (long long)f->minimum, (long long)f->maximum);
    }
    return STATUS_OK;
}

enum status trace_check_op(const struct op *op, const struct step *step, struct source_pos at, struct error *err)
{
    enum status st = check_bounds(op, op_type_of(op->kind)->fields, op->role, at, err);

    if (st)
        return st;
    if (op->kind == OP_ATTENTION && op->heads % op->kv_heads != 0)
        return error_set(err, STATUS_BAD_INPUT, at, "heads=%lld is not a multiple of kv_heads=%lld", (long long)op->heads,
                         (long long)op->kv_heads);
    if (op->kind == OP_ATTENTION && op->mla && (op->kv_heads != 1 || op->v_head_dim > op->head_dim))
        return error_set(err, STATUS_BAD_INPUT, at, "mla with kv_heads=%lld, v_head_dim=%lld; expected kv_heads=1 and v_head_dim <= head_dim",
                         (long long)op->kv_heads, (long long)op->v_head_dim);
    if (op->kind == OP_GROUPED_GEMM && op->top_k > op->groups)
        return error_set(err, STATUS_BAD_INPUT, at, "top_k=%lld is more than groups=%lld", (long long)op->top_k, (long long)op->groups);
    if (op->kind == OP_GROUPED_GEMM && op->m % op->top_k != 0)
        return error_set(err, STATUS_BAD_INPUT, at, "m=%lld is not a multiple of top_k=%lld (rows are tokens times top_k)",
                         (long long)op->m, (long long)op->top_k);
    if (op->kind == OP_GROUPED_GEMM && op->routing != ROUTING_POWER_LAW && op->skew != 0)
        return error_set(err, STATUS_BAD_INPUT, at, "skew without routing=power_law");
    return check_size(op, step, at, err);
}

enum status trace_check_seq(const struct seq_group *seq, const struct step *step, struct source_pos at, struct error *err)
{
    int64_t grown;

    if (seq->kv < seq->q)
        return error_set(err, STATUS_BAD_INPUT, at, "kv=%lld is less than q=%lld, expected the new tokens counted in kv",
                         (long long)seq->kv, (long long)seq->q);
    if (!checked_mul_i64(&grown, seq->q, step->repeat - 1) || !checked_add_i64(&grown, grown, seq->kv) || grown > TRACE_CONTEXT_MAX)
        return error_set(err, STATUS_BAD_INPUT, at, "context grows beyond %lld tokens", (long long)TRACE_CONTEXT_MAX);
    return STATUS_OK;
}

enum status trace_check_model(const struct model_info *model, int64_t *parameters, struct source_pos at, struct error *err)
{
    int64_t total = 0, one;
    enum status st = check_bounds(model, model_fields, "model", at, err);

    for (int64_t i = 0; st == STATUS_OK && i < model->kv_count; i++)
        st = check_bounds(&model->kv[i], kv_fields, "kv", at, err);
    for (int64_t i = 0; st == STATUS_OK && i < model->weights_count; i++) {
        const struct weight_info *w = &model->weights[i];

        if ((st = check_bounds(w, weight_fields, w->role, at, err)))
            break;
        if (!checked_mul_i64(&one, w->rows, w->cols) || !checked_mul_i64(&one, one, w->matrices) ||
            !checked_add_i64(&one, one, w->tied ? 0 : total) || one >= ELEMENTS_MAX)
            return error_set(err, STATUS_BAD_INPUT, at, "parameters of the model do not fit in 58 bits (weight %s)", w->role);
        if (!w->tied)
            total = one;
    }
    if (st == STATUS_OK)
        *parameters = total;
    return st;
}
