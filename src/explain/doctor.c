#include "explain/doctor.h"

#include "base/context.h"
#include "base/memory.h"
#include "explain/trials.h"
#include "model/algorithm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every code, causes before effects. */
static const char *const CODES[] = {
    "nan_in_data",
    "unscaled_inputs",
    "learning_rate_too_large",
    "equal_weights",
    "learning_rate_too_small",
    "exploding_gradients",
    "vanishing_gradients",
    "dead_relu",
    "wrong_labels",
    "leaking_columns",
    "constant_columns",
    "duplicates",
    "class_imbalance",
    "overfitting",
    "underfitting",
};

enum { N_CODES = sizeof CODES / sizeof CODES[0] };

/* What follows from what. effect NULL: everything. */
static const struct {
    const char *cause, *effect;
    sml_severity least; /* the cause must be as severe */
} FOLLOWS[] = {
    {"nan_in_data", NULL, SML_FINDING_ERROR},
    {"exploding_gradients", "unscaled_inputs", SML_FINDING_ERROR}, /* before the first step */
    {"exploding_gradients", "learning_rate_too_large", SML_FINDING_ERROR},
    {"exploding_gradients", "dead_relu", SML_FINDING_ERROR},
    {"exploding_gradients", "class_imbalance", SML_FINDING_ERROR},
    {"unscaled_inputs", "dead_relu", SML_FINDING_NOTE},
    {"unscaled_inputs", "learning_rate_too_large", SML_FINDING_WARNING},
    {"unscaled_inputs", "learning_rate_too_small", SML_FINDING_WARNING},
    {"unscaled_inputs", "exploding_gradients", SML_FINDING_WARNING},
    {"unscaled_inputs", "underfitting", SML_FINDING_WARNING},
    {"learning_rate_too_large", "dead_relu", SML_FINDING_NOTE},
    {"learning_rate_too_large", "exploding_gradients", SML_FINDING_NOTE},
    {"learning_rate_too_large", "vanishing_gradients", SML_FINDING_NOTE},
    {"learning_rate_too_large", "overfitting", SML_FINDING_NOTE},
    {"learning_rate_too_large", "underfitting", SML_FINDING_NOTE},
    {"learning_rate_too_large", "class_imbalance", SML_FINDING_NOTE},
    {"vanishing_gradients", "dead_relu", SML_FINDING_ERROR}, /* before the first step */
    {"vanishing_gradients", "learning_rate_too_small", SML_FINDING_ERROR},
    {"learning_rate_too_small", "class_imbalance", SML_FINDING_NOTE},
    {"vanishing_gradients", "class_imbalance", SML_FINDING_NOTE},
    {"equal_weights", "underfitting", SML_FINDING_NOTE},
    {"learning_rate_too_small", "underfitting", SML_FINDING_NOTE},
    {"vanishing_gradients", "underfitting", SML_FINDING_NOTE},
    {"dead_relu", "underfitting", SML_FINDING_ERROR},
};

static size_t rank_of(const char *code)
{
    size_t i = 0;
    while (i < N_CODES && strcmp(CODES[i], code) != 0) {
        i++;
    }
    return i;
}

/* What is shown of a finding lies in the finding. */
static void point_at_own(sml__finding *finding)
{
    finding->shown.title = finding->title;
    finding->shown.text = finding->text;
    finding->shown.remedy = finding->remedy;
    finding->shown.reason = finding->reason;
    finding->shown.evidence = finding->evidence;
    for (size_t i = 0; i < finding->shown.n_evidence; i++) {
        finding->evidence[i].name = finding->names[i];
        finding->evidence[i].unit = finding->units[i];
    }
}

sml__finding *sml__doctor_add(sml_doctor *doctor, const char *code, sml_severity severity)
{
    sml__finding *finding = &doctor->findings[doctor->n_findings];
    if (doctor->n_findings < SML__FINDINGS_MAX) {
        doctor->n_findings++;
    }
    memset(finding, 0, sizeof *finding);
    finding->shown = (sml_finding){
        .code = CODES[rank_of(code)],
        .severity = severity,
        .block = -1,
        .unit = -1,
        .sample = -1,
    };
    point_at_own(finding);
    return finding;
}

static void append(const sml_doctor *doctor, char *text, size_t size, const char *format,
                   va_list arguments)
{
    const size_t used = strlen(text);
    const locale_t before = uselocale(doctor->ctx->numbers);
    vsnprintf(text + used, size - used, format, arguments);
    uselocale(before);
}

void sml__finding_say(const sml_doctor *doctor, sml__finding *finding, sml__finding_part part,
                      const char *format, ...)
{
    const struct {
        char *text;
        size_t size;
    } parts[] = {
        [SML__TITLE] = {finding->title, sizeof finding->title},
        [SML__TEXT] = {finding->text, sizeof finding->text},
        [SML__REMEDY] = {finding->remedy, sizeof finding->remedy},
        [SML__REASON] = {finding->reason, sizeof finding->reason},
    };
    va_list arguments;
    va_start(arguments, format);
    append(doctor, parts[part].text, parts[part].size, format, arguments);
    va_end(arguments);
}

void sml__finding_show(const sml_doctor *doctor, sml__finding *finding, double value,
                       const char *unit, const char *name, ...)
{
    const size_t n = finding->shown.n_evidence;
    va_list arguments;
    if (n == SML__EVIDENCE_MAX) {
        return;
    }
    va_start(arguments, name);
    append(doctor, finding->names[n], sizeof finding->names[n], name, arguments);
    va_end(arguments);
    snprintf(finding->units[n], sizeof finding->units[n], "%s", unit);
    finding->evidence[n].value = value;
    finding->shown.n_evidence++;
    point_at_own(finding);
}

sml__finding *sml__doctor_find(sml_doctor *doctor, const char *code)
{
    for (size_t i = 0; i < doctor->n_findings; i++) {
        if (strcmp(doctor->findings[i].shown.code, code) == 0) {
            return &doctor->findings[i];
        }
    }
    return NULL;
}

/* Findings point into themselves, so the others are shifted by what they hold. */
void sml__doctor_drop(sml_doctor *doctor, const sml__finding *finding)
{
    const size_t at = (size_t)(finding - doctor->findings);
    doctor->n_findings--;
    for (size_t i = at; i < doctor->n_findings; i++) {
        doctor->findings[i] = doctor->findings[i + 1];
        point_at_own(&doctor->findings[i]);
    }
}

int sml__doctor_found(const sml_doctor *doctor, const char *code, sml_severity severity)
{
    for (size_t i = 0; i < doctor->n_findings; i++) {
        const sml_finding *shown = &doctor->findings[i].shown;
        if (strcmp(shown->code, code) == 0 && shown->severity >= severity) {
            return 1;
        }
    }
    return 0;
}

/* Whether an earlier row says the reverse of row i: the effect is so severe that it is the cause.
 */
static int is_reversed(size_t i, const sml_finding *effect)
{
    for (size_t k = 0; k < i; k++) {
        if (FOLLOWS[k].effect != NULL && strcmp(FOLLOWS[k].cause, effect->code) == 0 &&
            strcmp(FOLLOWS[k].effect, FOLLOWS[i].cause) == 0) {
            return effect->severity >= FOLLOWS[k].least;
        }
    }
    return 0;
}

/* The first cause that explains a finding; NULL: none does. */
static const char *cause_of(const sml_doctor *doctor, const sml_finding *finding)
{
    for (size_t i = 0; i < sizeof FOLLOWS / sizeof FOLLOWS[0]; i++) {
        const int is_its = FOLLOWS[i].effect == NULL
                               ? strcmp(FOLLOWS[i].cause, finding->code) != 0
                               : strcmp(FOLLOWS[i].effect, finding->code) == 0;
        if (is_its && !is_reversed(i, finding) &&
            sml__doctor_found(doctor, FOLLOWS[i].cause, FOLLOWS[i].least)) {
            return CODES[rank_of(FOLLOWS[i].cause)];
        }
    }
    return NULL;
}

/* Whether a is shown before b. */
static int comes_first(const sml_finding *a, const sml_finding *b)
{
    const int a_follows = a->suppressed_by != NULL, b_follows = b->suppressed_by != NULL;
    if (a_follows != b_follows) {
        return b_follows;
    }
    if (a->severity != b->severity) {
        return a->severity > b->severity;
    }
    return rank_of(a->code) < rank_of(b->code);
}

/* Findings that are alike stay as they came. */
void sml__doctor_settle(sml_doctor *doctor)
{
    for (size_t i = 0; i < doctor->n_findings; i++) {
        sml_finding *shown = &doctor->findings[i].shown;
        shown->suppressed_by = cause_of(doctor, shown);
    }
    for (size_t i = 0; i < doctor->n_findings; i++) {
        size_t place = i;
        while (place > 0 && comes_first(&doctor->findings[i].shown,
                                        &doctor->findings[doctor->order[place - 1]].shown)) {
            doctor->order[place] = doctor->order[place - 1];
            place--;
        }
        doctor->order[place] = i;
    }
}

sml_status sml_doctor_create(sml_ctx *ctx, sml_doctor **out)
{
    const sml_ctx_options alone = {.threads = 1};
    *out = NULL;
    sml_doctor *doctor = sml__alloc(ctx, 1, sizeof *doctor, "a doctor");
    if (doctor == NULL) {
        return SML_NO_MEMORY;
    }
    if (sml_ctx_create(&alone, &doctor->ctx) != SML_OK) {
        sml__free(doctor);
        return sml__fail(ctx, SML_NO_MEMORY, "out of memory: a context");
    }
    doctor->watch = sml__doctor_calls(doctor);
    *out = doctor;
    return SML_OK;
}

const struct sml_watch *sml_doctor_watch(sml_doctor *doctor)
{
    return &doctor->watch;
}

void sml_doctor_free(sml_doctor *doctor)
{
    if (doctor != NULL) {
        sml_ctx_free(doctor->ctx);
    }
    sml__free(doctor);
}

/* Without validation rows, rows of the test part show whether it overfits; scored after every
 * epoch, they change nothing of the training, unless its schedule heeds scores. */
static int may_score_test(const sml_model *model, const sml_examination *what)
{
    return what->test != NULL && what->test->view.task != SML_TASK_NONE &&
           strcmp(model->algorithm->name, "mlp") == 0 &&
           sml__setting_real(model, "validation") == 0 &&
           sml__setting_is(model, "early_stopping", "none") &&
           !sml__setting_is(model, "schedule", "plateau");
}

sml_status sml_doctor_examine(sml_ctx *ctx, sml_doctor *doctor, sml_model *model,
                              const sml_examination *what, sml_fit_report *report)
{
    sml_fit_options options = what->fit != NULL ? *what->fit : (sml_fit_options){0};
    options.watch = &doctor->watch;
    if (options.validation == NULL && may_score_test(model, what)) {
        options.validation = what->test;
        doctor->scores_test = 1;
    }
    doctor->examination = what;
    doctor->n_findings = 0;
    sml__look_at_data(doctor, what->train, what->test);
    doctor->ctx->error[0] = '\0';
    sml_status status = sml_model_fit_with(ctx, model, what->train, &options, report);
    if (status == SML_BAD_DATA && options.validation == what->test) {
        options.validation = NULL; /* test rows that the model refuses, for a new category */
        status = sml_model_fit_with(ctx, model, what->train, &options, report);
    }
    status = status == SML_DIVERGED ? SML_OK : status;
    if (status == SML_OK) {
        status = sml__run_trials(ctx, doctor, model);
    }
    doctor->examination = NULL;
    doctor->scores_test = 0;
    if (status == SML_OK) {
        status = sml__look_at_labels(ctx, doctor, model, what);
    }
    sml__doctor_settle(doctor);
    /* Beside a training that lacks nothing a doctor that lacks memory finds less, in silence. */
    const char *lacks = sml_ctx_error(doctor->ctx);
    if (status == SML_OK && lacks[0] != '\0') {
        return sml__fail(ctx, SML_NO_MEMORY, "the doctor could not look: %s", lacks);
    }
    return sml_doctor_refused(ctx, doctor, status) ? SML_OK : status;
}

size_t sml_doctor_losses(const sml_doctor *doctor, double *losses, size_t most, uint64_t *batches)
{
    const sml__windows *w = &doctor->windows;
    for (size_t i = 0; i < w->n && i < most; i++) {
        losses[i] = sml__window_mean(w, i);
    }
    if (batches != NULL) {
        *batches = w->length;
    }
    return w->n;
}

const sml_finding *sml_doctor_finding(const sml_doctor *doctor, size_t index)
{
    return index < doctor->n_findings ? &doctor->findings[doctor->order[index]].shown : NULL;
}
