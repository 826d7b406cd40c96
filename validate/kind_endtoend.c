/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serving measurements: latency of generate() for a static batch, output throughput, time to the first token, and sums over the
 * operators of one layer. A row is a model (workloads/models), a batch of equal requests and a number of devices; the harness names the
 * framework's stack. sim/batch_run.h does the rest. docs/endtoend.md
 *
 * LLM-Inference-Bench: in_len = out_len, wall clock of generate(). TensorRT-LLM: value over tp is per GPU where the metric says so.
 */
#include <string.h>

#include "sim/batch_run.h"
#include "validate/engines.h"
#include "validate/kinds.h"
#include "validate/layer_sum.h"
#include "workloads/model_library.h"

struct serving_row {
    const char *device, *model, *dtype, *metric;
    int64_t devices, tp, pp, dp, batch, in_len, out_len;   /* batch: of one of dp engines, which share nothing */
    bool batch_given;
};

static enum status read_row(struct serving_row *out, const struct row *row, struct error *err)
{
    struct serving_row r = { row_text(row, "device"), row_text(row, "model"), row_text(row, "dtype"), row_text(row, "phase_or_metric"),
                             1, 1, 1, 1, 1, 0, 1, row_has(row, "batch") };
    int64_t dp = 1;
    enum status st;

    if ((st = row_count(&r.devices, row, "n_devices", 1, 65536, err)) || (st = row_count(&r.in_len, row, "in_len", 1, 1 << 24, err)) ||
        (st = row_count(&r.out_len, row, "out_len", 0, 1 << 24, err)) ||
        (r.batch_given && (st = row_count(&r.batch, row, "batch", 1, 1 << 20, err))))
        return st;
    r.tp = r.devices;
    if ((row_has(row, "tp") && (st = row_count(&r.tp, row, "tp", 1, 65536, err))) ||
        (row_has(row, "pp") && (st = row_count(&r.pp, row, "pp", 1, 4096, err))) ||
        (row_has(row, "dp") && (st = row_count(&dp, row, "dp", 1, 65536, err))))
        return st;
    if (r.tp * r.pp * dp != r.devices)
        return error_plain(err, STATUS_BAD_INPUT, "tp %lld x pp %lld x dp %lld is not %lld devices", (long long)r.tp, (long long)r.pp,
                           (long long)dp, (long long)r.devices);
    r.dp = dp;
    r.batch = (r.batch + dp - 1) / dp;
    *out = r;
    return STATUS_OK;
}

/* Static batches are padded to one cohort; max load is the steady state. ttft ends with the first iteration's tokens. */
static enum status predict_serving(struct prediction *out, const struct serving_row *r, const struct harness *h, struct engine *e, struct error *err)
{
    struct batch_load load = { r->batch, r->in_len, r->out_len > 0 ? r->out_len : 1 };
    struct batch_result result;
    bool ttft = strcmp(r->metric, "ttft") == 0, throughput = strstr(r->metric, "throughput") != NULL;
    bool per_token = strcmp(r->metric, "tpot") == 0 || strcmp(r->metric, "itl") == 0;
    bool max_load = strstr(r->metric, "inflight_max_load") != NULL || (throughput && !r->batch_given);
    double call_s = harness_overhead_s(h, "generate", NULL);
    enum status st;

    if (ttft)
        load.out_tokens = 1;
    if (max_load && !r->batch_given)
        load.requests = (harness_requests(h, r->in_len, r->out_len) + r->dp - 1) / r->dp;
    /* all requests of a run are queued at once: full batches that start and end together, and a last one that is not full */
    bool steady = max_load && (r->batch_given || load.requests == 0);
    if ((st = (steady ? batch_run_max_load : batch_run_static)(&result, e, &load, err)))
        return st;
    double time_s = result.time_s + call_s, tokens = (double)r->batch * (double)load.out_tokens;
    double rate = (max_load ? result.tokens_per_s : tokens / time_s) * (double)r->dp;
    out->value = throughput && strstr(r->metric, "per_gpu") != NULL ? rate / (double)r->devices : throughput ? rate : time_s;
    out->timing = result.sums;
    if (!per_token || load.out_tokens < 2)
        return STATUS_OK;
    load.out_tokens = 1; /* time of an output token: what follows the first, shared out */
    if ((st = batch_run_static(&result, e, &load, err)))
        return st;
    out->value = (time_s - call_s - result.time_s) / (double)(r->out_len - 1);
    return STATUS_OK;
}

/* Sum over the operators of one layer, as if each were timed alone; seconds. */
static enum status predict_layer(struct prediction *out, const struct serving_row *r, const struct row *row, const struct harness *h,
                                 struct predictor *p, struct arena *arena, struct error *err)
{
    bool prefill = strstr(r->metric, "prefill") != NULL;
    struct llm model;
    struct layer_sum_shape shape = { &model, r->tp, r->batch, prefill ? r->in_len : 1, r->in_len };
    enum status st;

    if ((st = model_load(&model, r->model, arena, err)) || (st = layer_sum(out, &shape, row, h, p, err)))
        return st;
    out->value *= 1e-6;
    return STATUS_OK;
}

static enum status in_unit(double *value, const char *unit, struct error *err)
{
    static const struct { const char *unit; double per_base; } units[] = { { "s", 1 }, { "ms", 1e3 }, { "us", 1e6 }, { "token/s", 1 } };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].unit, unit) == 0) {
            *value *= units[i].per_base;
            return STATUS_OK;
        }
    return error_plain(err, STATUS_BAD_INPUT, "unit '%s', expected s, ms, us or token/s", unit);
}

/* Recipes of the dtypes that serving tables name and that are no preset. Servers run bf16 models in fp16 where no matrix unit takes bf16. */
static const char *recipe_of(const char *dtype, const struct harness *harness, const struct hardware *hw)
{
    const struct arch_unit *tensor = hardware_unit(hw, "tensor_core");
    static const struct { const char *dtype, *recipe; } known[] = {
        { "bfloat16", "bf16" }, { "float16", "fp16" }, { "fp4", "w=nvfp4,a=nvfp4,kv=fp8_e4m3,out=bf16" }, { "fp8_e4m3", "fp8" }, { "int4", "w4a16" },
        { "nvfp4", "w=nvfp4,a=nvfp4,kv=fp8_e4m3,out=bf16" },
    };

    if (harness->fp8 != NULL && (strcmp(dtype, "fp8") == 0 || strcmp(dtype, "fp8_e4m3") == 0))
        return harness->fp8;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].dtype, dtype) == 0)
            dtype = known[i].recipe;
    if (strcmp(dtype, "bf16") == 0 && tensor && unit_fma_per_cycle_sm(tensor, format_find("bf16"), NULL) <= 0)
        return "fp16";
    return dtype;
}

static enum status predict(struct prediction *out, const struct row *row, const struct harness *harness, struct predictor *p,
                           struct arena *arena, struct error *err)
{
    static const char *const metrics[] = { "e2e_latency", "itl", "latency", "layer_decode_sum_of_ops", "layer_prefill_sum_of_ops", "output_throughput",
                                           "output_throughput_per_gpu", "output_throughput_per_gpu_inflight_max_load",
                                           "output_throughput_per_gpu_static_batch", "output_throughput_total", "output_throughput_total_inflight_max_load",
                                           "output_throughput_total_static_batch", "tpot", "ttft" };
    struct serving_row r = { 0 };
    struct engine *e;
    enum status st;
    bool known = false;

    if ((st = read_row(&r, row, err)))
        return st;
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        known |= strcmp(metrics[i], r.metric) == 0;
    if (!known)
        return error_plain(err, STATUS_BAD_INPUT, "metric '%s' is not one of serving", r.metric);
    if (strncmp(r.metric, "layer_", 6) == 0)
        return (st = predict_layer(out, &r, row, harness, p, arena, err)) ? st : in_unit(&out->value, row_text(row, "unit"), err);
    int64_t dies;
    const char *device = harness_die(&dies, harness, r.device);
    const struct hardware *hw;
    if ((st = predictor_device(&hw, p, device, err)))
        return st;
    struct engine_request want = { .device = device, .model = r.model, .stack = harness_stack(harness, hw), .harness = harness,
                                   .layout = { .tp = r.tp * dies }, .pp = r.pp,
                                   .recipe = recipe_of(r.dtype, harness, hw) };
    if ((st = engines_get(&e, p, &want, err)) || (st = predict_serving(out, &r, harness, e, err)) ||
        (st = in_unit(&out->value, row_text(row, "unit"), err)))
        return st;
    out->bound = cause_name(out->timing.bound);
    return STATUS_OK;
}

const struct measurement_kind kind_endtoend = { "endtoend", "device n_devices model phase_or_metric in_len out_len value unit source", "value", "phase_or_metric", predict };
