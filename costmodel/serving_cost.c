/* SPDX-License-Identifier: Apache-2.0 */
/* Cost of tokens. See serving_cost.h. Left out: staff, space, what the server does beside its devices. */
#include "costmodel/serving_cost.h"

static const double s_per_hour = 3600, s_per_year = 365.25 * 24 * 3600, j_per_kwh = 3.6e6, g_per_kg = 1000, million = 1e6;

void serving_cost_of(struct serving_cost *c, double tokens_per_s, double energy_j_per_token, double devices, struct tech_range embodied_kg,
                     const struct device_price *price, const struct prices *p)
{
    double busy_s = million / tokens_per_s * devices; /* device seconds of a million tokens */
    double kwh = million * energy_j_per_token / j_per_kwh;
    struct tech_range life_s = { p->lifetime_years.low * p->busy_share.low * s_per_year, p->lifetime_years.likely * p->busy_share.likely * s_per_year,
                                 p->lifetime_years.high * p->busy_share.high * s_per_year };

    *c = (struct serving_cost){ 0 };
    c->electricity_usd = (struct tech_range){ kwh * p->pue.low * p->usd_per_kwh.low, kwh * p->pue.likely * p->usd_per_kwh.likely,
                                              kwh * p->pue.high * p->usd_per_kwh.high };
    c->carbon_kg = (struct tech_range){ kwh * p->pue.low * p->carbon_g_per_kwh.low / g_per_kg, kwh * p->pue.likely * p->carbon_g_per_kwh.likely / g_per_kg,
                                        kwh * p->pue.high * p->carbon_g_per_kwh.high / g_per_kg };
    c->embodied_kg = (struct tech_range){ embodied_kg.low * busy_s / life_s.high, embodied_kg.likely * busy_s / life_s.likely,
                                          embodied_kg.high * busy_s / life_s.low };
    if (price == NULL)
        return;
    c->rented_usd = (struct tech_range){ price->cloud_usd_per_hour.low * busy_s / s_per_hour, price->cloud_usd_per_hour.likely * busy_s / s_per_hour,
                                         price->cloud_usd_per_hour.high * busy_s / s_per_hour };
    c->capital_usd = (struct tech_range){ price->purchase_usd.low * p->server_x.low * busy_s / life_s.high,
                                          price->purchase_usd.likely * p->server_x.likely * busy_s / life_s.likely,
                                          price->purchase_usd.high * p->server_x.high * busy_s / life_s.low };
    c->owned_usd = (struct tech_range){ c->capital_usd.low + c->electricity_usd.low, c->capital_usd.likely + c->electricity_usd.likely,
                                        c->capital_usd.high + c->electricity_usd.high };
}
