#include "team_clock.h"

#include "base/clock.h"

typedef struct timed {
    team_work *work;
    void *data;
    double seconds;
} timed;

static void run(void *argument, sml__member member)
{
    timed *t = argument;
    sml__team_wait(member);
    const double start = sml__seconds_now();
    t->work(t->data, member);
    sml__team_wait(member);
    if (member.rank == 0) {
        t->seconds = sml__seconds_now() - start;
    }
}

double team_seconds(int threads, team_work *work, void *data)
{
    timed t = {work, data, 0};
    sml__team_run(threads, run, &t);
    return t.seconds;
}
