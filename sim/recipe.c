/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes: parsing of "key=scheme,..." and of the named presets, canonical printing, hashing. docs/recipes.md */
#include "sim/recipe.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

enum { VALUE_MAX = 128 };

static const struct { const char *name, *text; } presets[] = {
    { "bf16", "w=bf16,a=bf16,kv=bf16,head=bf16,embed=bf16,attn=bf16,out=bf16" },
    { "bitnet", "w=ternary,a=int8" },
    { "fp16", "w=fp16" },
    { "fp32", "w=fp32,a=fp32,kv=fp32,head=fp32,embed=fp32,attn=fp32,out=fp32" },
    { "fp8", "w=fp8_e4m3,a=fp8_e4m3" },
    { "int8", "w=int8,a=int8" },
    { "tf32", "w=tf32,a=tf32,kv=fp32,head=tf32,embed=fp32,attn=tf32,out=fp32" },
    { "w4a16", "w=int4g128z,a=fp16" },
    { "w4a8", "w=int4g128z,a=int8" },
    { "w8a16", "w=int8,a=fp16" },
    { "w8a8", "w=int8,a=int8" },
};
enum { PRESETS = sizeof presets / sizeof presets[0] };

enum { KEY_W, KEY_A, KEY_KV, KEY_ACC, KEY_HEAD, KEY_EMBED, KEY_ATTN, KEY_OUT, KEYS };
static const char *const keys[KEYS] = { "w", "a", "kv", "acc", "head", "embed", "attn", "out" };

/* memo: NULL or the caller's. */
struct parsed { bool given[KEYS]; struct quant_memo *memo; };

/* Slots by a hash of the text; a scheme that finds another in its slot takes the place. */
enum { MEMO_SLOTS = 256, MEMO_TEXT = 24 };
struct quant_memo { struct { char text[MEMO_TEXT]; struct quant quant; } slots[MEMO_SLOTS]; };

struct quant_memo *quant_memo_open(void)
{
    return calloc(1, sizeof(struct quant_memo));
}

void quant_memo_close(struct quant_memo *m)
{
    free(m);
}

static enum status parse_quant(struct quant *out, const char *text, struct quant_memo *memo, struct source_pos at, struct error *err)
{
    size_t length = strlen(text);
    unsigned hash = 5381;
    enum status st;

    if (memo == NULL || length == 0 || length >= MEMO_TEXT)
        return quant_parse(out, text, at, err);
    for (size_t i = 0; i < length; i++)
        hash = hash * 33 + (unsigned char)text[i];
    hash = (hash ^ hash >> 8) % MEMO_SLOTS;
    if (strcmp(memo->slots[hash].text, text) == 0) {
        *out = memo->slots[hash].quant;
        return STATUS_OK;
    }
    if ((st = quant_parse(out, text, at, err)))
        return st;
    memcpy(memo->slots[hash].text, text, length + 1);
    memo->slots[hash].quant = *out;
    return STATUS_OK;
}

static enum status parse_format(const struct format **out, const char *key, const char *value, struct source_pos at, struct error *err)
{
    size_t count;
    const struct format *const *list = format_list(&count);
    const char *names[128];

    if ((*out = format_find(value)) != NULL)
        return STATUS_OK;
    if (count > 128)
        count = 128;
    for (size_t i = 0; i < count; i++)
        names[i] = list[i]->name;
    const char *near = nearest_name(value, names, count);
    return error_set(err, STATUS_BAD_INPUT, at, "recipe: %s is '%s', expected a number format%s%s", key, value,
                     near != NULL ? "; nearest is " : "", near != NULL ? near : "");
}

static enum status apply(struct recipe *r, struct parsed *seen, const char *key, const char *value, struct source_pos at, struct error *err)
{
    int i = 0;

    while (i < KEYS && strcmp(keys[i], key) != 0)
        i++;
    if (i == KEYS) {
        const char *near = nearest_name(key, keys, KEYS);
        return error_set(err, STATUS_BAD_INPUT, at, "recipe: unknown key '%s', expected w, a, kv, acc, head, embed, attn or out%s%s", key,
                         near != NULL ? "; nearest is " : "", near != NULL ? near : "");
    }
    if (seen->given[i])
        return error_set(err, STATUS_BAD_INPUT, at, "recipe: '%s' is given twice", key);
    seen->given[i] = true;
    switch (i) {
    case KEY_W: return parse_quant(&r->weights, value, seen->memo, at, err);
    case KEY_A: return parse_quant(&r->activations, value, seen->memo, at, err);
    case KEY_KV: return parse_quant(&r->kv, value, seen->memo, at, err);
    case KEY_HEAD: return parse_quant(&r->head, value, seen->memo, at, err);
    case KEY_EMBED: return parse_quant(&r->embed, value, seen->memo, at, err);
    case KEY_ACC: return parse_format(&r->accumulator, key, value, at, err);
    case KEY_ATTN: return parse_format(&r->attention, key, value, at, err);
    default: return parse_format(&r->output, key, value, at, err);
    }
}

static const char *preset_text(const char *name, size_t length)
{
    for (size_t i = 0; i < PRESETS; i++)
        if (strlen(presets[i].name) == length && strncmp(presets[i].name, name, length) == 0)
            return presets[i].text;
    return NULL;
}

static enum status apply_list(struct recipe *r, struct parsed *seen, const char *text, struct source_pos at, struct error *err)
{
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        char item[VALUE_MAX];

        if (length == 0 || length >= sizeof item)
            return error_set(err, STATUS_BAD_INPUT, at, "recipe: %s, expected KEY=FORMAT[,KEY=FORMAT...] as in \"w=int4g128,a=fp16\"",
                             length == 0 ? "an entry is empty" : "an entry is too long");
        memcpy(item, text, length);
        item[length] = '\0';
        char *value = strchr(item, '=');
        if (value == NULL)
            return error_set(err, STATUS_BAD_INPUT, at, "recipe: '%s' is no KEY=FORMAT and no preset", item);
        *value++ = '\0';
        enum status st = apply(r, seen, item, value, at, err);
        if (st)
            return st;
        text += length;
        if (*text == ',' && *++text == '\0')
            return error_set(err, STATUS_BAD_INPUT, at, "recipe: ends in a comma");
    }
    return STATUS_OK;
}

/* "PRESET", "PRESET,KEY=FORMAT..." (what follows overrides the preset) or "KEY=FORMAT,...". */
static enum status apply_text(struct recipe *r, struct parsed *seen, const char *text, struct source_pos at, struct error *err)
{
    size_t first = strcspn(text, ",");
    const char *preset = preset_text(text, first), *names[PRESETS];
    enum status st;

    if (preset != NULL) {
        struct parsed of_preset = { .memo = seen->memo };
        if ((st = apply_list(r, &of_preset, preset, at, err)))
            return st;
        *seen = of_preset;
        if (text[first] == '\0')
            return STATUS_OK;
        struct parsed over = { .memo = seen->memo };
        if ((st = apply_list(r, &over, text + first + 1, at, err)))
            return st;
        for (int i = 0; i < KEYS; i++)
            seen->given[i] |= over.given[i];
        return STATUS_OK;
    }
    if (strchr(text, '=') != NULL || first != strlen(text))
        return apply_list(r, seen, text, at, err);
    for (size_t i = 0; i < PRESETS; i++)
        names[i] = presets[i].name;
    const char *near = nearest_name(text, names, PRESETS);
    return error_set(err, STATUS_BAD_INPUT, at, "recipe: '%s' is no preset and no KEY=FORMAT%s%s", text,
                     near != NULL ? "; nearest is " : "", near != NULL ? near : "");
}

static bool is_plain_float(const struct quant *q)
{
    return q->format->family == FORMAT_FLOAT && q->format->bits >= 16;
}

/* What memory holds: tf32 is how a unit reads fp32. */
static const struct format *container_of(const struct quant *q)
{
    return strcmp(q->format->name, "tf32") == 0 ? format_find("fp32") : q->format;
}

/* What follows from the keys that were given: outputs are 16 bit of the activations' kind, the rest follows the outputs. */
static enum status derive(struct recipe *r, const struct parsed *seen, struct source_pos at, struct error *err)
{
    if (!seen->given[KEY_OUT])
        r->output = seen->given[KEY_A] && is_plain_float(&r->activations)                        ? container_of(&r->activations)
                    : seen->given[KEY_W] && !seen->given[KEY_A] && is_plain_float(&r->weights) ? container_of(&r->weights)
                                                                                                 : format_find("fp16");
    if (!seen->given[KEY_ATTN])
        r->attention = r->output;
    const struct quant plain = { .format = r->output, .group = QUANT_PER_CHANNEL };
    struct quant *follow[] = { &r->activations, &r->kv, &r->head, &r->embed };
    const int key[] = { KEY_A, KEY_KV, KEY_HEAD, KEY_EMBED };
    for (size_t i = 0; i < 4; i++)
        if (!seen->given[key[i]])
            *follow[i] = plain;
    if (!seen->given[KEY_W])
        r->weights = plain;
    r->router = plain;
    if (r->accumulator == NULL)
        r->accumulator = format_find("fp32");
    if (r->output->bits < 8 || r->output->family != FORMAT_FLOAT)
        return error_set(err, STATUS_BAD_INPUT, at, "recipe: out is '%s', expected a float of 8 bits or more", r->output->name);
    if (r->activations.two_of_four || r->activations.sparsity > 0 || r->kv.two_of_four || r->kv.sparsity > 0)
        return error_set(err, STATUS_BAD_INPUT, at, "recipe: sparsity is for weights (w, head), not for activations or the KV cache");
    if (r->accumulator->bits < 16)
        return error_set(err, STATUS_BAD_INPUT, at, "recipe: acc is '%s', expected 16 bits or more", r->accumulator->name);
    return STATUS_OK;
}

enum status recipe_parse(struct recipe *out, const char *text, struct source_pos at, struct error *err)
{
    return recipe_parse_again(out, text, NULL, at, err);
}

enum status recipe_parse_again(struct recipe *out, const char *text, struct quant_memo *memo, struct source_pos at, struct error *err)
{
    struct recipe r = { 0 };
    struct parsed seen = { .memo = memo };
    enum status st = STATUS_OK;

    if (text != NULL && *text != '\0' && (st = apply_text(&r, &seen, text, at, err)))
        return st;
    if ((st = derive(&r, &seen, at, err)))
        return st;
    *out = r;
    return STATUS_OK;
}

const char *recipe_format(char *out, size_t bytes, const struct recipe *r)
{
    char value[VALUE_MAX], at[2 * VALUE_MAX];
    const struct { const char *key; const struct quant *quant; const struct format *format; } parts[] = {
        { "w=", &r->weights, NULL },    { ",a=", &r->activations, NULL }, { ",kv=", &r->kv, NULL },        { ",acc=", NULL, r->accumulator },
        { ",head=", &r->head, NULL },   { ",embed=", &r->embed, NULL },   { ",attn=", NULL, r->attention }, { ",out=", NULL, r->output },
    };
    char *end = out;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && bytes > 0; i++) {
        size_t n = (size_t)(stpcpy(stpcpy(at, parts[i].key), parts[i].format ? parts[i].format->name : quant_format(value, sizeof value, parts[i].quant)) - at);
        n = n < bytes ? n : bytes - 1;
        memcpy(end, at, n);
        end += n;
        bytes -= n;
        *end = '\0';
    }
    return out;
}

void recipe_hash(struct hasher *h, const struct recipe *r)
{
    char text[8 * VALUE_MAX];

    hasher_text(h, "recipe/1");
    hasher_text(h, recipe_format(text, sizeof text, r));
}
