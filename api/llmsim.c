/* SPDX-License-Identifier: Apache-2.0 */
/* The installed interface: thin, so that the rooms behind it stay free to change. */
#include "api/llmsim.h"

#include "base/version.h"

const char *llmsim_version(void)
{
    return version_program();
}

const char *llmsim_model_version(void)
{
    return version_model();
}
