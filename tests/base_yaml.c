/* SPDX-License-Identifier: Apache-2.0 */
/** YAML trees: places, sources in comments, typed values, merging. The bad inputs are in base_yaml_bad.c. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/yaml.h"
#include "tests/harness.h"

static struct arena arena;

static struct yaml_node *parse(const char *text)
{
    struct yaml_node *root = NULL;
    struct error err = { 0 };

    arena_reset(&arena);
    CHECK_ROW(text, yaml_read_memory(&root, "t.yaml", text, strlen(text), &arena, &err) == STATUS_OK);
    CHECK_ROW(err.message, root != NULL);
    return root;
}

/* "{a: 1, b: [x, y]}": the tree as one line, quoted scalars in double quotes. */
static void print(FILE *out, const struct yaml_node *n)
{
    if (n->kind == YAML_SCALAR) {
        fprintf(out, n->quoted ? "\"%s\"" : "%s", n->text);
        return;
    }
    fputs(n->kind == YAML_MAPPING ? "{" : "[", out);
    for (size_t i = 0; i < n->count; i++) {
        if (i)
            fputs(", ", out);
        if (n->kind == YAML_MAPPING)
            fprintf(out, "%s: ", n->keys[i]);
        print(out, n->items[i]);
    }
    fputs(n->kind == YAML_MAPPING ? "}" : "]", out);
}

static const char *flat(const struct yaml_node *n)
{
    static char text[4096];
    FILE *out = fmemopen(text, sizeof text, "w");

    print(out, n);
    fclose(out);
    return text;
}

static void trees(void)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        { "a: 1\nb: two words\n", "{a: 1, b: two words}" },
        { "{\"a\":1,\"b\":[true,null,1.5e3]}", "{a: 1, b: [true, null, 1.5e3]}" }, /* JSON without blanks */
        { "{\n\t\"a\":\t1\n}\n", "{a: 1}" },                                       /* and with tabs */
        { "- a\n- [b, c]\n- d: e\n  f: g\n", "[a, [b, c], {d: e, f: g}]" },
        { "a:\n- b\n- c\n", "{a: [b, c]}" },
        { "a: 'it''s'\nb: \"x\\ty\"\n", "{a: \"it's\", b: \"x\ty\"}" },
        { "a: |\n  one\n  two\n", "{a: \"one\ntwo\n\"}" },
        { "a:\nb: ~\nc: ''\n", "{a: , b: ~, c: \"\"}" },
        { "a: {}\nb: []\n", "{a: {}, b: []}" },
        { "\xef\xbb\xbf" "a: 1\n", "{a: 1}" },
        { "a: 1\r\nb: 2\r\n", "{a: 1, b: 2}" },
        { "%YAML 1.1\n---\na: 1\n...\n", "{a: 1}" },
        { "2.039 TB/s", "2.039 TB/s" },
        { "<<: x\n", "{<<: x}" }, /* no merge keys: a key like others */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct yaml_node *root = parse(rows[i].text);

        if (root)
            CHECK_ROW(rows[i].text, strcmp(flat(root), rows[i].expected) == 0);
    }
}

static void places(void)
{
    const struct yaml_node *root = parse("# x\na: 1\nbb:\n  - \u00e9: {k: v}\n"), *seq, *inner;

    CU_ASSERT_FATAL(root && root->count == 2);
    CU_ASSERT_STRING_EQUAL(root->at.file, "t.yaml");
    CU_ASSERT(root->at.line == 2 && root->at.column == 1);
    CU_ASSERT(root->items[0]->at.line == 2 && root->items[0]->at.column == 4);
    CU_ASSERT(root->key_at[1].line == 3 && root->key_at[1].column == 1);
    seq = root->items[1];
    CU_ASSERT_FATAL(seq->kind == YAML_SEQUENCE && seq->count == 1);
    CU_ASSERT(seq->at.line == 4 && seq->at.column == 3);
    inner = yaml_find(seq->items[0], "\u00e9");
    CU_ASSERT_FATAL(inner != NULL);
    CU_ASSERT(inner->at.line == 4 && inner->at.column == 8); /* in characters, not bytes */
}

/* One line of YAML each; the value of key k must carry the source. */
static void sources(void)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        { "k: 1 # source: sheet, p. 3\n", "sheet, p. 3" },
        { "k: 1   #source:x", "x" },
        { "k: 1 # source:   x  \t \r\n", "x" },
        { "k: 1 # source: a # b\n", "a # b" },
        { "k: 'a # source: no' # source: yes\n", "yes" },
        { "k: 'a # source: no'\n", NULL },
        { "k: \"a # source: no\" # source: yes\n", "yes" },
        { "k: \"\\\" # source: no\" # source: yes\n", "yes" },
        { "k: 'it''s # source: no'  # source: yes\n", "yes" },
        { "k: a#source:1\n", NULL },          /* no blank before '#': part of the text */
        { "k: 1 # sources: x\n", NULL },
        { "k: 1 # source:\n", NULL },
        { "k: 1 # from the source: x\n", NULL },
        { "# source: above\nk: 1\n", NULL },
        { "k: 1\n# source: below\n", NULL },
        { "j: 1 # source: other\nk: 1\n", NULL },
        { "k: {a: 1, b: 'x'} # source: whole\n", "whole" },
        { "k: { # source: opening\n a: 1\n}\n", "opening" },
        { "k: {\n a: 1 # source: inner\n} # source: closing\n", "closing" },
        { "k: { # source: opening\n a: 1\n} # source: closing\n", "opening" },
        { "k: # source: block\n  a: 1\n", "block" },
        { "k:\n  a: 1 # source: of a\n", NULL },
        { "k: # source: list\n- 1\n- 2\n", "list" },
        { "k: [1, 2] # source: x\n", "x" },
        { "k: # source: null\n", "null" },
        { "k: | # source: literal\n  # source: text\n", "literal" },
        { "k: |\n  # source: text\n", NULL },
        { "k: >-\n  a # source: text\nj: 1 # source: j\n", NULL },
        { "k: one\n  two # source: end of the text\n", "end of the text" },
        { "k: 'one # source: no\n  two' # source: yes\n", "yes" },
        { "\u00e9: 1\nk: \u00e9\u20ac\U0001f600 # source: \u00b5\n", "\u00b5" }, /* columns are characters */
        { "\xef\xbb\xbfk: 1 # source: after a mark\n", "after a mark" },
        { "{a: 1, k: 2} # source: x", "x" },
        { "j: \"\\\n  a\"\rk: 1 # source: x\r", "x" },
        { "a: \u2028k: 1 # source: x\u2028", "x" }, /* line ends to YAML 1.1, and so to libyaml */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct yaml_node *root = NULL;
        const struct yaml_node *value;
        struct error err;

        arena_reset(&arena);
        if (yaml_read_memory(&root, "t", rows[i].text, strlen(rows[i].text), &arena, &err)) {
            CHECK_ROW(rows[i].text, false);
            CHECK_ROW(err.message, false);
            continue;
        }
        value = yaml_find(root, "k");
        CHECK_ROW(rows[i].text, value != NULL);
        if (!value)
            continue;
        CHECK_ROW(rows[i].text, rows[i].expected ? value->source && strcmp(value->source, rows[i].expected) == 0 : !value->source);
    }
}

/* Comments belong to their own line in a longer file. */
static void sources_by_line(void)
{
    const struct yaml_node *root = parse("memory:                # source: all\n"
                                         "  hbm: { rate: \"2 # source: no\", cap: 80 } # source: sheet\n"
                                         "  l2: {                # source: paper\n"
                                         "    a: 1,              # source: one\n"
                                         "    b: 2 }\n"
                                         "clock: 1              # source: two\n");
    const struct yaml_node *memory = yaml_find(root, "memory"), *hbm = yaml_find(memory, "hbm"), *l2 = yaml_find(memory, "l2");

    CU_ASSERT_STRING_EQUAL(memory->source, "all");
    CU_ASSERT_STRING_EQUAL(hbm->source, "sheet");
    CU_ASSERT_STRING_EQUAL(yaml_find(hbm, "rate")->source, "sheet");
    CU_ASSERT_STRING_EQUAL(yaml_find(hbm, "cap")->source, "sheet");
    CU_ASSERT_STRING_EQUAL(l2->source, "paper");
    CU_ASSERT_STRING_EQUAL(yaml_find(l2, "a")->source, "one");
    CU_ASSERT_PTR_NULL(yaml_find(l2, "b")->source);
    CU_ASSERT_STRING_EQUAL(yaml_find(root, "clock")->source, "two");
    CU_ASSERT_PTR_NULL(root->source);
}

static void nulls(void)
{
    const struct yaml_node *root = parse("[~, null, Null, NULL, '', 'null', nil, {}]");
    static const bool expected[] = { true, true, true, true, false, false, false, false };

    for (size_t i = 0; i < root->count; i++)
        CHECK_ROW(i < 7 ? root->items[i]->text : "mapping", yaml_is_null(root->items[i]) == expected[i]);
    CU_ASSERT(yaml_is_null(yaml_find(parse("k:"), "k")));
}

static void typed_values(void)
{
    const struct yaml_node *root = parse("name: A100\nsms: 108\nnegative: -3\nrate: 2.039 TB/s\nquoted: \"80 GiB\"\n"
                                         "yes: true\nno: False\nempty: ''\n");
    const char *text = NULL;
    int64_t n = 0;
    double x = 0;
    bool b = false;

    CU_ASSERT(yaml_get_text(&text, root, "name", true, NULL) == STATUS_OK && strcmp(text, "A100") == 0);
    CU_ASSERT(yaml_get_text(&text, root, "empty", true, NULL) == STATUS_OK && strcmp(text, "") == 0);
    CU_ASSERT(yaml_get_i64(&n, root, "sms", true, 1, 1000, NULL) == STATUS_OK && n == 108);
    CU_ASSERT(yaml_get_i64(&n, root, "negative", true, -5, 5, NULL) == STATUS_OK && n == -3);
    CU_ASSERT(yaml_get_quantity(&x, root, "rate", true, Q_BYTES_PER_S, 0, INFINITY, NULL) == STATUS_OK && x == 2.039e12);
    CU_ASSERT(yaml_get_quantity(&x, root, "quoted", true, Q_BYTES, 0, INFINITY, NULL) == STATUS_OK && x == 85899345920.0);
    CU_ASSERT(yaml_get_bool(&b, root, "yes", true, NULL) == STATUS_OK && b);
    CU_ASSERT(yaml_get_bool(&b, root, "no", true, NULL) == STATUS_OK && !b);
    n = 7;
    x = 7;
    b = true;
    text = "as it was";
    CU_ASSERT(yaml_get_i64(&n, root, "absent", false, 0, 1, NULL) == STATUS_OK && n == 7);
    CU_ASSERT(yaml_get_quantity(&x, root, "absent", false, Q_BYTES, 0, 1, NULL) == STATUS_OK && x == 7);
    CU_ASSERT(yaml_get_bool(&b, root, "absent", false, NULL) == STATUS_OK && b);
    CU_ASSERT(yaml_get_text(&text, root, "absent", false, NULL) == STATUS_OK && strcmp(text, "as it was") == 0);
}

static const char *merged(const char *base_text, const char *over_text)
{
    struct yaml_node *base, *over, *result;
    struct error err = { 0 };

    arena_reset(&arena);
    if (yaml_read_memory(&base, "base", base_text, strlen(base_text), &arena, &err) ||
        yaml_read_memory(&over, "over", over_text, strlen(over_text), &arena, &err))
        return "unreadable";
    result = yaml_merge(base, over, &arena);
    return result ? flat(result) : "no memory";
}

static void merging(void)
{
    static const struct {
        const char *base, *over, *expected;
    } rows[] = {
        { "{a: 1, b: 2}", "{b: 3}", "{a: 1, b: 3}" },
        { "{a: 1}", "{c: 3, b: 2}", "{a: 1, c: 3, b: 2}" },
        { "{a: {x: 1, y: 2}, b: 0}", "{a: {y: 3, z: 4}}", "{a: {x: 1, y: 3, z: 4}, b: 0}" },
        { "{a: [1, 2]}", "{a: [3]}", "{a: [3]}" },
        { "{a: {x: 1}}", "{a: 5}", "{a: 5}" },
        { "{a: 5}", "{a: {x: 1}}", "{a: {x: 1}}" },
        { "{a: {x: 1}}", "{a: ~}", "{a: ~}" },
        { "{}", "{a: 1}", "{a: 1}" },
        { "{a: 1}", "{}", "{a: 1}" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_ROW(rows[i].base, strcmp(merged(rows[i].base, rows[i].over), rows[i].expected) == 0);
}

static void merging_keeps_places(void)
{
    static const char below[] = "a: 1 # source: below\nb: {x: 1}\n", above[] = "\na: 2 # source: above\n";
    struct yaml_node *base = NULL, *over = NULL, *result;

    arena_reset(&arena);
    yaml_read_memory(&base, "base", below, sizeof below - 1, &arena, NULL);
    yaml_read_memory(&over, "over", above, sizeof above - 1, &arena, NULL);
    CU_ASSERT_FATAL(base && over);
    result = yaml_merge(base, over, &arena);
    CU_ASSERT_FATAL(result != NULL);
    CU_ASSERT_STRING_EQUAL(yaml_find(result, "a")->source, "above");
    CU_ASSERT_STRING_EQUAL(yaml_find(result, "a")->at.file, "over");
    CU_ASSERT_EQUAL(yaml_find(result, "a")->at.line, 2);
    CU_ASSERT_STRING_EQUAL(result->key_at[0].file, "over");
    CU_ASSERT_STRING_EQUAL(yaml_find(result, "b")->at.file, "base");
    CU_ASSERT_STRING_EQUAL(yaml_find(base, "a")->text, "1"); /* the inputs are as they were */
    CU_ASSERT_EQUAL(base->count, 2);
}

static void find_without_order(void)
{
    const char *keys[] = { "z", "a" };
    struct yaml_node one = { .kind = YAML_SCALAR, .text = "1" }, two = { .kind = YAML_SCALAR, .text = "2" };
    struct yaml_node *items[] = { &one, &two };
    struct yaml_node map = { .kind = YAML_MAPPING, .count = 2, .items = items, .keys = keys };

    CU_ASSERT_PTR_EQUAL(yaml_find(&map, "a"), &two);
    CU_ASSERT_PTR_EQUAL(yaml_find(&map, "z"), &one);
    CU_ASSERT_PTR_NULL(yaml_find(&map, "b"));
    CU_ASSERT_PTR_NULL(yaml_find(&one, "a"));
}

/* Every configuration file of a published model is one tree. */
static void published_json(void)
{
    static const char *const names[] = { "models/llama-2-70b.config.json", "models/deepseek-v3.config.json",
                                         "models/bloom-176b.config.json" };
    const char *shared = shared_dir();
    char path[4200];
    int read = 0;

    for (size_t i = 0; shared && i < sizeof names / sizeof names[0]; i++) {
        struct yaml_node *root = NULL;
        struct error err = { 0 };
        FILE *f;

        snprintf(path, sizeof path, "%s/%s", shared, names[i]);
        if (!(f = fopen(path, "r")))
            continue;
        fclose(f);
        CHECK_ROW(names[i], yaml_read_file(&root, path, &arena, &err) == STATUS_OK);
        CHECK_ROW(names[i], root && root->kind == YAML_MAPPING && root->count > 5);
        read++;
    }
    if (shared && !read)
        skip("no model configurations");
}

static void free_arena(void)
{
    arena_free(&arena);
    CU_ASSERT_PTR_NULL(arena.blocks);
}

static const struct test tests[] = {
    { "trees", trees },
    { "places count lines and characters", places },
    { "sources of a value", sources },
    { "sources by line", sources_by_line },
    { "what is null", nulls },
    { "typed values", typed_values },
    { "merging", merging },
    { "merging keeps places and sources", merging_keeps_places },
    { "keys of a mapping made by hand", find_without_order },
    { "published JSON", published_json },
    { "memory is given back", free_arena },
};

TEST_MAIN("base_yaml", tests)
