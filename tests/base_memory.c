/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Memory that runs out: each allocation of an operation fails in turn, until the operation succeeds. Every failure must be the
 * same clean error, and nothing may leak (AddressSanitizer tells). The linker sends the library's calls here (--wrap); those
 * inside libyaml, zlib and libzstd are out of reach.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/hash.h"
#include "base/textfile.h"
#include "base/yaml.h"
#include "tests/harness.h"

/* Allocations to let through before one fails; negative: all. */
static long countdown = -1;

static bool fails(void)
{
    return countdown >= 0 && countdown-- == 0;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t bytes);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t bytes);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails() ? NULL : __real_realloc(old, bytes);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

static const char table[] = "memory-test.csv", description[] = "memory-test.yaml", written[] = "memory-test.zst";

static enum status read_yaml(struct error *err)
{
    static const char text[] = "a: {b: [1, 2, 3]} # source: x\nc: d\n";
    struct arena arena = { 0 };
    struct yaml_node *root;
    enum status st = yaml_read_memory(&root, "t", text, sizeof text - 1, &arena, err);

    arena_free(&arena);
    return st;
}

static enum status read_yaml_file(struct error *err)
{
    struct arena arena = { 0 };
    struct yaml_node *root;
    enum status st = yaml_read_file(&root, description, &arena, err);

    arena_free(&arena);
    return st;
}

static enum status read_csv(struct error *err)
{
    const char *const *row = NULL;
    struct csv *c = NULL;
    enum status st = csv_open(&c, table, err);

    while (!st && !(st = csv_next(c, &row, err)) && row)
        ;
    csv_close(c);
    return st;
}

static enum status write_packed(struct error *err)
{
    struct outfile *out = NULL;
    enum status st = outfile_open(&out, written, err);

    if (st)
        return st;
    outfile_printf(out, "%2000d\n", 5);
    return outfile_commit(out, err);
}

static enum status hash(struct error *err)
{
    struct hasher *h = hasher_open();

    if (!h)
        return error_no_memory(err);
    hasher_text(h, "x");
    hasher_close(h);
    return STATUS_OK;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    CU_ASSERT_FATAL(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void each_allocation_fails(void)
{
    static const struct {
        const char *label;
        enum status (*run)(struct error *err);
        int least; /* allocations that the operation makes at the least, or the test tests nothing */
    } rows[] = {
        { "a YAML text", read_yaml, 2 },
        { "a YAML file", read_yaml_file, 3 },
        { "a CSV file", read_csv, 8 },
        { "a packed file", write_packed, 4 },
        { "a hash", hash, 1 },
    };

    write_file(table, "a,b\n1,\"x\ny\"\n");
    write_file(description, "a: 1\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum status st = STATUS_INTERNAL;
        int failures = 0;

        for (long n = 0; n < 1000 && st != STATUS_OK; n++) {
            struct error err = { 0 };

            countdown = n;
            st = rows[i].run(&err);
            countdown = -1;
            failures += st != STATUS_OK;
            CHECK_ROW(rows[i].label, st == STATUS_OK || (st == STATUS_INTERNAL && strstr(err.message, "memory")));
            CHECK_ROW(rows[i].label, st == STATUS_OK || access(written, F_OK) != 0);
        }
        CHECK_ROW(rows[i].label, st == STATUS_OK && failures >= rows[i].least);
        unlink(written);
    }
    unlink(table);
    unlink(description);
}

static const struct test tests[] = {
    { "each allocation fails in turn", each_allocation_fails },
};

TEST_MAIN("base_memory", tests)
