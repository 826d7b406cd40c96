/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Loading of the cycle module (sim/hw/). libsystemc costs 4 to 5 ms at start, so it is not linked: the module is looked for when a
 * cycle run (or a probe) begins (base/plugin.h).
 */
#ifndef LLMSIM_SIM_CYCLE_LOAD_H
#define LLMSIM_SIM_CYCLE_LOAD_H

#include "sim/hw/cycle.h"

/** Address of an entry point of the module. STATUS_INTERNAL with the loader's reason when there is none. The module stays loaded. */
enum status cycle_entry(void **out, const char *name, struct error *err);

extern const struct fidelity fidelity_cycle;

#endif
