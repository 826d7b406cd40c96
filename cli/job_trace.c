/* SPDX-License-Identifier: Apache-2.0 */
/* Which trace an operand names (cli/job.h). */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/path.h"
#include "cli/job.h"

static const char ending[] = ".trace";

size_t job_shipped_traces(const char *names[JOB_TRACES_MAX], struct arena *arena)
{
    const char *folder = data_path("workloads", arena);
    DIR *d = folder ? opendir(folder) : NULL;
    size_t n = 0;

    for (const struct dirent *e; d && n < JOB_TRACES_MAX && (e = readdir(d)) != NULL; ) {
        size_t bytes = strlen(e->d_name), end = sizeof ending - 1;
        const char *stem = bytes > end && strcmp(e->d_name + bytes - end, ending) == 0 ? arena_strndup(arena, e->d_name, bytes - end) : NULL;
        size_t at = n;

        if (!stem)
            continue;
        for (; at > 0 && strcmp(names[at - 1], stem) > 0; at--)
            names[at] = names[at - 1];
        names[at] = stem;
        n++;
    }
    if (d)
        closedir(d);
    return n;
}

/* The shipped trace that is nearest to a name; NULL: none is near. */
static const char *nearest_shipped(const char *name, struct arena *arena)
{
    const char *names[JOB_TRACES_MAX];

    return nearest_name(name, names, job_shipped_traces(names, arena));
}

enum status job_trace(const char **out, const char *name, struct arena *arena, struct error *err)
{
    const char *shipped[2], *near;

    *out = name;
    if (strcmp(name, "-") == 0 || access(name, F_OK) == 0)
        return STATUS_OK;
    shipped[0] = data_path(name, arena);
    shipped[1] = data_path(arena_printf(arena, "workloads/%s%s", name, strstr(name, ending) ? "" : ending), arena);
    for (int i = 0; i < 2; i++)
        if (shipped[i] && access(shipped[i], F_OK) == 0) {
            *out = shipped[i];
            return STATUS_OK;
        }
    near = strchr(name, '/') ? NULL : nearest_shipped(name, arena);
    return error_plain(err, STATUS_BAD_INPUT, "no trace '%s', expected a file or one that is shipped in workloads/%s%s%s", name, near ? "; nearest is '" : "",
                       near ? near : "", near ? "'" : "");
}
