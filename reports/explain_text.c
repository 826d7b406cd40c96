/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explanation of a kernel on a terminal, in the order of the questions: how long and how far from the bound; which mapping and what else
 * there was; how blocks fill the chip; what a step waits for; where the time goes; traffic against peaks; what would make it faster.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "reports/explain_report.h"
#include "reports/text.h"

enum { COLUMNS_MIN = 72, COLUMNS_MAX = 100, LABEL = 15, ROOM = 160, SENSITIVITIES_SHOWN = 12, TIME_WIDTH = 11, SHARE_WIDTH = 9, BAR_WIDTH = 12 };

static enum text_colour colour_of(enum cause cause)
{
    static const enum text_colour colours[CAUSES] = {
        [CAUSE_MATRIX] = TEXT_GREEN, [CAUSE_VECTOR] = TEXT_YELLOW, [CAUSE_SHARED] = TEXT_CYAN, [CAUSE_L2] = TEXT_CYAN,
        [CAUSE_DRAM] = TEXT_BLUE, [CAUSE_LINK] = TEXT_MAGENTA, [CAUSE_LAUNCH] = TEXT_RED, [CAUSE_STALL] = TEXT_RED,
    };
    return colours[cause];
}

const char *report_kernel_shape(char *out, size_t bytes, const struct kernel *k)
{
    switch (k->kind) {
    case KERNEL_GEMM: {
        const struct gemm_kernel_shape *g = &k->gemm;
        snprintf(out, bytes, "%s%lld x %lld x %lld", g->batch > 1 ? "batched " : "", (long long)g->m, (long long)g->n, (long long)g->k);
        if (g->batch > 1)
            snprintf(out + strlen(out), bytes - strlen(out), ", %lld times", (long long)g->batch);
        break;
    }
    case KERNEL_ATTENTION: {
        const struct attention_kernel_shape *a = &k->attention;
        int64_t sequences = 0, longest = 0;
        for (int64_t i = 0; i < a->groups_count; i++) {
            sequences += a->groups[i].count;
            longest = a->groups[i].kv > longest ? a->groups[i].kv : longest;
        }
        snprintf(out, bytes, "%lld sequence%s, context to %lld, %lld heads (%lld KV) of %lld", (long long)sequences, sequences == 1 ? "" : "s",
                 (long long)longest, (long long)a->heads, (long long)a->kv_heads, (long long)a->head_dim);
        break;
    }
    case KERNEL_STREAM: snprintf(out, bytes, "%lld x %lld", (long long)k->stream.rows, (long long)k->stream.cols); break;
    default: snprintf(out, bytes, "%lld B of each of %lld ranks", (long long)k->collective.bytes, (long long)k->collective.ranks); break;
    }
    return out;
}

static void format_seconds(char *out, size_t bytes, double seconds)
{
    text_time(out, bytes, num_ps(seconds));
}

static void put_label(FILE *out, const struct text_style *s, const char *label, const char *value)
{
    fputs("  ", out);
    text_cell(out, s, TEXT_DIM, LABEL, label);
    text_wrap(out, s, TEXT_PLAIN, 2 + LABEL, value);
}

static void put_title(FILE *out, const struct text_style *s, const char *title, const char *right)
{
    fputc('\n', out);
    text_cell(out, s, TEXT_BOLD, s->columns - text_width(right), title);
    text_cell(out, s, TEXT_DIM, -text_width(right), right);
    fputc('\n', out);
    text_rule(out, s);
}

static void put_line(FILE *out, const struct text_style *s, const char *text)
{
    fputs("  ", out);
    text_wrap(out, s, TEXT_PLAIN, 2, text);
}

/* ---- head ---- */

static void put_found(FILE *out, const struct text_style *s, const struct explain_found *f)
{
    char text[2 * ROOM], time[32], role[32];

    format_seconds(time, sizeof time, f->launches_s);
    format_seconds(role, sizeof role, f->role_s);
    snprintf(text, sizeof text, "%lld launches of the step at line %lld (%s, iteration %lld) take %s; the role %s, %.1f %% of all kernels",
             (long long)f->launches, (long long)f->step_line, phase_name(f->phase), (long long)f->iteration, time, role,
             f->trace_s > 0 ? 100 * f->role_s / f->trace_s : 0.0);
    put_label(out, s, "stands for", text);
}

/* The row against its prediction, and what of the prediction is not this kernel. */
static void put_row(FILE *out, const struct text_style *s, const struct explain_head *head)
{
    const struct explained_row *r = head->row;
    char text[3 * ROOM], time[32], low[32], high[32], rest[32];

    if (!r)
        return;
    format_seconds(time, sizeof time, r->predicted_s);
    snprintf(text, sizeof text, "%s for the row", time);
    if (r->seen.kernels > 1) {
        format_seconds(rest, sizeof rest, r->seen.kernels_s - r->seen.longest_s);
        snprintf(text + strlen(text), sizeof text - strlen(text), ", %s of it %lld more kernel%s", rest, (long long)r->seen.kernels - 1,
                 r->seen.kernels == 2 ? "" : "s");
    }
    if (r->predicted_s - r->seen.kernels_s > 1e-12) {
        format_seconds(rest, sizeof rest, r->predicted_s - r->seen.kernels_s);
        snprintf(text + strlen(text), sizeof text - strlen(text), ", %s of it beside the device, which this source's clock holds", rest);
    }
    put_label(out, s, "predicted", text);
    if (isfinite(r->prediction.low) && isfinite(r->prediction.high)) {
        format_seconds(low, sizeof low, r->prediction.low * 1e-6);
        format_seconds(high, sizeof high, r->prediction.high * 1e-6);
        snprintf(text, sizeof text, "%s to %s", low, high);
        put_label(out, s, "80 % interval", text);
    }
    if (r->measured_s > 0) {
        format_seconds(time, sizeof time, r->measured_s);
        snprintf(text, sizeof text, "%s: the prediction is %.1f %% %s", time, 100 * fabs(r->predicted_s / r->measured_s - 1),
                 r->predicted_s > r->measured_s ? "above" : "below");
        put_label(out, s, "measured", text);
    }
    snprintf(text, sizeof text, "%s, harness %s", r->place, r->harness ? r->harness->name : "none");
    if (r->harness)
        snprintf(text + strlen(text), sizeof text - strlen(text), ": %s%s", r->harness->sustained ? "sustained" : "in bursts, power cap not acting",
                 harness_clock_share(r->harness, head->arch) > 0 ? ", at a fitted clock" : "");
    put_label(out, s, "row", text);
}

/* Formats and unit: what lowering noted, or what the kernel itself says. */
static const char *describe(char *out, size_t bytes, const struct kernel *k)
{
    char a[64], b[64];

    if (k->note[0])
        snprintf(out, bytes, "%s", k->note);
    else if (k->kind == KERNEL_GEMM)
        snprintf(out, bytes, "%s x %s on %s", quant_format(a, sizeof a, &k->gemm.a), quant_format(b, sizeof b, &k->gemm.b), k->gemm.unit->name);
    else if (k->kind == KERNEL_ATTENTION)
        snprintf(out, bytes, "%s, cache in %s, on %s", k->attention.compute->name, quant_format(b, sizeof b, &k->attention.kv), k->attention.unit->name);
    else
        snprintf(out, bytes, "%s", k->kind == KERNEL_STREAM ? "element by element" : "over the links");
    return out;
}

static void put_head(FILE *out, const struct text_style *s, const struct explanation *e, const struct explain_head *head)
{
    const struct timing *t = &e->timing;
    char text[3 * ROOM], shape[ROOM], note[ROOM], time[32], bound[32];

    report_kernel_shape(shape, sizeof shape, e->kernel);
    text_cell(out, s, TEXT_BOLD, s->columns - 9, e->kernel->role);
    text_cell(out, s, TEXT_DIM, -9, "analytic");
    fputc('\n', out);
    text_rule(out, s);
    snprintf(text, sizeof text, "%s, %s", head->arch, head->stack);
    put_label(out, s, "on", text);
    snprintf(text, sizeof text, "%s; %s", shape, describe(note, sizeof note, e->kernel));
    put_label(out, s, "kernel", text);
    if (head->found)
        put_found(out, s, head->found);
    format_seconds(time, sizeof time, t->time_s);
    snprintf(text, sizeof text, "%s, bound by %s", time, cause_name(t->bound));
    put_label(out, s, "time", text);
    format_seconds(bound, sizeof bound, e->roofline_s);
    snprintf(text, sizeof text, "%s (%s): %.0f %% of it is reached", bound, cause_name(e->roofline_bound), 100 * e->roofline_s / t->time_s);
    put_label(out, s, "roofline", text);
    if (t->clock_hz < e->highest_hz)
        snprintf(text, sizeof text, "%.0f MHz of %.0f: held down by the power cap", t->clock_hz * 1e-6, e->highest_hz * 1e-6);
    else
        snprintf(text, sizeof text, "%.0f MHz, the highest", t->clock_hz * 1e-6);
    put_label(out, s, "clock", text);
    put_row(out, s, head);
}

/* ---- mapping and waves ---- */

/* Under the list of mappings: why the picked one is. */
static const char *how_picked(const struct gemm_kernel *kernel)
{
    if (kernel && kernel->pick && strcmp(kernel->pick, "timed") == 0)
        return "> is picked: the fastest when the engine timed its kernels, at the next power of two of rows.";
    if (kernel && kernel->pick && strcmp(kernel->pick, "fill") == 0)
        return "> is picked: fewest waves, then the fullest last one, then the fewest columns.";
    return "> is picked. rule: what the library's own cost model gives it, over the picked one's (it takes the least).";
}

static void put_mappings(FILE *out, const struct text_style *s, const struct explanation *e)
{
    char text[ROOM], right[ROOM];

    if (e->mappings_count == 0)
        return;
    snprintf(right, sizeof right, "%lld legal, %lld faster than the picked one", (long long)e->legal_count, (long long)e->faster_count);
    put_title(out, s, e->kernel->kind == KERNEL_GEMM ? "Mappings" : "Splits of the keys", right);
    fputs("  ", out);
    text_cell(out, s, TEXT_DIM, s->columns - 2 - TIME_WIDTH - 2 * SHARE_WIDTH, "  tile, stages, split, waves");
    text_cell(out, s, TEXT_DIM, -TIME_WIDTH, "time");
    text_cell(out, s, TEXT_DIM, -SHARE_WIDTH, "against");
    text_cell(out, s, TEXT_DIM, -SHARE_WIDTH, e->kernel->kind == KERNEL_GEMM ? "rule" : "");
    fputc('\n', out);
    for (int64_t i = 0; i < e->mappings_count; i++) {
        const struct explain_mapping *m = &e->mappings[i];

        fputs("  ", out);
        text_cell(out, s, TEXT_GREEN, 2, m->picked ? ">" : "");
        text_cell(out, s, m->picked ? TEXT_BOLD : TEXT_PLAIN, s->columns - 4 - TIME_WIDTH - 2 * SHARE_WIDTH, m->text);
        format_seconds(text, sizeof text, m->time_s);
        text_cell(out, s, TEXT_PLAIN, -TIME_WIDTH, text);
        *text = '\0';
        if (!m->picked)
            snprintf(text, sizeof text, "%+.1f %%", 100 * (m->time_s / e->timing.time_s - 1));
        text_cell(out, s, TEXT_PLAIN, -SHARE_WIDTH, text);
        *text = '\0';
        if (m->rule > 0)
            snprintf(text, sizeof text, "%.2f", m->rule);
        text_cell(out, s, TEXT_DIM, -SHARE_WIDTH, text);
        fputc('\n', out);
    }
    if (e->kernel->kind == KERNEL_GEMM)
        put_line(out, s, how_picked(e->timing.mapping.gemm.kernel));
}

static void put_waves(FILE *out, const struct text_style *s, const struct explanation *e)
{
    const struct explain_waves *w = &e->waves;
    char text[2 * ROOM];

    if (w->blocks <= 0)
        return;
    put_title(out, s, "Waves", "");
    snprintf(text, sizeof text, "%lld blocks on %lld SMs x %lld: %.2f waves. Slots that have work: %.0f %%.", (long long)w->blocks,
             (long long)w->sms, (long long)w->blocks_per_sm, w->waves, 100 * w->wave_share);
    if (e->kernel->kind == KERNEL_GEMM)
        snprintf(text + strlen(text), sizeof text - strlen(text), " Tile area that holds data: %.0f %%.", 100 * w->tile_share);
    put_line(out, s, text);
}

/* ---- pipeline ---- */

static void put_bar_row(FILE *out, const struct text_style *s, const char *name, double time_s, double whole_s, enum cause cause, const char *last)
{
    char text[ROOM];
    int names = s->columns - 2 - TIME_WIDTH - SHARE_WIDTH - 2 - BAR_WIDTH - 2 - 8;

    fputs("  ", out);
    text_cell(out, s, TEXT_PLAIN, names, name);
    format_seconds(text, sizeof text, time_s);
    text_cell(out, s, TEXT_PLAIN, -TIME_WIDTH, text);
    snprintf(text, sizeof text, "%.1f %%", whole_s > 0 ? 100 * time_s / whole_s : 0.0);
    text_cell(out, s, TEXT_PLAIN, -SHARE_WIDTH, text);
    fputs("  ", out);
    text_bar(out, s, colour_of(cause), whole_s > 0 ? time_s / whole_s : 0, BAR_WIDTH);
    fputs("  ", out);
    text_cell(out, s, colour_of(cause), 8, last);
    fputc('\n', out);
}

static void put_pipeline(FILE *out, const struct text_style *s, const struct explanation *e)
{
    const struct account *a = &e->account;
    char right[ROOM], step[32];

    if (a->resources_count > 0) {
        format_seconds(step, sizeof step, a->step_s);
        snprintf(right, sizeof right, a->steps > 1 ? "%s, %.4g times" : "%s", step, a->steps);
        put_title(out, s, "A step of the steady state", right);
        for (int64_t i = 0; i < a->resources_count; i++)
            put_bar_row(out, s, a->resources[i].name, a->resources[i].time_s, a->step_s, a->resources[i].cause, "");
        snprintf(right, sizeof right, "A step: %s. Resources overlap; the nearer others come to the longest, the more they add to it.", a->step_name);
        put_line(out, s, right);
    }
    format_seconds(right, sizeof right, e->timing.time_s);
    put_title(out, s, "Where the time goes", right);
    for (int64_t i = 0; i < a->parts_count; i++)
        put_bar_row(out, s, a->parts[i].name, a->parts[i].time_s, e->timing.time_s, a->parts[i].cause, cause_name(a->parts[i].cause));
}

/* ---- traffic ---- */

static void put_traffic(FILE *out, const struct text_style *s, const struct explanation *e)
{
    enum { NAME = 18, AMOUNT = 15, RATE = 17 };
    char text[ROOM], unit[16];

    if (e->traffic_count == 0)
        return;
    put_title(out, s, "Work and traffic", "at the launch's clock");
    fputs("  ", out);
    text_cell(out, s, TEXT_DIM, NAME, "resource");
    text_cell(out, s, TEXT_DIM, -AMOUNT, "amount");
    text_cell(out, s, TEXT_DIM, -RATE, "rate");
    text_cell(out, s, TEXT_DIM, -RATE, "peak");
    text_cell(out, s, TEXT_DIM, -SHARE_WIDTH, "of peak");
    fputc('\n', out);
    for (int64_t i = 0; i < e->traffic_count; i++) {
        const struct explain_traffic *t = &e->traffic[i];

        fputs("  ", out);
        text_cell(out, s, TEXT_PLAIN, NAME, t->name);
        snprintf(unit, sizeof unit, "%s/s", t->unit);
        text_si(text, sizeof text, t->amount, t->unit);
        text_cell(out, s, TEXT_PLAIN, -AMOUNT, text);
        text_si(text, sizeof text, t->amount / e->timing.time_s, unit);
        text_cell(out, s, TEXT_PLAIN, -RATE, text);
        text_si(text, sizeof text, t->peak_per_s, unit);
        text_cell(out, s, TEXT_PLAIN, -RATE, text);
        snprintf(text, sizeof text, "%.0f %%", 100 * t->at_peak_s / e->timing.time_s);
        text_cell(out, s, colour_of(t->cause), -SHARE_WIDTH, text);
        fputc('\n', out);
    }
}

/* ---- what would make it faster ---- */

static void put_sensitivities(FILE *out, const struct text_style *s, const struct explanation *e)
{
    char text[ROOM];
    int64_t shown = e->sensitivities_count < SENSITIVITIES_SHOWN ? e->sensitivities_count : SENSITIVITIES_SHOWN;
    double largest = shown > 0 ? fabs(e->sensitivities[0].change) : 0;

    if (shown == 0)
        return;
    snprintf(text, sizeof text, "%lld of %lld that matter", (long long)shown, (long long)e->sensitivities_count);
    put_title(out, s, "Change of the time for 10 % more of", text);
    for (int64_t i = 0; i < shown; i++) {
        const struct explain_sensitivity *v = &e->sensitivities[i];

        fputs("  ", out);
        text_cell(out, s, TEXT_PLAIN, 34, v->path);
        snprintf(text, sizeof text, "%+.2f %%", 100 * v->change);
        text_cell(out, s, TEXT_PLAIN, -10, text);
        fputs("  ", out);
        text_bar(out, s, v->change < 0 ? TEXT_GREEN : TEXT_RED, largest > 0 ? fabs(v->change) / largest : 0, BAR_WIDTH);
        fputs(v->moved ? "  another mapping\n" : "\n", out);
    }
}

static void put_faster(FILE *out, const struct text_style *s, const struct explanation *e)
{
    char text[2 * ROOM], time[32];
    bool better = e->faster_count > 0 && e->mappings_count > 0;

    if (!better && e->shapes_count == 0)
        return;
    put_title(out, s, "What would make better use of the chip", "");
    if (better) {
        format_seconds(time, sizeof time, e->mappings[0].time_s);
        snprintf(text, sizeof text, "mapping %s: %s, %.1f %% less (--mapping best)", e->mappings[0].text, time,
                 100 * (1 - e->mappings[0].time_s / e->timing.time_s));
        put_line(out, s, text);
    }
    for (int64_t i = 0; i < e->shapes_count; i++) {
        const struct explain_shape *v = &e->shapes[i];

        format_seconds(time, sizeof time, v->time_s);
        snprintf(text, sizeof text, "%c = %lld: %s, %+.1f %%; %.1f %% more work a second (%s)", v->dimension, (long long)v->size, time,
                 100 * (v->time_s / e->timing.time_s - 1), 100 * (v->rate - 1), v->why);
        put_line(out, s, text);
    }
}

static void put_gap(FILE *out, const struct text_style *s, const struct explanation *e, const struct explain_gap *gap)
{
    char text[3 * ROOM], time[32], measured[32];

    if (!gap)
        return;
    format_seconds(measured, sizeof measured, gap->measured_s);
    put_title(out, s, "What could explain the gap, each alone", measured);
    if (gap->closest) {
        format_seconds(time, sizeof time, gap->closest->time_s);
        snprintf(text, sizeof text, gap->closest->picked ? "the mapping: none comes closer than the picked one" :
                 "the mapping: %s would take %s%s", gap->closest->text, time, gap->closest->time_s < e->timing.time_s ? "" :
                 " (a library that does not pick the best)");
        put_line(out, s, text);
    }
    for (int64_t i = 0; i < gap->needed_count; i++) {
        snprintf(text, sizeof text, "%s: %+.1f %%", gap->needed[i].path, 100 * gap->needed[i].change);
        put_line(out, s, text);
    }
    if (gap->needed_count == 0)
        put_line(out, s, "no single value within half of what the description says");
}

static void put_report(FILE *out, const struct explanation *e, const struct explain_head *head, const struct report_style *style)
{
    int columns = style->columns < COLUMNS_MIN ? COLUMNS_MIN : style->columns > COLUMNS_MAX ? COLUMNS_MAX : style->columns;
    struct text_style s = { .columns = columns, .colour = style->colour, .utf8 = style->utf8 };

    put_head(out, &s, e, head);
    put_mappings(out, &s, e);
    put_waves(out, &s, e);
    put_pipeline(out, &s, e);
    put_traffic(out, &s, e);
    put_sensitivities(out, &s, e);
    put_faster(out, &s, e);
    put_gap(out, &s, e, head->gap);
}

void report_explain_text(FILE *out, const struct explanation *e, const struct explain_head *head, const struct report_style *style)
{
    const struct text_style s = text_style_within(style, 40, 100);
    struct text_page page;

    put_report(text_page_begin(&page), e, head, style);
    text_page_end(&page, out, &s);
}
