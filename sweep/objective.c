/* SPDX-License-Identifier: Apache-2.0 */
/* Objectives as a table, and the Pareto front of them. See objective.h. */
#include "sweep/objective.h"

#include <string.h>

#include "base/nearest.h"

static double time_s(const struct result *r) { return (double)r->time_ps * 1e-12; }
static double ttft_s(const struct result *r) { return (double)r->ttft_ps * 1e-12; }
static double tpot_s(const struct result *r) { return (double)r->tpot_ps * 1e-12; }
static double energy_j(const struct result *r) { return r->energy_j; }
static double edp_js(const struct result *r) { return r->energy_j * time_s(r); }
static double memory_bytes(const struct result *r) { return (double)r->memory.total; }
static double devices(const struct result *r) { return (double)r->devices; }
static double device_time_s(const struct result *r) { return time_s(r) * (double)r->devices; }
static double throughput(const struct result *r) { return r->tokens_per_s; }

static const struct objective
    by_device_time = { "device_time", "s", "time x devices", false, device_time_s },
    by_devices = { "devices", "", "devices", false, devices },
    by_edp = { "edp", "J s", "energy x time", false, edp_js },
    by_energy = { "energy", "J", "energy of all devices", false, energy_j },
    by_memory = { "memory", "B", "memory of one device", false, memory_bytes },
    by_throughput = { "throughput", "token/s", "generated tokens a second", true, throughput },
    by_time = { "time", "s", "time of the whole trace", false, time_s },
    by_tpot = { "tpot", "s", "time per output token after the first", false, tpot_s },
    by_ttft = { "ttft", "s", "time to the first token", false, ttft_s };

const struct objective *const objectives[] = { &by_device_time, &by_devices, &by_edp, &by_energy, &by_memory, &by_throughput, &by_time, &by_tpot,
                                               &by_ttft, NULL };

enum status objective_find(const struct objective **out, const char *name, struct source_pos at, struct error *err)
{
    const char *names[sizeof objectives / sizeof objectives[0]];
    size_t n = 0;

    for (; objectives[n]; n++) {
        names[n] = objectives[n]->name;
        if (strcmp(name, names[n]) == 0) {
            *out = objectives[n];
            return STATUS_OK;
        }
    }
    const char *near = nearest_name(name, names, n);
    return error_set(err, STATUS_BAD_INPUT, at, "unknown objective '%s'%s%s", name, near ? "; nearest is " : ", expected time, ttft, tpot, energy, "
                     "edp, memory, throughput, devices or device_time", near ? near : "");
}

double objective_cost(const struct objective *o, const struct result *r)
{
    return o->most ? -o->value(r) : o->value(r);
}

bool pareto_dominates(const double *a, const double *b, int64_t count)
{
    bool better = false;

    for (int64_t i = 0; i < count; i++) {
        if (a[i] > b[i])
            return false;
        better = better || a[i] < b[i];
    }
    return better;
}

/* Is a better than b by more than the factor in every objective? Costs below 0 are of what is maximised. */
static bool far_better(const double *a, const double *b, int64_t count, double factor)
{
    for (int64_t i = 0; i < count; i++)
        if (!(a[i] >= 0 ? a[i] * factor < b[i] : a[i] < b[i] * factor))
            return false;
    return true;
}

void pareto_near(bool *near, const double *costs, int64_t n, int64_t count, double within)
{
    for (int64_t i = 0; i < n; i++) {
        near[i] = true;
        for (int64_t j = 0; j < n && near[i]; j++)
            near[i] = within > 0 ? !far_better(&costs[j * count], &costs[i * count], count, 1 + within)
                                 : !pareto_dominates(&costs[j * count], &costs[i * count], count);
    }
}
