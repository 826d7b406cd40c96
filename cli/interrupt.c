/* SPDX-License-Identifier: Apache-2.0 */
/* The handler of Ctrl-C (cli/interrupt.h). */
#include "cli/interrupt.h"

#include <stddef.h>

volatile sig_atomic_t interrupted;

static void on_signal(int signal_number)
{
    interrupted = signal_number;
}

static void catch(int signal_number, int flags)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

void catch_interrupt(void)
{
    catch(SIGINT, (int)SA_RESETHAND);
}

void catch_stop(void)
{
    catch_interrupt();
    catch(SIGTERM, 0);
    catch(SIGUSR1, 0);
}
