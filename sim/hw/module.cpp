// SPDX-License-Identifier: Apache-2.0
// The version of the library under the models.
#include <systemc>

#include "sim/hw/cycle.h"

extern "C" const char *llmsim_cycle_systemc_version(void)
{
    return sc_core::sc_version();
}
