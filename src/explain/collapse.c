/* How a network died: the step that closed most units, found by a replay, and what its learning
 * rate makes of one row. */
#include "base/memory.h"
#include "explain/doctor.h"

#include <math.h>
#include <string.h>

enum { BETWEEN = 64 }; /* steps between two glances */

/* A step that closed units. */
typedef struct blow {
    uint64_t step; /* update, from 1; 0: none */
    uint64_t epoch;
    int64_t row; /* of the training data; the first of its batch */
    double loss; /* of its batch, before it */
    size_t alive_before, alive_after;
} blow;

typedef struct autopsy {
    sml__vitals *v;
    const sml__training *t;
    sml__replay replay;
    sml__snapshot mark;   /* at the last glance */
    sml__snapshot before; /* at the glance before the steps that closed most */
    size_t most;          /* so many */
    size_t stage;
    size_t *dead;                   /* [n_stages] at the last glance */
    sml__windows windows;           /* of the replay */
    uint64_t first_step, last_step; /* of the replay: before it, and at the death */
    blow worst;
} autopsy;

/* Looks at the network of the replay: open units of the stage. */
static size_t glance(autopsy *a)
{
    sml__vitals_glance(a->v, &a->replay.t, a->dead);
    return a->v->stages[a->stage].units - a->dead[a->stage];
}

/* The steps until the next glance. */
static void go_on(autopsy *a)
{
    const sml__training *t = &a->replay.t;
    for (int i = 0; i < BETWEEN && a->replay.state.steps < a->t->state->steps; i++) {
        sml__replay_step(&a->replay);
        if (t->batch_weight > 0) {
            sml__windows_add(&a->windows, t->batch_loss / t->batch_weight);
        }
        sml__replay_advance(&a->replay);
    }
}

/* Replays until a tenth of the stage is left. 0: there is more at the end of the training. */
static int find_death(autopsy *a)
{
    const size_t units = a->v->stages[a->stage].units;
    size_t open = glance(a);
    a->first_step = a->replay.state.steps;
    while (a->replay.state.steps < a->t->state->steps && 10 * open > units) {
        sml__snapshot_take(&a->mark, &a->replay.t, 0);
        go_on(a);
        const size_t now = glance(a);
        if (now < open && open - now > a->most) {
            const sml__snapshot spare = a->before;
            a->before = a->mark;
            a->mark = spare;
            a->most = open - now;
        }
        open = now;
    }
    a->last_step = a->replay.state.steps;
    return 10 * open <= units;
}

/* From before the steps that closed most on, a glance after each. */
static void find_blow(autopsy *a)
{
    size_t open = glance(a);
    for (int i = 0; i < BETWEEN; i++) {
        sml__replay_step(&a->replay);
        const size_t now = glance(a);
        if (now < open && open - now > a->worst.alive_before - a->worst.alive_after) {
            a->worst = (blow){
                .step = a->replay.state.steps + 1,
                .epoch = a->replay.state.epoch + 1,
                .row = sml__replay_row(&a->replay, (size_t)a->replay.state.first),
                .loss = a->replay.t.batch_loss / a->replay.t.batch_weight,
                .alive_before = open,
                .alive_after = now,
            };
        }
        open = now;
        sml__replay_advance(&a->replay);
    }
}

static void show_losses(const sml_doctor *doctor, sml__finding *f, const autopsy *a)
{
    const sml__windows *w = &a->windows;
    size_t best = 0, worst = 0;
    for (size_t i = 0; i < w->n; i++) {
        worst = sml__window_mean(w, i) > sml__window_mean(w, worst) ? i : worst;
    }
    for (size_t i = 0; i < worst; i++) {
        best = sml__window_mean(w, i) < sml__window_mean(w, best) ? i : best;
    }
    const size_t told[] = {0, best, worst, w->n > 0 ? w->n - 1 : 0};
    for (size_t k = 0; k < sizeof told / sizeof told[0]; k++) {
        const unsigned long long from = a->first_step + told[k] * w->length + 1;
        if (told[k] < w->n && (k == 0 || told[k] > told[k - 1])) {
            sml__finding_show(doctor, f, sml__window_mean(w, told[k]), "",
                              "loss, steps %llu to %llu", from, from + w->at[told[k]].n - 1);
        }
    }
}

static void show_blow(const sml_doctor *doctor, sml__finding *f, const autopsy *a)
{
    const sml__stage *stage = &a->v->stages[a->stage];
    const blow *b = &a->worst;
    f->shown.block = (int64_t)stage->gate_block;
    f->shown.step = b->step;
    f->shown.epoch = b->epoch;
    f->shown.sample = b->row;
    sml__finding_say(
        doctor, f, SML__TEXT,
        " Step %llu, %s row %lld, alone closed %zu of the %zu units of layers.%zu that "
        "were open for some of %zu rows; the loss of its batch was %.3g. After step "
        "%llu a tenth of the units was left.",
        (unsigned long long)b->step, a->t->settings->batch_size == 1 ? "on" : "from",
        (long long)b->row, b->alive_before - b->alive_after, b->alive_before, stage->gate_block,
        a->v->rows, b->loss, (unsigned long long)a->last_step);
}

/* As the network was before that step. A step of plain gradient descent on one row, with W and b,
 * moves z_j, its input a held, by -η δ_j (‖a‖² + 1). The Hessian of softmax with cross-entropy by
 * the logits, diag(a) - a aᵀ, has no eigenvalue above 1/2: on one row the last layer does not
 * overshoot while η (‖a‖² + 1) / 2 < 2. */
static void show_steps(const sml_doctor *doctor, sml__finding *f, const autopsy *a)
{
    const size_t n = a->v->n_stages;
    const double rate = a->t->settings->update.learning_rate;
    if (a->t->settings->batch_size != 1 || !a->t->settings->optimizer->is_plain) {
        return;
    }
    for (size_t s = 0; s < n; s++) {
        const double square = sml__vitals_input(a->v, &a->replay.t, s) + 1;
        const size_t block = a->v->stages[s].block;
        if (s < 4 || s + 1 == n) {
            sml__finding_show(doctor, f, rate * square, "times dC/dz",
                              "layers.%zu: a step moves z of its row, mean of %zu", block,
                              a->v->rows);
        }
        if (s + 1 == n && strcmp(a->t->network->loss->name, "cross_entropy") == 0) {
            sml__finding_show(doctor, f, 4 / square, "",
                              "layers.%zu: largest rate that does not overshoot on a row", block);
        }
    }
}

static int is_ready(sml_doctor *doctor, autopsy *a)
{
    sml__snapshot_create(doctor->ctx, &a->mark, a->t);
    sml__snapshot_create(doctor->ctx, &a->before, a->t);
    a->dead = sml__alloc(doctor->ctx, a->v->n_stages, sizeof *a->dead, "counts of units");
    return a->dead != NULL && a->mark.parameters != NULL && a->before.parameters != NULL &&
           sml__replay_open(doctor->ctx, &a->replay, a->t, &doctor->healthy) == SML_OK;
}

int sml__tell_collapse(sml_doctor *doctor, sml__finding *f, const sml__training *t, size_t stage)
{
    autopsy a = {.v = &doctor->vitals, .t = t, .stage = stage};
    const int found = is_ready(doctor, &a) && find_death(&a) && a.most > 0;
    sml__replay_close(&a.replay);
    if (found) {
        show_losses(doctor, f, &a);
    }
    if (found && sml__replay_open(doctor->ctx, &a.replay, t, &a.before) == SML_OK) {
        glance(&a);
        show_steps(doctor, f, &a);
        find_blow(&a);
    }
    sml__replay_close(&a.replay);
    if (a.worst.step > 0) {
        show_blow(doctor, f, &a);
    }
    sml__snapshot_free(&a.mark);
    sml__snapshot_free(&a.before);
    sml__free(a.dead);
    return found;
}
