#include "train.h"

#include "again.h"
#include "findings.h"
#include "interrupt.h"
#include "losses.h"

#include <math.h>
#include <scratchml/columns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double samples_per_second(const training *t)
{
    return t->fitted.seconds > 0 ? (double)t->fitted.samples / t->fitted.seconds : 0;
}

static const char *const ENDINGS[] = {
    [SML_FIT_FINISHED] = "finished",       [SML_FIT_CANCELLED] = "cancelled",
    [SML_FIT_DIVERGED] = "diverged",       [SML_FIT_STOPPED_EARLY] = "stopped early",
    [SML_FIT_OUT_OF_TIME] = "out of time",
};

/* The epoch whose parameters the model has: the best one where early stopping looks for it,
 * otherwise the last whole one. NULL where it has no validation scores. */
static const sml_epoch_record *validated_epoch(const training *t)
{
    size_t n = 0;
    const sml_epoch_record *records = sml_model_history(t->model, &n);
    const uint64_t epoch = t->fitted.best_epoch > 0 ? t->fitted.best_epoch : n;
    if (n == 0 || epoch > n || isnan(records[epoch - 1].validation_loss)) {
        return NULL;
    }
    return &records[epoch - 1];
}

/* What early stopping looks at, beside accuracy and loss; NULL: nothing else. */
static const char *watched_metric(const training *t)
{
    static const char *const usual[] = {"none", "accuracy", "loss"};
    const char *metric = sml_model_get(t->model, "early_stopping");
    for (size_t i = 0; metric != NULL && i < sizeof usual / sizeof usual[0]; i++) {
        if (strcmp(metric, usual[i]) == 0) {
            return NULL;
        }
    }
    return metric;
}

/* "validation accuracy 97.91% at best epoch 7", or the metric that made it the best; empty without
 * validation. */
static short_text describe_validation(const training *t)
{
    short_text out = {""};
    const sml_epoch_record *record = validated_epoch(t);
    const uint64_t best = t->fitted.best_epoch;
    if (record == NULL) {
        return out;
    }
    const char *metric = best > 0 ? watched_metric(t) : NULL;
    const int is_loss = isnan(record->validation_accuracy);
    int used = 0;
    if (metric != NULL) {
        used = snprintf(out.text, sizeof out.text, "validation %s %.4f", metric,
                        record->validation_metric);
    } else if (is_loss) {
        used = snprintf(out.text, sizeof out.text, "validation loss %.4f%s",
                        record->validation_loss, loss_remark(t->model));
    } else {
        used = snprintf(out.text, sizeof out.text, "validation accuracy %s",
                        format_percent(record->validation_accuracy).text);
    }
    if (best > 0 && used > 0) {
        snprintf(out.text + used, sizeof out.text - (size_t)used, " at best epoch %.30s",
                 format_count(best).text);
    }
    return out;
}

static void print_summary(const training *t)
{
    if (t->test != NULL) {
        printf("test %s", report_headline(&t->tested).text);
    } else if (isnan(t->fitted.loss)) {
        fputs("no loss", stdout);
    } else {
        printf("train loss %.4f%s", t->fitted.loss, loss_remark(t->model));
    }
    const int is_cut = t->fitted.ended != SML_FIT_FINISHED;
    const char *dot = sign("·");
    const short_text validation = describe_validation(t);
    if (validation.text[0] != '\0') {
        printf(" %s %s", dot, validation.text);
    }
    printf(" %s %s in %s%s%s %s %s samples/s %s seed %s %s saved to ", dot,
           counted(t->fitted.epochs, "epoch").text, format_seconds(t->fitted.seconds).text,
           is_cut ? ", " : "", is_cut ? ENDINGS[t->fitted.ended] : "", dot,
           format_rate(samples_per_second(t)).text, dot, sml_model_get(t->model, "seed"), dot);
    print_safe(stdout, t->output);
    putchar('\n');
}

static json_t *validation_document(const training *t)
{
    const sml_epoch_record *record = validated_epoch(t);
    if (record == NULL) {
        return json_null();
    }
    json_t *validation = json_object();
    document_set(validation, "loss", json_figure(record->validation_loss));
    document_set(validation, "accuracy", json_figure(record->validation_accuracy));
    const char *metric = sml_model_get(t->model, "early_stopping");
    const int is_watched = metric != NULL && strcmp(metric, "none") != 0;
    document_set(validation, "metric_name", is_watched ? json_text(metric) : json_null());
    document_set(validation, "metric",
                 is_watched ? json_figure(record->validation_metric) : json_null());
    document_set(validation, "epoch", json_count(record->epoch));
    document_set(validation, "unknown_rows", json_count(t->fitted.validation_unknown.rows));
    document_set(validation, "is_best", json_boolean(t->fitted.best_epoch > 0));
    return validation;
}

static void print_json(const training *t)
{
    json_t *test = json_null(), *train = json_object(), *document = json_object();
    if (t->test != NULL) {
        test = json_object();
        report_document(&t->tested, test);
        document_set(test, "unknown_rows", json_count(t->test_unknown.rows));
    }
    document_set(train, "loss", json_figure(t->fitted.loss));
    document_set(document, "data", json_text(t->data));
    document_set(document, "table", table_look_document(&t->look));
    document_set(document, "test", test);
    document_set(document, "train", train);
    document_set(document, "validation", validation_document(t));
    document_set(document, "ended", json_text(ENDINGS[t->fitted.ended]));
    document_set(document, "resumed_at", json_count(t->fitted.resumed_at));
    document_set(document, "epochs", json_count(t->fitted.epochs));
    document_set(document, "steps", json_count(t->fitted.steps));
    document_set(document, "seconds", json_figure(t->fitted.seconds));
    document_set(document, "samples_per_second", json_figure(samples_per_second(t)));
    document_set(document, "seed", json_count(strtoull(sml_model_get(t->model, "seed"), NULL, 10)));
    document_set(document, "parameters", json_count(count_parameters(t->model)));
    document_set(document, "model", json_text(t->output));
    document_set(document, "findings", findings_document(t->doctor));
    print_document(document);
}

/* Returns 0, or the exit code after a message. */
static int save(const session *s, const training *t)
{
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

/* Test rows that the model refuses, such as for a missing cell, must not cost the training either.
 */
static int save_refused(const session *s, const training *t)
{
    const int code = save(s, t);
    return code != 0 ? code
                     : fail(s->program, "no test score; the model was saved to %s", t->output);
}

/* Told once, at the end: a full disk must not cost the training. */
static void note_failed_checkpoints(const session *s, const training *t)
{
    if (t->fitted.failed_checkpoints > 0) {
        fail(s->program, "%s could not be written to %s",
             counted(t->fitted.failed_checkpoints, "checkpoint").text, t->how.checkpoint);
    }
}

int finish_training(const session *s, training *t)
{
    note_failed_checkpoints(s, t);
    held_out_tell_unknown(s, t->model, "validation", &t->fitted.validation_unknown);
    if (t->test != NULL) {
        sml_dataset_allow_unknown(t->test, 1);
        if (sml_model_unknown_rows(s->ctx, t->model, t->test, &t->test_unknown) == SML_OK) {
            held_out_tell_unknown(s, t->model, "test", &t->test_unknown);
        }
        if (report_create(s, t->model, t->test, &t->tested) != 0) {
            return save_refused(s, t);
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
        if (s->out.is_terminal && t->doctor != NULL) {
            losses_print(&s->out, t->doctor);
        }
        print_summary(t);
    }
    return code == 0 && interrupt_arrived() ? EXIT_INTERRUPTED : code;
}

/* How to go on from the model, as a line for the shell. */
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

/* The command line once more, with --resume. */
static void print_resumption(const session *s, const training *t)
{
    char *data = quoted_for_shell(t->data);
    buffer line = {0};
    buffer_print(&line, "go on with: scratchml train %s", data);
    free(data);
    for (size_t i = 0; i < s->options.n; i++) {
        if (strcmp(s->options.states[i].spelling, "resume") != 0) {
            again_option(&line, &s->options.states[i]);
        }
    }
    buffer_print(&line, " --resume");
    fail(NULL, "%s", line.text);
    buffer_free(&line);
}

int save_interrupted(const session *s, training *t)
{
    note_failed_checkpoints(s, t);
    int code = save(s, t);
    if (code != 0) {
        return code;
    }
    fail(s->program, "interrupted after %s (%s); the model as it is was saved to %s",
         counted(t->fitted.epochs, "full epoch").text, counted(t->fitted.steps, "step").text,
         t->output);
    if (t->fitted.checkpoints > 0) {
        print_resumption(s, t);
    } else {
        print_continuation(s, t);
    }
    return EXIT_INTERRUPTED;
}

int save_diverged(const session *s, const training *t)
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
