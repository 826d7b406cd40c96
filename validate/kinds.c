/* SPDX-License-Identifier: Apache-2.0 */
/* The table of measurement kinds. A header is of the first kind whose columns it has: most special first. */
#include "validate/kinds.h"

#include <stddef.h>

const struct measurement_kind *const measurement_kinds[] = {
    &kind_gemm,
    &kind_attention,
    &kind_elementwise,
    &kind_collective,
    &kind_endtoend,
    &kind_moe,
    &kind_training_memory,
    &kind_training,
    NULL,
};
