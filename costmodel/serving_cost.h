/* SPDX-License-Identifier: Apache-2.0 */
/** What a million tokens cost: rented, owned, and in carbon. docs/cost.md */
#ifndef LLMSIM_COSTMODEL_SERVING_COST_H
#define LLMSIM_COSTMODEL_SERVING_COST_H

#include "arch/prices.h"

struct serving_cost { /* of a million generated tokens */
    struct tech_range rented_usd;
    struct tech_range owned_usd, capital_usd, electricity_usd; /* owned = capital + electricity */
    struct tech_range carbon_kg, embodied_kg;                  /* electricity; share of what was made */
};

/** tokens_per_s and energy_j_per_token of all `devices` together, both > 0; embodied_kg of one device. */
void serving_cost_of(struct serving_cost *out, double tokens_per_s, double energy_j_per_token, double devices, struct tech_range embodied_kg,
                     const struct device_price *price, const struct prices *p);

#endif
