/* SPDX-License-Identifier: Apache-2.0 */
/* The dictionary grows from the most probable sequence not yet in it (a heap); of equal ones the first found. */
#include "formats/ternary_code.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/checked.h"

enum { PAIRS = 9, NONE = -1 };

struct ternary_code {
    uint64_t trits[TERNARY_WORDS];        /* 2 bits a weight, the first lowest */
    uint8_t pairs[TERNARY_WORDS];
    int32_t child[TERNARY_WORDS][PAIRS];  /* word of the sequence with one pair more, or NONE */
    int32_t first[PAIRS];
};

/* A sequence that may come next: a word and one pair more. */
struct candidate {
    double log_p;
    int32_t parent, pair; /* parent NONE: the pair alone */
    int32_t order;
};

struct heap {
    struct candidate *items;
    int64_t count;
};

static bool before(const struct candidate *a, const struct candidate *b)
{
    return a->log_p != b->log_p ? a->log_p > b->log_p : a->order < b->order;
}

static void swap(struct candidate *a, struct candidate *b)
{
    struct candidate t = *a;

    *a = *b;
    *b = t;
}

static void push(struct heap *h, struct candidate c)
{
    int64_t i = h->count++;

    h->items[i] = c;
    for (; i > 0 && before(&h->items[i], &h->items[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&h->items[i], &h->items[(i - 1) / 2]);
}

static struct candidate pop(struct heap *h)
{
    struct candidate top = h->items[0];

    h->items[0] = h->items[--h->count];
    for (int64_t i = 0;;) {
        int64_t best = i;
        for (int64_t k = 2 * i + 1; k <= 2 * i + 2 && k < h->count; k++)
            best = before(&h->items[k], &h->items[best]) ? k : best;
        if (best == i)
            return top;
        swap(&h->items[i], &h->items[best]);
        i = best;
    }
}

static double log_probability(int pair, double p0)
{
    double zero = log(p0), other = log((1 - p0) / 2);

    return (pair % 3 == 0 ? zero : other) + (pair / 3 == 0 ? zero : other);
}

static void grow(struct ternary_code *c, struct heap *h, double p0)
{
    int32_t order = 0;

    for (int pair = 0; pair < PAIRS; pair++) {
        c->first[pair] = NONE;
        push(h, (struct candidate){ log_probability(pair, p0), NONE, pair, order++ });
    }
    for (int32_t word = 0; word < TERNARY_WORDS; word++) {
        struct candidate next = pop(h);
        int pairs = next.parent == NONE ? 0 : c->pairs[next.parent];
        uint64_t trits = next.parent == NONE ? 0 : c->trits[next.parent];

        c->trits[word] = trits | (uint64_t)(next.pair % 3 | next.pair / 3 << 2) << (4 * pairs);
        c->pairs[word] = (uint8_t)(pairs + 1);
        *(next.parent == NONE ? &c->first[next.pair] : &c->child[next.parent][next.pair]) = word;
        for (int pair = 0; pair < PAIRS; pair++) {
            c->child[word][pair] = NONE;
            if (pairs + 1 < TERNARY_PAIRS_MAX)
                push(h, (struct candidate){ next.log_p + log_probability(pair, p0), word, pair, order++ });
        }
    }
}

enum status ternary_code_build(const struct ternary_code **out, double p0, struct arena *arena, struct error *err)
{
    struct heap h = { 0 };
    struct ternary_code *c;

    if (!(p0 >= 1 / 3. && p0 < 1))
        return error_plain(err, STATUS_BAD_INPUT, "a share of zeros of %g, expected 1/3 and more, below 1", p0);
    c = arena_alloc(arena, sizeof *c);
    h.items = malloc(((size_t)TERNARY_WORDS + 1) * PAIRS * sizeof *h.items);
    if (c == NULL || h.items == NULL) {
        free(h.items);
        return error_no_memory(err);
    }
    grow(c, &h, p0);
    free(h.items);
    for (int pair = 0; pair < PAIRS; pair++)
        if (c->first[pair] == NONE)
            return error_plain(err, STATUS_BAD_INPUT, "a share of zeros of %g leaves a pair of weights without a codeword, expected fewer zeros", p0);
    *out = c;
    return STATUS_OK;
}

int ternary_code_word(const struct ternary_code *c, uint16_t word, uint8_t trits[2 * TERNARY_PAIRS_MAX])
{
    int n = 2 * c->pairs[word];

    for (int i = 0; trits != NULL && i < n; i++)
        trits[i] = (uint8_t)(c->trits[word] >> 2 * i & 3);
    return n;
}

int64_t ternary_code_encode(uint16_t *words, const struct ternary_code *c, const uint8_t *trits, int64_t n)
{
    int64_t count = 0;

    for (int64_t i = 0; i < n;) {
        int32_t word = NONE;
        for (; i < n; i += 2) {
            int pair = trits[i] + 3 * (i + 1 < n ? trits[i + 1] : 0);
            int32_t next = word == NONE ? c->first[pair] : c->child[word][pair];
            if (next == NONE)
                break;
            word = next;
        }
        if (words != NULL)
            words[count] = (uint16_t)word;
        count++;
    }
    return count;
}

enum status ternary_code_decode(uint8_t *trits, const struct ternary_code *c, const uint16_t *words, int64_t count, int64_t n, struct error *err)
{
    uint8_t part[2 * TERNARY_PAIRS_MAX];
    int64_t at = 0;

    for (int64_t i = 0; i < count; i++) {
        int got = ternary_code_word(c, words[i], part);
        for (int k = 0; k < got; k++, at++) {
            if (at > n || (at == n && (n % 2 == 0 || part[k] != 0)))
                return error_plain(err, STATUS_BAD_INPUT, "codeword %lld goes beyond the %lld weights of a row", (long long)i, (long long)n);
            if (at < n)
                trits[at] = part[k];
        }
    }
    if (at < n)
        return error_plain(err, STATUS_BAD_INPUT, "%lld codewords give %lld weights, expected %lld", (long long)count, (long long)at, (long long)n);
    return STATUS_OK;
}

int64_t ternary_code_stored_bytes(int64_t rows, int64_t words)
{
    int64_t a, b, sum;

    return rows >= 0 && words >= 0 && checked_mul_i64(&a, words, 2) && checked_mul_i64(&b, rows, 8) && checked_add_i64(&sum, a, b) && checked_add_i64(&sum, sum, 4) ? sum : -1;
}

double ternary_code_entropy_bits(double p0)
{
    double rest = 1 - p0;

    return (p0 > 0 ? -p0 * log2(p0) : 0) + (rest > 0 ? -rest * log2(rest / 2) : 0);
}
