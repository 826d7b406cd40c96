/* SPDX-License-Identifier: Apache-2.0 */
/* Recursive descent into a tree, and its evaluation. Grammar, loosest first: or, and, not, comparison or `in`, + -, * / %, unary -. */
#include "sweep/expression.h"

#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "base/num.h"

enum { DEPTH_MAX = 64, ITEMS_MAX = 64 };

enum node_kind { NODE_VALUE, NODE_NAME, NODE_OR, NODE_AND, NODE_NOT, NODE_COMPARE, NODE_IN, NODE_ARITHMETIC, NODE_NEGATE, NODE_CALL };
enum comparison { LESS, LESS_EQUAL, EQUAL, NOT_EQUAL, GREATER_EQUAL, GREATER };

struct expression {
    enum node_kind kind;
    struct value value;
    size_t name;               /* of the list */
    char operator;             /* of arithmetic; enum comparison of a comparison */
    const struct function *function;
    size_t count;
    struct expression **items;
    struct source_pos at;
};

static double take_min(const double *x, size_t n) { double m = x[0]; for (size_t i = 1; i < n; i++) m = x[i] < m ? x[i] : m; return m; }
static double take_max(const double *x, size_t n) { double m = x[0]; for (size_t i = 1; i < n; i++) m = x[i] > m ? x[i] : m; return m; }
static double take_abs(const double *x, size_t n) { (void)n; return fabs(x[0]); }
static double take_floor(const double *x, size_t n) { (void)n; return floor(x[0]); } /* exact, so the same everywhere */
static double take_ceil(const double *x, size_t n) { (void)n; return ceil(x[0]); }

static const struct function {
    const char *name;
    size_t least, most;
    double (*apply)(const double *x, size_t n);
} functions[] = {
    { "abs", 1, 1, take_abs }, { "ceil", 1, 1, take_ceil }, { "floor", 1, 1, take_floor },
    { "max", 1, ITEMS_MAX, take_max }, { "min", 1, ITEMS_MAX, take_min },
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

struct parser {
    const char *text, *p;
    struct source_pos at;
    const struct names *names;
    struct arena *arena;
    struct error *err;
    int depth;
};

static struct source_pos here(const struct parser *s)
{
    struct source_pos at = s->at;

    at.column += at.column > 0 ? (int)(s->p - s->text) : 0;
    return at;
}

static enum status node(struct expression **out, struct parser *s, enum node_kind kind, size_t count)
{
    struct expression *e = arena_alloc(s->arena, sizeof *e);

    if (!e || (count && !(e->items = arena_array(s->arena, count, sizeof *e->items))))
        return error_no_memory(s->err);
    e->kind = kind;
    e->count = count;
    e->at = here(s);
    *out = e;
    return STATUS_OK;
}

static void blanks(struct parser *s) { s->p += strspn(s->p, " \t\r\n"); }

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* Takes `word` if it stands here: a word that ends there, or a sign. */
static bool take(struct parser *s, const char *word)
{
    size_t n = strlen(word);

    blanks(s);
    if (strncmp(s->p, word, n) != 0 || (is_name_byte(word[0]) && is_name_byte(s->p[n])))
        return false;
    s->p += n;
    return true;
}

static enum status unexpected(struct parser *s, const char *expected)
{
    int n = 0;

    while (n < 20 && s->p[n] != '\0' && s->p[n] != ' ')
        n++;
    return error_set(s->err, STATUS_BAD_INPUT, here(s), "expression: found %s%.*s%s, expected %s", n ? "'" : "", n ? n : 3, n ? s->p : "end",
                     n ? "'" : "", expected);
}

static enum status parse_or(struct expression **out, struct parser *s);

static enum status text_literal(struct expression **out, struct parser *s)
{
    char quote = *s->p;
    const char *end = strchr(s->p + 1, quote);
    enum status st;

    if (!end)
        return error_set(s->err, STATUS_BAD_INPUT, here(s), "expression: the text that begins here does not end, expected %c", quote);
    if ((st = node(out, s, NODE_VALUE, 0)))
        return st;
    if (!((*out)->value.text = arena_strndup(s->arena, s->p + 1, (size_t)(end - s->p - 1))))
        return error_no_memory(s->err);
    s->p = end + 1;
    return STATUS_OK;
}

static enum status number_literal(struct expression **out, struct parser *s, size_t bytes)
{
    const char *text = arena_strndup(s->arena, s->p, bytes);
    enum status st = node(out, s, NODE_VALUE, 0);

    if (st || !text)
        return st ? st : error_no_memory(s->err);
    if (num_parse_double(&(*out)->value.x, text))
        return unexpected(s, "a number");
    (*out)->value.number = true;
    s->p += bytes;
    return STATUS_OK;
}

/* "(a, b, ...)" behind a function or `in`: items from `first` on. */
static enum status list(struct expression *e, struct parser *s, size_t first)
{
    enum status st;

    e->count = first;
    if (!take(s, "("))
        return unexpected(s, "(");
    do {
        if (e->count == ITEMS_MAX)
            return unexpected(s, "a shorter list");
        if ((st = parse_or(&e->items[e->count++], s)))
            return st;
    } while (take(s, ","));
    return take(s, ")") ? STATUS_OK : unexpected(s, ") or ,");
}

static enum status call(struct expression **out, struct parser *s, const char *name)
{
    const char *known[FUNCTIONS];
    const struct function *f = NULL;
    enum status st;

    for (size_t i = 0; i < FUNCTIONS; i++) {
        known[i] = functions[i].name;
        f = strcmp(name, functions[i].name) == 0 ? &functions[i] : f;
    }
    if (!f) {
        const char *near = nearest_name(name, known, FUNCTIONS);
        return error_set(s->err, STATUS_BAD_INPUT, here(s), "expression: unknown function '%s'%s%s", name,
                         near ? "; nearest is " : ", expected abs, ceil, floor, max or min", near ? near : "");
    }
    if ((st = node(out, s, NODE_CALL, ITEMS_MAX)) || (st = list(*out, s, 0)))
        return st;
    (*out)->function = f;
    return (*out)->count >= f->least && (*out)->count <= f->most
               ? STATUS_OK
               : error_set(s->err, STATUS_BAD_INPUT, (*out)->at, "expression: %s takes %zu value%s, found %zu", name, f->most == 1 ? f->most : f->least,
                           f->most == 1 ? "" : " or more", (*out)->count);
}

static enum status name(struct expression **out, struct parser *s)
{
    size_t bytes = 0;
    enum status st;

    while (is_name_byte(s->p[bytes]))
        bytes++;
    if (bytes == 0)
        return unexpected(s, "a value");
    const char *word = arena_strndup(s->arena, s->p, bytes);
    if (!word)
        return error_no_memory(s->err);
    if (s->p[bytes] == '(') {
        s->p += bytes;
        return call(out, s, word);
    }
    if ((st = node(out, s, NODE_NAME, 0)))
        return st;
    for (size_t i = 0; i < s->names->count; i++)
        if (strcmp(s->names->list[i], word) == 0) {
            (*out)->name = i;
            s->p += bytes;
            return STATUS_OK;
        }
    const char *near = nearest_name(word, s->names->list, s->names->count);
    return error_set(s->err, STATUS_BAD_INPUT, here(s), "expression: '%s' is no axis, no fixed and no derived value%s%s%s", word,
                     near ? "; nearest is '" : "", near ? near : "", near ? "'" : "");
}

static enum status primary(struct expression **out, struct parser *s)
{
    size_t bytes;
    enum status st;

    blanks(s);
    if (++s->depth > DEPTH_MAX)
        return error_set(s->err, STATUS_BAD_INPUT, here(s), "expression: more than %d levels", DEPTH_MAX);
    if (*s->p == '\'' || *s->p == '"') {
        st = text_literal(out, s);
    } else if (*s->p >= '0' && *s->p <= '9' && (bytes = num_decimal_length(s->p))) {
        st = number_literal(out, s, bytes);
    } else if (take(s, "(")) {
        st = parse_or(out, s);
        st = st ? st : take(s, ")") ? STATUS_OK : unexpected(s, ")");
    } else if (take(s, "-")) {
        if (!(st = node(out, s, NODE_NEGATE, 1)))
            st = primary(&(*out)->items[0], s);
    } else {
        st = name(out, s);
    }
    s->depth--;
    return st;
}

/* `left OPERATOR right` of one kind. */
static enum status join(struct expression **left, struct parser *s, enum node_kind kind, char operator, enum status (*next)(struct expression **, struct parser *))
{
    struct expression *e;
    enum status st = node(&e, s, kind, 2);

    if (st)
        return st;
    e->operator = operator;
    e->items[0] = *left;
    if ((st = next(&e->items[1], s)))
        return st;
    *left = e;
    return STATUS_OK;
}

/* One of `signs` (single bytes), or 0. */
static char take_sign(struct parser *s, const char *signs)
{
    blanks(s);
    return *s->p && strchr(signs, *s->p) ? *s->p++ : 0;
}

static enum status product(struct expression **out, struct parser *s)
{
    enum status st = primary(out, s);

    for (char sign; !st && (sign = take_sign(s, "*/%"));)
        st = join(out, s, NODE_ARITHMETIC, sign, primary);
    return st;
}

static enum status sum(struct expression **out, struct parser *s)
{
    enum status st = product(out, s);

    for (char sign; !st && (sign = take_sign(s, "+-"));)
        st = join(out, s, NODE_ARITHMETIC, sign, product);
    return st;
}

static enum status comparison(struct expression **out, struct parser *s)
{
    static const struct { const char *sign; enum comparison is; } signs[] = {
        { "<=", LESS_EQUAL }, { ">=", GREATER_EQUAL }, { "==", EQUAL }, { "!=", NOT_EQUAL }, { "<", LESS }, { ">", GREATER } };
    enum status st = sum(out, s);

    if (!st && take(s, "in")) {
        struct expression *e;
        if ((st = node(&e, s, NODE_IN, ITEMS_MAX)))
            return st;
        e->items[0] = *out;
        *out = e;
        return list(e, s, 1);
    }
    for (size_t i = 0; !st && i < sizeof signs / sizeof signs[0]; i++)
        if (take(s, signs[i].sign))
            return join(out, s, NODE_COMPARE, (char)signs[i].is, sum);
    return st;
}

static enum status negation(struct expression **out, struct parser *s)
{
    enum status st;

    if (!take(s, "not"))
        return comparison(out, s);
    if (++s->depth > DEPTH_MAX)
        return error_set(s->err, STATUS_BAD_INPUT, here(s), "expression: more than %d levels", DEPTH_MAX);
    st = node(out, s, NODE_NOT, 1);
    st = st ? st : negation(&(*out)->items[0], s);
    s->depth--;
    return st;
}

static enum status parse_and(struct expression **out, struct parser *s)
{
    enum status st = negation(out, s);

    while (!st && take(s, "and"))
        st = join(out, s, NODE_AND, 0, negation);
    return st;
}

static enum status parse_or(struct expression **out, struct parser *s)
{
    enum status st = parse_and(out, s);

    while (!st && take(s, "or"))
        st = join(out, s, NODE_OR, 0, parse_and);
    return st;
}

enum status expression_parse(struct expression **out, const char *text, struct source_pos at, const struct names *names, struct arena *arena,
                             struct error *err)
{
    struct parser s = { text, text, at, names, arena, err, 0 };
    enum status st = parse_or(out, &s);

    blanks(&s);
    return st ? st : *s.p ? unexpected(&s, "an operator or the end") : STATUS_OK;
}

/* ---- evaluation ---- */

static enum status as_number(double *x, const struct value *v, const struct expression *e, struct error *err)
{
    *x = v->x;
    return v->number ? STATUS_OK : error_set(err, STATUS_BAD_INPUT, e->at, "expression: '%s' is a text, expected a number", v->text);
}

static enum status arithmetic(struct value *out, const struct expression *e, double a, double b, struct error *err)
{
    if (b == 0 && (e->operator == '/' || e->operator == '%'))
        return error_set(err, STATUS_BAD_INPUT, e->at, "expression: division by zero");
    out->number = true;
    switch (e->operator) {
    case '+': out->x = a + b; break;
    case '-': out->x = a - b; break;
    case '*': out->x = a * b; break;
    case '/': out->x = a / b; break;
    default:  out->x = fmod(a, b); break; /* exact */
    }
    return isfinite(out->x) ? STATUS_OK : error_set(err, STATUS_BAD_INPUT, e->at, "expression: the value is not finite");
}

static bool compared(enum comparison is, int order)
{
    switch (is) {
    case LESS:          return order < 0;
    case LESS_EQUAL:    return order <= 0;
    case EQUAL:         return order == 0;
    case NOT_EQUAL:     return order != 0;
    case GREATER_EQUAL: return order >= 0;
    default:            return order > 0;
    }
}

static enum status compare(bool *out, const struct expression *e, const struct value *a, const struct value *b, struct error *err)
{
    enum comparison is = (enum comparison)e->operator;

    if (a->number != b->number) {
        if (is == EQUAL || is == NOT_EQUAL) {
            *out = is == NOT_EQUAL;
            return STATUS_OK;
        }
        return error_set(err, STATUS_BAD_INPUT, e->at, "expression: a number is compared with the text '%s'", a->number ? b->text : a->text);
    }
    *out = compared(is, a->number ? (a->x > b->x) - (a->x < b->x) : strcmp(a->text, b->text));
    return STATUS_OK;
}

static bool equal(const struct value *a, const struct value *b)
{
    return a->number == b->number && (a->number ? a->x == b->x : strcmp(a->text, b->text) == 0);
}

static enum status is_in(bool *out, const struct expression *e, expression_lookup *lookup, void *context, struct error *err)
{
    struct value first, item;
    enum status st = expression_value(&first, e->items[0], lookup, context, err);

    *out = false;
    for (size_t i = 1; i < e->count && !st && !*out; i++)
        if (!(st = expression_value(&item, e->items[i], lookup, context, err)))
            *out = equal(&first, &item);
    return st;
}

static enum status call_value(struct value *out, const struct expression *e, expression_lookup *lookup, void *context, struct error *err)
{
    double x[ITEMS_MAX];
    enum status st = STATUS_OK;

    for (size_t i = 0; i < e->count && !st; i++) {
        struct value v;
        if (!(st = expression_value(&v, e->items[i], lookup, context, err)))
            st = as_number(&x[i], &v, e->items[i], err);
    }
    if (!st)
        *out = (struct value){ .number = true, .x = e->function->apply(x, e->count) };
    return st;
}

enum status expression_value(struct value *out, const struct expression *e, expression_lookup *lookup, void *context, struct error *err)
{
    struct value a, b;
    bool yes = false;
    double x, y;
    enum status st = STATUS_OK;

    switch (e->kind) {
    case NODE_VALUE: *out = e->value; return STATUS_OK;
    case NODE_NAME:  *out = lookup(context, e->name); return STATUS_OK;
    case NODE_CALL:  return call_value(out, e, lookup, context, err);
    case NODE_IN:    st = is_in(&yes, e, lookup, context, err); break;
    case NODE_NOT:   st = expression_true(&yes, e->items[0], lookup, context, err); yes = !yes; break;
    case NODE_OR:
    case NODE_AND:
        if (!(st = expression_true(&yes, e->items[0], lookup, context, err)) && yes == (e->kind == NODE_AND))
            st = expression_true(&yes, e->items[1], lookup, context, err);
        break;
    case NODE_NEGATE:
        if ((st = expression_value(&a, e->items[0], lookup, context, err)) || (st = as_number(&x, &a, e, err)))
            return st;
        *out = (struct value){ .number = true, .x = -x };
        return STATUS_OK;
    default:
        if ((st = expression_value(&a, e->items[0], lookup, context, err)) || (st = expression_value(&b, e->items[1], lookup, context, err)))
            return st;
        if (e->kind == NODE_COMPARE) {
            st = compare(&yes, e, &a, &b, err);
            break;
        }
        if ((st = as_number(&x, &a, e, err)) || (st = as_number(&y, &b, e, err)))
            return st;
        return arithmetic(out, e, x, y, err);
    }
    *out = (struct value){ .number = true, .x = yes };
    return st;
}

enum status expression_true(bool *out, const struct expression *e, expression_lookup *lookup, void *context, struct error *err)
{
    struct value v;
    enum status st = expression_value(&v, e, lookup, context, err);

    if (st)
        return st;
    if (!v.number)
        return error_set(err, STATUS_BAD_INPUT, e->at, "expression: '%s' is a text, expected a condition", v.text);
    *out = v.x != 0;
    return STATUS_OK;
}

struct value value_of_text(const char *text)
{
    struct value v = { .text = text };

    v.number = num_parse_double(&v.x, text) == 0;
    return v;
}
