/* SPDX-License-Identifier: Apache-2.0 */
/** Hashes, JSON and progress: digests against the library's one-shot function, texts against RFC 8259 by hand. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/yaml.h"
#include "tests/harness.h"

static const char *digest(struct hasher *h)
{
    static char text[2][HASH_TEXT_MAX];
    static int which;

    which = !which;
    hash_format(text[which], hasher_value(h));
    hasher_close(h);
    return text[which];
}

/* XXH3 128 of nothing, seed 0: xxHash's own sanity test (0x99AA06D3014798D8, 0x6001C324468D497F). */
static void hash_of_nothing(void)
{
    CU_ASSERT_STRING_EQUAL(digest(hasher_open()), "99aa06d3014798d86001c324468d497f");
    hasher_close(NULL);
}

/* The bytes that a sequence of values stands for, written out by hand. */
static void hash_of_values(void)
{
    static const unsigned char bytes[] = {
        'i', 2, 1, 0, 0, 0, 0, 0, 0,                   /* 258, little-endian */
        'i', 255, 255, 255, 255, 255, 255, 255, 255,   /* -1 */
        'd', 0, 0, 0, 0, 0, 0, 0xf8, 0x3f,             /* 1.5 in binary64 */
        't', 2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b',
        'n', 0, 0, 0, 0, 0, 0, 0, 0,
        'b', 1, 0, 0, 0, 0, 0, 0, 0, 7,
    };
    XXH128_hash_t expected = XXH3_128bits(bytes, sizeof bytes);
    struct hasher *h = hasher_open();
    struct hash128 got;

    hasher_i64(h, 258);
    hasher_i64(h, -1);
    hasher_double(h, 1.5);
    hasher_text(h, "ab");
    hasher_text(h, NULL);
    hasher_bytes(h, "\x07", 1);
    got = hasher_value(h);
    CU_ASSERT(got.high == expected.high64 && got.low == expected.low64);
    hasher_i64(h, 0); /* a value may be asked for in between */
    CU_ASSERT(hasher_value(h).low != got.low);
    hasher_close(h);
}

static const char *hash_texts(const char *a, const char *b)
{
    struct hasher *h = hasher_open();

    hasher_text(h, a);
    hasher_text(h, b);
    return digest(h);
}

static const char *hash_double(double value)
{
    struct hasher *h = hasher_open();

    hasher_double(h, value);
    return digest(h);
}

static void hash_tells_apart(void)
{
    struct hasher *h = hasher_open();

    CU_ASSERT_STRING_NOT_EQUAL(hash_texts("ab", "c"), hash_texts("a", "bc"));
    CU_ASSERT_STRING_NOT_EQUAL(hash_texts("", "c"), hash_texts(NULL, "c"));
    CU_ASSERT_STRING_EQUAL(hash_double(0.0), hash_double(-0.0));
    CU_ASSERT_STRING_EQUAL(hash_double(NAN), hash_double(-NAN));
    CU_ASSERT_STRING_NOT_EQUAL(hash_double(1.0), hash_double(1.0 + 0x1p-52));
    hasher_i64(h, 0);
    CU_ASSERT_STRING_NOT_EQUAL(digest(h), hash_double(0.0));
}

static struct json json;
static char *json_data;
static size_t json_bytes;

static void json_start(void)
{
    free(json_data);
    json_data = NULL;
    json_open(&json, open_memstream(&json_data, &json_bytes));
}

/* What was written, or "failed". */
static const char *json_end(void)
{
    bool ok = json_close(&json);

    fclose(json.out);
    return ok ? json_data : "failed";
}

static void json_document(void)
{
    json_start();
    json_object_begin(&json, NULL);
    json_text(&json, "name", "A100 \"80G\"");
    json_text(&json, "none", NULL);
    json_i64(&json, "min", INT64_MIN);
    json_double(&json, "tenth", 0.1);
    json_double(&json, "nan", NAN);
    json_double(&json, "inf", INFINITY);
    json_bool(&json, "yes", true);
    json_time_ps(&json, "time_s", 1234567);
    json_array_begin(&json, "empty");
    json_array_end(&json);
    json_array_begin(&json, "rows");
    json_object_begin(&json, NULL);
    json_bool(&json, "no", false);
    json_object_end(&json);
    json_i64(&json, NULL, 5);
    json_object_begin(&json, NULL);
    json_object_end(&json);
    json_array_end(&json);
    json_object_end(&json);
    CU_ASSERT_STRING_EQUAL(json_end(), "{\n"
                                       "  \"name\": \"A100 \\\"80G\\\"\",\n"
                                       "  \"none\": null,\n"
                                       "  \"min\": -9223372036854775808,\n"
                                       "  \"tenth\": 0.1,\n"
                                       "  \"nan\": null,\n"
                                       "  \"inf\": null,\n"
                                       "  \"yes\": true,\n"
                                       "  \"time_s\": 0.000001234567,\n"
                                       "  \"empty\": [],\n"
                                       "  \"rows\": [\n"
                                       "    {\n"
                                       "      \"no\": false\n"
                                       "    },\n"
                                       "    5,\n"
                                       "    {}\n"
                                       "  ]\n"
                                       "}\n");
}

static void json_strings(void)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        { "", "\"\"\n" },
        { "a\\b/c\"d", "\"a\\\\b/c\\\"d\"\n" },
        { "\n\t\r\x01\x1f", "\"\\n\\t\\u000d\\u0001\\u001f\"\n" },
        { "\x7f\xc2\x9b", "\"\\u007f\\u009b\"\n" },
        { "\u00b5\u20ac\U0001f600", "\"\u00b5\u20ac\U0001f600\"\n" },
        { "x\xffy\xc0\xaf", "\"x\\ufffdy\\ufffd\\ufffd\"\n" },
        { "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_start();
        json_text(&json, NULL, rows[i].text);
        CHECK_ROW(rows[i].expected, strcmp(json_end(), rows[i].expected) == 0);
    }
}

/* What is written, our own reader takes back. */
static void json_can_be_read(void)
{
    static const char text[] = "quote \" backslash \\ tab \t line \n \u20ac";
    struct arena arena = { 0 };
    struct yaml_node *root = NULL;
    struct error err = { 0 };

    json_start();
    json_object_begin(&json, NULL);
    json_text(&json, text, text);
    json_object_end(&json);
    json_end();
    CHECK_ROW(err.message, yaml_read_memory(&root, "j", json_data, json_bytes, &arena, &err) == STATUS_OK);
    CU_ASSERT(root && yaml_find(root, text) && strcmp(yaml_find(root, text)->text, text) == 0);
    arena_free(&arena);
}

static void json_fails(void)
{
    FILE *full = fopen("/dev/full", "w");

    json_start();
    for (int i = 0; i < 100; i++)
        json_array_begin(&json, NULL);
    for (int i = 0; i < 100; i++)
        json_array_end(&json);
    CU_ASSERT_STRING_EQUAL(json_end(), "failed"); /* too deep */
    json_start();
    json_object_begin(&json, NULL);
    CU_ASSERT_STRING_EQUAL(json_end(), "failed"); /* left open */
    if (!full) {
        skip("no /dev/full");
        return;
    }
    json_open(&json, full);
    json_i64(&json, NULL, 1);
    CU_ASSERT(!json_close(&json));
    fclose(full);
    free(json_data);
    json_data = NULL;
}

static void progress_on_a_terminal(void)
{
    char *text = NULL;
    size_t bytes;
    struct progress p;

    progress_begin(&p, open_memstream(&text, &bytes), true, "steps", 1000, 100.0);
    progress_step(&p, 1, 100.05);  /* too soon to draw */
    progress_step(&p, 250, 102.5); /* 250 in 2.5 s: 100 a second, 750 left take 7.5 s */
    progress_end(&p, 110.0);
    fclose(p.out);
    CU_ASSERT_STRING_EQUAL(text, "\rsteps [######------------------] 250/1000 (25 %), 100/s, 0:08 left\x1b[K"
                                 "\rsteps [######------------------] 250/1000 (25 %), 25.0/s, 0:10\x1b[K\n");
    free(text);
}

static void progress_in_a_log(void)
{
    char *text = NULL;
    size_t bytes;
    struct progress p;

    progress_begin(&p, open_memstream(&text, &bytes), false, "points", 8000, 0.0);
    for (int i = 1; i <= 70; i++)
        progress_step(&p, i, i);
    progress_step(&p, 8000, 4000.0);
    progress_end(&p, 4000.0);
    fclose(p.out);
    CU_ASSERT_STRING_EQUAL(text, "points 30/8000 (0 %), 1.0/s, 2:12:50 left\n"
                                 "points 60/8000 (0 %), 1.0/s, 2:12:20 left\n"
                                 "points 8000/8000 (100 %), 2.0/s\n"
                                 "points 8000/8000 (100 %), 2.0/s, 1:06:40\n");
    free(text);
}

static double tick_s = 100.0;

static double standing_clock(void)
{
    return tick_s;
}

/* Work that knows no clock: it ticks, and the caller's clock decides what is drawn. */
static void progress_by_ticks(void)
{
    char *text = NULL;
    size_t bytes;
    struct progress p;

    progress_begin(&p, open_memstream(&text, &bytes), false, "steps", 4, tick_s);
    progress_tick(&p, 1); /* no clock yet: nothing */
    p.clock_s = standing_clock;
    tick_s = 140.0;
    progress_tick(&p, 2); /* 2 in 40 s */
    progress_tick(&p, 3); /* too soon after */
    progress_tick(NULL, 4);
    fclose(p.out);
    CU_ASSERT_STRING_EQUAL(text, "steps 2/4 (50 %), 0.1/s, 0:40 left\n");
    free(text);
}

static void progress_without_total(void)
{
    char *text = NULL;
    size_t bytes;
    struct progress p;

    progress_begin(&p, NULL, true, "x", 10, 0.0); /* silent */
    progress_step(&p, 5, 5.0);
    progress_end(&p, 5.0);
    progress_begin(&p, open_memstream(&text, &bytes), false, "lines", 0, 0.0);
    progress_step(&p, 500, 31.0);
    progress_end(&p, 0.0); /* a clock that stands, or goes back */
    fclose(p.out);
    CU_ASSERT_STRING_EQUAL(text, "lines 500, 16.1/s\nlines 500, 0:00\n");
    free(text);
}

static const struct test tests[] = {
    { "the hash of nothing", hash_of_nothing },
    { "the hash of values", hash_of_values },
    { "hashes tell values apart", hash_tells_apart },
    { "a JSON document", json_document },
    { "JSON strings", json_strings },
    { "JSON can be read", json_can_be_read },
    { "JSON that fails", json_fails },
    { "progress on a terminal", progress_on_a_terminal },
    { "progress in a log", progress_in_a_log },
    { "progress by ticks", progress_by_ticks },
    { "progress without a total", progress_without_total },
};

TEST_MAIN("base_output", tests)
