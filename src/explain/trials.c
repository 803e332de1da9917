#include "explain/trials.h"

#include "base/context.h"
#include "model/algorithm.h"
#include "model/parameters.h"
#include "nn/mlp.h"
#include "study/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS_LEAST = 200,     /* of a short trial, if the training has so many, */
    SAMPLES_LEAST = 20000, /* or so many rows */
    RATES_MOST = 16,       /* half a power of ten apart */
    LARGER_MOST = 5,       /* a power of ten apart */
    HALVINGS = 3,          /* then the largest rate is known to a factor of 10^(1/16) */
    UNITS_MOST = 1024
};

/* Who looks on at a trial, and ends it. */
typedef struct looker {
    struct sml_watch watch;
    sml_ctx *ctx;
    const sml_doctor *doctor;
    uint64_t steps;
    int is_cancelled; /* by the user, not by the number of steps */
    sml__windows windows;
    double constant;
} looker;

static void trial_began(void *user, sml__training *t)
{
    looker *l = user;
    l->constant = sml__constant_loss(l->ctx, t);
}

static void trial_batch(void *user, const sml__training *t)
{
    looker *l = user;
    if (t->batch_weight > 0 && isfinite(t->batch_loss)) {
        sml__windows_add(&l->windows, t->batch_loss / t->batch_weight);
    }
}

static void trial_epoch(void *user, sml__training *t, const sml_epoch_record *record)
{
    (void)user;
    (void)t;
    (void)record;
}

static void trial_diverged(void *user, sml__training *t, uint64_t update)
{
    (void)user;
    (void)t;
    (void)update;
}

static void trial_ended(void *user, sml__training *t)
{
    (void)user;
    (void)t;
}

static int ends(void *user, const sml_progress *now)
{
    looker *l = user;
    const sml_examination *what = l->doctor->examination;
    (void)now;
    l->is_cancelled = what->cancelled != NULL && what->cancelled(what->user);
    return l->is_cancelled || (l->steps > 0 && l->windows.batches >= l->steps);
}

static sml_status fit(sml_ctx *ctx, sml_model *model, looker *l)
{
    const sml_examination *what = l->doctor->examination;
    const sml_fit_options options = {
        .progress = ends,
        .user = l,
        .validation = what->fit != NULL ? what->fit->validation : NULL,
        .watch = &l->watch,
    };
    l->watch = (struct sml_watch){
        .user = l,
        .began = trial_began,
        .batch = trial_batch,
        .epoch = trial_epoch,
        .diverged = trial_diverged,
        .ended = trial_ended,
    };
    const sml_status status = sml_model_fit_with(ctx, model, what->train, &options, NULL);
    return status == SML_CANCELLED && !l->is_cancelled ? SML_OK : status;
}

sml_status sml__try(sml_ctx *ctx, const sml_doctor *doctor, const sml_model *like,
                    const char *settings, uint64_t steps, sml__verdict *verdict)
{
    looker l = {.ctx = doctor->ctx, .doctor = doctor, .steps = steps};
    sml_model *model = NULL;
    sml_status status = sml__model_alike(ctx, like, &model);
    if (status == SML_OK) {
        status = sml__settings_parse(ctx, model, settings);
    }
    if (status == SML_OK) {
        status = fit(ctx, model, &l);
    }
    *verdict = (sml__verdict){
        .diverged = status == SML_DIVERGED,
        .start = sml__windows_start(&l.windows),
        .best = sml__windows_best(&l.windows),
        .end = sml__windows_end(&l.windows),
        .constant = l.constant,
        .steps = l.windows.batches,
    };
    sml_model_free(model);
    return status == SML_DIVERGED ? SML_OK : status;
}

int sml__has_learned(const sml__verdict *v)
{
    return !v->diverged && v->end < 0.98 * fmin(v->constant, v->start) && v->end < 1.25 * v->best;
}

/* Steps of a short trial. */
static uint64_t short_steps(const sml_doctor *doctor, const sml_model *model)
{
    const size_t rows = doctor->examination->train->view.rows;
    const uint64_t batch = (uint64_t)sml__setting_integer(model, "batch_size");
    const uint64_t all = ((rows - 1) / batch + 1) * (uint64_t)sml__setting_integer(model, "epochs");
    const uint64_t enough =
        SAMPLES_LEAST / batch > STEPS_LEAST ? SAMPLES_LEAST / batch : STEPS_LEAST;
    return all < enough ? all : enough;
}

/* "0.0316", so that what is tried is what is told. */
static double rounded(double value, char text[32])
{
    snprintf(text, 32, "%.3g", value);
    return strtod(text, NULL);
}

static sml_status try_rate(sml_ctx *ctx, const sml_doctor *doctor, const sml_model *model,
                           double rate, uint64_t steps, sml__verdict *verdict)
{
    char settings[64], text[32];
    const locale_t before = uselocale(doctor->ctx->numbers);
    rounded(rate, text);
    snprintf(settings, sizeof settings, "learning_rate=%s", text);
    uselocale(before);
    return sml__try(ctx, doctor, model, settings, steps, verdict);
}

static void show_rate(const sml_doctor *doctor, sml__finding *f, double rate,
                      const sml__verdict *verdict)
{
    char unit[40];
    const int gets_worse = verdict->end < 0.98 * fmin(verdict->constant, verdict->start);
    snprintf(unit, sizeof unit, "%s",
             verdict->diverged           ? "diverges"
             : sml__has_learned(verdict) ? "learns"
             : gets_worse                ? "learns, then gets worse"
                                         : "does not learn");
    sml__finding_show(doctor, f, verdict->end, unit, "tried learning rate %.3g: loss", rate);
}

/* The largest rate below one that failed, by half powers of ten, then by halving in between. Of the
 * trials the one that learns and the one above it that does not are shown. */
static sml_status find_rate(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model,
                            sml__finding *f, double *found)
{
    const uint64_t steps = short_steps(doctor, model);
    double bad = doctor->rate, good = 0;
    sml__verdict verdict = {0}, good_verdict = {0}, bad_verdict = {0};
    sml_status status = SML_OK;
    *found = 0;
    for (int i = 1; i <= RATES_MOST && good == 0 && status == SML_OK; i++) {
        const double rate = doctor->rate * pow(10, -0.5 * i);
        status = try_rate(ctx, doctor, model, rate, steps, &verdict);
        if (sml__has_learned(&verdict)) {
            good = rate;
            good_verdict = verdict;
        } else {
            bad = rate;
            bad_verdict = verdict;
        }
    }
    for (int i = 0; i < HALVINGS && good > 0 && status == SML_OK; i++) {
        const double rate = sqrt(good * bad);
        status = try_rate(ctx, doctor, model, rate, steps, &verdict);
        *(sml__has_learned(&verdict) ? &good : &bad) = rate;
        *(sml__has_learned(&verdict) ? &good_verdict : &bad_verdict) = verdict;
    }
    if (status == SML_OK && good > 0) {
        if (bad_verdict.steps > 0 || bad_verdict.diverged) {
            show_rate(doctor, f, bad, &bad_verdict);
        }
        show_rate(doctor, f, good, &good_verdict);
        *found = good;
    }
    return status;
}

/* Whether the training came to its end, finite. */
static int has_outcome(const sml_doctor *doctor)
{
    return doctor->outcome.constant > 0;
}

/* Half of the largest rate that learned in a short time leaves room for what comes later. */
static sml_status ask_for_smaller_rate(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model,
                                       sml__finding *f)
{
    double found = 0;
    const sml_status status = find_rate(ctx, doctor, model, f, &found);
    if (status != SML_OK || found == 0) {
        /* No rate learns: that it learned nothing has another cause. A divergence has none. */
        if (status == SML_OK && has_outcome(doctor)) {
            sml__doctor_drop(doctor, f);
        }
        return status;
    }
    f->remedy[0] = '\0';
    sml__finding_say(doctor, f, SML__REMEDY, "learning_rate=%.2g", found / 2);
    sml__finding_say(doctor, f, SML__REASON,
                     "; this is half of the largest one that learned in a "
                     "trial of %llu steps",
                     (unsigned long long)short_steps(doctor, model));
    return SML_OK;
}

/* Larger rates in as many steps: the finding stays where one gets five times as far. */
static sml_status ask_for_larger_rate(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model,
                                      sml__finding *f)
{
    const uint64_t steps = short_steps(doctor, model);
    sml__verdict now, best = {0}, one;
    double best_rate = 0;
    sml_status status = try_rate(ctx, doctor, model, doctor->rate, steps, &now);
    for (int i = 1; i <= LARGER_MOST && status == SML_OK && doctor->rate > 0; i++) {
        const double rate = doctor->rate * pow(10, i);
        status = try_rate(ctx, doctor, model, rate, steps, &one);
        if (status == SML_OK && sml__has_learned(&one) && (best_rate == 0 || one.end < best.end)) {
            best = one;
            best_rate = rate;
        }
    }
    if (status != SML_OK || doctor->rate == 0) {
        return status;
    }
    if (best_rate == 0 || !(best.start - best.end >= 5 * (now.start - now.end))) {
        sml__doctor_drop(doctor, f);
        return SML_OK;
    }
    show_rate(doctor, f, doctor->rate, &now);
    show_rate(doctor, f, best_rate, &best);
    f->remedy[0] = '\0';
    f->reason[0] = '\0';
    sml__finding_say(doctor, f, SML__REMEDY, "learning_rate=%.3g", best_rate);
    sml__finding_say(doctor, f, SML__REASON,
                     "of the learning rates tried for %llu steps it came furthest",
                     (unsigned long long)steps);
    return SML_OK;
}

/* Four times as many units in every hidden layer, and one layer more. */
static void larger_hidden(const sml_model *model, char *text, size_t size)
{
    const char *at = sml_model_get(model, "hidden");
    size_t used = 0;
    unsigned long units = 8;
    text[0] = '\0';
    while (*at != '\0' && used + 24 < size) {
        char *end;
        units = strtoul(at, &end, 10);
        at = *end == ',' ? end + 1 : end;
        units = 4 * units < UNITS_MOST ? 4 * units : (units > UNITS_MOST ? units : UNITS_MOST);
        used += (size_t)snprintf(text + used, size - used, "%lu,", units);
    }
    snprintf(text + used, size - used, "%lu", used == 0 ? 4 * units : units);
}

/* Only a larger network can tell a small one from data with nothing more to learn. */
static sml_status ask_for_larger_network(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model)
{
    char hidden[480], settings[512];
    sml__verdict larger;
    larger_hidden(model, hidden, sizeof hidden);
    snprintf(settings, sizeof settings, "hidden=%s", hidden);
    const sml_status status = sml__try(ctx, doctor, model, settings, 0, &larger);
    if (status != SML_OK || larger.diverged || !(larger.end <= 0.8 * doctor->outcome.end)) {
        return status;
    }
    sml__finding *f = sml__doctor_add(doctor, "underfitting", SML_FINDING_WARNING);
    sml__finding_say(doctor, f, SML__TITLE, "the network is too small for what there is to learn");
    sml__finding_say(doctor, f, SML__TEXT,
                     "The loss no longer falls, and a larger network comes further in as many "
                     "epochs.");
    sml__finding_show(doctor, f, doctor->outcome.constant, "", "loss of the best constant answer");
    sml__finding_show(doctor, f, doctor->outcome.end, "", "loss at last");
    sml__finding_show(doctor, f, larger.end, "", "tried hidden %.40s: loss", hidden);
    sml__finding_say(doctor, f, SML__REMEDY, "hidden=%s", hidden);
    sml__finding_say(doctor, f, SML__REASON,
                     "more units bend the answer in more places: the same training came to %.0f%% "
                     "of the loss",
                     100 * larger.end / doctor->outcome.end);
    return SML_OK;
}

/* Layers that were given one by one have no settings to make others like them. */
static int can_try(const sml_doctor *doctor, const sml_model *model)
{
    const sml_examination *what = doctor->examination;
    const sml__mlp *mlp = model->algorithm == &sml__mlp_algorithm ? model->state : NULL;
    return mlp != NULL && !mlp->explicit_layers && !what->no_trials &&
           !(what->fit != NULL && (what->fit->warm_start || what->fit->resume));
}

sml_status sml__run_trials(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model)
{
    sml_status status = SML_OK;
    if (!can_try(doctor, model)) {
        return SML_OK;
    }
    sml__finding *large = sml__doctor_find(doctor, "learning_rate_too_large");
    if (large != NULL && doctor->rate > 0) {
        status = ask_for_smaller_rate(ctx, doctor, model, large);
    }
    sml__finding *small = sml__doctor_find(doctor, "learning_rate_too_small");
    if (small != NULL && status == SML_OK) {
        status = ask_for_larger_rate(ctx, doctor, model, small);
    }
    if (status == SML_OK && doctor->may_be_small && doctor->n_findings == 0) {
        status = ask_for_larger_network(ctx, doctor, model);
    }
    return status;
}
