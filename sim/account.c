/* SPDX-License-Identifier: Apache-2.0 */
/* Writing an account (sim/account.h). */
#include "sim/account.h"

#include <string.h>

void account_begin(struct account *a)
{
    if (a)
        memset(a, 0, sizeof *a);
}

void account_resource(struct account *a, const char *name, enum cause cause, double time_s)
{
    if (a && time_s > 0.0 && a->resources_count < ACCOUNT_RESOURCES_MAX)
        a->resources[a->resources_count++] = (struct account_line){ name, cause, time_s };
}

void account_step(struct account *a, const char *step_name, double step_s, double steps)
{
    if (!a)
        return;
    a->step_name = step_name;
    a->step_s = step_s;
    a->steps = steps;
}

void account_part(struct account *a, const char *name, enum cause cause, double time_s)
{
    if (!a || time_s == 0.0)
        return;
    if (a->parts_count < ACCOUNT_PARTS_MAX)
        a->parts[a->parts_count++] = (struct account_line){ name, cause, time_s };
    else
        a->parts[ACCOUNT_PARTS_MAX - 1].time_s += time_s;
}
