/* scratchml train: fits a model, saves it, and sums up in one line. */
#include "data_options.h"
#include "folds.h"
#include "held_out.h"
#include "interrupt.h"
#include "progress.h"
#include "report.h"
#include "settings.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    &option_output, &option_from,    &option_model,    DATA_OPTIONS,
    &option_seeds,  &option_folds,   &option_test,     &option_metric,
    &option_json,   &option_threads, &option_data_dir, &option_progress,
    &option_color,  &option_quiet,   &option_help,     NULL,
};

/* One run of the command, from the command line to the saved file. */
typedef struct training {
    const char *data, *output;
    sml_model *model;
    sml_dataset *train, *test; /* test: NULL where the data has none */
    held_out cut;
    sml_fit_report fitted;
    report tested;
} training;

static int create_model(const session *s, training *t)
{
    const options *o = &s->options;
    sml_status status = option_given(o, "from")
                            ? sml_model_load(s->ctx, option_text(o, "from"), &t->model)
                            : sml_model_create(s->ctx, option_text(o, "model"), NULL, &t->model);
    return status == SML_OK ? apply_settings(s, t->model) : fail_library(s);
}

/* Before the work and not after it: can the output be written? */
static int check_output(const session *s, const char *path)
{
    if (sml_model_check_path(s->ctx, path) == SML_OK) {
        return 0;
    }
    return fail(s->program, "%s; choose another file with --output", sml_ctx_error(s->ctx));
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
    return status == SML_OK ? 0 : fail_library(s);
}

static int prepare(const session *s, training *t)
{
    int code = create_model(s, t);
    if (code == 0 && !(is_study(s) && !option_given(&s->options, "output"))) {
        code = check_output(s, t->output);
    }
    code = code == 0 ? open_data(s, t->data, "train", t->model, &t->train) : code;
    code = code == 0 ? open_test_part(s, t) : code;
    /* Folds score on every row once: they need no test rows unless these are asked for. */
    const int has_folds = option_given(&s->options, "folds") && !option_given(&s->options, "test");
    return code == 0 && !has_folds ? held_out_cut(s, t->model, &t->train, &t->test, &t->cut) : code;
}

/* "1 epoch", "2 epochs" */
static short_text counted(uint64_t n, const char *noun)
{
    short_text out;
    snprintf(out.text, sizeof out.text, "%.40s %.40s%s", format_count(n).text, noun,
             n == 1 ? "" : "s");
    return out;
}

static double samples_per_second(const training *t)
{
    return t->fitted.seconds > 0 ? (double)t->fitted.samples / t->fitted.seconds : 0;
}

static void print_summary(const training *t)
{
    if (t->test != NULL) {
        printf("test %s", report_headline(&t->tested).text);
    } else if (isnan(t->fitted.loss)) {
        fputs("no loss", stdout);
    } else {
        printf("train loss %.4f", t->fitted.loss);
    }
    const char *dot = sign("·");
    printf(" %s %s in %s %s %s samples/s %s seed %s %s saved to ", dot,
           counted(t->fitted.epochs, "epoch").text, format_seconds(t->fitted.seconds).text, dot,
           format_rate(samples_per_second(t)).text, dot, sml_model_get(t->model, "seed"), dot);
    print_safe(stdout, t->output);
    putchar('\n');
}

static void print_json(const training *t)
{
    json_t *test = json_null(), *train = json_object(), *document = json_object();
    if (t->test != NULL) {
        test = json_object();
        report_document(&t->tested, test);
    }
    document_set(train, "loss", json_figure(t->fitted.loss));
    document_set(document, "data", json_text(t->data));
    document_set(document, "test", test);
    document_set(document, "train", train);
    document_set(document, "epochs", json_count(t->fitted.epochs));
    document_set(document, "steps", json_count(t->fitted.steps));
    document_set(document, "seconds", json_figure(t->fitted.seconds));
    document_set(document, "samples_per_second", json_figure(samples_per_second(t)));
    document_set(document, "seed", json_count(strtoull(sml_model_get(t->model, "seed"), NULL, 10)));
    document_set(document, "parameters", json_count(count_parameters(t->model)));
    document_set(document, "model", json_text(t->output));
    print_document(document);
}

/* Returns 0, or the exit code after a message. */
static int save(const session *s, const training *t)
{
    int code = held_out_record(s, t->model, &t->cut);
    if (code != 0) {
        return code;
    }
    interrupt_hold();
    sml_status status = sml_model_save(s->ctx, t->model, t->output);
    return status == SML_OK ? 0 : fail_library(s);
}

static int save_unscored(const session *s, const training *t)
{
    int code = save(s, t);
    if (code == 0) {
        fail(s->program, "interrupted while scoring: no test score; the model was saved to %s",
             t->output);
        code = EXIT_INTERRUPTED;
    }
    return code;
}

static int finish(const session *s, training *t)
{
    if (t->test != NULL) {
        int code = report_create(s, t->model, t->test, &t->tested);
        if (code != 0) {
            return code;
        }
        if (interrupt_arrived()) {
            return save_unscored(s, t);
        }
        if (sml_model_record_scores(s->ctx, t->model, t->test, &t->tested.scores) != SML_OK) {
            return fail_library(s);
        }
    }
    int code = save(s, t);
    if (code == 0 && s->json) {
        print_json(t);
    } else if (code == 0) {
        print_summary(t);
    }
    return code == 0 && interrupt_arrived() ? EXIT_INTERRUPTED : code;
}

/* How to go on, as a line for the shell. */
static void print_continuation(const session *s, const training *t)
{
    const options *o = &s->options;
    int renamed = option_given(o, "output"), moved = option_given(o, "data_dir");
    char *data = quoted_for_shell(t->data), *output = quoted_for_shell(t->output);
    char *folder = quoted_for_shell(option_text(o, "data_dir"));
    fail(NULL, "go on with: scratchml train %s --from %s%s%s%s%s", data, output,
         renamed ? " --output " : "", renamed ? output : "", moved ? " --data-dir " : "",
         moved ? folder : "");
    free(folder);
    free(output);
    free(data);
}

static int save_interrupted(const session *s, const training *t)
{
    int code = save(s, t);
    if (code != 0) {
        return code;
    }
    fail(s->program, "interrupted after %s (%s); the model as it is was saved to %s",
         counted(t->fitted.epochs, "full epoch").text, counted(t->fitted.steps, "step").text,
         t->output);
    print_continuation(s, t);
    return EXIT_INTERRUPTED;
}

static int save_diverged(const session *s, const training *t)
{
    fail_library(s);
    if (t->fitted.epochs == 0) {
        return fail(s->program, "no epoch ended well, so nothing was saved");
    }
    int code = save(s, t);
    if (code != 0) {
        return code;
    }
    return fail(s->program, "the model as it was after epoch %s was saved to %s",
                format_count(t->fitted.epochs).text, t->output);
}

static int fit(const session *s, training *t)
{
    progress p;
    progress_start(&p, s, PROGRESS_TRAINING);
    sml_fit_options how = {.progress = progress_update, .user = &p};
    how.warm_start = option_given(&s->options, "from");
    sml_status status = sml_model_fit_with(s->ctx, t->model, t->train, &how, &t->fitted);
    progress_end(&p, status == SML_OK);
    switch (status) {
    case SML_OK:
        return finish(s, t);
    case SML_CANCELLED:
        return save_interrupted(s, t);
    case SML_DIVERGED:
        return save_diverged(s, t);
    default:
        return fail_library(s);
    }
}

static int run(session *s)
{
    training t = {.data = s->options.operands[0], .output = option_text(&s->options, "output")};
    if (option_given(&s->options, "metric") && !is_study(s)) {
        return fail_usage(s->program, "--metric needs --seeds or --folds");
    }
    int code = prepare(s, &t);
    if (code == 0 && is_study(s)) {
        code = run_study(s, t.model, t.train, t.test);
    }
    if (code == 0 && (!is_study(s) || option_given(&s->options, "output"))) {
        code = fit(s, &t);
    }
    report_free(&t.tested);
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
             "Examples:\n"
             "  scratchml train mnist --hidden 128 --epochs 10\n"
             "  scratchml train mnist --from model.safetensors --learning-rate 0.0001\n",
};
