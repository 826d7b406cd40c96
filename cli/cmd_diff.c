/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim diff: which operators and which causes make two runs differ. A run is a key in the database, a JSON file, or a command line of `run`. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "costmodel/energy.h"
#include "reports/diff_report.h"
#include "sim/run_diff.h"
#include "store/store.h"

enum { WORDS_MAX = 64 };

struct diff_options {
    const char *db;
    int64_t detail;
    bool json;
};

static const struct option_spec diff_table[] = {
    { .name = "db", .kind = OPTION_TEXT, .offset = offsetof(struct diff_options, db), .value = "FILE",
      .help = "database that keys are looked up in [default: $LLMSIM_DB, else llmsim.db in the current folder]" },
    { .name = "detail", .kind = OPTION_I64, .offset = offsetof(struct diff_options, detail), .value = "N", .otherwise = "12", .min = 0, .max = 100000,
      .help = "rows of each table of roles; 0 = all" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct diff_options, json), .help = "print one JSON object (docs/diff.md)" },
    { 0 }
};

/* Options inside a run written out as a text. */
static const struct option_spec spec_table[] = { JOB_OPTIONS(struct job_options, , "analytic"), { 0 } };

static const struct command spec_command = {
    .name = "a run in quotes", .operands = "ARCH TRACE", .operands_min = 2, .operands_max = 2, .options = spec_table,
};

/* One side of the comparison, found or computed. */
struct side {
    struct result result;
    struct report_head head;
    struct job job;
};

/* Words of a text as a shell splits them: blanks, '...', "..."; no escapes, no expansion. */
static enum status split_words(char **words, int *count, const char *text, struct arena *arena, struct error *err)
{
    char *out = arena_alloc(arena, strlen(text) + 1);

    if (!out)
        return error_no_memory(err);
    for (const char *p = text; *(p += strspn(p, " \t\n"));) {
        if (*count == WORDS_MAX)
            return error_plain(err, STATUS_BAD_INPUT, "'%s': more than %d words", text, WORDS_MAX);
        words[(*count)++] = out;
        while (*p && !strchr(" \t\n", *p)) {
            char quote = *p == '\'' || *p == '"' ? *p++ : '\0';

            for (; *p && (quote ? *p != quote : !strchr(" \t\n'\"", *p)); p++)
                *out++ = *p;
            if (quote && *p++ != quote)
                return error_plain(err, STATUS_BAD_INPUT, "'%s': a quote is not closed", text);
        }
        *out++ = '\0';
    }
    return STATUS_OK;
}

/* "A100 llama70b --tp 4": run now, nothing stored. */
static enum status compute_side(struct side *side, const char *text, struct arena *arena, struct error *err)
{
    char *words[WORDS_MAX + 2] = { "run" };
    int count = 1;
    struct job_options *o = arena_alloc(arena, sizeof *o);
    struct job *job = &side->job;
    struct text_list operands;
    enum status st;

    if (!o)
        return error_no_memory(err);
    if ((st = split_words(words, &count, text, arena, err)) || (st = options_parse(o, &operands, &spec_command, count, words, arena, err)) ||
        (st = job_load(job, o, operands.items[0], arena, err)) || (st = job_trace(&job->trace_path, operands.items[1], arena, err)) ||
        (st = run(&side->result, &job->spec, job->trace_path, arena, NULL, NULL, err)))
        return st;
    energy_account(&side->result, job->spec.hw);
    side->head = (struct report_head){ .arch = job->spec.hw->name, .stack = job->spec.stack->name, .recipe = job->recipe, .layout = job->layout,
                                       .mapping = o->mapping, .overrides = job_overrides(o, arena), .trace = job_trace_name(job) };
    return STATUS_OK;
}

static enum status find_side(struct side *side, const struct diff_options *o, const char *text, struct arena *arena, struct error *err)
{
    const char *path = job_database(o->db);
    struct store *store = NULL;
    struct run_inputs names;
    struct hash128 key;
    bool found = false;
    enum status st;

    if (access(path, F_OK))
        return error_plain(err, STATUS_BAD_INPUT, "'%s' is neither a file nor, without a database (%s), a run in one; a run to be computed has "
                           "blanks: 'ARCH TRACE --tp 4'", text, path);
    if ((st = store_open(&store, path, err)))
        return st;
    if (!(st = store_find(&key, &names, store, text, arena, err)) && !(st = store_get(&side->result, &found, store, key, arena, err)) && !found)
        st = error_plain(err, STATUS_INTERNAL, "%s: run %s went away", path, text);
    store_close(store);
    side->head = (struct report_head){ .arch = names.arch_name, .stack = names.stack_name, .trace = names.trace_name, .recipe = names.recipe,
                                       .layout = names.layout, .mapping = names.mapping, .overrides = names.overrides };
    return st;
}

static enum status load_side(struct side *side, const struct diff_options *o, const char *text, struct arena *arena, struct error *err)
{
    if (strchr(text, ' ') && access(text, F_OK))
        return compute_side(side, text, arena, err);
    if (access(text, F_OK) == 0)
        return report_run_read(&side->result, &side->head, text, arena, err);
    return find_side(side, o, text, arena, err);
}

/* Generation of a side's chip: computed sides know it; else that of a shipped chip of the name; "" unknown. */
static const char *generation_of(const struct side *side, struct arena *arena)
{
    const struct hardware *hw = side->job.spec.hw;

    if (!hw && side->head.arch && arch_load(&hw, side->head.arch, NULL, 0, arena, NULL))
        hw = NULL;
    return hw && hw->generation ? hw->generation : "";
}

static enum status diff(const struct diff_options *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    struct side *sides = arena_array(arena, 2, sizeof *sides);
    struct report_style style = terminal_style(o->detail);
    struct run_diff d;
    enum status st;

    if (!sides)
        return error_no_memory(err);
    for (int i = 0; i < 2; i++)
        if ((st = load_side(&sides[i], o, operands->items[i], arena, err)))
            return st;
    if ((st = run_diff(&d, &sides[0].result, &sides[1].result, arena, err)))
        return st;
    struct diff_view view = { &sides[0].result, &sides[1].result, &sides[0].head, &sides[1].head, &d, false, 0, 0 };
    struct residual_library residuals;
    if ((st = residual_library_load(&residuals, arena, err)))
        return st;
    view.ratio_known = run_ratio_interval(&view.ratio_low, &view.ratio_high, &residuals, generation_of(&sides[0], arena), view.a,
                                          generation_of(&sides[1], arena), view.b);
    if (o->json)
        return report_diff_json(stdout, &view, err);
    report_diff_text(stdout, &view, &style);
    return STATUS_OK;
}

static int diff_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct diff_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = diff(&o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_diff = {
    .name = "diff",
    .summary = "which operators and which causes make two runs differ",
    .operands = "A B",
    .operands_min = 2,
    .operands_max = 2,
    .about = "Compares two runs by phase and role and by cause; the differences sum exactly to the whole. A run is a key of the database (its "
             "first digits, as reports show them, or #ID), a file that 'llmsim run --json' wrote, or operands and options of 'llmsim run' in "
             "quotes, which are computed now (in analytic, unless they say otherwise).",
    .options = diff_table,
    .examples = "  llmsim diff 'A100 llama3-8b' 'H100 llama3-8b'\n"
                "  llmsim diff 'A100 llama3-8b' 'A100 llama3-8b --recipe w4a16'\n"
                "  llmsim diff before.json after.json --json\n"
                "  llmsim diff a84621ba 9f3c --db results.db\n",
    .run = diff_main,
};
