/* SPDX-License-Identifier: Apache-2.0 */
/** Inside arch/: reading the parts of a resolved hardware description. Callers outside use arch.h. */
#ifndef LLMSIM_ARCH_HARDWARE_READ_H
#define LLMSIM_ARCH_HARDWARE_READ_H

#include "arch/hardware.h"
#include "base/arena.h"
#include "base/error.h"

/** Reads the `units:` section into hw->units, sorted by name. */
enum status arch_units_read(struct hardware *hw, const struct yaml_node *units, struct error *err);
void arch_units_hash(struct hasher *h, const struct hardware *hw);

/** A stated `peak:` must be rate x SMs x peak clock within 1 %. Call after everything is read. */
enum status arch_units_check_peaks(const struct hardware *hw, struct error *err);

/** DRAM timings: absent ones leave bus_bits 0. */
enum status arch_dram_timing_read(struct dram_timing *out, const struct yaml_node *node, struct error *err);
void arch_dram_timing_hash(struct hasher *h, const struct dram_timing *t);

/** The `fpga:` section; NULL leaves fpga.budget.lut 0. */
enum status arch_fpga_read(struct arch_fpga *out, const struct yaml_node *node, struct error *err);
void arch_fpga_hash(struct hasher *h, const struct arch_fpga *f);

#endif
