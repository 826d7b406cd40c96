/* SPDX-License-Identifier: Apache-2.0 */
/**
 * CSV (RFC 4180): a header line of names, then rows with as many fields. A quoted field may hold commas, doubled quotes and
 * line ends (kept as LF). Blank lines are skipped. A row longer than TEXTFILE_LINE_MAX is an error, which also bounds what
 * an unclosed quote can take.
 */
#include "base/csv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/textfile.h"

enum { COLUMNS_MAX = 4096 };

struct csv {
    struct textfile *in;
    char *text;               /* fields of the row, each with its NUL */
    size_t used, room;
    size_t *starts;           /* in text */
    const char **row;
    size_t fields, fields_room;
    char *header_text;
    const char **header;
    size_t columns;
    struct source_pos at;     /* of the row's first line */
};

/* Where in a field the reader is. */
enum place { FIELD_START, UNQUOTED, QUOTED, AFTER_QUOTE };

static enum status add_byte(struct csv *c, char byte, struct error *err)
{
    if (c->used == c->room) {
        size_t room = c->room ? 2 * c->room : 256;
        char *grown = realloc(c->text, room);

        if (!grown)
            return error_no_memory(err);
        c->text = grown;
        c->room = room;
    }
    if (c->used > TEXTFILE_LINE_MAX)
        return error_set(err, STATUS_BAD_INPUT, c->at, "a row of more than %d bytes, expected a shorter one (a quote left open?)",
                         TEXTFILE_LINE_MAX);
    c->text[c->used++] = byte;
    return STATUS_OK;
}

static enum status start_field(struct csv *c, struct error *err)
{
    if (c->fields == c->fields_room) {
        size_t room = c->fields_room ? 2 * c->fields_room : 16;
        size_t *starts = realloc(c->starts, room * sizeof *starts);
        const char **row;

        if (!starts)
            return error_no_memory(err);
        c->starts = starts;
        row = realloc(c->row, room * sizeof *row);
        if (!row)
            return error_no_memory(err);
        c->row = row;
        c->fields_room = room;
    }
    c->starts[c->fields++] = c->used;
    return STATUS_OK;
}

static enum status misplaced(const struct csv *c, const char *line, const char *p, const char *what, struct error *err)
{
    struct source_pos at = textfile_pos(c->in);

    at.column = (int)(p - line) + 1;
    return error_set(err, STATUS_BAD_INPUT, at, "%s", what);
}

/* One line of a row into fields; *place tells the next line where it goes on. */
static enum status split_line(struct csv *c, const char *line, enum place *place, struct error *err)
{
    enum status st = STATUS_OK;

    for (const char *p = line; *p && !st; p++) {
        switch (*place) {
        case QUOTED:
            if (*p == '"')
                *place = AFTER_QUOTE;
            else
                st = add_byte(c, *p, err);
            break;
        case AFTER_QUOTE:
            if (*p == '"') {
                *place = QUOTED;
                st = add_byte(c, '"', err);
                break;
            }
            if (*p != ',')
                return misplaced(c, line, p, "text after a closing quote, expected a comma", err);
            /* fall through */
        default:
            if (*p == ',') {
                *place = FIELD_START;
                if (!(st = add_byte(c, '\0', err)))
                    st = start_field(c, err);
            } else if (*p == '"') {
                if (*place != FIELD_START)
                    return misplaced(c, line, p, "a quote inside a field, expected the whole field in quotes", err);
                *place = QUOTED;
            } else {
                *place = UNQUOTED;
                st = add_byte(c, *p, err);
            }
        }
    }
    return st;
}

/* The next row into text and row[]; fields = 0 at the end of the file. */
static enum status read_row(struct csv *c, struct error *err)
{
    enum place place = FIELD_START;
    enum status st;
    char *line;

    c->used = c->fields = 0;
    do {
        if ((st = textfile_next(c->in, &line, err)))
            return st;
    } while (line && *line == '\0');
    if (!line)
        return STATUS_OK;
    c->at = textfile_pos(c->in);
    if (c->at.line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3; /* byte order mark */
    if ((st = start_field(c, err)) || (st = split_line(c, line, &place, err)))
        return st;
    while (place == QUOTED) {
        if ((st = textfile_next(c->in, &line, err)))
            return st;
        if (!line)
            return error_set(err, STATUS_BAD_INPUT, c->at, "a quote left open at the end of the file, expected it closed");
        if ((st = add_byte(c, '\n', err)) || (st = split_line(c, line, &place, err)))
            return st;
    }
    if ((st = add_byte(c, '\0', err)))
        return st;
    for (size_t i = 0; i < c->fields; i++)
        c->row[i] = c->text + c->starts[i];
    return STATUS_OK;
}

/* Keeps the first row as the header. */
static enum status read_header(struct csv *c, struct error *err)
{
    enum status st = read_row(c, err);

    if (st)
        return st;
    if (c->fields == 0)
        return error_set(err, STATUS_BAD_INPUT, (struct source_pos){ textfile_pos(c->in).file, 1, 1 },
                         "an empty file, expected a header line");
    if (c->fields > COLUMNS_MAX)
        return error_set(err, STATUS_BAD_INPUT, c->at, "%zu columns, expected at most %d", c->fields, COLUMNS_MAX);
    for (size_t i = 0; i < c->fields; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(c->row[i], c->row[k]) == 0)
                return error_set(err, STATUS_BAD_INPUT, c->at, "column '%s' again, expected each name once", c->row[i]);
    c->header_text = c->text;
    c->header = c->row;
    c->columns = c->fields;
    free(c->starts);
    c->text = NULL;
    c->row = NULL;
    c->starts = NULL;
    c->room = c->fields_room = 0;
    return STATUS_OK;
}

enum status csv_open(struct csv **out, const char *path, struct error *err)
{
    struct csv *c = calloc(1, sizeof *c);
    enum status st;

    if (!c)
        return error_no_memory(err);
    if ((st = textfile_open(&c->in, path, err)) || (st = read_header(c, err))) {
        csv_close(c);
        return st;
    }
    *out = c;
    return STATUS_OK;
}

int csv_column(const struct csv *c, const char *name)
{
    for (size_t i = 0; i < c->columns; i++)
        if (strcmp(c->header[i], name) == 0)
            return (int)i;
    return -1;
}

int csv_columns(const struct csv *c)
{
    return (int)c->columns;
}

const char *csv_name(const struct csv *c, int column)
{
    return c->header[column];
}

enum status csv_next(struct csv *c, const char *const **row, struct error *err)
{
    enum status st = read_row(c, err);

    if (st)
        return st;
    if (c->fields != 0 && c->fields != c->columns)
        return error_set(err, STATUS_BAD_INPUT, c->at, "a row of %zu fields, expected %zu as in the header", c->fields,
                         c->columns);
    *row = c->fields ? c->row : NULL;
    return STATUS_OK;
}

struct source_pos csv_pos(const struct csv *c)
{
    return c->at;
}

void csv_close(struct csv *c)
{
    if (!c)
        return;
    textfile_close(c->in);
    free(c->text);
    free(c->starts);
    free(c->row);
    free(c->header_text);
    free(c->header);
    free(c);
}
