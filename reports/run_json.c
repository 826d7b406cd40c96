/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run as one JSON object, schema "llmsim.run/1"; docs/results.md describes every member. Times are exact decimal seconds of
 * integer picoseconds: those of the breakdown sum to time_s digit by digit. Nothing that is not a function of the inputs is in it.
 */
#include "base/json.h"
#include "reports/run_report.h"

static void put_inputs(struct json *j, const struct result *r, const struct report_head *head)
{
    json_object_begin(j, "inputs");
    json_text(j, "arch", head->arch);
    json_text(j, "stack", head->stack);
    json_text(j, "trace", head->trace);
    json_text(j, "model", head->model);
    json_text(j, "recipe", head->recipe);
    json_text(j, "layout", head->layout);
    json_text(j, "mapping", head->mapping);
    json_text(j, "overrides", head->overrides);
    json_i64(j, "devices", r->devices);
    json_object_end(j);
}

static void put_memory(struct json *j, const struct memory_use *m)
{
    json_object_begin(j, "memory_bytes");
    json_i64(j, "weights", m->weights);
    json_i64(j, "kv", m->kv);
    json_i64(j, "activations", m->activations);
    json_i64(j, "workspace", m->workspace);
    json_i64(j, "total", m->total);
    json_i64(j, "capacity", m->capacity);
    json_object_end(j);
}

static void put_energy(struct json *j, const struct result *r)
{
    json_double(j, "energy_j", r->energy_j);
    json_object_begin(j, "energy_parts_j");
    json_double(j, "static", r->energy_static_j);
    json_double(j, "matrix", r->energy_matrix_j);
    json_double(j, "vector", r->energy_vector_j);
    json_double(j, "onchip", r->energy_onchip_j);
    json_double(j, "dram", r->energy_dram_j);
    json_double(j, "link", r->energy_link_j);
    json_object_end(j);
    json_text(j, "energy_quality", "uncalibrated");
    json_double(j, "average_power_w", r->average_power_w);
}

static void put_phases(struct json *j, const struct result *r)
{
    json_array_begin(j, "phases");
    for (int64_t i = 0; i < r->phases_count; i++) {
        const struct phase_result *p = &r->phases[i];

        json_object_begin(j, NULL);
        json_text(j, "phase", phase_name(p->phase));
        json_i64(j, "steps", p->steps);
        json_i64(j, "tokens", p->tokens);
        json_time_ps(j, "time_s", p->time_ps);
        json_double(j, "flops", p->flops);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_parts(struct json *j, const struct breakdown_row *row)
{
    json_object_begin(j, "parts_s");
    for (int c = 0; c < CAUSES; c++)
        json_time_ps(j, cause_name((enum cause)c), row->parts_ps[c]);
    json_object_end(j);
}

static void put_bytes(struct json *j, const struct breakdown_row *row)
{
    json_object_begin(j, "bytes");
    for (int l = 0; l < LEVELS; l++)
        json_double(j, level_name((enum level)l), row->bytes[l]);
    json_double(j, "table", row->table_bytes);
    json_double(j, "partial_sums", row->psum_bytes);
    json_object_end(j);
}

static void put_row(struct json *j, const struct breakdown_row *row)
{
    json_object_begin(j, NULL);
    json_text(j, "phase", phase_name(row->phase));
    json_text(j, "role", row->role);
    json_text(j, "note", row->note);
    json_text(j, "kind", row->kind);
    json_i64(j, "count", row->count);
    json_time_ps(j, "time_s", row->time_ps);
    json_text(j, "bound", cause_name(row->bound));
    put_parts(j, row);
    json_double(j, "flops", row->flops);
    put_bytes(j, row);
    json_text(j, "mapping", row->mapping[0] ? row->mapping : NULL);
    json_time_ps(j, "best_time_s", row->best_time_ps);
    json_time_ps(j, "roofline_time_s", row->roofline_time_ps);
    json_double(j, "simulated_fraction", row->simulated_fraction);
    json_double(j, "extrapolation_error", row->extrapolation_error);
    json_i64(j, "simulated_events", row->simulated_events);
    json_object_end(j);
}

/* 80 % error bars; null where some kind of kernel has no residuals. docs/intervals.md */
static void put_interval(struct json *j, const struct run_interval *v)
{
    if (!v || !v->known) {
        json_text(j, "interval80", NULL);
        return;
    }
    json_object_begin(j, "interval80");
    json_time_ps(j, "time_low_s", v->time_low_ps);
    json_time_ps(j, "time_high_s", v->time_high_ps);
    json_time_ps(j, "ttft_low_s", v->ttft_low_ps);
    json_time_ps(j, "ttft_high_s", v->ttft_high_ps);
    json_time_ps(j, "tpot_low_s", v->tpot_low_ps);
    json_time_ps(j, "tpot_high_s", v->tpot_high_ps);
    json_bool(j, "own_generation", v->own_generation);
    json_object_end(j);
}

enum status report_run_json(FILE *out, const struct result *r, const struct report_head *head, struct error *err)
{
    char key[HASH_TEXT_MAX];
    struct json j;

    json_open(&j, out);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.run/1");
    json_text(&j, "key", hash_format(key, r->key));
    json_text(&j, "fidelity", r->fidelity);
    put_inputs(&j, r, head);
    json_time_ps(&j, "time_s", r->time_ps);
    json_time_ps(&j, "ttft_s", r->ttft_ps);
    json_time_ps(&j, "tpot_s", r->tpot_ps);
    put_interval(&j, head->interval);
    json_double(&j, "tokens_per_s", r->tokens_per_s);
    json_i64(&j, "generated_tokens", r->generated_tokens);
    put_energy(&j, r);
    put_memory(&j, &r->memory);
    put_phases(&j, r);
    json_array_begin(&j, "breakdown");
    for (int64_t i = 0; i < r->rows_count; i++)
        put_row(&j, &r->rows[i]);
    json_array_end(&j);
    json_double(&j, "simulated_fraction", r->simulated_fraction);
    json_double(&j, "extrapolation_error", r->extrapolation_error);
    json_i64(&j, "simulated_events", r->simulated_events);
    json_array_begin(&j, "warnings");
    for (int64_t i = 0; i < r->warnings_count; i++)
        json_text(&j, NULL, r->warnings[i]);
    json_array_end(&j);
    json_object_end(&j);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}
