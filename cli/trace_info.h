/* SPDX-License-Identifier: Apache-2.0 */
/** llmsim trace info: the printed forms of trace_stats. */
#ifndef LLMSIM_CLI_TRACE_INFO_H
#define LLMSIM_CLI_TRACE_INFO_H

#include "cli/options.h"

extern const struct command trace_info_command, trace_stored_command;

#endif
