/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and loading the cycle module (sim/cycle_load.h). Nothing is kept here: the loader counts and keeps its own handles. */
#include "sim/cycle_load.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef LLMSIM_PKGLIBDIR
#define LLMSIM_PKGLIBDIR "/usr/local/lib/llmsim"
#endif

static void *open_in(const char *directory, const char *below)
{
    char path[PATH_MAX + 64];

    if ((size_t)snprintf(path, sizeof path, "%s%s/llmsim_cycle.so", directory, below) >= sizeof path || access(path, R_OK) != 0)
        return NULL;
    return dlopen(path, RTLD_LAZY | RTLD_LOCAL);
}

/* Directory of the running program; empty when it cannot be told. */
static void program_directory(char out[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    char *slash;

    out[n > 0 ? n : 0] = '\0';
    if ((slash = strrchr(out, '/')))
        *slash = '\0';
    else
        out[0] = '\0';
}

static void *open_module(void)
{
    static const char *const places[] = { "", "/.libs", "/../.libs", "/../../.libs", "/../lib/llmsim" };
    const char *override = getenv("LLMSIM_MODULES");
    char directory[PATH_MAX];
    void *module = override ? open_in(override, "") : NULL;

    program_directory(directory);
    for (size_t i = 0; !module && directory[0] && i < sizeof places / sizeof places[0]; i++)
        module = open_in(directory, places[i]);
    return module ? module : open_in(LLMSIM_PKGLIBDIR, "");
}

enum status cycle_entry(void **out, const char *name, struct error *err)
{
    void *module = open_module();
    const char *why;

    if (!module) {
        why = dlerror();
        return error_plain(err, STATUS_INTERNAL, "cannot load the cycle module llmsim_cycle.so: %s",
                           why ? why : "not found beside the command nor in " LLMSIM_PKGLIBDIR "; was it built with SystemC?");
    }
    if (!(*out = dlsym(module, name)))
        return error_plain(err, STATUS_INTERNAL, "the cycle module has no entry point %s", name);
    return STATUS_OK;
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
