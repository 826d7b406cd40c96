/* SPDX-License-Identifier: Apache-2.0 */
/* Static batches and maximum load. See batch_run.h. */
#include "sim/batch_run.h"

#include <math.h>

enum { COHORTS_MAX = 1024 };
static const double tolerance = 0.01; /* of an iteration's time between two sampled contexts */

/* Requests that were taken in together: equal contexts and equal rests. */
struct cohort { int64_t count, context, left; };

struct batching {
    struct engine *e;
    const struct stack_batching *rules;
    struct batch_load load;
    struct batch_result *out;
    struct cohort cohorts[COHORTS_MAX]; /* oldest first */
    int64_t count;
    int64_t waiting, capacity;          /* requests not yet begun; tokens of cache */
    struct cohort back[COHORTS_MAX];    /* put back: context to compute again, and what is left then; last in, first out */
    int64_t back_count;
    struct error *err;
};

/* ---- memory ---- */

enum status batch_cache_tokens(int64_t *out, const struct engine *e, struct error *err)
{
    const struct engine_spec *s = engine_spec(e);
    const struct stack_batching *b = &s->stack->batching;
    double bytes = (double)s->hw->dram.bytes, weights = engine_weight_bytes(e), per_token = engine_kv_token_bytes(e);
    double cache = b->of_free ? (bytes - weights - b->runtime_bytes) * b->memory_share : bytes * b->memory_share - weights - b->runtime_bytes;

    if (cache <= 0)
        return error_plain(err, STATUS_INFEASIBLE, "%s needs %.1f GiB of weights on each device and %s has %.1f GiB: nothing is left for the cache",
                           s->model->name, weights / 1073741824.0, s->hw->name, bytes / 1073741824.0);
    *out = per_token > 0 ? (int64_t)(cache / per_token) : INT64_MAX / 4;
    return STATUS_OK;
}

static int64_t blocks(const struct batching *b, int64_t tokens)
{
    int64_t block = b->rules->block_tokens;
    return (tokens + block - 1) / block * block;
}

static int64_t cache_used(const struct batching *b)
{
    int64_t used = 0;

    for (int64_t i = 0; i < b->count; i++)
        used += b->cohorts[i].count * blocks(b, b->rules->reserve ? b->cohorts[i].context + b->cohorts[i].left : b->cohorts[i].context);
    return used;
}

static int64_t running(const struct batching *b)
{
    int64_t n = 0;

    for (int64_t i = 0; i < b->count; i++)
        n += b->cohorts[i].count;
    return n;
}

/* ---- iterations ---- */

static void add_sums(struct timing *sums, const struct timing *t, double weight)
{
    for (int c = 0; c < CAUSES; c++)
        sums->parts_s[c] += weight * t->parts_s[c];
    for (int l = 0; l < LEVELS; l++)
        sums->bytes[l] += weight * t->bytes[l];
    sums->flops += weight * t->flops;
    sums->time_s += weight * t->time_s;
    sums->mapping = t->mapping;
}

/* Decode iteration in which every cohort's context is larger by `later`. */
static enum status decode_step(struct engine_step *out, struct batching *b, int64_t later)
{
    struct seq_group groups[COHORTS_MAX];

    for (int64_t i = 0; i < b->count; i++)
        groups[i] = (struct seq_group){ b->cohorts[i].count, 1,
                                        b->rules->static_cache ? b->load.in_tokens + b->load.out_tokens : b->cohorts[i].context + 1 + later };
    return engine_step(out, b->e, PHASE_DECODE, groups, b->count, b->err);
}

/* Adds the iterations low + 1 .. high; the ends are timed already. Sum of an arithmetic series where the midpoint agrees. */
static enum status sum_between(struct batching *b, int64_t low, const struct engine_step *at_low, int64_t high, const struct engine_step *at_high)
{
    int64_t n = high - low, mid = low + n / 2;
    struct engine_step at;
    enum status st;

    if (n <= 1) {
        if (n == 1) {
            b->out->time_s += at_high->time_s;
            add_sums(&b->out->sums, &at_high->sums, 1);
        }
        return STATUS_OK;
    }
    if ((st = decode_step(&at, b, mid)))
        return st;
    double line = at_low->time_s + (at_high->time_s - at_low->time_s) * (double)(mid - low) / (double)n;
    if (fabs(line - at.time_s) > tolerance * at.time_s)
        return (st = sum_between(b, low, at_low, mid, &at)) ? st : sum_between(b, mid, &at, high, at_high);
    /* trapezoid over both halves, without iteration `low`, with iteration `high` */
    double w_mid = (double)n / 2, w_low = (double)(mid - low - 1) / 2, w_high = (double)n - w_mid - w_low;
    b->out->time_s += w_low * at_low->time_s + w_mid * at.time_s + w_high * at_high->time_s;
    add_sums(&b->out->sums, &at_low->sums, w_low);
    add_sums(&b->out->sums, &at.sums, w_mid);
    add_sums(&b->out->sums, &at_high->sums, w_high);
    return STATUS_OK;
}

static void drop_finished(struct batching *b)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < b->count; i++)
        if (b->cohorts[i].left > 0)
            b->cohorts[kept++] = b->cohorts[i];
    b->count = kept;
}

/* Iterations until a cohort ends or the cache is full. At least 1: put_back() has made room. */
static int64_t iterations_to_event(const struct batching *b)
{
    int64_t n = INT64_MAX, free_tokens = b->capacity - cache_used(b), sequences = running(b);

    for (int64_t i = 0; i < b->count; i++)
        n = b->cohorts[i].left < n ? b->cohorts[i].left : n;
    if (!b->rules->reserve && free_tokens / sequences < n)
        n = free_tokens / sequences;
    return n > 0 ? n : 1;
}

static enum status decode(struct batching *b)
{
    int64_t n = iterations_to_event(b);
    struct engine_step first, last;
    enum status st;

    if ((st = decode_step(&first, b, 0)))
        return st;
    b->out->time_s += first.time_s;
    add_sums(&b->out->sums, &first.sums, 1);
    if (n > 1 && ((st = decode_step(&last, b, n - 1)) || (st = sum_between(b, 0, &first, n - 1, &last))))
        return st;
    for (int64_t i = 0; i < b->count; i++) {
        b->cohorts[i].context += n;
        b->cohorts[i].left -= n;
    }
    drop_finished(b);
    return STATUS_OK;
}

/* The youngest requests wait again until one more token of each of the others fits. */
static void put_back(struct batching *b)
{
    while (!b->rules->reserve && b->count > 0 && running(b) > 1 && b->capacity - cache_used(b) < running(b) && b->back_count < COHORTS_MAX) {
        struct cohort *c = &b->cohorts[b->count - 1];
        b->back[b->back_count++] = (struct cohort){ 1, c->context, c->left };
        b->out->preempted++;
        if (--c->count == 0)
            b->count--;
    }
}

/* Takes in what fits; 0: nothing. Those put back come first. */
static int64_t admit(struct batching *b, struct cohort *taken)
{
    int64_t sequences = running(b), used = cache_used(b), room = b->rules->sequences_max - sequences, n = 0;
    bool again = b->back_count > 0;
    int64_t prompt = again ? b->back[b->back_count - 1].context : b->load.in_tokens;
    int64_t left = again ? b->back[b->back_count - 1].left : b->load.out_tokens;
    int64_t need = blocks(b, b->rules->reserve ? prompt + left : prompt + 1);
    int64_t most = again ? 1 : b->waiting, fits = (b->capacity - used) / need, tokens = b->rules->tokens_max / prompt;

    tokens = tokens > 0 ? tokens : 1; /* a longer prompt is one iteration, or several chunks of the same cost */
    n = most < fits ? most : fits;
    n = n < tokens ? n : tokens;
    n = n < room ? n : room;
    if (n <= 0 || b->count == COHORTS_MAX)
        return 0;
    if (again)
        b->back_count--;
    else
        b->waiting -= n;
    *taken = (struct cohort){ n, prompt, left };
    return n;
}

static enum status take_in(struct batching *b, const struct cohort *taken)
{
    struct seq_group groups[COHORTS_MAX + 1] = { { taken->count, taken->context, taken->context } };
    int64_t count = 1;
    struct engine_step at;
    enum status st;

    for (int64_t i = 0; b->rules->mixed && i < b->count; i++)
        groups[count++] = (struct seq_group){ b->cohorts[i].count, 1, b->cohorts[i].context + 1 };
    if ((st = engine_step(&at, b->e, count > 1 ? PHASE_MIXED : PHASE_PREFILL, groups, count, b->err)))
        return st;
    b->out->time_s += at.time_s;
    add_sums(&b->out->sums, &at.sums, 1);
    b->out->ttft_s = b->out->rounds++ == 0 ? b->out->time_s : b->out->ttft_s;
    for (int64_t i = 0; b->rules->mixed && i < b->count; i++) {
        b->cohorts[i].context++;
        b->cohorts[i].left--;
    }
    /* the prompt's iteration gives a token */
    b->cohorts[b->count++] = (struct cohort){ taken->count, taken->context + 1, taken->left - 1 };
    drop_finished(b);
    return STATUS_OK;
}

static void close_sums(struct batch_result *out)
{
    out->sums.bound = CAUSE_MATRIX;
    for (int c = 1; c < CAUSES; c++)
        if (out->sums.parts_s[c] > out->sums.parts_s[out->sums.bound])
            out->sums.bound = (enum cause)c;
    out->sums.simulated_fraction = 1;
}

enum status batch_run_static(struct batch_result *out, struct engine *e, const struct batch_load *load, struct error *err)
{
    struct batching b = { .e = e, .rules = &engine_spec(e)->stack->batching, .load = *load, .out = out, .waiting = load->requests, .err = err };
    enum status st;

    *out = (struct batch_result){ 0 };
    if ((st = batch_cache_tokens(&b.capacity, e, err)))
        return st;
    if (blocks(&b, load->in_tokens + load->out_tokens) > b.capacity)
        return error_plain(err, STATUS_INFEASIBLE, "a request of %lld tokens does not fit: the cache holds %lld",
                           (long long)(load->in_tokens + load->out_tokens), (long long)b.capacity);
    while (b.waiting > 0 || b.back_count > 0 || b.count > 0) {
        struct cohort taken;
        if (admit(&b, &taken) > 0) {
            if ((st = take_in(&b, &taken)))
                return st;
        } else {
            put_back(&b);
            if ((st = decode(&b)))
                return st;
        }
        out->together = running(&b) > out->together ? running(&b) : out->together;
    }
    out->tokens_per_s = (double)load->requests * (double)load->out_tokens / out->time_s;
    close_sums(out);
    return STATUS_OK;
}

/* ---- maximum load ---- */

/* Sequences that decode together: each holds its whole length (reserved), or in the mean its prompt and half of its output. */
static int64_t steady_sequences(const struct batching *b)
{
    int64_t whole = b->load.in_tokens + b->load.out_tokens;
    int64_t each = blocks(b, b->rules->reserve ? whole : b->load.in_tokens + b->load.out_tokens / 2), n = b->capacity / each;

    n = n < b->rules->sequences_max ? n : b->rules->sequences_max;
    return b->load.requests > 0 && b->load.requests < n ? b->load.requests : n;
}

enum status batch_run_max_load(struct batch_result *out, struct engine *e, const struct batch_load *load, struct error *err)
{
    struct batching b = { .e = e, .rules = &engine_spec(e)->stack->batching, .load = *load, .out = out, .err = err };
    struct engine_step plain, with;
    enum status st;

    *out = (struct batch_result){ 0 };
    if ((st = batch_cache_tokens(&b.capacity, e, err)))
        return st;
    int64_t n = steady_sequences(&b);
    if (n < 1)
        return error_plain(err, STATUS_INFEASIBLE, "a request of %lld tokens does not fit: the cache holds %lld",
                           (long long)(load->in_tokens + load->out_tokens), (long long)b.capacity);
    /* prompts come one iteration in `period`, as many as that takes to keep n */
    double per_iteration = (double)n / (double)load->out_tokens;
    int64_t prompts = per_iteration > 1 ? (int64_t)ceil(per_iteration) : 1, most = b.rules->tokens_max / load->in_tokens;
    prompts = prompts < (most > 1 ? most : 1) ? prompts : (most > 1 ? most : 1);
    double share = per_iteration / (double)prompts; /* iterations with prompts, of each iteration's decode; above 1: more prompts than fit */
    int64_t context = load->in_tokens + (load->out_tokens + 1) / 2;
    struct seq_group groups[2] = { { n, 1, context }, { prompts, load->in_tokens, load->in_tokens } };

    if ((st = engine_step(&plain, e, PHASE_DECODE, groups, 1, err)))
        return st;
    if (b.rules->mixed && share <= 1) {
        if ((st = engine_step(&with, e, PHASE_MIXED, groups, 2, err)))
            return st;
        out->time_s = plain.time_s * (1 - share) + with.time_s * share;
        add_sums(&out->sums, &plain.sums, 1 - share);
    } else {
        if ((st = engine_step(&with, e, PHASE_PREFILL, groups + 1, 1, err)))
            return st;
        out->time_s = plain.time_s + with.time_s * share;
        add_sums(&out->sums, &plain.sums, 1);
    }
    add_sums(&out->sums, &with.sums, share);
    out->together = n;
    out->tokens_per_s = (double)n / out->time_s;
    close_sums(out);
    return STATUS_OK;
}
