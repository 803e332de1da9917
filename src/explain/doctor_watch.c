/* The doctor beside a training: what the trainer calls, and when the rules are asked. */
#include "base/memory.h"
#include "explain/doctor.h"

#include <math.h>

/* What was found in the data of an examination stays; another training begins with nothing. */
static void began(void *user, sml__training *t)
{
    sml_doctor *doctor = user;
    if (doctor->examination == NULL) {
        doctor->n_findings = 0;
    }
    doctor->curve = (sml__curve){0};
    sml__vitals_begin(doctor->ctx, &doctor->vitals, t);
    sml__look_at_inputs(doctor, t);
    sml__look_for_equal_weights(doctor, t);
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
    curve->last = record->validation_loss;
    curve->last_training = record->loss;
    curve->epochs++;
}

static void epoch(void *user, sml__training *t, const sml_epoch_record *record)
{
    sml_doctor *doctor = user;
    note_validation(&doctor->curve, record);
    sml__vitals_look(&doctor->vitals, t, 1);
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

static void judge(sml_doctor *doctor, const sml__training *t)
{
    sml__vitals *v = &doctor->vitals;
    sml__outcome outcome = {
        .start = sml__windows_start(&v->windows),
        .peak = sml__windows_peak(&v->windows),
        .end = sml__windows_end(&v->windows),
        .constant = sml__constant_loss(doctor->ctx, t),
    };
    sml__vitals_look(v, t, 0);
    if (sml__vitals_can_look(v) && needs_census(v)) {
        outcome.census.dead =
            sml__alloc(doctor->ctx, v->n_stages, sizeof(size_t), "counts of units");
        if (outcome.census.dead == NULL || !sml__vitals_count(doctor->ctx, v, t, &outcome.census)) {
            outcome.census.rows = 0;
        }
    }
    sml__look_at_outcome(doctor, t, &outcome);
    sml__look_at_classes(doctor, t);
    sml__free(outcome.census.dead);
}

/* A training that somebody ended, or the clock, says nothing of where it would have come to. */
static void ended(void *user, sml__training *t)
{
    sml_doctor *doctor = user;
    if (t->status == SML_OK && !t->is_out_of_time && doctor->vitals.windows.batches > 0) {
        judge(doctor, t);
    }
    sml__vitals_free(&doctor->vitals, t);
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
