/* SPDX-License-Identifier: Apache-2.0 */
/** Ctrl-C in commands that run for long. */
#ifndef LLMSIM_CLI_INTERRUPT_H
#define LLMSIM_CLI_INTERRUPT_H

#include <signal.h>

/** Number of the signal that asked to stop (SIGINT once Ctrl-C was pressed); 0: none did. What takes long looks at it between its parts. */
extern volatile sig_atomic_t interrupted;

/** From here on Ctrl-C sets `interrupted`; a second one ends the process as usual. */
void catch_interrupt(void);

/** The same, and SIGTERM and SIGUSR1, by which batch queues say that time is up. */
void catch_stop(void);

#endif
