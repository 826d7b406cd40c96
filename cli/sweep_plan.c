/* SPDX-License-Identifier: Apache-2.0 */
/* From a command line to a plan. See sweep_plan.h. */
#include "cli/sweep_plan.h"

int sweep_on_plan(const struct command *self, int argc, char **argv, void *options, sweep_act act)
{
    struct text_list operands;
    struct arena arena = { 0 };
    struct error err = { 0 };
    struct plan *plan;
    enum status st = options_parse(options, &operands, self, argc, argv, &arena, &err);

    if (!st && !(st = plan_read(&plan, operands.items[0], &arena, &err)))
        st = act(plan, operands.items[0], options, &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}
