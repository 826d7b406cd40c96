/* SPDX-License-Identifier: Apache-2.0 */
/* Fleets and idealized runtimes. See fleet_report.h. */
#include "reports/fleet_report.h"

#include <math.h>

#include "reports/text_table.h"

static void seconds(char *out, size_t bytes, double s)
{
    text_time(out, bytes, (int64_t)(s * 1e12 + 0.5));
}

/* ---- fleet ---- */

static void head_text(FILE *out, const struct text_style *s, const struct fleet_report *r)
{
    const struct fleet_problem *p = r->problem;
    double rate = 0;
    char limit[32];

    for (int64_t b = 0; b < p->buckets_count; b++)
        rate += p->buckets[b].requests_per_s;
    text_cell(out, s, TEXT_BOLD, text_width(r->model), r->model);
    fprintf(out, "  %s, %s\n  %.4g requests/s in %lld sizes", r->recipe, r->stack, rate, (long long)p->buckets_count);
    seconds(limit, sizeof limit, r->tpot_limit_s);
    if (r->tpot_limit_s > 0)
        fprintf(out, ", at most %s per output token", limit);
    fputc('\n', out);
}

static void number_or(struct text_table *t, bool known, const char *format, double value, const char *otherwise)
{
    char text[48];

    snprintf(text, sizeof text, format, value);
    text_table_cell(t, "%s", known ? text : otherwise);
}

static void units_text(FILE *out, const struct text_style *s, const struct fleet_report *r)
{
    static const struct text_column columns[] = {
        { "unit", TEXT_LEFT, TEXT_PLAIN }, { "units", TEXT_RIGHT, TEXT_PLAIN }, { "$/h each", TEXT_RIGHT, TEXT_PLAIN }, { "$/h", TEXT_RIGHT, TEXT_PLAIN },
        { "busy", TEXT_RIGHT, TEXT_PLAIN }, { "alone, $/h", TEXT_RIGHT, TEXT_PLAIN }, { "price", TEXT_FLOW, TEXT_PLAIN },
    };
    const struct fleet_problem *p = r->problem;
    struct text_table t;

    fputc('\n', out);
    text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);
    for (int64_t g = 0; g < p->types_count; g++) {
        text_table_cell(&t, "%s", p->types[g].name);
        text_table_cell(&t, "%lld", (long long)r->plan->units[g]);
        text_table_cell(&t, "%.4g", p->types[g].usd_per_hour);
        text_table_cell(&t, "%.4g", (double)r->plan->units[g] * p->types[g].usd_per_hour);
        number_or(&t, r->plan->units[g] != 0, "%.0f %%", 100 * r->plan->load[g], "-");
        number_or(&t, !isnan(r->single_usd_per_hour[g]), "%.4g", r->single_usd_per_hour[g], "cannot");
        text_table_cell(&t, "%s", r->price_sources[g]);
    }
    text_table_end(&t, out, s, 2);
}

static double cheapest_alone(const struct fleet_report *r)
{
    double best = NAN;

    for (int64_t g = 0; g < r->problem->types_count; g++)
        if (!isnan(r->single_usd_per_hour[g]) && !(r->single_usd_per_hour[g] >= best))
            best = r->single_usd_per_hour[g];
    return best;
}

static void total_text(FILE *out, const struct text_style *s, const struct fleet_report *r)
{
    double alone = cheapest_alone(r);
    char text[160];

    if (isnan(alone))
        snprintf(text, sizeof text, "  together %.4g $/h; no type can serve all of it alone", r->plan->usd_per_hour);
    else
        snprintf(text, sizeof text, "  together %.4g $/h, %.1f %% below the cheapest single type", r->plan->usd_per_hour,
                 100 * (1 - r->plan->usd_per_hour / alone));
    text_cell(out, s, TEXT_BOLD, text_width(text), text);
    fputc('\n', out);
}

static void add_bucket(struct text_table *t, const struct fleet_report *r, int64_t b)
{
    const struct fleet_problem *p = r->problem;
    char served[1024] = "";
    size_t used = 0;

    text_table_cell(t, "%lld", (long long)p->buckets[b].in_tokens);
    text_table_cell(t, "%lld", (long long)p->buckets[b].out_tokens);
    text_table_cell(t, "%.4g", p->buckets[b].requests_per_s);
    for (int64_t g = 0; g < p->types_count; g++) {
        const struct batch_rate *rate = &r->rates[g * p->buckets_count + b];
        double share = r->plan->share[g * p->buckets_count + b];

        if (!(share > 0) || used >= sizeof served)
            continue;
        used += (size_t)snprintf(served + used, sizeof served - used, "%s%s %.0f %% (%.3g/s, %lld at once)", used ? ", " : "", p->types[g].name, 100 * share,
                                 rate->requests_per_s, (long long)rate->together);
    }
    text_table_cell(t, "%s", served);
}

void report_fleet_text(FILE *to, const struct fleet_report *r, const struct report_style *style)
{
    static const struct text_column columns[] = {
        { "in", TEXT_RIGHT, TEXT_PLAIN }, { "out", TEXT_RIGHT, TEXT_PLAIN }, { "requests/s", TEXT_RIGHT, TEXT_PLAIN }, { "served by (most a unit serves)", TEXT_FLOW, TEXT_PLAIN },
    };
    struct text_style s = text_style_within(style, 40, 100);
    struct text_page page;
    FILE *out = text_page_begin(&page);
    struct text_table t;
    int64_t rows = style->rows_max && style->rows_max < r->problem->buckets_count ? style->rows_max : r->problem->buckets_count;

    head_text(out, &s, r);
    units_text(out, &s, r);
    total_text(out, &s, r);
    fputc('\n', out);
    text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);
    for (int64_t b = 0; b < rows; b++)
        add_bucket(&t, r, b);
    text_table_end(&t, out, &s, 2);
    if (rows < r->problem->buckets_count)
        fprintf(out, "  %lld sizes more (--detail 0)\n", (long long)(r->problem->buckets_count - rows));
    text_page_end(&page, to, &s);
}

static void put_bucket(struct json *j, const struct fleet_report *r, int64_t b)
{
    const struct fleet_problem *p = r->problem;

    json_object_begin(j, NULL);
    json_i64(j, "in_tokens", p->buckets[b].in_tokens);
    json_i64(j, "out_tokens", p->buckets[b].out_tokens);
    json_double(j, "requests_per_s", p->buckets[b].requests_per_s);
    json_array_begin(j, "units");
    for (int64_t g = 0; g < p->types_count; g++) {
        const struct batch_rate *rate = &r->rates[g * p->buckets_count + b];

        json_object_begin(j, NULL);
        json_text(j, "unit", p->types[g].name);
        json_double(j, "max_requests_per_s", rate->requests_per_s);
        json_double(j, "tpot_s", rate->tpot_s);
        json_i64(j, "together", rate->together);
        json_text(j, "limit", batch_limit_name(rate->limit));
        json_double(j, "share", r->plan->share[g * p->buckets_count + b]);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}

void report_fleet_json(struct json *j, const struct fleet_report *r)
{
    const struct fleet_problem *p = r->problem;

    json_object_begin(j, NULL);
    json_text(j, "schema", "llmsim.fleet/1");
    json_text(j, "model", r->model);
    json_text(j, "recipe", r->recipe);
    json_text(j, "stack", r->stack);
    json_double(j, "tpot_limit_s", r->tpot_limit_s > 0 ? r->tpot_limit_s : NAN);
    json_i64(j, "slices", p->slices);
    json_double(j, "usd_per_hour", r->plan->usd_per_hour);
    json_double(j, "cheapest_single_usd_per_hour", cheapest_alone(r));
    json_array_begin(j, "units");
    for (int64_t g = 0; g < p->types_count; g++) {
        json_object_begin(j, NULL);
        json_text(j, "unit", p->types[g].name);
        json_i64(j, "units", r->plan->units[g]);
        json_double(j, "usd_per_hour_each", p->types[g].usd_per_hour);
        json_text(j, "price_source", r->price_sources[g]);
        json_double(j, "load", r->plan->load[g]);
        json_double(j, "alone_usd_per_hour", r->single_usd_per_hour[g]);
        json_object_end(j);
    }
    json_array_end(j);
    json_array_begin(j, "sizes");
    for (int64_t b = 0; b < p->buckets_count; b++)
        put_bucket(j, r, b);
    json_array_end(j);
    json_object_end(j);
}

/* ---- idealized runtime ---- */

void report_runtime_text(FILE *to, const struct runtime_report *r, const struct report_style *style)
{
    static const struct text_column columns[] = {
        { "unit", TEXT_LEFT, TEXT_PLAIN }, { "in", TEXT_RIGHT, TEXT_PLAIN }, { "out", TEXT_RIGHT, TEXT_PLAIN }, { "first token", TEXT_RIGHT, TEXT_PLAIN },
        { "each more", TEXT_RIGHT, TEXT_PLAIN }, { "together", TEXT_RIGHT, TEXT_BOLD }, { "$/1000", TEXT_RIGHT, TEXT_PLAIN },
    };
    struct text_style s = text_style_within(style, 40, 100);
    struct text_page page;
    FILE *out = text_page_begin(&page);
    struct text_table t;

    text_cell(out, &s, TEXT_BOLD, text_width(r->model), r->model);
    fprintf(out, "  %s, %s; one request at a time\n\n", r->recipe, r->stack);
    text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);
    for (int64_t i = 0; i < r->count; i++) {
        const struct runtime_row *row = &r->rows[i];
        double times[] = { row->runtime.alpha_s, row->runtime.beta_s, row->runtime.time_s };

        text_table_cell(&t, "%s", row->unit);
        text_table_cell(&t, "%lld", (long long)row->in_tokens);
        text_table_cell(&t, "%lld", (long long)row->out_tokens);
        for (int k = 0; k < 3; k++) {
            char text[32];

            seconds(text, sizeof text, times[k]);
            text_table_cell(&t, "%s", text);
        }
        text_table_cell(&t, "%.4g", 1000 * row->usd);
    }
    text_table_end(&t, out, &s, 2);
    text_page_end(&page, to, &s);
}

void report_runtime_json(struct json *j, const struct runtime_report *r)
{
    json_object_begin(j, NULL);
    json_text(j, "schema", "llmsim.runtime/1");
    json_text(j, "model", r->model);
    json_text(j, "recipe", r->recipe);
    json_text(j, "stack", r->stack);
    json_array_begin(j, "rows");
    for (int64_t i = 0; i < r->count; i++) {
        const struct runtime_row *row = &r->rows[i];

        json_object_begin(j, NULL);
        json_text(j, "unit", row->unit);
        json_i64(j, "devices", row->devices);
        json_i64(j, "in_tokens", row->in_tokens);
        json_i64(j, "out_tokens", row->out_tokens);
        json_double(j, "alpha_s", row->runtime.alpha_s);
        json_double(j, "beta_s", row->runtime.beta_s);
        json_double(j, "time_s", row->runtime.time_s);
        json_double(j, "cost_usd", row->usd);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}
