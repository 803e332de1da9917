#include "interrupt.h"

#include "command.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* A signal handler can reach nothing but a global. */
static volatile sig_atomic_t arrived;

static void remember(int signal_number)
{
    (void)signal_number;
    arrived = 1;
}

static void leave(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_INTERRUPTED);
}

static void handle(int signal_number, void (*handler)(int), unsigned flags)
{
    struct sigaction action = {.sa_handler = handler};
    action.sa_flags = (int)flags;
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

/* Not blocked but handled: a blocked signal would go to one of the other threads. */
static void remember_all(unsigned flags)
{
    struct sigaction hangup;
    handle(SIGINT, remember, flags);
    handle(SIGTERM, remember, flags);
    /* nohup has it ignored, and means it. */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
        handle(SIGHUP, remember, flags);
    }
}

void interrupt_exits(void)
{
    handle(SIGINT, leave, 0);
}

void interrupt_watch(void)
{
    /* SA_RESETHAND: after the first signal the default action is back. */
    remember_all(SA_RESETHAND | SA_RESTART);
}

int interrupt_arrived(void)
{
    return arrived;
}

void interrupt_hold(void)
{
    remember_all(SA_RESTART);
}
