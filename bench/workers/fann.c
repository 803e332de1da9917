/* FANN, in float32. It has no ReLU, no softmax and no mini-batches:
 *
 * Training is incremental, a batch of one, on the squared error of sigmoid units (steepness 0.5),
 * from weights of its own choice; the rate is the one that reaches our accuracy.
 *
 * Prediction runs the same network as everybody. FANN_LINEAR_PIECE is min(max(s z, 0), 1) with
 * steepness s; with s = 1/1024 that is relu(z)/1024, and the next layer's weights are multiplied by
 * 1024. */
#include "worker.h"

#include <fann.h>

static const float REACH = 1024; /* no sum of a hidden unit comes near it */
static const float RATE = 0.1F;  /* of the squared error */

typedef struct worker {
    job job;
    struct fann *net;
    float *train_x, *test_x; /* [rows, inputs] */
    int *train_y, *test_y;
    unsigned *orders; /* [epochs, train_rows] */
    size_t train_rows, test_rows, n_in, n_out, epoch;
    float *outputs; /* [test_rows, n_out] */
} worker;

static void create(worker *w)
{
    unsigned widths[WIDTHS_MAX];
    for (size_t l = 0; l <= w->job.n_layers; l++) {
        widths[l] = (unsigned)w->job.widths[l];
    }
    w->net = fann_create_standard_array((unsigned)w->job.n_layers + 1, widths);
    w->n_in = w->job.widths[0];
    w->n_out = w->job.widths[w->job.n_layers];
}

static void train_epoch(worker *w)
{
    float *wanted = calloc(w->n_out, sizeof(float));
    const unsigned *order = w->orders + w->epoch * w->train_rows;
    if (wanted == NULL) {
        give_up("no memory for", "an epoch");
    }
    for (size_t i = 0; i < w->train_rows; i++) {
        const size_t row = order[i];
        wanted[w->train_y[row]] = 1;
        fann_train(w->net, w->train_x + row * w->n_in, wanted);
        wanted[w->train_y[row]] = 0;
    }
    w->epoch++;
    free(wanted);
}

static void predict_all(worker *w)
{
    for (size_t i = 0; i < w->test_rows; i++) {
        const size_t r = i * SAMPLE_STEP % w->test_rows;
        const float *outputs = fann_run(w->net, w->test_x + r * w->n_in);
        memcpy(w->outputs + r * w->n_out, outputs, w->n_out * sizeof(float));
    }
}

static void begin_training(worker *w)
{
    size_t count = 0;
    const char *train = job_text(&w->job, "train");
    fann_set_training_algorithm(w->net, FANN_TRAIN_INCREMENTAL);
    fann_set_train_error_function(w->net, FANN_ERRORFUNC_LINEAR);
    fann_set_activation_function_hidden(w->net, FANN_SIGMOID_SYMMETRIC_STEPWISE);
    fann_set_activation_function_output(w->net, FANN_SIGMOID_STEPWISE);
    fann_set_learning_rate(w->net, RATE);
    w->train_x = read_raw(train, ".inputs", sizeof(float), &count);
    w->train_y = read_raw(train, ".targets", sizeof(int), &w->train_rows);
    w->orders = read_raw(job_text(&w->job, "order"), "", sizeof(unsigned), &count);
    fann_randomize_weights(w->net, -0.1F, 0.1F);
}

/* FANN keeps a unit's weights one after the other, its bias last. */
static void load_model(worker *w)
{
    size_t count = 0;
    float *weights = read_raw(job_text(&w->job, "weights"), "", sizeof(float), &count);
    const float *next = weights;
    fann_type *to = w->net->weights;
    fann_set_activation_function_hidden(w->net, FANN_LINEAR_PIECE);
    fann_set_activation_steepness_hidden(w->net, 1 / REACH);
    fann_set_activation_function_output(w->net, FANN_LINEAR);
    fann_set_activation_steepness_output(w->net, 1);
    for (size_t l = 0; l < w->job.n_layers; l++) {
        const size_t n_in = w->job.widths[l], n_out = w->job.widths[l + 1];
        const float *bias = next + n_in * n_out;
        for (size_t j = 0; j < n_out; j++) {
            for (size_t i = 0; i < n_in; i++) {
                *to++ = *next++ * (l > 0 ? REACH : 1);
            }
            *to++ = bias[j];
        }
        next = bias + n_out;
    }
    free(weights);
}

int main(int argc, char **argv)
{
    worker w = {.job = read_job(argc, argv)};
    const int trains = job_is(&w.job, "kind", "train");
    const char *test = job_text(&w.job, "test");
    size_t count = 0;
    create(&w);
    w.test_x = read_raw(test, ".inputs", sizeof(float), &count);
    w.test_y = read_raw(test, ".targets", sizeof(int), &w.test_rows);
    w.outputs = calloc(w.test_rows * w.n_out, sizeof(float));
    if (w.outputs == NULL) {
        give_up("no memory for", "the outputs");
    }
    if (trains) {
        begin_training(&w);
    } else {
        load_model(&w);
    }
    say_ready(FANN_VERSION);
    for (command next = next_command(); next != QUIT; next = next_command()) {
        const double started = seconds_now();
        if (next == SCORE) {
            predict_all(&w);
            answer(accuracy_percent(w.test_y, w.outputs, w.test_rows, w.n_out));
        } else {
            (trains ? train_epoch : predict_all)(&w);
            answer(seconds_now() - started);
        }
    }
    fann_destroy(w.net);
    free(w.train_x);
    free(w.train_y);
    free(w.test_x);
    free(w.test_y);
    free(w.orders);
    free(w.outputs);
    return 0;
}
