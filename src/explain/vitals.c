#include "explain/vitals.h"

#include "base/memory.h"
#include "data/rows.h"
#include "nn/inference.h"
#include "nn/network_tensors.h"

#include <math.h>
#include <string.h>

/* Looks must not take much of what training needs: a larger network gets none. */
static const double BYTES_MAX = 256.0 * 1024 * 1024;

static sml__stage stage_at(const sml__network *network, size_t dense)
{
    sml__stage stage = {.dense = dense,
                        .end = dense + 1,
                        .units = network->layers[dense].n_out,
                        .block = sml__layer_number(network, dense)};
    while (stage.end < network->n_layers && !network->layers[stage.end].type->has_units) {
        stage.end++;
    }
    stage.activation = dense + 1;
    while (stage.activation < stage.end && network->layers[stage.activation].type->f == NULL) {
        stage.activation++;
    }
    if (stage.activation < stage.end) {
        stage.can_die = network->layers[stage.activation].type->zero_stops;
        stage.gate_block = sml__layer_number(network, stage.activation) - 1;
    }
    return stage;
}

static size_t count_stages(const sml__network *network)
{
    size_t n = 0;
    for (size_t l = 0; l < network->n_layers; l++) {
        n += (size_t)(network->layers[l].type->has_units != 0);
    }
    return n;
}

static double bytes_needed(const sml__training *t)
{
    const sml__network *network = t->network;
    double widths = (double)sml__row_stride(network->n_in) + (double)network->n_out;
    for (size_t l = 0; l < network->n_layers; l++) {
        widths += 2.0 * (double)sml__row_stride(network->layers[l].n_out);
    }
    return sizeof(float) * (2.0 * (double)network->n_parameters + SML__LOOK_ROWS * widths);
}

/* The rows of a look: those in the middle of so many equal parts. */
static size_t spread_rows(const sml_dataset *data, size_t most, uint32_t *places)
{
    const size_t rows = data->view.rows, n = rows < most ? rows : most;
    for (size_t i = 0; i < n; i++) {
        places[i] = (uint32_t)sml__dataset_place(data, (2 * i + 1) * rows / (2 * n));
    }
    return n;
}

static int take_arrays(sml_ctx *ctx, sml__vitals *v, const sml__training *t)
{
    const size_t n = t->network->n_parameters, stages = v->n_stages;
    const sml__workspace_plan plan = {
        .rows = SML__LOOK_ROWS, .members = 1, .with_deltas = SML__DELTAS};
    v->pulses = sml__alloc(ctx, 3 * stages, sizeof *v->pulses, "looks at a network");
    v->places = sml__alloc(ctx, SML__LOOK_ROWS, sizeof *v->places, "rows to look at");
    v->gradient = sml__alloc(ctx, n, sizeof *v->gradient, "gradients");
    v->parameters = sml__alloc_to_fill(ctx, n * sizeof *v->parameters, "a copy of the parameters");
    return v->pulses != NULL && v->places != NULL && v->gradient != NULL && v->parameters != NULL &&
           sml__workspace_create(ctx, t->network, &plan, &v->workspace) == SML_OK;
}

void sml__vitals_begin(sml_ctx *ctx, sml__vitals *v, const sml__training *t)
{
    memset(v, 0, sizeof *v);
    v->norm_every = 1;
    if (bytes_needed(t) > BYTES_MAX || sml__memory_check(ctx, bytes_needed(t), "looks") != SML_OK) {
        return;
    }
    v->n_stages = count_stages(t->network);
    v->stages = sml__alloc(ctx, v->n_stages, sizeof *v->stages, "stages of a network");
    if (v->stages == NULL || !take_arrays(ctx, v, t)) {
        sml__vitals_free(v, t);
        return;
    }
    for (size_t l = 0, s = 0; l < t->network->n_layers; l++) {
        if (t->network->layers[l].type->has_units) {
            v->stages[s++] = stage_at(t->network, l);
        }
    }
    v->first.stages = v->pulses;
    v->before.stages = v->pulses + v->n_stages;
    v->last.stages = v->pulses + 2 * v->n_stages;
    v->rows = spread_rows(t->data, SML__LOOK_ROWS, v->places);
    sml__vitals_look(v, t, 0);
}

void sml__vitals_free(sml__vitals *v, const sml__training *t)
{
    if (v->workspace.outputs != NULL) {
        sml__workspace_free(&v->workspace, t->network);
    }
    sml__free(v->stages);
    sml__free(v->pulses);
    sml__free(v->places);
    sml__free(v->gradient);
    sml__free(v->parameters);
    memset(v, 0, sizeof *v);
}

int sml__vitals_can_look(const sml__vitals *v)
{
    return v->stages != NULL;
}

/* Partial sums: one alone would wait for each addition before the next. */
enum { CHAINS = 8 };

static double sum_of(const double *chains)
{
    double sum = 0;
    for (size_t c = 0; c < CHAINS; c++) {
        sum += chains[c];
    }
    return sum;
}

/* Σ (a_i - b_i)². */
static double distance_squared(const float *a, const float *b, size_t n)
{
    double chains[CHAINS] = {0};
    const size_t whole = n / CHAINS * CHAINS;
    for (size_t i = 0; i < whole; i += CHAINS) {
        for (size_t c = 0; c < CHAINS; c++) {
            const double gap = (double)a[i + c] - (double)b[i + c];
            chains[c] += gap * gap;
        }
    }
    for (size_t i = whole; i < n; i++) {
        const double gap = (double)a[i] - (double)b[i];
        chains[0] += gap * gap;
    }
    return sum_of(chains);
}

/* Σ a_i². */
static double square_sum(const float *a, size_t n)
{
    double chains[CHAINS] = {0};
    const size_t whole = n / CHAINS * CHAINS;
    for (size_t i = 0; i < whole; i += CHAINS) {
        for (size_t c = 0; c < CHAINS; c++) {
            chains[c] += (double)a[i + c] * (double)a[i + c];
        }
    }
    for (size_t i = whole; i < n; i++) {
        chains[0] += (double)a[i] * (double)a[i];
    }
    return sum_of(chains);
}

/* Root mean square of rows of n numbers, `stride` apart. */
static double rms(const float *values, size_t rows, size_t n, size_t stride)
{
    double sum = 0;
    for (size_t r = 0; r < rows; r++) {
        sum += square_sum(values + r * stride, n);
    }
    return sqrt(sum / ((double)rows * (double)n));
}

/* Root mean square of the logits' deviation from their mean over the rows. */
static double spread_of(const float *logits, size_t rows, size_t n)
{
    const size_t stride = sml__row_stride(n);
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
        double mean = 0;
        for (size_t r = 0; r < rows; r++) {
            mean += (double)logits[r * stride + k] / (double)rows;
        }
        for (size_t r = 0; r < rows; r++) {
            const double gap = (double)logits[r * stride + k] - mean;
            sum += gap * gap;
        }
    }
    return sqrt(sum / ((double)rows * (double)n));
}

/* Units of an activation that are 0 on all rows. */
static size_t count_closed(const float *outputs, size_t rows, size_t n)
{
    const size_t stride = sml__row_stride(n);
    size_t closed = 0;
    for (size_t j = 0; j < n; j++) {
        size_t r = 0;
        while (r < rows && outputs[r * stride + j] == 0) {
            r++;
        }
        closed += (size_t)(r == rows);
    }
    return closed;
}

/* Where the parameters of a stage's dense layer are: weights, then biases. */
typedef struct span {
    size_t at[2], n[2];
} span;

static span span_of(const sml__layer *layer)
{
    const span found = {{layer->weight, layer->bias}, {layer->n_in * layer->stride, layer->n_out}};
    return found;
}

static sml__pulse pulse_of(const sml__vitals *v, const sml__network *network,
                           const sml__stage *stage)
{
    const sml__layer *layer = &network->layers[stage->dense];
    const size_t n = stage->units, stride = sml__row_stride(n);
    const span own = span_of(layer);
    sml__pulse pulse = {0};
    for (int i = 0; i < 2; i++) {
        pulse.gradient += square_sum(v->gradient + own.at[i], own.n[i]);
        pulse.weights += square_sum(network->parameters + own.at[i], own.n[i]);
        pulse.moved +=
            distance_squared(network->parameters + own.at[i], v->parameters + own.at[i], own.n[i]);
    }
    pulse.gradient = sqrt(pulse.gradient);
    pulse.weights = sqrt(pulse.weights);
    pulse.moved = sqrt(pulse.moved);
    pulse.delta = rms(v->workspace.deltas[stage->dense], v->rows, n, stride);
    pulse.output = rms(v->workspace.outputs[stage->end - 1], v->rows, n, stride);
    if (stage->can_die) {
        pulse.dead = count_closed(v->workspace.outputs[stage->activation], v->rows, n);
    }
    return pulse;
}

/* Rows at places of data through the network, and back where there is a gradient to fill. Returns
 * the sum of their losses. */
static double pass_rows(sml__vitals *v, const sml__training *t, const sml_dataset *data,
                        const uint32_t *places, size_t rows, float *gradient)
{
    const sml__network *network = t->network;
    const sml__pass_settings pass = {
        .rows = rows, .batch = rows, .label_smoothing = t->settings->label_smoothing};
    double sum = 0;
    sml__dataset_gather(data, places, 0, rows, v->workspace.input, sml__row_stride(network->n_in));
    for (size_t r = 0; r < rows; r++) {
        sml__dataset_targets_at(data, places[r], v->workspace.target + r * network->n_out);
    }
    sml__network_forward(network, &v->workspace, &pass, SML__ALONE);
    sml__network_loss(network, &v->workspace, &pass, SML__ALONE);
    if (gradient != NULL) {
        sml__network_backward(network, &v->workspace, &pass, gradient, SML__ALONE);
    }
    for (size_t r = 0; r < rows; r++) {
        sum += v->workspace.losses[r];
    }
    return sum;
}

/* Keeps the gradient norm of every so many looks: where they are full, of every second one. */
static void note_norm(sml__vitals *v, double norm)
{
    if (v->looks % v->norm_every != 0) {
        return;
    }
    if (v->n_norms == SML__NORMS) {
        for (size_t i = 0; i < SML__NORMS / 2; i++) {
            v->norms[i] = v->norms[2 * i];
        }
        v->n_norms = SML__NORMS / 2;
        v->norm_every *= 2;
    }
    v->norms[v->n_norms++] = norm;
}

/* The last look becomes the one before it. */
static void move_on(sml__vitals *v)
{
    const sml__look last = v->last;
    sml__pulse *spare = v->before.stages;
    v->before = last;
    v->last.stages = spare;
}

static void keep_first(sml__vitals *v)
{
    sml__pulse *own = v->first.stages;
    memcpy(own, v->last.stages, v->n_stages * sizeof *own);
    v->first = v->last;
    v->first.stages = own;
}

static int is_due(const sml__vitals *v, const sml__training *t)
{
    return t->state->samples - v->samples >= (uint64_t)SML__LOOK_EVERY * SML__LOOK_ROWS;
}

void sml__vitals_look(sml__vitals *v, const sml__training *t, int due)
{
    const sml__network *network = t->network;
    const size_t n = network->n_parameters;
    if (!sml__vitals_can_look(v) || (due && !is_due(v, t))) {
        return;
    }
    if (v->looks > 0) {
        move_on(v);
    } else {
        memcpy(v->parameters, network->parameters, n * sizeof(float));
    }
    sml__look *look = &v->last;
    look->epoch = t->state->epoch;
    look->step = t->state->steps;
    look->loss = pass_rows(v, t, t->data, v->places, v->rows, v->gradient) / (double)v->rows;
    look->gradient = sqrt(square_sum(v->gradient, n));
    look->weights = sqrt(square_sum(network->parameters, n));
    look->moved = sqrt(distance_squared(network->parameters, v->parameters, n));
    for (size_t s = 0; s < v->n_stages; s++) {
        look->stages[s] = pulse_of(v, network, &v->stages[s]);
    }
    const float *logits = v->workspace.outputs[network->n_layers - 1];
    look->logit = rms(logits, v->rows, network->n_out, sml__row_stride(network->n_out));
    look->spread = spread_of(logits, v->rows, network->n_out);
    memcpy(v->parameters, network->parameters, n * sizeof(float));
    note_norm(v, look->gradient);
    v->moved += look->moved;
    v->samples = t->state->samples;
    if (v->looks == 0) {
        keep_first(v);
    }
    v->looks++;
}

double sml__vitals_input(const sml__vitals *v, const sml__training *t, size_t stage)
{
    const size_t dense = v->stages[stage].dense, n = t->network->layers[dense].n_in;
    const float *input = dense > 0 ? v->workspace.outputs[dense - 1] : v->workspace.input;
    const double r = rms(input, v->rows, n, sml__row_stride(n));
    return r * r * (double)n;
}

void sml__vitals_glance(sml__vitals *v, const sml__training *t, size_t *dead)
{
    pass_rows(v, t, t->data, v->places, v->rows, NULL);
    for (size_t s = 0; s < v->n_stages; s++) {
        const sml__stage *stage = &v->stages[s];
        dead[s] = stage->can_die
                      ? count_closed(v->workspace.outputs[stage->activation], v->rows, stage->units)
                      : 0;
    }
}

double sml__vitals_usual_gradient(const sml__vitals *v)
{
    double sorted[SML__NORMS];
    size_t n = 0;
    for (size_t i = 0; i + 1 < v->n_norms; i++) {
        size_t place = n++;
        while (place > 0 && sorted[place - 1] > v->norms[i]) {
            sorted[place] = sorted[place - 1];
            place--;
        }
        sorted[place] = v->norms[i];
    }
    return n > 0 ? sorted[n / 2] : (double)NAN;
}

/* What a count is made of while it goes on. */
typedef struct tally {
    uint8_t **open; /* [n_stages] of [units]: not 0 on some row */
    double *sum;    /* [n_out] of logits */
    size_t *said;   /* [n_out] rows whose largest logit it is */
    size_t right;
    double squares;
} tally;

static void tally_free(const sml__vitals *v, tally *all)
{
    for (size_t s = 0; all->open != NULL && s < v->n_stages; s++) {
        sml__free(all->open[s]);
    }
    sml__free(all->open);
    sml__free(all->sum);
    sml__free(all->said);
}

static int tally_create(sml_ctx *ctx, const sml__vitals *v, const sml__training *t, tally *all)
{
    all->open = sml__alloc(ctx, v->n_stages, sizeof *all->open, "units");
    all->sum = sml__alloc(ctx, t->network->n_out, sizeof *all->sum, "logits");
    all->said = sml__alloc(ctx, t->network->n_out, sizeof *all->said, "answers");
    int complete = all->open != NULL && all->sum != NULL && all->said != NULL;
    for (size_t s = 0; complete && s < v->n_stages; s++) {
        all->open[s] = sml__alloc(ctx, v->stages[s].units, 1, "units");
        complete = all->open[s] != NULL;
    }
    return complete;
}

static void tally_add(const sml__vitals *v, const sml__training *t, size_t rows, tally *all)
{
    const size_t n_out = t->network->n_out;
    const float *logits = v->workspace.outputs[t->network->n_layers - 1];
    for (size_t r = 0; r < rows; r++) {
        const float *row = logits + r * sml__row_stride(n_out);
        size_t largest = 0;
        for (size_t k = 0; k < n_out; k++) {
            all->sum[k] += (double)row[k];
            all->squares += (double)row[k] * (double)row[k];
            largest = row[k] > row[largest] ? k : largest;
        }
        all->said[largest]++;
        all->right += (size_t)sml__is_hit(t->network->loss->task, row,
                                          v->workspace.target + r * n_out, n_out);
        for (size_t s = 0; s < v->n_stages; s++) {
            const size_t n = v->stages[s].units;
            const float *a = v->stages[s].can_die ? v->workspace.outputs[v->stages[s].activation] +
                                                        r * sml__row_stride(n)
                                                  : NULL;
            for (size_t j = 0; j < n; j++) {
                all->open[s][j] |= (uint8_t)(a == NULL || a[j] != 0);
            }
        }
    }
}

int sml__vitals_count(sml_ctx *ctx, sml__vitals *v, const sml__training *t, sml__census *census)
{
    const size_t n_out = t->network->n_out;
    uint32_t *places = sml__alloc(ctx, SML__CONFIRM_ROWS, sizeof *places, "rows to look at");
    double loss = 0;
    tally all = {0};
    const int complete = sml__vitals_can_look(v) && tally_create(ctx, v, t, &all) && places != NULL;
    census->rows = complete ? spread_rows(t->data, SML__CONFIRM_ROWS, places) : 0;
    for (size_t done = 0; done < census->rows; done += SML__LOOK_ROWS) {
        const size_t left = census->rows - done;
        const size_t rows = left < SML__LOOK_ROWS ? left : SML__LOOK_ROWS;
        loss += pass_rows(v, t, t->data, places + done, rows, NULL);
        tally_add(v, t, rows, &all);
    }
    if (complete) {
        size_t same = 0;
        for (size_t k = 0; k < n_out; k++) {
            same = all.said[k] > same ? all.said[k] : same;
        }
        const int has_classes = t->network->loss->task == SML_TASK_CLASSIFICATION;
        census->same = has_classes ? (double)same / (double)census->rows : (double)NAN;
        census->right = has_classes ? (double)all.right / (double)census->rows : (double)NAN;
        const double n = (double)census->rows * (double)n_out;
        double of_means = 0;
        for (size_t k = 0; k < n_out; k++) {
            of_means += all.sum[k] * all.sum[k] / (double)census->rows;
        }
        const double around = all.squares - of_means;
        census->loss = loss / (double)census->rows;
        census->logit = sqrt(all.squares / n);
        census->spread = sqrt((around > 0 ? around : 0) / n);
        for (size_t s = 0; s < v->n_stages; s++) {
            census->dead[s] = 0;
            for (size_t j = 0; j < v->stages[s].units; j++) {
                census->dead[s] += (size_t)(all.open[s][j] == 0);
            }
        }
    }
    tally_free(v, &all);
    sml__free(places);
    return complete;
}

double sml__vitals_error(sml_ctx *ctx, sml__vitals *v, const sml__training *t,
                         const sml_dataset *data)
{
    uint32_t *places = sml__alloc(ctx, SML__CONFIRM_ROWS, sizeof *places, "rows to look at");
    const int complete = sml__vitals_can_look(v) && places != NULL;
    const size_t rows = complete ? spread_rows(data, SML__CONFIRM_ROWS, places) : 0;
    double sum = 0, squares = 0;
    for (size_t done = 0; done < rows; done += SML__LOOK_ROWS) {
        const size_t left = rows - done, n = left < SML__LOOK_ROWS ? left : SML__LOOK_ROWS;
        sum += pass_rows(v, t, data, places + done, n, NULL);
        for (size_t r = 0; r < n; r++) {
            squares += v->workspace.losses[r] * v->workspace.losses[r];
        }
    }
    sml__free(places);
    return rows > 1
               ? sqrt((squares - sum * sum / (double)rows) / ((double)rows * ((double)rows - 1)))
               : (double)NAN;
}
