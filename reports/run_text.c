/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of a run on a terminal. 80 columns, no boxes; what one asks first stands first: what was run, how fast, how much
 * energy, does it fit, where the time went and what bounds it, what the kernel library left on the table, warnings.
 */
#include <stdlib.h>
#include <string.h>

#include "reports/fold.h"
#include "reports/run_report.h"
#include "reports/text.h"

enum { COLUMNS_MIN = 60, COLUMNS_MAX = 100, COLUMNS_BAR = 72, LABEL = 12, TEXT_ROOM = 128 };

/* Widths of the role table without role and bar, which take what is left. */
enum { COUNT_WIDTH = 9, TIME_WIDTH = 11, SHARE_WIDTH = 8, BOUND_WIDTH = 9, PEAK_WIDTH = 10, BAR_WIDTH = 10, GAP = 2 };

static enum text_colour cause_colour(enum cause cause)
{
    static const enum text_colour colours[CAUSES] = {
        [CAUSE_MATRIX] = TEXT_GREEN, [CAUSE_VECTOR] = TEXT_YELLOW, [CAUSE_SHARED] = TEXT_CYAN, [CAUSE_L2] = TEXT_CYAN,
        [CAUSE_DRAM] = TEXT_BLUE, [CAUSE_LINK] = TEXT_MAGENTA, [CAUSE_LAUNCH] = TEXT_RED, [CAUSE_STALL] = TEXT_RED,
    };
    return colours[cause];
}

static double ratio(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

/* "12.3 %"; what is there but rounds to nothing says so. */
static void format_share(char *out, size_t bytes, double share)
{
    if (share > 0 && share < 0.0005)
        snprintf(out, bytes, "<0.1 %%");
    else
        snprintf(out, bytes, "%.1f %%", 100 * share);
}

static void put_label(FILE *out, const struct text_style *s, const char *label, const char *value)
{
    if (!value)
        return;
    fputs("  ", out);
    text_cell(out, s, TEXT_DIM, LABEL, label);
    text_wrap(out, s, TEXT_PLAIN, 2 + LABEL, value);
}

/* Two values on one line, the second may be NULL. */
static void put_label_pair(FILE *out, const struct text_style *s, const char *label, const char *value, const char *more)
{
    size_t room = (value ? strlen(value) : 0) + (more ? strlen(more) : 0) + 3;
    char *both = value && more ? malloc(room) : NULL;

    if (both)
        snprintf(both, room, "%s  %s", value, more);
    put_label(out, s, label, both ? both : value);
    free(both);
}

static void put_head(FILE *out, const struct text_style *s, const struct result *r, const struct report_head *head)
{
    char key[HASH_TEXT_MAX], right[TEXT_ROOM], fidelity[TEXT_ROOM], devices[TEXT_ROOM];

    hash_format(key, r->key);
    key[8] = '\0';
    snprintf(right, sizeof right, "%s%s  run %s", r->fidelity ? r->fidelity : "?", head->cached ? ", from the database" : "", key);
    text_cell(out, s, TEXT_BOLD, s->columns - text_width(right), head->model ? head->model : head->trace);
    text_cell(out, s, TEXT_DIM, -text_width(right), right);
    fputc('\n', out);
    text_rule(out, s);
    snprintf(devices, sizeof devices, "%s, %lld device%s", head->layout ? head->layout : "", (long long)r->devices, r->devices == 1 ? "" : "s");
    snprintf(fidelity, sizeof fidelity, "%s mappings", head->mapping ? head->mapping : "picked");
    put_label_pair(out, s, "hardware", head->arch, head->arch_summary);
    put_label(out, s, "changed", head->overrides && *head->overrides ? head->overrides : NULL);
    put_label_pair(out, s, "software", head->stack, fidelity);
    put_label(out, s, "workload", head->trace);
    put_label(out, s, "recipe", head->recipe);
    put_label(out, s, "layout", devices);
    fputc('\n', out);
}

/* Two columns of figures: label, value; value bold where it is the answer. */
static void put_pair(FILE *out, const struct text_style *s, const char *left, const char *left_value, const char *right, const char *right_value)
{
    int half = s->columns / 2;

    fputs("  ", out);
    text_cell(out, s, TEXT_DIM, 23, left);
    text_cell(out, s, TEXT_BOLD, half - 23, left_value);
    text_cell(out, s, TEXT_DIM, 16, right);
    text_cell(out, s, TEXT_BOLD, s->columns - half - 18, right_value);
    fputc('\n', out);
}

static void put_figures(FILE *out, const struct text_style *s, const struct result *r)
{
    char a[TEXT_ROOM], b[TEXT_ROOM];

    if (r->ttft_ps > 0)
        text_time(a, sizeof a, r->ttft_ps);
    else
        snprintf(a, sizeof a, "-"); /* a trace that makes no token */
    text_si(b, sizeof b, r->energy_j, "J");
    strncat(b, "  uncalibrated", sizeof b - strlen(b) - 1);
    put_pair(out, s, "time to first token", a, "energy", b);
    if (r->tpot_ps > 0)
        text_time(a, sizeof a, r->tpot_ps);
    else
        snprintf(a, sizeof a, "-");
    if (r->generated_tokens > 0)
        text_si(b, sizeof b, r->energy_j / (double)r->generated_tokens, "J");
    else
        snprintf(b, sizeof b, "-");
    put_pair(out, s, "time per output token", a, "  per token", b);
    snprintf(a, sizeof a, r->tokens_per_s < 9999.5 ? "%.4g tokens/s" : "%.0f tokens/s", r->tokens_per_s);
    snprintf(b, sizeof b, "%.0f W%s", r->average_power_w, r->devices > 1 ? " a device" : "");
    put_pair(out, s, "throughput", a, "average power", b);
    text_time(a, sizeof a, r->time_ps);
    text_count(b, sizeof b, r->generated_tokens);
    put_pair(out, s, "total time", a, "tokens made", b);
}

/* Error bars of the three times, in one line. docs/intervals.md */
static void put_interval(FILE *out, const struct text_style *s, const struct run_interval *v, const struct result *r)
{
    char low[TEXT_ROOM], high[TEXT_ROOM], line[4 * TEXT_ROOM];
    size_t n;

    if (!v || !v->known)
        return;
    text_time(low, sizeof low, v->time_low_ps);
    text_time(high, sizeof high, v->time_high_ps);
    n = (size_t)snprintf(line, sizeof line, "80 %% interval: total %s to %s", low, high);
    if (r->tpot_ps > 0 && n < sizeof line) {
        text_time(low, sizeof low, v->tpot_low_ps);
        text_time(high, sizeof high, v->tpot_high_ps);
        n += (size_t)snprintf(line + n, sizeof line - n, ", a token %s to %s", low, high);
    }
    if (n < sizeof line)
        snprintf(line + n, sizeof line - n, "%s", v->own_generation ? "" : " (no measurements of such units)");
    fputs("  ", out);
    text_wrap(out, s, TEXT_DIM, 2, line);
}

static void put_memory_line(FILE *out, const struct text_style *s, const char *name, int64_t bytes, int64_t capacity)
{
    char value[TEXT_ROOM], share[TEXT_ROOM];

    if (bytes <= 0)
        return;
    text_bytes(value, sizeof value, (double)bytes);
    format_share(share, sizeof share, ratio(bytes, capacity));
    fputs("  ", out);
    text_cell(out, s, TEXT_PLAIN, 14, name);
    text_cell(out, s, TEXT_PLAIN, -12, value);
    text_cell(out, s, TEXT_DIM, -9, share);
    fputs("  ", out);
    text_bar(out, s, TEXT_BLUE, ratio(bytes, capacity), s->columns - 39);
    fputc('\n', out);
}

static void put_title(FILE *out, const struct text_style *s, const char *title, const char *right)
{
    fputc('\n', out);
    text_cell(out, s, TEXT_BOLD, s->columns - text_width(right), title);
    text_cell(out, s, TEXT_PLAIN, -text_width(right), right);
    fputc('\n', out);
    text_rule(out, s);
}

static void put_memory(FILE *out, const struct text_style *s, const struct result *r)
{
    const struct memory_use *m = &r->memory;
    char total[TEXT_ROOM], capacity[TEXT_ROOM], share[TEXT_ROOM], right[3 * TEXT_ROOM + 32];

    text_bytes(total, sizeof total, (double)m->total);
    text_bytes(capacity, sizeof capacity, (double)m->capacity);
    format_share(share, sizeof share, ratio(m->total, m->capacity));
    snprintf(right, sizeof right, "%s of %s, %s", total, capacity, share);
    put_title(out, s, r->devices > 1 ? "Memory of each device" : "Memory", right);
    put_memory_line(out, s, "weights", m->weights, m->capacity);
    put_memory_line(out, s, "KV cache", m->kv, m->capacity);
    put_memory_line(out, s, "activations", m->activations, m->capacity);
    put_memory_line(out, s, "workspace", m->workspace, m->capacity);
}

/* A narrow terminal has no room for launches and bars. */
static bool is_narrow(const struct text_style *s)
{
    return s->columns < COLUMNS_BAR;
}

static int role_width(const struct text_style *s)
{
    int fixed = 2 + TIME_WIDTH + SHARE_WIDTH + GAP + BOUND_WIDTH + PEAK_WIDTH;

    return s->columns - fixed - (is_narrow(s) ? 0 : COUNT_WIDTH + BAR_WIDTH + GAP);
}

static void put_table_head(FILE *out, const struct text_style *s)
{
    fputs("  ", out);
    text_cell(out, s, TEXT_DIM, role_width(s), "role");
    if (!is_narrow(s))
        text_cell(out, s, TEXT_DIM, -COUNT_WIDTH, "launches");
    text_cell(out, s, TEXT_DIM, -TIME_WIDTH, "time");
    text_cell(out, s, TEXT_DIM, -SHARE_WIDTH, "share");
    fprintf(out, "%*s", is_narrow(s) ? GAP : GAP + BAR_WIDTH + GAP, "");
    text_cell(out, s, TEXT_DIM, BOUND_WIDTH, "bound");
    text_cell(out, s, TEXT_DIM, -PEAK_WIDTH, "of bound");
    fputc('\n', out);
}

static void put_table_row(FILE *out, const struct text_style *s, const struct folded_row *row, int64_t phase_ps)
{
    char text[TEXT_ROOM];
    double share = ratio(row->time_ps, phase_ps);

    fputs("  ", out);
    text_cell(out, s, TEXT_PLAIN, role_width(s), row->role);
    text_count(text, sizeof text, row->count);
    if (!is_narrow(s))
        text_cell(out, s, TEXT_PLAIN, -COUNT_WIDTH, text);
    text_time(text, sizeof text, row->time_ps);
    text_cell(out, s, TEXT_PLAIN, -TIME_WIDTH, text);
    format_share(text, sizeof text, share);
    text_cell(out, s, TEXT_PLAIN, -SHARE_WIDTH, text);
    fprintf(out, "%*s", GAP, "");
    if (!is_narrow(s)) {
        text_bar(out, s, cause_colour(row->bound), share, BAR_WIDTH);
        fprintf(out, "%*s", GAP, "");
    }
    text_cell(out, s, cause_colour(row->bound), BOUND_WIDTH, cause_name(row->bound));
    if (row->roofline_time_ps > 0)
        snprintf(text, sizeof text, "%.0f %%", 100 * ratio(row->roofline_time_ps, row->time_ps));
    else
        snprintf(text, sizeof text, "-");
    text_cell(out, s, TEXT_PLAIN, -PEAK_WIDTH, text);
    fputc('\n', out);
}

/* "dram 71 %, matrix 12 %, stall 9 %": where the time of a phase went, all roles together. */
static void put_causes(FILE *out, const struct text_style *s, const struct folded_row *all)
{
    char text[256] = "";
    size_t used = 0;

    for (int shown = 0; shown < CAUSES; shown++) {
        int best = -1;
        bool taken[CAUSES] = { false };

        for (int round = 0; round <= shown; round++) { /* the (shown + 1)-th largest; ties by order of enum cause */
            best = -1;
            for (int c = 0; c < CAUSES; c++)
                if (!taken[c] && (best < 0 || all->parts_ps[c] > all->parts_ps[best]))
                    best = c;
            taken[best] = true;
        }
        if (ratio(all->parts_ps[best], all->time_ps) < 0.005)
            break;
        int n = snprintf(text + used, sizeof text - used, "%s%s %.0f %%", shown ? ", " : "", cause_name((enum cause)best),
                         100 * ratio(all->parts_ps[best], all->time_ps));
        used += n > 0 ? (size_t)n : 0;
    }
    fputs("  ", out);
    text_wrap(out, s, TEXT_DIM, 2, text);
}

static void put_phase(FILE *out, const struct text_style *s, const struct result *r, const struct phase_result *p, struct folded_row *rows,
                      int rows_max)
{
    char title[3 * TEXT_ROOM], right[2 * TEXT_ROOM + 16], steps[TEXT_ROOM], tokens[TEXT_ROOM], time[TEXT_ROOM], share[TEXT_ROOM];
    struct folded_row rest = { .role = "other" }, all = { .role = "all" };
    int64_t count = fold_roles(rows, r, p->phase);

    text_count(steps, sizeof steps, p->steps);
    text_count(tokens, sizeof tokens, p->tokens);
    snprintf(title, sizeof title, "%s: %s step%s, %s tokens", p->phase == PHASE_PREFILL ? "Prefill" : p->phase == PHASE_DECODE ? "Decode" : "Mixed",
             steps, p->steps == 1 ? "" : "s", tokens);
    text_time(time, sizeof time, p->time_ps);
    format_share(share, sizeof share, ratio(p->time_ps, r->time_ps));
    snprintf(right, sizeof right, "%s, %s", time, share);
    put_title(out, s, title, right);
    put_table_head(out, s);
    for (int64_t i = 0; i < count; i++) {
        fold_add(&all, &rows[i]);
        if (rows_max > 0 && count > rows_max && i >= rows_max - 1)
            fold_add(&rest, &rows[i]);
        else
            put_table_row(out, s, &rows[i], p->time_ps);
    }
    if (rest.count > 0)
        put_table_row(out, s, &rest, p->time_ps);
    put_causes(out, s, &all);
}

static void put_best(FILE *out, const struct text_style *s, const struct result *r, const struct report_head *head)
{
    int64_t best_ps = 0;
    char time[TEXT_ROOM], text[2 * TEXT_ROOM];

    if (head->mapping && strcmp(head->mapping, "best") == 0)
        return;
    for (int64_t i = 0; i < r->rows_count; i++)
        best_ps += r->rows[i].best_time_ps > 0 && r->rows[i].best_time_ps < r->rows[i].time_ps ? r->rows[i].best_time_ps : r->rows[i].time_ps;
    text_time(time, sizeof time, best_ps);
    snprintf(text, sizeof text, "With the best mapping of every kernel: %s, %.1f %% less (--mapping best).", time,
             100 * (1 - ratio(best_ps, r->time_ps)));
    fputs("\n  ", out);
    text_wrap(out, s, TEXT_DIM, 2, text);
}

static void put_warning(FILE *out, const struct text_style *s, const char *text)
{
    fputs("  ", out);
    text_cell(out, s, TEXT_YELLOW, 2, "!");
    text_wrap(out, s, TEXT_PLAIN, 4, text);
}

static void put_simulated(FILE *out, const struct text_style *s, const struct result *r)
{
    char events[TEXT_ROOM], text[2 * TEXT_ROOM];

    if (r->simulated_events <= 0)
        return;
    text_count(events, sizeof events, r->simulated_events);
    snprintf(text, sizeof text, "Simulated %.3g %% of the work in %s events; the rest is extrapolated", 100 * r->simulated_fraction, events);
    if (r->extrapolation_error >= 0) /* not known of rows stored by older versions */
        snprintf(text + strlen(text), sizeof text - strlen(text), ", which may be off by %.2f %% of the time", 100 * r->extrapolation_error);
    snprintf(text + strlen(text), sizeof text - strlen(text), ".");
    fputs("  ", out);
    text_wrap(out, s, TEXT_DIM, 2, text);
}

static void put_report(FILE *out, const struct result *r, const struct report_head *head, const struct report_style *style)
{
    int columns = style->columns < COLUMNS_MIN ? COLUMNS_MIN : style->columns > COLUMNS_MAX ? COLUMNS_MAX : style->columns;
    struct text_style s = { .columns = columns, .colour = style->colour, .utf8 = style->utf8 };
    struct folded_row *rows = calloc((size_t)r->rows_count + 1, sizeof *rows);

    put_head(out, &s, r, head);
    put_figures(out, &s, r);
    put_interval(out, &s, head->interval, r);
    put_memory(out, &s, r);
    for (int64_t i = 0; rows && i < r->phases_count; i++)
        put_phase(out, &s, r, &r->phases[i], rows, style->rows_max);
    put_best(out, &s, r, head);
    put_simulated(out, &s, r);
    if (r->warnings_count > 0)
        fputc('\n', out);
    for (int64_t i = 0; i < r->warnings_count; i++)
        put_warning(out, &s, r->warnings[i]);
    free(rows);
}

void report_run_text(FILE *out, const struct result *r, const struct report_head *head, const struct report_style *style)
{
    const struct text_style s = text_style_within(style, 40, 100);
    struct text_page page;

    put_report(text_page_begin(&page), r, head, style);
    text_page_end(&page, out, &s);
}
