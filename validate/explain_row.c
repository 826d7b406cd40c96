/* SPDX-License-Identifier: Apache-2.0 */
/* A measured row with the kernel behind its prediction (validate/explain_row.h). */
#include "validate/explain_row.h"

#include <math.h>
#include <string.h>

#include "base/path.h"

/* Kinds that time kernels are in microseconds; others carry a unit. */
static bool in_microseconds(const struct row *row)
{
    return strcmp(row->kind->measured, "time_us") == 0;
}

static enum status predict_at(struct explained_row *out, const struct row *row, const char *path, struct predictor *p, struct arena *arena,
                              struct error *err)
{
    double measured;
    enum status st;

    p->watch = &out->seen;
    st = predict_row(&out->prediction, row, p, arena, err);
    p->watch = NULL;
    if (st || (st = row_measured(&measured, row, err)))
        return st;
    if (out->seen.kernels == 0)
        return error_set(err, STATUS_BAD_INPUT, row->at, "a row of kind %s holds no single kernel: 'llmsim run --explain ROLE' explains a run",
                         row->kind->name);
    out->harness = harness_find(&p->harnesses, row_text(row, "source"), row->kind->name);
    out->measured_s = in_microseconds(row) && measured > 0 ? measured * 1e-6 : 0;
    out->predicted_s = in_microseconds(row) ? out->prediction.value * 1e-6 : out->seen.kernels_s;
    out->place = arena_printf(arena, "%s:%d", path_name(path), row->at.line);
    return out->place ? STATUS_OK : error_no_memory(err);
}

enum status explain_row(struct explained_row *out, const char *path, int64_t line, struct predictor *p, struct arena *arena, struct error *err)
{
    struct row_file *file;
    struct row row;
    enum status st;

    memset(out, 0, sizeof *out);
    if ((st = row_file_open(&file, path, err)))
        return st;
    while (!(st = row_file_next(&row, file, err)) && row.fields && row.at.line < line)
        ;
    if (!st && (!row.fields || row.at.line != line))
        st = error_plain(err, STATUS_BAD_INPUT, "%s: no row at line %lld (the header is line 1)", path, (long long)line);
    if (!st)
        st = predict_at(out, &row, path, p, arena, err);
    row_file_close(file);
    return st;
}
