/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Modules that are loaded when something asks for them, because the libraries behind them cost milliseconds at start. Looked for beside the command,
 * in the build's .libs, then where they were installed. $LLMSIM_MODULES overrides.
 */
#ifndef LLMSIM_BASE_PLUGIN_H
#define LLMSIM_BASE_PLUGIN_H

#include "base/error.h"

/**
 * Address of an entry point of the module NAME.so. STATUS_INTERNAL with the loader's reason when there is none. The module stays loaded.
 * @param what, needs  for the message: "cycle", "SystemC"
 */
enum status plugin_entry(void **out, const char *name, const char *what, const char *needs, const char *entry, struct error *err);

#endif
