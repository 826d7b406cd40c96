/* SPDX-License-Identifier: Apache-2.0 */
/** What designs are ranked by: one row of a table each. docs/rank.md */
#ifndef LLMSIM_COSTMODEL_RANK_METRIC_H
#define LLMSIM_COSTMODEL_RANK_METRIC_H

#include <stdbool.h>

#include "arch/technology.h"

/** What is known of a run beyond its own figures. NaN: not known. */
struct rank_facts {
    double devices, tokens_per_s, energy_per_token_j;
    struct tech_range usd_per_hour;  /* of one device */
    double carbon_g_per_j;           /* of the grid, with what the building adds */
    double area_mm2;                 /* of one device's dies, as modelled */
    double noise;                    /* noise power over signal power of a linear layer's output, Gaussian operands: weights and activations */
};

struct rank_metric {
    const char *name, *unit, *summary;
    const char *column;              /* of the store's view "runs"; NULL: computed */
    double (*of)(const struct rank_facts *facts);
    bool higher_is_better;
    bool with_time;                  /* goes with the run's time: two designs' ratio has the interval of their times' ratio */
    bool with_price, with_area, with_noise; /* which facts `of` reads beside a run's own */
};

extern const struct rank_metric *const rank_metrics[]; /* sorted by name, ends with NULL */
/** STATUS_BAD_INPUT names the nearest. */
enum status rank_metric_find(const struct rank_metric **out, const char *name, struct error *err);

#endif
