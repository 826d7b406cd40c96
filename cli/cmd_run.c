/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim run: replays a trace on described hardware, keeps the result, shows it. Same inputs: found, not recomputed. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/job.h"
#include "cli/run_timeline.h"
#include "cli/terminal.h"
#include "costmodel/energy.h"
#include "sim/run.h"

struct run_options {
    struct job_options job;
    const char *db, *explain;
    struct timeline_request timeline;
    int64_t detail;
    bool no_db, force, json;
};

static const struct option_spec run_table[] = {
    JOB_OPTIONS(struct run_options, job., "cycle"),
    { .name = "db", .kind = OPTION_TEXT, .offset = offsetof(struct run_options, db), .value = "FILE",
      .help = "database of results [default: $LLMSIM_DB, else llmsim.db in the current folder]" },
    { .name = "no-db", .kind = OPTION_FLAG, .offset = offsetof(struct run_options, no_db), .help = "neither look up nor store the result" },
    { .name = "force", .kind = OPTION_FLAG, .offset = offsetof(struct run_options, force), .help = "compute even when the result is there, and replace it" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct run_options, json), .help = "print one JSON object (docs/results.md)" },
    { .name = "explain", .kind = OPTION_TEXT, .offset = offsetof(struct run_options, explain), .value = "ROLE",
      .help = "explain the kernels of this role after the report ('llmsim explain' has more)" },
    { .name = "detail", .kind = OPTION_I64, .offset = offsetof(struct run_options, detail), .value = "N", .otherwise = "12", .min = 0, .max = 100000,
      .help = "rows of each table of roles; 0 = all" },
    { .name = "timeline", .kind = OPTION_TEXT, .offset = offsetof(struct run_options, timeline.path), .value = "FILE",
      .help = "write a timeline for Perfetto (Chrome trace-event JSON; .gz and .zst compress), also of a run from the database (docs/timeline.md)" },
    { .name = "steps", .kind = OPTION_TEXT, .offset = offsetof(struct run_options, timeline.steps), .value = "A-B",
      .help = "of the timeline: which steps show each launch; A or A- too [default: the first ones, up to 100000 events]" },
    { 0 }
};

/* Model's name and, with `whole`, the content hash, which takes reading to the end. */
static enum status look_at_trace(struct job *job, bool whole, struct arena *arena, struct error *err)
{
    struct arena steps = { 0 };
    const struct step *step = NULL;
    struct trace *t;
    enum status st = trace_open(&t, job->trace_path, err);

    if (st)
        return st;
    job->head.model = arena_strdup(arena, trace_model(t)->name);
    while (whole && !(st = trace_next(&step, t, &steps, err)) && step)
        arena_reset(&steps);
    job->inputs.trace_hash = trace_hash(t);
    arena_free(&steps);
    trace_close(t);
    return st;
}

static void fill_names(struct job *job, const struct run_options *o, struct arena *arena)
{
    const struct run_spec *s = &job->spec;
    const char *overrides = job_overrides(&o->job, arena);

    job->head.arch = s->hw->name;
    job->head.arch_summary = s->hw->summary;
    job->head.stack = s->stack->name;
    job->head.trace = job_trace_name(job);
    job->head.recipe = job->recipe;
    job->head.layout = job->layout;
    job->head.mapping = o->job.mapping;
    job->head.overrides = overrides;
    job->inputs = (struct run_inputs){
        .arch_name = s->hw->name, .stack_name = s->stack->name, .trace_name = job->head.trace,
        .recipe = job->recipe, .layout = job->layout, .mapping = o->job.mapping, .overrides = overrides,
        .model_version = version_model(), .arch_hash = s->hw->hash, .stack_hash = s->stack->hash,
    };
}

/* Resolved YAML of the hardware, or with hw NULL of the stack; NULL: no memory. */
static char *resolved_text(const struct hardware *hw, const struct stack *stack)
{
    char *text = NULL;
    size_t bytes;
    FILE *f = open_memstream(&text, &bytes);

    if (!f)
        return NULL;
    if (hw)
        arch_show(f, hw);
    else
        stack_show(f, stack);
    if (fclose(f)) {
        free(text);
        return NULL;
    }
    return text;
}

static enum status compute(struct result *r, const struct job *job, struct timeline *timeline, struct arena *arena, struct error *err)
{
    struct progress progress = { 0 };
    bool terminal = isatty(STDERR_FILENO) == 1;
    enum status st;

    progress_begin(&progress, terminal ? stderr : NULL, terminal, "steps", 0, job_clock_s());
    progress.clock_s = job_clock_s;
    st = run_observed(r, &job->spec, job->trace_path, timeline ? timeline_observer(timeline) : NULL, arena, &interrupted, &progress, err);
    progress_end(&progress, job_clock_s());
    if (!st)
        energy_account(r, job->spec.hw);
    if (!st && interrupted)
        st = error_plain(err, STATUS_INTERRUPTED, "interrupted");
    return st;
}

/* Computes the run and writes its timeline, where one is asked for. */
static enum status compute_and_draw(struct result *r, const struct job *job, const struct run_options *o, struct arena *arena, struct error *err)
{
    struct timeline *timeline = NULL;
    enum status st = o->timeline.path ? run_timeline_open(&timeline, &o->timeline, job, err) : STATUS_OK;

    if (!st)
        st = compute(r, job, timeline, arena, err);
    if (!timeline)
        return st;
    if (!st)
        return run_timeline_close(timeline, &o->timeline, r, err);
    timeline_abandon(timeline);
    return st;
}

/* What --set changed, apart for hardware and stack. */
static enum status keep_settings(struct run_inputs *in, const struct text_list *set, struct arena *arena, struct error *err)
{
    struct arch_override *arch = arena_array(arena, (size_t)set->count + 1, sizeof *arch), *stack = arena_array(arena, (size_t)set->count + 1, sizeof *stack);
    int64_t arch_count = 0, stack_count = 0;
    enum status st;

    if (!arch || !stack)
        return error_no_memory(err);
    if ((st = job_overrides_split(arch, &arch_count, stack, &stack_count, set, arena, err)) ||
        (st = store_settings_text(&in->arch_settings, arch, arch_count, arena, err)))
        return st;
    return store_settings_text(&in->stack_settings, stack, stack_count, arena, err);
}

static enum status keep(struct store *store, const struct result *r, struct job *job, const struct run_options *o, struct arena *arena, struct error *err)
{
    enum status st = look_at_trace(job, true, arena, err);
    char *arch, *stack;

    if (st || (st = keep_settings(&job->inputs, &o->job.set, arena, err)))
        return st;
    arch = resolved_text(job->spec.hw, NULL);
    stack = resolved_text(NULL, job->spec.stack);
    job->inputs.arch_yaml = arch;
    job->inputs.stack_yaml = stack;
    if (!(st = pack_file(&job->inputs.trace_text, job->trace_path, STORE_TRACE_BYTES_MAX, err)))
        st = arch && stack ? store_put(store, r, &job->inputs, o->force, err) : error_no_memory(err);
    free(job->inputs.trace_text.data);
    free(arch);
    free(stack);
    return st;
}

static enum status show(const struct result *r, struct job *job, const struct run_options *o, struct arena *arena, struct error *err)
{
    struct report_style style = terminal_style(o->detail);
    struct residual_library residuals;
    struct run_interval interval;
    enum status st = residual_library_load(&residuals, arena, err);

    if (st)
        return st;
    run_interval(&interval, &residuals, job->spec.hw->generation ? job->spec.hw->generation : "", r);
    job->head.interval = &interval;

    if (o->json)
        return report_run_json(stdout, r, &job->head, err);
    report_run_text(stdout, r, &job->head, &style);
    return STATUS_OK;
}

static enum status run_stored(struct result *r, struct job *job, const struct run_options *o, struct store *store, struct arena *arena,
                              struct error *err)
{
    struct hash128 key;
    bool found = false;
    enum status st = run_key(&key, &job->spec, job->trace_path, err);

    if (!st && store && !o->force)
        st = store_get(r, &found, store, key, arena, err);
    job->head.cached = found;
    if (!st && found && o->timeline.path) { /* the database has no launches: the run is replayed for them */
        struct result again = { 0 };
        return compute_and_draw(&again, job, o, arena, err);
    }
    if (st || found)
        return st;
    if (store && store_read_only(store)) /* before computing what could not be kept */
        return error_plain(err, STATUS_BAD_INPUT, "%s: the database is read-only and %s (--db names another file, --no-db runs without one)",
                           job_database(o->db), o->force ? "--force would replace a run in it" : "does not hold this run");
    return compute_and_draw(r, job, o, arena, err);
}

static enum status run_job(struct job *job, const struct run_options *o, struct arena *arena, struct error *err)
{
    const char *path = job_database(o->db);
    struct store *store = NULL;
    struct result r = { 0 };
    enum status st = STATUS_OK, kept = STATUS_OK;

    if (o->no_db && o->db)
        return error_plain(err, STATUS_BAD_INPUT, "--db and --no-db exclude each other");
    if (!o->no_db && (st = store_open(&store, path, err))) /* before computing: a bad database is told at once */
        return st;
    st = run_stored(&r, job, o, store, arena, err);
    if (!st && store && !job->head.cached)
        kept = keep(store, &r, job, o, arena, err);
    store_close(store);
    if (!st)
        st = show(&r, job, o, arena, kept ? NULL : err); /* what was computed is shown even when it could not be kept */
    if (!st && o->explain)
        st = explain_role(job, o->explain, arena, kept ? NULL : err);
    return st ? st : kept;
}

/* A run reads its trace several times (key, memory, replay), so that of a pipe goes to a temporary file. */
static enum status spool_stdin(const char **path, struct arena *arena, struct error *err)
{
    const char *folder = getenv("TMPDIR");
    char *name = arena_printf(arena, "%s/llmsim.XXXXXX", folder && *folder ? folder : "/tmp"), bytes[1 << 14];
    int file = name ? mkstemp(name) : -1;
    FILE *out = file >= 0 ? fdopen(file, "w") : NULL;
    bool good = out != NULL;
    size_t got;

    if (!name)
        return error_no_memory(err);
    while (good && !interrupted && (got = fread(bytes, 1, sizeof bytes, stdin)) > 0)
        good = fwrite(bytes, 1, got, out) == got;
    good = good && !ferror(stdin);
    if (out && fclose(out))
        good = false;
    *path = name;
    if (good && !interrupted)
        return STATUS_OK;
    enum status st = error_plain(err, interrupted ? STATUS_INTERRUPTED : STATUS_INTERNAL, interrupted ? "interrupted" :
                                 "standard input: cannot be copied to %s: %s", name, strerror(errno));
    if (file >= 0)
        unlink(name);
    return st;
}

/* A message about the temporary file is about standard input. */
static void name_stdin(struct error *err, const char *path)
{
    char rest[ERROR_MESSAGE_MAX];
    char *at = strstr(err->message, path);

    if (!at)
        return;
    snprintf(rest, sizeof rest, "%s", at + strlen(path));
    snprintf(at, sizeof err->message - (size_t)(at - err->message), "standard input%s", rest);
}

static enum status prepare_and_run(struct job *job, const struct run_options *o, const struct text_list *operands, struct arena *arena,
                                   struct error *err)
{
    enum status st = o->explain && o->json ? error_plain(err, STATUS_BAD_INPUT, "--explain is text: 'llmsim explain --json' gives JSON")
                                           : job_load(job, &o->job, operands->items[0], arena, err);

    if (st || (st = job_trace(&job->trace_path, operands->items[1], arena, err)) ||
        (st = run_timeline_check(&o->timeline, operands->items[0], job->trace_path, err)))
        return st;
    bool spooled = strcmp(job->trace_path, "-") == 0;
    catch_interrupt();
    if (spooled && (st = spool_stdin(&job->trace_path, arena, err)))
        return st;
    fill_names(job, o, arena);
    if (spooled)
        job->head.trace = job->inputs.trace_name = "standard input";
    if (!(st = look_at_trace(job, false, arena, err)))
        st = run_job(job, o, arena, err);
    if (spooled) {
        unlink(job->trace_path);
        name_stdin(err, job->trace_path);
    }
    return st;
}

static int run_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct run_options o = { 0 };
    struct text_list operands;
    struct job job = { 0 };
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = prepare_and_run(&job, &o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_run = {
    .name = "run",
    .summary = "replays a trace on a chip: time, energy, memory, and what bounds it",
    .operands = "ARCH TRACE",
    .operands_min = 2,
    .operands_max = 2,
    .about = "Replays TRACE on ARCH and prints time to first token, time per output token, energy, memory and where the time went. "
             "ARCH is a shipped name ('llmsim arch list') or a YAML file; TRACE is a file, the name of a shipped one, or - for standard input. A result is kept "
             "in a database under the hash of its inputs, and found there the next time.\n\n"
             "Exit code: 0 done, 1 internal failure, 2 bad usage or input, 3 does not fit, 130 interrupted.",
    .options = run_table,
    .examples = "  llmsim run lut_tc llama70b\n"
                "  llmsim run H100 workloads/llama3-8b.trace --recipe fp8 --fidelity analytic\n"
                "  llmsim run A100 llama70b --tp 4 --db results.db\n"
                "  llmsim run H100 llama3-8b --timeline run.json.gz --steps 1-3\n"
                "  llmsim run A100 llama3-8b --set dram.bandwidth='3 TB/s' --no-db --json\n",
    .run = run_main,
};
