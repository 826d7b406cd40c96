/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The C locale for the calling thread, for a moment: a host that called setlocale() must not turn our "0.5" into "0,5".
 * newlocale(..., "C", ...) takes no memory in glibc and musl, so entering costs two calls and cannot fail there; where it
 * does fail the thread's locale stays as it is.
 */
#ifndef LLMSIM_BASE_CLOCALE_H
#define LLMSIM_BASE_CLOCALE_H

#include <locale.h>

struct clocale {
    locale_t c, before;
};

static inline struct clocale clocale_enter(void)
{
    struct clocale l = { .c = newlocale(LC_ALL_MASK, "C", (locale_t)0) };

    if (l.c)
        l.before = uselocale(l.c);
    return l;
}

static inline void clocale_leave(struct clocale l)
{
    if (!l.c)
        return;
    uselocale(l.before);
    freelocale(l.c);
}

#endif
