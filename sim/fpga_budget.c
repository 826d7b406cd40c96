/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Budget of an FPGA design. A memory takes the more of two counts of blocks: those that hold its bytes, those whose ports give its bytes a clock.
 * The nearest array keeps its rows and gives up columns, then rows. See fpga_budget.h.
 */
#include "sim/fpga_budget.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/unit.h"

static const char *const bound_names[FPGA_BOUNDS] = { "LUT", "FF", "DSP", "BRAM", "URAM", "port x clock", "clock" };

const char *fpga_bound_name(enum fpga_bound bound) { return bound_names[bound]; }

double fpga_block(const struct fpga_blocks *b, enum fpga_bound which)
{
    const double values[] = { b->lut, b->ff, b->dsp, b->bram, b->uram };

    return values[which];
}

static void add_blocks(struct fpga_blocks *sum, const struct fpga_blocks *more, double times)
{
    sum->lut += times * more->lut;
    sum->ff += times * more->ff;
    sum->dsp += times * more->dsp;
    sum->bram += times * more->bram;
    sum->uram += times * more->uram;
}

/* LUTs used as memory hold 64 bits each, with a port each (SLICEM of LUT6 families). */
static struct fpga_blocks memory_blocks(const struct arch_fpga *f, const char *made_of, double bytes, double bytes_per_cycle)
{
    enum { LUTRAM_BITS = 64 };
    struct fpga_blocks b = { .lut = 0 };

    if (strcmp(made_of, "lutram") == 0)
        b.lut = ceil(bytes * 8 / LUTRAM_BITS);
    else if (strcmp(made_of, "uram") == 0)
        b.uram = fmax(ceil(bytes * 8 / (double)f->uram_bits), ceil(bytes_per_cycle * 8 / (double)f->uram_port_bits));
    else
        b.bram = fmax(ceil(bytes * 8 / (double)f->bram_bits), ceil(bytes_per_cycle * 8 / (double)f->bram_port_bits));
    return b;
}

static void add_part(struct fpga_budget *out, struct fpga_part part)
{
    add_blocks(&out->total, &part.blocks, 1);
    out->parts[out->parts_count++] = part;
}

static void add_memories(struct fpga_budget *out, const struct hardware *hw)
{
    const struct arch_fpga *f = &hw->fpga;
    const struct { const char *name, *made_of; double bytes, bytes_per_cycle; } memories[] = {
        { "registers", f->registers_in, (double)hw->sm.register_bytes, hw->sm.register_bytes_per_cycle },
        { "shared", f->shared_in, (double)hw->sm.shared_bytes, hw->sm.shared_bytes_per_cycle },
        { "l2", f->l2_in, (double)hw->l2.bytes, hw->l2.bytes_per_cycle },
    };

    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++)
        add_part(out, (struct fpga_part){ .name = memories[i].name, .made_of = memories[i].made_of,
                                          .blocks = memory_blocks(f, memories[i].made_of, memories[i].bytes, memories[i].bytes_per_cycle) });
}

static enum status add_units(struct fpga_budget *out, const struct hardware *hw, bool errors, struct error *err)
{
    for (int i = 0; i < 3; i++)
        out->clock_hz[i] = hw->fpga.clock_hz[i];
    for (int64_t u = 0; u < hw->units_count; u++) {
        const struct arch_unit *unit = &hw->units[u];
        const struct unit_type *type = unit_type_find(unit->kind);
        struct fpga_part part = { .name = unit->name, .unit = unit };
        enum status st;

        if (type == NULL || type->fpga_use == NULL)
            return error_set(err, STATUS_BAD_INPUT, unit->node->at, "unit '%s' of kind %s cannot be built on an FPGA, expected fpga_minifloat or vector", unit->name, unit->kind);
        if ((st = type->fpga_use(&part.use, unit, hw, err)))
            return st;
        if (errors && part.use.cell_type != NULL)
            fpga_estimate_error(&part.use.cell, part.use.cell_type, hw->fpga.synthesis);
        part.blocks = part.use.blocks;
        for (int i = 0; i < 3; i++)
            if (part.use.clock_hz[i] > 0)
                out->clock_hz[i] = fmin(out->clock_hz[i], part.use.clock_hz[i]);
        out->macs_per_cycle += part.use.cell_type != NULL ? part.use.macs_per_cycle : 0;
        out->feed_bytes_per_cycle += part.use.feed_bytes_per_cycle;
        add_part(out, part);
    }
    return STATUS_OK;
}

static void set_shares(struct fpga_budget *b, const struct hardware *hw)
{
    b->binds = FPGA_LUT;
    for (int i = 0; i < FPGA_PORTS; i++) {
        double allowed = hw->fpga.utilisation * fpga_block(&hw->fpga.budget, (enum fpga_bound)i), used = fpga_block(&b->total, (enum fpga_bound)i);

        b->share[i] = used <= 0 ? 0 : allowed > 0 ? used / allowed : INFINITY;
    }
    b->share[FPGA_PORTS] = b->feed_bytes_per_cycle / hw->sm.shared_bytes_per_cycle;
    b->share[FPGA_CLOCK] = hw->clock.boost_hz / b->clock_hz[2];
    for (int i = 0; i < FPGA_BOUNDS; i++) /* a clock below its end is a choice, not a shortage */
        if (b->share[i] > b->share[b->binds] && (i != FPGA_CLOCK || b->share[i] > 1))
            b->binds = (enum fpga_bound)i;
}

enum status fpga_budget_of(struct fpga_budget *out, const struct hardware *hw, bool errors, struct error *err)
{
    enum status st;

    *out = (struct fpga_budget){ .parts_count = 0 };
    add_part(out, (struct fpga_part){ .name = "shell", .blocks = hw->fpga.shell });
    add_memories(out, hw);
    if ((st = add_units(out, hw, errors, err)))
        return st;
    set_shares(out, hw);
    return STATUS_OK;
}

/* Nearest array -------------------------------------------------------------------------------------------------------- */

static const struct fpga_part *largest_array(const struct fpga_budget *b)
{
    const struct fpga_part *best = NULL;

    for (int64_t i = 0; i < b->parts_count; i++)
        if (b->parts[i].use.cell_type != NULL && (best == NULL || b->parts[i].use.macs_per_cycle > best->use.macs_per_cycle))
            best = &b->parts[i];
    return best;
}

/* Would the design fit with this array in place of `part`'s? The clock does not depend on it. */
static bool fits_with(const struct fpga_budget *b, const struct fpga_part *part, const struct fpga_datapath *d, const struct hardware *hw)
{
    struct fpga_budget other = { .total = b->total };
    struct fpga_unit_use use;
    struct error ignored;

    if (fpga_datapath_use(&use, d, &hw->fpga, &ignored))
        return false;
    add_blocks(&other.total, &part->blocks, -1);
    add_blocks(&other.total, &use.blocks, 1);
    other.feed_bytes_per_cycle = b->feed_bytes_per_cycle - part->use.feed_bytes_per_cycle + use.feed_bytes_per_cycle;
    other.clock_hz[2] = INFINITY;
    set_shares(&other, hw);
    return other.share[other.binds] <= 1;
}

/* Largest value of *side below what it is with which the design fits; 0: none. Blocks and feed rise with it. */
static int64_t shrink(int64_t *side, const struct fpga_budget *b, const struct fpga_part *part, struct fpga_datapath *d, const struct hardware *hw)
{
    int64_t low = 0, high = *side;

    while (high - low > 1) {
        *side = low + (high - low) / 2;
        if (fits_with(b, part, d, hw))
            low = *side;
        else
            high = *side;
    }
    return *side = low;
}

static void nearest_array(char *out, size_t bytes, const struct fpga_budget *b, const struct hardware *hw)
{
    const struct fpga_part *part = largest_array(b);
    struct fpga_datapath d;

    snprintf(out, bytes, "no array of its kind fits beside the other parts");
    if (part == NULL)
        return;
    d = fpga_datapath_of(part->unit);
    if (shrink(&d.columns, b, part, &d, hw) == 0) {
        d.columns = 1;
        if (shrink(&d.rows, b, part, &d, hw) == 0)
            return;
    }
    snprintf(out, bytes, "nearest that fits: units.%s.rows %lld, columns %lld", part->unit->name, (long long)d.rows, (long long)d.columns);
}

static enum status too_fast(const struct fpga_budget *b, const struct hardware *hw, struct error *err)
{
    const struct yaml_node *clock = yaml_find(hw->tree, "clock");

    return error_set(err, STATUS_INFEASIBLE, clock != NULL ? clock->at : hw->tree->at,
                     "%s does not close: clock binds, clock.boost is %.0f MHz and the design reaches %.0f to %.0f MHz; nearest that fits: clock.boost %.0f MHz",
                     hw->name, hw->clock.boost_hz * 1e-6, b->clock_hz[0] * 1e-6, b->clock_hz[2] * 1e-6, floor(b->clock_hz[2] * 1e-6));
}

enum status fpga_check(const struct hardware *hw, struct error *err)
{
    struct fpga_budget b;
    char nearest[128];
    enum status st;

    if (hw->fpga.budget.lut <= 0)
        return STATUS_OK;
    if ((st = fpga_budget_of(&b, hw, false, err)))
        return st;
    if (b.share[b.binds] <= 1)
        return STATUS_OK;
    if (b.binds == FPGA_CLOCK)
        return too_fast(&b, hw, err);
    const struct fpga_part *part = largest_array(&b);
    struct source_pos at = part != NULL ? part->unit->node->at : hw->tree->at;

    nearest_array(nearest, sizeof nearest, &b, hw);
    if (b.binds == FPGA_PORTS)
        return error_set(err, STATUS_INFEASIBLE, at, "%s does not fit: port x clock binds, arrays take %.0f B a clock from the operand buffers, whose ports give %.0f (sm.shared_bandwidth); %s",
                         hw->name, b.feed_bytes_per_cycle, hw->sm.shared_bytes_per_cycle, nearest);
    return error_set(err, STATUS_INFEASIBLE, at, "%s does not fit: %s binds, %.0f needed of %.0f that %.0f %% utilisation allows of %.0f; %s", hw->name,
                     fpga_bound_name(b.binds), fpga_block(&b.total, b.binds), hw->fpga.utilisation * fpga_block(&hw->fpga.budget, b.binds),
                     hw->fpga.utilisation * 100, fpga_block(&hw->fpga.budget, b.binds), nearest);
}
