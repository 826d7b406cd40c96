/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Trees from libyaml's events.
 *
 * One stack holds the finished nodes of all open collections; a collection that ends takes its own from the top into an
 * array of the arena. Nothing recurses, so depth is bounded by the frame array alone.
 *
 * libyaml drops comments, so a "# source:" is looked for in the raw text: after the last event of a line only flow
 * punctuation and a comment can follow, hence the first '#' there starts the comment and no quote has to be understood.
 * Nodes that want the source of the line being read wait in a list until an event of a later line arrives.
 *
 * Left out: anchors, aliases, tags, several documents, non-scalar keys. Source: YAML 1.2.2, yaml.org/spec/1.2.2.
 */
#include "base/yaml.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/yaml_input.h"

enum { LEVELS_MAX = 64, NODES_MAX = 1 << 20 };

/* A node while it is built. */
struct draft {
    struct yaml_node node;
    struct draft *next_waiting;
    bool waits;
};

struct pair {
    const char *key; /* NULL in a sequence */
    struct source_pos key_at;
    struct draft *value;
};

struct frame {
    struct draft *collection;
    size_t first;            /* index in the stack of its first pair */
    const char *key;         /* mapping: read, its value is not */
    struct source_pos key_at;
    bool flow;
};

struct reader {
    struct arena *arena;
    struct error *err;
    const char *file;
    const char *text, *end;  /* raw bytes */
    struct frame frames[LEVELS_MAX];
    int depth;
    struct pair *stack;
    size_t stacked, stack_room;
    struct draft *root;
    size_t nodes;
    /* the line being read, for comments */
    size_t line, column;     /* from 0; column is the end of the last event, in characters */
    const char *line_text;
    struct draft *waiting;
};

static struct source_pos pos_of(const struct reader *r, const yaml_mark_t *mark)
{
    return (struct source_pos){ r->file, mark->line < INT_MAX ? (int)mark->line + 1 : INT_MAX,
                                mark->column < INT_MAX ? (int)mark->column + 1 : INT_MAX };
}

/* --- comments --------------------------------------------------------------------------------------------------- */

static const char *next_character(const char *p, const char *end)
{
    for (p++; p < end && ((unsigned char)*p & 0xc0) == 0x80; p++)
        ;
    return p;
}

/* Text of the "# source:" comment of the line being read; NULL where there is none; sets *failed without memory. */
static const char *line_source(struct reader *r, bool *failed)
{
    static const char word[] = "source:";
    const char *p = r->line_text, *last, *copy;

    for (size_t i = 0; i < r->column && p < r->end && !yaml_line_break(p, r->end); i++)
        p = next_character(p, r->end);
    while (p < r->end && *p != '#' && !yaml_line_break(p, r->end))
        p++;
    if (p == r->end || *p != '#' || (p > r->line_text && p[-1] != ' ' && p[-1] != '\t'))
        return NULL;
    for (p++; p < r->end && (*p == ' ' || *p == '\t'); p++)
        ;
    if ((size_t)(r->end - p) < sizeof word - 1 || memcmp(p, word, sizeof word - 1) != 0)
        return NULL;
    for (p += sizeof word - 1; p < r->end && (*p == ' ' || *p == '\t'); p++)
        ;
    for (last = p; last < r->end && !yaml_line_break(last, r->end); last++)
        ;
    while (last > p && (last[-1] == ' ' || last[-1] == '\t'))
        last--;
    if (last == p)
        return NULL;
    copy = arena_strndup(r->arena, p, (size_t)(last - p));
    *failed = !copy;
    return copy;
}

/* Gives the line's source to the nodes that wait for it. */
static enum status end_line(struct reader *r)
{
    bool failed = false;
    const char *source = r->waiting ? line_source(r, &failed) : NULL;

    if (failed)
        return error_no_memory(r->err);
    while (r->waiting) {
        struct draft *d = r->waiting;

        r->waiting = d->next_waiting;
        d->waits = false;
        if (source && !d->node.source)
            d->node.source = source;
    }
    return STATUS_OK;
}

static enum status go_to_line(struct reader *r, size_t line)
{
    enum status st;

    if (line <= r->line)
        return STATUS_OK;
    if ((st = end_line(r)))
        return st;
    while (r->line < line && r->line_text < r->end) {
        size_t n = yaml_line_break(r->line_text, r->end);

        r->line += n > 0;
        r->line_text += n ? n : 1;
    }
    r->line = line;
    r->column = 0;
    return STATUS_OK;
}

static void wait_for_source(struct reader *r, struct draft *d)
{
    if (d->waits)
        return;
    d->waits = true;
    d->next_waiting = r->waiting;
    r->waiting = d;
}

/* --- tree ------------------------------------------------------------------------------------------------------- */

static enum status new_draft(struct draft **out, struct reader *r, enum yaml_kind kind, const yaml_event_t *event)
{
    struct draft *d;

    if (++r->nodes > NODES_MAX)
        return error_set(r->err, STATUS_BAD_INPUT, pos_of(r, &event->start_mark),
                         "more than %d values, expected a smaller file", NODES_MAX);
    d = arena_alloc(r->arena, sizeof *d);
    if (!d)
        return error_no_memory(r->err);
    d->node.kind = kind;
    d->node.at = pos_of(r, &event->start_mark);
    *out = d;
    return STATUS_OK;
}

static enum status push(struct reader *r, struct pair pair)
{
    if (r->stacked == r->stack_room) {
        size_t room = r->stack_room ? 2 * r->stack_room : 64;
        struct pair *grown = realloc(r->stack, room * sizeof *grown);

        if (!grown)
            return error_no_memory(r->err);
        r->stack = grown;
        r->stack_room = room;
    }
    r->stack[r->stacked++] = pair;
    return STATUS_OK;
}

/* Puts a node where it belongs: value of the open key, next item, or root. A scalar may instead be the next key. */
static enum status place(struct reader *r, struct draft *d)
{
    struct frame *top = r->depth ? &r->frames[r->depth - 1] : NULL;
    struct pair pair = { .value = d };

    if (!top) {
        r->root = d;
        return STATUS_OK;
    }
    if (top->collection->node.kind == YAML_MAPPING) {
        if (!top->key && d->node.kind != YAML_SCALAR)
            return error_set(r->err, STATUS_BAD_INPUT, d->node.at, "a %s as a key, expected a name",
                             d->node.kind == YAML_MAPPING ? "mapping" : "sequence");
        if (!top->key) {
            top->key = d->node.text;
            top->key_at = d->node.at;
            return STATUS_OK;
        }
        pair.key = top->key;
        pair.key_at = top->key_at;
        top->key = NULL;
    }
    return push(r, pair);
}

static enum status refuse_extras(struct reader *r, const yaml_event_t *event, const yaml_char_t *anchor,
                                 const yaml_char_t *tag)
{
    struct source_pos at = pos_of(r, &event->start_mark);

    if (anchor)
        return error_set(r->err, STATUS_BAD_INPUT, at, "anchor '&%s', expected a plain value (anchors and aliases are refused)",
                         (const char *)anchor);
    if (tag)
        return error_set(r->err, STATUS_BAD_INPUT, at, "tag '%s', expected a plain value (tags are refused)",
                         (const char *)tag);
    return STATUS_OK;
}

static enum status on_scalar(struct reader *r, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    yaml_scalar_style_t style = event->data.scalar.style;
    bool block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    struct draft *d;
    enum status st;

    if ((st = refuse_extras(r, event, event->data.scalar.anchor, event->data.scalar.tag)) ||
        (st = new_draft(&d, r, YAML_SCALAR, event)))
        return st;
    if (strlen(text) != event->data.scalar.length)
        return error_set(r->err, STATUS_BAD_INPUT, d->node.at, "a NUL in a text, expected none");
    d->node.text = arena_strndup(r->arena, text, event->data.scalar.length);
    if (!d->node.text)
        return error_no_memory(r->err);
    d->node.quoted = style != YAML_PLAIN_SCALAR_STYLE;
    if ((st = go_to_line(r, block ? event->start_mark.line : event->end_mark.line)))
        return st;
    r->column = block ? event->start_mark.column + 1 : event->end_mark.column;
    wait_for_source(r, d);
    if ((st = place(r, d)))
        return st;
    /* inside a block scalar a '#' is text: step over its lines */
    return block ? go_to_line(r, event->end_mark.line) : STATUS_OK;
}

static enum status on_begin(struct reader *r, const yaml_event_t *event, enum yaml_kind kind)
{
    bool mapping = kind == YAML_MAPPING;
    bool flow = mapping ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                        : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    struct draft *d;
    enum status st;

    if ((st = refuse_extras(r, event, mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
                            mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag)) ||
        (st = new_draft(&d, r, kind, event)))
        return st;
    if (r->depth == LEVELS_MAX)
        return error_set(r->err, STATUS_BAD_INPUT, d->node.at, "more than %d levels of nesting, expected fewer", LEVELS_MAX);
    /* a block collection's source stands on the line of its key, which is still the line being read */
    if (!flow && r->depth && r->frames[r->depth - 1].key && event->start_mark.line > r->line)
        wait_for_source(r, d);
    if ((st = go_to_line(r, event->start_mark.line)))
        return st;
    if (flow) {
        wait_for_source(r, d);
        r->column = event->end_mark.column;
    }
    if ((st = place(r, d)))
        return st;
    r->frames[r->depth++] = (struct frame){ .collection = d, .first = r->stacked, .flow = flow };
    return STATUS_OK;
}

/* The first key of the file that was there before. */
static enum status refuse_duplicates(const struct reader *r, const struct yaml_node *node)
{
    size_t second = SIZE_MAX, first = 0;

    for (size_t i = 1; i < node->count; i++) {
        const struct yaml_key *a = &node->sorted[i - 1], *b = &node->sorted[i];

        if (b->index < second && strcmp(a->key, b->key) == 0) {
            first = a->index;
            second = b->index;
        }
    }
    if (second == SIZE_MAX)
        return STATUS_OK;
    return error_set(r->err, STATUS_BAD_INPUT, node->key_at[second], "key '%s' again, expected it once (first at line %d)",
                     node->keys[second], node->key_at[first].line);
}

static enum status on_end(struct reader *r, const yaml_event_t *event)
{
    struct frame *top = &r->frames[r->depth - 1];
    struct yaml_node *node = &top->collection->node;
    bool mapping = node->kind == YAML_MAPPING;
    const char **keys;
    enum status st;

    if (top->flow) {
        if ((st = go_to_line(r, event->end_mark.line)))
            return st;
        r->column = event->end_mark.column;
        wait_for_source(r, top->collection);
    }
    node->count = r->stacked - top->first;
    node->items = arena_array(r->arena, node->count, sizeof *node->items);
    keys = mapping ? arena_array(r->arena, node->count, sizeof *keys) : NULL;
    node->key_at = mapping ? arena_array(r->arena, node->count, sizeof *node->key_at) : NULL;
    if (!node->items || (mapping && (!keys || !node->key_at)))
        return error_no_memory(r->err);
    for (size_t i = 0; i < node->count; i++) {
        const struct pair *pair = &r->stack[top->first + i];

        node->items[i] = &pair->value->node;
        if (mapping) {
            keys[i] = pair->key;
            node->key_at[i] = pair->key_at;
        }
    }
    node->keys = keys;
    r->stacked = top->first;
    r->depth--;
    if (!mapping)
        return STATUS_OK;
    if (!yaml_sort_keys(node, r->arena))
        return error_no_memory(r->err);
    return refuse_duplicates(r, node);
}

/* --- events ----------------------------------------------------------------------------------------------------- */

static enum status on_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (r->root)
            return error_set(r->err, STATUS_BAD_INPUT, pos_of(r, &event->start_mark),
                             "a second document, expected one document a file");
        return STATUS_OK;
    case YAML_ALIAS_EVENT:
        return error_set(r->err, STATUS_BAD_INPUT, pos_of(r, &event->start_mark),
                         "alias '*%s', expected a plain value (anchors and aliases are refused)",
                         (const char *)event->data.alias.anchor);
    case YAML_SCALAR_EVENT:
        return on_scalar(r, event);
    case YAML_MAPPING_START_EVENT:
        return on_begin(r, event, YAML_MAPPING);
    case YAML_SEQUENCE_START_EVENT:
        return on_begin(r, event, YAML_SEQUENCE);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return on_end(r, event);
    default:
        return STATUS_OK;
    }
}

static enum status syntax_error(const struct reader *r, const yaml_parser_t *parser)
{
    struct source_pos at = pos_of(r, &parser->problem_mark);

    if (parser->error == YAML_MEMORY_ERROR)
        return error_no_memory(r->err);
    return error_set(r->err, STATUS_BAD_INPUT, at, "%s%s%s, expected well-formed YAML",
                     parser->context ? parser->context : "", parser->context ? ": " : "",
                     parser->problem ? parser->problem : "malformed text");
}

static enum status read_events(struct reader *r, yaml_parser_t *parser)
{
    enum status st = STATUS_OK;
    yaml_event_type_t type = YAML_NO_EVENT;

    while (st == STATUS_OK && type != YAML_STREAM_END_EVENT) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event))
            return syntax_error(r, parser);
        type = event.type;
        st = on_event(r, &event);
        yaml_event_delete(&event);
    }
    if (st == STATUS_OK)
        st = end_line(r);
    if (st == STATUS_OK && !r->root)
        return error_set(r->err, STATUS_BAD_INPUT, (struct source_pos){ r->file, 1, 1 },
                         "an empty file, expected a YAML document");
    return st;
}

enum status yaml_read_memory(struct yaml_node **out, const char *name, const void *data, size_t bytes,
                             struct arena *arena, struct error *err)
{
    struct reader r = { .arena = arena, .err = err, .file = arena_strdup(arena, name), .text = data };
    yaml_parser_t parser;
    enum status st;

    if (!r.file)
        return error_no_memory(err);
    if (bytes > YAML_FILE_BYTES_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "%s: more than %d MiB, expected a smaller file", name, YAML_FILE_BYTES_MAX >> 20);
    r.end = r.text + bytes;
    if (bytes >= 3 && memcmp(r.text, "\xef\xbb\xbf", 3) == 0)
        r.text += 3; /* byte order mark */
    r.line_text = r.text;
    if ((st = yaml_check_bytes(r.file, r.text, r.end, err)))
        return st;
    if (!yaml_parser_initialize(&parser))
        return error_no_memory(err);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)r.text, (size_t)(r.end - r.text));
    st = read_events(&r, &parser);
    yaml_parser_delete(&parser);
    free(r.stack);
    if (st == STATUS_OK)
        *out = &r.root->node;
    return st;
}

enum status yaml_read_file(struct yaml_node **out, const char *path, struct arena *arena, struct error *err)
{
    char *data = NULL;
    size_t bytes = 0;
    enum status st = yaml_slurp(&data, &bytes, path, err);

    if (st)
        return st;
    st = yaml_read_memory(out, path, data, bytes, arena, err);
    free(data);
    return st;
}
