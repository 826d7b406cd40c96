/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim sweep plan: what a sweep file asks for, how long it will take, what is there. docs/sweep_files.md */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/job.h"
#include "cli/sweep_plan.h"
#include "cli/terminal.h"
#include "sweep/evaluate.h"
#include "sweep/sampler.h"
#include "sweep/work.h"

struct plan_options {
    const char *db;
    int64_t first;
};

static const struct option_spec plan_table[] = {
    { .name = "db", .kind = OPTION_TEXT, .offset = offsetof(struct plan_options, db), .value = "FILE",
      .help = "database in which to look for what is there [default: $LLMSIM_DB, else llmsim.db in the current folder]" },
    { .name = "first", .kind = OPTION_I64, .offset = offsetof(struct plan_options, first), .value = "N", .otherwise = "5", .min = 0, .max = 1000000,
      .help = "designs to show" },
    { 0 }
};

/* Designs looked at; some of them, spread over the sweep, are computed. */
enum { LOOK_MAX = 1000000, TRIED_MAX = 1024 };
static const double tried_s = 1; /* none is begun after this long */

struct survey {
    struct evaluator *evaluator;
    int64_t designs, valid, shown, show;
    int64_t next_try, tried, timed;      /* ordinal from which one more is tried; of those tried, the ones that have a time */
    double spent_s[TRIED_MAX];           /* by that many */
    struct error why;                    /* of the first that failed */
    int64_t why_at;
};

static double spent(const struct survey *s)
{
    return s->tried ? s->spent_s[s->tried - 1] : 0;
}

/* Of one design once the first ones have timed what most of them share. */
static double later_s(const struct survey *s)
{
    int64_t half = s->tried / 2;

    return half ? (spent(s) - s->spent_s[half - 1]) / (double)(s->tried - half) : spent(s);
}

/* Designs that do not fit say nothing about time; those that fail are told, and are no failure of the plan unless all of them do. */
static enum status try_design(struct survey *s, const struct value *values, int64_t at, struct arena *arena, struct error *err)
{
    struct prepared_point ready;
    struct result r;
    struct error why = { 0 };
    double began_s = job_clock_s();
    enum status st = evaluator_prepare(&ready, s->evaluator, values, NULL, arena, &why);

    if (!st)
        st = evaluator_run(&r, s->evaluator, &ready, false, arena, NULL, &why);
    if (st && st != STATUS_BAD_INPUT && st != STATUS_INFEASIBLE)
        return *err = why, st;
    s->spent_s[s->tried] = spent(s) + job_clock_s() - began_s;
    s->next_try = at + (s->designs < LOOK_MAX ? s->designs : LOOK_MAX) / TRIED_MAX + 1;
    s->tried++;
    s->timed += !st;
    if (st == STATUS_BAD_INPUT && !s->why.message[0]) {
        s->why = why;
        s->why_at = at;
    }
    return STATUS_OK;
}

static enum status survey_design(struct survey *s, const struct plan *plan, const int64_t *index, int64_t at, struct error *err)
{
    struct value values[PLAN_NAMES_MAX];
    struct arena arena = { 0 };
    bool valid;
    enum status st = plan_assign(values, &valid, plan, index, &arena, err);

    if (!st && valid) {
        const char *text = plan_assignment(plan, values, NULL, &arena);
        if (s->shown++ < s->show && text)
            terminal_printf("  %8lld  %s\n", (long long)at, text);
        s->valid++;
        if (at >= s->next_try && s->tried < TRIED_MAX && spent(s) < tried_s)
            st = try_design(s, values, at, &arena, err);
    }
    arena_free(&arena);
    return st;
}

static enum status survey_all(struct survey *s, const struct plan *plan, struct error *err)
{
    struct sampler *sampler = NULL;
    int64_t index[PLAN_NAMES_MAX];
    enum status st = evaluator_open(&s->evaluator, plan, err);

    s->designs = plan->sampler->count ? plan->sampler->count(plan) : plan->population * plan->generations;
    if (!st && plan->sampler->open)
        st = plan->sampler->open(&sampler, plan, err);
    for (int64_t i = 0; !st && plan->sampler->at && i < s->designs && i < LOOK_MAX; i++)
        if (!(st = plan->sampler->at(index, sampler, plan, i, err)))
            st = survey_design(s, plan, index, i, err);
    if (sampler)
        plan->sampler->close(sampler);
    evaluator_close(s->evaluator);
    return st;
}

static void show_axes(const struct plan *plan)
{
    terminal_printf("%s: %s\n", plan->name, plan->sampler->summary);
    for (int64_t i = 0; i < plan->names_count; i++)
        if (plan->names[i].dimension >= 0)
            printf("  %-32s %lld value%s\n", plan->names[i].name, (long long)plan->dimensions[plan->names[i].dimension].count,
                   plan->dimensions[plan->names[i].dimension].count == 1 ? "" : "s");
    puts("designs:");
}

static void show_stages(const struct plan *plan)
{
    if (plan->refine_rounds > 0)
        printf("then neighbours of the front, %lld round%s at most\n", (long long)plan->refine_rounds, plan->refine_rounds == 1 ? "" : "s");
    for (int64_t i = 0; i < plan->promotions_count; i++)
        terminal_printf("then the front and what lies within %.3g %% of it again, at %s\n", 100 * plan->promotions[i].within, plan->promotions[i].fidelity);
}

static void show_survey(const struct survey *s, const struct plan *plan)
{
    if (plan->sampler->at)
        terminal_printf("%lld designs, %lld of them after constraints and conditions%s\n", (long long)s->designs, (long long)s->valid,
               s->designs > LOOK_MAX ? " (of the first million)" : "");
    else
        printf("up to %lld designs\n", (long long)s->designs);
    show_stages(plan);
    if (s->timed)
        terminal_printf("about %.2g s on one core: of %lld that were tried the later half took %.2g ms each\n", spent(s) + later_s(s) * (double)(s->valid - s->tried),
               (long long)s->tried, 1e3 * later_s(s));
}

/* What the database of the results holds of it; there may be none yet. */
static enum status show_stored(const struct plan *plan, const char *path, struct error *err)
{
    struct store_sweep_counts counts = { 0 };
    struct store *store;
    enum status st;

    if (access(path, R_OK))
        return STATUS_OK;
    if ((st = store_open(&store, path, err)))
        return st;
    st = store_sweep_count(&counts, store, plan->hash, 0, err);
    store_close(store);
    if (!st)
        terminal_printf("%s holds %lld results of it, %lld infeasible\n", path, (long long)(counts.done + counts.infeasible), (long long)counts.infeasible);
    return st;
}

static enum status show_plan(const struct plan *plan, const char *file, const void *options, struct arena *arena, struct error *err)
{
    const struct plan_options *o = options;
    struct survey s = { .show = o->first };
    enum status st;

    (void)file;
    (void)arena;
    show_axes(plan);
    if ((st = survey_all(&s, plan, err)))
        return st;
    show_survey(&s, plan);
    if ((st = show_stored(plan, job_database(o->db), err)) || !s.why.message[0])
        return st;
    if (s.timed == 0)
        return error_plain(err, STATUS_BAD_INPUT, "every design that was tried fails, the first: design %lld: %s", (long long)s.why_at, s.why.message);
    fprintf(stderr, "llmsim: some designs will fail, the first that was tried: design %lld: %s\n", (long long)s.why_at, s.why.message);
    return STATUS_OK;
}

static int plan_main(const struct command *self, int argc, char **argv)
{
    struct plan_options o = { 0 };

    return sweep_on_plan(self, argc, argv, &o, show_plan);
}

const struct command command_sweep_plan = {
    .name = "plan", .summary = "shows what a sweep file asks for", .operands = "FILE", .operands_min = 1, .operands_max = 1, .options = plan_table,
    .about = "Reads and checks a sweep file; shows its axes, the number of designs, the first of them, how long all will take, and how many results the database holds.",
    .examples = "  llmsim sweep plan experiments/formats.yaml\n", .run = plan_main,
};
