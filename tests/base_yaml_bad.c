/* SPDX-License-Identifier: Apache-2.0 */
/** Bad YAML: one row for each message that a user can get, hostile files, and memory that runs out at every step. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/yaml.h"
#include "tests/harness.h"

/* Reads; the message is in err. */
static enum status read_text(const void *text, size_t bytes, struct error *err)
{
    struct arena arena = { 0 };
    struct yaml_node *root = NULL;
    enum status st;

    *err = (struct error){ 0 };
    st = yaml_read_memory(&root, "t.yaml", text, bytes, &arena, err);
    CU_ASSERT((st == STATUS_OK) == (root != NULL));
    arena_free(&arena);
    return st;
}

#define TEXT(s) s, sizeof(s) - 1

static void refused_files(void)
{
    static const struct {
        const char *label, *text;
        size_t bytes;
        const char *message; /* whole, or its beginning when it ends in "..." */
    } rows[] = {
        { "empty", TEXT(""), "t.yaml:1:1: an empty file, expected a YAML document" },
        { "only a comment", TEXT("# hi\n"), "t.yaml:1:1: an empty file, expected a YAML document" },
        { "two documents", TEXT("a: 1\n---\nb: 2\n"), "t.yaml:2:1: a second document, expected one document a file" },
        { "duplicate key", TEXT("a: 1\nb: 2\na: 3\n"), "t.yaml:3:1: key 'a' again, expected it once (first at line 1)" },
        { "first of several duplicates", TEXT("{z: 1, a: 1, z: 2, a: 2}"),
          "t.yaml:1:14: key 'z' again, expected it once (first at line 1)" },
        { "duplicate in a deep mapping", TEXT("a: {b: {c: 1, c: 2}}"),
          "t.yaml:1:15: key 'c' again, expected it once (first at line 1)" },
        { "duplicate by quotes", TEXT("{a: 1, 'a': 2}"), "t.yaml:1:8: key 'a' again, expected it once (first at line 1)" },
        { "anchor", TEXT("a: &x 1\n"), "t.yaml:1:4: anchor '&x', expected a plain value (anchors and aliases are refused)" },
        { "anchor on a sequence", TEXT("a: &x [1]\n"),
          "t.yaml:1:4: anchor '&x', expected a plain value (anchors and aliases are refused)" },
        { "anchor on a mapping", TEXT("a: &x {b: 1}\n"),
          "t.yaml:1:4: anchor '&x', expected a plain value (anchors and aliases are refused)" },
        { "alias", TEXT("a: *x\n"), "t.yaml:1:4: alias '*x', expected a plain value (anchors and aliases are refused)" },
        { "tag", TEXT("a: !!int 1\n"), "t.yaml:1:4: tag 'tag:yaml.org,2002:int', expected a plain value (tags are refused)" },
        { "tag on a mapping", TEXT("!x {a: 1}\n"), "t.yaml:1:1: tag '!x', expected a plain value (tags are refused)" },
        { "mapping as key", TEXT("{a: 1}: 2\n"), "t.yaml:1:1: a mapping as a key, expected a name" },
        { "sequence as key", TEXT("? [a]\n: 2\n"), "t.yaml:1:3: a sequence as a key, expected a name" },
        { "NUL byte", TEXT("a: 1\nb: \0\n"), "t.yaml:2:4: a NUL byte U+0000, expected printable text" },
        { "NUL escape", TEXT("a: \"x\\0y\"\n"), "t.yaml:1:4: a NUL in a text, expected none" },
        { "control character", TEXT("a: \x01\n"), "t.yaml:1:4: control character U+0001, expected printable text" },
        { "escape sequence", TEXT("a: \x1b[31m\n"), "t.yaml:1:4: control character U+001B, expected printable text" },
        { "C1 control", TEXT("a: \xc2\x9b\n"), "t.yaml:1:4: control character U+009B, expected printable text" },
        { "no UTF-8", TEXT("\u00e9: \xff\n"), "t.yaml:1:4: byte 0xff is no UTF-8, expected UTF-8 text" },
        { "surrogate", TEXT("a: \xed\xa0\x80\n"), "t.yaml:1:4: byte 0xed is no UTF-8, expected UTF-8 text" },
        { "cut UTF-8", TEXT("a: \xe2\x82"), "t.yaml:1:4: byte 0xe2 is no UTF-8, expected UTF-8 text" },
        { "UTF-16", TEXT("\xff\xfe" "a\0:\0"), "t.yaml:1:1: byte 0xff is no UTF-8, expected UTF-8 text" },
        { "binary", TEXT("\x7f" "ELF\x02\x01\x01"), "t.yaml:1:1: control character U+007F, expected printable text" },
        { "gzip", TEXT("\x1f\x8b\x08\x00"), "t.yaml:1:1: control character U+001F, expected printable text" },
        { "unclosed brace", TEXT("a: {b: 1\n"), "t.yaml:2:1: while parsing a flow mapping: did not find expected ',' or '}'..." },
        { "unclosed bracket", TEXT("a: [1, 2\n"), "t.yaml:2:1: while parsing a flow sequence: did not find..." },
        { "unclosed quote", TEXT("a: \"x\n"), "t.yaml:2:1: while scanning a quoted scalar: found unexpected end of stream..." },
        { "bad escape", TEXT("a: \"\\q\"\n"), "t.yaml:1:..." },
        { "tab as indentation", TEXT("a:\n\tb: 1\n"), "t.yaml:2:1: while scanning for the next token: found character..." },
        { "bad indentation", TEXT("a:\n   b: 1\n  c: 2\n"), "t.yaml:3:3: while parsing a block mapping..." },
        { "colon in a plain value", TEXT("a: b: c\n"), "t.yaml:1:5: mapping values are not allowed in this context..." },
        { "text after a document", TEXT("a: 1\n... x\n"), "t.yaml:2:..." },
        { "unknown directive version", TEXT("%YAML 9.9\n---\na: 1\n"), "t.yaml:1:1: found incompatible YAML document..." },
        { "reserved indicator", TEXT("a: @x\n"), "t.yaml:1:4: while scanning for the next token: found character..." },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err;
        size_t n = strlen(rows[i].message);
        bool open = n > 3 && strcmp(rows[i].message + n - 3, "...") == 0;

        CHECK_ROW(rows[i].label, read_text(rows[i].text, rows[i].bytes, &err) == STATUS_BAD_INPUT);
        if (open ? strncmp(err.message, rows[i].message, n - 3) : strcmp(err.message, rows[i].message)) {
            CHECK_ROW(rows[i].label, false);
            CHECK_ROW(err.message, false);
        }
        CHECK_ROW(rows[i].label, strstr(err.message, "expected") != NULL);
    }
}

/* text = prefix, then `part` again and again, then suffix. */
static char *repeated(size_t *bytes, const char *prefix, const char *part, size_t count, const char *suffix)
{
    size_t n = strlen(part), used = strlen(prefix);
    char *text = malloc(used + n * count + strlen(suffix) + 1);

    memcpy(text, prefix, used);
    for (size_t i = 0; i < count; i++, used += n)
        memcpy(text + used, part, n);
    strcpy(text + used, suffix);
    *bytes = used + strlen(suffix);
    return text;
}

static void hostile_files(void)
{
    static const struct {
        const char *label, *prefix, *part;
        size_t count;
        const char *suffix, *says; /* NULL: it is read */
    } rows[] = {
        { "64 levels", "", "[", 64, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", NULL },
        { "65 levels", "", "[", 65, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "more than 64 levels" },
        { "a million brackets", "", "[", 1000000, "", "t.yaml:1:65: more than 64 levels" },
        { "a million braces", "", "{a: ", 1000000, "", "more than 64 levels" },
        { "a million dashes", "", "- ", 1000000, "x", "more than 64 levels" },
        { "a million question marks", "", "? ", 1000000, "x", "t.yaml:1:3: a mapping as a key" },
        { "a mebi of values", "[", "1,", 1 << 20, "]", "more than 1048576 values" },
        { "half a mebi of values", "[", "1,", 1 << 19, "]", NULL },
        { "over 16 MiB", "# ", "x", 16 << 20, "\n", "more than 16 MiB" },
        { "15 MiB of comment", "a: 1 # ", "x", 15 << 20, "\n", NULL },
        { "15 MiB of text", "a: '", "x", 15 << 20, "'\n", NULL },
        { "5 MiB of blank lines", "a: 1\n", "\n", 5 << 20, "b: 2 # source: x\n", NULL },
        { "alias bomb", "a: &a [x]\n", "b: &b [*a, *a]\n", 10, "", "anchor '&a'" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error err;
        size_t bytes;
        char *text = repeated(&bytes, rows[i].prefix, rows[i].part, rows[i].count, rows[i].suffix);
        enum status st = read_text(text, bytes, &err);

        CHECK_ROW(rows[i].label, st == (rows[i].says ? STATUS_BAD_INPUT : STATUS_OK));
        CHECK_ROW(rows[i].label, !rows[i].says || strstr(err.message, rows[i].says));
        free(text);
    }
}

/* 100000 keys: sorting and duplicates must not take quadratic time. */
static void many_keys(void)
{
    enum { KEYS = 100000, KEY_BYTES = 16 };
    char *text = malloc(KEYS * KEY_BYTES + 64);
    struct arena arena = { 0 };
    struct yaml_node *root = NULL, *merged;
    struct error err;
    size_t used = 0;

    for (int i = 0; i < KEYS; i++)
        used += (size_t)sprintf(text + used, "k%d: 1\n", i);
    CU_ASSERT_FATAL(yaml_read_memory(&root, "t", text, used, &arena, &err) == STATUS_OK);
    CU_ASSERT(yaml_find(root, "k99999") != NULL && yaml_find(root, "k") == NULL);
    merged = yaml_merge(root, root, &arena);
    CU_ASSERT(merged && merged->count == KEYS);
    sprintf(text + used, "k500: 1\n");
    CU_ASSERT(read_text(text, strlen(text), &err) == STATUS_BAD_INPUT);
    CU_ASSERT_STRING_EQUAL(err.message, "t.yaml:100001:1: key 'k500' again, expected it once (first at line 501)");
    arena_free(&arena);
    free(text);
}

/* Every prefix of a file is either read or refused. */
static void truncated_files(void)
{
    static const char text[] = "# a\nextends: 'a100.yaml' # source: x\nm:\n  hbm: {rate: \"2 TB/s\", l: [1, \u00e9]} # source: y\n"
                               "t: |\n  x # source: z\n  y\nz: >-\n  folded\n- oops\n";
    struct error err;

    for (size_t n = 0; n < sizeof text; n++) {
        char *exact = malloc(n + 1); /* so that AddressSanitizer sees a byte too many */
        char *copy = realloc(exact, n ? n : 1);
        enum status st;

        memcpy(copy, text, n);
        st = read_text(copy, n, &err);
        CU_ASSERT(st == STATUS_OK || (st == STATUS_BAD_INPUT && strncmp(err.message, "t.yaml:", 7) == 0));
        free(copy);
    }
}

static void files(void)
{
    struct arena arena = { 0 };
    struct yaml_node *root = NULL;
    struct error err;
    char path[] = "yaml-test-XXXXXX";
    int fd = mkstemp(path);

    CU_ASSERT(yaml_read_file(&root, "no/such/file.yaml", &arena, &err) == STATUS_BAD_INPUT);
    CU_ASSERT_STRING_EQUAL(err.message,
                           "no/such/file.yaml: cannot open: No such file or directory, expected a readable file");
    CU_ASSERT(yaml_read_file(&root, "/", &arena, &err) == STATUS_BAD_INPUT);
    CU_ASSERT_STRING_EQUAL(err.message, "/: cannot read: Is a directory, expected a readable file");
    CU_ASSERT(yaml_read_file(&root, "/dev/zero", &arena, &err) == STATUS_BAD_INPUT);
    CU_ASSERT_STRING_EQUAL(err.message, "/dev/zero: more than 16 MiB, expected a smaller file");
    CU_ASSERT(yaml_read_file(&root, "/dev/null", &arena, &err) == STATUS_BAD_INPUT);
    CU_ASSERT_STRING_EQUAL(err.message, "/dev/null:1:1: an empty file, expected a YAML document");
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(write(fd, "a: 5\n", 5) == 5);
    close(fd);
    CU_ASSERT(yaml_read_file(&root, path, &arena, &err) == STATUS_OK && root && root->count == 1);
    unlink(path);
    arena_free(&arena);
}

/* Memory that ends at each allocation in turn: always the same clean error, and then success. */
static void memory_ends(void)
{
    static const char text[] = "extends: a # source: x\nm: # source: y\n  a: [1, 2, {b: c}]\n  d: 'e'\n";
    bool done = false;
    int failures = 0;

    for (size_t limit = 16; !done; limit += 16) {
        struct arena arena = { .limit_bytes = limit };
        struct yaml_node *root = NULL;
        struct error err = { 0 };
        enum status st = yaml_read_memory(&root, "t", text, sizeof text - 1, &arena, &err);

        done = st == STATUS_OK;
        if (!done) {
            failures++;
            CU_ASSERT_FATAL(st == STATUS_INTERNAL && root == NULL && limit < 100000);
            CU_ASSERT_STRING_EQUAL(err.message, "out of memory");
        }
        arena_free(&arena);
    }
    CU_ASSERT(failures > 20);
}

static void merge_without_memory(void)
{
    static const char a[] = "{a: {b: 1, c: {d: 2}}, e: 3}", b[] = "{a: {c: {d: 4}}, f: 5}";
    struct arena arena = { 0 };
    struct yaml_node *base = NULL, *over = NULL;
    size_t limit = 0;

    yaml_read_memory(&base, "a", a, sizeof a - 1, &arena, NULL);
    yaml_read_memory(&over, "b", b, sizeof b - 1, &arena, NULL);
    CU_ASSERT_FATAL(base && over);
    for (limit = 16; limit < 100000; limit += 16) {
        struct arena small = { .limit_bytes = limit };
        bool ok = yaml_merge(base, over, &small) != NULL;

        arena_free(&small);
        if (ok)
            break;
    }
    CU_ASSERT(limit > 16 && limit < 100000);
    arena_free(&arena);
}

/* Getters: what is asked, of which line of the file, and the message. */
enum want { TEXT_OF, INT_OF, BOOL_OF, SIZE_OF, COUNT_OF, RATIO_OF };

static void bad_values(void)
{
    static const struct {
        const char *text, *key;
        enum want want;
        const char *message;
    } rows[] = {
        { "{a: 1}", "k", TEXT_OF, "t.yaml:1:1: key 'k' is missing, expected a text" },
        { "{a: 1}", "k", INT_OF, "t.yaml:1:1: key 'k' is missing, expected a whole number" },
        { "{a: 1}", "k", SIZE_OF, "t.yaml:1:1: key 'k' is missing, expected 80 GiB" },
        { "[a]", "k", TEXT_OF, "t.yaml:1:1: a sequence, expected a mapping with key 'k'" },
        { "a", "k", TEXT_OF, "t.yaml:1:1: a single value, expected a mapping with key 'k'" },
        { "{k: [1]}", "k", TEXT_OF, "t.yaml:1:5: key 'k' has a sequence, expected a text" },
        { "{k: {a: 1}}", "k", INT_OF, "t.yaml:1:5: key 'k' has a mapping, expected a whole number" },
        { "k:", "k", TEXT_OF, "t.yaml:1:3: key 'k' has no value, expected a text" },
        { "k: ~", "k", BOOL_OF, "t.yaml:1:4: key 'k' has no value, expected true or false" },
        { "k: 1.5", "k", INT_OF, "t.yaml:1:4: key 'k': '1.5' is not a whole number, expected one from 1 to 100" },
        { "k: 101", "k", INT_OF, "t.yaml:1:4: key 'k': 101 is out of range, expected a whole number from 1 to 100" },
        { "k: 1000000000000000000000", "k", INT_OF,
          "t.yaml:1:4: key 'k': 1000000000000000000000 is out of range, expected a whole number from 1 to 100" },
        { "k: '5'", "k", INT_OF, "t.yaml:1:4: key 'k' has the text \"5\", expected a whole number without quotes" },
        { "k: yes", "k", BOOL_OF, "t.yaml:1:4: key 'k' is 'yes', expected true or false" },
        { "k: 'true'", "k", BOOL_OF, "t.yaml:1:4: key 'k' is \"true\", expected true or false" },
        { "k: 1", "k", BOOL_OF, "t.yaml:1:4: key 'k' is '1', expected true or false" },
        { "k: 80", "k", SIZE_OF, "t.yaml:1:4: key 'k': '80' has no unit, expected a size such as '80 GiB'" },
        { "k: 80 GB/s", "k", SIZE_OF, "t.yaml:1:4: key 'k': '80 GB/s' is a bandwidth, expected a size such as '80 GiB'" },
        { "k: .nan", "k", SIZE_OF, "t.yaml:1:4: key 'k': '.nan' is no number with a unit, expected a size such as '80 GiB'" },
        { "k: -1 B", "k", SIZE_OF, "t.yaml:1:4: key 'k': '-1 B' is negative, expected a size such as '80 GiB'" },
        { "k: 2 TiB", "k", SIZE_OF, "t.yaml:1:4: key 'k': '2 TiB' is out of range, expected 1 KiB to 1 TiB" },
        { "k: 1 B", "k", SIZE_OF, "t.yaml:1:4: key 'k': '1 B' is out of range, expected 1 KiB to 1 TiB" },
        { "k: 0", "k", COUNT_OF, "t.yaml:1:4: key 'k': '0' is out of range, expected at least 1" },
        { "k: '7'", "k", COUNT_OF, "t.yaml:1:4: key 'k' has the text \"7\", expected a number without quotes" },
        { "k: \"0.5\"", "k", RATIO_OF, "t.yaml:1:4: key 'k' has the text \"0.5\", expected a number without quotes" },
        { "k: 1.5", "k", RATIO_OF, "t.yaml:1:4: key 'k': '1.5' is out of range, expected 0 % to 100 %" },
        { "k: \"a\\e[2Jb\"", "k", BOOL_OF, "t.yaml:1:4: key 'k' is \"a\\x1b[2Jb\", expected true or false" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena arena = { 0 };
        struct error err = { 0 };
        struct yaml_node *root = NULL;
        const char *text = "untouched", *key = rows[i].key;
        int64_t n = 42;
        double x = 42;
        bool b = false;
        enum status st = yaml_read_memory(&root, "t.yaml", rows[i].text, strlen(rows[i].text), &arena, &err);

        if (!st)
            switch (rows[i].want) {
            case TEXT_OF:  st = yaml_get_text(&text, root, key, true, &err); break;
            case INT_OF:   st = yaml_get_i64(&n, root, key, true, 1, 100, &err); break;
            case BOOL_OF:  st = yaml_get_bool(&b, root, key, true, &err); break;
            case SIZE_OF:  st = yaml_get_quantity(&x, root, key, true, Q_BYTES, 0x1p10, 0x1p40, &err); break;
            case COUNT_OF: st = yaml_get_quantity(&x, root, key, true, Q_COUNT, 1, INFINITY, &err); break;
            case RATIO_OF: st = yaml_get_quantity(&x, root, key, true, Q_RATIO, 0, 1, &err); break;
            }
        CHECK_ROW(rows[i].text, st == STATUS_BAD_INPUT);
        CHECK_ROW(rows[i].text, n == 42 && x == 42 && !b && strcmp(text, "untouched") == 0);
        if (strcmp(err.message, rows[i].message) != 0) {
            CHECK_ROW(rows[i].message, false);
            CHECK_ROW(err.message, false);
        }
        arena_free(&arena);
    }
}

static void unknown_keys(void)
{
    static const char *const allowed[] = { "bandwidth", "capacity", "latency" };
    static const struct {
        const char *text, *message;
    } rows[] = {
        { "{capacity: 1, latency: 2}", "" },
        { "{}", "" },
        { "bandwidth: 1\nbandwith: 2\n", "t.yaml:2:1: unknown key 'bandwith'; nearest is 'bandwidth'" },
        { "colour: 1", "t.yaml:1:1: unknown key 'colour', expected one of: bandwidth, capacity, latency" },
        { "[1]", "t.yaml:1:1: a sequence, expected a mapping" },
        { "x", "t.yaml:1:1: a single value, expected a mapping" },
    };
    static const char *many[200];
    struct arena arena = { 0 };
    struct yaml_node *root = NULL;
    struct error err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum status st;

        err = (struct error){ 0 };
        CU_ASSERT_FATAL(!yaml_read_memory(&root, "t.yaml", rows[i].text, strlen(rows[i].text), &arena, &err));
        st = yaml_check_keys(root, allowed, 3, &err);
        CHECK_ROW(rows[i].text, st == (rows[i].message[0] ? STATUS_BAD_INPUT : STATUS_OK));
        CHECK_ROW(rows[i].text, strcmp(err.message, rows[i].message) == 0);
    }
    for (size_t i = 0; i < 200; i++) /* a long list is cut */
        many[i] = "a-name-of-some-length";
    CU_ASSERT_FATAL(!yaml_read_memory(&root, "t.yaml", "q: 1", 4, &arena, &err));
    CU_ASSERT(yaml_check_keys(root, many, 200, &err) == STATUS_BAD_INPUT);
    CU_ASSERT(strlen(err.message) < 500 && strcmp(err.message + strlen(err.message) - 3, "...") == 0);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "a case for each message", refused_files },
    { "hostile files", hostile_files },
    { "many keys", many_keys },
    { "truncated files", truncated_files },
    { "files that cannot be read", files },
    { "memory that ends while reading", memory_ends },
    { "memory that ends while merging", merge_without_memory },
    { "bad values", bad_values },
    { "unknown keys", unknown_keys },
};

TEST_MAIN("base_yaml_bad", tests)
