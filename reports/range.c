/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/range.h"

void range_json(struct json *j, const char *key, struct tech_range r)
{
    json_object_begin(j, key);
    json_double(j, "low", r.low);
    json_double(j, "likely", r.likely);
    json_double(j, "high", r.high);
    json_object_end(j);
}
