/* SPDX-License-Identifier: Apache-2.0 */
/* Reading measured rows (validate/rows.h). */
#include "validate/rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/nearest.h"
#include "base/num.h"
#include "validate/predict.h"

enum { COLUMNS_MAX = 256 };

struct row_file {
    struct csv *csv;
    const struct measurement_kind *kind;
    const char *names[COLUMNS_MAX];
    int columns;
};

/* Length of the first word of `words`. */
static size_t word(const char *words) { return strcspn(words, " "); }
static const char *after(const char *words)
{
    words += word(words);
    return words + strspn(words, " ");
}

static bool is_column(const struct row_file *f, const char *name, size_t n)
{
    for (int i = 0; i < f->columns; i++)
        if (strlen(f->names[i]) == n && strncmp(f->names[i], name, n) == 0)
            return true;
    return false;
}

static bool is_word(const char *words, const char *name) { return word(words) == strlen(name) && strncmp(words, name, strlen(name)) == 0; }

/* Predictions need neither what was measured nor by whom; but a name close to one of them is a slip of the pen. */
static bool may_lack(const struct row_file *f, const struct measurement_kind *kind, const char *words)
{
    const char *name = is_word(words, kind->measured) ? kind->measured : is_word(words, "source") ? "source" : NULL;

    return name != NULL && nearest_name(name, f->names, (size_t)f->columns) == NULL;
}

static int missing(const struct row_file *f, const struct measurement_kind *kind, const char **first)
{
    int count = 0;

    for (const char *w = kind->columns; *w; w = after(w))
        if (!is_column(f, w, word(w)) && !may_lack(f, kind, w) && count++ == 0)
            *first = w;
    return count;
}

static enum status recognise(struct row_file *f, const char *path, struct error *err)
{
    const struct measurement_kind *nearest = NULL;
    const char *lacks = "";
    int fewest = COLUMNS_MAX;

    for (const struct measurement_kind *const *k = measurement_kinds; *k; k++) {
        const char *first = "";
        int count = missing(f, *k, &first);

        if (count == 0) {
            f->kind = *k;
            return STATUS_OK;
        }
        if (count < fewest) {
            fewest = count;
            nearest = *k;
            lacks = first;
        }
    }
    return error_set(err, STATUS_BAD_INPUT, (struct source_pos){ path, 1, 1 },
                     "the header is of no kind of measurement; nearest is %s, which needs the column '%.*s' (docs/validation.md)", nearest->name,
                     (int)word(lacks), lacks);
}

enum status row_file_open(struct row_file **out, const char *path, struct error *err)
{
    struct row_file *f = calloc(1, sizeof *f);
    enum status st;

    if (!f)
        return error_no_memory(err);
    if ((st = csv_open(&f->csv, path, err))) {
        free(f);
        return st;
    }
    f->columns = csv_columns(f->csv) < COLUMNS_MAX ? csv_columns(f->csv) : COLUMNS_MAX;
    for (int i = 0; i < f->columns; i++)
        f->names[i] = csv_name(f->csv, i);
    if ((st = recognise(f, path, err)))
        row_file_close(f);
    else
        *out = f;
    return st;
}

const struct measurement_kind *row_file_kind(const struct row_file *f) { return f->kind; }

enum status row_file_next(struct row *out, struct row_file *f, struct error *err)
{
    const char *const *fields;
    enum status st = csv_next(f->csv, &fields, err);

    *out = (struct row){ f->kind, f->names, st ? NULL : fields, f->columns, csv_pos(f->csv) };
    return st;
}

void row_file_close(struct row_file *f)
{
    if (f)
        csv_close(f->csv);
    free(f);
}

static const char *field(const struct row *row, const char *column)
{
    for (int i = 0; i < row->columns; i++)
        if (strcmp(row->names[i], column) == 0)
            return row->fields[i];
    return NULL;
}

const char *row_text(const struct row *row, const char *column)
{
    const char *text = strcmp(column, row->kind->measured) == 0 ? NULL : field(row, column);

    return text ? text : "";
}

bool row_has(const struct row *row, const char *column) { return row_text(row, column)[0] != '\0'; }

enum status row_count(int64_t *out, const struct row *row, const char *column, int64_t low, int64_t high, struct error *err)
{
    const char *text = row_text(row, column);
    char *end;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < low || value > high)
        return error_set(err, STATUS_BAD_INPUT, row->at, "%s is '%s', expected a whole number from %lld to %lld", column, text, (long long)low,
                         (long long)high);
    *out = value;
    return STATUS_OK;
}

/* What spreadsheets and data frames write where nothing is. */
static bool is_blank(const char *text)
{
    static const char *const blanks[] = { "", "-", "?", "N/A", "NA", "NaN", "None", "nan", "null" };

    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++)
        if (strcmp(text, blanks[i]) == 0)
            return true;
    return false;
}

enum status row_measured(double *out, const struct row *row, struct error *err)
{
    const char *text = field(row, row->kind->measured);

    *out = NAN;
    if (!text || is_blank(text))
        return STATUS_OK;
    if (num_parse_double(out, text) != 0 || *out <= 0.0) {
        *out = NAN;
        return error_set(err, STATUS_BAD_INPUT, row->at, "%s is '%s', expected a number above 0, or nothing", row->kind->measured, text);
    }
    return STATUS_OK;
}
