/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and loading modules (base/plugin.h). Nothing is kept here: the loader counts and keeps its own handles. */
#include "base/plugin.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef LLMSIM_PKGLIBDIR
#define LLMSIM_PKGLIBDIR "/usr/local/lib/llmsim"
#endif

static void *open_in(const char *directory, const char *below, const char *module)
{
    char path[PATH_MAX + 64];

    if ((size_t)snprintf(path, sizeof path, "%s%s/%s.so", directory, below, module) >= sizeof path || access(path, R_OK) != 0)
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

static void *open_module(const char *name)
{
    static const char *const places[] = { "", "/.libs", "/../.libs", "/../../.libs", "/../lib/llmsim" };
    const char *override = getenv("LLMSIM_MODULES");
    char directory[PATH_MAX];
    void *module = override ? open_in(override, "", name) : NULL;

    program_directory(directory);
    for (size_t i = 0; !module && directory[0] && i < sizeof places / sizeof places[0]; i++)
        module = open_in(directory, places[i], name);
    return module ? module : open_in(LLMSIM_PKGLIBDIR, "", name);
}

enum status plugin_entry(void **out, const char *name, const char *what, const char *needs, const char *entry, struct error *err)
{
    void *module = open_module(name);
    const char *why;

    if (!module) {
        why = dlerror();
        if (why)
            return error_plain(err, STATUS_INTERNAL, "cannot load the %s module %s.so: %s", what, name, why);
        return error_plain(err, STATUS_INTERNAL, "cannot load the %s module %s.so: not found beside the command nor in " LLMSIM_PKGLIBDIR "; was it built with %s?",
                           what, name, needs);
    }
    if (!(*out = dlsym(module, entry)))
        return error_plain(err, STATUS_INTERNAL, "the %s module has no entry point %s", what, entry);
    return STATUS_OK;
}
