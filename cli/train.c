/* scratchml train: fits a model, saves it, and sums up in one line. */
#include "progress.h"
#include "report.h"

#include <errno.h>
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
    &option_output,
    &option_from,
    &option_model,
    &option_json,
    &option_threads,
    &option_data_dir,
    &option_progress,
    &option_color,
    &option_quiet,
    &option_help,
    NULL,
};

/* One run of the command, from the command line to the saved file. */
typedef struct training {
    const char *data, *output;
    sml_model *model;
    sml_dataset *train, *test; /* test: NULL where the data has none */
    sml_fit_report fitted;
    report tested;
} training;

/* The library names the parameter first; here the flag does. */
static int fail_setting(const session *s, const option_state *state)
{
    const char *text = sml_ctx_error(s->ctx), *name = state->parameter->name;
    size_t n = strlen(name);
    if (strncmp(text, name, n) == 0 && strncmp(text + n, ": ", 2) == 0) {
        text += n + 2;
    }
    return fail_usage(s->program, "--%s: %s", state->spelling, text);
}

static int apply_settings(const session *s, sml_model *model)
{
    const options *o = &s->options;
    for (size_t i = 0; i < o->n; i++) {
        const option_state *state = &o->states[i];
        if (state->is_setting && state->given != NULL &&
            sml_model_set(s->ctx, model, state->parameter->name, state->given) != SML_OK) {
            return fail_setting(s, state);
        }
    }
    return 0;
}

static int create_model(const session *s, training *t)
{
    const options *o = &s->options;
    sml_status status = option_given(o, "from")
                            ? sml_model_load(s->ctx, option_text(o, "from"), &t->model)
                            : sml_model_create(s->ctx, option_text(o, "model"), NULL, &t->model);
    return status == SML_OK ? apply_settings(s, t->model) : fail_library(s);
}

/* Before the work and not after it: can the output be written? The library writes a temporary
 * file beside it, so the folder is what counts. */
static int check_output(const session *s, const char *path)
{
    struct stat facts;
    const char *slash = strrchr(path, '/');
    char *folder = strndup(path, slash != NULL ? (size_t)(slash - path) : 0);
    if (folder != NULL && folder[0] == '\0') {
        free(folder);
        folder = strdup(slash != NULL ? "/" : ".");
    }
    if (folder == NULL) {
        return fail(s->program, "out of memory");
    }
    int code = 0;
    if (path[0] == '\0' || (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode))) {
        code = fail(s->program,
                    "cannot write '%s': expected the name of a regular file; choose "
                    "another one with --output",
                    path);
    } else if (stat(folder, &facts) != 0 || access(folder, W_OK | X_OK) != 0) {
        code = fail(s->program,
                    "cannot write '%s': folder '%s': %s; create it or choose another "
                    "file with --output",
                    path, folder, strerror(errno));
    }
    free(folder);
    return code;
}

/* A single file has one part only, and a folder may hold only the training files. */
static int open_test_part(const session *s, training *t)
{
    sml_dataset_facts facts;
    sml_dataset_describe(t->train, &facts);
    if (facts.split[0] == '\0') {
        return 0;
    }
    uint64_t seed = strtoull(sml_model_get(t->model, "seed"), NULL, 10);
    sml_status status = sml_dataset_open_seeded(s->ctx, t->data, "test", seed, &t->test);
    if (status == SML_NOT_FOUND) {
        note(s, "no test score: %s", sml_ctx_error(s->ctx));
        return 0;
    }
    return status == SML_OK ? 0 : fail_library(s);
}

static int prepare(const session *s, training *t)
{
    int code = create_model(s, t);
    code = code == 0 ? check_output(s, t->output) : code;
    code = code == 0 ? open_data(s, t->data, "train", t->model, &t->train) : code;
    return code == 0 ? open_test_part(s, t) : code;
}

static double samples_per_second(const training *t)
{
    return t->fitted.seconds > 0 ? (double)t->fitted.samples / t->fitted.seconds : 0;
}

static void print_summary(const training *t)
{
    if (t->test != NULL) {
        printf("test %s", report_headline(&t->tested).text);
    } else {
        printf("train loss %.4f", t->fitted.loss);
    }
    printf(" · %s epoch%s in %s · %s samples/s · seed %s · saved to %s\n",
           format_count(t->fitted.epochs).text, t->fitted.epochs == 1 ? "" : "s",
           format_seconds(t->fitted.seconds).text, format_rate(samples_per_second(t)).text,
           sml_model_get(t->model, "seed"), t->output);
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

static int finish(const session *s, training *t)
{
    if (t->test != NULL) {
        int code = report_create(s, t->model, t->test, &t->tested);
        if (code != 0) {
            return code;
        }
        if (sml_model_record_scores(s->ctx, t->model, t->test, &t->tested.scores) != SML_OK) {
            return fail_library(s);
        }
    }
    if (sml_model_save(s->ctx, t->model, t->output) != SML_OK) {
        return fail_library(s);
    }
    if (s->json) {
        print_json(t);
    } else {
        print_summary(t);
    }
    return EXIT_DONE;
}

static int save_interrupted(const session *s, const training *t)
{
    if (sml_model_save(s->ctx, t->model, t->output) != SML_OK) {
        return fail_library(s);
    }
    int renamed = option_given(&s->options, "output");
    fail(s->program,
         "interrupted after %s full epochs and %s steps; the model as it is was saved to %s\n"
         "go on with: scratchml train %s --from %s%s%s",
         format_count(t->fitted.epochs).text, format_count(t->fitted.steps).text, t->output,
         t->data, t->output, renamed ? " --output " : "", renamed ? t->output : "");
    return EXIT_INTERRUPTED;
}

static int save_diverged(const session *s, const training *t)
{
    fail_library(s);
    if (t->fitted.epochs == 0) {
        return fail(s->program, "no epoch ended well, so nothing was saved");
    }
    if (sml_model_save(s->ctx, t->model, t->output) != SML_OK) {
        return fail_library(s);
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
    int code = prepare(s, &t);
    code = code == 0 ? fit(s, &t) : code;
    report_free(&t.tested);
    sml_dataset_free(t.test);
    sml_dataset_free(t.train);
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
             "to go on. A second Ctrl-C ends the program at once.\n"
             "\n"
             "Examples:\n"
             "  scratchml train mnist --hidden 128 --epochs 10\n"
             "  scratchml train mnist --from model.safetensors --learning-rate 0.0001\n",
};
