/* Scratch-ML, through its public interface. A fit calls back after every batch: at the end of an
 * epoch it answers, and waits for the next command there. */
#include "bench_data.h"
#include "worker.h"

typedef struct worker {
    job job;
    sml_ctx *ctx, *score_ctx; /* a callback uses a context of its own */
    sml_dataset *train, *test;
    sml_model *model;
    sml_predictor *predictor;
    float *inputs; /* of the test samples, [rows, columns] */
    int *labels;
    size_t rows, columns;
    float *outputs; /* [rows, n_out] */
    double started;
} worker;

static double score(worker *w)
{
    sml_scores scores;
    if (job_is(&w->job, "task", "classes")) {
        must(w->score_ctx, sml_model_evaluate(w->score_ctx, w->model, w->test, &scores));
        return 100 * scores.accuracy;
    }
    sml_dataset_facts facts;
    sml_dataset_describe(w->test, &facts);
    float *predicted = malloc(2 * facts.rows * sizeof(float));
    if (predicted == NULL) {
        give_up("no memory for", "the score");
    }
    float *truth = predicted + facts.rows;
    must(w->score_ctx, sml_model_predict(w->score_ctx, w->model, w->test, predicted, facts.rows));
    for (size_t r = 0; r < facts.rows; r++) {
        sml_dataset_targets(w->test, r, truth + r);
    }
    const double r2 = r2_percent(truth, predicted, facts.rows);
    free(predicted);
    return r2;
}

/* Obeys until the next epoch, and starts its clock; 1 at "quit". */
static int await_epoch(worker *w)
{
    command next = next_command();
    for (; next == SCORE; next = next_command()) {
        answer(score(w));
    }
    w->started = seconds_now();
    return next == QUIT;
}

static int note_batch(void *user, const sml_progress *progress)
{
    worker *w = user;
    if (progress->step < progress->steps) {
        return 0;
    }
    answer(seconds_now() - w->started);
    return await_epoch(w);
}

static void train(worker *w)
{
    const char *dir = job_text(&w->job, "dir"), *name = job_text(&w->job, "data");
    const sml_fit_options options = {.progress = note_batch, .user = w};
    w->train = open_bench_data(w->ctx, dir, name, "train");
    w->test = open_bench_data(w->ctx, dir, name, "test");
    must(w->ctx, sml_model_create(w->ctx, "mlp", job_text(&w->job, "settings"), &w->model));
    if (await_epoch(w) == 0) {
        const sml_status status = sml_model_fit_with(w->ctx, w->model, w->train, &options, NULL);
        must(w->ctx, status == SML_CANCELLED ? SML_OK : status);
    }
}

/* One sample at a time, or all at once. */
static void predict_all(worker *w)
{
    const size_t n_out = sml_model_outputs(w->model);
    if (!job_is(&w->job, "kind", "single")) {
        must(w->ctx, sml_model_predict(w->ctx, w->model, w->test, w->outputs, w->rows * n_out));
        return;
    }
    for (size_t i = 0; i < w->rows; i++) {
        const size_t r = i * SAMPLE_STEP % w->rows;
        sml_predictor_run(w->predictor, w->inputs + r * w->columns, w->outputs + r * n_out);
    }
}

static void predict(worker *w)
{
    size_t cells = 0;
    const char *test = job_text(&w->job, "test");
    w->inputs = read_raw(test, ".inputs", sizeof(float), &cells);
    w->labels = read_raw(test, ".targets", sizeof(int), &w->rows);
    w->columns = cells / w->rows;
    must(w->ctx, sml_model_load(w->ctx, job_text(&w->job, "model"), &w->model));
    w->outputs = calloc(w->rows * sml_model_outputs(w->model), sizeof(float));
    if (w->outputs == NULL) {
        give_up("no memory for", "the outputs");
    }
    const sml_data_view view = {.rows = w->rows, .columns = w->columns, .features = w->inputs};
    must(w->ctx, sml_dataset_from_memory(w->ctx, &view, &w->test));
    must(w->ctx, sml_predictor_create(w->ctx, w->model, &w->predictor));
    for (command next = next_command(); next != QUIT; next = next_command()) {
        const double started = seconds_now();
        if (next == RUN) {
            predict_all(w);
            answer(seconds_now() - started);
        } else {
            answer(accuracy_percent(w->labels, w->outputs, w->rows, sml_model_outputs(w->model)));
        }
    }
}

int main(int argc, char **argv)
{
    worker w = {.job = read_job(argc, argv)};
    const sml_ctx_options options = {(int)job_number(&w.job, "threads"), NULL};
    char version[64];
    must(NULL, sml_ctx_create(&options, &w.ctx));
    must(NULL, sml_ctx_create(&options, &w.score_ctx));
    snprintf(version, sizeof version, "%s (%s)", scratchml_version(), scratchml_instruction_set());
    say_ready(version);
    if (job_is(&w.job, "kind", "train")) {
        train(&w);
    } else {
        predict(&w);
    }
    sml_predictor_free(w.predictor);
    sml_model_free(w.model);
    sml_dataset_free(w.train);
    sml_dataset_free(w.test);
    sml_ctx_free(w.ctx);
    sml_ctx_free(w.score_ctx);
    free(w.inputs);
    free(w.labels);
    free(w.outputs);
    return 0;
}
