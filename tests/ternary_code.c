/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Entropy-coded ternary weights. Published (arXiv 2310.16795): on the experts of c2048 the bound by entropy is 25.4 times bf16 (0.63 bits), and a codeword
 * stands for 20.07 weights (0.80 bits). The share of zeros follows from the bound: 0.885.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/ternary_code.h"
#include "tests/harness.h"

static uint32_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*state >> 33);
}

static void fill(uint8_t *trits, int64_t n, double p0, uint64_t seed)
{
    for (int64_t i = 0; i < n; i++)
        trits[i] = next(&seed) * 0x1p-31 < p0 ? 0 : (uint8_t)(1 + (next(&seed) >> 7 & 1));
}

static const struct ternary_code *code(double p0, struct arena *arena)
{
    const struct ternary_code *c = NULL;
    struct error err;

    CU_ASSERT_EQUAL_FATAL(ternary_code_build(&c, p0, arena, &err), STATUS_OK);
    return c;
}

/* Words are all different, each beginning of a word is a word, lengths are 2 to 28. */
static void dictionary_is_a_tree(void)
{
    struct arena arena = { 0 };
    const struct ternary_code *c = code(0.885, &arena);
    uint8_t word[28];
    uint16_t back[14];
    int longest = 0;
    bool ok = true;

    for (int w = 0; w < TERNARY_WORDS; w++) {
        int n = ternary_code_word(c, (uint16_t)w, word);
        ok = ok && n >= 2 && n <= 28 && n % 2 == 0;
        ok = ok && ternary_code_encode(back, c, word, n) == 1 && back[0] == w; /* its own longest match: no other word is it */
        ok = ok && (n == 2 || ternary_code_encode(back, c, word, n - 2) == 1);
        longest = n > longest ? n : longest;
    }
    CU_ASSERT_TRUE(ok);
    CU_ASSERT_EQUAL(longest, 28);
    arena_free(&arena);
}

static void rows_come_back(void)
{
    static const double shares[] = { 1 / 3., 0.5, 0.885, 0.95 };
    static const int64_t lengths[] = { 1, 2, 3, 27, 28, 29, 1000, 4095 };

    for (size_t s = 0; s < sizeof shares / sizeof shares[0]; s++) {
        struct arena arena = { 0 };
        const struct ternary_code *c = code(shares[s], &arena);
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            uint8_t in[4096], out[4096];
            uint16_t words[2048];
            struct error err;
            int64_t n = lengths[l], count;

            fill(in, n, l % 2 ? shares[s] : 0.4, 7 * l + s); /* weights of another share too */
            count = ternary_code_encode(words, c, in, n);
            CHECK_ROW("count", count == ternary_code_encode(NULL, c, in, n) && count <= (n + 1) / 2);
            CHECK_ROW("back", ternary_code_decode(out, c, words, count, n, &err) == STATUS_OK && memcmp(in, out, (size_t)n) == 0);
            CHECK_ROW("short", ternary_code_decode(out, c, words, count - 1, n, &err) == STATUS_BAD_INPUT);
            CHECK_ROW("long", n < 4 || ternary_code_decode(out, c, words, count, n - 2, &err) == STATUS_BAD_INPUT);
        }
        arena_free(&arena);
    }
}

static void published_rate_is_met(void)
{
    enum { N = 1 << 20 };
    struct arena arena = { 0 };
    const struct ternary_code *c = code(0.885, &arena);
    uint8_t *trits = malloc(N);

    CU_ASSERT_PTR_NOT_NULL_FATAL(trits);
    CU_ASSERT(fabs(16 / ternary_code_entropy_bits(0.885) - 25.4) < 0.1);
    fill(trits, N, 0.885, 3);
    double weights = (double)N / (double)ternary_code_encode(NULL, c, trits, N);
    printf("# %.2f weights a codeword, published 20.07\n", weights);
    /* independent weights with just the dictionary's share do better than real experts, whose rows differ in theirs; the entropy bounds both */
    CU_ASSERT(weights > 20.07 && weights < 16 / ternary_code_entropy_bits(0.885));
    for (int i = 0; i < 2; i++)
        fill(trits + i * N / 2, N / 2, i ? 0.935 : 0.835, 3); /* the same share on the whole */
    double uneven = (double)N / (double)ternary_code_encode(NULL, c, trits, N);
    printf("# %.2f where rows differ by 5 points\n", uneven);
    CU_ASSERT(uneven < weights);
    free(trits);
    arena_free(&arena);
}

static void sizes_and_errors(void)
{
    struct arena arena = { 0 };
    const struct ternary_code *c;
    struct error err;

    CU_ASSERT_EQUAL(ternary_code_stored_bytes(10, 1000), 2000 + 80 + 4);
    CU_ASSERT_EQUAL(ternary_code_stored_bytes(1, INT64_MAX), -1);
    CU_ASSERT_EQUAL(ternary_code_build(&c, 0.2, &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_EQUAL(ternary_code_build(&c, 1, &arena, &err), STATUS_BAD_INPUT);
    CU_ASSERT_EQUAL(ternary_code_build(&c, NAN, &arena, &err), STATUS_BAD_INPUT);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "the dictionary is a tree of 2^16 words", dictionary_is_a_tree },
    { "rows come back", rows_come_back },
    { "weights a codeword lie between the published and the bound", published_rate_is_met },
    { "sizes and errors", sizes_and_errors },
};
TEST_MAIN("ternary_code", tests)
