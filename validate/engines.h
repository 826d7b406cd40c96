/* SPDX-License-Identifier: Apache-2.0 */
/** Engines of a predictor: one for each (device, model, recipe, stack, layout), kept while it lives, so that kernels are timed once. */
#ifndef LLMSIM_VALIDATE_ENGINES_H
#define LLMSIM_VALIDATE_ENGINES_H

#include "sim/engine.h"
#include "validate/predict.h"

struct engine_request {
    const char *device, *model;
    const char *recipe;          /* "fp16", "fp8" ... */
    const char *stack;           /* NULL: the device's default */
    struct layout layout;
    int64_t pp, layers;
    const struct harness *harness; /* clock; may be NULL */
};

/** Borrowed from the predictor. Unknown device or model: STATUS_BAD_INPUT with the nearest name. */
enum status engines_get(struct engine **out, struct predictor *p, const struct engine_request *want, struct error *err);
/** Closes them all; called by predictor_close(). */
void engines_close(struct predictor *p);

#endif
