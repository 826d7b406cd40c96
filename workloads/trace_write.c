/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Canonical text of a trace: fields in the order of the table, defaults left out, neighbours of one count folded into
 * `repeat`. Reading what is written gives the same values.
 */
#include <string.h>

#include "base/num.h"
#include "workloads/op_table.h"
#include "workloads/trace.h"

static void write_fields(struct outfile *out, const void *record, const struct field *fields)
{
    for (const struct field *f = fields; f->key != NULL; f++) {
        const char *at = (const char *)record + f->offset, *word;
        char number[NUM_TEXT_MAX];
        int64_t integer;
        double value;
        bool flag;
        int index;

        switch (f->type) {
        case FIELD_I64:
            memcpy(&integer, at, sizeof integer);
            if (f->required || integer != f->value)
                outfile_printf(out, " %s=%lld", f->key, (long long)integer);
            break;
        case FIELD_DOUBLE:
            memcpy(&value, at, sizeof value);
            if (f->required || value != 0)
                outfile_printf(out, " %s=%s", f->key, num_format_double(number, value));
            break;
        case FIELD_FLAG:
            memcpy(&flag, at, sizeof flag);
            if (flag)
                outfile_printf(out, " %s", f->key);
            break;
        case FIELD_ENUM:
            memcpy(&index, at, sizeof index);
            if (f->required || index != f->value)
                outfile_printf(out, " %s=%s", f->key, f->words[index]);
            break;
        case FIELD_WORD:
            memcpy(&word, at, sizeof word);
            outfile_printf(out, " %s=%s", f->key, word);
            break;
        }
    }
    outfile_printf(out, "\n");
}

void trace_write_header(struct outfile *out, const struct model_info *model)
{
    outfile_printf(out, "llmsim-trace %d\nmodel %s", TRACE_VERSION, model->name);
    write_fields(out, model, model_fields);
    for (int64_t i = 0; i < model->weights_count; i++) {
        outfile_printf(out, "weight %s", model->weights[i].role);
        write_fields(out, &model->weights[i], weight_fields);
    }
    for (int64_t i = 0; i < model->kv_count; i++) {
        outfile_printf(out, "kv");
        write_fields(out, &model->kv[i], kv_fields);
    }
}

void trace_write_step(struct outfile *out, const struct step *step)
{
    int64_t loop = 1; /* count of the `repeat` now open */

    outfile_printf(out, "step %s", phase_name(step->phase));
    write_fields(out, step, step_fields);
    for (int64_t i = 0; i < step->seq_groups; i++) {
        outfile_printf(out, "  seq");
        write_fields(out, &step->seqs[i], seq_fields);
    }
    for (int64_t i = 0; i < step->ops_count; i++) {
        const struct op *op = &step->ops[i];
        const struct op_type *type = op_type_of(op->kind);

        if (op->count != loop) {
            if (loop > 1)
                outfile_printf(out, "  end\n");
            if (op->count > 1)
                outfile_printf(out, "  repeat %lld\n", (long long)op->count);
            loop = op->count;
        }
        outfile_printf(out, "%s%s %s", loop > 1 ? "    " : "  ", type->name, op->role);
        write_fields(out, op, type->fields);
    }
    outfile_printf(out, "%send\n", loop > 1 ? "  end\n" : "");
}

void trace_write_end(struct outfile *out, int64_t steps)
{
    outfile_printf(out, "end-trace steps=%lld\n", (long long)steps);
}
