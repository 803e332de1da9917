/* scratchml data show: samples as pictures, points or numbers, with what a model says. */
#include "data_options.h"
#include "files.h"
#include "picture.h"
#include "report.h"
#include "svg_plane.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_row option_sample = {{"sample", SML_PARAMETER_INTEGER, "0", 0,
                                          (double)INT32_MAX, NULL,
                                          "row to begin with; the first is 0"},
                                         0,
                                         "N"};
static const option_row option_count = {
    {"count", SML_PARAMETER_INTEGER, "6", 1, 10000, NULL, "how many rows"}, 0, "K"};
static const option_row option_model = {
    {"model", SML_PARAMETER_CHOICE, "", 0, 0, NULL, "model file: also show what it predicts"},
    0,
    "MODEL"};
static const option_row option_mistakes = {
    {"mistakes", SML_PARAMETER_CHOICE, "", 0, 0, NULL,
     "with --model: its mistakes, the most confident ones first"},
    0,
    NULL};

static const option_row option_svg = {
    {"svg", SML_PARAMETER_CHOICE, "", 0, 0, NULL,
     "draw all rows to this file instead: classes over two columns, or a target over one; with "
     "--model also what it predicts everywhere"},
    0,
    "FILE"};

static const option_row *const options_of_show[] = {
    &option_sample,   &option_count, &option_split,   &option_model,
    &option_mistakes, &option_svg,   DATA_OPTIONS,    &option_unknown,
    &option_json,     &option_seed,  &option_threads, &option_data_dir,
    &option_color,    &option_quiet, &option_help,    NULL,
};

/* Bytes of a class's name in a caption. */
enum { NAME_MOST = 40 };

typedef struct sample {
    size_t row;
    size_t predicted;  /* class */
    float probability; /* of it; for regression the first value */
} sample;

typedef struct show {
    const session *s;
    sml_model *model; /* NULL: none */
    sml_dataset *data;
    sml_dataset_facts facts;
    sample *samples; /* [count] */
    size_t count, n; /* wanted, found */
} show;

static int classifies(const show *w)
{
    return w->model != NULL && sml_model_task(w->model) == SML_TASK_CLASSIFICATION;
}

static int is_wrong(const show *w, const sample *one)
{
    int32_t truth = sml_dataset_label(w->data, one->row);
    return truth >= 0 && (size_t)truth != one->predicted;
}

static sample judge(const show *w, size_t row, const float *outputs)
{
    sample one = {.row = row, .probability = outputs[0]};
    if (classifies(w)) {
        one.predicted = sml_argmax(outputs, sml_model_outputs(w->model));
        one.probability = outputs[one.predicted];
    }
    return one;
}

static int keep_every_row(void *user, size_t row, const float *outputs)
{
    show *w = user;
    w->samples[w->n++] = judge(w, row, outputs);
    return 0;
}

/* Keeps the count most confident mistakes, in order. */
static int keep_mistakes(void *user, size_t row, const float *outputs)
{
    show *w = user;
    sample one = judge(w, row, outputs);
    size_t place = w->n;
    while (place > 0 && w->samples[place - 1].probability < one.probability) {
        place--;
    }
    if (!is_wrong(w, &one) || place == w->count) {
        return 0;
    }
    w->n += w->n < w->count;
    memmove(w->samples + place + 1, w->samples + place, (w->n - 1 - place) * sizeof *w->samples);
    w->samples[place] = one;
    return 0;
}

/* Chooses the samples. Returns 0 or the exit code after a message. */
static int choose(show *w)
{
    const options *o = &w->s->options;
    size_t first = (size_t)option_number(o, "sample");
    if (first >= w->facts.rows) {
        return fail_usage(w->s->program, "--sample %zu: %s has %s; expected 0…%zu", first,
                          w->facts.name, counted(w->facts.rows, "row").text, w->facts.rows - 1);
    }
    size_t left = w->facts.rows - first, wanted = (size_t)option_number(o, "count");
    w->count = wanted < left ? wanted : left;
    w->samples = allocate(w->count, sizeof *w->samples);
    sml_status status = SML_OK;
    if (option_given(o, "mistakes")) {
        status = visit_outputs(w->s, w->model, w->data, first, left, keep_mistakes, w);
    } else if (w->model != NULL) {
        status = visit_outputs(w->s, w->model, w->data, first, w->count, keep_every_row, w);
    } else {
        for (; w->n < w->count; w->n++) {
            w->samples[w->n].row = first + w->n;
        }
    }
    return status == SML_OK ? 0 : fail_library(w->s);
}

/* The truth about a row, in words: its class, its labels, its values; "" where it has none. */
static short_text truth_of(const show *w, size_t row)
{
    short_text out = {""};
    if (w->facts.task == SML_TASK_CLASSIFICATION) {
        size_t label = (size_t)sml_dataset_label(w->data, row);
        return printable(sml_dataset_class_name(w->data, label));
    }
    float *targets = allocate(w->facts.outputs, sizeof *targets);
    sml_dataset_targets(w->data, row, targets);
    for (size_t k = 0, used = 0; k < w->facts.outputs && used < sizeof out.text; k++) {
        char *end = out.text + used;
        size_t room = sizeof out.text - used;
        const char *separator = used > 0 ? ", " : "";
        if (w->facts.task == SML_TASK_REGRESSION) {
            used += (size_t)snprintf(end, room, "%s%.6g", separator, (double)targets[k]);
        } else if (targets[k] >= 0.5f) {
            const char *name = sml_dataset_class_name(w->data, k);
            used += (size_t)snprintf(end, room, "%s%s", separator, printable(name).text);
        }
    }
    free(targets);
    return out;
}

/* "9 98.31%", or the value that a regression predicts. */
static short_text prediction_of(const show *w, const sample *one)
{
    short_text out;
    if (classifies(w)) {
        snprintf(out.text, sizeof out.text, "%.*s %.8s", NAME_MOST,
                 shorten(sml_model_class_name(w->model, one->predicted), NAME_MOST).text,
                 format_percent((double)one->probability).text);
    } else {
        snprintf(out.text, sizeof out.text, "%.6g", (double)one->probability);
    }
    return out;
}

static style verdict(const show *w, const sample *one)
{
    if (!classifies(w) || w->facts.task != SML_TASK_CLASSIFICATION) {
        return STYLE_PLAIN;
    }
    return is_wrong(w, one) ? STYLE_BAD : STYLE_GOOD;
}

static void caption(const show *w, const sample *one, picture *p)
{
    short_text truth = shorten(truth_of(w, one->row).text, NAME_MOST);
    snprintf(p->captions[0].text, sizeof p->captions[0].text, "#%zu%s%.*s", one->row,
             truth.text[0] != '\0' ? " is " : "", NAME_MOST, truth.text);
    if (w->model != NULL) {
        p->look = verdict(w, one);
        const char *mark = p->look == STYLE_BAD ? "wrong: " : "says ";
        snprintf(p->captions[1].text, sizeof p->captions[1].text, "%s%.60s", mark,
                 prediction_of(w, one).text);
    }
}

static void print_pictures(const show *w)
{
    picture *pictures = allocate(w->n, sizeof *pictures);
    for (size_t i = 0; i < w->n; i++) {
        pictures[i].values = allocate(w->facts.columns, sizeof *pictures[i].values);
        sml_dataset_features(w->data, w->samples[i].row, pictures[i].values);
        caption(w, &w->samples[i], &pictures[i]);
    }
    pictures_draw(&w->s->out, pictures, w->n, w->facts.height, w->facts.width);
    for (size_t i = 0; i < w->n; i++) {
        free(pictures[i].values);
    }
    free(pictures);
}

/* Two columns and classes, or one column and one target: all rows as points. */
static int is_plane(const show *w)
{
    const options *o = &w->s->options;
    int chosen = option_given(o, "sample") || option_given(o, "count") || w->model != NULL;
    int classes = w->facts.columns == 2 && w->facts.task == SML_TASK_CLASSIFICATION;
    int curve =
        w->facts.columns == 1 && w->facts.outputs == 1 && w->facts.task == SML_TASK_REGRESSION;
    return !chosen && (classes || curve);
}

static void print_points(const show *w)
{
    size_t n = w->facts.rows;
    int classes = w->facts.task == SML_TASK_CLASSIFICATION;
    float *x = allocate(n, sizeof *x), *y = allocate(n, sizeof *y), row[2];
    int32_t *labels = allocate(n, sizeof *labels);
    for (size_t i = 0; i < n; i++) {
        sml_dataset_features(w->data, i, row);
        x[i] = row[0];
        y[i] = row[1];
        if (classes) {
            labels[i] = sml_dataset_label(w->data, i);
        } else {
            sml_dataset_targets(w->data, i, &y[i]);
        }
    }
    points_draw(&w->s->out, x, y, classes ? labels : NULL, n);
    free(labels);
    free(y);
    free(x);
}

/* The name that a number stands for, or NULL. */
static const char *category_of(const show *w, size_t column, float value)
{
    return value >= 0 ? sml_dataset_category(w->data, column, (size_t)value) : NULL;
}

/* " 0.5", or " 17:0.5" of a compressed row, whose columns count from 1 as in its file. */
static size_t value_text(const show *w, size_t column, float value, short_text *out)
{
    const int length =
        w->facts.is_compressed
            ? snprintf(out->text, sizeof out->text, " %zu:%.5g", column + 1, (double)value)
            : snprintf(out->text, sizeof out->text, " %.5g", (double)value);
    return (size_t)length;
}

static short_text rest_text(size_t left)
{
    short_text out = {""};
    if (left > 0) {
        snprintf(out.text, sizeof out.text, " %s %.40s more", sign("…"), format_count(left).text);
    }
    return out;
}

/* The values of a row, of a compressed one those that are not 0, as many as room columns hold. */
static void print_values(const show *w, size_t row, size_t room)
{
    const size_t columns = w->facts.columns;
    float *values = allocate(columns, sizeof *values);
    size_t left = 0, used = 0;
    sml_dataset_features(w->data, row, values);
    for (size_t i = 0; i < columns; i++) {
        left += !w->facts.is_compressed || values[i] != 0;
    }
    for (size_t i = 0; i < columns && left > 0; i++) {
        short_text value;
        if (w->facts.is_compressed && values[i] == 0) {
            continue;
        }
        const size_t width = value_text(w, i, values[i], &value);
        if (used > 0 && used + width + text_width(rest_text(left - 1).text) > room) {
            break;
        }
        fputs(value.text, stdout);
        used += width;
        left--;
    }
    printf("%s\n", rest_text(left).text);
    free(values);
}

/* A cell of a table: its number, its category, or that it is missing. */
static short_text cell_text(const show *w, size_t column, float value)
{
    short_text out = {"(missing)"};
    const char *category = category_of(w, column, value);
    if (category != NULL) {
        return shorten(category, NAME_MOST);
    }
    if (!isnan(value)) {
        return format_value((double)value);
    }
    return out;
}

/* "#3 is setosa, says virginica 61.20%"; returns how wide that is. */
static size_t print_caption(const show *w, const sample *one)
{
    picture p = {0};
    caption(w, one, &p);
    const char *said = p.captions[1].text;
    printf("%s%s%s%s%s", p.captions[0].text, said[0] != '\0' ? ", " : "",
           style_on(&w->s->out, p.look), said, style_off(&w->s->out, p.look));
    return text_width(p.captions[0].text) + text_width(said) + 2;
}

static short_text column_label(const show *w, size_t column)
{
    return shorten(sml_dataset_column_name(w->data, column), NAME_MOST);
}

/* Terminal columns of the widest "name = value" of all samples. */
static size_t widest_cell(const show *w, float *values)
{
    size_t widest = 0;
    for (size_t i = 0; i < w->n; i++) {
        sml_dataset_features(w->data, w->samples[i].row, values);
        for (size_t c = 0; c < w->facts.columns; c++) {
            const size_t width =
                text_width(column_label(w, c).text) + text_width(cell_text(w, c, values[c]).text);
            widest = width + 3 > widest ? width + 3 : widest;
        }
    }
    return widest;
}

/* "sepal length = 5.1", so many across in cells of a width. */
static void print_cells(const show *w, const float *values, size_t across, size_t width)
{
    const terminal *out = &w->s->out;
    for (size_t c = 0; c < w->facts.columns; c++) {
        const int ends = (c + 1) % across == 0 || c + 1 == w->facts.columns;
        const short_text name = column_label(w, c), value = cell_text(w, c, values[c]);
        const size_t used = text_width(name.text) + text_width(value.text) + 3;
        printf("%s%s%s%s = %s%*s", c % across == 0 ? "  " : "", style_on(out, STYLE_DIM), name.text,
               style_off(out, STYLE_DIM), value.text, ends ? 0 : (int)(width - used), "");
        fputs(ends ? "\n" : "   ", stdout);
    }
}

/* Rows of a table, each below its heading. */
static void print_table_rows(const show *w)
{
    enum { INDENT = 2, SPACE = 3 };
    float *values = allocate(w->facts.columns, sizeof *values);
    const size_t width = widest_cell(w, values);
    const size_t fitting = (terminal_width(&w->s->out) - INDENT + SPACE) / (width + SPACE);
    for (size_t i = 0; i < w->n; i++) {
        sml_dataset_features(w->data, w->samples[i].row, values);
        print_caption(w, &w->samples[i]);
        putchar('\n');
        print_cells(w, values, fitting > 0 ? fitting : 1, width);
    }
    free(values);
}

/* Rows without names, a line each. */
static void print_rows(const show *w)
{
    const size_t width = terminal_width(&w->s->out);
    for (size_t i = 0; i < w->n; i++) {
        const size_t used = print_caption(w, &w->samples[i]) + 2;
        putchar(':');
        print_values(w, w->samples[i].row, width > used ? width - used : 0);
    }
}

static void print_text(const show *w)
{
    if (w->n == 0) {
        printf("no mistakes in %s\n", counted(w->facts.rows, "row").text);
    } else if (w->facts.height > 0) {
        print_pictures(w);
    } else if (is_plane(w)) {
        print_points(w);
    } else if (w->facts.has_column_names) {
        print_table_rows(w);
    } else {
        print_rows(w);
    }
}

static json_t *features_document(const show *w, size_t row)
{
    json_t *features = json_array();
    float *values = allocate(w->facts.columns, sizeof *values);
    sml_dataset_features(w->data, row, values);
    for (size_t i = 0; i < w->facts.columns; i++) {
        const char *category = category_of(w, i, values[i]);
        document_append(features,
                        category != NULL ? json_text(category) : json_figure((double)values[i]));
    }
    free(values);
    return features;
}

/* The name of the class; for other tasks the targets; null where there are none. */
static json_t *truth_document(const show *w, size_t row)
{
    if (w->facts.task == SML_TASK_CLASSIFICATION) {
        size_t label = (size_t)sml_dataset_label(w->data, row);
        return json_text(sml_dataset_class_name(w->data, label));
    }
    if (w->facts.task == SML_TASK_NONE) {
        return json_null();
    }
    json_t *values = json_array();
    float *targets = allocate(w->facts.outputs, sizeof *targets);
    sml_dataset_targets(w->data, row, targets);
    for (size_t k = 0; k < w->facts.outputs; k++) {
        document_append(values, json_figure((double)targets[k]));
    }
    free(targets);
    return values;
}

static void print_json(const show *w)
{
    json_t *document = json_object(), *samples = json_array();
    for (size_t i = 0; i < w->n; i++) {
        const sample *one = &w->samples[i];
        json_t *row = json_object();
        document_set(row, "sample", json_count(one->row));
        document_set(row, "label", truth_document(w, one->row));
        if (classifies(w)) {
            const char *name = sml_model_class_name(w->model, one->predicted);
            document_set(row, "prediction", json_text(name));
            document_set(row, "probability", json_figure((double)one->probability));
        } else if (w->model != NULL) {
            document_set(row, "prediction", json_figure((double)one->probability));
        }
        document_set(row, "features", features_document(w, one->row));
        document_append(samples, row);
    }
    if (w->facts.has_column_names) {
        json_t *names = json_array();
        for (size_t c = 0; c < w->facts.columns; c++) {
            document_append(names, json_text(sml_dataset_column_name(w->data, c)));
        }
        document_set(document, "columns", names);
    }
    document_set(document, "samples", samples);
    print_document(document);
}

/* What --svg would pass over in silence is refused, and a file that it would write over. */
static int check_picture_options(const session *s)
{
    static const char *const chosen[] = {"sample", "count", "mistakes"};
    const options *o = &s->options;
    for (size_t i = 0; i < 3 && option_given(o, "svg"); i++) {
        if (option_given(o, chosen[i])) {
            return fail_usage(s->program, "--svg draws all rows; leave %s out",
                              format_option(chosen[i]).text);
        }
    }
    if (!option_given(o, "svg")) {
        return 0;
    }
    const named_path drawn = {"--svg", option_text(o, "svg")};
    const char *model = option_given(o, "model") ? option_text(o, "model") : NULL;
    const int code = check_kept(s, &drawn, "model", model);
    return code == 0 ? check_written(s, o->operands[0], &drawn, 1) : code;
}

static int open_show(show *w)
{
    const session *s = w->s;
    const options *o = &s->options;
    const char *path = option_given(o, "model") ? option_text(o, "model") : NULL;
    int code = check_picture_options(s);
    if (code != 0) {
        return code;
    }
    if (path != NULL && sml_model_load(s->ctx, path, &w->model) != SML_OK) {
        return fail_library(s);
    }
    if (option_given(o, "mistakes") && !classifies(w)) {
        return fail_usage(s->program, "--mistakes needs --model with a classifier");
    }
    if (option_given(o, "unknown") && path == NULL) {
        return fail_usage(s->program, "--unknown is for --model");
    }
    const char *split =
        w->model == NULL || option_given(o, "split") ? option_text(o, "split") : NULL;
    code = open_data(s, o->operands[0], split, w->model, &w->data);
    code = code == 0 && path != NULL ? data_options_let_unknown(s, w->model, w->data) : code;
    if (code == 0) {
        sml_dataset_describe(w->data, &w->facts);
        code = option_given(o, "svg") ? 0 : choose(w);
    }
    return code;
}

static int save_picture(const show *w)
{
    const char *path = option_text(&w->s->options, "svg");
    const int code =
        svg_plane_save(w->s, w->data, w->model, option_text(&w->s->options, "model"), path);
    if (code == 0 && w->s->json) {
        json_t *document = json_object();
        document_set(document, "svg", json_text(path));
        print_document(document);
    } else if (code == 0) {
        fputs("drawn to ", stdout);
        print_safe(stdout, path);
        putchar('\n');
    }
    return code;
}

static int run(session *s)
{
    show w = {.s = s};
    int code = open_show(&w);
    if (code == 0 && option_given(&s->options, "svg")) {
        code = save_picture(&w);
    } else if (code == 0 && s->json) {
        print_json(&w);
    } else if (code == 0) {
        print_text(&w);
    }
    free(w.samples);
    sml_dataset_free(w.data);
    sml_model_free(w.model);
    return code;
}

const command command_data_show = {
    .name = "data show",
    .operands = "DATA",
    .least = 1,
    .most = 1,
    .help = "Show samples as pictures, points or rows, with a model's predictions if asked for",
    .options = options_of_show,
    .run = run,
    .notes = "Examples:\n"
             "  scratchml data show mnist --model model.safetensors --mistakes\n"
             "  scratchml data show moons --model moons.safetensors --svg moons.svg\n",
};
