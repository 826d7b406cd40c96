/* SPDX-License-Identifier: Apache-2.0 */
/* The fidelities by name. `cycle` loads its module (sim/hw/) when it is first asked for a time. */
#include <string.h>

#include "base/nearest.h"
#include "sim/cycle_load.h"
#include "sim/timing.h"

static const struct fidelity *const fidelities[] = { &fidelity_analytic, &fidelity_cycle, &fidelity_roofline };
enum { FIDELITIES = sizeof fidelities / sizeof fidelities[0] };

enum status fidelity_find(const struct fidelity **out, const char *name, struct error *err)
{
    const char *names[FIDELITIES], *near;

    for (int i = 0; i < FIDELITIES; i++) {
        names[i] = fidelities[i]->name;
        if (strcmp(name, names[i]) == 0) {
            *out = fidelities[i];
            return STATUS_OK;
        }
    }
    near = nearest_name(name, names, FIDELITIES);
    return error_plain(err, STATUS_BAD_INPUT, "unknown fidelity '%s', expected roofline, analytic or cycle%s%s", name,
                       near ? "; nearest is " : "", near ? near : "");
}
