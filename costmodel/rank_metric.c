/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of rank_metric.h. */
#include "costmodel/rank_metric.h"

#include <string.h>

#include "base/nearest.h"

enum { METRICS_MAX = 64 };

static double area(const struct rank_facts *f) { return f->devices * f->area_mm2; }
static double carbon(const struct rank_facts *f) { return 1e6 * f->energy_per_token_j * f->carbon_g_per_j; }
static double cost(const struct rank_facts *f) { return 1e6 * f->devices * f->usd_per_hour.likely / (3600 * f->tokens_per_s); }
static double error_of(const struct rank_facts *f) { return f->noise; }

static const struct rank_metric
    area_metric = { "area", "mm2", "silicon of all devices, by the model of dies", .of = area, .with_area = true },
    carbon_metric = { "carbon", "g/Mtoken", "CO2 equivalent of the electricity of a million tokens", .of = carbon },
    cost_metric = { "cost", "$/Mtoken", "rent of a million tokens at likely prices", .of = cost, .with_time = true, .with_price = true },
    devices_metric = { "devices", "", "devices that run together", .column = "devices" },
    edp_metric = { "edp", "J s", "energy times time", .column = "edp_js", .with_time = true },
    energy_metric = { "energy", "J/token", "energy of a token, uncalibrated", .column = "energy_per_token_j" },
    error_metric = { "error", "", "proxy: noise over signal of a linear layer's output on Gaussian operands", .of = error_of, .with_noise = true },
    latency_metric = { "latency", "s", "time of the whole run", .column = "time_s", .with_time = true },
    memory_metric = { "memory", "bytes", "peak of one device", .column = "memory_bytes" },
    per_device_metric = { "per-device", "tokens/s", "generated tokens over time and devices", .column = "tokens_per_s_device", .higher_is_better = true,
                          .with_time = true },
    power_metric = { "power", "W", "average power of one device, uncalibrated", .column = "average_power_w" },
    throughput_metric = { "throughput", "tokens/s", "generated tokens over time", .column = "tokens_per_s", .higher_is_better = true, .with_time = true },
    tpot_metric = { "tpot", "s", "time per output token after the first", .column = "tpot_s", .with_time = true },
    ttft_metric = { "ttft", "s", "time to first token", .column = "ttft_s", .with_time = true };

const struct rank_metric *const rank_metrics[] = {
    &area_metric, &carbon_metric, &cost_metric, &devices_metric, &edp_metric, &energy_metric, &error_metric, &latency_metric, &memory_metric,
    &per_device_metric, &power_metric, &throughput_metric, &tpot_metric, &ttft_metric, NULL,
};

enum status rank_metric_find(const struct rank_metric **out, const char *name, struct error *err)
{
    const char *names[METRICS_MAX], *near;
    size_t count = 0;

    for (const struct rank_metric *const *m = rank_metrics; *m && count < METRICS_MAX; m++) {
        if (strcmp((*m)->name, name) == 0) {
            *out = *m;
            return STATUS_OK;
        }
        names[count++] = (*m)->name;
    }
    near = nearest_name(name, names, count);
    return error_plain(err, STATUS_BAD_INPUT, "unknown metric '%.64s'%s%s%s ('llmsim help rank' lists them)", name, near ? "; nearest is '" : "",
                       near ? near : "", near ? "'" : "");
}
