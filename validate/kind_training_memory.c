/* SPDX-License-Identifier: Apache-2.0 */
/* Training time and peak memory of models cut to a few layers. validate/training_row.h reads a row. */
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

const struct measurement_kind kind_training_memory = { "training_memory", "device n_devices model layers tp pp ep dp cp micro_batch global_batch seq metric value unit source", "value",
                                               "metric", predict };
