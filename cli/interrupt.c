#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

/* A signal handler can reach nothing but a global. */
static volatile sig_atomic_t arrived;

/* What Ctrl-C did before. */
static struct sigaction before;

static void remember(int signal_number)
{
    (void)signal_number;
    arrived = 1;
}

void interrupt_watch(void)
{
    /* SA_RESETHAND: after the first signal the default action is back. */
    struct sigaction action = {.sa_handler = remember};
    action.sa_flags = (int)(SA_RESETHAND | SA_RESTART);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &before);
}

int interrupt_arrived(void)
{
    return arrived;
}

void interrupt_restore(void)
{
    sigaction(SIGINT, &before, NULL);
}
