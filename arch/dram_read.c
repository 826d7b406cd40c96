/* SPDX-License-Identifier: Apache-2.0 */
/* DRAM timings (arch/dram/ *.yaml): JEDEC's names, clocks of tCK. See struct dram_timing. Left out: what follows from them. */
#include <string.h>

#include "arch/fields.h"
#include "arch/hardware_read.h"

#define T(member) offsetof(struct dram_timing, member)
#define CLOCKS(name, must, text) \
    { .path = #name, .kind = FIELD_COUNT, .offset = T(name), .min = 0, .max = 1e6, .required = must, .doc = text }

static const struct field_row rows[] = {
    { .path = "standard", .kind = FIELD_TEXT, .offset = T(standard), .required = true, .doc = "HBM2e, GDDR6 ..." },
    { .path = "tCK", .kind = FIELD_QUANTITY, .quantity = Q_SECONDS, .offset = T(tCK_s), .min = 1e-11, .max = 1e-7, .required = true,
      .doc = "clock period" },
    { .path = "bus_bits", .kind = FIELD_COUNT, .offset = T(bus_bits), .min = 8, .max = 1024, .required = true, .doc = "data pins of one (pseudo) channel" },
    { .path = "BL", .kind = FIELD_COUNT, .offset = T(BL), .min = 1, .max = 64, .required = true, .doc = "beats of a burst" },
    { .path = "beats_per_clock", .kind = FIELD_COUNT, .offset = T(beats_per_clock), .min = 1, .max = 16, .required = true, .doc = "2: double data rate" },
    { .path = "bank_groups", .kind = FIELD_COUNT, .offset = T(bank_groups), .min = 1, .max = 64, .required = true, .doc = "of a channel" },
    { .path = "banks_per_group", .kind = FIELD_COUNT, .offset = T(banks_per_group), .min = 1, .max = 64, .required = true, .doc = "of a bank group" },
    { .path = "rows", .kind = FIELD_COUNT, .offset = T(rows), .min = 1, .max = 1e8, .required = true, .doc = "of a bank" },
    { .path = "columns", .kind = FIELD_COUNT, .offset = T(columns), .min = 1, .max = 1e6, .required = true, .doc = "of a row, bus_bits each" },
    CLOCKS(CL, true, "read latency"), CLOCKS(CWL, true, "write latency"), CLOCKS(tRCDRD, true, "activate to read"),
    CLOCKS(tRCDWR, true, "activate to write"), CLOCKS(tRP, true, "precharge"), CLOCKS(tRAS, true, "activate to precharge"),
    CLOCKS(tRFC, true, "refresh"), CLOCKS(tREFI, true, "refresh interval"), CLOCKS(tRRD_S, true, "activate to activate, other group"),
    CLOCKS(tRRD_L, true, "activate to activate, same group"), CLOCKS(tWTR_S, true, "write to read, other group"),
    CLOCKS(tWTR_L, true, "write to read, same group"), CLOCKS(tFAW, true, "four activates"), CLOCKS(tWR, true, "write recovery"),
    CLOCKS(tCCD_S, true, "column to column, other group"), CLOCKS(tCCD_L, true, "column to column, same group"),
    CLOCKS(tRTP_S, false, "read to precharge"), CLOCKS(tRTP_L, true, "read to precharge, same group"), CLOCKS(tRTW, false, "read to write; default CL + burst + tRTRS - CWL"),
    CLOCKS(tRTRS, false, "bus turn-around gap; default 1"),
    { .path = "ranks", .kind = FIELD_COUNT, .offset = T(ranks), .min = 1, .max = 64, .doc = "ranks or stack ids of a channel; default 1" },
    { .path = "dual_command_bus", .kind = FIELD_BOOL, .offset = T(dual_command_bus), .doc = "row and column commands have a bus each" },
    { .path = "interleave_bytes", .kind = FIELD_COUNT, .offset = T(interleave_bytes), .min = 0, .max = 1e6, .doc = "consecutive bytes in one channel" },
    { .path = "hash", .kind = FIELD_BOOL, .offset = T(hash), .doc = "channel and bank are permuted by the row" },
    { .path = "per_bank_refresh", .kind = FIELD_BOOL, .offset = T(per_bank_refresh), .doc = "refresh one bank at a time" },
    CLOCKS(tRFCpb, false, "per-bank refresh"),
    { .path = "mapping", .kind = FIELD_TEXT, .offset = T(mapping), .required = true, .doc = "address bits, most significant first: rorabgbachco" },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

enum status arch_dram_timing_read(struct dram_timing *out, const struct yaml_node *node, struct error *err)
{
    enum status st;

    out->ranks = 1;
    out->tRTRS = 1;
    st = fields_read(out, rows, ROWS, node, "DRAM timing", err);
    if (st)
        return st;
    if (out->per_bank_refresh && out->tRFCpb == 0)
        return error_set(err, STATUS_BAD_INPUT, node->at, "missing key 'tRFCpb' in DRAM timing: per_bank_refresh is true");
    return STATUS_OK;
}

void arch_dram_timing_hash(struct hasher *h, const struct dram_timing *t)
{
    fields_hash(h, rows, ROWS, t);
}
