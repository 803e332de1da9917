/* scratchml train: fits a model, saves it, and sums up in one line. */
#include "data_options.h"
#include "findings.h"
#include "folds.h"
#include "held_out.h"
#include "interrupt.h"
#include "length.h"
#include "progress.h"
#include "settings.h"
#include "text.h"
#include "train.h"

#include <stdlib.h>

static const option_row option_output = {
    {"output", SML_PARAMETER_CHOICE, "model.safetensors", 0, 0, NULL, "file to save the model to"},
    'o',
    "FILE"};
static const option_row option_from = {
    {"from", SML_PARAMETER_CHOICE, "", 0, 0, NULL,
     "go on from a saved model: its parameters and settings, unless given anew"},
    0,
    "MODEL"};
static const option_row option_model = {
    {"model", SML_PARAMETER_CHOICE, "mlp", 0, 0, "mlp", "algorithm"}, 0, "NAME"};

static const option_row *const options_of_train[] = {
    &option_output,
    &option_from,
    &option_model,
    CONTROL_OPTIONS,
    DATA_OPTIONS,
    &option_seeds,
    &option_folds,
    &option_test,
    &option_metric,
    &option_json,
    &option_threads,
    &option_data_dir,
    &option_progress,
    &option_color,
    &option_quiet,
    &option_help,
    NULL,
};

static int create_model(const session *s, training *t)
{
    const options *o = &s->options;
    const int code = control_resume(s, t);
    sml_status status = SML_OK;
    if (code == 0 && t->model == NULL) {
        t->is_new = !option_given(o, "from");
        status = option_given(o, "from")
                     ? sml_model_load(s->ctx, option_text(o, "from"), &t->model)
                     : sml_model_create(s->ctx, option_text(o, "model"), NULL, &t->model);
    }
    if (code != 0 || status != SML_OK) {
        return code != 0 ? code : fail_library(s);
    }
    return apply_settings(s, t->model);
}

/* Before the work and not after it: can the output be written? */
static int check_output(const session *s, const char *path)
{
    if (sml_model_check_path(s->ctx, path) == SML_OK) {
        return 0;
    }
    return fail(s->program, "%s; choose another file with --output", sml_ctx_error(s->ctx));
}

/* Before the work: are the test rows of the same kind? */
static int check_parts(const session *s, const training *t)
{
    sml_dataset_facts train, test;
    sml_dataset_describe(t->train, &train);
    sml_dataset_describe(t->test, &test);
    if (train.columns == test.columns) {
        return 0;
    }
    return fail(s->program, "%s: its train part has rows of %zu numbers, its test part of %zu",
                train.name, train.columns, test.columns);
}

/* A single file has one part only, and a folder may hold only the training files. */
static int open_test_part(const session *s, training *t)
{
    sml_dataset_facts facts;
    sml_dataset_describe(t->train, &facts);
    if (facts.split[0] == '\0') {
        return 0;
    }
    sml_data_options how;
    int code = data_options_fill(s, t->data, "test", t->model, &how);
    if (code != 0) {
        return code;
    }
    sml_status status = option_given(&s->options, "from")
                            ? sml_model_open_data(s->ctx, t->model, t->data, &how, &t->test)
                            : sml_dataset_open_with(s->ctx, t->data, &how, &t->test);
    if (status == SML_NOT_FOUND) {
        note(s, "no test score: %s", sml_ctx_error(s->ctx));
        return 0;
    }
    return status == SML_OK ? check_parts(s, t) : fail_library(s);
}

static void tell_one_class(const session *s, const sml_dataset *train)
{
    sml_dataset_facts facts;
    sml_dataset_describe(train, &facts);
    if (facts.task == SML_TASK_CLASSIFICATION && facts.outputs == 1) {
        note(s,
             "%s: every row has the class '%s', so there is nothing to learn: any model is right",
             facts.name, printable(sml_dataset_class_name(train, 0)).text);
    }
}

/* A fit that goes on cuts the rows for validation off anew, and one that is resumed all of them. */
static const char *part_to_open(const session *s, const sml_model *model)
{
    const int is_fitted = model != NULL && sml_model_outputs(model) > 0;
    return !is_fitted ? "train" : option_given(&s->options, "from") ? "train+validation" : "uncut";
}

static int prepare(const session *s, training *t)
{
    int code = control_fill(s, t);
    code = code == 0 ? history_create(&t->history, s, t->data) : code;
    code = code == 0 ? create_model(s, t) : code;
    if (code == 0 && !(is_study(s) && !option_given(&s->options, "output"))) {
        code = check_output(s, t->output);
    }
    code = code == 0 ? open_data(s, t->data, part_to_open(s, t->model), t->model, &t->train) : code;
    code = code == 0 ? open_test_part(s, t) : code;
    /* Folds score on every row once: they need no test rows unless these are asked for. */
    const int has_folds = option_given(&s->options, "folds") && !option_given(&s->options, "test");
    if (code == 0 && !has_folds) {
        code = held_out_cut(s, t->model, &t->train, &t->test, &t->cut);
    }
    if (code == 0) {
        table_look_at(s, &t->look, t->cut.whole != NULL ? t->cut.whole : t->train);
        table_look_tell(s, &t->look, t->model, t->is_new);
    }
    if (code == 0) {
        tell_one_class(s, t->train);
    }
    return code == 0 && t->is_new ? settle_length(s, t->model, t->data, t->train) : code;
}

/* Who watches a training. */
typedef struct watchers {
    progress progress;
    history *history;
} watchers;

static int after_batch(void *user, const sml_progress *now)
{
    watchers *w = user;
    return progress_update(&w->progress, now);
}

static void after_epoch(void *user, const sml_epoch_record *record)
{
    watchers *w = user;
    progress_epoch(&w->progress, record);
    history_add(w->history, record);
}

/* Records cost a little, so they are asked for only where they are shown or kept. */
static int needs_records(const training *t)
{
    return history_is_wanted(&t->history) || t->how.checkpoint != NULL ||
           strtod(sml_model_get(t->model, "validation"), NULL) > 0;
}

/* A doctor looks on where somebody reads what it says. */
static int call_doctor(const session *s, training *t)
{
    if (s->quiet && !s->json) {
        return 0;
    }
    if (sml_doctor_create(s->ctx, &t->doctor) != SML_OK) {
        return fail_library(s);
    }
    t->how.watch = sml_doctor_watch(t->doctor);
    return 0;
}

static int fit(const session *s, training *t)
{
    int code = call_doctor(s, t);
    if (code != 0) {
        return code;
    }
    watchers w = {.history = &t->history};
    progress_start(&w.progress, s, PROGRESS_TRAINING);
    w.progress.has_records = needs_records(t);
    t->how.progress = after_batch;
    t->how.epoch = w.progress.has_records ? after_epoch : NULL;
    t->how.user = &w;
    t->how.split_seed = t->cut.seed;
    t->how.split_share = t->cut.share;
    sml_status status = sml_model_fit_with(s->ctx, t->model, t->train, &t->how, &t->fitted);
    progress_end(&w.progress, status == SML_OK);
    switch (status) {
    case SML_OK:
        code = finish_training(s, t);
        break;
    case SML_CANCELLED:
        code = save_interrupted(s, t);
        break;
    case SML_DIVERGED:
        code = save_diverged(s, t);
        break;
    default:
        return fail_library(s);
    }
    if (t->doctor != NULL) {
        findings_note(s, t->doctor, t->data);
    }
    const int history_code = history_finish(&t->history, t->fitted.best_epoch);
    return code != 0 ? code : history_code;
}

static int run(session *s)
{
    training t = {.data = s->options.operands[0], .output = option_text(&s->options, "output")};
    if (option_given(&s->options, "metric") && !is_study(s)) {
        return fail_usage(s->program, "--metric needs --seeds or --folds");
    }
    const char *controls = option_of_control(&s->options);
    if (controls != NULL && is_study(s)) {
        return fail_usage(s->program, "%s is for one training; leave out --seeds and --folds",
                          format_option(controls).text);
    }
    int code = prepare(s, &t);
    if (code == 0 && is_study(s)) {
        code = run_study(s, t.model, t.train, t.test);
    }
    if (code == 0 && (!is_study(s) || option_given(&s->options, "output"))) {
        code = fit(s, &t);
    }
    history_free(&t.history);
    table_look_free(&t.look);
    report_free(&t.tested);
    sml_doctor_free(t.doctor);
    sml_dataset_free(t.test);
    sml_dataset_free(t.train);
    sml_dataset_free(t.cut.whole);
    sml_model_free(t.model);
    return code;
}

const command command_train = {
    .name = "train",
    .operands = "DATA",
    .least = 1,
    .most = 1,
    .help = "Fit a model to the train part, score it on the test part and save it",
    .options = options_of_train,
    .algorithm = "mlp",
    .run = run,
    .notes = "Ctrl-C ends the training after the current batch, saves the model and says how\n"
             "to go on; so do SIGTERM and SIGHUP. The exit code is 130. A second Ctrl-C ends\n"
             "the program at once, but not in the middle of saving.\n"
             "\n"
             "--early-stopping without --validation keeps a tenth of the rows apart for it.\n"
             "Small files are trained longer, unless --epochs says how long: 1,000 steps.\n"
             "A time budget counts the parts before a --resume, too.\n"
             "\n"
             "Examples:\n"
             "  scratchml train mnist --hidden 128 --epochs 10\n"
             "  scratchml train mnist --from model.safetensors --learning-rate 0.0001\n"
             "  scratchml train mnist --checkpoint mnist.ckpt --resume --history mnist.csv\n",
};
