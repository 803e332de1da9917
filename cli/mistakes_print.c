/* Mistakes as text and as JSON. */
#include "again.h"
#include "mistakes.h"
#include "picture.h"
#include "report.h"
#include "table.h"

#include <math.h>
#include <scratchml/columns.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAIRS = 3, GRADIENTS = 10, NAME_MOST = 24 };

static short_text class_name(const mistakes *m, int32_t k)
{
    return shorten(sml_model_class_name(m->model, (size_t)k), NAME_MOST);
}

/* "mistakes of m.safetensors on mnist, part test: 212 of 10,000 (2.12%)" */
static void print_headline(const mistakes *m)
{
    const char *path = m->s->options.operands[0];
    char line[512];
    int used = snprintf(line, sizeof line, "mistakes of %.200s on %.100s", path, m->facts.name);
    if (m->facts.split[0] != '\0') {
        used += snprintf(line + used, sizeof line - (size_t)used, ", part %.20s", m->facts.split);
    }
    if (m->facts.task == SML_TASK_REGRESSION) {
        snprintf(line + used, sizeof line - (size_t)used, ": the largest of %s rows",
                 format_count(m->facts.rows).text);
    } else {
        snprintf(line + used, sizeof line - (size_t)used, ": %s of %s (%s)",
                 format_count(m->wrong).text, format_count(m->facts.rows).text,
                 format_percent((double)m->wrong / (double)m->facts.rows).text);
    }
    fputs(style_on(&m->s->out, STYLE_BOLD), stdout);
    print_wrapped(line, 0, 0, text_room(&m->s->out));
    fputs(style_off(&m->s->out, STYLE_BOLD), stdout);
}

/* The place of the largest count off the diagonal below `below` in the order by count, then place;
 * outputs² where there is none. */
static size_t next_pair(const mistakes *m, size_t before)
{
    const size_t n = m->outputs, all = n * n;
    const uint64_t bound = before < all ? m->confusion[before] : UINT64_MAX;
    size_t best = all;
    for (size_t i = 0; i < all; i++) {
        const uint64_t count = m->confusion[i];
        const int is_later = count < bound || (count == bound && i > before);
        if (i % n != i / n && count > 0 && is_later && before != i &&
            (best == all || count > m->confusion[best])) {
            best = i;
        }
    }
    return best;
}

/* "most often: 4 as 9 (13), 7 as 2 (11), 5 as 3 (9)", and how to see them. */
static void print_pairs(const mistakes *m)
{
    const size_t n = m->outputs;
    size_t pair = n * n, first = n * n;
    char line[400] = "most often: ";
    int used = 12;
    for (size_t i = 0; i < PAIRS; i++) {
        pair = next_pair(m, pair);
        if (pair == n * n) {
            break;
        }
        first = i == 0 ? pair : first;
        used += snprintf(line + used, sizeof line - (size_t)used, "%s%s as %s (%s)",
                         i > 0 ? ", " : "", class_name(m, (int32_t)(pair / n)).text,
                         class_name(m, (int32_t)(pair % n)).text,
                         format_count(m->confusion[pair]).text);
    }
    if (first == n * n) {
        return;
    }
    print_wrapped(line, 0, 12, text_room(&m->s->out));
    if (m->is < 0 && m->says < 0) {
        static const char *const kept[] = {"folds", "count"};
        buffer asked = {0};
        again_start(&asked, m->s, "mistakes");
        again_named(&asked, &m->s->options, kept, sizeof kept / sizeof kept[0]);
        printf("  %s --true %zu --says %zu\n", asked.text, first / n, first % n);
        buffer_free(&asked);
    }
}

static void add_number(table *t, double value)
{
    if (isnan(value)) {
        table_cell(t, "%s", sign("–"));
    } else {
        table_cell(t, "%.6g", value);
    }
}

/* With the headings. */
static table *new_table(const mistakes *m)
{
    const int has_classes = m->facts.task == SML_TASK_CLASSIFICATION;
    const int is_judged = m->judged_by != JUDGE_NONE;
    const size_t columns = has_classes ? 8 + (size_t)is_judged : 5;
    table *t = table_create(columns, has_classes ? "rllrrrrrl" : "r");
    table_cell(t, "sample");
    if (has_classes) {
        table_cell(t, "is");
        table_cell(t, "says");
        table_cell(t, "p(says)");
        table_cell(t, "p(is)");
    } else {
        table_cell(t, "residual");
    }
    table_cell(t, "loss");
    table_cell(t, "%s", locale_is_utf8() ? "‖g‖" : "|g|");
    table_cell(t, "share");
    if (is_judged) {
        table_cell(t, "might be");
    }
    return t;
}

static void add_row(const mistakes *m, table *t, const sml_sample_score *one)
{
    const double share = one->gradient_norm * one->gradient_norm / m->squares;
    table_cell(t, "%u", (unsigned)one->row);
    if (m->facts.task == SML_TASK_CLASSIFICATION) {
        table_cell(t, "%s", class_name(m, one->label).text);
        table_cell(t, "%s", class_name(m, one->predicted).text);
        table_style(t, one->is_mistake ? STYLE_BAD : STYLE_GOOD);
        table_cell(t, "%s", format_percent((double)one->probability).text);
        table_cell(t, "%s", format_percent((double)one->own).text);
    } else {
        add_number(t, one->residual);
    }
    add_number(t, one->loss);
    add_number(t, one->gradient_norm);
    table_cell(t, "%s", isnan(share) ? sign("–") : format_percent(share).text);
    if (m->judged_by != JUDGE_NONE) {
        table_cell(t, "%s", one->suspect_of >= 0 ? class_name(m, one->suspect_of).text : "");
        table_style(t, STYLE_BOLD);
    }
}

static void print_list(const mistakes *m)
{
    const char *what = m->lists_suspects ? "labels that look wrong" : "largest loss";
    char line[120];
    printf("\n%s", what);
    if (m->listed < m->found) {
        printf(", %zu of %s", m->listed, format_count(m->found).text);
    }
    putchar('\n');
    table *t = new_table(m);
    for (size_t i = 0; i < m->listed; i++) {
        add_row(m, t, &m->scores[m->list[i]]);
    }
    table_print(t, &m->s->out);
    table_free(t);
    double shift, factor;
    if (sml_model_target_scale(NULL, m->model, 0, &shift, &factor) == SML_OK) {
        snprintf(line, sizeof line,
                 "residual: in the units of the data; loss, %s: of scaled targets",
                 locale_is_utf8() ? "‖g‖" : "|g|");
        print_wrapped(line, 0, 10, text_room(&m->s->out));
    }
}

static void print_pictures(const mistakes *m)
{
    picture *pictures = allocate(m->listed, sizeof *pictures);
    for (size_t i = 0; i < m->listed; i++) {
        const sml_sample_score *one = &m->scores[m->list[i]];
        picture *p = &pictures[i];
        p->values = allocate(m->facts.columns, sizeof *p->values);
        p->look = one->is_mistake ? STYLE_BAD : STYLE_GOOD;
        sml_dataset_features(m->data, one->row, p->values);
        snprintf(p->captions[0].text, sizeof p->captions[0].text, "#%u is %.30s",
                 (unsigned)one->row, one->label >= 0 ? class_name(m, one->label).text : "");
        if (one->predicted >= 0) {
            snprintf(p->captions[1].text, sizeof p->captions[1].text, "says %.30s %.8s",
                     class_name(m, one->predicted).text,
                     format_percent((double)one->probability).text);
        }
    }
    putchar('\n');
    pictures_draw(&m->s->out, pictures, m->listed, m->facts.height, m->facts.width);
    for (size_t i = 0; i < m->listed; i++) {
        free(pictures[i].values);
    }
    free(pictures);
}

/* Which labels are worth a look, and whether this says much. */
static void print_labels(const mistakes *m)
{
    char line[600];
    const size_t room = text_room(&m->s->out);
    if (m->judged_by == JUDGE_NONE) {
        if (m->facts.task == SML_TASK_CLASSIFICATION) {
            print_wrapped("labels: the model has seen these rows, so it cannot judge them; --folds "
                          "5 asks models that have not",
                          0, 8, room);
        }
        return;
    }
    snprintf(line, sizeof line,
             "labels: %s of %s look wrong by %s not seen these rows (they agree with %s of the "
             "labels%s)%s",
             format_count(m->labels.suspects).text, format_count(m->labels.judged).text,
             m->judged_by == JUDGE_FOLDS ? "models that have"
                                         : "the probabilities of the model, which has",
             format_percent(m->labels.agreement).text,
             m->labels.agreement < 0.9 ? "; below 90% many suspects are hard rows" : "",
             m->labels.suspects > 0 && !m->lists_suspects ? "; --suspects lists them" : "");
    print_wrapped(line, 0, 8, room);
}

static void print_next_step(const mistakes *m)
{
    buffer asked = {0};
    if (m->listed > 0) {
        again_start(&asked, m->s, "explain");
        printf("how it came to sample %u:\n  %s --sample %u --backward\n", (unsigned)m->list[0],
               asked.text, (unsigned)m->list[0]);
    }
    buffer_free(&asked);
}

void mistakes_print(const mistakes *m)
{
    const size_t top = GRADIENTS < m->facts.rows ? GRADIENTS : m->facts.rows;
    char line[200];
    print_headline(m);
    if (m->confusion != NULL) {
        report_print_confusion(m->model, m->confusion, m->outputs, &m->s->out);
        print_pairs(m);
    }
    if (m->listed > 0) {
        print_list(m);
        if (m->facts.height > 0) {
            print_pictures(m);
        }
    }
    putchar('\n');
    print_labels(m);
    if (m->squares > 0) {
        snprintf(line, sizeof line,
                 "gradients: share is that of the sum of %s over all rows, of "
                 "which the %zu largest have %s",
                 locale_is_utf8() ? "‖g‖²" : "|g|^2", top,
                 format_percent(mistakes_share(m, top)).text);
        print_wrapped(line, 0, 11, text_room(&m->s->out));
    }
    print_next_step(m);
}

static json_t *class_document(const mistakes *m, int32_t k)
{
    return k >= 0 ? json_text(sml_model_class_name(m->model, (size_t)k)) : json_null();
}

static json_t *row_document(const mistakes *m, const sml_sample_score *one)
{
    json_t *row = json_object();
    document_set(row, "sample", json_count(one->row));
    document_set(row, "label", class_document(m, one->label));
    document_set(row, "prediction", class_document(m, one->predicted));
    document_set(row, "probability", json_figure((double)one->probability));
    document_set(row, "own_probability", json_figure((double)one->own));
    document_set(row, "residual", json_figure(one->residual));
    document_set(row, "loss", json_figure(one->loss));
    document_set(row, "gradient_norm", json_figure(one->gradient_norm));
    document_set(row, "gradient_share",
                 json_figure(one->gradient_norm * one->gradient_norm / m->squares));
    document_set(row, "suspect_of", class_document(m, one->suspect_of));
    document_set(row, "margin", json_figure(one->margin));
    return row;
}

static json_t *confusion_document(const mistakes *m)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < m->outputs; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < m->outputs; j++) {
            document_append(row, json_count(m->confusion[i * m->outputs + j]));
        }
        document_append(rows, row);
    }
    return rows;
}

/* null where nobody may judge. */
static json_t *labels_document(const mistakes *m)
{
    if (m->judged_by == JUDGE_NONE) {
        return json_null();
    }
    json_t *labels = json_object();
    document_set(labels, "judged_by", json_text(m->judged_by == JUDGE_FOLDS ? "folds" : "model"));
    document_set(labels, "judged", json_count(m->labels.judged));
    document_set(labels, "suspects", json_count(m->labels.suspects));
    document_set(labels, "agreement", json_figure(m->labels.agreement));
    return labels;
}

json_t *mistakes_document(const mistakes *m)
{
    json_t *document = json_object(), *samples = json_array();
    const int has_mistakes = m->facts.task != SML_TASK_REGRESSION;
    document_set(document, "model", json_text(m->s->options.operands[0]));
    document_set(document, "data", json_text(m->s->options.operands[1]));
    document_set(document, "split",
                 m->facts.split[0] != '\0' ? json_text(m->facts.split) : json_null());
    document_set(document, "rows", json_count(m->facts.rows));
    document_set(document, "mistakes", has_mistakes ? json_count(m->wrong) : json_null());
    document_set(document, "confusion", m->confusion != NULL ? confusion_document(m) : json_null());
    document_set(document, "labels", labels_document(m));
    document_set(document, "gradient_squares", json_figure(m->squares));
    document_set(document, "found", json_count(m->found));
    for (size_t i = 0; i < m->listed; i++) {
        document_append(samples, row_document(m, &m->scores[m->list[i]]));
    }
    document_set(document, "samples", samples);
    return document;
}
