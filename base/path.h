/* SPDX-License-Identifier: Apache-2.0 */
/** Paths of files as text; nothing here looks at the file system. */
#ifndef LLMSIM_BASE_PATH_H
#define LLMSIM_BASE_PATH_H

#include "base/arena.h"

/** "a/b/../c" becomes "a/c", so that messages read well. In place; NULL stays NULL. */
char *path_collapse(char *path);

/** What stands behind the last '/' of a path: a part of it, never NULL. */
const char *path_name(const char *path);

/** `relative` as seen from the folder of the file `from`, in arena; NULL without memory. */
const char *path_beside(struct arena *arena, const char *from, const char *relative);

#endif
