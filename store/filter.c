/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters (store/query.h), by recursive descent:
 *
 *     either  = both { "or" both }              both = not { "and" not }            not = "not" not | test
 *     test    = sum [ relation (sum | word) | ["not"] "in" "(" value { "," value } ")" | "is" ["not"] "null" ]
 *     sum     = product { ("+" | "-") product } product = factor { ("*" | "/") factor }
 *     (arch.PATH and stack.PATH are compared with a quantity: number and unit up to "and", "or", a comma or a parenthesis)
 *     factor  = number | text | column | "(" either ")" | "-" factor
 *
 * Only names of columns reach the SQL, from our own table; values are bound.
 */
#include "store/filter.h"

#include <string.h>

#include "base/num.h"
#include "store/functions.h"

/* Symbols that SQLite's parser holds open at once inside a filter: its stack has 100, the statement around the filter takes the others. */
enum { HELD_MAX = 64 };

struct parser {
    const char *text, *at;
    struct store *store;
    const struct store_view *view;
    FILE *sql;
    struct filter *out;
    void (*used)(void *, const struct store_column *);
    void *to;
    struct arena *arena;
    struct error *err;
    const struct store_column *last; /* the factor just read, where it was a column and nothing else */
    bool last_text;                  /* it was a text */
    int held;                        /* symbols that are open here, at most HELD_MAX */
    int operands;                    /* columns and values so far, at most FILTER_OPERANDS_MAX */
};

static const char word_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
static const char column_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
static const char relations[][3] = { "<=", ">=", "!=", "!~", "==", "=", "<", ">", "~" };

static struct source_pos place(const struct parser *p) { return (struct source_pos){ "--where", 1, (int)(p->at - p->text) + 1 }; }

static void blanks(struct parser *p) { p->at += strspn(p->at, " \t\r\n"); }

static enum status expected(struct parser *p, const char *what)
{
    size_t n = strspn(p->at, word_bytes);

    return *p->at ? error_set(p->err, STATUS_BAD_INPUT, place(p), "found '%.*s', expected %s", (int)(n ? n : 1), p->at, what)
                  : error_set(p->err, STATUS_BAD_INPUT, place(p), "the filter ends here, expected %s", what);
}

static bool take(struct parser *p, const char *mark)
{
    blanks(p);
    if (strncmp(p->at, mark, strlen(mark)) != 0)
        return false;
    p->at += strlen(mark);
    return true;
}

/* A word as a whole, whatever its case. */
static bool take_word(struct parser *p, const char *word)
{
    size_t n;

    blanks(p);
    n = strspn(p->at, word_bytes);
    if (n != strlen(word))
        return false;
    for (size_t i = 0; i < n; i++)
        if ((p->at[i] | 0x20) != word[i])
            return false;
    p->at += n;
    return true;
}

/* ---- values ---- */

static enum status one_more(struct parser *p)
{
    return p->operands++ < FILTER_OPERANDS_MAX ? STATUS_OK
        : error_set(p->err, STATUS_BAD_INPUT, place(p), "more than %d columns and values", FILTER_OPERANDS_MAX);
}

static enum status bind(struct parser *p, const char *text, double number)
{
    enum status st = one_more(p);

    if (st)
        return st;
    p->out->values[p->out->count++] = (struct filter_value){ text, number };
    fputc('?', p->sql);
    return STATUS_OK;
}

static enum status quoted(struct parser *p)
{
    char quote = *p->at;
    const char *end = strchr(p->at + 1, quote), *text;

    if (!end)
        return error_set(p->err, STATUS_BAD_INPUT, place(p), "a text without its closing %c", quote);
    if (!(text = arena_strndup(p->arena, p->at + 1, (size_t)(end - p->at - 1))))
        return error_no_memory(p->err);
    p->at = end + 1;
    p->last_text = true;
    return bind(p, text, 0);
}

/* What follows a text column may stand without quotes: up to a blank, a comma or a parenthesis. */
static enum status bare(struct parser *p)
{
    size_t n = strcspn(p->at, " \t\r\n,()");
    const char *text;

    if (n == 0)
        return expected(p, "a text");
    if (!(text = arena_strndup(p->arena, p->at, n)))
        return error_no_memory(p->err);
    p->at += n;
    return bind(p, text, 0);
}

static enum status number(struct parser *p)
{
    size_t n = num_decimal_length(p->at);
    char text[64];
    double value;

    snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text ? n : sizeof text - 1), p->at);
    if (n >= sizeof text || num_parse_double(&value, text) || strspn(p->at + n, word_bytes) > 0)
        return expected(p, "a plain number (units are the column's)");
    p->at += n;
    return bind(p, NULL, value);
}

/* Bytes of "2.5 TB/s" in front of "and", "or", a comma, a parenthesis or the end. */
static size_t quantity_length(const char *text)
{
    size_t n = strcspn(text, ",()");

    for (size_t at = 0; at < n; at++)
        if (text[at] == ' ' && (strncmp(text + at, " and ", 5) == 0 || strncmp(text + at, " or ", 4) == 0 || strncmp(text + at, " AND ", 5) == 0 ||
                                strncmp(text + at, " OR ", 4) == 0))
            n = at;
    while (n > 0 && text[n - 1] == ' ')
        n--;
    return n;
}

static enum status quantity(struct parser *p, const struct store_column *column)
{
    bool quote = *p->at == '\'' || *p->at == '"';
    const char *from = p->at + quote, *end = quote ? strchr(from, *p->at) : from + quantity_length(from), *text;
    enum quantity_kind kind;
    double value;

    if (!end)
        return error_set(p->err, STATUS_BAD_INPUT, place(p), "a text without its closing %c", *p->at);
    if (!(text = arena_strndup(p->arena, from, (size_t)(end - from))))
        return error_no_memory(p->err);
    if (!functions_number(&value, &kind, text) || (kind > Q_RATIO && strcmp(functions_unit(kind), column->unit) != 0))
        return error_set(p->err, STATUS_BAD_INPUT, place(p), "found '%s', expected a number%s%s", text, *column->unit ? ", or a quantity in " : "", column->unit);
    p->at = end + quote;
    return bind(p, NULL, value);
}

/* A number whose unit the filter may write. */
static bool has_quantities(const struct store_column *column) { return column && column->kind == STORE_REAL && strchr(column->name, '.'); }

/* The value on the right of a relation whose left side is `column` (NULL: an expression). */
static enum status value_for(struct parser *p, const struct store_column *column)
{
    blanks(p);
    if (has_quantities(column))
        return quantity(p, column);
    if (*p->at == '\'' || *p->at == '"') {
        if (column && column->kind != STORE_TEXT)
            return error_set(p->err, STATUS_BAD_INPUT, place(p), "found a text, expected a number: '%s' is one", column->name);
        return quoted(p);
    }
    if (column && column->kind == STORE_TEXT)
        return bare(p);
    return *p->at == '-' || num_decimal_length(p->at) > 0 ? number(p) : expected(p, "a value");
}

/* ---- expressions ---- */

static enum status either(struct parser *p);

/* The part after `symbols` that stay open until it ends. */
static enum status inside(struct parser *p, int symbols, enum status (*part)(struct parser *))
{
    enum status st;

    if (p->held + symbols > HELD_MAX)
        return error_set(p->err, STATUS_BAD_INPUT, place(p), "signs, parentheses and operators too deep in one another (at most %d open)", HELD_MAX);
    p->held += symbols;
    st = part(p);
    p->held -= symbols;
    return st;
}

static enum status column(struct parser *p)
{
    size_t n = strspn(p->at, column_bytes);
    const char *name = arena_strndup(p->arena, p->at, n);
    struct error nearest;
    enum status st;

    if (!name)
        return error_no_memory(p->err);
    if (store_view_column_find(&p->last, p->store, p->view, name, "", &nearest))
        return error_set(p->err, STATUS_BAD_INPUT, place(p), "%s", nearest.message);
    if ((st = one_more(p)))
        return st;
    p->at += n;
    p->used(p->to, p->last);
    fprintf(p->sql, "\"%s\"", p->last->name);
    return STATUS_OK;
}

static enum status factor(struct parser *p)
{
    enum status st;

    p->last = NULL;
    p->last_text = false;
    blanks(p);
    if (*p->at == '\'' || *p->at == '"')
        return quoted(p);
    if (num_decimal_length(p->at) > 0)
        return number(p);
    if (strspn(p->at, word_bytes) > 0)
        return column(p);
    if (*p->at != '(' && *p->at != '-')
        return expected(p, "a column, a number or a text");
    bool minus = *p->at++ == '-';
    if (minus)
        fputs("(-", p->sql);
    st = minus ? inside(p, 2, factor) : inside(p, 1, either);
    if (!st && !minus && !take(p, ")"))
        st = expected(p, "')'");
    if (minus)
        fputc(')', p->sql);
    p->last = NULL;
    p->last_text = false;
    return st;
}

/* Arithmetic is of doubles: a quotient of counts is not cut. */
static enum status chain(struct parser *p, const char *marks, enum status (*operand)(struct parser *))
{
    enum status st = operand(p);

    for (blanks(p); !st && *p->at && strchr(marks, *p->at); blanks(p)) {
        fprintf(p->sql, " * 1.0 %c ", *p->at);
        p->at++;
        st = inside(p, 2, operand);
        p->last = NULL;
        p->last_text = false;
    }
    return st;
}

static enum status product(struct parser *p) { return chain(p, "*/", factor); }
static enum status sum(struct parser *p) { return chain(p, "+-", product); }

static enum status list(struct parser *p, const struct store_column *of)
{
    enum status st = STATUS_OK;

    if (!take(p, "("))
        return expected(p, "'(' and the values");
    fputs(" IN (", p->sql);
    do {
        st = value_for(p, of);
        blanks(p);
        if (!st && *p->at == ',')
            fputc(',', p->sql);
    } while (!st && take(p, ","));
    fputc(')', p->sql);
    return st ? st : take(p, ")") ? STATUS_OK : expected(p, "',' or ')'");
}

static const char *relation(struct parser *p)
{
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++)
        if (take(p, relations[i]))
            return relations[i];
    return NULL;
}

static enum status right_side(struct parser *p, const char *mark, const struct store_column *left)
{
    const char *sql = strcmp(mark, "~") == 0 ? " GLOB " : strcmp(mark, "!~") == 0 ? " NOT GLOB " : strcmp(mark, "==") == 0 ? " = " : NULL;
    const struct store_column *right;
    const char *from;
    enum status st;

    if (sql)
        fputs(sql, p->sql);
    else
        fprintf(p->sql, " %s ", mark);
    blanks(p);
    if (left && (left->kind == STORE_TEXT || has_quantities(left)))
        return value_for(p, left);
    from = p->at;
    if ((st = inside(p, 2, sum)))
        return st;
    right = p->last;
    if ((left && p->last_text) || (right && right->kind == STORE_TEXT)) {
        p->at = from;
        return error_set(p->err, STATUS_BAD_INPUT, place(p), "found a text, expected a number%s%s%s", left ? ": '" : "", left ? left->name : "",
                         left ? "' is one" : "");
    }
    return STATUS_OK;
}

static enum status test(struct parser *p)
{
    const struct store_column *left;
    const char *mark;
    bool is_not;
    enum status st = sum(p);

    if (st)
        return st;
    left = p->last;
    if ((mark = relation(p)))
        return right_side(p, mark, left);
    if (take_word(p, "is")) {
        is_not = take_word(p, "not");
        fputs(is_not ? " IS NOT NULL" : " IS NULL", p->sql);
        return take_word(p, "null") ? STATUS_OK : expected(p, "'null' or 'not null'");
    }
    is_not = take_word(p, "not");
    if (is_not)
        fputs(" NOT", p->sql);
    if (take_word(p, "in"))
        return list(p, left);
    return is_not ? expected(p, "'in'") : STATUS_OK;
}

static enum status negation(struct parser *p)
{
    enum status st;

    if (!take_word(p, "not"))
        return test(p);
    fputs("NOT (", p->sql);
    st = inside(p, 2, negation);
    fputc(')', p->sql);
    return st;
}

static enum status both(struct parser *p)
{
    enum status st = negation(p);

    while (!st && take_word(p, "and")) {
        fputs(" AND ", p->sql);
        st = inside(p, 2, negation);
    }
    return st;
}

static enum status either(struct parser *p)
{
    enum status st;

    fputc('(', p->sql);
    st = both(p);
    while (!st && take_word(p, "or")) {
        fputs(" OR ", p->sql);
        st = inside(p, 2, both);
    }
    fputc(')', p->sql);
    return st;
}

enum status filter_sql(FILE *sql, struct filter *out, struct store *s, const struct store_view *view, const char *text,
                       void (*used)(void *, const struct store_column *), void *to, struct arena *arena, struct error *err)
{
    struct parser p = { .text = text, .at = text, .store = s, .view = view, .sql = sql, .out = out, .used = used, .to = to, .arena = arena, .err = err };
    enum status st;

    out->count = 0;
    if (strlen(text) > FILTER_BYTES_MAX)
        return error_plain(err, STATUS_BAD_INPUT, "--where: a filter of %zu bytes, expected at most %d", strlen(text), FILTER_BYTES_MAX);
    st = either(&p);
    blanks(&p);
    return st ? st : *p.at ? expected(&p, "'and', 'or' or the end") : STATUS_OK;
}
