/* SPDX-License-Identifier: Apache-2.0 */
/* Layout of tables in the columns of a terminal. See text_table.h. */
#include "reports/text_table.h"

#include <stdarg.h>
#include <string.h>

enum { GAP = 2, FLOW_MIN = 20, NAME_MIN = 8, ROOM_MIN = 20, CELL_MAX = 4096 };

/* Widths of the columns: `least` where headings break and text flows, `most` with everything in one line. */
struct widths { int least[TEXT_TABLE_COLUMNS_MAX], most[TEXT_TABLE_COLUMNS_MAX], cells[TEXT_TABLE_COLUMNS_MAX]; };

/* Columns that stand side by side: the first of the table, and from `first` on `count` ones. */
struct block { int column[TEXT_TABLE_COLUMNS_MAX], width[TEXT_TABLE_COLUMNS_MAX], count; };

void text_table_begin(struct text_table *t, const struct text_column *columns, int count)
{
    *t = (struct text_table){ .columns = columns, .count = count };
}

static bool grow(struct text_table *t)
{
    int64_t room = t->cells_room ? 2 * t->cells_room : 64;
    const char **cells = arena_array(&t->arena, (size_t)room, sizeof *cells);

    if (!cells)
        return false;
    if (t->cells_count)
        memcpy(cells, t->cells, (size_t)t->cells_count * sizeof *cells);
    t->cells = cells;
    t->cells_room = room;
    return true;
}

void text_table_cell(struct text_table *t, const char *format, ...)
{
    char text[CELL_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    t->failed = t->failed || (t->cells_count == t->cells_room && !grow(t)) || !(t->cells[t->cells_count++] = arena_strdup(&t->arena, text));
}

static int longest_word(const char *text)
{
    int longest = 0, width = 0;

    for (; *text; text++) {
        width = *text == ' ' ? 0 : width + (((unsigned char)*text & 0xc0) != 0x80);
        longest = width > longest ? width : longest;
    }
    return longest;
}

static int larger(int a, int b)  { return a > b ? a : b; }
static int smaller(int a, int b) { return a < b ? a : b; }

static void measure(struct widths *w, const struct text_table *t)
{
    for (int c = 0; c < t->count; c++) {
        int cells = 0;

        for (int64_t i = c; i < t->cells_count; i += t->count)
            cells = larger(cells, text_width(t->cells[i]));
        w->cells[c] = cells;
        w->most[c] = larger(cells, text_width(t->columns[c].heading));
        w->least[c] = larger(t->columns[c].align == TEXT_FLOW ? smaller(cells, FLOW_MIN) : cells, longest_word(t->columns[c].heading));
    }
}

/* Shares what the block's columns leave of `room`: first to text that flows, then to headings, each as far as all of them fit. */
static void widen(struct block *b, const struct widths *w, int room)
{
    int left = room - GAP * (b->count - 1), missing = 0;

    for (int i = 0; i < b->count; i++)
        left -= b->width[i];
    for (int i = 0; i < b->count; i++) {
        int more = smaller(larger(w->cells[b->column[i]] - b->width[i], 0), larger(left, 0));

        b->width[i] += more;
        left -= more;
        missing += w->most[b->column[i]] - b->width[i];
    }
    for (int i = 0; i < b->count && missing <= left; i++)
        b->width[i] = w->most[b->column[i]];
}

/* The next block, from column *next on. A name that leaves no room for any column beside it breaks over lines. */
static void take_block(struct block *b, int *next, const struct text_table *t, const struct widths *w, int room)
{
    int used = w->least[0];

    *b = (struct block){ .column = { 0 }, .width = { w->least[0] }, .count = 1 };
    if (*next < t->count && used + GAP + w->least[*next] > room)
        used = b->width[0] = larger(NAME_MIN, room - GAP - w->least[*next]);
    if (t->count == 1)
        b->width[0] = smaller(b->width[0], room);
    while (*next < t->count && (b->count == 1 || used + GAP + w->least[*next] <= room)) {
        b->column[b->count] = *next;
        b->width[b->count++] = smaller(w->least[*next], room);
        used += GAP + w->least[(*next)++];
    }
    if (b->width[0] >= w->least[0])
        widen(b, w, room);
}

/* One row of a block, over as many lines as its cells take. */
static void put_row(FILE *out, const struct text_style *style, const struct text_table *t, const struct block *b, const char *const *cells, int indent, bool heading)
{
    const char *rest[TEXT_TABLE_COLUMNS_MAX];
    bool more = true;

    for (int i = 0; i < b->count; i++)
        rest[i] = heading ? t->columns[b->column[i]].heading : cells[b->column[i]];
    while (more) {
        int pending = indent;

        more = false;
        for (int i = 0; i < b->count; i++) {
            enum text_align align = t->columns[b->column[i]].align;
            size_t bytes;
            int width = text_first_line(&bytes, rest[i], b->width[i]);
            char line[CELL_MAX];

            snprintf(line, sizeof line, "%.*s", (int)bytes, rest[i]);
            pending += align == TEXT_RIGHT ? b->width[i] - width : 0;
            if (width > 0) {
                fprintf(out, "%*s", pending, "");
                text_cell(out, style, heading ? TEXT_DIM : t->columns[b->column[i]].colour, width, line);
                pending = 0;
            }
            pending += GAP + (align == TEXT_RIGHT ? 0 : b->width[i] - width);
            rest[i] += bytes + strspn(rest[i] + bytes, " ");
            more = more || *rest[i];
        }
        fputc('\n', out);
    }
}

bool text_table_end(struct text_table *t, FILE *out, const struct text_style *style, int indent)
{
    bool good = !t->failed;
    struct widths w;
    struct block b;

    if (good && t->cells_count >= t->count) {
        measure(&w, t);
        for (int next = 1, first = 1; first || next < t->count; first = 0) {
            fputs(first ? "" : "\n", out);
            take_block(&b, &next, t, &w, larger(ROOM_MIN, style->columns - indent));
            put_row(out, style, t, &b, NULL, indent, true);
            for (int64_t i = 0; i + t->count <= t->cells_count; i += t->count)
                put_row(out, style, t, &b, t->cells + i, indent, false);
        }
    }
    arena_free(&t->arena);
    return good;
}
