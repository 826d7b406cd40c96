/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim db check|export|query: a database of results is sound, as an ordered table, and what SQL asks of it. docs/results.md */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "reports/table.h"
#include "store/check.h"

struct db_options { const char *format; struct text_list output; int64_t limit; };

#define FIELD(f) offsetof(struct db_options, f)

static const char *const format_names[] = { "csv", "json", "md", "tex", "tsv", NULL };
static const char *const export_names[] = { "csv", "json", "tsv", NULL };
static const struct option_spec export_table[] = {
    { .name = "format", .kind = OPTION_CHOICE, .offset = FIELD(format), .value = "F", .otherwise = "csv", .choices = export_names, .help = "of the table" },
    { .name = "output", .letter = 'o', .kind = OPTION_LIST, .offset = FIELD(output), .value = "FILE", .help = "in place of standard output; .gz or .zst packs it" },
    { 0 }
};
static const struct option_spec query_table[] = {
    { .name = "format", .kind = OPTION_CHOICE, .offset = FIELD(format), .value = "F", .otherwise = "csv", .choices = format_names, .help = "of the table" },
    { .name = "limit", .kind = OPTION_I64, .offset = FIELD(limit), .value = "N", .otherwise = "1000", .min = 0, .max = INT64_MAX, .help = "rows at most; 0: all" },
    { 0 }
};

/* A name that is not there is a mistake, not a new database. */
static enum status open_existing(struct store **out, const char *path, struct error *err)
{
    *out = NULL;
    if (access(path, R_OK))
        return error_plain(err, STATUS_BAD_INPUT, "%s: cannot be read, expected a database of results", path);
    return store_open(out, path, err);
}

/* --- check ---------------------------------------------------------------------------------------------------------- */

static void print_fault(void *unused, const char *what, const char *fault)
{
    (void)unused;
    printf("%s: %s\n", what, fault);
}

static enum status check(const struct text_list *operands, struct error *err)
{
    const char *path = operands->items[0];
    struct store *s;
    int64_t faults = 0;
    enum status st = open_existing(&s, path, err);

    if (!st)
        st = store_check(&faults, s, print_fault, NULL, err);
    store_close(s);
    if (!st && faults)
        return error_plain(err, STATUS_BAD_INPUT, "%s: %lld fault%s", path, (long long)faults, faults == 1 ? "" : "s");
    if (!st)
        printf("%s: sound\n", path);
    return st;
}

/* --- export --------------------------------------------------------------------------------------------------------- */

/* Every column but those that number rows of one database: the same runs give the same bytes, in whatever order they were stored. */
static enum status portable_columns(const char **out, struct arena *arena, struct error *err)
{
    const struct store_column *const *list;
    const struct store_view *view;
    char text[4096] = "";
    size_t used = 0;
    enum status st;

    if ((st = store_view_find(&view, "runs", err)) || (st = store_columns_parse(&list, NULL, view, "all", arena, err)))
        return st;
    for (; *list; list++)
        if (strcmp((*list)->name, "id") != 0 && strcmp((*list)->name, "arch_id") != 0 && strcmp((*list)->name, "trace_id") != 0 && used + strlen((*list)->name) + 2 < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? "," : "", (*list)->name);
    *out = arena_strndup(arena, text, used);
    return *out ? STATUS_OK : error_no_memory(err);
}

static enum status export_runs(const struct db_options *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    struct report_options table = { .table = "runs", .sort = "key", .format = o->format, .output = o->output };
    struct report_sources sources = { 0 };
    enum status st = portable_columns(&table.columns, arena, err);

    if (!st)
        st = report_sources_open(&sources, operands, arena, err);
    if (!st)
        st = report_table(&table, &sources, arena, err);
    report_sources_close(&sources);
    return st;
}

/* --- query ---------------------------------------------------------------------------------------------------------- */

struct answering {
    const struct table_format *format;
    struct table table;
    struct table_column columns[STORE_ANSWER_COLUMNS_MAX];
    struct table_cell cells[STORE_ANSWER_COLUMNS_MAX];
};

static enum table_kind kind_of(const struct store_value *v)
{
    static const enum table_kind kinds[] = { [STORE_TEXT] = TABLE_TEXT, [STORE_INTEGER] = TABLE_INTEGER, [STORE_REAL] = TABLE_REAL };

    return v->null ? TABLE_NONE : kinds[v->kind];
}

static enum status put_row(void *to, int count, const char *const *names, const struct store_value *values, struct error *err)
{
    struct answering *a = to;

    (void)err;
    if (a->table.rows == 0) {
        for (int i = 0; i < count; i++)
            a->columns[i] = (struct table_column){ names[i], "", values[i].null ? TABLE_TEXT : kind_of(&values[i]) };
        a->table.count = count;
        a->format->begin(&a->table);
    }
    for (int i = 0; i < count; i++)
        a->cells[i] = (struct table_cell){ kind_of(&values[i]), values[i].text, values[i].whole, values[i].real };
    a->format->row(&a->table, a->cells);
    a->table.rows++;
    return STATUS_OK;
}

static enum status query(const struct db_options *o, const struct text_list *operands, struct error *err)
{
    static struct answering a;
    struct store *s;
    bool more = false;
    enum status st;

    a.table = (struct table){ .title = "answer", .columns = a.columns, .digits = 6 };
    if ((st = table_format_find(&a.format, o->format, err)) || (st = open_existing(&s, operands->items[0], err)))
        return st;
    if (!(st = outfile_open(&a.table.out, "-", err))) {
        st = store_ask(&more, s, operands->items[1], o->limit, put_row, &a, err);
        if (st)
            outfile_abandon(a.table.out);
        else {
            if (a.table.rows)
                a.format->end(&a.table);
            st = outfile_commit(a.table.out, err);
        }
    }
    store_close(s);
    if (!st && more)
        fprintf(stderr, "llmsim: the first %lld rows; --limit 0 gives all\n", (long long)o->limit);
    else if (!st && !a.table.rows)
        fputs("llmsim: no rows\n", stderr);
    return st;
}

/* --- the command ---------------------------------------------------------------------------------------------------- */

static int db_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct db_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = self->options == query_table ? query(&o, &operands, &err) : self->options ? export_runs(&o, &operands, &arena, &err) : check(&operands, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

static const struct command check_command = {
    .name = "check", .summary = "says whether a database is sound", .operands = "DB", .operands_min = 1, .operands_max = 1, .run = db_main,
    .about = "The file's integrity, owner and schema; references; times of runs against the sums of their phases, breakdown rows and causes; points of "
             "sweeps without a run or a reason. A fault is a line; exit 2 if there is one. A database of an older schema is brought to the current one first.",
    .examples = "  llmsim db check results.db\n",
};
static const struct command export_command = {
    .name = "export", .summary = "every run, sorted by key, with every figure", .operands = "DB", .operands_min = 1, .operands_max = 1,
    .options = export_table, .run = db_main,
    .about = "Two databases of the same runs give the same bytes, in whatever order they were filled. 'llmsim report' chooses and filters.",
    .examples = "  llmsim db export results.db >runs.csv\n  llmsim db export results.db --format json -o runs.json.gz\n",
};
static const struct command query_command = {
    .name = "query", .summary = "answers a SELECT", .operands = "DB SQL", .operands_min = 2, .operands_max = 2, .options = query_table, .run = db_main,
    .about = "Tables and views are in docs/results.md; times are integer picoseconds. SQL that does other than read is refused.",
    .examples = "  llmsim db query results.db 'SELECT arch, time_s FROM run_summary ORDER BY 2' --limit 10\n"
                "  llmsim db query results.db 'SELECT count(*) AS runs FROM run' --format json\n",
};
static const struct command *const subcommands[] = { &check_command, &export_command, &query_command, NULL };

const struct command command_db = {
    .name = "db", .summary = "check, export and query databases of results", .subcommands = subcommands,
    .examples = "  llmsim db check results.db\n  llmsim help db query\n",
};
