/* A training whose loss is no longer finite: the first number that was not. */
#include "base/memory.h"
#include "explain/doctor.h"
#include "nn/network_tensors.h"
#include "nn/parameter_name.h"

#include <math.h>
#include <string.h>

enum { SERIES = 10 }; /* steps before it that are told */

/* The first number that is not finite, in the order in which a step computes them. */
typedef struct bad_number {
    enum { NOTHING, OUTPUT, LOSS, DELTA, PARAMETER } kind;
    size_t layer, unit, row; /* of the network; of the layer; of the batch */
    size_t position;         /* of a parameter */
    double value, before;    /* of a parameter: before the step */
} bad_number;

typedef struct hunt {
    sml__replay replay;
    float *before; /* [n_values] the parameters before the step */
    double losses[SERIES];
    uint64_t n; /* steps replayed; the last SERIES of them are in losses, step i at i % SERIES */
    bad_number bad;
    int is_after; /* the step before it was sound: it is of the check at the end of an epoch */
} hunt;

static int is_row_finite(const float *values, size_t n, size_t *unit)
{
    for (size_t j = 0; j < n; j++) {
        if (!isfinite(values[j])) {
            *unit = j;
            return 0;
        }
    }
    return 1;
}

static int look_in(hunt *h, float *const *arrays, size_t layer, size_t done, size_t rows)
{
    const size_t n = h->replay.network.layers[layer].n_out, stride = sml__row_stride(n);
    for (size_t r = 0; r < rows; r++) {
        const float *values = arrays[layer] + r * stride;
        if (!is_row_finite(values, n, &h->bad.unit)) {
            h->bad.layer = layer;
            h->bad.row = done + r;
            h->bad.value = (double)values[h->bad.unit];
            return 1;
        }
    }
    return 0;
}

/* Of a pass forward: outputs upwards, losses. */
static void look_forward(hunt *h, size_t done, size_t rows)
{
    const sml__training *t = &h->replay.t;
    const size_t n = h->replay.network.n_layers;
    for (size_t l = 0; l < n && h->bad.kind == NOTHING; l++) {
        h->bad.kind = look_in(h, t->workspace.outputs, l, done, rows) ? OUTPUT : NOTHING;
    }
    for (size_t r = 0; r < rows && h->bad.kind == NOTHING; r++) {
        if (!isfinite(t->workspace.losses[r])) {
            h->bad = (bad_number){
                .kind = LOSS, .layer = n - 1, .row = done + r, .value = t->workspace.losses[r]};
        }
    }
}

/* In one pass: outputs, losses, deltas downwards. */
static void look_in_pass(hunt *h, size_t done)
{
    sml__training *t = &h->replay.t;
    const sml__pass_settings pass = sml__replay_forward(&h->replay, done);
    const size_t n = h->replay.network.n_layers;
    look_forward(h, done, pass.rows);
    if (h->bad.kind == NOTHING) {
        sml__network_backward_layers(&h->replay.network, &t->workspace, &pass, NULL, 0, n,
                                     SML__ALONE);
    }
    for (size_t l = n; l-- > 0 && h->bad.kind == NOTHING;) {
        h->bad.kind = look_in(h, t->workspace.deltas, l, done, pass.rows) ? DELTA : NOTHING;
    }
}

static int all_finite(const float *values, size_t n)
{
    float sum = 0; /* x - x is 0 for a finite x, NaN otherwise */
    for (size_t i = 0; i < n; i++) {
        sum += values[i] - values[i];
    }
    return sum == 0;
}

/* In what the step left, and if all of that is finite, or came of other numbers that are not, in
 * the batch. after: the parameters then. */
static void find_in_step(hunt *h)
{
    sml__training *t = &h->replay.t;
    float *parameters = h->replay.network.parameters;
    size_t i = 0;
    while (i < h->replay.network.n_values && isfinite(parameters[i])) {
        i++;
    }
    const double value = i < h->replay.network.n_values ? (double)parameters[i] : 0;
    memcpy(parameters, h->before, h->replay.network.n_values * sizeof(float));
    for (size_t done = 0; done < t->batch && h->bad.kind == NOTHING; done += t->workspace.rows) {
        look_in_pass(h, done);
    }
    if (h->bad.kind == NOTHING && i < h->replay.network.n_values) {
        h->bad = (bad_number){
            .kind = PARAMETER, .position = i, .value = value, .before = (double)h->before[i]};
    }
}

/* In what the trainer asks of a network that a step left, finite itself. */
static void look_after_step(hunt *h)
{
    memcpy(h->before, h->replay.network.parameters, h->replay.network.n_values * sizeof(float));
    h->is_after = 1;
    look_forward(h, 0, sml__replay_check(&h->replay).rows);
}

/* Replays until a loss or a parameter is not finite, or until update number `last`, and what it
 * left. */
static void follow(hunt *h, uint64_t last)
{
    sml__replay *r = &h->replay;
    const size_t n = r->network.n_values;
    for (;;) {
        memcpy(h->before, r->network.parameters, n * sizeof(float));
        sml__replay_step(r);
        if (!isfinite(r->t.batch_loss) || !all_finite(r->network.parameters, n)) {
            find_in_step(h);
            return;
        }
        h->losses[h->n++ % SERIES] = r->t.batch_loss / r->t.batch_weight;
        if (r->state.steps + 1 >= last) {
            look_after_step(h);
            return;
        }
        sml__replay_advance(r);
    }
}

/* "layers.1 unit 37", of a network layer: before the first layer with parameters "input". */
static void say_unit(const sml_doctor *doctor, sml__finding *f, const hunt *h)
{
    const size_t number = sml__layer_number(&h->replay.network, h->bad.layer + 1);
    if (number == 0) {
        sml__finding_say(doctor, f, SML__TEXT, "input %zu", h->bad.unit);
        return;
    }
    f->shown.block = (int64_t)number - 1;
    f->shown.unit = (int64_t)h->bad.unit;
    sml__finding_say(doctor, f, SML__TEXT, "layers.%zu unit %zu", number - 1, h->bad.unit);
}

static double largest_weight(const hunt *h, size_t layer)
{
    const sml__layer *dense = &h->replay.network.layers[layer];
    double largest = 0;
    for (size_t i = 0; dense->type->has_units && i < dense->n_in * dense->stride; i++) {
        largest = fmax(largest, fabs((double)h->before[dense->weight + i]));
    }
    return largest;
}

/* Of one kind of a layer's parameters the one that lies where the bad number is. */
static int is_among(const hunt *h, sml__parameter *place)
{
    const sml__layer *layer = &h->replay.network.layers[place->layer];
    const size_t inputs = place->kind == SML__WEIGHT ? sml__weights_of_unit(layer) : 1;
    for (place->unit = 0; place->unit < layer->n_out; place->unit++) {
        for (place->input = 0; place->input < inputs; place->input++) {
            if (sml__parameter_position(&h->replay.network, place) == h->bad.position) {
                return 1;
            }
        }
    }
    return 0;
}

static void name_parameter(const hunt *h, char name[SML__PARAMETER_NAME])
{
    const sml__network *network = &h->replay.network;
    for (size_t l = 0; l < network->n_layers; l++) {
        const sml__layer_type *type = network->layers[l].type;
        const int kinds = type->gradient == NULL ? 0 : type->has_buffers ? 4 : 2;
        for (int kind = 0; kind < kinds; kind++) {
            sml__parameter place = {.kind = (sml__parameter_kind)kind, .layer = l};
            if (is_among(h, &place)) {
                sml__parameter_text(network, &place, name);
                return;
            }
        }
    }
}

static const char *name_of(double value)
{
    return isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

/* Which number, of which row. */
static void say_number(const sml_doctor *doctor, sml__finding *f, hunt *h)
{
    char name[SML__PARAMETER_NAME] = "";
    const uint64_t step = h->replay.state.steps + 1;
    sml__finding_say(doctor, f, SML__TEXT, "The first number that is not finite, %s update %llu: ",
                     h->is_after ? "after" : "in", (unsigned long long)step);
    switch (h->bad.kind) {
    case OUTPUT:
        say_unit(doctor, f, h);
        sml__finding_say(doctor, f, SML__TEXT, " puts out %s", name_of(h->bad.value));
        if (largest_weight(h, h->bad.layer) > 0) {
            sml__finding_say(doctor, f, SML__TEXT, ", from weights up to %.3g",
                             largest_weight(h, h->bad.layer));
        }
        break;
    case LOSS:
        sml__finding_say(doctor, f, SML__TEXT, "the loss is %s, of finite outputs",
                         name_of(h->bad.value));
        break;
    case DELTA:
        say_unit(doctor, f, h);
        sml__finding_say(doctor, f, SML__TEXT, " gets a derivative of %s", name_of(h->bad.value));
        break;
    case PARAMETER:
        name_parameter(h, name);
        sml__finding_say(doctor, f, SML__TEXT, "%s becomes %s, from %.3g", name,
                         name_of(h->bad.value), h->bad.before);
        break;
    case NOTHING:
        break;
    }
    if (h->bad.kind != PARAMETER) {
        f->shown.sample = sml__replay_row(&h->replay, (size_t)h->replay.state.first + h->bad.row);
        sml__finding_say(doctor, f, SML__TEXT, ", for row %lld of the training data",
                         (long long)f->shown.sample);
    }
    sml__finding_say(doctor, f, SML__TEXT, ". ");
    f->shown.step = step;
}

static void show_series(const sml_doctor *doctor, sml__finding *f, const hunt *h)
{
    const uint64_t told = h->n < SERIES ? h->n : SERIES;
    const uint64_t last = h->replay.state.steps + (uint64_t)h->is_after; /* before the bad number */
    for (uint64_t i = h->n - told; i < h->n; i++) {
        sml__finding_show(doctor, f, h->losses[i % SERIES], "", "loss of step %llu",
                          (unsigned long long)(last - (h->n - 1 - i)));
    }
}

/* Whether the first bad number came after the step. */
static int replay(sml_doctor *doctor, sml__finding *f, const sml__training *t, uint64_t update)
{
    hunt h = {0};
    sml_status status = sml__replay_open(doctor->ctx, &h.replay, t, &doctor->latest);
    h.before = sml__alloc(doctor->ctx, t->network->n_values, sizeof(float), "parameters");
    if (status == SML_OK && h.before != NULL) {
        follow(&h, update);
    }
    if (h.bad.kind != NOTHING) {
        say_number(doctor, f, &h);
        show_series(doctor, f, &h);
    }
    sml__free(h.before);
    sml__replay_close(&h.replay);
    return h.bad.kind != NOTHING && h.is_after;
}

void sml__look_at_divergence(sml_doctor *doctor, const sml__training *t, uint64_t update)
{
    const size_t rows = t->data->view.rows, batch = t->settings->batch_size;
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): the settings' table has 1 as the least */
    const uint64_t steps = rows / batch + (rows % batch != 0);
    sml__finding *f = sml__doctor_add(doctor, "learning_rate_too_large", SML_FINDING_ERROR);
    const unsigned long long step = (update - 1) % steps + 1;
    f->shown.epoch = (update - 1) / steps + 1;
    f->shown.step = update;
    const int is_after = replay(doctor, f, t, update);
    sml__finding_say(doctor, f, SML__TITLE, "the loss is no longer finite %s epoch %llu, step %llu",
                     is_after ? "after" : "in", (unsigned long long)f->shown.epoch, step);
    sml__finding_say(doctor, f, SML__TEXT,
                     "Steps led further and further from the minimum, until numbers were too large "
                     "for float32.");
    sml__finding_show(doctor, f, t->learning_rate, "", "learning rate");
    sml__finding_say(doctor, f, SML__REMEDY, "learning_rate=%.3g",
                     t->settings->update.learning_rate / 10);
    sml__finding_say(doctor, f, SML__REASON,
                     "smaller steps stay where the gradient says which way the loss falls");
    sml__look_for_first_explosion(doctor, t);
}
