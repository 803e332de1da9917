/* The doctor beside a training: what the trainer calls, and when the rules are asked. */
#include "base/memory.h"
#include "explain/doctor.h"

#include <math.h>

/* Times that inputs may be out of scale; and where a training was lost, which the learning rate
 * alone is not to blame for then. */
static const double OUT_OF_SCALE = 100, OUT_OF_SCALE_AND_LOST = 10;

/* What was found in the data of an examination stays; another training begins with nothing. */
static void began(void *user, sml__training *t)
{
    sml_doctor *doctor = user;
    if (doctor->examination == NULL) {
        doctor->n_findings = 0;
    }
    doctor->curve = (sml__curve){.part = doctor->scores_test ? "test" : "validation"};
    doctor->outcome = (sml__outcome){0};
    doctor->is_at_rest = 0;
    doctor->vanishing_remedy = NULL;
    doctor->rate = t->settings->update.learning_rate;
    sml__vitals_begin(doctor->ctx, &doctor->vitals, t);
    sml__look_at_inputs(doctor, t, OUT_OF_SCALE);
    sml__snapshot_create(doctor->ctx, &doctor->latest, t);
    sml__snapshot_take(&doctor->latest, t, 0);
    if (doctor->examination != NULL) {
        sml__snapshot_create(doctor->ctx, &doctor->healthy, t);
        sml__snapshot_take(&doctor->healthy, t, 0);
    }
    sml__look_for_equal_weights(doctor, t);
}

/* A stage is dead that has a tenth of its units left, of more that it began with. */
static int is_alive(const sml__vitals *v)
{
    for (size_t s = 0; s < v->n_stages; s++) {
        const size_t units = v->stages[s].units;
        if (10 * v->last.stages[s].dead >= 9 * units && 2 * v->first.stages[s].dead < units) {
            return 0;
        }
    }
    return 1;
}

static void batch(void *user, const sml__training *t)
{
    sml_doctor *doctor = user;
    if (t->batch_weight > 0 && isfinite(t->batch_loss)) {
        sml__windows_add(&doctor->vitals.windows, t->batch_loss / t->batch_weight);
    }
}

static void note_validation(sml__curve *curve, const sml_epoch_record *record)
{
    if (!isfinite(record->validation_loss)) {
        return;
    }
    if (curve->epochs == 0 || record->validation_loss < curve->best) {
        curve->best = record->validation_loss;
        curve->best_training = record->loss;
        curve->best_epoch = record->epoch;
    }
    for (size_t i = SML__LAST_EPOCHS - 1; i > 0; i--) {
        curve->latest[i] = curve->latest[i - 1];
    }
    curve->latest[0] = record->validation_loss;
    curve->last_training = record->loss;
    curve->epochs++;
}

/* A copy costs as much as a few steps, or some thousand rows. */
static int is_worth_a_copy(const sml__snapshot *snapshot, const sml__training *t)
{
    return t->state->steps - snapshot->state.steps >= 50 ||
           t->state->samples - snapshot->state.samples >= 4096;
}

static void epoch(void *user, sml__training *t, const sml_epoch_record *record)
{
    sml_doctor *doctor = user;
    note_validation(&doctor->curve, record);
    if (is_worth_a_copy(&doctor->latest, t)) {
        sml__snapshot_take(&doctor->latest, t, 1);
    } else {
        sml__snapshot_pass(&doctor->latest, t);
    }
    const uint64_t looks = doctor->vitals.looks;
    sml__vitals_look(&doctor->vitals, t, 1);
    if (doctor->vitals.looks > looks && is_alive(&doctor->vitals)) {
        sml__snapshot_take(&doctor->healthy, t, 1);
    } else {
        sml__snapshot_pass(&doctor->healthy, t);
    }
}

static void diverged(void *user, sml__training *t, uint64_t update)
{
    sml__look_at_divergence(user, t, update);
}

/* A suspicion that more rows must confirm: closed units, or logits that are alike. */
static int needs_census(const sml__vitals *v)
{
    int needed = v->last.spread < 0.01 * v->last.logit;
    for (size_t s = 0; s < v->n_stages; s++) {
        needed = needed || v->last.stages[s].dead * 5 >= v->stages[s].units;
    }
    return needed;
}

/* Whether the last third of a training brought less than 2%. */
static int is_at_rest(const sml__windows *w)
{
    const size_t sixth = w->n / 6;
    return sixth > 0 && sml__windows_mean(w, w->n - sixth, w->n) >
                            0.98 * sml__windows_mean(w, w->n - 2 * sixth, w->n - sixth);
}

static void judge(sml_doctor *doctor, const sml__training *t)
{
    sml__vitals *v = &doctor->vitals;
    sml__outcome outcome = {
        .start = sml__windows_start(&v->windows),
        .peak = sml__windows_peak(&v->windows),
        .end = sml__windows_end(&v->windows),
        .constant = sml__constant_loss(doctor->ctx, t),
        .steps = v->windows.batches,
    };
    if (v->last.step != t->state->steps) {
        sml__vitals_look(v, t, 0);
    }
    if (sml__vitals_can_look(v) && needs_census(v)) {
        outcome.census.dead =
            sml__alloc(doctor->ctx, v->n_stages, sizeof(size_t), "counts of units");
        if (outcome.census.dead == NULL || !sml__vitals_count(doctor->ctx, v, t, &outcome.census)) {
            outcome.census.rows = 0;
        }
    }
    sml__look_at_outcome(doctor, t, &outcome);
    sml__look_at_classes(doctor, t);
    doctor->is_at_rest = is_at_rest(&v->windows);
    doctor->outcome = outcome;
    doctor->outcome.census.dead = NULL;
    sml__free(outcome.census.dead);
}

/* A training that somebody ended, or the clock, says nothing of where it would have come to. */
static void ended(void *user, sml__training *t)
{
    sml_doctor *doctor = user;
    if (t->status == SML_OK && !t->is_out_of_time && doctor->vitals.windows.batches > 0) {
        judge(doctor, t);
    }
    if (sml__doctor_find(doctor, "learning_rate_too_large") != NULL &&
        sml__doctor_find(doctor, "unscaled_inputs") == NULL) {
        sml__look_at_inputs(doctor, t, OUT_OF_SCALE_AND_LOST);
    }
    doctor->windows = doctor->vitals.windows;
    sml__vitals_free(&doctor->vitals, t);
    sml__snapshot_free(&doctor->latest);
    sml__snapshot_free(&doctor->healthy);
    sml__doctor_settle(doctor);
}

struct sml_watch sml__doctor_calls(sml_doctor *doctor)
{
    return (struct sml_watch){
        .user = doctor,
        .began = began,
        .batch = batch,
        .epoch = epoch,
        .diverged = diverged,
        .ended = ended,
    };
}
