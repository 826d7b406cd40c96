/* SPDX-License-Identifier: Apache-2.0 */
/* Cost of a chip and of tokens. See cost_report.h. Every line gives the likely value and the range of its uncertain inputs. */
#include "reports/cost_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/range.h"
#include "reports/text.h"

enum { NAME_COLUMNS = 20, BAR_COLUMNS = 20, RANGE_COLUMNS = 16, AREA_ROW_COLUMNS = 64 };

/* Four digits; from a thousand on whole numbers in groups. */
static void number(char *out, size_t bytes, double value, const char *unit)
{
    size_t n;

    if (value >= 1000 && value < 1e15)
        text_count(out, bytes, (int64_t)(value + 0.5));
    else
        snprintf(out, bytes, "%.4g", value);
    n = strlen(out);
    snprintf(out + n, bytes - n, "%s%s", *unit ? " " : "", unit);
}

static void ends(char *out, size_t bytes, struct tech_range r)
{
    char low[32], high[32];

    number(low, sizeof low, r.low, "");
    number(high, sizeof high, r.high, "");
    *out = '\0';
    if (r.low != r.high)
        snprintf(out, bytes, "%s to %s", low, high);
}

static void heading(FILE *out, const struct text_style *s, const char *title)
{
    fputc('\n', out);
    text_wrap(out, s, TEXT_BOLD, 0, title);
    text_rule(out, s);
}

static void range_row(FILE *out, const struct text_style *s, const char *name, struct tech_range r, const char *unit, const char *note)
{
    char value[64], from_to[96];

    number(value, sizeof value, r.likely, unit);
    ends(from_to, sizeof from_to, r);
    fputs("  ", out);
    text_cell(out, s, TEXT_PLAIN, NAME_COLUMNS, name);
    text_cell(out, s, TEXT_BOLD, -14, value);
    if (*from_to || *note)
        fputs("  ", out);
    if (*note)
        text_cell(out, s, TEXT_DIM, RANGE_COLUMNS, from_to);
    else
        text_cell(out, s, TEXT_DIM, text_width(from_to), from_to);
    fprintf(out, "%s%s\n", *note ? "  " : "", note);
}

static void area_row(FILE *out, const struct text_style *s, const char *name, struct tech_range r, double whole)
{
    int bar = s->columns - AREA_ROW_COLUMNS < BAR_COLUMNS ? s->columns - AREA_ROW_COLUMNS : BAR_COLUMNS;
    char value[64], from_to[96], share[16];

    number(value, sizeof value, r.likely, "mm2");
    snprintf(share, sizeof share, "%.1f %%", 100 * r.likely / whole);
    ends(from_to, sizeof from_to, r);
    fputs("  ", out);
    text_cell(out, s, TEXT_PLAIN, NAME_COLUMNS, name);
    text_cell(out, s, TEXT_BOLD, -12, value);
    text_cell(out, s, TEXT_PLAIN, -9, share);
    fputs("  ", out);
    if (bar > 4)
        text_bar(out, s, TEXT_CYAN, r.likely / whole, bar);
    fputs(*from_to ? " " : "", out);
    text_cell(out, s, TEXT_DIM, text_width(from_to), from_to);
    fputc('\n', out);
}

static void die_text(FILE *out, const struct text_style *s, const struct cost_report *r)
{
    const struct die_area *d = r->die;
    char title[160];

    snprintf(title, sizeof title, "Die by block: %.0f mm2, %.0f to %.0f", d->total_mm2.likely, d->total_mm2.low, d->total_mm2.high);
    heading(out, s, title);
    for (int b = 0; b < DIE_BLOCKS; b++)
        area_row(out, s, die_block_names[b], d->block_mm2[b], d->total_mm2.likely);
    if (d->known_mm2 > 0)
        fprintf(out, "  stated area of the die %.4g mm2: the model is %+.1f %% off\n", d->known_mm2, 100 * (d->total_mm2.likely / d->known_mm2 - 1));
    snprintf(title, sizeof title, "One SM of %lld: %.3g mm2", (long long)r->plan->sms, d->sm_total_mm2.likely);
    heading(out, s, title);
    for (int p = 0; p < SM_PARTS; p++)
        if (d->sm_mm2[p].high > 0)
            area_row(out, s, sm_part_names[p], d->sm_mm2[p], d->sm_total_mm2.likely);
}

/* Energy of a byte beside the one that the description gives, pJ; memories that it prices. */
static double stated_pj_per_byte(const struct hardware *hw, enum die_memory m)
{
    const double j[DIE_MEMORIES] = { hw->energy.register_j_per_byte, hw->energy.shared_j_per_byte, hw->energy.l2_j_per_byte };

    return j[m] * 1e12;
}

static void memories_text(FILE *out, const struct text_style *s, const struct cost_report *r)
{
    heading(out, s, "Memories on chip, one of each: SRAM alone");
    for (int m = 0; m < DIE_MEMORIES; m++) {
        const struct sram *one = &r->die->memory[m];
        double bytes = r->die->memory_port_bits[m] / 8;
        struct tech_range pj = { one->read_j.low * 1e12 / bytes, one->read_j.likely * 1e12 / bytes, one->read_j.high * 1e12 / bytes };
        char note[96];

        if (!(r->die->memory_bytes[m] > 0))
            continue;
        fprintf(out, "  %s: %.4g KiB, %.0f x %.0f macros of %.0f x %.0f bits, %.2g ns\n", die_memory_names[m], r->die->memory_bytes[m] / 1024, one->banks, one->lanes, one->words, one->bits,
                one->access_s * 1e9);
        range_row(out, s, "  area", one->area_mm2, "mm2", "");
        range_row(out, s, "  leakage", (struct tech_range){ one->leakage_w.low * 1e3, one->leakage_w.likely * 1e3, one->leakage_w.high * 1e3 }, "mW", "");
        snprintf(note, sizeof note, "the description has %.3g%s", stated_pj_per_byte(r->hw, (enum die_memory)m), m == MEMORY_L2 ? " with the way" : "");
        range_row(out, s, "  read", pj, "pJ/B", note);
        if (m == MEMORY_L2)
            range_row(out, s, "  way across the die", (struct tech_range){ r->die->across_j_per_byte.low * 1e12, r->die->across_j_per_byte.likely * 1e12, r->die->across_j_per_byte.high * 1e12 },
                      "pJ/B", "");
    }
}

static void made_text(FILE *out, const struct text_style *s, const struct cost_report *r)
{
    const struct manufacture *m = r->made;
    struct tech_range yield = { 100 * m->yield.low, 100 * m->yield.likely, 100 * m->yield.high };
    struct tech_range sellable = { 100 * m->sellable.low, 100 * m->sellable.likely, 100 * m->sellable.high };
    char note[64];

    heading(out, s, "Making one device");
    snprintf(note, sizeof note, "%lld of %lld SMs on", (long long)r->hw->sm.count, (long long)(r->plan->sms * r->plan->dies));
    range_row(out, s, "dies of a wafer", (struct tech_range){ m->gross_dies, m->gross_dies, m->gross_dies }, "", "");
    range_row(out, s, "without a defect", yield, "%", "");
    range_row(out, s, "sellable", sellable, "%", note);
    range_row(out, s, "dies", m->dies_usd, "$", "");
    range_row(out, s, "memory", m->memory_usd, "$", r->hw->dram.type);
    range_row(out, s, "package", m->package_usd, "$", "");
    range_row(out, s, "board", m->board_usd, "$", "");
    range_row(out, s, "together", m->total_usd, "$", "no masks, design, margin");
    range_row(out, s, "embodied carbon", m->carbon_kg, "kg CO2e", "silicon and memory");
}

static void price_text(FILE *out, const struct text_style *s, const struct cost_report *r)
{
    heading(out, s, "Prices");
    if (r->price == NULL) {
        fprintf(out, "  the price list has no '%s'\n", r->hw->name);
        return;
    }
    range_row(out, s, "rent", r->price->cloud_usd_per_hour, "$/h", r->price->date);
    range_row(out, s, "purchase", r->price->purchase_usd, "$", r->price->date);
}

static void serving_text(FILE *out, const struct text_style *s, const struct cost_report *r)
{
    const struct serving_cost *c = r->serving;
    char title[256];

    snprintf(title, sizeof title, "A million tokens of %.100s: %.4g tokens/s on %lld device%s", r->run_trace ? r->run_trace : "the run", r->run->tokens_per_s,
             (long long)r->run->devices, r->run->devices == 1 ? "" : "s");
    heading(out, s, title);
    if (r->price != NULL) {
        range_row(out, s, "rented", c->rented_usd, "$", "");
        range_row(out, s, "owned", c->owned_usd, "$", "capital and electricity");
        range_row(out, s, "  capital", c->capital_usd, "$", "");
    }
    range_row(out, s, "  electricity", c->electricity_usd, "$", "energy is uncalibrated");
    range_row(out, s, "carbon, electricity", c->carbon_kg, "kg CO2e", "");
    range_row(out, s, "carbon, embodied", c->embodied_kg, "kg CO2e", "");
    fprintf(out, "  energy %.4g J a token, %.0f %% of it static\n", r->run->energy_j / (double)r->run->generated_tokens,
            r->run->energy_j > 0 ? 100 * r->run->energy_static_j / r->run->energy_j : 0);
}

static void all_text(FILE *out, const struct cost_report *r, const struct report_style *style)
{
    struct text_style s = text_style_within(style, 40, 100);

    fprintf(out, "%s  %s, %g nm class\n", r->hw->name, r->hw->process ? r->hw->process : "process not stated", r->hw->area.process_nm);
    die_text(out, &s, r);
    memories_text(out, &s, r);
    made_text(out, &s, r);
    price_text(out, &s, r);
    if (r->serving)
        serving_text(out, &s, r);
}

void report_cost_text(FILE *out, const struct cost_report *r, const struct report_style *style)
{
    const struct text_style s = text_style_within(style, 40, 100);
    struct text_page page;

    all_text(text_page_begin(&page), r, style);
    text_page_end(&page, out, &s);
}

static void memories_json(struct json *j, const struct cost_report *r)
{
    json_object_begin(j, "memories");
    for (int m = 0; m < DIE_MEMORIES; m++) {
        const struct sram *one = &r->die->memory[m];

        json_object_begin(j, die_memory_names[m]);
        json_double(j, "bytes", r->die->memory_bytes[m]);
        json_double(j, "port_bits", r->die->memory_port_bits[m]);
        json_double(j, "on_die", r->die->memory_count[m]);
        json_double(j, "banks", one->banks);
        json_double(j, "lanes", one->lanes);
        json_double(j, "words", one->words);
        json_double(j, "bits", one->bits);
        range_json(j, "area_mm2", one->area_mm2);
        range_json(j, "read_j", one->read_j);
        range_json(j, "write_j", one->write_j);
        range_json(j, "leakage_w", one->leakage_w);
        json_double(j, "access_s", one->access_s);
        json_object_end(j);
    }
    json_object_end(j);
    range_json(j, "across_die_j_per_byte", r->die->across_j_per_byte);
}

void report_cost_json(struct json *j, const struct cost_report *r)
{
    json_object_begin(j, NULL);
    json_text(j, "schema", "llmsim.cost/1");
    json_text(j, "arch", r->hw->name);
    json_text(j, "process", r->hw->process);
    json_double(j, "process_nm", r->hw->area.process_nm);
    json_object_begin(j, "die_mm2");
    for (int b = 0; b < DIE_BLOCKS; b++)
        range_json(j, die_block_names[b], r->die->block_mm2[b]);
    range_json(j, "total", r->die->total_mm2);
    json_double(j, "stated", r->die->known_mm2);
    json_object_end(j);
    json_object_begin(j, "sm_mm2");
    for (int p = 0; p < SM_PARTS; p++)
        range_json(j, sm_part_names[p], r->die->sm_mm2[p]);
    json_object_end(j);
    memories_json(j, r);
    json_object_begin(j, "device");
    json_double(j, "gross_dies", r->made->gross_dies);
    range_json(j, "yield", r->made->yield);
    range_json(j, "sellable", r->made->sellable);
    range_json(j, "dies_usd", r->made->dies_usd);
    range_json(j, "memory_usd", r->made->memory_usd);
    range_json(j, "package_usd", r->made->package_usd);
    range_json(j, "board_usd", r->made->board_usd);
    range_json(j, "total_usd", r->made->total_usd);
    range_json(j, "carbon_kg", r->made->carbon_kg);
    json_object_end(j);
    if (r->price) {
        json_object_begin(j, "price");
        json_text(j, "date", r->price->date);
        json_text(j, "source", r->price->source);
        range_json(j, "cloud_usd_per_hour", r->price->cloud_usd_per_hour);
        range_json(j, "purchase_usd", r->price->purchase_usd);
        json_object_end(j);
    }
    if (r->serving) {
        json_object_begin(j, "million_tokens");
        if (r->price) {
            range_json(j, "rented_usd", r->serving->rented_usd);
            range_json(j, "owned_usd", r->serving->owned_usd);
            range_json(j, "capital_usd", r->serving->capital_usd);
        }
        range_json(j, "electricity_usd", r->serving->electricity_usd);
        range_json(j, "carbon_kg", r->serving->carbon_kg);
        range_json(j, "embodied_kg", r->serving->embodied_kg);
        json_object_end(j);
    }
    json_object_end(j);
}
