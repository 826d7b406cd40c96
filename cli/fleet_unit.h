/* SPDX-License-Identifier: Apache-2.0 */
/** Serving units for `llmsim fleet`: a device or a tensor-parallel group of them, its price, and the engine that serves a model on it. */
#ifndef LLMSIM_CLI_FLEET_UNIT_H
#define LLMSIM_CLI_FLEET_UNIT_H

#include "arch/prices.h"
#include "cli/options.h"
#include "sim/engine.h"
#include "workloads/llm.h"

struct fleet_unit {
    const char *text;             /* as it was given: "A100-80GB:2" */
    const struct hardware *hw;
    int64_t devices;              /* tensor parallel */
    double usd_per_hour;          /* of all its devices */
    const char *price_source;     /* "prices.yaml, 2026-05", "--price" */
    struct engine *engine;        /* closed by fleet_units_close() */
};

struct fleet_unit_options {
    const char *recipe, *stack, *fidelity, *prices;
    struct text_list devices, price;
};

#define FLEET_UNIT_OPTIONS(type, member)                                                                                                      \
    { .name = "device", .letter = 'd', .kind = OPTION_LIST, .offset = offsetof(type, member devices), .value = "NAME[:TP]",                   \
      .help = "a kind of serving unit: a device, or TP of them with tensor parallelism; may be given often" },                                \
    { .name = "price", .kind = OPTION_LIST, .offset = offsetof(type, member price), .value = "NAME=USD",                                      \
      .help = "dollars an hour of one device, in place of the price list's likely cloud price" },                                             \
    { .name = "prices", .kind = OPTION_TEXT, .offset = offsetof(type, member prices), .value = "FILE",                                        \
      .help = "price list [default: arch/technology/prices.yaml]" },                                                                          \
    { .name = "recipe", .letter = 'r', .kind = OPTION_TEXT, .offset = offsetof(type, member recipe), .value = "R", .otherwise = "fp16",       \
      .help = "number formats: w=int4g128,a=fp16,kv=fp8 or a name (docs/recipes.md)" },                                                       \
    { .name = "stack", .kind = OPTION_TEXT, .offset = offsetof(type, member stack), .value = "S", .otherwise = "vllm",                        \
      .help = "software stack of all devices: a name of arch/stacks/ or a path" },                                                            \
    { .name = "fidelity", .letter = 'f', .kind = OPTION_CHOICE, .offset = offsetof(type, member fidelity), .value = "F",                      \
      .otherwise = "analytic", .choices = job_fidelities, .help = "how operators are timed" }

enum { FLEET_UNITS_MAX = 32 };

/** Loads each device with its price and opens its engine; `model` is borrowed. *count is what must be closed, also on failure. */
enum status fleet_units_open(struct fleet_unit units[FLEET_UNITS_MAX], int64_t *count, const struct fleet_unit_options *o, const struct llm *model,
                             struct arena *arena, struct error *err);
void fleet_units_close(struct fleet_unit *units, int64_t count);

#endif
