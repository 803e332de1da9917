/* A watch reads a training and changes no bit of it; a replay comes to the bits of the training;
 * what is said of a divergence and of a collapse is what happened. */
#include "support.h"

#include "data/rows.h"
#include "explain/doctor.h"
#include "nn/mlp.h"

static const char *const SETTINGS[] = {
    "hidden=16 batch_size=1 optimizer=sgd epochs=1",
    "hidden=16,8 batch_size=32 optimizer=sgd epochs=3",
    "hidden=16 batch_size=300 optimizer=momentum epochs=5 l2=0.01",
    "hidden=16 batch_size=50 optimizer=nesterov epochs=4 clip_norm=0.1",
    "hidden=16 batch_size=32 optimizer=rmsprop epochs=3 normalization=batch",
    "hidden=16 batch_size=32 optimizer=adagrad epochs=3 normalization=layer",
    "hidden=16,16 batch_size=32 optimizer=adam epochs=6 dropout=0.3 activation=gelu",
    ("hidden=16 batch_size=700 optimizer=adamw epochs=8 schedule=plateau plateau_patience=1 "
     "learning_rate=0.5"),
    "hidden=16 batch_size=32 optimizer=adam epochs=4 validation=0.2 early_stopping=loss patience=1",
    "hidden=16 batch_size=32 optimizer=sgd epochs=4 schedule=cosine class_weight=balanced",
};
enum { N_SETTINGS = sizeof SETTINGS / sizeof SETTINGS[0] };

static sml_dataset *opened(sml_ctx *ctx, const char *name)
{
    sml_dataset *data = NULL;
    assert_ok(ctx, sml_dataset_open(ctx, name, "train", &data));
    return data;
}

static const sml__network *network_of(const sml_model *model)
{
    const sml__mlp *mlp = model->state;
    return mlp->network;
}

static sml_model *fitted(sml_ctx *ctx, const char *settings, const sml_dataset *data,
                         const struct sml_watch *watch)
{
    const sml_fit_options options = {.watch = watch};
    sml_model *model = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_model_fit_with(ctx, model, data, &options, NULL));
    return model;
}

static void assert_same_parameters(const sml__network *a, const sml__network *b)
{
    assert_int_equal(a->n_values, b->n_values);
    assert_memory_equal(a->parameters, b->parameters, a->n_values * sizeof(float));
}

static void a_watch_changes_no_bit(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads *= 2) {
        sml_ctx *ctx = new_context(threads);
        sml_dataset *data = opened(ctx, "spirals");
        for (size_t i = 0; i < N_SETTINGS; i++) {
            sml_doctor *doctor = NULL;
            assert_ok(ctx, sml_doctor_create(ctx, &doctor));
            sml_model *alone = fitted(ctx, SETTINGS[i], data, NULL);
            sml_model *watched = fitted(ctx, SETTINGS[i], data, sml_doctor_watch(doctor));
            assert_same_parameters(network_of(alone), network_of(watched));
            sml_model_free(alone);
            sml_model_free(watched);
            sml_doctor_free(doctor);
        }
        sml_dataset_free(data);
        sml_ctx_free(ctx);
    }
}

/* All that a doctor says, as text. */
static void describe(const sml_doctor *doctor, char *text, size_t size)
{
    const sml_finding *f;
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; (f = sml_doctor_finding(doctor, i)) != NULL; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s %d %s %s %s %s %lld %lld %lld\n",
                                 f->code, (int)f->severity, f->title, f->text, f->remedy, f->reason,
                                 (long long)f->block, (long long)f->sample, (long long)f->step);
        for (size_t e = 0; e < f->n_evidence && used + 256 < size; e++) {
            used += (size_t)snprintf(text + used, size - used, "%s %.17g %s\n", f->evidence[e].name,
                                     f->evidence[e].value, f->evidence[e].unit);
        }
        assert_true(used + 2048 < size);
    }
}

static void examine(sml_ctx *ctx, const char *name, const char *settings, char *text, size_t size)
{
    sml_doctor *doctor = NULL;
    sml_model *model = NULL;
    sml_dataset *data = opened(ctx, name);
    const sml_examination what = {.train = data};
    assert_ok(ctx, sml_doctor_create(ctx, &doctor));
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_doctor_examine(ctx, doctor, model, &what, NULL));
    describe(doctor, text, size);
    sml_model_free(model);
    sml_doctor_free(doctor);
    sml_dataset_free(data);
}

static void findings_do_not_depend_on_threads(void **state)
{
    static const struct {
        const char *data, *settings;
    } sick[] = {
        {"regression", "optimizer=sgd learning_rate=10 hidden=600"},
        {"spirals", "optimizer=sgd learning_rate=0.3 hidden=32,32,32 batch_size=1 epochs=2"},
        {"moons", "optimizer=sgd learning_rate=1e-6 epochs=5"},
        {"moons", "hidden=600,600 optimizer=sgd learning_rate=30 epochs=5"},
    };
    enum { SIZE = 1 << 14 };
    static char first[SIZE], other[SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof sick / sizeof sick[0]; i++) {
        for (int threads = 1; threads <= 4; threads *= 2) {
            sml_ctx *ctx = new_context(threads);
            examine(ctx, sick[i].data, sick[i].settings, threads == 1 ? first : other, SIZE);
            assert_true(first[0] != '\0');
            if (threads > 1) {
                assert_string_equal(first, other);
            }
            sml_ctx_free(ctx);
        }
    }
}

/* A watch that takes a snapshot at the end of an epoch, 0 before the first, and replays the rest.
 */
typedef struct recorder {
    sml_ctx *ctx;
    uint64_t epoch;
    sml__snapshot snapshot;
    float *replayed; /* [n_values] */
    int is_done;
} recorder;

static void record_began(void *user, sml__training *t)
{
    recorder *r = user;
    sml__snapshot_create(r->ctx, &r->snapshot, t);
    assert_non_null(r->snapshot.parameters);
    sml__snapshot_take(&r->snapshot, t, 0);
}

static void record_batch(void *user, const sml__training *t)
{
    (void)user;
    (void)t;
}

static void record_epoch(void *user, sml__training *t, const sml_epoch_record *record)
{
    recorder *r = user;
    if (record->epoch == r->epoch) {
        sml__snapshot_take(&r->snapshot, t, 1);
    } else {
        sml__snapshot_pass(&r->snapshot, t);
    }
}

static void record_diverged(void *user, sml__training *t, uint64_t update)
{
    (void)user;
    (void)t;
    (void)update;
}

static void record_ended(void *user, sml__training *t)
{
    recorder *r = user;
    sml__replay replay;
    const size_t bytes = t->network->n_values * sizeof(float);
    const uint64_t from = r->snapshot.state.steps;
    assert_ok(r->ctx, sml__replay_open(r->ctx, &replay, t, &r->snapshot));
    for (uint64_t i = from; i < t->state->steps; i++) {
        assert_int_equal(replay.state.steps, i);
        sml__replay_step(&replay);
        sml__replay_advance(&replay);
    }
    r->replayed = malloc(bytes);
    memcpy(r->replayed, replay.network.parameters, bytes);
    r->is_done = from < t->state->steps;
    sml__replay_close(&replay);
    sml__snapshot_free(&r->snapshot);
}

static void a_replay_comes_to_the_bits_of_the_training(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        sml_ctx *ctx = new_context(threads);
        sml_dataset *data = opened(ctx, "spirals");
        for (size_t i = 0; i < N_SETTINGS; i++) {
            if (strstr(SETTINGS[i], "early_stopping") != NULL) {
                continue; /* it ends with the parameters of another epoch */
            }
            for (uint64_t epoch = 0; epoch < 3; epoch += 2) {
                recorder r = {.ctx = ctx, .epoch = epoch};
                const struct sml_watch watch = {.user = &r,
                                                .began = record_began,
                                                .batch = record_batch,
                                                .epoch = record_epoch,
                                                .diverged = record_diverged,
                                                .ended = record_ended};
                sml_model *model = fitted(ctx, SETTINGS[i], data, &watch);
                const sml__network *network = network_of(model);
                assert_true(r.is_done);
                assert_memory_equal(r.replayed, network->parameters,
                                    network->n_values * sizeof(float));
                free(r.replayed);
                sml_model_free(model);
            }
        }
        sml_dataset_free(data);
        sml_ctx_free(ctx);
    }
}

/* Rows of two numbers and a target, of which row POISONED has a huge number. */
enum { ROWS = 24, POISONED = 17 };

static sml_dataset *poisoned(sml_ctx *ctx, float *x, float *y, float huge)
{
    sml__random random;
    sml_dataset *data = NULL;
    sml__random_init(&random, 5, SML__GENERATE, 0, 0);
    for (size_t r = 0; r < ROWS; r++) {
        x[2 * r] = (float)sml__random_uniform(&random);
        x[2 * r + 1] = r == POISONED ? huge : (float)sml__random_uniform(&random);
        y[r] = (float)sml__random_uniform(&random);
    }
    const sml_data_view view = {.rows = ROWS,
                                .columns = 2,
                                .outputs = 1,
                                .features = x,
                                .task = SML_TASK_REGRESSION,
                                .targets = y};
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    return data;
}

/* The place of the poisoned row in the first epoch. */
static size_t place_of_poison(uint64_t seed)
{
    sml__random random;
    uint32_t order[ROWS];
    size_t place = 0;
    sml__random_init(&random, seed, SML__SHUFFLE, 0, 0);
    sml__random_permutation(&random, order, ROWS);
    while (order[place] != POISONED) {
        place++;
    }
    return place;
}

static int after_so_many(void *user, const sml_progress *progress)
{
    return progress->step >= *(const uint64_t *)user;
}

/* The divergence of a training of one row a step; its model before the poisoned step in *before. */
static sml_doctor *diverge(sml_ctx *ctx, const char *settings, float huge, sml_model **before,
                           uint64_t *step)
{
    float x[2 * ROWS], y[ROWS];
    sml_dataset *data = poisoned(ctx, x, y, huge);
    sml_doctor *doctor = NULL;
    sml_model *model = NULL;
    *step = 0;
    for (uint64_t seed = 1; *step < 3; seed++) { /* one where there are steps before it */
        char text[24];
        sml_model_free(model);
        assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
        snprintf(text, sizeof text, "%d", (int)seed);
        assert_ok(ctx, sml_model_set(ctx, model, "seed", text));
        *step = place_of_poison(seed) + 1;
    }
    uint64_t all_before = *step - 1;
    const sml_fit_options cut = {.progress = after_so_many, .user = &all_before};
    assert_int_equal(sml_model_fit_with(ctx, model, data, &cut, NULL), SML_CANCELLED);
    *before = model;
    sml_model *again = NULL;
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &again));
    assert_ok(ctx, sml_model_set(ctx, again, "seed", sml_model_get(model, "seed")));
    const sml_examination what = {.train = data, .no_trials = 1};
    assert_ok(ctx, sml_doctor_create(ctx, &doctor));
    assert_ok(ctx, sml_doctor_examine(ctx, doctor, again, &what, NULL));
    sml_model_free(again);
    sml_dataset_free(data);
    return doctor;
}

/* Beside what the data shows at once. */
static const sml_finding *large_rate(const sml_doctor *doctor)
{
    const sml_finding *f = NULL;
    for (size_t i = 0; (f = sml_doctor_finding(doctor, i)) != NULL; i++) {
        if (strcmp(f->code, "learning_rate_too_large") == 0) {
            return f;
        }
    }
    fail_msg("the divergence was not found");
    return NULL;
}

static void a_replay_names_the_first_bad_number(void **state)
{
    sml_ctx *ctx = new_context(2);
    sml_model *before = NULL;
    uint64_t step = 0;
    (void)state;
    sml_doctor *doctor =
        diverge(ctx, "hidden=32 batch_size=1 optimizer=sgd learning_rate=0.01 scaling=none", 3e38F,
                &before, &step);
    const sml_finding *f = large_rate(doctor);
    assert_int_equal(f->step, step);
    assert_int_equal(f->epoch, 1);
    assert_int_equal(f->sample, POISONED);
    assert_int_equal(f->block, 0);
    float w[64];
    assert_ok(ctx, sml_model_tensor_values(ctx, before, 0, w, 64)); /* [32, 2] */
    int64_t unit = 0;
    while (isfinite(w[2 * unit + 1] * 3e38F)) {
        unit++;
    }
    assert_int_equal(f->unit, unit);
    assert_non_null(strstr(f->text, "puts out"));
    sml_model_free(before);
    sml_doctor_free(doctor);
    sml_ctx_free(ctx);
}

/* z and C (a double) are finite, and so is δ, but not δ x. */
static void or_the_first_parameter(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_model *before = NULL;
    uint64_t step = 0;
    (void)state;
    sml_doctor *doctor =
        diverge(ctx, "hidden= batch_size=1 optimizer=momentum learning_rate=0.01 scaling=none",
                1e25F, &before, &step);
    const sml_finding *f = large_rate(doctor);
    assert_int_equal(f->step, step);
    assert_int_equal(f->sample, -1);
    assert_non_null(strstr(f->text, "layers.0.weight[0,1] becomes"));
    sml_model_free(before);
    sml_doctor_free(doctor);
    sml_ctx_free(ctx);
}

/* The only step of an epoch leaves w near 1e25, finite, and with it w x is not. */
static void or_what_the_last_step_of_an_epoch_left(void **state)
{
    sml_ctx *ctx = new_context(1);
    float x[2 * ROWS], y[ROWS];
    sml_dataset *data = poisoned(ctx, x, y, 1e15F);
    sml_doctor *doctor = NULL;
    sml_model *model = NULL;
    const sml_examination what = {.train = data, .no_trials = 1};
    (void)state;
    assert_ok(ctx,
              sml_model_create(ctx, "mlp", "hidden= optimizer=sgd learning_rate=0.01", &model));
    assert_ok(ctx, sml_model_set(ctx, model, "scaling", "none"));
    assert_ok(ctx, sml_model_set(ctx, model, "batch_size", "1024"));
    assert_ok(ctx, sml_doctor_create(ctx, &doctor));
    assert_ok(ctx, sml_doctor_examine(ctx, doctor, model, &what, NULL));
    const sml_finding *f = large_rate(doctor);
    assert_int_equal(f->step, 1);
    assert_int_equal(f->sample, POISONED);
    assert_int_equal(f->block, 0);
    assert_int_equal(f->unit, 0);
    assert_non_null(strstr(f->title, "after epoch 1, step 1"));
    assert_non_null(strstr(f->text, "after update 1: layers.0 unit 0 puts out"));
    assert_string_equal(f->evidence[0].name, "loss of step 1");
    assert_true(isfinite(f->evidence[0].value));
    sml_model_free(model);
    sml_dataset_free(data);
    sml_doctor_free(doctor);
    sml_ctx_free(ctx);
}

/* The largest rate that learns is half of what the remedy doubles: it trains, four times it not. */
static void the_largest_rate_learns_and_four_times_it_does_not(void **state)
{
    sml_ctx *ctx = new_context(2);
    sml_dataset *data = opened(ctx, "regression");
    sml_doctor *doctor = NULL;
    sml_model *model = NULL;
    const sml_examination what = {.train = data};
    (void)state;
    assert_ok(ctx, sml_doctor_create(ctx, &doctor));
    assert_ok(ctx, sml_model_create(ctx, "mlp", "optimizer=sgd learning_rate=10", &model));
    assert_ok(ctx, sml_doctor_examine(ctx, doctor, model, &what, NULL));
    const char *remedy = sml_doctor_finding(doctor, 0)->remedy;
    assert_int_equal(strncmp(remedy, "learning_rate=", 14), 0);
    const double rate = strtod(remedy + 14, NULL);
    for (int factor = 1; factor <= 8; factor *= 8) {
        char text[32];
        snprintf(text, sizeof text, "%g", rate * factor);
        assert_ok(ctx, sml_model_set(ctx, model, "learning_rate", text));
        assert_ok(ctx, sml_doctor_examine(ctx, doctor, model, &what, NULL));
        assert_true((sml_doctor_finding(doctor, 0) == NULL) == (factor == 1));
    }
    sml_model_free(model);
    sml_doctor_free(doctor);
    sml_dataset_free(data);
    sml_ctx_free(ctx);
}

/* A watch that counts the open units of a stage before and after one step. */
typedef struct counter {
    sml_ctx *ctx;
    sml__vitals vitals;
    uint64_t step;
    size_t stage, before, after;
    int64_t row;
} counter;

static void count_began(void *user, sml__training *t)
{
    counter *c = user;
    sml__vitals_begin(c->ctx, &c->vitals, t);
}

static void count_batch(void *user, const sml__training *t)
{
    counter *c = user;
    size_t dead[8];
    if (t->state->steps + 2 == c->step || t->state->steps + 1 == c->step) {
        sml__vitals_glance(&c->vitals, t, dead);
        c->before = c->after;
        c->after = c->vitals.stages[c->stage].units - dead[c->stage];
    }
    if (t->state->steps + 1 == c->step) {
        c->row = (int64_t)t->order[t->state->first]; /* there is no selection */
    }
}

static void count_epoch(void *user, sml__training *t, const sml_epoch_record *record)
{
    (void)user;
    (void)t;
    (void)record;
}

static void count_ended(void *user, sml__training *t)
{
    counter *c = user;
    sml__vitals_free(&c->vitals, t);
}

static void a_collapse_happened_as_it_is_told(void **state)
{
    static const char settings[] =
        "optimizer=sgd learning_rate=0.3 hidden=32,32,32 batch_size=1 epochs=2";
    sml_ctx *ctx = new_context(1);
    sml_dataset *data = opened(ctx, "spirals");
    sml_doctor *doctor = NULL;
    sml_model *model = NULL;
    const sml_examination what = {.train = data, .no_trials = 1};
    (void)state;
    assert_ok(ctx, sml_doctor_create(ctx, &doctor));
    assert_ok(ctx, sml_model_create(ctx, "mlp", settings, &model));
    assert_ok(ctx, sml_doctor_examine(ctx, doctor, model, &what, NULL));
    const sml_finding *f = sml_doctor_finding(doctor, 0);
    assert_non_null(f);
    assert_string_equal(f->code, "learning_rate_too_large");
    assert_true(f->step > 1 && f->sample >= 0 && f->block >= 0);
    counter c = {.ctx = ctx, .step = f->step, .stage = (size_t)f->block};
    const struct sml_watch watch = {.user = &c,
                                    .began = count_began,
                                    .batch = count_batch,
                                    .epoch = count_epoch,
                                    .diverged = record_diverged,
                                    .ended = count_ended};
    sml_model_free(model);
    model = fitted(ctx, settings, data, &watch);
    char wanted[128];
    snprintf(wanted, sizeof wanted, "Step %llu, on row %lld, alone closed %zu of the %zu units",
             (unsigned long long)f->step, (long long)c.row, c.before - c.after, c.before);
    assert_int_equal(c.row, f->sample);
    assert_non_null(strstr(f->text, wanted));
    sml_model_free(model);
    sml_dataset_free(data);
    sml_doctor_free(doctor);
    sml_ctx_free(ctx);
}

enum { BATCHES_MOST = 4096 };

/* The mean loss of each batch, as a watch of its own sees it. */
typedef struct course {
    double losses[BATCHES_MOST];
    size_t n;
} course;

static void course_began(void *user, sml__training *t)
{
    (void)user;
    (void)t;
}
static void course_batch(void *user, const sml__training *t)
{
    course *c = user;
    c->losses[c->n++] = t->batch_loss / t->batch_weight;
}
static void course_epoch(void *user, sml__training *t, const sml_epoch_record *record)
{
    (void)user;
    (void)t;
    (void)record;
}
static void course_diverged(void *user, sml__training *t, uint64_t update)
{
    (void)user;
    (void)t;
    (void)update;
}

static void the_losses_are_the_means_of_so_many_batches(void **state)
{
    static const char *const epochs[] = {"1", "3", "20", "100"};
    sml_ctx *ctx = new_context(1);
    sml_dataset *data = opened(ctx, "spirals");
    course *c = calloc(1, sizeof *c);
    sml_doctor *doctor = NULL;
    (void)state;
    const struct sml_watch watch = {.user = c,
                                    .began = course_began,
                                    .batch = course_batch,
                                    .epoch = course_epoch,
                                    .diverged = course_diverged,
                                    .ended = course_began};
    assert_ok(ctx, sml_doctor_create(ctx, &doctor));
    assert_int_equal(sml_doctor_losses(doctor, NULL, 0, NULL), 0);
    for (size_t e = 0; e < sizeof epochs / sizeof epochs[0]; e++) {
        char settings[64];
        double losses[64];
        uint64_t batches = 0;
        c->n = 0;
        snprintf(settings, sizeof settings, "hidden=8 epochs=%s", epochs[e]);
        sml_model_free(fitted(ctx, settings, data, &watch));
        sml_model_free(fitted(ctx, settings, data, sml_doctor_watch(doctor)));
        const size_t n = sml_doctor_losses(doctor, losses, 64, &batches);
        assert_int_equal(n, (c->n + batches - 1) / batches);
        for (size_t i = 0; i < n; i++) {
            double sum = 0;
            size_t in = 0;
            for (size_t b = i * batches; b < c->n && b < (i + 1) * batches; b++, in++) {
                sum += c->losses[b];
            }
            assert_true(fabs(losses[i] - sum / (double)in) < 1e-12);
        }
    }
    free(c);
    sml_doctor_free(doctor);
    sml_dataset_free(data);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watch_changes_no_bit),
        cmocka_unit_test(findings_do_not_depend_on_threads),
        cmocka_unit_test(a_replay_comes_to_the_bits_of_the_training),
        cmocka_unit_test(a_replay_names_the_first_bad_number),
        cmocka_unit_test(or_the_first_parameter),
        cmocka_unit_test(or_what_the_last_step_of_an_epoch_left),
        cmocka_unit_test(the_largest_rate_learns_and_four_times_it_does_not),
        cmocka_unit_test(a_collapse_happened_as_it_is_told),
        cmocka_unit_test(the_losses_are_the_means_of_so_many_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
