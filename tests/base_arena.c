/* SPDX-License-Identifier: Apache-2.0 */
/** Arena: zeroed, aligned, disjoint; limits; reuse after a reset. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "tests/harness.h"

static bool all_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* Sizes around the block sizes; each is filled with its own byte, so an overlap shows in the end. */
static void zeroed_aligned_disjoint(void)
{
    static const size_t sizes[] = { 1, 0, 16, 17, 8191, 8192, 8193, 3, 300000, 262144, 1, 500, 1000000, 24 };
    enum { N = sizeof sizes / sizeof sizes[0] };
    struct arena a = { 0 };
    unsigned char *p[N];

    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < N; i++) {
            p[i] = arena_alloc(&a, sizes[i]);
            CU_ASSERT_PTR_NOT_NULL_FATAL(p[i]);
            CU_ASSERT((uintptr_t)p[i] % 16 == 0);
            CU_ASSERT(all_zero(p[i], sizes[i])); /* also in the second round, where memory is used again */
            memset(p[i], (int)i + 1, sizes[i]);
        }
        for (size_t i = 0; i < N; i++)
            for (size_t k = 0; k < sizes[i]; k += 97)
                CU_ASSERT_FATAL(p[i][k] == i + 1);
        arena_reset(&a);
        CU_ASSERT_EQUAL(a.used_bytes, 0);
    }
    arena_free(&a);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 1)); /* empty and usable again */
    arena_free(&a);
    arena_free(NULL);
}

static void limits(void)
{
    struct arena a = { .limit_bytes = 64 };

    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 48));
    CU_ASSERT_PTR_NULL(arena_alloc(&a, 17)); /* 17 takes 32 */
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 16));
    CU_ASSERT_PTR_NULL(arena_alloc(&a, 1));
    CU_ASSERT_PTR_NULL(arena_alloc(&a, 0));
    arena_reset(&a);
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 64));
    arena_free(&a);
}

static void hostile_sizes(void)
{
    struct arena a = { 0 };

    CU_ASSERT_PTR_NULL(arena_alloc(&a, SIZE_MAX));
    CU_ASSERT_PTR_NULL(arena_alloc(&a, SIZE_MAX - 15));
    CU_ASSERT_PTR_NULL(arena_array(&a, SIZE_MAX / 8 + 2, 8)); /* would wrap to 8 */
    CU_ASSERT_PTR_NULL(arena_array(&a, (size_t)1 << 33, (size_t)1 << 31));
    CU_ASSERT_PTR_NOT_NULL(arena_array(&a, 0, 8));
    CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 1));
    arena_free(&a);
}

static void texts(void)
{
    struct arena a = { 0 };
    char fat[2000];

    CU_ASSERT_STRING_EQUAL(arena_strdup(&a, "abc"), "abc");
    CU_ASSERT_STRING_EQUAL(arena_strndup(&a, "abc", 2), "ab");
    CU_ASSERT_STRING_EQUAL(arena_strndup(&a, "abc", 9), "abc");
    CU_ASSERT_STRING_EQUAL(arena_printf(&a, "%d-%s-%.1f", 5, "x", 0.5), "5-x-0.5");
    memset(fat, 'f', sizeof fat);
    fat[sizeof fat - 1] = '\0';
    CU_ASSERT_STRING_EQUAL(arena_printf(&a, "%s", fat), fat);
    arena_free(&a);
}

/* The same sequence after a reset takes no new memory: the blocks are the old ones. */
static void reset_reuses(void)
{
    struct arena a = { 0 };
    void *first = arena_alloc(&a, 5000), *second = arena_alloc(&a, 70000), *third = arena_alloc(&a, 100);

    arena_reset(&a);
    CU_ASSERT_PTR_EQUAL(arena_alloc(&a, 5000), first);
    CU_ASSERT_PTR_EQUAL(arena_alloc(&a, 70000), second);
    CU_ASSERT_PTR_EQUAL(arena_alloc(&a, 100), third);
    arena_free(&a);
}

static const struct test tests[] = {
    { "allocations are zeroed, aligned and disjoint", zeroed_aligned_disjoint },
    { "limits", limits },
    { "hostile sizes", hostile_sizes },
    { "texts", texts },
    { "a reset keeps the memory", reset_reuses },
};

TEST_MAIN("base_arena", tests)
