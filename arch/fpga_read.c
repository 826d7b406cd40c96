/* SPDX-License-Identifier: Apache-2.0 */
/* The `fpga:` section of a hardware description: what the fabric holds, and what a design may take of it. docs/datapaths.md, 3 */
#include "arch/fields.h"
#include "arch/hardware_read.h"

#define F(member) offsetof(struct arch_fpga, member)
#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define BLOCKS(key, at, must, text)                                                                                                              \
    { .path = key ".lut", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = F(at.lut), .min = 0, .max = 1e8, .required = must, .doc = text },  \
    { .path = key ".ff", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = F(at.ff), .min = 0, .max = 1e8, .required = must, .doc = text },    \
    { .path = key ".dsp", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = F(at.dsp), .min = 0, .max = 1e6, .required = must, .doc = text },  \
    { .path = key ".bram", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = F(at.bram), .min = 0, .max = 1e6, .doc = text },                  \
    { .path = key ".uram", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = F(at.uram), .min = 0, .max = 1e6, .doc = text }
#define NUMBER(key, member, lo, hi, must, text) \
    { .path = key, .kind = FIELD_COUNT, .offset = F(member), .min = lo, .max = hi, .required = must, .doc = text }

static const char kinds[] = "lutram bram uram", fabrics[] = "lut4 lut6";

static const struct field_row rows[] = {
    BLOCKS("budget", budget, true, "blocks of the device"),
    BLOCKS("shell", shell, true, "blocks that every design spends on memory controllers, DMA, host link and control"),
    { .path = "utilisation", .kind = FIELD_QUANTITY, .quantity = Q_RATIO, .offset = F(utilisation), .min = 0.05, .max = 1, .required = true,
      .doc = "share of each kind of block that a design may take" },
    { .path = "synthesis", .kind = FIELD_CHOICE, .offset = F(synthesis), .required = true, .choices = fabrics, .doc = "synthesized fabric that stands for this one" },
    { .path = "inferred", .kind = FIELD_TEXT, .offset = F(inferred), .doc = "what is carried over from another family" },
    NUMBER("bram.bits", bram_bits, 64, 1e9, true, "of one block"),
    NUMBER("bram.port_bits", bram_port_bits, 1, 65536, true, "read by one port in a clock while the other writes"),
    NUMBER("uram.bits", uram_bits, 64, 1e9, false, "of one block"),
    NUMBER("uram.port_bits", uram_port_bits, 1, 65536, false, "read by one port in a clock while the other writes"),
    NUMBER("dsp.a_bits", dsp_a_bits, 2, 128, true, "signed multiplier of a DSP, wider side"),
    NUMBER("dsp.b_bits", dsp_b_bits, 2, 128, true, "the same, narrower side"),
    { .path = "registers_in", .kind = FIELD_CHOICE, .offset = F(registers_in), .required = true, .choices = kinds, .doc = "blocks of the accumulator banks (sm.registers)" },
    { .path = "shared_in", .kind = FIELD_CHOICE, .offset = F(shared_in), .required = true, .choices = kinds, .doc = "blocks of the operand buffers (sm.shared)" },
    { .path = "l2_in", .kind = FIELD_CHOICE, .offset = F(l2_in), .required = true, .choices = kinds, .doc = "blocks of the global buffer (l2.size)" },
    BLOCKS("lane", lane, true, "blocks of one fp32 lane of the vector unit"),
    BLOCKS("sfu", sfu, true, "blocks of one special function a clock"),
    { .path = "clock", .kind = FIELD_NODE, .required = true, .doc = "[low, likely, high] of large designs" },
    { .path = "level", .kind = FIELD_NODE, .required = true, .doc = "[best, likely, worst] delay of a LUT and its routing" },
    { .path = "register", .kind = FIELD_QUANTITY, .quantity = Q_SECONDS, .offset = F(register_s), .min = 0, .max = 1e-7, .required = true,
      .doc = "clock to output and set-up of a stage" },
};

/* A list of three quantities that rise. */
static enum status read_three(double out[3], const struct yaml_node *map, const char *key, enum quantity_kind kind, struct error *err)
{
    const struct yaml_node *list = fields_find(map, key);
    enum status st;

    if (list == NULL || list->kind != YAML_SEQUENCE || list->count != 3)
        return error_set(err, STATUS_BAD_INPUT, list ? list->at : map->at, "fpga.%s: expected a list of three, as in [200 MHz, 250 MHz, 300 MHz]", key);
    for (size_t i = 0; i < 3; i++) {
        const struct yaml_node *item = list->items[i];

        if (item->kind != YAML_SCALAR)
            return error_set(err, STATUS_BAD_INPUT, item->at, "fpga.%s: expected %s", key, quantity_example(kind));
        if ((st = quantity_parse(&out[i], item->text, kind, item->at, err)))
            return st;
    }
    if (!(out[0] > 0 && out[0] <= out[1] && out[1] <= out[2]))
        return error_set(err, STATUS_BAD_INPUT, list->at, "fpga.%s: '%s', '%s', '%s' do not rise from above 0", key, list->items[0]->text,
                         list->items[1]->text, list->items[2]->text);
    return STATUS_OK;
}

static bool uses_uram(const struct arch_fpga *f)
{
    return fields_choice(f->registers_in, "uram") || fields_choice(f->shared_in, "uram") || fields_choice(f->l2_in, "uram");
}

enum status arch_fpga_read(struct arch_fpga *out, const struct yaml_node *node, struct error *err)
{
    enum status st;

    if (node == NULL)
        return STATUS_OK;
    if ((st = fields_read(out, rows, COUNT(rows), node, "fpga section", err)) ||
        (st = read_three(out->clock_hz, node, "clock", Q_HZ, err)) || (st = read_three(out->level_s, node, "level", Q_SECONDS, err)))
        return st;
    if (!(out->budget.lut >= 1))
        return error_set(err, STATUS_BAD_INPUT, node->at, "fpga.budget.lut is %g, expected the LUTs of the device", out->budget.lut);
    if (uses_uram(out) && (out->uram_bits <= 0 || out->uram_port_bits <= 0))
        return error_set(err, STATUS_BAD_INPUT, node->at, "missing keys 'uram.bits' and 'uram.port_bits' in fpga section: a buffer is made of uram");
    return STATUS_OK;
}

void arch_fpga_hash(struct hasher *h, const struct arch_fpga *f)
{
    fields_hash(h, rows, COUNT(rows), f);
    for (int i = 0; i < 3; i++) {
        hasher_double(h, f->clock_hz[i]);
        hasher_double(h, f->level_s[i]);
    }
}
