#include "findings.h"

#include "again.h"
#include "text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const SEVERITIES[] = {
    [SML_FINDING_NOTE] = "note",
    [SML_FINDING_WARNING] = "warning",
    [SML_FINDING_ERROR] = "error",
};

/* Where the value of NAME=VALUE begins; NULL: the remedy is words. */
static const char *value_of(const char *remedy)
{
    const char *at = remedy;
    while (islower((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '_') {
        at++;
    }
    return at > remedy && *at == '=' ? at + 1 : NULL;
}

const char *finding_severity(const sml_finding *finding)
{
    return SEVERITIES[finding->severity];
}

char *finding_remedy(const sml_finding *finding)
{
    const char *remedy = finding->remedy, *value = value_of(remedy);
    char name[96], *text = NULL;
    if (value == NULL) {
        text = allocate(strlen(remedy) + 1, 1);
        return memcpy(text, remedy, strlen(remedy) + 1);
    }
    snprintf(name, sizeof name, "%.*s", (int)(value - remedy - 1), remedy);
    char *quoted = quoted_for_shell(value);
    const short_text option = format_option(name);
    const size_t size = strlen(option.text) + strlen(quoted) + 2;
    text = allocate(size, 1);
    snprintf(text, size, "%s %s", option.text, quoted);
    free(quoted);
    return text;
}

static int is_counted(const sml_finding *finding)
{
    return finding->severity > SML_FINDING_NOTE && finding->suppressed_by == NULL;
}

size_t findings_count(const sml_doctor *doctor)
{
    size_t n = 0;
    const sml_finding *finding;
    for (size_t i = 0; (finding = sml_doctor_finding(doctor, i)) != NULL; i++) {
        n += (size_t)is_counted(finding);
    }
    return n;
}

size_t findings_notes(const sml_doctor *doctor)
{
    size_t n = 0;
    const sml_finding *finding;
    for (size_t i = 0; (finding = sml_doctor_finding(doctor, i)) != NULL; i++) {
        n += (size_t)(finding->severity == SML_FINDING_NOTE && finding->suppressed_by == NULL);
    }
    return n;
}

size_t findings_following(const sml_doctor *doctor)
{
    size_t n = 0;
    const sml_finding *finding;
    for (size_t i = 0; (finding = sml_doctor_finding(doctor, i)) != NULL; i++) {
        n += (size_t)(finding->suppressed_by != NULL);
    }
    return n;
}

/* A training has tried nothing else: a learning rate is its guess. */
void findings_note(const session *s, const sml_doctor *doctor, const char *data)
{
    const sml_finding *finding;
    char *quoted = quoted_for_shell(data);
    buffer again = {0};
    again_training(&again, &s->options);
    for (size_t i = 0; (finding = sml_doctor_finding(doctor, i)) != NULL; i++) {
        if (!is_counted(finding)) {
            continue;
        }
        char *remedy = finding_remedy(finding);
        note(s, "doctor: %s", finding->title);
        const int is_rate = strncmp(finding->remedy, "learning_rate=", 14) == 0;
        note(s, "        try %s%s; %s: scratchml doctor %s%s", is_rate ? "about " : "", remedy,
             is_rate ? "which suits, and why" : "why", quoted,
             again.text != NULL ? again.text : "");
        free(remedy);
    }
    buffer_free(&again);
    free(quoted);
}

/* Prints safe text behind what stands in the line already, `column` wide. */
static void print_words(const session *s, const char *text, size_t column, size_t indent)
{
    char *safe = safe_text(text);
    print_wrapped(safe, column, indent, text_room(&s->out));
    free(safe);
}

static void print_heading(const session *s, const sml_finding *finding)
{
    static const style styles[] = {
        [SML_FINDING_NOTE] = STYLE_DIM,
        [SML_FINDING_WARNING] = STYLE_BOLD,
        [SML_FINDING_ERROR] = STYLE_BAD,
    };
    const char *severity = SEVERITIES[finding->severity];
    size_t column = 0;
    fputs(style_on(&s->out, styles[finding->severity]), stdout);
    for (const char *c = severity; *c != '\0'; c++, column++) {
        putchar(toupper((unsigned char)*c));
    }
    printf("%s %s: ", style_off(&s->out, styles[finding->severity]), finding->code);
    column += strlen(finding->code) + 3;
    print_words(s, finding->title, column, 2);
}

short_text finding_figure(double value)
{
    short_text out;
    const int is_whole = value > -1e15 && value < 1e15 && value == (double)(int64_t)value;
    snprintf(out.text, sizeof out.text, is_whole ? "%.0f" : "%.4g", value);
    return out;
}

/* Name, value and unit of each, in columns. */
static void print_evidence(const sml_finding *finding)
{
    size_t names = 0, values = 0;
    for (size_t i = 0; i < finding->n_evidence; i++) {
        const size_t name = text_width(finding->evidence[i].name);
        const size_t value = strlen(finding_figure(finding->evidence[i].value).text);
        names = name > names ? name : names;
        values = value > values ? value : values;
    }
    for (size_t i = 0; i < finding->n_evidence; i++) {
        const sml_evidence *e = &finding->evidence[i];
        fputs("  ", stdout);
        print_safe(stdout, e->name);
        printf("%*s  %*s%s", (int)(names - text_width(e->name)), "", (int)values,
               finding_figure(e->value).text, e->unit[0] != '\0' ? " " : "");
        print_safe(stdout, e->unit);
        putchar('\n');
    }
}

static void print_labelled(const session *s, const char *label, const char *text)
{
    enum { LABEL = 8 };
    if (text[0] != '\0') {
        printf("  %s%-*s%s", style_on(&s->out, STYLE_BOLD), LABEL - 2, label,
               style_off(&s->out, STYLE_BOLD));
        print_words(s, text, LABEL, LABEL);
    }
}

static void print_finding(const session *s, const sml_finding *finding)
{
    char *remedy = finding_remedy(finding);
    print_heading(s, finding);
    if (finding->suppressed_by != NULL) {
        printf("  it follows from %s\n", finding->suppressed_by);
    }
    if (finding->text[0] != '\0') {
        fputs("  ", stdout);
        print_words(s, finding->text, 2, 2);
    }
    print_evidence(finding);
    if (finding->suppressed_by == NULL) {
        print_labelled(s, "why", finding->reason);
        print_labelled(s, "try", remedy);
    }
    free(remedy);
}

void findings_print(const session *s, const sml_doctor *doctor)
{
    const sml_finding *finding;
    for (size_t i = 0; (finding = sml_doctor_finding(doctor, i)) != NULL; i++) {
        putchar('\n');
        print_finding(s, finding);
    }
}

static json_t *evidence_document(const sml_finding *finding)
{
    json_t *list = json_array();
    for (size_t i = 0; i < finding->n_evidence; i++) {
        const sml_evidence *e = &finding->evidence[i];
        json_t *object = json_object();
        document_set(object, "name", json_text(e->name));
        document_set(object, "value", json_figure(e->value));
        document_set(object, "unit", json_text(e->unit));
        document_append(list, object);
    }
    return list;
}

static json_t *place(int64_t number)
{
    return number >= 0 ? json_count((uint64_t)number) : json_null();
}

static json_t *moment(uint64_t number)
{
    return number > 0 ? json_count(number) : json_null();
}

static json_t *finding_document(const sml_finding *finding)
{
    json_t *object = json_object();
    char *remedy = finding_remedy(finding);
    document_set(object, "code", json_text(finding->code));
    document_set(object, "severity", json_text(SEVERITIES[finding->severity]));
    document_set(object, "title", json_text(finding->title));
    document_set(object, "text", json_text(finding->text));
    document_set(object, "evidence", evidence_document(finding));
    document_set(object, "try", json_text(remedy));
    document_set(object, "tried", json_boolean(finding->is_tried));
    document_set(object, "why", json_text(finding->reason));
    document_set(object, "layer", place(finding->block));
    document_set(object, "unit", place(finding->unit));
    document_set(object, "sample", place(finding->sample));
    document_set(object, "epoch", moment(finding->epoch));
    document_set(object, "step", moment(finding->step));
    document_set(object, "follows_from",
                 finding->suppressed_by != NULL ? json_text(finding->suppressed_by) : json_null());
    free(remedy);
    return object;
}

json_t *findings_document(const sml_doctor *doctor)
{
    json_t *list = json_array();
    const sml_finding *finding;
    for (size_t i = 0; (finding = sml_doctor_finding(doctor, i)) != NULL; i++) {
        document_append(list, finding_document(finding));
    }
    return list;
}
