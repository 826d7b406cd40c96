/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim cost: area of a chip's die by block, what it costs to make, rent and buy, and what a run's tokens cost. docs/cost.md */
#include <stddef.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "reports/cost_report.h"

enum { SETS_MAX = 256 };

struct cost_options {
    const char *technology, *prices;
    struct text_list set, table;
    bool json;
};

static const struct option_spec cost_table[] = {
    { .name = "technology", .kind = OPTION_TEXT, .offset = offsetof(struct cost_options, technology), .value = "FILE",
      .help = "nodes, areas and silicon prices [default: arch/technology/cmos.yaml]" },
    { .name = "prices", .kind = OPTION_TEXT, .offset = offsetof(struct cost_options, prices), .value = "FILE",
      .help = "prices of devices and operation [default: arch/technology/prices.yaml]" },
    { .name = "table", .kind = OPTION_LIST, .offset = offsetof(struct cost_options, table), .value = "FILE",
      .help = "synthesis rows of your own beside the shipped ones; may be given often" },
    { .name = "set", .kind = OPTION_LIST, .offset = offsetof(struct cost_options, set), .value = "a.b=v",
      .help = "changes a value of the hardware; may be given often" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct cost_options, json), .help = "print one JSON object" },
    { 0 }
};

static enum status load(struct cost_report *r, const struct cost_options *o, const char *arch, struct arena *arena, struct error *err)
{
    struct arch_override changes[SETS_MAX];
    int64_t count = 0;
    enum status st;

    if (o->set.count > SETS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "%lld --set options, at most %d", (long long)o->set.count, SETS_MAX);
    if ((st = job_overrides_split(changes, &count, NULL, NULL, &o->set, arena, err)) || (st = arch_load(&r->hw, arch, changes, count, arena, err)))
        return st;
    return technology_load(&r->technology, o->technology, arena, err);
}

/* Tokens of the run in `path`, on this device. */
static enum status read_run(struct cost_report *r, struct result *run, struct serving_cost *serving, const char *path, const struct prices *prices,
                            struct arena *arena, struct error *err)
{
    struct report_head head = { 0 };
    enum status st = report_run_read(run, &head, path, arena, err);

    if (st)
        return st;
    if (head.arch == NULL || strcmp(head.arch, r->hw->name) != 0)
        return error_plain(err, STATUS_BAD_INPUT, "%s: a run on '%s', expected one on '%s'", path, head.arch ? head.arch : "?", r->hw->name);
    if (!(run->tokens_per_s > 0) || run->generated_tokens < 1)
        return error_plain(err, STATUS_BAD_INPUT, "%s: the run makes no tokens", path);
    serving_cost_of(serving, run->tokens_per_s, run->energy_j / (double)run->generated_tokens, (double)run->devices, r->made->carbon_kg, r->price, prices);
    r->run = run;
    r->run_trace = head.trace;
    r->serving = serving;
    return STATUS_OK;
}

static enum status show(const struct cost_report *r, bool json, struct error *err)
{
    struct report_style style = terminal_style(0);
    struct json j;

    if (!json) {
        report_cost_text(stdout, r, &style);
        return STATUS_OK;
    }
    json_open(&j, stdout);
    report_cost_json(&j, r);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}

static enum status cost(const struct cost_options *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    struct cost_report r = { 0 };
    struct arch_floorplan plan;
    struct die_area die;
    struct manufacture made;
    struct serving_cost serving;
    struct synthesis synthesis;
    struct result run = { 0 };
    const struct prices *prices;
    enum status st;

    if ((st = load(&r, o, operands->items[0], arena, err)) || (st = prices_load(&prices, o->prices, arena, err)) ||
        (st = floorplan_read(&plan, r.hw, err)) ||
        (st = synthesis_load(&synthesis, r.technology, o->table.items, o->table.count, arena, err)) || (st = die_area_of(&die, &plan, r.hw, &synthesis, err)) ||
        (st = manufacture_of(&made, &die, &plan, r.hw, r.technology, err)))
        return st;
    r.plan = &plan;
    r.die = &die;
    r.made = &made;
    r.price = prices_find(prices, r.hw->name);
    if (operands->count > 1 && (st = read_run(&r, &run, &serving, operands->items[1], prices, arena, err)))
        return st;
    return show(&r, o->json, err);
}

static int cost_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct cost_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = cost(&o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_cost = {
    .name = "cost",
    .summary = "area, manufacturing cost and prices of a chip, and what tokens cost on it",
    .operands = "ARCH [RUN.json]",
    .operands_min = 1,
    .operands_max = 2,
    .about = "Die area by block from what is built on it, yield, silicon, memory, package, board, dated prices, embodied carbon; with the JSON of a run on the "
             "same hardware, dollars and carbon of a million tokens. Every uncertain figure carries its range (docs/cost.md).",
    .options = cost_table,
    .examples = "  llmsim cost A100-80GB\n"
                "  llmsim run A100-80GB workloads/llama70b.trace --recipe w=int4g128 --json > run.json && llmsim cost A100-80GB run.json\n",
    .run = cost_main,
};
