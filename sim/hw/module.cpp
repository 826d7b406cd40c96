// SPDX-License-Identifier: Apache-2.0
// What the module needs beside the models: the version of the library under it, and the main function that libsystemc refers to
// and that nobody calls here (chip_run() drives the kernel itself).
#include <systemc>

#include "sim/hw/cycle.h"

extern "C" const char *llmsim_cycle_systemc_version(void)
{
    return sc_core::sc_version();
}

extern "C" int sc_main(int argc, char *argv[]);
extern "C" int sc_main(int argc, char *argv[])
{
    (void)argc, (void)argv;
    return 0;
}
