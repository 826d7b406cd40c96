/* SPDX-License-Identifier: Apache-2.0 */
/* Training time: iteration time, tokens per second, MFU, and the memory figures of the same papers. validate/training_row.h reads a row. */
#include "validate/kinds.h"
#include "validate/training_row.h"

static enum status predict(struct prediction *out, const struct row *row, const struct harness *harness, struct predictor *p, struct arena *arena,
                           struct error *err)
{
    struct training_result result;
    struct training_spec spec;
    enum status st;

    if ((st = training_row_run(&result, &spec, row, harness, p, arena, err)) || (st = training_metric(&out->value, &result, &spec, row, err)))
        return st;
    training_prediction(out, &result);
    if (out->note == NULL)
        out->note = training_row_note(&spec, row);
    return STATUS_OK;
}

const struct measurement_kind kind_training = { "training", "device n_devices tp pp dp model params micro_batch global_batch seq recompute metric value unit source", "value",
                                               "metric", predict };
