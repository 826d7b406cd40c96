/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <string.h>

char *path_collapse(char *path)
{
    char *up;

    while (path && (up = strstr(path, "/../"))) {
        char *start = up;

        while (start > path && start[-1] != '/')
            start--;
        if (start == up || strncmp(start, "../", 3) == 0)
            break;
        memmove(start, up + 4, strlen(up + 4) + 1);
    }
    return path;
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

const char *path_beside(struct arena *arena, const char *from, const char *relative)
{
    const char *slash = strrchr(from, '/');

    if (relative[0] == '/' || !slash)
        return arena_strdup(arena, relative);
    return path_collapse(arena_printf(arena, "%.*s/%s", (int)(slash - from), from, relative));
}
