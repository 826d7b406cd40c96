/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two runs as one JSON object, schema "llmsim.diff/1"; docs/diff.md. Times are exact decimals: they sum digit by digit. */
#include "base/json.h"
#include "reports/diff_report.h"

#include <math.h>

static void put_run(struct json *j, const char *name, const struct result *r, const struct report_head *head)
{
    char key[HASH_TEXT_MAX];

    json_object_begin(j, name);
    json_text(j, "key", hash_format(key, r->key));
    json_text(j, "fidelity", r->fidelity);
    json_text(j, "arch", head->arch);
    json_text(j, "stack", head->stack);
    json_text(j, "trace", head->trace);
    json_text(j, "recipe", head->recipe);
    json_text(j, "layout", head->layout);
    json_text(j, "mapping", head->mapping);
    json_text(j, "overrides", head->overrides);
    json_time_ps(j, "time_s", r->time_ps);
    json_time_ps(j, "ttft_s", r->ttft_ps);
    json_time_ps(j, "tpot_s", r->tpot_ps);
    json_double(j, "energy_j", r->energy_j);
    json_object_end(j);
}

static void put_parts(struct json *j, const int64_t parts_ps[CAUSES])
{
    json_object_begin(j, "parts_s");
    for (int c = 0; c < CAUSES; c++)
        json_time_ps(j, cause_name((enum cause)c), parts_ps[c]);
    json_object_end(j);
}

static void put_side(struct json *j, const char *name, const struct diff_side *s)
{
    json_object_begin(j, name);
    json_bool(j, "present", s->present);
    json_i64(j, "count", s->count);
    json_time_ps(j, "time_s", s->time_ps);
    json_time_ps(j, "roofline_time_s", s->roofline_time_ps);
    json_double(j, "flops", s->flops);
    json_double(j, "dram_bytes", s->dram_bytes);
    json_text(j, "note", s->note);
    json_text(j, "mapping", s->mapping && s->mapping[0] ? s->mapping : NULL);
    json_object_end(j);
}

static void put_row(struct json *j, const struct diff_row *r)
{
    json_object_begin(j, NULL);
    json_text(j, "phase", phase_name(r->phase));
    json_text(j, "role", r->role);
    json_time_ps(j, "difference_s", r->difference_ps);
    put_parts(j, r->parts_ps);
    json_time_ps(j, "launches_s", r->launches_ps);
    json_time_ps(j, "each_s", r->each_ps);
    put_side(j, "a", &r->a);
    put_side(j, "b", &r->b);
    json_object_end(j);
}

enum status report_diff_json(FILE *out, const struct diff_view *v, struct error *err)
{
    const struct run_diff *d = v->diff;
    struct json j;

    json_open(&j, out);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.diff/1");
    put_run(&j, "a", v->a, v->head_a);
    put_run(&j, "b", v->b, v->head_b);
    json_time_ps(&j, "difference_s", d->difference_ps);
    json_double(&j, "ratio", v->a->time_ps > 0 ? (double)v->b->time_ps / (double)v->a->time_ps : 0);
    json_double(&j, "ratio_low80", v->ratio_known ? v->ratio_low : NAN);
    json_double(&j, "ratio_high80", v->ratio_known ? v->ratio_high : NAN);
    put_parts(&j, d->parts_ps);
    json_time_ps(&j, "launches_s", d->launches_ps);
    json_time_ps(&j, "each_s", d->each_ps);
    json_array_begin(&j, "rows");
    for (int64_t i = 0; i < d->rows_count; i++)
        put_row(&j, &d->rows[i]);
    json_array_end(&j);
    json_object_end(&j);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}
