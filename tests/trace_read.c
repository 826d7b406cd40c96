/* SPDX-License-Identifier: Apache-2.0 */
/** The trace format: reading what was printed, refusing what is wrong and saying where, values in the hash and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"
#include "workloads/op_math.h"
#include "workloads/op_table.h"
#include "workloads/roles.h"
#include "workloads/trace.h"

#define HEAD "llmsim-trace 1\nmodel m layers=2 hidden=8 heads=2 kv_heads=1 head_dim=4 vocab=16 intermediate=32\n"
#define STEP "step decode\n  seq q=1 kv=5\n"
#define TAIL "end\nend-trace steps=1\n"

/* Reads all of it; the last status, the count of steps, the hash. */
static enum status read_all(const char *text, int64_t *steps, struct hash128 *hash, struct error *err)
{
    struct arena arena = { 0 };
    struct trace *t = NULL;
    const struct step *step;
    enum status st = trace_open_memory(&t, "t", text, strlen(text), err);

    *steps = 0;
    while (st == STATUS_OK && (st = trace_next(&step, t, &arena, err)) == STATUS_OK && step != NULL)
        ++*steps;
    if (st == STATUS_OK && hash != NULL)
        *hash = trace_hash(t);
    trace_close(t);
    arena_free(&arena);
    return st;
}

static const struct { const char *label, *text, *message; } bad[] = {
    { "empty", "", "t:" },
    { "not a trace", "PK\n", "not a trace" },
    { "binary", "\x7f" "ELF\x01\x02\n", "t:1:1: byte 0x7f" },
    { "version", "llmsim-trace 2\n", "t:1:14: trace version 2, expected 1" },
    { "no model", "llmsim-trace 1\nstep decode\n", "t:2:1: found 'step', expected 'model" },
    { "missing key", "llmsim-trace 1\nmodel m layers=1\n", "model without 'hidden'" },
    { "ends in the header", HEAD, "truncated" },
    { "ends in a step", HEAD STEP "  add attn.add rows=1 cols=8\n", "truncated" },
    { "ends before end-trace", HEAD STEP "  add attn.add rows=1 cols=8\nend\n", "truncated" },
    { "unknown operator", HEAD STEP "  gem attn.qkv m=1 n=1 k=1\n" TAIL, "t:5:3: unknown operator 'gem', expected an operator, 'repeat N' or 'end'; nearest is 'gemm'" },
    { "unknown role", HEAD STEP "  gemm attn.qvk m=1 n=1 k=1\n" TAIL, "t:5:8: unknown role 'attn.qvk'; nearest is 'attn.qkv'" },
    { "unknown key", HEAD STEP "  norm norm.attn nrom=rms rows=1 cols=8\n" TAIL, "t:5:18: unknown key 'nrom' of norm; nearest is 'norm'" },
    { "twice", HEAD STEP "  add attn.add rows=1 rows=1 cols=8\n" TAIL, "given twice" },
    { "flag with a value", HEAD STEP "  gemm attn.qkv m=1 n=1 k=1 bias=1\n" TAIL, "expected the bare word 'bias'" },
    { "key without a value", HEAD STEP "  gemm attn.qkv m n=1 k=1\n" TAIL, "expected m=..." },
    { "word", HEAD STEP "  activation mlp.act function=sulu rows=1 cols=8\n" TAIL, "nearest is 'silu'" },
    { "zero", HEAD STEP "  add attn.add rows=0 cols=8\n" TAIL, "rows is '0', expected an integer from 1 to 281474976710656" },
    { "negative", HEAD STEP "  add attn.add rows=-1 cols=8\n" TAIL, "rows is '-1'" },
    { "NaN", HEAD STEP "  add attn.add rows=nan cols=8\n" TAIL, "rows is 'nan'" },
    { "10^18", HEAD STEP "  add attn.add rows=1000000000000000000 cols=8\n" TAIL, "expected an integer from 1" },
    { "beyond 64 bits", HEAD STEP "  add attn.add rows=99999999999999999999999 cols=8\n" TAIL, "expected an integer from 1" },
    { "product", HEAD STEP "  gemm attn.qkv m=281474976710656 n=281474976710656 k=1\n" TAIL, "does not fit in 63 bits" },
    { "parameters", HEAD "weight embed matrices=16777216 rows=281474976710656 cols=281474976710656\n", "parameters of the model" },
    { "repeat bomb", HEAD STEP "repeat 16777216\nrepeat 16777216\n  add attn.add rows=1 cols=8\nend\nend\n" TAIL, "nested repeats multiply" },
    { "nesting", HEAD STEP "repeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\n", "nested repeats" },
    { "step repeat", HEAD "step decode repeat=99999999999\n", "repeat is '99999999999'" },
    { "context", HEAD "step decode repeat=16777216\n  seq q=1099511627776 kv=1099511627776\n", "context grows beyond" },
    { "kv below q", HEAD "step prefill\n  seq q=6 kv=5\n", "kv=5 is less than q=6" },
    { "phase", HEAD "step prefil\n", "t:3:6: unknown phase 'prefil', expected prefill, decode or mixed; nearest is 'prefill'" },
    { "no seq", HEAD "step decode\n  add attn.add rows=1 cols=8\n" TAIL, "expected 'seq" },
    { "no operator", HEAD STEP TAIL, "without operators" },
    { "heads", HEAD STEP "  attention attn.core heads=3 kv_heads=2 head_dim=4 v_head_dim=4\n" TAIL, "not a multiple of kv_heads=2" },
    { "top_k", HEAD STEP "  grouped_gemm moe.down m=4 n=1 k=1 groups=2 top_k=4\n" TAIL, "more than groups=2" },
    { "rows of experts", HEAD STEP "  grouped_gemm moe.down m=3 n=1 k=1 groups=2 top_k=2\n" TAIL, "not a multiple of top_k=2" },
    { "steps", HEAD STEP "  add attn.add rows=1 cols=8\nend\nend-trace steps=2\n", "says steps=2, found 1" },
    { "after the end", HEAD STEP "  add attn.add rows=1 cols=8\n" TAIL "step decode\n", "after 'end-trace'" },
};

static void bad_traces_say_where(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error err = { 0 };
        int64_t steps;

        CHECK_ROW(bad[i].label, read_all(bad[i].text, &steps, NULL, &err) == STATUS_BAD_INPUT);
        CHECK_ROW(bad[i].label, strstr(err.message, bad[i].message) != NULL);
        if (strstr(err.message, bad[i].message) == NULL)
            printf("# %s: %s\n", bad[i].label, err.message);
    }
}

/* Every prefix of a trace is refused, and so is every single byte replaced by one that no trace holds. */
static void truncation_is_noticed(void)
{
    static const char text[] = HEAD "weight embed matrices=1 rows=16 cols=8\n" STEP "  repeat 2\n    add attn.add rows=1 cols=8\n  end\n" TAIL;
    char copy[sizeof text];
    struct error err;
    int64_t steps;
    size_t accepted = 0, broken = 0;

    for (size_t n = 0; n + 1 < sizeof text - 1; n++) { /* without its last newline the text is whole */
        memcpy(copy, text, n);
        copy[n] = '\0';
        accepted += read_all(copy, &steps, NULL, &err) != STATUS_BAD_INPUT;
    }
    for (size_t n = 0; n + 1 < sizeof text; n++) {
        memcpy(copy, text, sizeof text);
        copy[n] = '\x01';
        broken += read_all(copy, &steps, NULL, &err) != STATUS_BAD_INPUT;
    }
    CU_ASSERT_EQUAL(accepted, 0);
    CU_ASSERT_EQUAL(broken, 0);
}

/* Memory that ends at any point is told as such and leaves nothing behind (ASan looks). */
static void short_memory_is_told(void)
{
    static const char text[] = HEAD STEP "  add attn.add rows=1 cols=8\n  gemm attn.qkv m=1 n=2 k=3\n" TAIL;
    int told = 0, read = 0, other = 0;

    for (size_t limit = 1; limit <= 16384; limit += 64) {
        struct arena arena = { .limit_bytes = limit };
        const struct step *step = NULL;
        struct trace *t = NULL;
        struct error err = { 0 };
        enum status st = trace_open_memory(&t, "t", text, sizeof text - 1, &err);

        if (st == STATUS_OK)
            st = trace_next(&step, t, &arena, &err);
        *(st == STATUS_INTERNAL ? &told : st == STATUS_OK && step != NULL ? &read : &other) += 1;
        trace_close(t);
        arena_free(&arena);
    }
    CU_ASSERT(told > 0 && read > 0 && other == 0);
}

/* --- parse(print(x)) = x over pseudo-random records ------------------------------------------------------------------- */

static uint64_t random_state;

static int64_t random_below(int64_t n) /* xorshift64*, Vigna, ACM TOMS 42(4), 2016 */
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (int64_t)((random_state * 2685821657736338717u >> 1) % (uint64_t)n);
}

static void fill(void *record, const struct field *fields)
{
    for (const struct field *f = fields; f->key != NULL; f++) {
        char *at = (char *)record + f->offset;
        int64_t words = 0;

        while (f->words != NULL && f->words[words] != NULL)
            words++;
        switch (f->type) {
        case FIELD_I64: *(int64_t *)at = random_below(4) == 0 && !f->required ? f->value : f->minimum + random_below(200); break;
        case FIELD_DOUBLE: *(double *)at = (double)random_below(1000) / 7; break;
        case FIELD_FLAG: *(bool *)at = random_below(2) != 0; break;
        case FIELD_ENUM: *(int *)at = (int)random_below(words); break;
        case FIELD_WORD: *(const char **)at = f->words[random_below(words)]; break;
        }
    }
}

static struct op random_op(void)
{
    struct op op = { .kind = (enum op_kind)random_below(OP_KINDS), .count = random_below(3) ? 1 + random_below(4) : 1 };
    const struct role *roles;
    size_t count;

    roles = role_list(&count);
    op.role = roles[random_below((int64_t)count)].name;
    fill(&op, op_type_of(op.kind)->fields);
    if (op.kind == OP_ATTENTION) { /* relations that the reader checks */
        op.heads = op.kv_heads = op.mla ? 1 : op.kv_heads;
        op.v_head_dim = op.mla ? op.head_dim : op.v_head_dim;
    }
    if (op.kind == OP_GROUPED_GEMM) {
        op.groups += op.top_k;
        op.m *= op.top_k;
        op.skew = op.routing == ROUTING_POWER_LAW ? op.skew : 0;
    }
    return op;
}

static bool same_fields(const void *a, const void *b, const struct field *fields)
{
    for (const struct field *f = fields; f->key != NULL; f++) {
        size_t size = f->type == FIELD_FLAG ? sizeof(bool) : f->type == FIELD_ENUM ? sizeof(int) : 8;

        if (memcmp((const char *)a + f->offset, (const char *)b + f->offset, size) != 0)
            return false;
    }
    return true;
}

static bool same_step(const struct step *a, const struct step *b)
{
    if (a->phase != b->phase || a->repeat != b->repeat || a->seq_groups != b->seq_groups || a->ops_count != b->ops_count)
        return false;
    for (int64_t i = 0; i < a->seq_groups; i++)
        if (!same_fields(&a->seqs[i], &b->seqs[i], seq_fields))
            return false;
    for (int64_t i = 0; i < a->ops_count; i++)
        if (a->ops[i].kind != b->ops[i].kind || a->ops[i].count != b->ops[i].count || strcmp(a->ops[i].role, b->ops[i].role) != 0 ||
            !same_fields(&a->ops[i], &b->ops[i], op_type_of(a->ops[i].kind)->fields))
            return false;
    return true;
}

static void round_trip(const char *path, uint64_t seed)
{
    struct op ops[12];
    struct seq_group seqs[3];
    struct weight_info weights[2] = { { .role = "embed" }, { .role = "attn.qkv.bias" } };
    struct kv_info kv;
    struct model_info model = { .name = "random", .weights = weights, .weights_count = 2, .kv = &kv, .kv_count = 1 };
    struct step step = { .seqs = seqs, .ops = ops };
    const struct step *read = NULL;
    struct arena arena = { 0 };
    struct outfile *out;
    struct trace *t = NULL;
    struct error err = { 0 };
    enum status st;

    random_state = seed;
    fill(&model, model_fields);
    fill(&weights[0], weight_fields);
    fill(&weights[1], weight_fields);
    fill(&kv, kv_fields);
    fill(&step, step_fields);
    step.phase = (enum phase)random_below(3);
    step.seq_groups = 1 + random_below(3);
    step.ops_count = 1 + random_below(12);
    for (int64_t i = 0; i < step.seq_groups; i++) {
        fill(&seqs[i], seq_fields);
        seqs[i].kv += seqs[i].q;
    }
    for (int64_t i = 0; i < step.ops_count; i++)
        ops[i] = random_op();

    CU_ASSERT_EQUAL_FATAL(outfile_open(&out, path, &err), STATUS_OK);
    trace_write_header(out, &model);
    trace_write_step(out, &step);
    trace_write_end(out, 1);
    CU_ASSERT_EQUAL_FATAL(outfile_commit(out, &err), STATUS_OK);
    st = trace_open(&t, path, &err);
    if (st == STATUS_OK)
        st = trace_next(&read, t, &arena, &err);
    if (st != STATUS_OK)
        printf("# seed %llu: %s\n", (unsigned long long)seed, err.message);
    CU_ASSERT_EQUAL(st, STATUS_OK);
    if (st == STATUS_OK) {
        const struct model_info *m = trace_model(t);

        CU_ASSERT(same_fields(m, &model, model_fields) && strcmp(m->name, model.name) == 0);
        CU_ASSERT(m->weights_count == 2 && same_fields(&m->weights[1], &weights[1], weight_fields) &&
                  strcmp(m->weights[1].role, weights[1].role) == 0);
        CU_ASSERT(m->kv_count == 1 && same_fields(m->kv, &kv, kv_fields));
        CU_ASSERT(read != NULL && same_step(read, &step));
        CU_ASSERT(trace_next(&read, t, &arena, &err) == STATUS_OK && read == NULL);
    }
    trace_close(t);
    arena_free(&arena);
}

static void parse_of_print_is_identity(void)
{
    char path[64];

    snprintf(path, sizeof path, "trace_read.%ld.tmp.trace", (long)getpid());
    for (uint64_t seed = 1; seed <= 300; seed++)
        round_trip(path, seed * 0x9e3779b97f4a7c15u);
    remove(path);
}

static void hash_is_of_values(void)
{
    static const char *const same[] = {
        HEAD STEP "  gemm attn.qkv m=1 n=2 k=3\n" TAIL,
        "# c\nllmsim-trace 1 # c\n\nmodel m hidden=8 layers=2 heads=2 kv_heads=1 head_dim=4 vocab=16 intermediate=32 experts=0\n"
        "step\tdecode repeat=1\r\nseq count=1 q=1 kv=5\nrepeat 1\ngemm attn.qkv k=3 n=2 m=1 batch=1\nend\n" TAIL,
    };
    static const char *const other[] = {
        HEAD STEP "  gemm attn.qkv m=1 n=3 k=2\n" TAIL,
        HEAD STEP "  gemm attn.out m=1 n=2 k=3\n" TAIL,
        HEAD STEP "  gemm attn.qkv m=1 n=2 k=3 bias\n" TAIL,
        HEAD STEP "  repeat 2\n  gemm attn.qkv m=1 n=2 k=3\n  end\n" TAIL,
        HEAD "step decode\n  seq q=1 kv=6\n  gemm attn.qkv m=1 n=2 k=3\n" TAIL,
    };
    struct hash128 first, hash;
    struct error err = { 0 };
    int64_t steps;

    CU_ASSERT_EQUAL(read_all(same[0], &steps, &first, &err), STATUS_OK);
    CU_ASSERT_EQUAL(read_all(same[1], &steps, &hash, &err), STATUS_OK);
    CU_ASSERT(first.high == hash.high && first.low == hash.low);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        CHECK_ROW(other[i], read_all(other[i], &steps, &hash, &err) == STATUS_OK);
        CHECK_ROW(other[i], first.high != hash.high || first.low != hash.low);
    }
}

/* --- work ---------------------------------------------------------------------------------------------------------- */

/* By counting every pair: what the closed form must equal. */
static int64_t count_pairs(int64_t q, int64_t kv, int64_t window, bool causal)
{
    int64_t pairs = 0;

    for (int64_t j = 0; j < q; j++) {
        int64_t seen = causal ? kv - q + j + 1 : kv;

        pairs += window > 0 && seen > window ? window : seen;
    }
    return pairs;
}

static void attention_pairs_are_counted(void)
{
    int wrong = 0;

    for (int64_t q = 1; q <= 9; q++)
        for (int64_t kv = q; kv <= 14; kv++)
            for (int64_t window = 0; window <= 15; window++)
                for (int causal = 0; causal <= 1; causal++) {
                    struct op op = { .kind = OP_ATTENTION, .window = window, .causal = causal };

                    wrong += attention_pairs(&op, q, kv) != count_pairs(q, kv, window, causal);
                }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void totals_are_sums_over_iterations(void)
{
    int wrong = 0;

    for (int64_t q = 1; q <= 4; q++)
        for (int64_t kv = q; kv <= 9; kv++)
            for (int64_t window = 0; window <= 12; window++)
                for (int causal = 0; causal <= 1; causal++) {
                    struct seq_group seq = { 2, q, kv };
                    struct step step = { .repeat = 5, .seq_groups = 1, .seqs = &seq, .sequences = 2, .tokens = 2 * q };
                    struct op op = { .kind = OP_ATTENTION, .count = 3, .heads = 4, .kv_heads = 2, .head_dim = 8, .v_head_dim = 6,
                                     .window = window, .causal = causal };
                    struct op_elements one, total;
                    int64_t flops = 0, kv_read = 0, output = 0;

                    for (int64_t i = 0; i < step.repeat; i++) {
                        flops += op_flops(&op, &step, i);
                        wrong += !op_elements(&one, &op, &step, i);
                        kv_read += one.kv_read;
                        output += one.output;
                    }
                    wrong += !op_elements_total(&total, &op, &step) || total.kv_read != kv_read || total.output != output ||
                             op_flops_total(&op, &step) != flops;
                }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void flops_by_hand(void)
{
    struct seq_group seq = { 2, 4, 4 };
    struct step step = { .repeat = 1, .seq_groups = 1, .seqs = &seq, .sequences = 2, .tokens = 8 };
    struct op gemm = { .kind = OP_GEMM, .count = 80, .m = 8, .n = 10, .k = 16, .batch = 3 };
    struct op grouped = { .kind = OP_GROUPED_GEMM, .count = 2, .m = 8, .n = 10, .k = 16, .groups = 4, .top_k = 2 };
    struct op attention = { .kind = OP_ATTENTION, .count = 1, .heads = 4, .kv_heads = 1, .head_dim = 6, .v_head_dim = 4, .causal = true };
    struct op norm = { .kind = OP_NORM, .count = 1, .rows = 8, .cols = 16 };

    CU_ASSERT_EQUAL(op_flops(&gemm, &step, 0), 2LL * 8 * 10 * 16 * 3 * 80);
    CU_ASSERT_EQUAL(op_flops(&grouped, &step, 0), 2LL * 8 * 10 * 16 * 2);
    CU_ASSERT_EQUAL(op_flops(&attention, &step, 0), 2LL * 2 * (1 + 2 + 3 + 4) * 4 * (6 + 4));
    CU_ASSERT_EQUAL(op_flops(&norm, &step, 0), 0);
}

static const struct test tests[] = {
    { "each mistake is told with its place and the nearest name", bad_traces_say_where },
    { "truncated and damaged traces are refused", truncation_is_noticed },
    { "memory that ends is told", short_memory_is_told },
    { "reading what was printed gives the same values", parse_of_print_is_identity },
    { "the hash is of values", hash_is_of_values },
    { "attention pairs: closed form equals counting", attention_pairs_are_counted },
    { "totals of folded iterations equal their sums", totals_are_sums_over_iterations },
    { "FLOPs worked out by hand", flops_by_hand },
};
TEST_MAIN("trace_read", tests)
