/* SPDX-License-Identifier: Apache-2.0 */
/* The scoreboard's file (validate/scoreboard.h): names, rows, goals, margins and reasons are written by hand, values by the command. */
#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "base/num.h"
#include "base/textfile.h"
#include "base/yaml.h"
#include "validate/scoreboard.h"

enum { STATISTICS_MAX = 16 };

static enum status read_statistic(const struct scoreboard_statistic **out, const struct yaml_node *node, struct error *err)
{
    const char *names[STATISTICS_MAX], *text = "mape", *near;
    const struct yaml_node *at = yaml_find(node, "statistic");
    size_t n = 0;
    enum status st = yaml_get_text(&text, node, "statistic", false, err);

    if (st)
        return st;
    for (const struct scoreboard_statistic *s = scoreboard_statistics; s->name && n < STATISTICS_MAX; s++) {
        names[n++] = s->name;
        if (strcmp(s->name, text) == 0) {
            *out = s;
            return STATUS_OK;
        }
    }
    near = nearest_name(text, names, n);
    return error_set(err, STATUS_BAD_INPUT, at->at, "unknown statistic '%s', expected mape, median, p90 or time_weighted%s%s", text,
                     near ? "; nearest is " : "", near ? near : "");
}

static enum status read_where(struct scoreboard_entry *e, const struct yaml_node *node, struct error *err)
{
    const struct yaml_node *where = yaml_find(node, "where");

    if (!where)
        return STATUS_OK;
    if (where->kind != YAML_MAPPING || where->count > SCOREBOARD_WHERE_MAX)
        return error_set(err, STATUS_BAD_INPUT, where->at, "where: expected at most %d columns, as in { device: A40, source: \"vidur:*\" }",
                         SCOREBOARD_WHERE_MAX);
    for (size_t i = 0; i < where->count; i++) {
        enum status st = yaml_get_text(&e->patterns[i], where, where->keys[i], true, err);

        if (st)
            return st;
        e->columns[i] = where->keys[i];
        e->where_count++;
    }
    return STATUS_OK;
}

static enum status read_entry(struct scoreboard_entry *e, const struct yaml_node *node, struct error *err)
{
    static const char *const keys[] = { "name", "file", "where", "fidelity", "statistic", "sample", "goal", "margin", "value", "rows", "misses", "reason" };
    enum status st;

    *e = (struct scoreboard_entry){ .fidelity = "analytic", .goal = NAN, .value = NAN, .reason = "", .at = node->at };
    if (node->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, node->at, "expected { name: ..., file: ..., margin: ... }");
    if ((st = yaml_check_keys(node, keys, sizeof keys / sizeof keys[0], err)) || (st = yaml_get_text(&e->name, node, "name", true, err)) ||
        (st = yaml_get_text(&e->file, node, "file", true, err)) || (st = read_where(e, node, err)) ||
        (st = yaml_get_text(&e->fidelity, node, "fidelity", false, err)) || (st = read_statistic(&e->statistic, node, err)) ||
        (st = yaml_get_i64(&e->sample, node, "sample", false, 0, INT64_MAX, err)) ||
        (st = yaml_get_quantity(&e->goal, node, "goal", false, Q_RATIO, 0, 1e6, err)) ||
        (st = yaml_get_quantity(&e->margin, node, "margin", true, Q_RATIO, 0, 1e6, err)) ||
        (st = yaml_get_quantity(&e->value, node, "value", false, Q_RATIO, 0, 1e12, err)) ||
        (st = yaml_get_i64(&e->rows, node, "rows", false, 0, INT64_MAX, err)) ||
        (st = yaml_get_i64(&e->misses, node, "misses", false, 0, INT64_MAX, err)))
        return st;
    return yaml_get_text(&e->reason, node, "reason", false, err);
}

enum status scoreboard_read(struct scoreboard *out, const char *path, struct arena *arena, struct error *err)
{
    static const char *const keys[] = { "scoreboard" };
    const struct yaml_node *list;
    struct yaml_node *doc;
    enum status st = yaml_read_file(&doc, path, arena, err);

    *out = (struct scoreboard){ 0 };
    if (st)
        return st;
    list = doc->kind == YAML_MAPPING ? yaml_find(doc, "scoreboard") : NULL;
    if (!list || list->kind != YAML_SEQUENCE)
        return error_set(err, STATUS_BAD_INPUT, doc->at, "expected 'scoreboard:' and a list");
    if ((st = yaml_check_keys(doc, keys, 1, err)))
        return st;
    if (!(out->entries = arena_array(arena, list->count + 1, sizeof *out->entries)))
        return error_no_memory(err);
    for (size_t i = 0; i < list->count; i++)
        if ((st = read_entry(&out->entries[out->count++], list->items[i], err)))
            return st;
    return STATUS_OK;
}

static void text_line(struct outfile *out, const char *key, const char *text)
{
    outfile_printf(out, "    %s: \"", key);
    for (; *text; text++)
        outfile_printf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    outfile_printf(out, "\"\n");
}

static void write_entry(struct outfile *out, const struct scoreboard_entry *e)
{
    char number[NUM_TEXT_MAX];

    outfile_printf(out, "  - name: %s\n    file: %s\n", e->name, e->file);
    for (int i = 0; i < e->where_count; i++)
        outfile_printf(out, "%s%s: \"%s\"%s", i ? ", " : "    where: { ", e->columns[i], e->patterns[i], i + 1 == e->where_count ? " }\n" : "");
    outfile_printf(out, "    fidelity: %s\n    statistic: %s\n", e->fidelity, e->statistic->name);
    if (e->sample)
        outfile_printf(out, "    sample: %lld\n", (long long)e->sample);
    if (!isnan(e->goal))
        outfile_printf(out, "    goal: %s\n", num_format_double(number, e->goal));
    outfile_printf(out, "    margin: %s\n", num_format_double(number, e->margin));
    if (!isnan(e->value))
        outfile_printf(out, "    value: %.2f\n    rows: %lld\n    misses: %lld\n", e->value, (long long)e->rows, (long long)e->misses);
    if (*e->reason)
        text_line(out, "reason", e->reason);
}

enum status scoreboard_write(const char *path, const struct scoreboard *board, struct error *err)
{
    struct outfile *out;
    enum status st = outfile_open(&out, path, err);

    if (st)
        return st;
    outfile_printf(out, "# SPDX-License-Identifier: Apache-2.0\n"
                        "# Figures of accuracy, in percent. value, rows and misses are written by `make scoreboard`; the rest by hand. tests/scoreboard fails where a\n"
                        "# figure leaves its margin either way. All rows of a file count, those that parameters were fitted on too. docs/validation.md\nscoreboard:\n");
    for (int64_t i = 0; i < board->count; i++)
        write_entry(out, &board->entries[i]);
    return outfile_commit(out, err);
}
