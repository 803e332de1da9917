#include "data_options.h"

#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <scratchml/columns.h>
#include <stdlib.h>
#include <string.h>

/* Pixels along a side of a picture. */
enum { SIDE_MOST = 16384 };

const option_row option_target =
    TEXT_OPTION("target", "COLUMN",
                "column to predict, by name or as #5, from 1; of an NPZ file the array of targets");
const option_row option_weight =
    TEXT_OPTION("weight", "COLUMN", "column that says how much each row counts in training");
const option_row option_drop =
    TEXT_OPTION("drop", "COLUMN,...", "columns to leave out, such as an identifier");
const option_row option_categorical =
    TEXT_OPTION("categorical", "COLUMN,...", "columns whose numbers are names, such as a postcode");
const option_row option_task = {{"task", SML_PARAMETER_CHOICE, "", 0, 0,
                                 "classification|regression",
                                 "what the target is; otherwise found out from its values"},
                                0,
                                "NAME"};
const option_row option_delimiter =
    TEXT_OPTION("delimiter", "CHAR",
                "between two fields, 'tab' for a tabulator; otherwise found "
                "out");
const option_row option_decimal =
    TEXT_OPTION("decimal", "CHAR", "the decimal point, '.' or ','; otherwise found out");
const option_row option_header =
    TEXT_OPTION("header", NULL, "the first line has the names of the columns");
const option_row option_no_header =
    TEXT_OPTION("no_header", NULL, "the first line is a row; without either it is found out");
const option_row option_missing_value = TEXT_OPTION(
    "missing_value", "TEXT", "a cell that holds this is missing, such as -999; may be repeated");
const option_row option_size =
    TEXT_OPTION("size", "HxW", "bring pictures to this height and width, such as 28x28");

const option_row option_index_base = {
    {"index_base", SML_PARAMETER_CHOICE, "", 0, 0, "0|1",
     "what the indices of LIBSVM text count from; otherwise as the model's training file, or 0 "
     "where an index is 0"},
    0,
    "N"};

const option_row option_memory = TEXT_OPTION(
    "memory", "SIZE",
    "bytes that the features may take, such as 500M or 2G; of more, rows of IDX files, NPY files "
    "and tables stay on disk where they can; otherwise half of what is available");

const option_row option_unknown = {
    {"unknown", SML_PARAMETER_CHOICE, "", 0, 0, "refuse|zeros",
     "categories that the model does not know are zeros; otherwise as the training said"},
    0,
    "NAME"};

/* The text of an option; NULL where it was not given, or where the command has none like it. */
static const char *text_of(const options *o, const char *name)
{
    return option_exists(o, name) && option_given(o, name) ? option_text(o, name) : NULL;
}

static int fill_delimiter(const session *s, char *delimiter)
{
    const char *text = text_of(&s->options, "delimiter");
    if (text == NULL) {
        return 0;
    }
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0) {
        text = "\t";
    }
    if (text[0] == '\0' || text[1] != '\0' || strchr("\r\n\"", text[0]) != NULL) {
        return fail_usage(s->program, "--delimiter: found '%s', expected one character or 'tab'",
                          printable(text).text);
    }
    *delimiter = text[0];
    return 0;
}

static int fill_decimal(const session *s, char *decimal)
{
    const char *text = text_of(&s->options, "decimal");
    if (text == NULL) {
        return 0;
    }
    if (strcmp(text, ".") != 0 && strcmp(text, ",") != 0) {
        return fail_usage(s->program, "--decimal: found '%s', expected '.' or ','",
                          printable(text).text);
    }
    *decimal = text[0];
    return 0;
}

static int fill_header(const session *s, int *header)
{
    const options *o = &s->options;
    int with = text_of(o, "header") != NULL, without = text_of(o, "no_header") != NULL;
    if (with && without) {
        return fail_usage(s->program, "--header and --no-header contradict each other");
    }
    *header = with - without;
    return 0;
}

/* The number at *text, which moves behind it; 0 where it is none, or none of a side. */
static size_t side_at(const char **text)
{
    size_t side = 0;
    for (; **text >= '0' && **text <= '9' && side <= SIDE_MOST; (*text)++) {
        side = 10 * side + (size_t)(**text - '0');
    }
    return side <= SIDE_MOST ? side : 0;
}

static int fill_size(const session *s, sml_data_options *out)
{
    const char *text = text_of(&s->options, "size"), *end = text;
    if (text == NULL) {
        return 0;
    }
    out->height = side_at(&end);
    const int has_sign = *end == 'x';
    end += has_sign;
    out->width = side_at(&end);
    if (!has_sign || *end != '\0' || out->height == 0 || out->width == 0) {
        return fail_usage(s->program,
                          "--size: found '%s', expected height and width in 1…%d, such as 28x28",
                          printable(text).text, SIDE_MOST);
    }
    return 0;
}

/* The factor of a unit: K, M, G or T are powers of 1024; 0 where it is none. */
static uint64_t unit_of(const char *text)
{
    static const char units[] = "KMGT";
    const char *found = text[0] != '\0' ? strchr(units, toupper((unsigned char)text[0])) : NULL;
    if (text[0] == '\0') {
        return 1;
    }
    return found != NULL && text[1] == '\0' ? UINT64_C(1) << (10 * (found - units + 1)) : 0;
}

static int fill_memory(const session *s, uint64_t *memory)
{
    const char *text = text_of(&s->options, "memory");
    char *unit = NULL;
    if (text == NULL) {
        return 0;
    }
    errno = 0;
    const uint64_t size = isdigit((unsigned char)text[0]) ? strtoull(text, &unit, 10) : 0;
    const uint64_t factor = unit != NULL ? unit_of(unit) : 0;
    if (size == 0 || factor == 0 || errno != 0 || size > UINT64_MAX / factor) {
        return fail_usage(s->program, "--memory: found '%s', expected bytes, such as 500M or 2G",
                          printable(text).text);
    }
    *memory = size * factor;
    return 0;
}

/* The first option given that is about files, or NULL. */
static const char *option_about_files(const options *o)
{
    static const option_row *const rows[] = {FILE_OPTIONS};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (option_has_row(o, rows[i]) && option_given(o, rows[i]->parameter.name)) {
            return rows[i]->parameter.name;
        }
    }
    return NULL;
}

/* What would be passed over in silence is refused: a set of the catalog is read in one way only. */
static int check_is_file(const session *s, const char *name)
{
    const char *option = option_about_files(&s->options);
    const sml_catalog_entry *entry;
    for (size_t i = 0; option != NULL && (entry = sml_catalog(i)) != NULL; i++) {
        if (strcmp(entry->name, name) == 0) {
            return fail_usage(s->program, "%s is for files; '%s' is a data set known by name",
                              format_option(option).text, name);
        }
    }
    return 0;
}

int data_options_fill(const session *s, const char *name, const char *split, const sml_model *model,
                      sml_data_options *out)
{
    const options *o = &s->options;
    const char *seed = text_of(o, "seed"), *task = text_of(o, "task");
    if (seed == NULL && model != NULL) {
        seed = sml_model_get(model, "seed");
    }
    *out = (sml_data_options){
        .split = split,
        .seed = seed != NULL ? strtoull(seed, NULL, 10) : 0,
        .is_seeded = seed != NULL,
        .target = text_of(o, "target"),
        .weight = option_has_row(o, &option_weight) ? text_of(o, "weight") : NULL,
        .drop = text_of(o, "drop"),
        .categorical = text_of(o, "categorical"),
    };
    if (task != NULL) {
        const int has_classes = strcmp(task, sml_task_name(SML_TASK_CLASSIFICATION)) == 0;
        out->task = has_classes ? SML_TASK_CLASSIFICATION : SML_TASK_REGRESSION;
    }
    const char *base = text_of(o, "index_base");
    if (base != NULL) {
        out->index_base = strcmp(base, "0") == 0 ? SML_INDEX_FROM_0 : SML_INDEX_FROM_1;
    }
    if (text_of(o, "missing_value") != NULL) {
        out->missing = option_texts(o, "missing_value", &out->n_missing);
    }
    int code = check_is_file(s, name);
    code = code == 0 ? fill_delimiter(s, &out->delimiter) : code;
    code = code == 0 ? fill_decimal(s, &out->decimal) : code;
    code = code == 0 ? fill_header(s, &out->header) : code;
    code = code == 0 ? fill_memory(s, &out->memory) : code;
    return code == 0 ? fill_size(s, out) : code;
}

int data_options_let_unknown(const session *s, const sml_model *model, sml_dataset *data)
{
    const int may_say = option_has_row(&s->options, &option_unknown);
    const char *text = may_say ? text_of(&s->options, "unknown") : NULL;
    sml_unknown_rows found;
    if (text == NULL || strcmp(text, "zeros") != 0) {
        return 0;
    }
    sml_dataset_allow_unknown(data, 1);
    if (sml_model_unknown_rows(s->ctx, model, data, &found) != SML_OK) {
        return fail_library(s);
    }
    if (found.rows > 0) {
        note(s, "%s row%s a category that the model does not know ('%s' in column '%s')",
             format_count(found.rows).text, found.rows == 1 ? " has" : "s have",
             printable(found.category).text, printable(found.column).text);
    }
    return 0;
}
