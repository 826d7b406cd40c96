/* SPDX-License-Identifier: Apache-2.0 */
/** Prices of devices and of running them, dated. arch/technology/prices.yaml; docs/cost.md */
#ifndef LLMSIM_ARCH_PRICES_H
#define LLMSIM_ARCH_PRICES_H

#include "arch/technology.h"

enum { PRICES_MAX = 256 };

struct device_price {
    const char *device, *date, *source;  /* name as `arch list` gives it; year and month; where it was read */
    struct tech_range cloud_usd_per_hour, purchase_usd; /* of one device */
};

struct prices {
    const char *path;
    int64_t count;
    struct device_price devices[PRICES_MAX];
    struct tech_range server_x, pue, usd_per_kwh, lifetime_years, busy_share, carbon_g_per_kwh;
};

/** `path` NULL: the shipped file. */
enum status prices_load(const struct prices **out, const char *path, struct arena *arena, struct error *err);
/** NULL: no price is known. */
const struct device_price *prices_find(const struct prices *p, const char *device);

#endif
