/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of the program and of its models. */
#include "base/version.h"

#include "config.h"

/* Raise it in the commit that changes a predicted number. */
#define MODEL_VERSION "1"

const char *version_program(void)
{
    return PACKAGE_VERSION;
}

const char *version_model(void)
{
    return MODEL_VERSION;
}
