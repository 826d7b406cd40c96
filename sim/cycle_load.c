/* SPDX-License-Identifier: Apache-2.0 */
/* The cycle fidelity, out of its module (sim/cycle_load.h). */
#include "sim/cycle_load.h"

#include <string.h>

#include "base/plugin.h"

enum status cycle_entry(void **out, const char *name, struct error *err)
{
    return plugin_entry(out, "llmsim_cycle", "cycle", "SystemC", name, err);
}

static enum status cycle_time(struct timing *out, const struct kernel *k, const struct timing_context *ctx, struct error *err)
{
    cycle_time_function entry;
    void *address;
    enum status st = cycle_entry(&address, "llmsim_cycle_time", err);

    if (st)
        return st;
    memcpy(&entry, &address, sizeof entry); /* POSIX: a function's address comes from dlsym() as void * */
    return entry(out, k, ctx, err);
}

const struct fidelity fidelity_cycle = {
    .name = "cycle",
    .summary = "SystemC: blocks, units, caches and memory channels as processes that contend",
    .costly = true,
    .time = cycle_time,
};
