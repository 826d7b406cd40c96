/* SPDX-License-Identifier: Apache-2.0 */
/* Serving units from options. See fleet_unit.h. */
#include "cli/fleet_unit.h"

#include <string.h>

#include "arch/arch.h"
#include "base/num.h"

/* "A100-80GB:2" */
static enum status split_name(const char **name, int64_t *devices, const char *text, struct arena *arena, struct error *err)
{
    const char *colon = strrchr(text, ':');

    *devices = 1;
    *name = colon ? arena_strndup(arena, text, (size_t)(colon - text)) : text;
    if (!*name)
        return error_no_memory(err);
    return colon ? quantity_parse_i64(devices, colon + 1, 1, 65536, (struct source_pos){ "--device", 0, 0 }, err) : STATUS_OK;
}

static const struct hardware *same_device(const char *name, struct arena *arena)
{
    const struct hardware *hw;

    return arch_load(&hw, name, NULL, 0, arena, NULL) ? NULL : hw;
}

/* The last --price whose name is this device's, by any of its names. */
static enum status given_price(double *usd, const struct fleet_unit *u, const struct text_list *price, struct arena *arena, struct error *err)
{
    for (int64_t i = 0; i < price->count; i++) {
        const char *equals = strrchr(price->items[i], '=');
        const char *name = equals ? arena_strndup(arena, price->items[i], (size_t)(equals - price->items[i])) : NULL;
        const struct hardware *hw = name ? same_device(name, arena) : NULL;
        double value;

        if (!equals || num_parse_double(&value, equals + 1) || !(value > 0) || value > 1e9)
            return error_plain(err, STATUS_BAD_INPUT, "--price: found '%s', expected NAME=USD with dollars an hour, as in A10G=1.01", price->items[i]);
        if (!hw)
            return error_plain(err, STATUS_BAD_INPUT, "--price: '%s' is no device; 'llmsim arch list' has them", name ? name : price->items[i]);
        if (strcmp(hw->name, u->hw->name) == 0)
            *usd = value;
    }
    return STATUS_OK;
}

static enum status find_price(struct fleet_unit *u, const struct fleet_unit_options *o, const struct prices *prices, struct arena *arena, struct error *err)
{
    const struct device_price *listed = prices_find(prices, u->hw->name);
    double usd = 0;
    enum status st = given_price(&usd, u, &o->price, arena, err);

    if (st)
        return st;
    u->price_source = "--price";
    if (!(usd > 0) && listed) {
        usd = listed->cloud_usd_per_hour.likely;
        u->price_source = arena_printf(arena, "price list, %s", listed->date);
    }
    if (!(usd > 0))
        return error_plain(err, STATUS_BAD_INPUT, "no price of %s: give one with --price %s=USD", u->hw->name, u->hw->name);
    u->usd_per_hour = usd * (double)u->devices;
    return u->price_source ? STATUS_OK : error_no_memory(err);
}

static enum status open_unit(struct fleet_unit *u, const struct fleet_unit_options *o, const struct stack *stack, const struct llm *model,
                             const struct prices *prices, struct arena *arena, struct error *err)
{
    struct engine_spec spec = { .stack = stack, .pp = 1, .model = model };
    const char *name;
    enum status st;

    if ((st = split_name(&name, &u->devices, u->text, arena, err)) || (st = arch_load(&u->hw, name, NULL, 0, arena, err)) ||
        (st = find_price(u, o, prices, arena, err)) || (st = fidelity_find(&spec.fidelity, o->fidelity, err)) ||
        (st = recipe_parse(&spec.recipe, o->recipe, (struct source_pos){ "--recipe", 0, 0 }, err)))
        return st;
    spec.hw = u->hw;
    spec.layout.tp = u->devices;
    return engine_open(&u->engine, &spec, err);
}

enum status fleet_units_open(struct fleet_unit units[FLEET_UNITS_MAX], int64_t *count, const struct fleet_unit_options *o, const struct llm *model,
                             struct arena *arena, struct error *err)
{
    const struct prices *prices;
    const struct stack *stack;
    enum status st;

    *count = 0;
    if (o->devices.count < 1 || o->devices.count > FLEET_UNITS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "%lld --device options, expected 1 to %d, as in --device A10G --device A100-80GB:2",
                           (long long)o->devices.count, FLEET_UNITS_MAX);
    if ((st = prices_load(&prices, o->prices, arena, err)) || (st = stack_load(&stack, o->stack, NULL, 0, arena, err)))
        return st;
    for (int64_t i = 0; i < o->devices.count; i++) {
        units[i] = (struct fleet_unit){ .text = o->devices.items[i] };
        *count = i + 1;
        if ((st = open_unit(&units[i], o, stack, model, prices, arena, err)))
            return st;
    }
    return STATUS_OK;
}

void fleet_units_close(struct fleet_unit *units, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        engine_close(units[i].engine);
}
