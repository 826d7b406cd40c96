// SPDX-License-Identifier: Apache-2.0
// Entry points of the cycle module.
#include <systemc>

extern "C" const char *llmsim_cycle_systemc_version(void);

extern "C" const char *llmsim_cycle_systemc_version(void)
{
    return sc_core::sc_version();
}
