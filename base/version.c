/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of the program and of its models. */
#include "base/version.h"

#include "config.h"
#include "model_sources.h"

/* Check sum of the models' sources (base/local.mk): a number of another build's models is never taken for one of these. */
#define MODEL_VERSION "1." MODEL_SOURCES

const char *version_program(void)
{
    return PACKAGE_VERSION;
}

const char *version_model(void)
{
    return MODEL_VERSION;
}
