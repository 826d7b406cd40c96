/* SPDX-License-Identifier: Apache-2.0 */
/**
 * JSON writer: streaming, two-space indent, keys in the order of the calls, doubles in shortest round-trip form,
 * NaN and infinity as null. The compact form has each value on the line of the one before. Errors of the stream are remembered and told by json_close().
 */
#ifndef LLMSIM_BASE_JSON_H
#define LLMSIM_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *out;      /* borrowed */
    int depth;
    bool first[64]; /* of the container at each depth */
    bool failed, compact;
};

void json_open(struct json *j, FILE *out);
/** Without lines and indent. */
void json_open_compact(struct json *j, FILE *out);
void json_object_begin(struct json *j, const char *key); /* key NULL: inside an array, or the top */
void json_object_end(struct json *j);
void json_array_begin(struct json *j, const char *key);
void json_array_end(struct json *j);
void json_text(struct json *j, const char *key, const char *value); /* value NULL: null */
void json_i64(struct json *j, const char *key, int64_t value);
void json_double(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);
/** Integer picoseconds as exact decimal seconds. */
void json_time_ps(struct json *j, const char *key, int64_t time_ps);
/** Newline and flush; false when anything failed. */
bool json_close(struct json *j);

#endif
