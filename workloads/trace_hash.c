/* SPDX-License-Identifier: Apache-2.0 */
/* Content hash of trace records. See trace_hash.h. */
#include "workloads/trace_hash.h"

#include <string.h>

#include "workloads/op_table.h"

static void hash_fields(struct hasher *h, const void *record, const struct field *fields)
{
    for (const struct field *f = fields; f->key != NULL; f++) {
        const char *at = (const char *)record + f->offset, *word;
        int64_t integer;
        double number;
        bool flag;
        int index;

        hasher_text(h, f->key);
        switch (f->type) {
        case FIELD_I64: memcpy(&integer, at, sizeof integer); hasher_i64(h, integer); break;
        case FIELD_DOUBLE: memcpy(&number, at, sizeof number); hasher_double(h, number); break;
        case FIELD_FLAG: memcpy(&flag, at, sizeof flag); hasher_i64(h, flag); break;
        case FIELD_ENUM: memcpy(&index, at, sizeof index); hasher_text(h, f->words[index]); break;
        case FIELD_WORD: memcpy(&word, at, sizeof word); hasher_text(h, word); break;
        }
    }
}

void trace_hash_model(struct hasher *h, const struct model_info *model)
{
    hasher_text(h, "llmsim-trace");
    hasher_i64(h, TRACE_VERSION);
    hasher_text(h, model->name);
    hash_fields(h, model, model_fields);
    for (int64_t i = 0; i < model->weights_count; i++) {
        hasher_text(h, "weight");
        hasher_text(h, model->weights[i].role);
        hash_fields(h, &model->weights[i], weight_fields);
    }
    for (int64_t i = 0; i < model->kv_count; i++) {
        hasher_text(h, "kv");
        hash_fields(h, &model->kv[i], kv_fields);
    }
}

void trace_hash_step(struct hasher *h, const struct step *step)
{
    hasher_text(h, "step");
    hasher_text(h, phase_name(step->phase));
    hash_fields(h, step, step_fields);
    for (int64_t i = 0; i < step->seq_groups; i++) {
        hasher_text(h, "seq");
        hash_fields(h, &step->seqs[i], seq_fields);
    }
    for (int64_t i = 0; i < step->ops_count; i++) {
        const struct op_type *type = op_type_of(step->ops[i].kind);

        hasher_text(h, type->name);
        hasher_text(h, step->ops[i].role);
        hasher_i64(h, step->ops[i].count);
        hash_fields(h, &step->ops[i], type->fields);
    }
}
