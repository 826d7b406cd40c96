/* SPDX-License-Identifier: Apache-2.0 */
/* Units of axes: the prefix that keeps an axis' largest number between 1 and 1000, and what an axis of a column is called. */
#include <math.h>
#include <string.h>

#include "reports/figure_kinds.h"

struct figure_scale figure_scale_of(const char *unit, double largest)
{
    static const struct { const char *unit; struct figure_scale scales[6]; double from; } known[] = { /* smallest first; from: of a scale it takes to use it */
        { "s", { { "ns", 1e-9 }, { "µs", 1e-6 }, { "ms", 1e-3 }, { "s", 1 } }, 0.9995 },
        { "J", { { "µJ", 1e-6 }, { "mJ", 1e-3 }, { "J", 1 }, { "kJ", 1e3 }, { "MJ", 1e6 } }, 0.9995 },
        { "J/token", { { "µJ/token", 1e-6 }, { "mJ/token", 1e-3 }, { "J/token", 1 }, { "kJ/token", 1e3 } }, 0.9995 },
        { "W", { { "mW", 1e-3 }, { "W", 1 }, { "kW", 1e3 }, { "MW", 1e6 } }, 0.9995 },
        { "bytes", { { "bytes", 1 }, { "KiB", 1024 }, { "MiB", 1048576.0 }, { "GiB", 1073741824.0 }, { "TiB", 1099511627776.0 } }, 0.9995 },
        { "tokens/s", { { "tokens/s", 1 }, { "ktokens/s", 1e3 }, { "Mtokens/s", 1e6 } }, 10 },
        { "tokens/s/device", { { "tokens/s/device", 1 }, { "ktokens/s/device", 1e3 }, { "Mtokens/s/device", 1e6 } }, 10 },
        { "FLOP", { { "FLOP", 1 }, { "MFLOP", 1e6 }, { "GFLOP", 1e9 }, { "TFLOP", 1e12 }, { "PFLOP", 1e15 }, { "EFLOP", 1e18 } }, 0.9995 },
        { "B/s", { { "B/s", 1 }, { "MB/s", 1e6 }, { "GB/s", 1e9 }, { "TB/s", 1e12 } }, 0.9995 },
        { "Hz", { { "Hz", 1 }, { "MHz", 1e6 }, { "GHz", 1e9 } }, 0.9995 },
        { "op/s", { { "op/s", 1 }, { "Gop/s", 1e9 }, { "Top/s", 1e12 }, { "Pop/s", 1e15 } }, 0.9995 },
        { "FLOP/s", { { "FLOP/s", 1 }, { "MFLOP/s", 1e6 }, { "GFLOP/s", 1e9 }, { "TFLOP/s", 1e12 }, { "PFLOP/s", 1e15 } }, 0.9995 },
    };
    struct figure_scale found = { unit, 1 };

    for (size_t u = 0; u < sizeof known / sizeof known[0]; u++)
        for (int i = 0; i < 6 && strcmp(known[u].unit, unit) == 0 && known[u].scales[i].unit; i++)
            if (i == 0 || fabs(largest) >= known[u].from * known[u].scales[i].of)
                found = known[u].scales[i];
    return largest != 0 && isfinite(largest) ? found : (struct figure_scale){ unit, 1 };
}

const char *figure_number(double value, struct arena *arena)
{
    double size = fabs(value);

    if (value == 0)
        return "0";
    if (size < 1e-3 || size >= 1e6)
        return arena_printf(arena, "%.2e", value);
    return arena_printf(arena, "%.*f", size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : size >= 0.09995 ? 3 : 4, value);
}

const char *figure_heading(const char *heading, const char *column, const char *unit, struct arena *arena)
{
    static const struct { const char *column, *label; } known[] = { /* the field's own words */
        { "ttft_s", "time to first token" }, { "tpot_s", "time per output token" }, { "tokens_per_s", "throughput" },
        { "tokens_per_s_device", "throughput of a device" }, { "energy_per_token_j", "energy per token" }, { "edp_js", "energy-delay product" },
    };
    size_t n = strcspn(heading, "(");

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].column, column) == 0)
            return arena_printf(arena, "%s (%s)", known[i].label, unit);
    while (n > 0 && heading[n - 1] == ' ')
        n--;
    return *unit ? arena_printf(arena, "%.*s (%s)", (int)n, heading, unit) : arena_strndup(arena, heading, n);
}
