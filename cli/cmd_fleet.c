/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim fleet: which devices, and how many, serve a stream of requests most cheaply. docs/fleet.md */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"
#include "cli/commands.h"
#include "cli/fleet_unit.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "reports/fleet_report.h"
#include "workloads/model_library.h"
#include "workloads/request_bins.h"

struct plan_options {
    struct fleet_unit_options unit;
    const char *tpot, *in_edges, *out_edges;
    struct text_list most;
    double rate;
    int64_t slices, detail;
    bool json;
};

/* Edges of the source's profile, continued by its long prompts. */
#define IN_EDGES "25,100,250,500,1000,2000,4000,8000,16000"
#define OUT_EDGES "25,100,250,500,1000,2000"

static const struct option_spec plan_table[] = {
    FLEET_UNIT_OPTIONS(struct plan_options, unit.),
    { .name = "tpot", .kind = OPTION_TEXT, .offset = offsetof(struct plan_options, tpot), .value = "TIME",
      .help = "longest time per output token, as \"120 ms\" [default: no limit]" },
    { .name = "rate", .kind = OPTION_DOUBLE, .offset = offsetof(struct plan_options, rate), .value = "R",
      .help = "requests a second [default: as they arrive in the file]" },
    { .name = "in-edges", .kind = OPTION_TEXT, .offset = offsetof(struct plan_options, in_edges), .value = "LIST", .otherwise = IN_EDGES,
      .help = "edges of the bins of prompt lengths" },
    { .name = "out-edges", .kind = OPTION_TEXT, .offset = offsetof(struct plan_options, out_edges), .value = "LIST", .otherwise = OUT_EDGES,
      .help = "edges of the bins of output lengths" },
    { .name = "slices", .kind = OPTION_I64, .offset = offsetof(struct plan_options, slices), .value = "N", .otherwise = "4", .min = 1,
      .max = FLEET_SLICES_MAX, .help = "parts of a bin that may go to different units" },
    { .name = "most", .kind = OPTION_LIST, .offset = offsetof(struct plan_options, most), .value = "NAME=N",
      .help = "units of a kind that can be had, named as in --device [default: any number]" },
    { .name = "detail", .kind = OPTION_I64, .offset = offsetof(struct plan_options, detail), .value = "N", .otherwise = "16", .min = 0, .max = 100000,
      .help = "rows of the table of sizes; 0 = all" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct plan_options, json), .help = "print one JSON object (docs/fleet.md)" },
    { 0 }
};

/* Everything of a plan, in one arena. */
struct planning {
    struct llm model;
    struct fleet_unit units[FLEET_UNITS_MAX];
    int64_t units_count;
    double tpot_s;
    struct fleet_type types[FLEET_UNITS_MAX];
    const char *price_sources[FLEET_UNITS_MAX];
    double single[FLEET_UNITS_MAX];
    struct fleet_problem problem;
    struct batch_rate *rates;
};

static enum status read_buckets(struct planning *p, const struct plan_options *o, const char *path, struct arena *arena, struct error *err)
{
    struct request_edges in, out;
    struct request *requests;
    struct request_bin *bins;
    struct fleet_bucket *buckets;
    int64_t count, n;
    enum status st;

    if ((st = request_edges_parse(&in, o->in_edges, "--in-edges", err)) || (st = request_edges_parse(&out, o->out_edges, "--out-edges", err)) ||
        (st = requests_read(&requests, &count, path, 0, arena, err)) || (st = request_bins(&bins, &n, requests, count, &in, &out, arena, err)))
        return st;
    double span_s = requests[count - 1].arrival_s - requests[0].arrival_s, rate = o->rate > 0 ? o->rate : count > 1 ? (double)(count - 1) / span_s : 0;
    if (o->rate < 0 || !(rate > 0) || !isfinite(rate))
        return error_plain(err, STATUS_BAD_INPUT, "%s: the requests' arrivals give no rate: give one with --rate, above 0", path);
    if ((buckets = arena_array(arena, (size_t)n, sizeof *buckets)) == NULL)
        return error_no_memory(err);
    for (int64_t b = 0; b < n; b++)
        buckets[b] = (struct fleet_bucket){ bins[b].in_tokens, bins[b].out_tokens, rate * (double)bins[b].requests / (double)count };
    p->problem.buckets = buckets;
    p->problem.buckets_count = n;
    p->problem.slices = o->slices;
    return STATUS_OK;
}

/* --most NAME=N */
static enum status read_most(int64_t *most, const char *unit, const struct plan_options *o, struct error *err)
{
    *most = -1;
    for (int64_t i = 0; i < o->most.count; i++) {
        const char *text = o->most.items[i], *equals = strrchr(text, '=');
        enum status st;

        if (!equals)
            return error_plain(err, STATUS_BAD_INPUT, "--most: found '%s', expected NAME=N, as in A10G=4", text);
        if (strlen(unit) == (size_t)(equals - text) && strncmp(unit, text, strlen(unit)) == 0 &&
            (st = quantity_parse_i64(most, equals + 1, 0, 1000000, (struct source_pos){ "--most", 0, 0 }, err)))
            return st;
    }
    return STATUS_OK;
}

static enum status check_most(const struct planning *p, const struct plan_options *o, struct error *err)
{
    for (int64_t i = 0; i < o->most.count; i++) {
        const char *text = o->most.items[i];
        bool known = false;

        for (int64_t g = 0; g < p->units_count && !known; g++)
            known = strncmp(text, p->units[g].text, strcspn(text, "=")) == 0 && p->units[g].text[strcspn(text, "=")] == '\0';
        if (!known)
            return error_plain(err, STATUS_BAD_INPUT, "--most: '%s' names no --device", text);
    }
    return STATUS_OK;
}

static enum status fill_types(struct planning *p, const struct plan_options *o, struct error *err)
{
    enum status st = check_most(p, o, err);

    for (int64_t g = 0; g < p->units_count && !st; g++) {
        const struct fleet_unit *u = &p->units[g];

        p->types[g] = (struct fleet_type){ .name = u->text, .usd_per_hour = u->usd_per_hour };
        p->price_sources[g] = u->price_source;
        st = read_most(&p->types[g].most, u->text, o, err);
    }
    p->problem.types = p->types;
    p->problem.types_count = p->units_count;
    return st;
}

static enum status find_rates(struct planning *p, struct arena *arena, struct error *err)
{
    int64_t cells = p->units_count * p->problem.buckets_count;
    double *max_rate = arena_array(arena, (size_t)cells, sizeof *max_rate);
    enum status st = STATUS_OK;

    p->rates = arena_array(arena, (size_t)cells, sizeof *p->rates);
    if (!max_rate || !p->rates)
        return error_no_memory(err);
    for (int64_t i = 0; i < cells && !st; i++) {
        const struct fleet_bucket *b = &p->problem.buckets[i % p->problem.buckets_count];
        struct batch_load load = { 0, b->in_tokens, b->out_tokens };

        st = batch_rate_max(&p->rates[i], p->units[i / p->problem.buckets_count].engine, &load, p->tpot_s, err);
        max_rate[i] = p->rates[i].requests_per_s;
    }
    p->problem.max_rate = max_rate;
    return st;
}

static enum status solve(struct fleet_plan *plan, struct planning *p, struct arena *arena, struct error *err)
{
    enum status st = fleet_solve(plan, &p->problem, arena, err);

    for (int64_t g = 0; g < p->units_count && !st; g++) {
        struct fleet_plan alone;
        enum status single = fleet_solve_single(&alone, &p->problem, g, arena, err);

        if (single && single != STATUS_INFEASIBLE)
            return single;
        p->single[g] = single ? NAN : alone.usd_per_hour;
    }
    return st;
}

static enum status plan(struct planning *p, const struct plan_options *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    struct report_style style = terminal_style(o->detail);
    struct fleet_plan best;
    struct json j;
    enum status st;

    if ((o->tpot && (st = quantity_parse(&p->tpot_s, o->tpot, Q_SECONDS, (struct source_pos){ "--tpot", 0, 0 }, err))) ||
        (st = model_load(&p->model, operands->items[0], arena, err)) || (st = read_buckets(p, o, operands->items[1], arena, err)) ||
        (st = fleet_units_open(p->units, &p->units_count, &o->unit, &p->model, arena, err)) || (st = fill_types(p, o, err)) ||
        (st = find_rates(p, arena, err)) || (st = solve(&best, p, arena, err)))
        return st;
    struct fleet_report r = { .model = p->model.name, .recipe = o->unit.recipe, .stack = o->unit.stack, .tpot_limit_s = p->tpot_s, .problem = &p->problem,
                              .price_sources = p->price_sources, .rates = p->rates, .plan = &best, .single_usd_per_hour = p->single };
    if (!o->json) {
        report_fleet_text(stdout, &r, &style);
        return STATUS_OK;
    }
    json_open(&j, stdout);
    report_fleet_json(&j, &r);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}

static int plan_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct plan_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);
    struct planning *p = arena_alloc(&arena, sizeof *p);

    if (!st)
        st = p ? plan(p, &o, &operands, &arena, &err) : error_no_memory(&err);
    if (p)
        fleet_units_close(p->units, p->units_count);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

static const struct command fleet_plan_command = {
    .name = "plan",
    .summary = "cheapest mix of devices for requests of many sizes, under a limit per output token",
    .operands = "MODEL REQUESTS.csv",
    .operands_min = 2,
    .operands_max = 2,
    .about = "Bins the requests (columns arrival_s, in_tokens, out_tokens) by size, finds what each device can serve of each size in time, and solves the "
             "integer programme of Melange (arXiv 2404.14527) with GLPK. What each device alone would cost stands beside.",
    .options = plan_table,
    .examples = "  llmsim fleet plan llama-2-7b requests.csv --device A10G --device A100-80GB --tpot '120 ms' --rate 8\n",
    .run = plan_main,
};

static const struct command *const subcommands[] = { &fleet_plan_command, &command_fleet_runtime, NULL };

const struct command command_fleet = {
    .name = "fleet", .summary = "which devices serve a stream of requests most cheaply", .subcommands = subcommands,
    .examples = "  llmsim fleet plan llama-2-7b requests.csv --device A10G --device A100-80GB --tpot '120 ms' --rate 8\n",
};
