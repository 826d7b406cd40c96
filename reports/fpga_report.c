/* SPDX-License-Identifier: Apache-2.0 */
/* Resources of an FPGA design. See fpga_report.h. Every count says where it comes from: the synthesis table, a formula with its error, or the design file. */
#include "reports/fpga_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/dot.h"
#include "reports/text.h"
#include "sim/units.h"

enum { NAME_COLUMNS = 12, COUNT_COLUMNS = -10 };

static const struct text_style plain = { .columns = 10000 }; /* lines break in the end */

static void source_text(char *out, size_t bytes, const struct fpga_part *part)
{
    const struct fpga_estimate *e = &part->use.cell;
    int used;

    if (part->use.cell_type == NULL) {
        snprintf(out, bytes, "%s", part->unit != NULL ? "design: fpga.lane, fpga.sfu" : part->made_of != NULL ? "capacity or ports, whichever is more" : "design: fpga.shell");
        return;
    }
    if (e->source == FPGA_FROM_TABLE) {
        snprintf(out, bytes, "synthesis table, %s", part->use.cell_type->name);
        return;
    }
    used = snprintf(out, bytes, "%s, %s: LUT = %s, fitted on %lld cells", e->source == FPGA_FROM_TABLE_WIDTH ? "synthesis table moved to this width" : "formula",
                    part->use.cell_type->name, part->use.cell_type->formula, (long long)e->rows);
    if (used > 0 && (size_t)used < bytes && e->unverified)
        used += snprintf(out + used, bytes - (size_t)used, "; too few cells to know its error");
    else if (used > 0 && (size_t)used < bytes)
        used += snprintf(out + used, bytes - (size_t)used, "; error on cells left out: mean %.1f %%, largest %.1f %%", e->error_mean * 100, e->error_max * 100);
    if (used > 0 && (size_t)used < bytes && e->extrapolated)
        snprintf(out + used, bytes - (size_t)used, "; beyond them here");
}

static void count_cell(FILE *out, double value)
{
    char text[32];

    text_count(text, sizeof text, (int64_t)(value + 0.5));
    text_cell(out, &plain, TEXT_PLAIN, COUNT_COLUMNS, value > 0 ? text : "-");
}

static void row(FILE *out, const char *name, const struct fpga_blocks *b)
{
    text_cell(out, &plain, TEXT_PLAIN, NAME_COLUMNS, name);
    for (int i = 0; i < FPGA_PORTS; i++)
        count_cell(out, fpga_block(b, (enum fpga_bound)i));
    fputc('\n', out);
}

static void share_row(FILE *out, const char *name, const struct hardware *hw, const struct fpga_budget *b)
{
    text_cell(out, &plain, TEXT_PLAIN, NAME_COLUMNS, name);
    for (int i = 0; i < FPGA_PORTS; i++) {
        double budget = fpga_block(&hw->fpga.budget, (enum fpga_bound)i);
        char text[32];

        snprintf(text, sizeof text, "%.1f %%", budget > 0 ? 100 * fpga_block(&b->total, (enum fpga_bound)i) / budget : 0.0);
        text_cell(out, &plain, TEXT_PLAIN, COUNT_COLUMNS, text);
    }
    fputc('\n', out);
}

static void describe_array(FILE *out, const struct hardware *hw, const struct fpga_part *part)
{
    const struct fpga_datapath d = fpga_datapath_of(part->unit);
    const struct fpga_unit_use *u = &part->use;
    char source[512];

    fprintf(out, "\n%s: %lld x %lld elements, %s, %lld product%s each, %s x %s, %s sums of %lld bits", part->name, (long long)d.rows, (long long)d.columns,
            d.dataflow, (long long)d.dot, d.dot == 1 ? "" : "s", d.a->name, d.w->name, d.accumulator, (long long)u->accumulator_bits);
    if (d.lossless_bits > 0)
        fprintf(out, " (lossless for %lld terms: %lld)", (long long)d.k_max, (long long)d.lossless_bits);
    if (d.additions_only)
        fputs(", additions only", out);
    fprintf(out, "\n  one copy of %lld: ", (long long)u->copies);
    fprintf(out, "%.0f LUT, %.0f FF, %.0f DSP; %.1f LUT a multiply-accumulate", u->each.lut, u->each.ff, u->each.dsp,
            u->each.lut / ((double)d.rows * (double)d.columns * (double)d.dot));
    if (d.dsp_share > 0)
        fprintf(out, "; multipliers of %.0f %% of the elements in DSPs, %g product%s a DSP", d.dsp_share * 100, d.dsp_pack, d.dsp_pack > 1 ? "s" : "");
    fprintf(out, "\n  pipeline: %lld stages over %.1f levels of logic; clock %.0f to %.0f MHz, likely %.0f\n", (long long)u->stages, u->cell.levels,
            u->clock_hz[0] * 1e-6, u->clock_hz[2] * 1e-6, u->clock_hz[1] * 1e-6);
    fprintf(out, "  peak: %.0f multiply-accumulates a clock, %.4g T/s at the design's %.0f MHz (%.4g to %.4g T/s)\n", u->macs_per_cycle,
            u->macs_per_cycle * hw->clock.boost_hz * 1e-12, hw->clock.boost_hz * 1e-6, u->macs_per_cycle * u->clock_hz[0] * 1e-12, u->macs_per_cycle * u->clock_hz[2] * 1e-12);
    fprintf(out, "  feed: %.0f B a clock of the %.0f that the operand buffers' ports give\n", u->feed_bytes_per_cycle, hw->sm.shared_bytes_per_cycle);
    source_text(source, sizeof source, part);
    fputs("  from: ", out);
    text_wrap(out, &plain, TEXT_PLAIN, 8, source);
}

void report_fpga_text(FILE *out, const struct hardware *hw, const struct fpga_budget *b)
{
    struct fpga_blocks ceiling = hw->fpga.budget;

    fprintf(out, "%s: blocks of the fabric\n\n", hw->name);
    text_cell(out, &plain, TEXT_PLAIN, NAME_COLUMNS, "part");
    for (int i = 0; i < FPGA_PORTS; i++)
        text_cell(out, &plain, TEXT_PLAIN, COUNT_COLUMNS, fpga_bound_name((enum fpga_bound)i));
    fputc('\n', out);
    for (int64_t i = 0; i < b->parts_count; i++)
        row(out, b->parts[i].name, &b->parts[i].blocks);
    row(out, "total", &b->total);
    row(out, "device", &hw->fpga.budget);
    share_row(out, "share", hw, b);
    ceiling.lut *= hw->fpga.utilisation, ceiling.ff *= hw->fpga.utilisation, ceiling.dsp *= hw->fpga.utilisation;
    ceiling.bram *= hw->fpga.utilisation, ceiling.uram *= hw->fpga.utilisation;
    row(out, "ceiling", &ceiling);
    fprintf(out, "\nbinds: %s, %.1f %% of what is allowed (ceiling %.0f %% of each block)%s\n", fpga_bound_name(b->binds), 100 * b->share[b->binds],
            hw->fpga.utilisation * 100, b->share[b->binds] > 1 ? ": DOES NOT FIT" : "");
    for (int64_t i = 0; i < b->parts_count; i++)
        if (b->parts[i].use.cell_type != NULL)
            describe_array(out, hw, &b->parts[i]);
    if (hw->fpga.inferred != NULL) {
        fputs("\ninferred: ", out);
        text_wrap(out, &plain, TEXT_PLAIN, 10, hw->fpga.inferred);
    }
    fputs("\nCells are synthesized and not placed; clocks are ranges. docs/datapaths.md\n", out);
}

static void json_blocks(struct json *j, const char *key, const struct fpga_blocks *b)
{
    static const char *const keys[] = { "lut", "ff", "dsp", "bram", "uram" };

    json_object_begin(j, key);
    for (int i = 0; i < FPGA_PORTS; i++)
        json_double(j, keys[i], fpga_block(b, (enum fpga_bound)i));
    json_object_end(j);
}

static void json_clock(struct json *j, const double hz[3])
{
    json_object_begin(j, "clock_hz");
    json_double(j, "low", hz[0]);
    json_double(j, "likely", hz[1]);
    json_double(j, "high", hz[2]);
    json_object_end(j);
}

static void json_array_unit(struct json *j, const struct hardware *hw, const struct fpga_part *part)
{
    static const char *const sources[] = { "table", "table, width by formula", "formula" };
    const struct fpga_datapath d = fpga_datapath_of(part->unit);
    const struct fpga_unit_use *u = &part->use;
    double rate = u->macs_per_cycle * hw->clock.boost_hz;

    json_text(j, "a", d.a->name);
    json_text(j, "w", d.w->name);
    json_text(j, "accumulator", d.accumulator);
    json_i64(j, "accumulator_bits", u->accumulator_bits);
    json_i64(j, "lossless_bits", d.lossless_bits);
    json_text(j, "dataflow", d.dataflow);
    json_i64(j, "rows", d.rows);
    json_i64(j, "columns", d.columns);
    json_i64(j, "dot", d.dot);
    json_i64(j, "copies", u->copies);
    json_blocks(j, "each", &u->each);
    json_double(j, "lut_per_mac", u->each.lut / ((double)d.rows * (double)d.columns * (double)d.dot));
    json_i64(j, "stages", u->stages);
    json_double(j, "levels", u->cell.levels);
    json_clock(j, u->clock_hz);
    json_double(j, "macs_per_cycle", u->macs_per_cycle);
    json_double(j, "peak_macs_per_s", rate);
    json_double(j, "feed_bytes_per_cycle", u->feed_bytes_per_cycle);
    json_text(j, "cell", u->cell_type->name);
    json_text(j, "cell_source", sources[u->cell.source]);
    json_text(j, "formula", u->cell.source == FPGA_FROM_TABLE ? NULL : u->cell_type->formula);
    json_double(j, "formula_error_mean", u->cell.source == FPGA_FROM_TABLE ? 0 : u->cell.unverified ? NAN : u->cell.error_mean);
    json_double(j, "formula_error_largest", u->cell.source == FPGA_FROM_TABLE ? 0 : u->cell.unverified ? NAN : u->cell.error_max);
    json_bool(j, "extrapolated", u->cell.extrapolated);
}

void report_fpga_json(struct json *j, const struct hardware *hw, const struct fpga_budget *b)
{
    json_object_begin(j, NULL);
    json_text(j, "schema", "llmsim.fpga-resources.1");
    json_text(j, "name", hw->name);
    json_blocks(j, "budget", &hw->fpga.budget);
    json_double(j, "utilisation_ceiling", hw->fpga.utilisation);
    json_blocks(j, "total", &b->total);
    json_text(j, "binds", fpga_bound_name(b->binds));
    json_double(j, "binding_share", b->share[b->binds]);
    json_bool(j, "fits", b->share[b->binds] <= 1);
    json_clock(j, b->clock_hz);
    json_double(j, "design_clock_hz", hw->clock.boost_hz);
    json_double(j, "peak_macs_per_s", b->macs_per_cycle * hw->clock.boost_hz);
    json_double(j, "feed_bytes_per_cycle", b->feed_bytes_per_cycle);
    json_double(j, "ports_bytes_per_cycle", hw->sm.shared_bytes_per_cycle);
    json_text(j, "inferred", hw->fpga.inferred);
    json_array_begin(j, "parts");
    for (int64_t i = 0; i < b->parts_count; i++) {
        const struct fpga_part *part = &b->parts[i];
        char source[512];

        source_text(source, sizeof source, part);
        json_object_begin(j, NULL);
        json_text(j, "name", part->name);
        json_text(j, "kind", part->unit != NULL ? part->unit->kind : part->made_of);
        json_blocks(j, "blocks", &part->blocks);
        json_text(j, "source", source);
        if (part->use.cell_type != NULL)
            json_array_unit(j, hw, part);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
}
