/* scratchml doctor: trains as `train` would, and says what ails the run. */
#include "data_options.h"
#include "doctor_html.h"
#include "files.h"
#include "findings.h"
#include "held_out.h"
#include "interrupt.h"
#include "length.h"
#include "losses.h"
#include "progress.h"
#include "settings.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUN_TEXT = 640 };

static const option_row option_no_trials =
    TEXT_OPTION("no_trials", NULL, "train once only: less proof, and no word on underfitting");

static const option_row option_html =
    TEXT_OPTION("html", "FILE", "also write the report to this file, for a browser");

static const option_row *const options_of_doctor[] = {
    &option_no_trials, DATA_OPTIONS,    &option_test,     &option_html,
    &option_json,      &option_threads, &option_data_dir, &option_progress,
    &option_color,     &option_quiet,   &option_help,     NULL,
};

/* A run of the command. */
typedef struct visit {
    const char *data;
    sml_model *model;
    sml_dataset *train, *test; /* test: NULL where the data has none */
    held_out cut;
    sml_doctor *doctor;
    sml_fit_report fitted;
    int is_cut_short; /* by Ctrl-C: findings are those so far */
} visit;

/* The test part of data that has one; that it cannot be opened is no ailment. */
static int open_test_part(const session *s, visit *v)
{
    sml_dataset_facts facts;
    sml_data_options how;
    sml_dataset_describe(v->train, &facts);
    if (facts.split[0] == '\0') {
        return 0;
    }
    const int code = data_options_fill(s, v->data, "test", v->model, &how);
    if (code == 0 && sml_dataset_open_with(s->ctx, v->data, &how, &v->test) != SML_OK) {
        note(s, "no test rows: %s", sml_ctx_error(s->ctx));
    }
    return code;
}

/* The training rows; none where the data was refused for what the doctor has a finding of. */
static int open_train_part(const session *s, visit *v)
{
    sml_status refused;
    const int code = open_data_quietly(s, v->data, "train", v->model, &refused, &v->train);
    return refused == SML_OK || sml_doctor_refused(s->ctx, v->doctor, refused) ? code
                                                                               : fail_library(s);
}

static int prepare(const session *s, visit *v)
{
    if (sml_doctor_create(s->ctx, &v->doctor) != SML_OK ||
        sml_model_create(s->ctx, "mlp", NULL, &v->model) != SML_OK) {
        return fail_library(s);
    }
    int code = apply_settings(s, v->model);
    code = code == 0 ? open_train_part(s, v) : code;
    if (code != 0 || v->train == NULL) {
        return code;
    }
    code = open_test_part(s, v);
    code = code == 0 ? held_out_cut(s, v->model, &v->train, &v->test, &v->cut) : code;
    return code == 0 ? settle_length(s, v->model, v->data, v->train) : code;
}

/* "784-100-100-10, sgd, learning rate 0.1, batch 1" */
static void describe_run(const sml_model *model, char *out, size_t size)
{
    const char *rate = sml_model_get(model, "learning_rate"), *hidden;
    size_t used = 0;
    hidden = sml_model_get(model, "hidden");
    if (sml_model_inputs(model) > 0) {
        used = (size_t)snprintf(out, size, "%zu-", sml_model_inputs(model));
        for (; *hidden != '\0' && used + 1 < size; hidden++, used++) {
            out[used] = (char)(*hidden == ',' ? '-' : *hidden);
        }
        used += (size_t)snprintf(out + used, size - used, "%s%zu, ",
                                 out[used - 1] != '-' ? "-" : "", sml_model_outputs(model));
    }
    if (used < size) {
        const int is_own = strcmp(rate, "auto") != 0;
        snprintf(out + used, size - used, "%s%s%s, batch %s", sml_model_get(model, "optimizer"),
                 is_own ? ", learning rate " : "", is_own ? rate : "",
                 sml_model_get(model, "batch_size"));
    }
}

/* "doctor: 1 finding and 3 notes (and 2 that follow) on moons, …" */
static void print_count(const session *s, const visit *v, const char *run)
{
    const size_t n = findings_count(v->doctor), following = findings_following(v->doctor);
    const size_t notes = findings_notes(v->doctor);
    const style look = n > 0 ? STYLE_BAD : v->is_cut_short ? STYLE_BOLD : STYLE_GOOD;
    char count[128], beside[160] = "", more[160] = "", rest[2 * RUN_TEXT];
    snprintf(count, sizeof count, "%s finding%s", n > 0 ? format_count(n).text : "no",
             n == 1 || n == 0 ? "" : "s");
    if (notes > 0) {
        snprintf(beside, sizeof beside, "and %s note%s ", format_count(notes).text,
                 notes == 1 ? "" : "s");
    }
    if (following > 0) {
        snprintf(more, sizeof more, "(and %s that follow%s) ", format_count(following).text,
                 following == 1 ? "s" : "");
    }
    snprintf(rest, sizeof rest, "%s%son %.*s, %s%s", beside, more, RUN_TEXT / 2, v->data, run,
             v->is_cut_short ? "; interrupted" : "");
    printf("doctor: %s%s%s ", style_on(&s->out, look), count, style_off(&s->out, look));
    print_wrapped(rest, strlen("doctor: ") + strlen(count) + 1, 2, text_room(&s->out));
}

static void print_report(const session *s, const visit *v, const char *run)
{
    if (s->json) {
        json_t *document = json_object();
        document_set(document, "data", json_text(v->data));
        document_set(document, "epochs", json_count(v->fitted.epochs));
        document_set(document, "steps", json_count(v->fitted.steps));
        document_set(document, "loss", json_figure(v->fitted.loss));
        document_set(document, "losses", losses_document(v->doctor));
        document_set(document, "findings", findings_document(v->doctor));
        document_set(document, "interrupted", json_boolean(v->is_cut_short));
        print_document(document);
        return;
    }
    print_count(s, v, run);
    losses_print(&s->out, v->doctor);
    findings_print(s, v->doctor);
}

/* Returns the exit code. */
static int report(const session *s, const visit *v)
{
    char run[RUN_TEXT], title[2 * RUN_TEXT];
    const char *path = option_text(&s->options, "html");
    describe_run(v->model, run, sizeof run);
    print_report(s, v, run);
    if (option_given(&s->options, "html")) {
        snprintf(title, sizeof title, "%.*s, %s", RUN_TEXT / 2, v->data, run);
        const int code = doctor_html_save(s, v->doctor, title, path);
        if (code != 0) {
            return code;
        }
        note(s, "written to %s", path);
    }
    return findings_count(v->doctor) > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* Before the training: the report can be written, and not over what is read. */
static int check_html(const session *s, const char *data)
{
    const named_path written = {"--html", option_text(&s->options, "html")};
    if (!option_given(&s->options, "html")) {
        return 0;
    }
    if (strcmp(written.path, "-") == 0) {
        return fail_usage(s->program, "--html: found '-', expected the name of a file");
    }
    if (sml_model_check_path(s->ctx, written.path) != SML_OK) {
        return fail(s->program, "%s; choose another file with --html", sml_ctx_error(s->ctx));
    }
    return check_written(s, data, &written, 1);
}

static int is_cancelled(void *user)
{
    (void)user;
    return interrupt_arrived();
}

static int examine(const session *s, visit *v)
{
    progress p;
    progress_start(&p, s, PROGRESS_TRAINING);
    const sml_fit_options how = {.progress = progress_update, .user = &p};
    const sml_examination what = {
        .train = v->train,
        .test = v->test,
        .fit = &how,
        .no_trials = option_given(&s->options, "no_trials"),
        .cancelled = is_cancelled,
    };
    const sml_status status = sml_doctor_examine(s->ctx, v->doctor, v->model, &what, &v->fitted);
    progress_end(&p, status == SML_OK);
    v->is_cut_short = status == SML_CANCELLED;
    if (status != SML_OK && !v->is_cut_short) {
        return fail_library(s);
    }
    const int code = report(s, v);
    if (v->is_cut_short) {
        fail(s->program,
             "interrupted: these are the findings so far; what was not looked at, or not "
             "tried, is missing");
        return EXIT_INTERRUPTED;
    }
    return code;
}

static int run(session *s)
{
    visit v = {.data = s->options.operands[0]};
    int code = check_html(s, v.data);
    code = code == 0 ? prepare(s, &v) : code;
    if (code == 0 && v.train == NULL) {
        code = report(s, &v);
    } else if (code == 0) {
        code = examine(s, &v);
    }
    sml_dataset_free(v.test);
    sml_dataset_free(v.train);
    sml_dataset_free(v.cut.whole);
    sml_model_free(v.model);
    sml_doctor_free(v.doctor);
    return code;
}

const command command_doctor = {
    .name = "doctor",
    .operands = "DATA",
    .least = 1,
    .most = 1,
    .help = "Train as 'train' would, and say what ails the run, why, and what to try",
    .options = options_of_doctor,
    .algorithm = "mlp",
    .run = run,
    .notes = "The exit code is 0 where nothing was found, and 1 after a warning or an error.\n"
             "\n"
             "Example:\n"
             "  scratchml doctor mnist --hidden 100,100 --batch-size 1 --learning-rate 0.1\n",
};
