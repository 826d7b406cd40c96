/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim arch: lists, shows and checks hardware descriptions and software stacks. docs/arch_files.md, docs/stacks.md */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/resolve.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "reports/fpga_report.h"
#include "reports/text_table.h"
#include "sim/recipe.h"
#include "sim/unit.h"

enum { SETS_MAX = 256 };

struct arch_options {
    bool json, stack, resources;
    struct text_list sets;
};

#define FLAG_JSON { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct arch_options, json), .help = "print one JSON object" }
#define FLAG_STACK \
    { .name = "stack", .kind = OPTION_FLAG, .offset = offsetof(struct arch_options, stack), .help = "software stacks instead of hardware" }
#define LIST_SET                                                                                                          \
    { .name = "set", .kind = OPTION_LIST, .offset = offsetof(struct arch_options, sets), .value = "KEY=VALUE",            \
      .help = "lay a value over the description, as in clock.boost=1500MHz; may be repeated" }

static const struct option_spec list_table[] = { FLAG_JSON, FLAG_STACK, { 0 } };
static const struct option_spec show_table[] = {
    FLAG_JSON, LIST_SET, FLAG_STACK,
    { .name = "resources", .kind = OPTION_FLAG, .offset = offsetof(struct arch_options, resources),
      .help = "of an FPGA design: LUT, FF, DSP, BRAM, URAM of each part against the device, what binds, clock, peak" },
    { 0 }
};
static const struct option_spec check_table[] = { LIST_SET, FLAG_STACK, { 0 } };

static enum status split_sets(struct arch_override *out, const struct text_list *sets, struct arena *arena, struct error *err)
{
    if (sets->count > SETS_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "--set: more than %d of them", SETS_MAX);
    for (int64_t i = 0; i < sets->count; i++) {
        const char *equals = strchr(sets->items[i], '=');

        if (!equals)
            return error_plain(err, STATUS_BAD_INPUT, "--set '%s', expected KEY=VALUE, as in clock.boost=1500MHz", sets->items[i]);
        out[i].key = arena_strndup(arena, sets->items[i], (size_t)(equals - sets->items[i]));
        out[i].value = equals + 1;
        if (!out[i].key)
            return error_no_memory(err);
    }
    return STATUS_OK;
}

/* What holds for a chip as a whole: its units' types, its default stack and recipe. */
static enum status check_hardware(const struct hardware *hw, struct arena *arena, struct error *err)
{
    const struct yaml_node *node = yaml_find(hw->tree, "default_recipe");
    const struct stack *stack;
    struct recipe recipe;
    struct error inner;
    enum status st;

    if ((st = units_check(hw, err)))
        return st;
    if ((st = stack_load(&stack, hw->default_stack, NULL, 0, arena, &inner)))
        return error_set(err, st, yaml_find(hw->tree, "default_stack")->at, "default_stack: %s", inner.message);
    return recipe_parse(&recipe, hw->default_recipe, node ? node->at : (struct source_pos){ 0 }, err);
}

static const struct arch_unit *matrix_unit(const struct hardware *hw)
{
    const struct arch_unit *unit = hardware_unit(hw, "tensor_core");

    return unit ? unit : hardware_unit(hw, "vector");
}

/* Dense peak of the ordinary matrix unit, accumulating in 32 bits; 0 where it has none. */
static double peak_ops_per_s(const struct hardware *hw, const char *format)
{
    const struct format *f = format_find(format);

    return hardware_peak_ops_per_s(hw, matrix_unit(hw), f, format_find(f->family == FORMAT_FLOAT ? "fp32" : "int32"));
}

static void json_device(struct json *j, const struct arch_entry *entry, const struct hardware *hw, struct arena *arena)
{
    json_object_begin(j, NULL);
    json_text(j, "name", hw->name);
    json_text(j, "file", arch_display_path(entry->path, arena));
    json_text(j, "summary", hw->summary);
    json_array_begin(j, "aliases");
    for (int64_t i = 0; i < hw->aliases_count; i++)
        json_text(j, NULL, hw->aliases[i]);
    json_array_end(j);
    json_text(j, "vendor", hw->vendor);
    json_text(j, "generation", hw->generation);
    json_i64(j, "sm_count", hw->sm.count);
    json_double(j, "fp16_ops_per_s", peak_ops_per_s(hw, "fp16"));
    json_double(j, "int8_ops_per_s", peak_ops_per_s(hw, "int8"));
    json_i64(j, "dram_bytes", hw->dram.bytes);
    json_double(j, "dram_bytes_per_s", hw->dram.bandwidth_bytes_per_s);
    json_double(j, "tdp_w", hw->power.tdp_w);
    json_object_end(j);
}

static const char *tera(char *out, size_t bytes, double ops_per_s)
{
    snprintf(out, bytes, ops_per_s > 0 ? "%.0f" : "-", ops_per_s * 1e-12);
    return out;
}

static const struct text_column device_columns[] = {
    { "name", TEXT_LEFT, TEXT_PLAIN }, { "SMs", TEXT_RIGHT, TEXT_PLAIN }, { "fp16 T", TEXT_RIGHT, TEXT_PLAIN }, { "int8 T", TEXT_RIGHT, TEXT_PLAIN },
    { "GiB", TEXT_RIGHT, TEXT_PLAIN }, { "GB/s", TEXT_RIGHT, TEXT_PLAIN }, { "W", TEXT_RIGHT, TEXT_PLAIN }, { "aliases", TEXT_FLOW, TEXT_PLAIN },
};

static void add_device(struct text_table *table, const struct arch_entry *entry, const struct hardware *hw)
{
    char fp16[16], int8[16];

    text_table_cell(table, "%s", hw->name);
    text_table_cell(table, "%lld", (long long)hw->sm.count);
    text_table_cell(table, "%s", tera(fp16, sizeof fp16, peak_ops_per_s(hw, "fp16")));
    text_table_cell(table, "%s", tera(int8, sizeof int8, peak_ops_per_s(hw, "int8")));
    text_table_cell(table, "%.0f", (double)hw->dram.bytes / (1 << 30));
    text_table_cell(table, "%.0f", hw->dram.bandwidth_bytes_per_s * 1e-9);
    text_table_cell(table, "%.0f", hw->power.tdp_w);
    text_table_cell(table, "%s", entry->aliases);
}

/* Prints the table where the command did not fail and prints no JSON. */
static enum status end_table(struct text_table *table, bool shown, enum status st, struct error *err)
{
    struct text_style style = terminal_text();

    if (!shown || st)
        table->cells_count = 0;
    return text_table_end(table, stdout, &style, 0) || st ? st : error_no_memory(err);
}

static enum status list_devices(struct json *j, struct arena *arena, struct error *err)
{
    const struct arch_entry *entries;
    struct arena one = { 0 };
    struct text_table table;
    enum status st;
    int64_t count;

    if ((st = arch_list(&entries, &count, arena, err)))
        return st;
    text_table_begin(&table, device_columns, sizeof device_columns / sizeof device_columns[0]);
    for (int64_t i = 0; i < count && !st; i++) {
        const struct hardware *hw;

        if ((st = arch_load(&hw, entries[i].path, NULL, 0, &one, err)))
            break;
        if (j)
            json_device(j, &entries[i], hw, &one);
        else
            add_device(&table, &entries[i], hw);
        arena_reset(&one);
    }
    arena_free(&one);
    return end_table(&table, !j, st, err);
}

static enum status list_stacks(struct json *j, struct arena *arena, struct error *err)
{
    static const struct text_column columns[] = { { "stack", TEXT_LEFT, TEXT_PLAIN }, { "what it is", TEXT_FLOW, TEXT_PLAIN } };
    const struct arch_entry *entries;
    struct text_table table;
    enum status st;
    int64_t count;

    if ((st = stack_list(&entries, &count, arena, err)))
        return st;
    text_table_begin(&table, columns, 2);
    for (int64_t i = 0; i < count; i++) {
        if (!j) {
            text_table_cell(&table, "%s", entries[i].name);
            text_table_cell(&table, "%s", entries[i].summary);
            continue;
        }
        json_object_begin(j, NULL);
        json_text(j, "name", entries[i].name);
        json_text(j, "file", arch_display_path(entries[i].path, arena));
        json_text(j, "summary", entries[i].summary);
        json_object_end(j);
    }
    return end_table(&table, !j, STATUS_OK, err);
}

static int run_list(const struct command *self, int argc, char **argv)
{
    struct arch_options o = { 0 };
    struct arena arena = { 0 };
    struct text_list operands;
    struct json j;
    struct error err;
    enum status st;

    if ((st = options_parse(&o, &operands, self, argc, argv, &arena, &err)) == STATUS_OK) {
        if (o.json) {
            json_open(&j, stdout);
            json_object_begin(&j, NULL);
            json_text(&j, "schema", "llmsim.arch-list.1");
            json_array_begin(&j, o.stack ? "stacks" : "devices");
        }
        st = o.stack ? list_stacks(o.json ? &j : NULL, &arena, &err) : list_devices(o.json ? &j : NULL, &arena, &err);
        if (o.json && !st) {
            json_array_end(&j);
            json_object_end(&j);
            json_close(&j);
        }
    }
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

/* Every value with its dotted key, in the order of the resolved tree. */
static void json_values(struct json *j, const struct yaml_node *map, const char *prefix, struct arena *arena)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *value = map->items[i];
        const char *key = arena_printf(arena, "%s%s%s", prefix, *prefix ? "." : "", map->keys[i]);
        const char *source = arch_source_of(value, map);

        if (value->kind == YAML_MAPPING) {
            json_values(j, value, key ? key : "", arena);
            continue;
        }
        json_object_begin(j, NULL);
        json_text(j, "key", key);
        if (value->kind == YAML_SCALAR)
            json_text(j, "value", value->text);
        else {
            json_array_begin(j, "value");
            for (size_t k = 0; k < value->count; k++)
                json_text(j, NULL, value->items[k]->text);
            json_array_end(j);
        }
        json_text(j, "file", arch_display_path(value->at.file ? value->at.file : "?", arena));
        json_i64(j, "line", value->at.line);
        json_text(j, "source", source);
        json_object_end(j);
    }
}

static void json_peaks(struct json *j, const struct hardware *hw)
{
    json_array_begin(j, "peaks");
    for (int64_t u = 0; u < hw->units_count; u++)
        for (int64_t r = 0; r < hw->units[u].rates_count; r++) {
            const struct arch_rate *rate = &hw->units[u].rates[r];

            json_object_begin(j, NULL);
            json_text(j, "unit", hw->units[u].name);
            json_text(j, "format", rate->format->name);
            json_text(j, "accumulator", rate->accumulator->name);
            json_double(j, "fma_per_cycle_sm", rate->fma_per_cycle_sm);
            json_double(j, "ops_per_s", hardware_peak_ops_per_s(hw, &hw->units[u], rate->format, rate->accumulator));
            json_object_end(j);
        }
    json_array_end(j);
}

static void show_json(const char *name, const struct hash128 *hash, const struct yaml_node *tree, const struct hardware *hw, struct arena *arena)
{
    char text[HASH_TEXT_MAX];
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.arch.1");
    json_text(&j, "name", name);
    json_text(&j, "hash", hash_format(text, *hash));
    if (hw)
        json_peaks(&j, hw);
    json_array_begin(&j, "values");
    json_values(&j, tree, "", arena);
    json_array_end(&j);
    json_object_end(&j);
    json_close(&j);
}

static void show_peaks(const struct hardware *hw)
{
    printf("\n# dense peaks at clock.peak, tera operations a second (2 x fma_per_cycle_sm x sm.count x clock.peak):\n");
    for (int64_t u = 0; u < hw->units_count; u++)
        for (int64_t r = 0; r < hw->units[u].rates_count; r++) {
            const struct arch_rate *rate = &hw->units[u].rates[r];

            printf("#   %-8s %-9s accumulating in %-6s %9.1f\n", hw->units[u].name, rate->format->name, rate->accumulator->name,
                   hardware_peak_ops_per_s(hw, &hw->units[u], rate->format, rate->accumulator) * 1e-12);
        }
}

static void show_fpga(const struct hardware *hw, const struct fpga_budget *budget)
{
    const struct text_style style = terminal_text();
    struct text_page page;

    report_fpga_text(text_page_begin(&page), hw, budget);
    text_page_end(&page, stdout, &style);
}

/* A design that does not fit is shown too: that is when one wants to see. Its error follows. */
static enum status show_resources(const struct hardware *hw, bool as_json, struct error *err)
{
    struct fpga_budget budget;
    struct error inner;
    struct json j;
    enum status st, checked = units_check(hw, err);

    if (checked != STATUS_OK && checked != STATUS_INFEASIBLE)
        return checked;
    if (hw->fpga.budget.lut <= 0)
        return error_plain(err, STATUS_BAD_INPUT, "--resources: %s has no fpga section, expected an FPGA device or design, as in VCK190", hw->name);
    if ((st = fpga_budget_of(&budget, hw, true, &inner))) {
        *err = inner;
        return st;
    }
    if (as_json) {
        json_open(&j, stdout);
        report_fpga_json(&j, hw, &budget);
        json_close(&j);
    } else
        show_fpga(hw, &budget);
    return checked;
}

static enum status show(const char *name, const struct arch_options *o, struct arena *arena, struct error *err)
{
    struct arch_override sets[SETS_MAX];
    const struct hardware *hw;
    const struct stack *stack;
    enum status st;

    if ((st = split_sets(sets, &o->sets, arena, err)))
        return st;
    if (o->stack) {
        if ((st = stack_load(&stack, name, sets, o->sets.count, arena, err)))
            return st;
        if (o->json)
            show_json(stack->name, &stack->hash, stack->tree, NULL, arena);
        else
            arch_print_tree(stdout, stack->tree);
        return STATUS_OK;
    }
    if ((st = arch_load(&hw, name, sets, o->sets.count, arena, err)))
        return st;
    if (o->resources)
        return show_resources(hw, o->json, err);
    if ((st = check_hardware(hw, arena, err)))
        return st;
    if (o->json) {
        show_json(hw->name, &hw->hash, hw->tree, hw, arena);
        return STATUS_OK;
    }
    arch_show(stdout, hw);
    show_peaks(hw);
    return STATUS_OK;
}

static int run_show(const struct command *self, int argc, char **argv)
{
    struct arch_options o = { 0 };
    struct arena arena = { 0 };
    struct text_list operands;
    struct error err;
    enum status st;

    if ((st = options_parse(&o, &operands, self, argc, argv, &arena, &err)) == STATUS_OK)
        st = show(operands.items[0], &o, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

static enum status check_one(const char *name, bool is_stack, const struct arch_override *sets, int64_t count, struct error *err)
{
    struct arena arena = { 0 };
    const struct hardware *hw;
    const struct stack *stack;
    enum status st;

    if (is_stack) {
        if ((st = stack_load(&stack, name, sets, count, &arena, err)) == STATUS_OK)
            printf("%s: ok\n", stack->name);
    } else if ((st = arch_load(&hw, name, sets, count, &arena, err)) == STATUS_OK && (st = check_hardware(hw, &arena, err)) == STATUS_OK)
        printf("%s: ok\n", hw->name);
    arena_free(&arena);
    return st;
}

/* Everything that is shipped: two names for one thing would make a look-up by name a matter of chance. */
static enum status check_shipped(struct arena *arena, struct error *err)
{
    const struct arch_entry *devices, *stacks;
    int64_t devices_count, stacks_count;
    enum status st;

    if ((st = arch_list(&devices, &devices_count, arena, err)) || (st = stack_list(&stacks, &stacks_count, arena, err)))
        return st;
    for (int64_t i = 0; i < devices_count; i++)
        if ((st = check_one(devices[i].path, false, NULL, 0, err)))
            return st;
    for (int64_t i = 0; i < stacks_count; i++)
        if ((st = check_one(stacks[i].path, true, NULL, 0, err)))
            return st;
    return STATUS_OK;
}

static int run_check(const struct command *self, int argc, char **argv)
{
    struct arch_override sets[SETS_MAX];
    struct arch_options o = { 0 };
    struct arena arena = { 0 };
    struct text_list operands;
    struct error err;
    enum status st;

    if ((st = options_parse(&o, &operands, self, argc, argv, &arena, &err)) == STATUS_OK &&
        (st = split_sets(sets, &o.sets, &arena, &err)) == STATUS_OK) {
        if (operands.count == 0)
            st = check_shipped(&arena, &err);
        for (int64_t i = 0; i < operands.count && !st; i++)
            st = check_one(operands.items[i], o.stack, sets, o.sets.count, &err);
    }
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

static const struct command list = {
    .name = "list", .summary = "shipped devices, with dense peaks and memory", .options = list_table, .run = run_list,
    .examples = "  llmsim arch list\n",
};
static const struct command show_command = {
    .name = "show", .summary = "a resolved description, with the place and source of each value", .operands = "ARCH", .operands_min = 1,
    .operands_max = 1, .options = show_table, .run = run_show,
    .about = "ARCH is a YAML file, or a shipped device's name or alias ('llmsim arch list'). What is printed reads back as the same description.",
    .examples = "  llmsim arch show A100\n  llmsim arch show lut_tc --set units.lut.throughput_x=8\n  llmsim arch show vck190_minifloat --resources\n  llmsim arch show --stack library\n",
};
static const struct command check = {
    .name = "check", .summary = "reads descriptions and says whether they are sound", .operands = "[ARCH...]", .operands_max = -1,
    .options = check_table, .run = run_check, .about = "Without ARCH, everything that is shipped.",
    .examples = "  llmsim arch check\n  llmsim arch check mine.yaml\n",
};
static const struct command *const subcommands[] = { &check, &list, &show_command, NULL };

const struct command command_arch = {
    .name = "arch", .summary = "list, show and check hardware descriptions and software stacks", .subcommands = subcommands,
    .examples = "  llmsim arch list\n  llmsim arch show A100\n",
};
