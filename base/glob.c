/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of patterns (base/glob.h); fnmatch() knows one. */
#include "base/glob.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

bool glob_any(const char *text, const char *patterns, char separator)
{
    const char parting[] = { separator, '\0' };
    char *one = malloc(strlen(patterns) + 1);
    bool found = false;

    for (const char *at = patterns; one && !found; at++) {
        size_t n = strcspn(at, parting);

        memcpy(one, at, n);
        one[n] = '\0';
        found = fnmatch(one, text, 0) == 0;
        at += n;
        if (*at == '\0')
            break;
    }
    free(one);
    return found;
}
