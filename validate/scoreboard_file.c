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
    return error_set(err, STATUS_BAD_INPUT, at->at, "unknown statistic '%s', expected mape, median, p90, time_weighted or coverage%s%s", text,
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

/* ---- folds ---- */

static enum status read_files(struct fold_set *s, const struct yaml_node *node, struct error *err)
{
    const struct yaml_node *list = yaml_find(node, "files");

    if (!list || list->kind != YAML_SEQUENCE || list->count == 0 || list->count > FOLD_FILES_MAX)
        return error_set(err, STATUS_BAD_INPUT, list ? list->at : node->at, "files: expected a list of 1 to %d files", FOLD_FILES_MAX);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->kind != YAML_SCALAR)
            return error_set(err, STATUS_BAD_INPUT, list->items[i]->at, "files: expected the name of a file");
        s->files[s->file_count++] = list->items[i]->text;
    }
    return STATUS_OK;
}

static enum status read_fit(struct fold_fit *fit, const struct yaml_node *node, struct error *err)
{
    if (node->kind != YAML_MAPPING || node->count > CALIBRATE_FREE_MAX)
        return error_set(err, STATUS_BAD_INPUT, node->at, "fits: expected a mapping of at most %d fitted values", CALIBRATE_FREE_MAX);
    for (size_t i = 0; i < node->count; i++) {
        fit->keys[i] = node->keys[i];
        if (node->items[i]->kind != YAML_SCALAR || num_parse_double(&fit->values[i], node->items[i]->text) != 0)
            return error_set(err, STATUS_BAD_INPUT, node->items[i]->at, "fits: '%s': expected a number, in the unit of its bounds", node->keys[i]);
        fit->count++;
    }
    return STATUS_OK;
}

static enum status read_set(struct fold_set *s, const struct yaml_node *node, struct error *err)
{
    static const char *const keys[] = { "name", "device", "files", "leave_out", "folds", "rows", "fits" };
    const char *leave_out = "model";
    const struct yaml_node *fits;
    enum status st;

    *s = (struct fold_set){ .rows = 1200, .at = node->at };
    if (node->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, node->at, "expected { name: ..., device: ..., files: [...], folds: ... }");
    if ((st = yaml_check_keys(node, keys, sizeof keys / sizeof keys[0], err)) || (st = yaml_get_text(&s->name, node, "name", true, err)) ||
        (st = yaml_get_text(&s->device, node, "device", true, err)) || (st = read_files(s, node, err)) ||
        (st = yaml_get_text(&leave_out, node, "leave_out", false, err)) ||
        (st = yaml_get_i64(&s->folds, node, "folds", true, 2, CALIBRATE_FOLDS_MAX, err)) ||
        (st = yaml_get_i64(&s->rows, node, "rows", false, 0, INT64_MAX, err)))
        return st;
    s->by_shape = strcmp(leave_out, "shape") == 0;
    if (!s->by_shape && strcmp(leave_out, "model") != 0)
        return error_set(err, STATUS_BAD_INPUT, yaml_find(node, "leave_out")->at, "leave_out: '%s', expected model or shape", leave_out);
    if (!(fits = yaml_find(node, "fits")))
        return STATUS_OK;
    if (fits->kind != YAML_SEQUENCE || (int64_t)fits->count != s->folds)
        return error_set(err, STATUS_BAD_INPUT, fits->at, "fits: expected a list of %lld, one a fold", (long long)s->folds);
    for (size_t i = 0; i < fits->count; i++)
        if ((st = read_fit(&s->fits[i], fits->items[i], err)))
            return st;
    return STATUS_OK;
}

static enum status read_sets(struct scoreboard *out, const struct yaml_node *doc, struct arena *arena, struct error *err)
{
    const struct yaml_node *list = yaml_find(doc, "folds");
    enum status st;

    if (!list)
        return STATUS_OK;
    if (list->kind != YAML_SEQUENCE)
        return error_set(err, STATUS_BAD_INPUT, list->at, "folds: expected a list");
    if (!(out->sets = arena_array(arena, list->count + 1, sizeof *out->sets)))
        return error_no_memory(err);
    for (size_t i = 0; i < list->count; i++)
        if ((st = read_set(&out->sets[out->set_count++], list->items[i], err)))
            return st;
    return STATUS_OK;
}

static void write_set(struct outfile *out, const struct fold_set *s)
{
    char number[NUM_TEXT_MAX];

    outfile_printf(out, "  - name: %s\n    device: %s\n    files: [", s->name, s->device);
    for (int i = 0; i < s->file_count; i++)
        outfile_printf(out, "%s%s", i ? ", " : "", s->files[i]);
    outfile_printf(out, "]\n    leave_out: %s\n    folds: %lld\n    rows: %lld\n", s->by_shape ? "shape" : "model", (long long)s->folds, (long long)s->rows);
    if (s->fits[0].count)
        outfile_printf(out, "    fits:\n");
    for (int64_t f = 0; f < s->folds && s->fits[f].count; f++) {
        outfile_printf(out, "      - { ");
        for (int64_t i = 0; i < s->fits[f].count; i++)
            outfile_printf(out, "%s\"%s\": %s", i ? ", " : "", s->fits[f].keys[i], num_format_double(number, s->fits[f].values[i]));
        outfile_printf(out, " }\n");
    }
}

/* ---- figures ---- */

static enum status read_folds(struct scoreboard_entry *e, const struct yaml_node *node, const struct scoreboard *board, struct error *err)
{
    const struct yaml_node *at = yaml_find(node, "folds");
    const char *name = NULL;
    enum status st = yaml_get_text(&name, node, "folds", false, err);

    for (int64_t i = 0; i < board->set_count && name && !st; i++)
        if (strcmp(board->sets[i].name, name) == 0)
            e->folds = &board->sets[i];
    if (st || !name)
        return st;
    if (!e->folds)
        return error_set(err, STATUS_BAD_INPUT, at->at, "no folds '%s' at the top of the file", name);
    if (e->uncalibrated || e->sample || strcmp(e->fidelity, "analytic") != 0)
        return error_set(err, STATUS_BAD_INPUT, at->at, "folds are predicted whole, calibrated, in analytic");
    return STATUS_OK;
}

static enum status read_entry(struct scoreboard_entry *e, const struct yaml_node *node, const struct scoreboard *board, struct error *err)
{
    static const char *const keys[] = { "name", "file", "where", "fidelity", "statistic", "sample", "uncalibrated", "folds", "goal_low", "goal", "margin",
                                        "value", "rows", "misses", "reason" };
    enum status st;

    *e = (struct scoreboard_entry){ .fidelity = "analytic", .goal = NAN, .goal_low = NAN, .value = NAN, .reason = "", .at = node->at };
    if (node->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, node->at, "expected { name: ..., file: ..., margin: ... }");
    if ((st = yaml_check_keys(node, keys, sizeof keys / sizeof keys[0], err)) || (st = yaml_get_text(&e->name, node, "name", true, err)) ||
        (st = yaml_get_text(&e->file, node, "file", true, err)) || (st = read_where(e, node, err)) ||
        (st = yaml_get_text(&e->fidelity, node, "fidelity", false, err)) || (st = read_statistic(&e->statistic, node, err)) ||
        (st = yaml_get_i64(&e->sample, node, "sample", false, 0, INT64_MAX, err)) ||
        (st = yaml_get_bool(&e->uncalibrated, node, "uncalibrated", false, err)) || (st = read_folds(e, node, board, err)) ||
        (st = yaml_get_quantity(&e->goal_low, node, "goal_low", false, Q_RATIO, 0, 1e6, err)) ||
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
    static const char *const keys[] = { "scoreboard", "folds" };
    const struct yaml_node *list;
    struct yaml_node *doc;
    enum status st = yaml_read_file(&doc, path, arena, err);

    *out = (struct scoreboard){ 0 };
    if (st)
        return st;
    list = doc->kind == YAML_MAPPING ? yaml_find(doc, "scoreboard") : NULL;
    if (!list || list->kind != YAML_SEQUENCE)
        return error_set(err, STATUS_BAD_INPUT, doc->at, "expected 'scoreboard:' and a list");
    if ((st = yaml_check_keys(doc, keys, sizeof keys / sizeof keys[0], err)) || (st = read_sets(out, doc, arena, err)))
        return st;
    if (!(out->entries = arena_array(arena, list->count + 1, sizeof *out->entries)))
        return error_no_memory(err);
    for (size_t i = 0; i < list->count; i++)
        if ((st = read_entry(&out->entries[out->count++], list->items[i], out, err)))
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
    if (e->uncalibrated)
        outfile_printf(out, "    uncalibrated: true\n");
    if (e->folds)
        outfile_printf(out, "    folds: %s\n", e->folds->name);
    if (!isnan(e->goal_low))
        outfile_printf(out, "    goal_low: %s\n", num_format_double(number, e->goal_low));
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
                        "# figure leaves its margin either way. All rows of a file count, those that parameters were fitted on too, but of figures with `folds:`, whose\n"
                        "# rows are predicted by the fit that left them out (values kept here by `make scoreboard REFIT=1`). docs/validation.md\n");
    if (board->set_count)
        outfile_printf(out, "folds:\n");
    for (int64_t i = 0; i < board->set_count; i++)
        write_set(out, &board->sets[i]);
    outfile_printf(out, "scoreboard:\n");
    for (int64_t i = 0; i < board->count; i++)
        write_entry(out, &board->entries[i]);
    return outfile_commit(out, err);
}
