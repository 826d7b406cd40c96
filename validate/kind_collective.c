/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collective rows: `op` over `ranks` of `system` (arch/systems/, "NAME/2node-4per" for nodes and devices of each), `bytes` as the source counts
 * them: of one rank's buffer, all-gather and reduce-scatter of the whole (nccl-tests). all_reduce_custom is the stack's own kernel up to its
 * size limits, all others the library. Waiting of ranks for each other is left out.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>

#include "base/nearest.h"
#include "sim/collective.h"
#include "validate/kinds.h"

enum { RANKS_MAX = 1 << 16, NODES_MAX = 1 << 12 };

static const struct { const char *name; enum collective_op op; bool custom, whole; } operations[] = {
    { "all_gather", COLLECTIVE_ALL_GATHER, false, true },       { "all_reduce", COLLECTIVE_ALL_REDUCE, false, false },
    { "all_reduce_custom", COLLECTIVE_ALL_REDUCE, true, false }, { "all_to_all", COLLECTIVE_ALL_TO_ALL, false, false },
    { "allgather", COLLECTIVE_ALL_GATHER, false, true },        { "allreduce", COLLECTIVE_ALL_REDUCE, false, false },
    { "alltoall", COLLECTIVE_ALL_TO_ALL, false, false },        { "custom_allreduce", COLLECTIVE_ALL_REDUCE, true, false },
    { "p2p", COLLECTIVE_SEND_RECV, false, false },              { "reduce_scatter", COLLECTIVE_REDUCE_SCATTER, false, false },
    { "reducescatter", COLLECTIVE_REDUCE_SCATTER, false, false }, { "send_recv", COLLECTIVE_SEND_RECV, false, false },
    { "sendrecv", COLLECTIVE_SEND_RECV, false, false },
};
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

static enum status operation(int *out, const struct row *row, struct error *err)
{
    const char *names[OPERATIONS], *text = row_text(row, "op"), *nearest;

    for (int i = 0; i < OPERATIONS; i++) {
        if (strcmp(operations[i].name, text) == 0)
            return *out = i, STATUS_OK;
        names[i] = operations[i].name;
    }
    nearest = nearest_name(text, names, OPERATIONS);
    return error_set(err, STATUS_BAD_INPUT, row->at, "unknown collective '%s'%s%s", text, nearest ? "; nearest is " : ", expected all_reduce, all_gather ...",
                     nearest ? nearest : "");
}

/* "NAME/2node-4per": the name, and the number before "node". */
static enum status place(const char **name, int64_t *nodes, const struct row *row, struct arena *arena, struct error *err)
{
    const char *text = row_text(row, "system"), *slash = strchr(text, '/');
    char *end;

    *nodes = 1;
    *name = slash ? arena_strndup(arena, text, (size_t)(slash - text)) : arena_strdup(arena, text);
    if (!*name)
        return error_no_memory(err);
    if (!slash)
        return STATUS_OK;
    *nodes = strtol(slash + 1, &end, 10);
    if (*nodes < 1 || *nodes > NODES_MAX || strncmp(end, "node", 4) != 0)
        return error_set(err, STATUS_BAD_INPUT, row->at, "system is '%s', expected NAME or NAME/2node-4per", text);
    return STATUS_OK;
}

/* For those who want to take the row apart: fabric and stack are kept with the predictor. */
static enum status watch_collective(struct predictor *p, const struct kernel *k, const struct hardware *hw, const struct fabric *fabric,
                                    const struct stack *stack, double time_s, struct error *err)
{
    struct fabric *kept = arena_alloc(&p->arena, sizeof *kept);
    struct stack *kernels = arena_alloc(&p->arena, sizeof *kernels);

    if (!kept || !kernels)
        return error_no_memory(err);
    *kept = *fabric;
    *kernels = *stack;
    const struct timing_context ctx = { .hw = hw, .stack = kernels, .ranks = k->collective.ranks, .fabric = kept };
    return watch_kernel(p, k, &ctx, time_s, err);
}

/*
 * Sender's median kernel of `calls` sends in a row whose receiver reads over the link. Call i ends when its bytes are copied, and when all but what the
 * buffer holds of the bytes so far has been pulled: e(i) = max(e(i-1) + base + n / C, ceil(X / n) base + X / B), X = i n - buffer. docs/collectives.md, Eq. 3
 */
static double sender_s(const struct harness *h, double bytes, double base_s, double link_bytes_per_s, double copy_bytes_per_s)
{
    double durations[HARNESS_SENDER_CALLS_MAX], end_s = 0;

    for (int64_t i = 0; i < h->sender_calls; i++) {
        double pulled = (double)(i + 1) * bytes - (double)h->sender_buffer_bytes, start_s = end_s;

        end_s = start_s + base_s + bytes / copy_bytes_per_s;
        if (pulled > 0)
            end_s = fmax(end_s, ceil(pulled / bytes) * base_s + pulled / link_bytes_per_s);
        durations[i] = end_s - start_s;
    }
    gsl_sort(durations, 1, (size_t)h->sender_calls);
    return gsl_stats_median_from_sorted_data(durations, 1, (size_t)h->sender_calls);
}

/* What the clock of a source that times the sender shows: over NVLink, where the receiver reads. */
static void time_sender(struct timing *t, const struct harness *h, const struct hardware *hw, const struct fabric *f, const struct collective_kernel_shape *c)
{
    double link_s = t->parts_s[CAUSE_LINK], rest_s = t->time_s - link_s, copy = h->sender_copy_share * f->bytes_per_s;

    if (c->op != COLLECTIVE_SEND_RECV || f->nodes > 1 || f->pcie || link_s <= 0 || !harness_sender_reads(h, hw))
        return;
    t->time_s = sender_s(h, (double)c->bytes, rest_s, (double)c->bytes / link_s, copy);
    t->parts_s[CAUSE_LINK] = t->time_s - rest_s;
}

static enum status predict(struct prediction *out, const struct row *row, const struct harness *harness, struct predictor *p, struct arena *arena,
                           struct error *err)
{
    struct kernel k = { .kind = KERNEL_COLLECTIVE };
    struct collective_kernel_shape *c = &k.collective;
    const struct arch_system *system;
    const struct stack *shared;
    const char *name;
    int64_t nodes;
    enum status st;
    int op = 0;

    if ((st = operation(&op, row, err)) || (st = place(&name, &nodes, row, arena, err)) ||
        (st = row_count(&c->ranks, row, "ranks", 2, RANKS_MAX, err)) || (st = row_count(&c->bytes, row, "bytes", 1, (int64_t)1 << 50, err)) ||
        (st = arch_system_load(&system, name, arena, err)) || (st = predictor_stack(&shared, p, harness->stack, err)))
        return st;
    if (c->ranks % nodes != 0)
        return error_set(err, STATUS_BAD_INPUT, row->at, "%lld ranks over %lld nodes, expected as many on each", (long long)c->ranks, (long long)nodes);
    if (nodes > 1 && !system->network)
        return error_set(err, STATUS_BAD_INPUT, row->at, "system %s names no network between nodes", system->name);
    c->op = operations[op].op;
    if (operations[op].whole && (c->bytes /= c->ranks) < 1)
        c->bytes = 1;
    struct stack stack = *shared; /* which kernels: the row says so, not the stack's default */
    stack.all_reduce = operations[op].custom ? "auto" : "nccl";
    struct fabric fabric = fabric_of_system(system, c->ranks, nodes);
    out->generation = system->device->generation;
    collective_timing(&out->timing, &k, system->device, &fabric, &stack);
    time_sender(&out->timing, harness, system->device, &fabric, c);
    const char *algorithm = collective_cost(c, &fabric, &stack).algorithm;
    strncpy(out->mapping, algorithm, sizeof out->mapping - 1);
    out->bound = cause_name(out->timing.bound);
    k.note = algorithm;
    if (p->watch && (st = watch_collective(p, &k, system->device, &fabric, &stack, out->timing.time_s, err)))
        return st;
    out->value = out->timing.time_s * 1e6 + harness_overhead_s(harness, "collective", NULL) * 1e6;
    return STATUS_OK;
}

const struct measurement_kind kind_collective = { "collective", "system op ranks bytes time_us source", "time_us", "op", predict };
