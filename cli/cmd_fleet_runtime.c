/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim fleet runtime: idealized runtime and cost of one request alone. docs/fleet.md */
#include <stddef.h>

#include "cli/commands.h"
#include "cli/fleet_unit.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "reports/fleet_report.h"
#include "workloads/model_library.h"
#include "workloads/request_bins.h"

struct runtime_options {
    struct fleet_unit_options unit;
    const char *in_tokens, *out_tokens;
    bool json;
};

/* The model and what serves it. */
struct served {
    struct llm model;
    struct fleet_unit units[FLEET_UNITS_MAX];
    int64_t units_count;
};

static const struct option_spec runtime_table[] = {
    FLEET_UNIT_OPTIONS(struct runtime_options, unit.),
    { .name = "in", .kind = OPTION_TEXT, .offset = offsetof(struct runtime_options, in_tokens), .value = "LIST", .otherwise = "512",
      .help = "prompt tokens, ascending" },
    { .name = "out", .kind = OPTION_TEXT, .offset = offsetof(struct runtime_options, out_tokens), .value = "LIST", .otherwise = "1,64",
      .help = "output tokens, ascending" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct runtime_options, json), .help = "print one JSON object (docs/fleet.md)" },
    { 0 }
};

static enum status fill_rows(struct runtime_row *rows, const struct fleet_unit *units, int64_t units_count, const struct request_edges *in,
                             const struct request_edges *out, struct error *err)
{
    for (int64_t u = 0; u < units_count; u++)
        for (int64_t i = 0; i < in->count; i++)
            for (int64_t o = 0; o < out->count; o++) {
                struct runtime_row *row = rows++;
                enum status st;

                *row = (struct runtime_row){ .unit = units[u].text, .devices = units[u].devices, .in_tokens = in->tokens[i], .out_tokens = out->tokens[o] };
                if ((st = ideal_runtime(&row->runtime, units[u].engine, row->in_tokens, row->out_tokens, err)))
                    return st;
                row->usd = row->runtime.time_s * units[u].usd_per_hour / 3600;
            }
    return STATUS_OK;
}

static enum status runtime(struct served *p, const struct runtime_options *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    struct report_style style = terminal_style(0);
    struct request_edges in, out;
    struct runtime_row *rows;
    struct json j;
    enum status st;

    if ((st = request_edges_parse(&in, o->in_tokens, "--in", err)) || (st = request_edges_parse(&out, o->out_tokens, "--out", err)) ||
        (st = model_load(&p->model, operands->items[0], arena, err)) ||
        (st = fleet_units_open(p->units, &p->units_count, &o->unit, &p->model, arena, err)))
        return st;
    struct runtime_report r = { p->model.name, o->unit.recipe, o->unit.stack, p->units_count * in.count * out.count, NULL };
    if ((r.rows = rows = arena_array(arena, (size_t)r.count, sizeof *rows)) == NULL)
        return error_no_memory(err);
    if ((st = fill_rows(rows, p->units, p->units_count, &in, &out, err)))
        return st;
    if (!o->json) {
        report_runtime_text(stdout, &r, &style);
        return STATUS_OK;
    }
    json_open(&j, stdout);
    report_runtime_json(&j, &r);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}

static int runtime_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct runtime_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);
    struct served *p = arena_alloc(&arena, sizeof *p);

    if (!st)
        st = p ? runtime(p, &o, &operands, &arena, &err) : error_no_memory(&err);
    if (p)
        fleet_units_close(p->units, p->units_count);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_fleet_runtime = {
    .name = "runtime",
    .summary = "idealized runtime and cost of one request alone",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .about = "Time to the first token, mean time of each one after it, and their sum for one request that has its devices for itself (arXiv 2305.02440), "
             "with what it costs.",
    .options = runtime_table,
    .examples = "  llmsim fleet runtime opt-66b --device A100-80GB:4 --stack library --in 512,1920 --out 1,64\n",
    .run = runtime_main,
};
