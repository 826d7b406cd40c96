/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked of a database: views as tables of columns (store/query.h). A new view or column is a row here. */
#include <string.h>

#include "base/nearest.h"
#include "store/fields.h"
#include "store/query.h"

enum { NAMES_MAX = 128 };

#define SECONDS(column) column " / 1e12"
#define OF_RUN(what) "CASE WHEN r.detail THEN (SELECT " what " FROM breakdown b WHERE b.run_id = r.id) END" /* sweeps keep no rows: nothing to look for */
#define OF_PHASE(name) "(SELECT sum(p.time_ps) FROM phase p WHERE p.run_id = r.id AND p.phase = '" name "') / 1e12"
#define RUN_FROM "run r"

/* What was run: in every view. */
static const struct store_column identity[] = {
    { "run", "", STORE_TEXT, true, "substr(r.key, 1, 8)", "first digits of the run's key" },
    { "key", "", STORE_TEXT, false, "r.key", "the run's key: hash of all its inputs" },
    { "id", "", STORE_INTEGER, false, "r.id", "number of the run in its database" },
    { "arch", "", STORE_TEXT, true, "a.name", "hardware" },
    { "arch_id", "", STORE_INTEGER, false, "r.arch_id", "number of its description in the database" },
    { "stack", "", STORE_TEXT, false, "s.name", "software stack" },
    { "trace_id", "", STORE_INTEGER, false, "r.trace_id", "number of the workload in its database" },
    { "trace", "", STORE_TEXT, true, "t.name", "workload" },
    { "recipe", "", STORE_TEXT, true, "r.recipe", "number formats" },
    { "layout", "", STORE_TEXT, true, "r.layout", "parallel layout" },
    { "mapping", "", STORE_TEXT, false, "r.mapping", "picked or best" },
    { "fidelity", "", STORE_TEXT, true, "r.fidelity", "roofline, analytic or cycle" },
    { "overrides", "", STORE_TEXT, false, "r.overrides", "what --set changed" },
    { "devices", "", STORE_INTEGER, false, "r.devices", "devices that run together" },
    { "model_version", "", STORE_TEXT, false, "r.model_version", "version of the models" },
    { 0 }
};

static const struct store_column of_run[] = {
    { "time_s", "s", STORE_REAL, true, SECONDS("r.time_ps"), "of the whole run" },
    { "ttft_s", "s", STORE_REAL, true, SECONDS("r.ttft_ps"), "time to first token" },
    { "tpot_s", "s", STORE_REAL, true, SECONDS("r.tpot_ps"), "time per output token" },
    { "tokens_per_s", "tokens/s", STORE_REAL, true, "r.tokens_per_s", "generated tokens over time" },
    { "tokens_per_s_device", "tokens/s/device", STORE_REAL, false, "r.tokens_per_s / r.devices", "the same, of one device" },
    { "generated_tokens", "tokens", STORE_INTEGER, false, "r.generated_tokens", "tokens made" },
    { "prefill_s", "s", STORE_REAL, false, OF_PHASE("prefill"), "time of prefill steps" },
    { "decode_s", "s", STORE_REAL, false, OF_PHASE("decode"), "time of decode steps" },
    { "energy_j", "J", STORE_REAL, true, "r.energy_j", "energy of all devices" },
    { "energy_per_token_j", "J/token", STORE_REAL, false, "r.energy_j / nullif(r.generated_tokens, 0)", "energy over tokens made" },
    { "edp_js", "J s", STORE_REAL, false, "r.energy_j * (r.time_ps / 1e12)", "energy times time" },
    { "energy_static_j", "J", STORE_REAL, false, "r.energy_static_j", "leakage and idle" },
    { "energy_matrix_j", "J", STORE_REAL, false, "r.energy_matrix_j", "matrix units" },
    { "energy_vector_j", "J", STORE_REAL, false, "r.energy_vector_j", "vector units" },
    { "energy_onchip_j", "J", STORE_REAL, false, "r.energy_onchip_j", "on-chip memories and wires" },
    { "energy_dram_j", "J", STORE_REAL, false, "r.energy_dram_j", "device memory" },
    { "energy_link_j", "J", STORE_REAL, false, "r.energy_link_j", "links" },
    { "average_power_w", "W", STORE_REAL, false, "r.average_power_w", "of one device" },
    { "memory_bytes", "bytes", STORE_INTEGER, true, "r.memory_total_bytes", "peak of one device" },
    { "memory_weights_bytes", "bytes", STORE_INTEGER, false, "r.memory_weights_bytes", "weights" },
    { "memory_kv_bytes", "bytes", STORE_INTEGER, false, "r.memory_kv_bytes", "KV cache" },
    { "memory_activations_bytes", "bytes", STORE_INTEGER, false, "r.memory_activations_bytes", "activations" },
    { "memory_workspace_bytes", "bytes", STORE_INTEGER, false, "r.memory_workspace_bytes", "workspace" },
    { "memory_capacity_bytes", "bytes", STORE_INTEGER, false, "r.memory_capacity_bytes", "of one device" },
    { "memory_share", "", STORE_REAL, false, "1.0 * r.memory_total_bytes / nullif(r.memory_capacity_bytes, 0)", "memory used over capacity" },
    { "matrix_s", "s", STORE_REAL, false, SECONDS(OF_RUN("sum(b.matrix_ps)")), "time bound by matrix units" },
    { "vector_s", "s", STORE_REAL, false, SECONDS(OF_RUN("sum(b.vector_ps)")), "by vector units" },
    { "shared_s", "s", STORE_REAL, false, SECONDS(OF_RUN("sum(b.shared_ps)")), "by shared memory" },
    { "l2_s", "s", STORE_REAL, false, SECONDS(OF_RUN("sum(b.l2_ps)")), "by the L2 cache" },
    { "dram_s", "s", STORE_REAL, false, SECONDS(OF_RUN("sum(b.dram_ps)")), "by device memory" },
    { "link_s", "s", STORE_REAL, false, SECONDS(OF_RUN("sum(b.link_ps)")), "by links" },
    { "launch_s", "s", STORE_REAL, false, SECONDS(OF_RUN("sum(b.launch_ps)")), "by launches and the host" },
    { "stall_s", "s", STORE_REAL, false, SECONDS(OF_RUN("sum(b.stall_ps)")), "by latency that nothing hides" },
    { "best_s", "s", STORE_REAL, false, SECONDS(OF_RUN("sum(b.best_time_ps)")), "with the best mapping of every kernel" },
    { "roofline_s", "s", STORE_REAL, false, SECONDS(OF_RUN("sum(b.roofline_time_ps)")), "of the same launches at the roofline" },
    { "flops", "FLOP", STORE_REAL, false, OF_RUN("sum(b.flops)"), "logical operations of one device" },
    { "dram_bytes", "bytes", STORE_REAL, false, OF_RUN("sum(b.dram_bytes)"), "traffic of device memory" },
    { "link_bytes", "bytes", STORE_REAL, false, OF_RUN("sum(b.link_bytes)"), "traffic of links" },
    { "simulated_fraction", "", STORE_REAL, false, "r.simulated_fraction", "share that was simulated, not extrapolated" },
    { "extrapolation_error", "", STORE_REAL, false, "r.extrapolation_error", "share of the time by which the rest may be off" },
    { "simulated_events", "", STORE_INTEGER, false, "r.simulated_events", "events of the cycle models" },
    { "warnings", "", STORE_INTEGER, false, "(SELECT count(*) FROM warning w WHERE w.run_id = r.id)", "number of warnings" },
    { 0 }
};

static const struct store_column of_phase[] = {
    { "phase", "", STORE_TEXT, true, "p.phase", "prefill, decode or mixed" },
    { "steps", "", STORE_INTEGER, true, "p.steps", "iterations" },
    { "tokens", "tokens", STORE_INTEGER, true, "p.tokens", "produced (decode) or taken in (prefill)" },
    { "time_s", "s", STORE_REAL, true, SECONDS("p.time_ps"), "of the phase" },
    { "share", "", STORE_REAL, true, "1.0 * p.time_ps / nullif(r.time_ps, 0)", "of the run's time" },
    { "flops", "FLOP", STORE_REAL, true, "p.flops", "logical operations of one device" },
    { 0 }
};

#define PART(cause, help) { cause "_s", "s", STORE_REAL, false, SECONDS("sum(b." cause "_ps)"), help }
#define TRAFFIC(level, shown, help) { level "_bytes", "bytes", STORE_REAL, shown, "sum(b." level "_bytes)", help }
#define LARGEST "CASE max(sum(b.matrix_ps), sum(b.vector_ps), sum(b.shared_ps), sum(b.l2_ps), sum(b.dram_ps), sum(b.link_ps), sum(b.launch_ps), " \
                "sum(b.stall_ps)) WHEN sum(b.matrix_ps) THEN 'matrix' WHEN sum(b.vector_ps) THEN 'vector' WHEN sum(b.shared_ps) THEN 'shared' " \
                "WHEN sum(b.l2_ps) THEN 'l2' WHEN sum(b.dram_ps) THEN 'dram' WHEN sum(b.link_ps) THEN 'link' WHEN sum(b.launch_ps) THEN 'launch' " \
                "ELSE 'stall' END"
/* Sums over the launches of a row of the result, or of several. */
#define OF_LAUNCHES                                                                                                                    \
    { "kind", "", STORE_TEXT, false, "b.kind", "of its kernels: gemm, lut_gemm, moe, attention, elementwise, collective, host" },      \
    { "count", "", STORE_INTEGER, true, "sum(b.count)", "launches" },                                                                  \
    { "time_s", "s", STORE_REAL, true, SECONDS("sum(b.time_ps)"), "of all of them" },                                                  \
    { "share", "", STORE_REAL, true, "1.0 * sum(b.time_ps) / nullif(r.time_ps, 0)", "of the run's time" },                             \
    { "bound", "", STORE_TEXT, true, LARGEST, "cause with the largest part of the time" },                                             \
    PART("matrix", "part of matrix units"), PART("vector", "part of vector units"), PART("shared", "part of shared memory"),           \
    PART("l2", "part of the L2 cache"), PART("dram", "part of device memory"), PART("link", "part of links"),                          \
    PART("launch", "part of launches and the host"), PART("stall", "part of latency that nothing hides"),                              \
    { "best_s", "s", STORE_REAL, false, SECONDS("sum(b.best_time_ps)"), "with the best mapping" },                                     \
    { "roofline_s", "s", STORE_REAL, false, SECONDS("sum(b.roofline_time_ps)"), "at the roofline" },                                   \
    { "flops", "FLOP", STORE_REAL, true, "sum(b.flops)", "logical operations of one device" },                                         \
    TRAFFIC("shared", false, "traffic of shared memory"), TRAFFIC("l2", false, "traffic of L2"), TRAFFIC("dram", true, "traffic of device memory"), \
    TRAFFIC("link", false, "traffic of links"),                                                                                        \
    { "flops_per_byte", "FLOP/byte", STORE_REAL, false, "sum(b.flops) / nullif(sum(b.dram_bytes), 0)", "operational intensity" },      \
    { "flops_per_s", "FLOP/s", STORE_REAL, false, "sum(b.flops) * 1e12 / nullif(sum(b.time_ps), 0)", "rate achieved" }

static const struct store_column of_role[] = {
    { "phase", "", STORE_TEXT, true, "b.phase", "prefill, decode or mixed" },
    { "role", "", STORE_TEXT, true, "b.role", "of the operators" },
    OF_LAUNCHES,
    { 0 }
};

static const struct store_column of_kernel[] = {
    { "phase", "", STORE_TEXT, true, "b.phase", "prefill, decode or mixed" },
    { "role", "", STORE_TEXT, true, "b.role", "of the operator" },
    { "note", "", STORE_TEXT, false, "b.note", "formats, unit, what was inserted" },
    OF_LAUNCHES,
    { "kernel_mapping", "", STORE_TEXT, false, "b.mapping", "tile, stages and split of its longest kernel" },
    { 0 }
};

static const struct store_column of_warning[] = {
    { "warning", "", STORE_TEXT, true, "w.text", "what is doubtful about the run" },
    { 0 }
};

static const struct store_view
    kernels = { "kernels", "one row for every phase, role and kernel of a run", RUN_FROM " JOIN breakdown b ON b.run_id = r.id", "r.id, b.ordinal",
                "r.id, b.ordinal", { identity, of_kernel } },
    phases = { "phases", "one row for every phase of a run", RUN_FROM " JOIN phase p ON p.run_id = r.id", NULL, "r.id, p.ordinal", { identity, of_phase } },
    roles = { "roles", "one row for every phase and role of a run, longest first", RUN_FROM " JOIN breakdown b ON b.run_id = r.id",
              "r.id, b.phase, b.role", "r.id, b.phase = 'decode', sum(b.time_ps) DESC, min(b.ordinal)", { identity, of_role } },
    runs = { "runs", "one row a run", RUN_FROM, NULL, "r.id", { identity, of_run } },
    warnings = { "warnings", "one row for every warning of a run", RUN_FROM " JOIN warning w ON w.run_id = r.id", NULL, "r.id, w.ordinal",
                 { identity, of_warning } };

const struct store_view *const store_views[] = { &kernels, &phases, &roles, &runs, &warnings, NULL };

enum status store_view_find(const struct store_view **out, const char *name, struct error *err)
{
    const char *names[NAMES_MAX], *near;
    size_t count = 0;

    for (const struct store_view *const *v = store_views; *v; v++) {
        if (strcmp((*v)->name, name) == 0) {
            *out = *v;
            return STATUS_OK;
        }
        names[count++] = (*v)->name;
    }
    near = nearest_name(name, names, count);
    return error_plain(err, STATUS_BAD_INPUT, "unknown table '%s', expected one of kernels, phases, roles, runs, warnings%s%s", name,
                       near ? "; nearest is " : "", near ? near : "");
}

static const struct store_column *own_column(const struct store_view *view, const char *name)
{
    for (const struct store_column *const *part = view->columns; *part; part++)
        for (const struct store_column *c = *part; c->name; c++)
            if (strcmp(c->name, name) == 0)
                return c;
    return NULL;
}

struct known { const char *names[NAMES_MAX + FIELDS_MAX]; size_t count; char fields[FIELDS_MAX][64]; int fields_count; };

static bool know(void *to, const char *name)
{
    struct known *k = to;

    if (k->fields_count == FIELDS_MAX)
        return false;
    snprintf(k->fields[k->fields_count], sizeof k->fields[0], "%s", name);
    k->names[k->count++] = k->fields[k->fields_count++];
    return true;
}

enum status store_view_column_find(const struct store_column **out, struct store *s, const struct store_view *view, const char *name, const char *what,
                                   struct error *err)
{
    struct known known = { .count = 0 };
    const char *near;
    enum status st = STATUS_OK;

    if ((*out = own_column(view, name)) || (st = field_find(out, s, name, err)) || *out)
        return st;
    for (const struct store_column *const *part = view->columns; *part; part++)
        for (const struct store_column *c = *part; c->name && known.count < NAMES_MAX; c++)
            known.names[known.count++] = c->name;
    if ((st = field_names(s, know, &known, err)))
        return st;
    near = nearest_name(name, known.names, known.count);
    if (near)
        return error_plain(err, STATUS_BAD_INPUT, "%sunknown column '%s' of table %s; nearest is '%s'", what, name, view->name, near);
    return error_plain(err, STATUS_BAD_INPUT, "%sunknown column '%s' of table %s ('llmsim report --list' shows them)", what, name, view->name);
}
