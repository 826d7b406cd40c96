/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim rtl: Verilog of datapath units. docs/rtl.md */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/textfile.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "costmodel/rtl/list.h"

/* ---- list ------------------------------------------------------------------------------------------------------------ */

struct list_options {
    bool json;
};

static const struct option_spec list_table[] = {
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct list_options, json), .help = "print one JSON object" },
    { 0 }
};

static void list_text(void)
{
    const struct text_style style = terminal_text();
    struct text_page page;
    FILE *out = text_page_begin(&page);

    for (const struct rtl_unit *const *u = rtl_units; *u != NULL; u++) {
        fprintf(out, "%-16s  %s\n", (*u)->name, (*u)->summary);
        for (const struct rtl_param *p = (*u)->params; p->key != NULL; p++) {
            char word[64];
            snprintf(word, sizeof word, "%s=%s", p->key, p->otherwise);
            fprintf(out, "    %-18s  %s", word, p->doc);
            if (p->kind == RTL_COUNT)
                fprintf(out, "; %lld to %lld", (long long)p->min, (long long)p->max);
            for (size_t i = 0; p->kind == RTL_CHOICE && p->choices[i] != NULL; i++)
                fprintf(out, "%s%s", i == 0 ? "; " : ", ", p->choices[i]);
            fputc('\n', out);
        }
    }
    text_page_end(&page, stdout, &style);
}

static void list_json(void)
{
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.rtl_list/1");
    json_array_begin(&j, "units");
    for (const struct rtl_unit *const *u = rtl_units; *u != NULL; u++) {
        json_object_begin(&j, NULL);
        json_text(&j, "name", (*u)->name);
        json_text(&j, "summary", (*u)->summary);
        json_text(&j, "equals", (*u)->equals);
        json_object_begin(&j, "parameters");
        for (const struct rtl_param *p = (*u)->params; p->key != NULL; p++)
            json_text(&j, p->key, p->otherwise);
        json_object_end(&j);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    json_close(&j);
}

static int run_list(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct list_options o = { 0 };
    struct text_list operands;
    struct error err;
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (st == STATUS_OK)
        (o.json ? list_json : list_text)();
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

/* ---- emit ------------------------------------------------------------------------------------------------------------ */

struct emit_options {
    const char *output, *units, *top;
};

static const char *const tops[] = { "none", "cosim", "synth", NULL };

#define FIELD(name) offsetof(struct emit_options, name)
static const struct option_spec emit_table[] = {
    { .name = "output", .letter = 'o', .kind = OPTION_TEXT, .offset = FIELD(output), .value = "FILE", .otherwise = "-", .help = "where to; - is standard output" },
    { .name = "units", .kind = OPTION_TEXT, .offset = FIELD(units), .value = "FILE", .help = "the units of a file, one a line as they would be typed here" },
    { .name = "top", .kind = OPTION_CHOICE, .offset = FIELD(top), .otherwise = "none", .choices = tops,
      .help = "add a module over all units: cosim (one bus in, one out) or synth (each kept whole and apart)" },
    { 0 }
};

static enum status emit_text(const struct rtl_list *list, enum rtl_top top, const char *path, struct error *err)
{
    char *text = NULL;
    size_t bytes;
    FILE *v = open_memstream(&text, &bytes);
    struct outfile *out;
    enum status st;

    if (v == NULL)
        return error_no_memory(err);
    rtl_list_emit(list, top, v);
    if (fclose(v) != 0) {
        free(text);
        return error_no_memory(err);
    }
    if ((st = outfile_open(&out, path, err)) == STATUS_OK) {
        outfile_write(out, text, bytes);
        st = outfile_commit(out, err);
    }
    free(text);
    return st;
}

static enum status emit(const struct emit_options *o, const struct text_list *words, struct arena *arena, struct error *err)
{
    struct rtl_list list;
    struct rtl_spec one;
    enum rtl_top top = RTL_TOP_NONE;
    enum status st;

    if ((o->units != NULL) == (words->count > 0))
        return error_plain(err, STATUS_BAD_INPUT, "expected a unit, as in 'llmsim rtl emit kulisch a=e4m3', or --units FILE, and not both");
    if (o->units != NULL)
        st = rtl_list_load(&list, o->units, arena, err);
    else
        st = rtl_parse(&one, words->items, words->count, (struct source_pos){ 0 }, err);
    if (st)
        return st;
    if (o->units == NULL)
        list = (struct rtl_list){ &one, 1 };
    for (int i = 0; tops[i] != NULL; i++)
        if (strcmp(o->top, tops[i]) == 0)
            top = (enum rtl_top)i;
    return emit_text(&list, top, o->output, err);
}

static int run_emit(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct emit_options o = { 0 };
    struct text_list operands;
    struct error err;
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (st == STATUS_OK)
        st = emit(&o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

static const struct command emit_command = {
    .name = "emit", .summary = "Verilog-2001 of a unit", .operands = "[UNIT [KEY=VALUE...]]", .operands_max = -1, .options = emit_table, .run = run_emit,
    .examples = "  llmsim rtl emit kulisch a=e4m3 w=e2m1 -o kulisch.v\n"
                "  llmsim rtl emit fused_dot a=fp16 w=fp16 acc=fp32 lanes=4 fraction=24\n"
                "  llmsim rtl emit --units units.txt --top synth -o all.v\n",
};
static const struct command list_command = { .name = "list", .summary = "the units and their parameters", .options = list_table, .run = run_list,
    .examples = "  llmsim rtl list\n" };
static const struct command *const subcommands[] = { &emit_command, &list_command, NULL };

const struct command command_rtl = {
    .name = "rtl", .summary = "synthesizable Verilog of the datapath units, bit for bit what formats/ computes", .subcommands = subcommands,
    .examples = "  llmsim rtl list\n  llmsim rtl emit kulisch a=e4m3 w=e2m1 -o kulisch.v\n",
};
