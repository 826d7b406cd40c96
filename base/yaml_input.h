/* SPDX-License-Identifier: Apache-2.0 */
/** Bytes and lines of a YAML text, for yaml.c alone. */
#ifndef LLMSIM_BASE_YAML_INPUT_H
#define LLMSIM_BASE_YAML_INPUT_H

#include <stddef.h>

#include "base/error.h"

enum { YAML_FILE_BYTES_MAX = 16 << 20 };

/** The whole file in *data (the caller frees it), at most some bytes more than YAML_FILE_BYTES_MAX. */
enum status yaml_slurp(char **data, size_t *bytes, const char *path, struct error *err);

/** Bytes of the line break at p, as libyaml counts lines: CR LF, CR, LF, NEL, LS, PS; 0 = none. */
size_t yaml_line_break(const char *p, const char *end);

/** Only UTF-8 without control characters (YAML 1.2.2, 5.1) may reach libyaml, so that the place of a bad byte is ours to tell. */
enum status yaml_check_bytes(const char *file, const char *text, const char *text_end, struct error *err);

#endif
