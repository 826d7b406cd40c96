/* SPDX-License-Identifier: Apache-2.0 */
/** Lists of patterns with the shell's wildcards: "vidur:*|aic:*". */
#ifndef LLMSIM_BASE_GLOB_H
#define LLMSIM_BASE_GLOB_H

#include <stdbool.h>

/** Does `text` match one of `patterns`, parted by `separator`? An empty pattern matches empty text. Without memory: false. */
bool glob_any(const char *text, const char *patterns, char separator);

#endif
