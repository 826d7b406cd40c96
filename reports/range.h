/* SPDX-License-Identifier: Apache-2.0 */
/** A range of the cost model in JSON. */
#ifndef LLMSIM_REPORTS_RANGE_H
#define LLMSIM_REPORTS_RANGE_H

#include "arch/technology.h"
#include "base/json.h"

/** Member `key` of the open object: { "low", "likely", "high" }, in the unit that the key names. */
void range_json(struct json *j, const char *key, struct tech_range r);

#endif
