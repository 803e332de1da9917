#include "study/runner.h"

#include "base/context.h"
#include "base/threads.h"
#include "study/trial.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* What the members of a team share. */
typedef struct running {
    sml_ctx *ctx; /* the caller's: takes the text of the first error */
    const sml_study *study;
    const sml_model *like;
    const sml__job *jobs;
    size_t n;
    atomic_size_t next;
    atomic_int ended; /* nobody begins another job */
    pthread_mutex_t one_at_a_time;
    sml_status status; /* the first that is not SML_OK */
} running;

static int is_cancelled(void *user)
{
    const running *r = user;
    return atomic_load(&r->ended) ||
           (r->study->cancelled != NULL && r->study->cancelled(r->study->user));
}

/* The first failure counts; the cancellations that it brings about do not. */
static void end_with(running *r, sml_status status, const char *text)
{
    if (r->status == SML_OK) {
        r->status = status;
        sml__fail(r->ctx, status, "%s", text);
    }
    atomic_store(&r->ended, 1);
}

/* From the training that a thread is at. */
static void pass_note(void *user, const char *text)
{
    running *r = user;
    pthread_mutex_lock(&r->one_at_a_time);
    if (r->study->note != NULL) {
        r->study->note(r->study->user, text);
    }
    pthread_mutex_unlock(&r->one_at_a_time);
}

static void report(running *r, const sml__job *job, sml_status status, const char *text)
{
    pthread_mutex_lock(&r->one_at_a_time);
    if (status == SML_CANCELLED) {
        end_with(r, status, "cancelled");
    } else if (status != SML_OK) {
        char named[900];
        snprintf(named, sizeof named, "%s%s%s",
                 job->row->settings != NULL ? job->row->settings : "",
                 job->row->settings != NULL ? ": " : "", text);
        end_with(r, status, named);
    } else if (r->study->row != NULL && r->study->row(r->study->user, job->row) != 0) {
        end_with(r, SML_CANCELLED, "cancelled");
    }
    pthread_mutex_unlock(&r->one_at_a_time);
}

static void run_some(running *r, sml_ctx *ctx)
{
    const sml_study polled = {
        .metric = r->study->metric, .cancelled = is_cancelled, .user = r, .note = pass_note};
    while (!is_cancelled(r)) {
        const size_t i = atomic_fetch_add(&r->next, 1);
        if (i >= r->n) {
            return;
        }
        const sml_status status = sml__trial_run(ctx, &polled, r->like, &r->jobs[i]);
        report(r, &r->jobs[i], status, sml_ctx_error(ctx));
    }
    pthread_mutex_lock(&r->one_at_a_time);
    end_with(r, SML_CANCELLED, "cancelled");
    pthread_mutex_unlock(&r->one_at_a_time);
}

/* A member of a team: with a context of its own. */
static void run_member(void *argument, sml__member member)
{
    running *r = argument;
    const sml_ctx_options alone = {.threads = 1, .data_dir = sml_ctx_data_dir(r->ctx)};
    sml_ctx *ctx = NULL;
    (void)member;
    const sml_status status = sml_ctx_create(&alone, &ctx);
    if (status == SML_OK) {
        run_some(r, ctx);
    } else {
        pthread_mutex_lock(&r->one_at_a_time);
        end_with(r, status, "out of memory: a context");
        pthread_mutex_unlock(&r->one_at_a_time);
    }
    sml_ctx_free(ctx);
}

sml_status sml__run_jobs(sml_ctx *ctx, const sml_study *study, const sml_model *like,
                         const sml__job *jobs, size_t n)
{
    running r = {.ctx = ctx,
                 .study = study,
                 .like = like,
                 .jobs = jobs,
                 .n = n,
                 .one_at_a_time = PTHREAD_MUTEX_INITIALIZER};
    const size_t threads = (size_t)sml_ctx_threads(ctx);
    for (size_t i = 0; i < n; i++) {
        jobs[i].row->status = SML_CANCELLED;
    }
    if (n == 1) { /* one training uses all threads */
        run_some(&r, ctx);
    } else if (n > 1) {
        sml__team_run((int)(threads < n ? threads : n), run_member, &r);
    }
    pthread_mutex_destroy(&r.one_at_a_time);
    return r.status;
}
