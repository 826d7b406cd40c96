/* SPDX-License-Identifier: Apache-2.0 */
/* The explanation of a kernel as one JSON object, schema "llmsim.explain/1". docs/explain.md describes every member. */
#include "base/json.h"
#include "reports/explain_report.h"

static void put_head(struct json *j, const struct explanation *e, const struct explain_head *head)
{
    char shape[160];

    json_text(j, "arch", head->arch);
    json_text(j, "stack", head->stack);
    json_text(j, "recipe", head->recipe);
    json_text(j, "trace", head->trace);
    json_text(j, "role", e->kernel->role);
    json_text(j, "note", e->kernel->note);
    json_text(j, "shape", report_kernel_shape(shape, sizeof shape, e->kernel));
    if (head->found) {
        json_object_begin(j, "found");
        json_text(j, "phase", phase_name(head->found->phase));
        json_i64(j, "line", head->found->step_line);
        json_i64(j, "iteration", head->found->iteration);
        json_i64(j, "launches", head->found->launches);
        json_double(j, "launches_s", head->found->launches_s);
        json_double(j, "role_s", head->found->role_s);
        json_double(j, "trace_s", head->found->trace_s);
        json_object_end(j);
    }
}

static void put_times(struct json *j, const struct explanation *e, const struct explain_head *head)
{
    json_double(j, "time_s", e->timing.time_s);
    if (head->row) {
        json_object_begin(j, "row");
        json_text(j, "place", head->row->place);
        json_text(j, "harness", head->row->harness ? head->row->harness->name : NULL);
        json_i64(j, "kernels", head->row->seen.kernels);
        json_double(j, "kernels_s", head->row->seen.kernels_s);
        json_double(j, "predicted_s", head->row->predicted_s);
        json_double(j, "low_us", head->row->prediction.low);
        json_double(j, "high_us", head->row->prediction.high);
        json_double(j, "measured_s", head->row->measured_s);
        json_double(j, "error", head->row->measured_s > 0 ? head->row->predicted_s / head->row->measured_s - 1 : 0);
        json_object_end(j);
    }
    json_text(j, "bound", cause_name(e->timing.bound));
    json_double(j, "roofline_s", e->roofline_s);
    json_text(j, "roofline_bound", cause_name(e->roofline_bound));
    json_double(j, "clock_hz", e->timing.clock_hz);
    json_double(j, "highest_clock_hz", e->highest_hz);
}

static void put_mappings(struct json *j, const struct explanation *e)
{
    json_i64(j, "legal_mappings", e->legal_count);
    json_i64(j, "faster_mappings", e->faster_count);
    json_array_begin(j, "mappings");
    for (int64_t i = 0; i < e->mappings_count; i++) {
        json_object_begin(j, NULL);
        json_text(j, "kernel", e->mappings[i].kernel);
        json_text(j, "mapping", e->mappings[i].text);
        json_double(j, "time_s", e->mappings[i].time_s);
        json_double(j, "rule", e->mappings[i].rule);
        json_bool(j, "picked", e->mappings[i].picked);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_waves(struct json *j, const struct explain_waves *w)
{
    json_object_begin(j, "waves");
    json_i64(j, "blocks", w->blocks);
    json_i64(j, "sms", w->sms);
    json_i64(j, "blocks_per_sm", w->blocks_per_sm);
    json_double(j, "waves", w->waves);
    json_double(j, "wave_share", w->wave_share);
    json_double(j, "tile_share", w->tile_share);
    json_object_end(j);
}

static void put_lines(struct json *j, const char *key, const struct account_line *lines, int64_t count)
{
    json_array_begin(j, key);
    for (int64_t i = 0; i < count; i++) {
        json_object_begin(j, NULL);
        json_text(j, "name", lines[i].name);
        json_text(j, "cause", cause_name(lines[i].cause));
        json_double(j, "time_s", lines[i].time_s);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_traffic(struct json *j, const struct explanation *e)
{
    json_array_begin(j, "traffic");
    for (int64_t i = 0; i < e->traffic_count; i++) {
        const struct explain_traffic *t = &e->traffic[i];

        json_object_begin(j, NULL);
        json_text(j, "name", t->name);
        json_double(j, "amount", t->amount);
        json_text(j, "unit", t->unit);
        json_double(j, "rate_per_s", t->amount / e->timing.time_s);
        json_double(j, "peak_per_s", t->peak_per_s);
        json_double(j, "at_peak_s", t->at_peak_s);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_sensitivities(struct json *j, const struct explanation *e)
{
    json_array_begin(j, "sensitivities");
    for (int64_t i = 0; i < e->sensitivities_count; i++) {
        json_object_begin(j, NULL);
        json_text(j, "path", e->sensitivities[i].path);
        json_double(j, "value", e->sensitivities[i].value);
        json_double(j, "change_for_10_percent", e->sensitivities[i].change);
        json_bool(j, "moves_mapping", e->sensitivities[i].moved);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_gap(struct json *j, const struct explain_gap *gap)
{
    if (!gap)
        return;
    json_object_begin(j, "gap");
    json_double(j, "measured_kernel_s", gap->measured_s);
    json_text(j, "closest_mapping", gap->closest ? gap->closest->text : NULL);
    json_double(j, "closest_mapping_s", gap->closest ? gap->closest->time_s : 0);
    json_array_begin(j, "needed");
    for (int64_t i = 0; i < gap->needed_count; i++) {
        json_object_begin(j, NULL);
        json_text(j, "path", gap->needed[i].path);
        json_double(j, "value", gap->needed[i].value);
        json_double(j, "change", gap->needed[i].change);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}

static void put_shapes(struct json *j, const struct explanation *e)
{
    json_array_begin(j, "shapes");
    for (int64_t i = 0; i < e->shapes_count; i++) {
        const char name[2] = { e->shapes[i].dimension, '\0' };

        json_object_begin(j, NULL);
        json_text(j, "dimension", name);
        json_i64(j, "size", e->shapes[i].size);
        json_double(j, "time_s", e->shapes[i].time_s);
        json_double(j, "rate", e->shapes[i].rate);
        json_text(j, "why", e->shapes[i].why);
        json_object_end(j);
    }
    json_array_end(j);
}

enum status report_explain_json(FILE *out, const struct explanation *e, const struct explain_head *head, struct error *err)
{
    struct json j;

    json_open(&j, out);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.explain/1");
    put_head(&j, e, head);
    put_times(&j, e, head);
    put_mappings(&j, e);
    put_waves(&j, &e->waves);
    json_object_begin(&j, "step");
    json_text(&j, "name", e->account.step_name);
    json_double(&j, "time_s", e->account.step_s);
    json_double(&j, "steps", e->account.steps);
    put_lines(&j, "resources", e->account.resources, e->account.resources_count);
    json_object_end(&j);
    put_lines(&j, "parts", e->account.parts, e->account.parts_count);
    put_traffic(&j, e);
    put_sensitivities(&j, e);
    put_shapes(&j, e);
    put_gap(&j, head->gap);
    json_object_end(&j);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}
