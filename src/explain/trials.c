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
    HALVINGS = 3,          /* then the largest rate is known to a factor of 10^(1/16) */
    WHOLE_MOST = 3         /* trainings to prove the remedy, each with half of the rate before */
};

/* Of the constant loss: a loss below it is rounding, and neither better nor worse than another. */
static const double NOTHING = 1e-6;

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

static sml_status fit(sml_ctx *ctx, sml_model *model, const sml_dataset *train, looker *l)
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
    const sml_status status = sml_model_fit_with(ctx, model, train, &options, NULL);
    return status == SML_CANCELLED && !l->is_cancelled ? SML_OK : status;
}

sml_status sml__try(sml_ctx *ctx, const sml_doctor *doctor, const sml_model *like,
                    const sml__trial *trial, sml__verdict *verdict, sml_model **out)
{
    const sml_dataset *train = trial->train != NULL ? trial->train : doctor->examination->train;
    looker l = {.ctx = doctor->ctx, .doctor = doctor, .steps = trial->steps};
    sml_model *model = NULL;
    sml_status status = sml__model_alike(ctx, like, &model);
    if (status == SML_OK) {
        status = sml__settings_parse(ctx, model, trial->settings);
    }
    if (status == SML_OK) {
        status = fit(ctx, model, train, &l);
    }
    *verdict = (sml__verdict){
        .diverged = status == SML_DIVERGED,
        .start = sml__windows_start(&l.windows),
        .best = sml__windows_best(&l.windows),
        .end = sml__windows_end(&l.windows),
        .constant = l.constant,
        .steps = l.windows.batches,
    };
    if (out != NULL && status == SML_OK) {
        *out = model;
        return SML_OK;
    }
    sml_model_free(model);
    return status == SML_DIVERGED ? SML_OK : status;
}

int sml__has_learned(const sml__verdict *v)
{
    const double most = fmax(1.25 * v->best, NOTHING * v->constant);
    return !v->diverged && v->end < 0.98 * fmin(v->constant, v->start) && v->end <= most;
}

uint64_t sml__short_steps(const sml_doctor *doctor, const sml_model *model)
{
    const size_t rows = doctor->examination->train->view.rows;
    const uint64_t batch = (uint64_t)sml__setting_integer(model, "batch_size");
    const uint64_t all = ((rows - 1) / batch + 1) * (uint64_t)sml__setting_integer(model, "epochs");
    const uint64_t enough =
        SAMPLES_LEAST / batch > STEPS_LEAST ? SAMPLES_LEAST / batch : STEPS_LEAST;
    return all < enough ? all : enough;
}

void sml__rate_setting(const sml_doctor *doctor, double rate, char text[SML__RATE_SETTING])
{
    const locale_t before = uselocale(doctor->ctx->numbers);
    snprintf(text, SML__RATE_SETTING, "learning_rate=%.3g", rate);
    uselocale(before);
}

sml_status sml__try_rate(sml_ctx *ctx, const sml_doctor *doctor, const sml_model *model,
                         double rate, const char *others, uint64_t steps, sml__verdict *verdict)
{
    char setting[SML__RATE_SETTING], settings[2 * SML__RATE_SETTING];
    const sml__trial trial = {.settings = settings, .steps = steps};
    sml__rate_setting(doctor, rate, setting);
    snprintf(settings, sizeof settings, "%s %s", setting, others);
    return sml__try(ctx, doctor, model, &trial, verdict, NULL);
}

static void show_rate(const sml_doctor *doctor, sml__finding *f, double rate,
                      const sml__verdict *verdict)
{
    char unit[40];
    const int gets_worse = verdict->end < 0.98 * fmin(verdict->constant, verdict->start);
    snprintf(unit, sizeof unit, "%s",
             verdict->diverged           ? "diverges"
             : sml__has_learned(verdict) ? "learns"
             : gets_worse                ? "gets worse"
                                         : "does not learn");
    sml__finding_show(doctor, f, verdict->end, unit, "tried learning rate %.3g, %llu steps: loss",
                      rate, (unsigned long long)verdict->steps);
}

/* The largest rate below one that failed, by half powers of ten, then by halving in between. Of the
 * trials the one that learns and the one above it that does not are shown. */
static sml_status find_rate(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model,
                            const char *others, sml__finding *f, double *found)
{
    const uint64_t steps = sml__short_steps(doctor, model);
    double bad = doctor->rate, good = 0;
    sml__verdict verdict = {0}, good_verdict = {0}, bad_verdict = {0};
    sml_status status = SML_OK;
    *found = 0;
    for (int i = 1; i <= RATES_MOST && good == 0 && status == SML_OK; i++) {
        const double rate = doctor->rate * pow(10, -0.5 * i);
        status = sml__try_rate(ctx, doctor, model, rate, others, steps, &verdict);
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
        status = sml__try_rate(ctx, doctor, model, rate, others, steps, &verdict);
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

/* Half of the largest rate that learned in a short time leaves room for what comes later. Whether
 * that is room enough a whole training shows; if not, half of it. */
static sml_status prove_rate(sml_ctx *ctx, const sml_doctor *doctor, const sml_model *model,
                             sml__finding *f, double *rate)
{
    sml__verdict verdict = {0};
    sml_status status = SML_OK;
    for (int i = 0; i < WHOLE_MOST && status == SML_OK && !f->shown.is_tried; i++) {
        *rate /= 2;
        status = sml__try_rate(ctx, doctor, model, *rate, "", 0, &verdict);
        f->shown.is_tried = status == SML_OK && sml__has_learned(&verdict);
    }
    if (f->shown.is_tried) {
        show_rate(doctor, f, *rate, &verdict);
    }
    return status;
}

int sml__is_scaled(const sml_doctor *doctor, const sml_model *model)
{
    return sml__setting_is(model, "scaling", "auto") ? doctor->examination->train->schema != NULL
                                                     : !sml__setting_is(model, "scaling", "none");
}

/* Where no learning rate learns from the inputs as they are, and one from scaled inputs. */
static sml_status ask_for_scaling(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model)
{
    double rate = 0;
    sml__finding *f = sml__doctor_add(doctor, "unscaled_inputs", SML_FINDING_WARNING);
    sml__finding_say(doctor, f, SML__TITLE, "the network learns only from scaled inputs");
    sml__finding_say(doctor, f, SML__TEXT,
                     "Inputs go into the network as they are, and no smaller learning rate learns "
                     "from them. With scaled inputs these do:");
    sml_status status = find_rate(ctx, doctor, model, "scaling=standard", f, &rate);
    if (status != SML_OK || rate == 0) {
        sml__doctor_drop(doctor, f);
        return status;
    }
    f->shown.is_tried = 1;
    sml__finding_say(doctor, f, SML__REMEDY, "scaling=standard");
    sml__finding_say(doctor, f, SML__REASON,
                     "the gradient of a weight carries its input as a factor; the doctor can then "
                     "say which learning rate suits");
    return SML_OK;
}

/* That it learned nothing has another cause where no rate learns. A divergence has none, and norms
 * may keep it. */
static sml_status give_up(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model, sml__finding *f)
{
    if (has_outcome(doctor)) {
        sml__doctor_drop(doctor, f);
        return SML_OK;
    }
    sml__verdict verdict = {0};
    const sml__trial normalised = {.settings = "normalization=batch"};
    const sml_status status = sml__try(ctx, doctor, model, &normalised, &verdict, NULL);
    f->remedy[0] = '\0';
    f->reason[0] = '\0';
    f->shown.is_tried = status == SML_OK && sml__has_learned(&verdict);
    sml__finding_say(doctor, f, SML__REMEDY, "%s",
                     f->shown.is_tried ? normalised.settings
                                       : "look at the data: no smaller learning rate learned");
    sml__finding_say(doctor, f, SML__REASON, "%d smaller rates were tried, down to %.2g",
                     RATES_MOST, doctor->rate * pow(10, -0.5 * RATES_MOST));
    if (f->shown.is_tried) {
        sml__finding_say(doctor, f, SML__REASON,
                         ", and none learned; with norms it learns at this rate");
    }
    return status != SML_OK || sml__is_scaled(doctor, model) ? status
                                                             : ask_for_scaling(ctx, doctor, model);
}

static sml_status ask_for_smaller_rate(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model,
                                       sml__finding *f)
{
    double rate = 0;
    sml_status status = find_rate(ctx, doctor, model, "", f, &rate);
    if (status == SML_OK && rate == 0) {
        return give_up(ctx, doctor, model, f);
    }
    if (status == SML_OK) {
        status = prove_rate(ctx, doctor, model, f, &rate);
        f->remedy[0] = '\0';
        sml__finding_say(doctor, f, SML__REMEDY, "learning_rate=%.3g", rate);
        sml__finding_say(doctor, f, SML__REASON,
                         "; a larger one learned in a trial of %llu steps, but a whole training "
                         "needs more room",
                         (unsigned long long)sml__short_steps(doctor, model));
    }
    return status;
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
    status = sml__prove_scaling(ctx, doctor, model);
    sml__finding *large = sml__doctor_find(doctor, "learning_rate_too_large");
    if (status == SML_OK && large != NULL && doctor->rate > 0 &&
        !sml__doctor_found(doctor, "exploding_gradients", SML_FINDING_ERROR) &&
        !sml__doctor_found(doctor, "unscaled_inputs", SML_FINDING_WARNING)) {
        status = ask_for_smaller_rate(ctx, doctor, model, large);
    }
    return status == SML_OK ? sml__find_what_is_lacking(ctx, doctor, model) : status;
}
