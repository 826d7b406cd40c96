/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim sram: area, energy, leakage and access time of memories on chip, from a fit over compiled macros. docs/cost.md, "SRAM" */
#include <stddef.h>
#include <stdio.h>

#include "base/json.h"
#include "base/quantity.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "costmodel/sram.h"
#include "reports/range.h"
#include "reports/text_table.h"

struct sram_options {
    int64_t port, node;
    const char *technology, *table;
    bool json;
};

static const struct option_spec sram_table[] = {
    { .name = "port", .kind = OPTION_I64, .offset = offsetof(struct sram_options, port), .value = "BITS", .otherwise = "64", .min = 1, .max = 1 << 19,
      .help = "bits of one access" },
    { .name = "node", .kind = OPTION_I64, .offset = offsetof(struct sram_options, node), .value = "NM", .otherwise = "7", .min = 1, .max = 1000, .help = "CMOS node, nm" },
    { .name = "table", .kind = OPTION_TEXT, .offset = offsetof(struct sram_options, table), .value = "FILE",
      .help = "macros of your own in place of the shipped ones: library,words,bits,area_um2,read_pj,write_pj,access_ns,leakage_nw" },
    { .name = "technology", .kind = OPTION_TEXT, .offset = offsetof(struct sram_options, technology), .value = "FILE", .help = "nodes [default: arch/technology/cmos.yaml]" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct sram_options, json), .help = "print one JSON object" },
    { 0 }
};

struct sizes { const char *text; double bytes; struct sram sram; };

static void cell(struct text_table *t, struct tech_range r)
{
    text_table_cell(t, "%.3g (%.3g to %.3g)", r.likely, r.low, r.high);
}

static bool table_text(FILE *out, const struct text_style *style, const struct sizes *rows, int64_t count)
{
    static const struct text_column columns[] = {
        { "size", TEXT_LEFT, TEXT_PLAIN }, { "macros", TEXT_LEFT, TEXT_PLAIN }, { "access ns", TEXT_RIGHT, TEXT_PLAIN }, { "area um2", TEXT_RIGHT, TEXT_PLAIN },
        { "read pJ", TEXT_RIGHT, TEXT_PLAIN }, { "write pJ", TEXT_RIGHT, TEXT_PLAIN }, { "leakage uW", TEXT_RIGHT, TEXT_PLAIN },
    };
    struct text_table t;

    text_table_begin(&t, columns, sizeof columns / sizeof columns[0]);
    for (int64_t i = 0; i < count; i++) {
        const struct sram *s = &rows[i].sram;

        text_table_cell(&t, "%s%s", rows[i].text, s->extrapolated ? " *" : "");
        text_table_cell(&t, "%.0fx%.0f of %.0fx%.0f", s->banks, s->lanes, s->words, s->bits);
        text_table_cell(&t, "%.3g", s->access_s * 1e9);
        cell(&t, tech_range_scaled(s->area_mm2, 1e6));
        cell(&t, tech_range_scaled(s->read_j, 1e12));
        cell(&t, tech_range_scaled(s->write_j, 1e12));
        cell(&t, tech_range_scaled(s->leakage_w, 1e6));
    }
    return text_table_end(&t, out, style, 0);
}

static bool show_text(const struct sizes *rows, int64_t count, const struct sram_fit *fit, const struct sram_options *o)
{
    const struct text_style style = terminal_text();
    struct text_page page;
    FILE *out = text_page_begin(&page);
    bool beyond = false, good;

    fprintf(out, "SRAM of %lld nm with a port of %lld bits, from %lld macros of %s (%g nm)\n", (long long)o->node, (long long)o->port, (long long)fit->rows, fit->library->name, fit->library->nm);
    good = table_text(out, &style, rows, count);
    for (int64_t i = 0; i < count; i++)
        beyond |= rows[i].sram.extrapolated;
    fputs(beyond ? "* smaller than any macro\n" : "", out);
    fprintf(out, "fit, largest error of a macro, and of one left out:");
    for (int q = 0; q < SRAM_QUANTITIES; q++)
        fprintf(out, "%s %s (%s) %.1f %%, %.1f %%", q > 0 ? ";" : "", sram_quantity_names[q], sram_quantity_terms[q], 100 * fit->worst[q], 100 * fit->left_out[q]);
    fputc('\n', out);
    text_page_end(&page, stdout, &style);
    return good;
}

static void row_json(struct json *j, const struct sizes *row)
{
    const struct sram *s = &row->sram;

    json_object_begin(j, NULL);
    json_double(j, "bytes", row->bytes);
    json_double(j, "banks", s->banks);
    json_double(j, "lanes", s->lanes);
    json_double(j, "words", s->words);
    json_double(j, "bits", s->bits);
    range_json(j, "area_mm2", s->area_mm2);
    range_json(j, "read_j", s->read_j);
    range_json(j, "write_j", s->write_j);
    range_json(j, "leakage_w", s->leakage_w);
    json_double(j, "access_s", s->access_s);
    json_bool(j, "extrapolated", s->extrapolated);
    json_object_end(j);
}

static void show_json(struct json *j, const struct sizes *rows, int64_t count, const struct sram_fit *fit, const struct sram_options *o)
{
    json_object_begin(j, NULL);
    json_text(j, "schema", "llmsim.sram/1");
    json_i64(j, "node_nm", o->node);
    json_i64(j, "port_bits", o->port);
    json_text(j, "library", fit->library->name);
    json_i64(j, "macros", fit->rows);
    json_object_begin(j, "fit");
    for (int q = 0; q < SRAM_QUANTITIES; q++) {
        json_object_begin(j, sram_quantity_names[q]);
        json_text(j, "terms", sram_quantity_terms[q]);
        json_double(j, "worst", fit->worst[q]);
        json_double(j, "left_out", fit->left_out[q]);
        json_object_end(j);
    }
    json_object_end(j);
    json_array_begin(j, "memories");
    for (int64_t i = 0; i < count; i++)
        row_json(j, &rows[i]);
    json_array_end(j);
    json_object_end(j);
}

static enum status sram(const struct sram_options *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    struct sizes *rows = arena_array(arena, (size_t)operands->count, sizeof *rows);
    const struct technology *t;
    const struct tech_node *node;
    struct sram_fit fit;
    struct json j;
    enum status st;

    if (rows == NULL)
        return error_no_memory(err);
    if ((st = technology_load(&t, o->technology, arena, err)) || (st = technology_node(&node, t, (double)o->node, err)) || (st = sram_load(&fit, t, o->table, arena, err)))
        return st;
    for (int64_t i = 0; i < operands->count; i++) {
        rows[i] = (struct sizes){ .text = operands->items[i] };
        if ((st = quantity_parse(&rows[i].bytes, rows[i].text, Q_BYTES, (struct source_pos){ 0 }, err)) ||
            (st = sram_of(&rows[i].sram, &fit, t, node, rows[i].bytes, (double)o->port, err)))
            return st;
    }
    if (!o->json)
        return show_text(rows, operands->count, &fit, o) ? STATUS_OK : error_no_memory(err);
    json_open(&j, stdout);
    show_json(&j, rows, operands->count, &fit, o);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}

static int sram_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct sram_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = sram(&o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_sram = {
    .name = "sram",
    .summary = "area, energy, leakage and access time of memories on chip",
    .operands = "SIZE...",
    .operands_min = 1,
    .operands_max = -1,
    .about = "A memory is banks of compiled macros as wide as its port. Macros follow a fit over a table of them, whose errors are printed; cells, energies and delays are "
             "brought to the node by the factors of the technology file. One port, no tags, no ECC (docs/cost.md).",
    .options = sram_table,
    .examples = "  llmsim sram '64 KiB' '192 KiB' --port 1024 --node 7\n"
                "  llmsim sram 8KiB 32KiB 1MiB --node 45 --json\n",
    .run = sram_main,
};
