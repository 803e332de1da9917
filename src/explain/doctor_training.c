/* What ails a training, by how it went and by what its network shows. The thresholds are those of
 * docs/doctor.md, which says why. */
#include "explain/doctor.h"
#include "nn/initialise.h"

#include <math.h>
#include <stdio.h>

/* Losses that a constant answer has, too. */
static const double NO_BETTER = 0.98;

static double rate_of(const sml__training *t)
{
    return t->settings->update.learning_rate;
}

/* The stage with the largest share of dead units at the end; its share in *share. */
static size_t deadest(const sml__vitals *v, const sml__outcome *o, double *share)
{
    size_t worst = 0;
    *share = 0;
    for (size_t s = 0; o->census.rows > 0 && s < v->n_stages; s++) {
        const double here = (double)o->census.dead[s] / (double)v->stages[s].units;
        if (v->stages[s].can_die && here > *share) {
            worst = s;
            *share = here;
        }
    }
    return worst;
}

/* The same stage before the first step. */
static double share_at_first(const sml__vitals *v, size_t s)
{
    return (double)v->first.stages[s].dead / (double)v->stages[s].units;
}

/* rms δ of the first hidden stage by that of the last one; NaN with fewer than three. */
static double delta_ratio(const sml__vitals *v, const sml__look *look)
{
    const size_t hidden = v->n_stages > 0 ? v->n_stages - 1 : 0;
    return hidden >= 3 ? look->stages[0].delta / look->stages[hidden - 1].delta : (double)NAN;
}

/* Whether gradients had vanished before the first step. */
static int began_vanished(const sml__vitals *v)
{
    return sml__vitals_can_look(v) && delta_ratio(v, &v->first) < 1e-3;
}

/* Whether the network says the same of every row, which it did not when it began. Where gradients
 * had vanished, so had what tells rows apart, and it takes no large step to lose that. */
static int became_constant(const sml__vitals *v, const sml__outcome *o)
{
    return o->census.rows > 1 && o->census.spread < 1e-3 * o->census.logit &&
           v->first.spread > 0.01 * v->first.logit && !began_vanished(v);
}

static void say_smaller_rate(const sml_doctor *doctor, sml__finding *f, const sml__training *t)
{
    sml__finding_say(doctor, f, SML__REMEDY, "learning_rate=%.3g", rate_of(t) / 10);
}

static void look_for_lost_training(sml_doctor *doctor, const sml__training *t,
                                   const sml__outcome *o)
{
    const sml__vitals *v = &doctor->vitals;
    double share = 0;
    const size_t worst = deadest(v, o, &share);
    const int has_died = share >= 0.9 && share_at_first(v, worst) < 0.5;
    const int is_constant = became_constant(v, o), is_lost = o->end >= NO_BETTER * o->constant;
    if (!(is_lost && (o->peak >= 1.5 * o->start || is_constant)) &&
        !(has_died && o->end > 0.5 * o->constant)) {
        return;
    }
    if (sml__doctor_found(doctor, "equal_weights", SML_FINDING_ERROR)) {
        return;
    }
    sml__finding *f = sml__doctor_add(doctor, "learning_rate_too_large", SML_FINDING_ERROR);
    if (is_constant) {
        sml__finding_say(doctor, f, SML__TITLE, "the network says the same of every row");
    } else if (has_died) {
        sml__finding_say(doctor, f, SML__TITLE, "layers.%zu died: %zu of %zu units are left",
                         v->stages[worst].gate_block,
                         v->stages[worst].units - o->census.dead[worst], v->stages[worst].units);
    } else {
        sml__finding_say(doctor, f, SML__TITLE,
                         "the loss is no better than that of a constant answer");
    }
    sml__finding_say(doctor, f, SML__TEXT,
                     "Steps were so large that they destroyed what the network had learned; it "
                     "has not come back from there.");
    if (doctor->examination == NULL || !has_died || !sml__tell_collapse(doctor, f, t, worst)) {
        sml__finding_show(doctor, f, o->start, "", "loss at first");
        sml__finding_show(doctor, f, o->peak, "", "loss at worst");
    }
    sml__finding_show(doctor, f, o->end, "", "loss at last");
    sml__finding_show(doctor, f, o->constant, "", "loss of the best constant answer");
    if (o->census.rows > 0 && !isnan(o->census.same)) {
        sml__finding_show(doctor, f, 100 * o->census.same, "%", "rows that get the same answer");
        sml__finding_show(doctor, f, 100 * o->census.right, "%", "rows that get the right one");
    }
    for (size_t s = 0; o->census.rows > 0 && s < v->n_stages; s++) {
        if (v->stages[s].can_die) {
            char unit[40];
            snprintf(unit, sizeof unit, "of %zu", v->stages[s].units);
            sml__finding_show(doctor, f, (double)(v->stages[s].units - o->census.dead[s]), unit,
                              "layers.%zu: units alive", v->stages[s].gate_block);
        }
    }
    sml__finding_show(doctor, f, rate_of(t), "", "learning rate");
    say_smaller_rate(doctor, f, t);
    sml__finding_say(doctor, f, SML__REASON,
                     "smaller steps keep what is learned, and units that are closed for every row "
                     "get no gradient to open them again");
}

static void look_for_small_steps(sml_doctor *doctor, const sml__training *t, const sml__outcome *o)
{
    const sml__vitals *v = &doctor->vitals;
    if (!sml__vitals_can_look(v) || v->windows.batches < 30 || !(o->end > 0.5 * o->constant) ||
        !(v->moved < 0.01 * v->first.weights) ||
        !(v->last.gradient >= 0.5 * v->first.gradient && v->first.gradient > 0)) {
        return;
    }
    sml__finding *f = sml__doctor_add(doctor, "learning_rate_too_small", SML_FINDING_WARNING);
    sml__finding_say(doctor, f, SML__TITLE, "the weights hardly moved");
    sml__finding_say(doctor, f, SML__TEXT,
                     "The gradient is as large as at the start, so there is much to learn, and the "
                     "weights are nearly where they began.");
    sml__finding_show(doctor, f, o->start, "", "loss at first");
    sml__finding_show(doctor, f, o->end, "", "loss at last");
    sml__finding_show(doctor, f, 100 * v->moved / v->first.weights, "% of the weights",
                      "distance moved");
    sml__finding_show(doctor, f, v->last.gradient / v->first.gradient, "times that at the start",
                      "gradient");
    sml__finding_show(doctor, f, rate_of(t), "", "learning rate");
    sml__finding_say(doctor, f, SML__REMEDY, "learning_rate=%.3g",
                     rate_of(t) > 0 ? 100 * rate_of(t) : t->settings->optimizer->learning_rate);
    sml__finding_say(doctor, f, SML__REASON,
                     "the first steps of a gradient that stays the same can be that much longer");
}

/* Whether the rows lie far from 0 by the measure of how they differ: units then see nearly the same
 * number in all of them. */
static int are_inputs_far(const sml__vitals *v, const sml__training *t)
{
    const size_t n = t->network->n_in, stride = sml__row_stride(n);
    const float *x = v->workspace.input;
    double means = 0, squares = 0;
    for (size_t c = 0; c < n; c++) {
        double sum = 0;
        for (size_t r = 0; r < v->rows; r++) {
            const double cell = (double)x[r * stride + c];
            sum += cell;
            squares += cell * cell;
        }
        means += sum * sum / (double)v->rows;
    }
    return means > 9 * (squares - means);
}

static void look_for_dead_units(sml_doctor *doctor, const sml__training *t, const sml__outcome *o)
{
    const sml__vitals *v = &doctor->vitals;
    double share = 0;
    const size_t worst = deadest(v, o, &share);
    const int do_harm = share >= 0.9 || (share >= 0.5 && o->end > 0.25 * o->constant);
    if (!do_harm || v->stages[worst].units < 8) {
        return;
    }
    const int were_born_so = share_at_first(v, worst) > share / 2;
    sml__finding *f = sml__doctor_add(doctor, "dead_relu",
                                      share >= 0.9 ? SML_FINDING_ERROR : SML_FINDING_WARNING);
    f->shown.block = (int64_t)v->stages[worst].gate_block;
    sml__finding_say(doctor, f, SML__TITLE, "layers.%zu: %zu of %zu units are dead",
                     v->stages[worst].gate_block, o->census.dead[worst], v->stages[worst].units);
    sml__finding_say(doctor, f, SML__TEXT,
                     "They are 0 for every one of %zu rows. Their slope is 0 there, so they get no "
                     "gradient and stay so.",
                     o->census.rows);
    for (size_t s = 0; s < v->n_stages; s++) {
        char unit[40];
        snprintf(unit, sizeof unit, "of %zu", v->stages[s].units);
        if (v->stages[s].can_die) {
            sml__finding_show(doctor, f, (double)v->first.stages[s].dead, unit,
                              "layers.%zu: dead at first, on %zu rows", v->stages[s].gate_block,
                              v->rows);
            sml__finding_show(doctor, f, (double)o->census.dead[s], unit,
                              "layers.%zu: dead at last, on %zu rows", v->stages[s].gate_block,
                              o->census.rows);
        }
    }
    if (were_born_so && are_inputs_far(v, t)) {
        sml__finding_say(doctor, f, SML__REMEDY, "scaling=standard");
        sml__finding_say(doctor, f, SML__REASON,
                         "the rows lie further from 0 than from each other, so a unit is open for "
                         "all of them or for none");
    } else if (were_born_so) {
        sml__finding_say(doctor, f, SML__REMEDY, "activation=leaky_relu");
        sml__finding_say(doctor, f, SML__REASON,
                         "it has a slope below 0, too, so that a unit that is closed can open");
    } else {
        say_smaller_rate(doctor, f, t);
        sml__finding_say(doctor, f, SML__REASON,
                         "one large step can push a unit so far below 0 that no row opens it");
    }
}

static void show_deltas(const sml_doctor *doctor, sml__finding *f, const sml__look *look)
{
    const sml__vitals *v = &doctor->vitals;
    const size_t hidden = v->n_stages - 1, step = hidden <= 12 ? 1 : (hidden + 11) / 12;
    for (size_t s = 0; s < hidden; s += step) {
        sml__finding_show(doctor, f, look->stages[s].delta, "", "layers.%zu: delta",
                          v->stages[s].block);
    }
    if ((hidden - 1) % step != 0) {
        sml__finding_show(doctor, f, look->stages[hidden - 1].delta, "", "layers.%zu: delta",
                          v->stages[hidden - 1].block);
    }
}

/* Whether the hidden layers began with weights of the size that init=auto draws: Σ w² within a
 * quarter. He's weights have twice LeCun's. */
static int is_drawn_to_suit(const sml__vitals *v, const sml__training *t)
{
    double square = 0, suited = 0;
    for (size_t s = 0; s + 1 < v->n_stages; s++) {
        square += v->first.stages[s].weights * v->first.stages[s].weights;
        suited += sml__initial_square(t->network, v->stages[s].dense);
    }
    return square > 0.8 * suited && square < 1.25 * suited;
}

/* What keeps a gradient in scale on its way, where the activation does not take it away. */
static const char *keeping_setting(const sml__vitals *v, const sml__training *t)
{
    return is_drawn_to_suit(v, t) ? "normalization=batch" : "init=auto";
}

static const char *reason_of(const char *setting)
{
    return setting[0] == 'a' ? "the slope of a ReLU is 1 where z > 0, that of a sigmoid 1/4 at most"
           : setting[0] == 'i' ? "weights drawn to suit the activation keep the gradient in scale"
                               : "it keeps what a layer puts out, and so the gradient, in scale";
}

/* What lets a gradient through to the first layer. */
static const char *passing_setting(const sml__vitals *v, const sml__training *t)
{
    const sml__stage *first = &v->stages[0];
    const int saturates = first->activation < first->end && !first->can_die;
    return saturates ? "activation=relu" : keeping_setting(v, t);
}

/* Adam divides a gradient by its size, so what had vanished before the first step may be there at
 * last, and too late. */
static void look_for_vanishing(sml_doctor *doctor, const sml__training *t, const sml__outcome *o)
{
    const sml__vitals *v = &doctor->vitals;
    const int is_small =
        v->looks >= 2 && delta_ratio(v, &v->before) < 1e-3 && delta_ratio(v, &v->last) < 1e-3;
    const int began_small = began_vanished(v);
    const sml__look *look = is_small ? &v->last : &v->first;
    doctor->vanishing_remedy = began_small ? passing_setting(v, t) : NULL;
    if (!(is_small || began_small) || !(o->end > 0.9 * o->constant)) {
        return;
    }
    sml__finding *f = sml__doctor_add(doctor, "vanishing_gradients",
                                      began_small ? SML_FINDING_ERROR : SML_FINDING_WARNING);
    f->shown.block = (int64_t)v->stages[0].block;
    sml__finding_say(doctor, f, SML__TITLE,
                     "the gradient %s to %.1g of itself on its way to the first layer",
                     is_small ? "shrinks" : "shrank at first", delta_ratio(v, look));
    sml__finding_say(doctor, f, SML__TEXT,
                     "The first layers hardly learn, and what they pass on is as random as at the "
                     "start. delta is the root mean square of the derivative of a row's loss.");
    show_deltas(doctor, f, look);
    const char *setting = passing_setting(v, t);
    sml__finding_say(doctor, f, SML__REMEDY, "%s", setting);
    sml__finding_say(doctor, f, SML__REASON, "%s", reason_of(setting));
}

static void tell_explosion(const sml_doctor *doctor, sml__finding *f, const sml__training *t,
                           const sml__look *look)
{
    const sml__vitals *v = &doctor->vitals;
    const char *setting = keeping_setting(v, t);
    sml__finding_say(doctor, f, SML__TITLE,
                     "the gradient %s to %.1g times itself on its way to the first layer",
                     look == &v->first ? "grew at first" : "grows", delta_ratio(v, look));
    sml__finding_say(doctor, f, SML__TEXT,
                     "The first layers take steps so much larger than the last ones that no "
                     "learning rate suits both. delta is the root mean square of the "
                     "derivative of a row's loss.");
    f->shown.block = (int64_t)v->stages[0].block;
    show_deltas(doctor, f, look);
    sml__finding_say(doctor, f, SML__REMEDY, "%s", setting);
    sml__finding_say(doctor, f, SML__REASON, "%s", reason_of(setting));
}

int sml__look_for_first_explosion(sml_doctor *doctor, const sml__training *t)
{
    const sml__vitals *v = &doctor->vitals;
    if (!sml__vitals_can_look(v) || !(delta_ratio(v, &v->first) > 1e3)) {
        return 0;
    }
    tell_explosion(doctor, sml__doctor_add(doctor, "exploding_gradients", SML_FINDING_ERROR), t,
                   &v->first);
    return 1;
}

static void look_for_exploding(sml_doctor *doctor, const sml__training *t, const sml__outcome *o)
{
    const sml__vitals *v = &doctor->vitals;
    const double before = delta_ratio(v, &v->before), last = delta_ratio(v, &v->last);
    const double usual = sml__vitals_usual_gradient(v);
    const double most = fmax(100 * usual, 10 * sqrt((double)v->n_stages));
    const int by_depth = before > 1e3 && last > 1e3;
    const int by_time = v->n_norms >= 4 && v->before.gradient > most && v->last.gradient > most;
    if (!(o->end < NO_BETTER * o->constant) && sml__look_for_first_explosion(doctor, t)) {
        return;
    }
    if (v->looks < 2 || !(by_depth || by_time)) {
        return;
    }
    sml__finding *f = sml__doctor_add(doctor, "exploding_gradients", SML_FINDING_WARNING);
    if (by_depth) {
        tell_explosion(doctor, f, t, &v->last);
        return;
    }
    sml__finding_say(doctor, f, SML__TITLE, "the gradient is %.2g times as large as it used to be",
                     v->last.gradient / usual);
    sml__finding_say(doctor, f, SML__TEXT, "Single batches now move the weights far.");
    sml__finding_show(doctor, f, usual, "", "gradient, usually");
    sml__finding_show(doctor, f, v->last.gradient, "", "gradient at last");
    sml__finding_say(doctor, f, SML__REMEDY, "clip_norm=%.2g", usual);
    sml__finding_say(doctor, f, SML__REASON,
                     "no step is longer, then, than one of a usual gradient");
}

/* The least validation loss of the last epochs: of a single one it may jump. */
static double last_of(const sml__curve *c)
{
    double least = c->latest[0];
    for (size_t i = 1; i < SML__LAST_EPOCHS; i++) {
        least = fmin(least, c->latest[i]);
    }
    return least;
}

/* Whether other rows have lost since the best epoch, while the training rows gained. */
static int has_turned(const sml__curve *c, const sml__training *t)
{
    return t->state->epoch >= c->best_epoch + SML__LAST_EPOCHS && last_of(c) > 1.2 * c->best &&
           c->last_training < 0.9 * c->best_training;
}

static void tell_turning(sml_doctor *doctor, double error)
{
    const sml__curve *c = &doctor->curve;
    sml__finding *f = sml__doctor_add(doctor, "overfitting", SML_FINDING_WARNING);
    f->shown.epoch = c->best_epoch;
    sml__finding_say(doctor, f, SML__TITLE, "since epoch %llu it learns the training rows by heart",
                     (unsigned long long)c->best_epoch);
    sml__finding_say(doctor, f, SML__TEXT,
                     "The loss on rows that it does not train on rises, while that of the training "
                     "rows falls.");
    sml__finding_show(doctor, f, c->best, "", "%s loss in epoch %llu", c->part,
                      (unsigned long long)c->best_epoch);
    sml__finding_show(doctor, f, last_of(c), "", "%s loss, least of the last %d epochs", c->part,
                      SML__LAST_EPOCHS);
    sml__finding_show(doctor, f, error, "", "standard error of that");
    sml__finding_show(doctor, f, c->best_training, "", "training loss in epoch %llu",
                      (unsigned long long)c->best_epoch);
    sml__finding_show(doctor, f, c->last_training, "", "training loss at last");
    sml__finding_say(doctor, f, SML__REMEDY, "early_stopping=loss");
    sml__finding_say(doctor, f, SML__REASON,
                     "it keeps the parameters of the epoch whose validation loss is least");
}

/* No epoch is worth keeping where other rows never gained. */
static void tell_memory(sml_doctor *doctor, double constant)
{
    const sml__curve *c = &doctor->curve;
    sml__finding *f = sml__doctor_add(doctor, "overfitting", SML_FINDING_WARNING);
    sml__finding_say(doctor, f, SML__TITLE, "it learns the training rows by heart");
    sml__finding_say(doctor, f, SML__TEXT,
                     "In no epoch was the loss of rows that it does not train on below that of a "
                     "constant answer.");
    sml__finding_show(doctor, f, constant, "", "loss of the best constant answer");
    sml__finding_show(doctor, f, c->last_training, "", "training loss at last");
    sml__finding_show(doctor, f, c->best, "", "%s loss in its best epoch, %llu", c->part,
                      (unsigned long long)c->best_epoch);
    sml__finding_say(doctor, f, SML__REMEDY,
                     "more rows, or a network that keeps less of them: fewer units, --l2 0.1");
    sml__finding_say(doctor, f, SML__REASON,
                     "it has weights enough to keep an answer for each training row");
}

static void look_for_overfitting(sml_doctor *doctor, const sml__training *t, double constant)
{
    const sml__curve *c = &doctor->curve;
    const sml_dataset *rows = t->options->validation;
    if (c->epochs < SML__LAST_EPOCHS || rows == NULL || rows->view.rows < 50 ||
        t->settings->stopping != NULL) {
        return;
    }
    if (!(c->best < NO_BETTER * constant)) {
        if (c->last_training < 0.5 * constant) {
            tell_memory(doctor, constant);
        }
        return;
    }
    const double error = sml__vitals_error(doctor->ctx, &doctor->vitals, t, rows);
    if (has_turned(c, t) && last_of(c) - c->best >= 2 * error) {
        tell_turning(doctor, error);
    }
}

void sml__look_at_outcome(sml_doctor *doctor, const sml__training *t, const sml__outcome *outcome)
{
    look_for_overfitting(doctor, t, outcome->constant);
    if (!(outcome->constant > 0)) {
        return; /* all targets are alike: there is nothing to learn from a row */
    }
    look_for_lost_training(doctor, t, outcome);
    look_for_small_steps(doctor, t, outcome);
    if (sml__vitals_can_look(&doctor->vitals)) {
        look_for_dead_units(doctor, t, outcome);
        look_for_vanishing(doctor, t, outcome);
        look_for_exploding(doctor, t, outcome);
    }
}
