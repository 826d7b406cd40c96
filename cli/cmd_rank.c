/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim rank: designs of a database in order of one or several metrics, why the first wins, and how sure that is. docs/rank.md */
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/rank_rows.h"
#include "cli/stored_run.h"
#include "cli/terminal.h"
#include "reports/rank_report.h"
#include "store/store.h"

struct rank_options {
    const char *by, *weights, *pareto, *where, *prices;
    int64_t top;
    bool json;
};

static const struct option_spec rank_table[] = {
    { .name = "by", .letter = 'b', .kind = OPTION_TEXT, .offset = offsetof(struct rank_options, by), .value = "METRIC",
      .help = "area, carbon, cost, devices, edp, energy, error, latency, memory, per-device, power, throughput, tpot or ttft [default: latency]" },
    { .name = "weights", .kind = OPTION_TEXT, .offset = offsetof(struct rank_options, weights), .value = "A=W,B=W",
      .help = "by several metrics together: product of each one's ratio to its best, to the power of its weight" },
    { .name = "pareto", .letter = 'p', .kind = OPTION_TEXT, .offset = offsetof(struct rank_options, pareto), .value = "A,B,...",
      .help = "only designs that no other beats in all of these" },
    { .name = "where", .letter = 'w', .kind = OPTION_TEXT, .offset = offsetof(struct rank_options, where), .value = "FILTER",
      .help = "runs for which it holds, as in 'llmsim report': \"trace = llama70b.trace and memory_share < 0.9\"" },
    { .name = "top", .letter = 'n', .kind = OPTION_I64, .offset = offsetof(struct rank_options, top), .value = "N", .otherwise = "10", .min = 1,
      .max = 100000, .help = "designs to show" },
    { .name = "prices", .kind = OPTION_TEXT, .offset = offsetof(struct rank_options, prices), .value = "FILE",
      .help = "price list [default: arch/technology/prices.yaml]" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct rank_options, json), .help = "print one JSON object (docs/rank.md)" },
    { 0 }
};

struct ranking {
    struct rank_rows rows;
    double weights[RANK_METRICS_MAX];
    struct rank_place *places;
    int64_t places_count;
    struct rank_report report;
    struct rank_price price;
    struct run_diff why;
};

/* ---- what to rank by ---- */

/* "a=2,b" or "a,b"; a weight that is not given is 1. */
static enum status read_metrics(struct ranking *r, const char *text, bool weighted, const char *option, struct error *err)
{
    struct rank_table *t = &r->rows.table;
    enum status st;

    for (const char *p = text;; p++) {
        size_t n = strcspn(p, ","), name = strcspn(p, ",=");
        char word[64] = "", number[32] = "1";

        if (t->metrics == RANK_METRICS_MAX)
            return error_plain(err, STATUS_BAD_INPUT, "%s: more than %d metrics", option, RANK_METRICS_MAX);
        memcpy(word, p, name < sizeof word ? name : sizeof word - 1);
        if (name < n)
            snprintf(number, sizeof number, "%.*s", (int)(n - name - 1), p + name + 1);
        if ((name < n && !weighted) || num_parse_double(&r->weights[t->metrics], number) || !(r->weights[t->metrics] > 0) ||
            r->weights[t->metrics] > 1e6)
            return error_plain(err, STATUS_BAD_INPUT, "%s: found '%.*s', expected %s", option, (int)n, p,
                               weighted ? "METRIC=WEIGHT with a weight above 0, as in cost=2,ttft=1" : "metrics, as in cost,ttft");
        if ((st = rank_metric_find(&r->rows.metrics[t->metrics], word, err)))
            return st;
        for (int64_t m = 0; m < t->metrics; m++)
            if (r->rows.metrics[m] == r->rows.metrics[t->metrics])
                return error_plain(err, STATUS_BAD_INPUT, "%s: '%s' stands there twice", option, word);
        t->metrics++;
        p += n;
        if (*p == '\0')
            return STATUS_OK;
    }
}

static enum status choose_metrics(struct ranking *r, const struct rank_options *o, struct error *err)
{
    if ((o->by != NULL) + (o->weights != NULL) + (o->pareto != NULL) > 1)
        return error_plain(err, STATUS_BAD_INPUT, "--by, --weights and --pareto exclude each other");
    if (o->pareto)
        return read_metrics(r, o->pareto, false, "--pareto", err);
    return o->weights ? read_metrics(r, o->weights, true, "--weights", err) : read_metrics(r, o->by ? o->by : "latency", false, "--by", err);
}

/* ---- the lines that are shown ---- */

/* Where the time went, of a run whose breakdown the database does not keep: the first lines are computed again, which takes milliseconds each at these
 * fidelities. What cannot be (its files changed) has no rows, and the reason is told. */
static enum status fill_rows(struct result *result, struct ranking *r, int64_t line, struct store *store, const struct run_inputs *names, struct hash128 key,
                             struct arena *arena, struct error *err)
{
    enum { AGAIN_MAX = 20 };
    struct result again;
    struct error why = { 0 };
    enum status st;

    if (result->rows_count > 0 || line >= AGAIN_MAX || strcmp(result->fidelity, "cycle") == 0)
        return STATUS_OK;
    if (!(st = stored_run_again(&again, store, names, key, result->fidelity, arena, &why)))
        *result = again;
    else if (st == STATUS_INTERNAL)
        return *err = why, st;
    else if (!r->report.no_rows && !(r->report.no_rows = arena_strdup(arena, why.message)))
        return error_no_memory(err);
    return STATUS_OK;
}

static enum status read_line(struct rank_line *line, struct result *result, struct store *store, struct ranking *r, int64_t i, struct arena *arena, struct error *err)
{
    const struct rank_place *place = &r->places[i];
    const char *id = arena_printf(arena, "#%lld", (long long)r->rows.run_ids[place->design]);
    char hex[HASH_TEXT_MAX];
    struct run_inputs names;
    struct hash128 key;
    bool found;
    enum status st;

    if (!id)
        return error_no_memory(err);
    if ((st = store_find(&key, &names, store, id, arena, err)) || (st = store_get_any(result, &found, store, key, arena, err)))
        return st;
    if (!found)
        return error_plain(err, STATUS_INTERNAL, "run %s went away", id);
    *line = (struct rank_line){ .score = place->score, .ratio = NAN, .fidelity = result->fidelity,
                                .head = { .arch = names.arch_name, .stack = names.stack_name, .trace = names.trace_name, .recipe = names.recipe,
                                          .layout = names.layout, .mapping = names.mapping, .overrides = names.overrides } };
    snprintf(line->key, sizeof line->key, "%.8s", hash_format(hex, key));
    memcpy(line->values, &r->rows.values[place->design * r->rows.table.metrics], (size_t)r->rows.table.metrics * sizeof line->values[0]);
    return fill_rows(result, r, i, store, &names, key, arena, err);
}

static enum status generation_of(const char **out, struct ranking *r, const struct rank_place *place, struct store *store, struct arena *arena, struct error *err)
{
    const struct hardware *hw;
    enum status st = rank_rows_hardware(&hw, &r->rows, r->rows.arch_index[place->design], store, arena, err);

    *out = !st && hw && hw->generation ? hw->generation : "";
    return st;
}

/* Lines with their intervals against the first; each line's rows live only as long as they are compared. */
static enum status read_lines(struct ranking *r, struct rank_line *lines, struct store *store, struct arena *arena, struct error *err)
{
    struct residual_library residuals;
    struct result first = { 0 };
    const char *generation = "", *first_generation = "";
    enum status st = residual_library_load(&residuals, arena, err);

    r->report.ties = -1;
    for (int64_t i = 0; i < r->report.count && !st; i++) {
        struct rank_line *l = &lines[i];
        struct result other;

        if ((st = read_line(l, i ? &other : &first, store, r, i, arena, err)) ||
            (first.rows_count > 0 && (st = generation_of(i ? &generation : &first_generation, r, &r->places[i], store, arena, err))) || i == 0)
            continue;
        l->ratio = first.time_ps > 0 ? (double)other.time_ps / (double)first.time_ps : NAN;
        l->ratio_known = first.rows_count > 0 && other.rows_count > 0 &&
                         run_ratio_interval(&l->ratio_low, &l->ratio_high, &residuals, first_generation, &first, generation, &other);
        if (l->ratio_known)
            r->report.ties = (r->report.ties < 0 ? 0 : r->report.ties) + (l->ratio_low <= 1 && l->ratio_high >= 1);
        if (i == 1 && first.rows_count > 0 && other.rows_count > 0 && !run_diff(&r->why, &first, &other, arena, NULL))
            r->report.why = &r->why;
    }
    return st;
}

/* ---- how far it rests on prices ---- */

/* The score goes with the price to the power of the priced metrics' share of the weights. */
static void price_of_first(struct ranking *r)
{
    double priced = 0, all = 0;

    for (int64_t m = 0; m < r->rows.table.metrics; m++) {
        all += r->weights[m];
        priced += r->rows.metrics[m]->with_price ? r->weights[m] : 0;
    }
    if (!(priced > 0) || !r->report.weights || r->places_count == 0)
        return;
    const struct rank_arch *first = &r->rows.archs[r->rows.arch_index[r->places[0].design]];
    r->price = (struct rank_price){ first->name, first->price_date, first->usd_per_hour, INFINITY };
    for (int64_t i = 1; i < r->places_count; i++) {
        const struct rank_arch *other = &r->rows.archs[r->rows.arch_index[r->places[i].design]];

        if (other->name == first->name || strcmp(other->name, first->name) == 0)
            continue;
        r->price.first_until_usd_per_hour = first->usd_per_hour.likely * pow(r->places[i].score / r->places[0].score, all / priced);
        break;
    }
    r->report.price = &r->price;
}

static enum status fill(struct ranking *r, const struct rank_options *o, struct store *store, struct arena *arena, struct error *err)
{
    const struct prices *prices;
    struct rank_line *lines;
    enum status st;

    if ((st = prices_load(&prices, o->prices, arena, err)) || (st = rank_rows_load(&r->rows, store, o->where, prices, arena, err)) ||
        (st = o->pareto ? rank_pareto(&r->places, &r->places_count, &r->rows.table, arena, err)
                        : rank_by_weights(&r->places, &r->places_count, &r->rows.table, r->weights, arena, err)))
        return st;
    r->report = (struct rank_report){ .designs = r->rows.table.count, .ranked = r->places_count, .metrics_count = r->rows.table.metrics,
                                      .metrics = r->rows.metrics, .weights = o->pareto ? NULL : r->weights, .mixed_traces = r->rows.mixed_traces,
                                      .count = r->places_count < o->top ? r->places_count : o->top };
    if (!(lines = arena_array(arena, (size_t)r->report.count + 1, sizeof *lines)))
        return error_no_memory(err);
    r->report.lines = lines;
    price_of_first(r);
    return read_lines(r, lines, store, arena, err);
}

static enum status rank(struct ranking *r, const struct rank_options *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    struct report_style style = terminal_style(0);
    const char *path = job_database(operands->count ? operands->items[0] : NULL);
    struct store *store = NULL;
    struct json j;
    enum status st;

    if ((st = choose_metrics(r, o, err)))
        return st;
    if (access(path, F_OK))
        return error_plain(err, STATUS_BAD_INPUT, "there is no database '%s': 'llmsim run' and 'llmsim sweep run' make one", path);
    if ((st = store_open(&store, path, err)))
        return st;
    st = fill(r, o, store, arena, err);
    store_close(store);
    if (st)
        return st;
    if (!o->json) {
        report_rank_text(stdout, &r->report, &style);
        return STATUS_OK;
    }
    json_open(&j, stdout);
    report_rank_json(&j, &r->report);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}

static int rank_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct rank_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);
    struct ranking *r = arena_alloc(&arena, sizeof *r);

    if (!st)
        st = r ? rank(r, &o, &operands, &arena, &err) : error_no_memory(&err);
    if (r)
        rank_rows_free(&r->rows);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_rank = {
    .name = "rank",
    .summary = "designs of a database in order of one or several metrics, with ties told",
    .operands = "[DB]",
    .operands_min = 0,
    .operands_max = 1,
    .about = "Orders the runs of a database (default $LLMSIM_DB, else llmsim.db) by one metric, by several with weights, or keeps the Pareto front. Times over "
             "the first one's carry the 80 % interval of the ratio: two designs share their calibration's error, and a difference inside the interval "
             "is a tie. Says which causes make the first win, and up to which price of its device it stays first.",
    .options = rank_table,
    .examples = "  llmsim rank sweep.db --by cost --where \"trace = llama70b.trace\"\n"
                "  llmsim rank sweep.db --weights cost=2,ttft=1 --top 5\n"
                "  llmsim rank sweep.db --pareto latency,energy,error --json\n",
    .run = rank_main,
};
