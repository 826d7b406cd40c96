/* SPDX-License-Identifier: Apache-2.0 */
/* A program as a user of the installed library writes it: one run, its JSON on standard output. Compiled by check.sh with pkg-config alone. */
#include <llmsim/llmsim.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    struct llmsim_run_options o = { .arch = "A100", .trace = argc > 1 ? argv[1] : "", .fidelity = "analytic" };
    char *json = NULL, *message = NULL;
    int status = llmsim_run(&o, &json, &message);

    fputs(json ? json : message ? message : "", stdout);
    llmsim_free(json);
    llmsim_free(message);
    return status;
}
