/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim probe: microbenchmarks of the model itself, as one would run them on the real chip. */
#include <stddef.h>
#include <string.h>

#include "arch/arch.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/terminal.h"
#include "reports/probe_report.h"
#include "sim/probe.h"

enum { PROBES_MAX = 16 };

struct probe_options {
    const char *stack, *fidelity, *csv;
    int64_t ranks, n, k;
    bool json;
};

static const char *const fidelities[] = { "roofline", "analytic", "cycle", NULL };

static const struct option_spec probe_table[] = {
    { .name = "stack", .kind = OPTION_TEXT, .offset = offsetof(struct probe_options, stack), .value = "S", .help = "software stack [default: the hardware's]" },
    { .name = "fidelity", .letter = 'f', .kind = OPTION_CHOICE, .offset = offsetof(struct probe_options, fidelity), .value = "F",
      .otherwise = "analytic", .choices = fidelities, .help = "how gemm and allreduce are timed" },
    { .name = "ranks", .kind = OPTION_I64, .offset = offsetof(struct probe_options, ranks), .value = "N", .otherwise = "8", .min = 2, .max = 65536,
      .help = "devices of the all-reduce" },
    { .name = "n", .kind = OPTION_I64, .offset = offsetof(struct probe_options, n), .value = "N", .otherwise = "4096", .min = 1, .max = 1 << 20,
      .help = "columns of the GEMM" },
    { .name = "k", .kind = OPTION_I64, .offset = offsetof(struct probe_options, k), .value = "K", .otherwise = "4096", .min = 1, .max = 1 << 20,
      .help = "depth of the GEMM" },
    { .name = "csv", .kind = OPTION_TEXT, .offset = offsetof(struct probe_options, csv), .value = "FILE", .help = "write the curves to FILE instead" },
    { .name = "json", .kind = OPTION_FLAG, .offset = offsetof(struct probe_options, json), .help = "print one JSON object" },
    { 0 }
};

static enum status find_probe(const struct probe_type **out, const char *name, struct error *err)
{
    int64_t count;
    const struct probe_type *const *types = probe_types(&count);
    const char *names[PROBES_MAX];

    for (int64_t i = 0; i < count; i++) {
        names[i] = types[i]->name;
        if (strcmp(name, names[i]) == 0) {
            *out = types[i];
            return STATUS_OK;
        }
    }
    const char *near = nearest_name(name, names, (size_t)count);
    return error_plain(err, STATUS_BAD_INPUT, "unknown probe '%s', expected latency, bandwidth, gemm or allreduce%s%s", name,
                       near ? "; nearest is " : "", near ? near : "");
}

/* The curves asked for, or all that the chip has (a chip without a link has no all-reduce). */
static enum status run_probes(struct probe_curve *curves, int64_t *count, const struct probe_context *ctx, const struct text_list *operands,
                              struct arena *arena, struct error *err)
{
    int64_t all;
    const struct probe_type *const *types = probe_types(&all);
    enum status st = STATUS_OK;

    *count = 0;
    for (int64_t i = 1; i < operands->count && !st && *count < PROBES_MAX; i++) {
        const struct probe_type *type = NULL;

        if (!(st = find_probe(&type, operands->items[i], err)))
            st = type->run(&curves[(*count)++], ctx, arena, err);
    }
    for (int64_t i = 0; operands->count == 1 && i < all && !st; i++) {
        st = types[i]->run(&curves[*count], ctx, arena, err);
        if (st == STATUS_INFEASIBLE)
            st = STATUS_OK;
        else
            ++*count;
    }
    return st;
}

static enum status write_csv(const char *path, const struct probe_curve *curves, int64_t count, struct error *err)
{
    struct outfile *out;
    enum status st = outfile_open(&out, path, err);

    if (st)
        return st;
    report_probe_csv_head(out);
    for (int64_t i = 0; i < count; i++)
        report_probe_csv(out, &curves[i]);
    return outfile_commit(out, err);
}

static enum status write_json(const struct probe_context *ctx, const struct probe_curve *curves, int64_t count, struct error *err)
{
    struct json j;

    json_open(&j, stdout);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", "llmsim.probe/1");
    json_text(&j, "arch", ctx->hw->name);
    json_text(&j, "stack", ctx->stack->name);
    json_text(&j, "fidelity", ctx->fidelity->name);
    json_object_begin(&j, "curves");
    for (int64_t i = 0; i < count; i++)
        report_probe_json(&j, &curves[i]);
    json_object_end(&j);
    json_object_end(&j);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the result");
}

static enum status show(const struct probe_context *ctx, const struct probe_options *o, const struct probe_curve *curves, int64_t count,
                        struct error *err)
{
    struct report_style style = terminal_style(0);

    if (o->csv)
        return write_csv(o->csv, curves, count, err);
    if (o->json)
        return write_json(ctx, curves, count, err);
    printf("%s, %s, %s\n", ctx->hw->name, ctx->stack->name, ctx->fidelity->name);
    for (int64_t i = 0; i < count; i++)
        report_probe_text(stdout, &curves[i], &style);
    return STATUS_OK;
}

static enum status probe(const struct probe_options *o, const struct text_list *operands, struct arena *arena, struct error *err)
{
    struct probe_context ctx = { .ranks = o->ranks, .gemm_n = o->n, .gemm_k = o->k };
    struct probe_curve curves[PROBES_MAX];
    int64_t count;
    enum status st;

    if ((st = arch_load(&ctx.hw, operands->items[0], NULL, 0, arena, err)))
        return st;
    if (!o->stack && !ctx.hw->default_stack)
        return error_plain(err, STATUS_BAD_INPUT, "%s names no default stack: give one with --stack", ctx.hw->name);
    if ((st = stack_load(&ctx.stack, o->stack ? o->stack : ctx.hw->default_stack, NULL, 0, arena, err)) ||
        (st = fidelity_find(&ctx.fidelity, o->fidelity, err)) || (st = run_probes(curves, &count, &ctx, operands, arena, err)))
        return st;
    return show(&ctx, o, curves, count, err);
}

static int probe_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct probe_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = probe(&o, &operands, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command command_probe = {
    .name = "probe",
    .summary = "microbenchmarks of the model: latency, bandwidth, GEMM staircase, all-reduce",
    .operands = "ARCH [latency|bandwidth|gemm|allreduce]...",
    .operands_min = 1,
    .operands_max = PROBES_MAX,
    .about = "Runs on the model what one would run on the chip: a pointer chase and a read by footprint through L1, L2 and DRAM, an fp16 GEMM "
             "by rows, an all-reduce by bytes. Without a name, all of them.",
    .options = probe_table,
    .examples = "  llmsim probe A100 latency bandwidth\n"
                "  llmsim probe H100 gemm --n 8192 --k 8192\n"
                "  llmsim probe H100 --csv curves.csv\n",
    .run = probe_main,
};
