/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of training measurements: layout and model from columns and from the notes in `source`. See training_row.h. */
#include "validate/training_row.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "arch/resolve.h"
#include "base/glob.h"
#include "workloads/model_library.h"

/* "key=value" between semicolons of `source`; `otherwise` when it is not there or no number. */
static int64_t note(const struct row *row, const char *key, int64_t otherwise)
{
    const char *at = row_text(row, "source");
    size_t n = strlen(key);

    for (at = strchr(at, ';'); at != NULL; at = strchr(at + 1, ';'))
        if (strncmp(at + 1, key, n) == 0 && at[1 + n] == '=') {
            char *end;
            long long v = strtoll(at + 2 + n, &end, 10);
            return end != at + 2 + n && v >= 1 && v < 1 << 20 ? v : otherwise;
        }
    return otherwise;
}

/* Letters of either case, '_' as '-'. */
static bool same_word(const char *word, const char *text, size_t n)
{
    size_t i = 0;

    while (i < n && word[i] != '\0' && (text[i] == '_' ? '-' : tolower((unsigned char)text[i])) == word[i])
        i++;
    return i == n && word[i] == '\0';
}

#define EIGHT_BITS "w=fp8_e4m3,a=fp8_e4m3,out=bf16,head=bf16,attn=bf16"
#define BLOCKS_OF_32 "w=mxfp8,a=mxfp8,out=bf16,head=bf16,attn=bf16"

/* Second part of `source`: the precision, as Megatron-Bridge, NeMo and Transformer Engine name their recipes: cs and ds are scales of a tensor, current
 * and delayed, sc those of 1x128 and 128x128 blocks. "?": not stated, the releases of that time ran in 8 bits. Others: 16 bits, with a note. */
static const char *precision(const struct row *row, bool *known_name)
{
    static const struct { const char *text, *recipe; } known[] = {
        { "16-mixed", "fp16" }, { "?", EIGHT_BITS }, { "bf16", "bf16" }, { "bf16-mixed", "bf16" }, { "fp16", "fp16" },
        { "fp8", EIGHT_BITS }, { "fp8-cs", EIGHT_BITS }, { "fp8-ds", EIGHT_BITS }, { "fp8-hybrid", EIGHT_BITS }, { "fp8-mx", BLOCKS_OF_32 },
        { "fp8-sc", "w=fp8g128,a=fp8g128,out=bf16,head=bf16,attn=bf16" }, { "mxfp8", BLOCKS_OF_32 },
        { "nvfp4", "w=nvfp4,a=nvfp4,out=bf16,head=bf16,attn=bf16" },
    };
    const char *at = strchr(row_text(row, "source"), ';');
    size_t n = at != NULL ? strcspn(at + 1, ";") : 0;

    *known_name = true;
    for (size_t i = 0; at != NULL && i < sizeof known / sizeof known[0]; i++)
        if (same_word(known[i].text, at + 1, n))
            return known[i].recipe;
    *known_name = n == 0;
    return "bf16";
}

static enum status read_recompute(struct training_spec *s, const struct row *row, struct error *err)
{
    static const struct { const char *text; enum recompute what; bool sequence_parallel; } known[] = {
        { "none", RECOMPUTE_NONE, false },           { "full", RECOMPUTE_FULL, false },
        { "selective", RECOMPUTE_SELECTIVE, false }, { "selective+seqpar", RECOMPUTE_SELECTIVE, true },
        { "unknown", RECOMPUTE_NONE, false },        { "", RECOMPUTE_NONE, false },
    };
    const char *text = row_text(row, "recompute");

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].text, text) == 0) {
            s->recompute = known[i].what;
            s->sequence_parallel |= known[i].sequence_parallel;
            return STATUS_OK;
        }
    return error_set(err, STATUS_BAD_INPUT, row->at, "recompute is '%s', expected none, selective, selective+seqpar, full or unknown", text);
}

static enum sharding sharding_of(const struct row *row, const struct harness *h)
{
    static const char *const names[] = { "none", "optimizer", "gradients", "full" };
    const char *source = row_text(row, "source");

    if (strstr(source, "FSDP-full_shard") != NULL || note(row, "fsdp", 0) > 0)
        return SHARDING_FULL;
    if (strstr(source, "FSDP-shard_grad_op") != NULL)
        return SHARDING_GRADIENTS;
    for (int i = 0; i < 4; i++)
        if (h->sharding != NULL && strcmp(names[i], h->sharding) == 0)
            return (enum sharding)i;
    return SHARDING_NONE;
}

static enum status read_layout(struct training_spec *s, const struct row *row, struct error *err)
{
    int64_t devices = 1;
    enum status st;

    *s = (struct training_spec){ .cp = note(row, "cp", 1), .ep = note(row, "ep", 1), .chunks = 1 };
    s->chunks = note(row, "interleave", note(row, "vp", 1));
    if ((st = row_count(&devices, row, "n_devices", 1, 1 << 20, err)) || (st = row_count(&s->tp, row, "tp", 1, 1 << 16, err)) ||
        (st = row_count(&s->pp, row, "pp", 1, 1 << 16, err)) || (st = row_count(&s->dp, row, "dp", 1, 1 << 20, err)) ||
        (row_has(row, "ep") && (st = row_count(&s->ep, row, "ep", 1, 1 << 16, err))) ||
        (row_has(row, "cp") && (st = row_count(&s->cp, row, "cp", 1, 1 << 16, err))) ||
        (st = row_count(&s->micro_batch, row, "micro_batch", 1, 1 << 20, err)) ||
        (st = row_count(&s->global_batch, row, "global_batch", 1, 1 << 24, err)) || (st = row_count(&s->seq, row, "seq", 1, 1 << 24, err)))
        return st;
    if (s->tp * s->pp * s->dp * s->cp != devices)
        return error_set(err, STATUS_BAD_INPUT, row->at, "tp %lld x pp %lld x dp %lld x cp %lld is not %lld devices", (long long)s->tp,
                         (long long)s->pp, (long long)s->dp, (long long)s->cp, (long long)devices);
    return STATUS_OK;
}

/* Models cut to `layers` layers keep one dense layer at most. */
static enum status read_model(struct training_spec *s, const struct row *row, struct arena *arena, struct error *err)
{
    struct llm *m = arena_alloc(arena, sizeof *m);
    enum status st;

    if (m == NULL)
        return error_no_memory(err);
    if ((st = model_load(m, row_text(row, "model"), arena, err)) || (row_has(row, "layers") && (st = row_count(&m->layers, row, "layers", 1, 4096, err))))
        return st;
    if (row_has(row, "layers") && m->moe.first_dense > 1)
        m->moe.first_dense = 1;
    if (m->position == POSITION_LEARNED) /* the table is as long as the sequences that are trained */
        m->position_rows = s->seq;
    s->model = m;
    return STATUS_OK;
}

static const char assumed_network[] = "assumed: a card of 200 Gbit/s for each device";

/* The cluster: the harness' for this device, or a shipped one of the device with a network, or nodes of the device with a usual network. */
static enum status find_system(struct arch_system *out, const struct harness *harness, const struct hardware *hw, int64_t devices, struct arena *arena,
                               struct error *err)
{
    static const char *const dirs[] = { "arch/systems", NULL };
    const struct arch_system *one;
    const struct arch_entry *entries;
    int64_t count;
    enum status st;

    if ((st = arch_system_load(&one, harness_system(harness, hw->name), arena, err)))
        return st;
    *out = *one;
    if (devices <= one->node_devices || one->network != NULL)
        return STATUS_OK;
    if ((st = arch_scan(&entries, &count, dirs, arena, err)))
        return st;
    for (int64_t i = 0; i < count; i++) {
        if ((st = arch_system_load(&one, entries[i].path, arena, err)))
            return st;
        if (one->network != NULL && strcmp(one->device->name, hw->name) == 0 && one->node_devices >= out->node_devices)
            return *out = *one, STATUS_OK;
    }
    out->network = assumed_network;
    out->nic_bytes_per_s = 25e9;
    out->net_latency_s = 3e-6;
    out->nics = out->node_devices;
    out->devices_per_nic = 1;
    return STATUS_OK;
}

const char *training_row_note(const struct training_spec *spec, const struct row *row)
{
    bool known;

    (void)precision(row, &known);
    if (!known)
        return "no precision of training by the name in 'source': timed in bf16";
    return spec->system->network == assumed_network ? "no system of this device with a network is described: 200 Gbit/s a device between its nodes" : NULL;
}

/* Is "model@device" one of the blank-separated patterns? */
static bool names_row(const char *patterns, const struct row *row, struct arena *arena)
{
    const char *name = arena_printf(arena, "%s@%s", row_text(row, "model"), row_text(row, "device"));

    return patterns != NULL && name != NULL && glob_any(name, patterns, ' ');
}

enum status training_row_run(struct training_result *out, struct training_spec *spec, const struct row *row, const struct harness *harness,
                             struct predictor *p, struct arena *arena, struct error *err)
{
    bool known;
    const struct hardware *hw;
    double share;
    enum status st;

    if ((st = read_layout(spec, row, err)) || (st = read_recompute(spec, row, err)) || (st = read_model(spec, row, arena, err)) ||
        (st = recipe_parse(&spec->recipe, precision(row, &known), row->at, err)) || (st = predictor_device(&hw, p, row_text(row, "device"), err)) ||
        (st = predictor_stack(&spec->stack, p, harness->stack, err)))
        return st;
    struct arch_system *system = arena_alloc(arena, sizeof *system);
    if (system == NULL)
        return error_no_memory(err);
    if ((st = find_system(system, harness, hw, spec->tp * spec->pp * spec->dp * spec->cp, arena, err)))
        return st;
    system->device = hw; /* the predictor's carries its overrides */
    spec->system = system;
    spec->fidelity = p->fidelity;
    spec->sharding = sharding_of(row, harness);
    spec->causal_flops = harness->causal_flops;
    spec->overlap_gradients = harness->overlap_gradients;
    spec->overlap_dispatch = names_row(harness->overlap_dispatch, row, arena);
    spec->overlap_tensor = harness->overlap_tensor;
    spec->sequence_parallel = (spec->sequence_parallel || harness->sequence_parallel) && spec->tp > 1;
    spec->operand_activity = harness_activity(harness, hw);
    share = harness_clock_share(harness, hw->name);
    spec->clock_limit_hz = share > 0 ? share * hw->clock.boost_hz : 0;
    return training_run(out, spec, arena, err);
}

/* ---- metrics ---- */

static double peak_ops(const struct training_spec *s)
{
    const struct arch_unit *unit = hardware_unit(s->system->device, "tensor_core");
    bool fp8 = s->recipe.weights.format->bits == 8;

    return unit != NULL ? hardware_peak_ops_per_s(s->system->device, unit, format_find(fp8 ? "fp8_e4m3" : "bf16"), NULL) : 0;
}

/* Base units: seconds, bytes, tokens/s, FLOP/s, share. */
static bool base_metric(double *out, const char *metric, const struct training_result *r, const struct training_spec *s)
{
    const struct training_memory *m = &r->memory;
    double devices = (double)(s->tp * s->pp * s->dp * s->cp), rate = r->tokens / r->iteration_s / devices, flops = rate * r->flops_per_token;

    if (strcmp(metric, "iteration_time") == 0)
        *out = r->iteration_s;
    else if (strcmp(metric, "tokens_per_s_per_gpu") == 0)
        *out = rate;
    else if (strcmp(metric, "model_tflops_per_gpu") == 0 || strcmp(metric, "throughput_per_gpu") == 0)
        *out = flops;
    else if (strcmp(metric, "mfu") == 0 && peak_ops(s) > 0)
        *out = flops / peak_ops(s);
    else if (strcmp(metric, "mem_param_optimizer") == 0)
        *out = m->parameters + m->gradients + m->optimizer;
    else if (strcmp(metric, "mem_activation") == 0)
        *out = m->activations;
    else if (strncmp(metric, "peak_mem_allocated", 18) == 0)
        *out = m->total;
    else if (strncmp(metric, "peak_mem_reserved", 17) == 0)
        *out = m->total * (1 + s->stack->training.reserved_share);
    else
        return false;
    return true;
}

enum status training_metric(double *out, const struct training_result *r, const struct training_spec *spec, const struct row *row, struct error *err)
{
    static const struct { const char *name; double base; } units[] = {
        { "s", 1 }, { "ms", 1e-3 }, { "token/s", 1 }, { "percent", 0.01 }, { "TFLOP/s", 1e12 }, { "GiB", 1073741824.0 }, { "MiB", 1048576.0 },
    };
    const char *unit = row_text(row, "unit");

    if (!base_metric(out, row_text(row, "metric"), r, spec))
        return error_set(err, STATUS_BAD_INPUT, row->at, "metric '%s' is not one of training", row_text(row, "metric"));
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].name, unit) == 0)
            return *out /= units[i].base, STATUS_OK;
    return error_set(err, STATUS_BAD_INPUT, row->at, "unit '%s', expected s, ms, token/s, percent, TFLOP/s, GiB or MiB", unit);
}

void training_prediction(struct prediction *out, const struct training_result *r)
{
    out->timing = r->sums;
    out->bound = cause_name(r->sums.bound);
}
