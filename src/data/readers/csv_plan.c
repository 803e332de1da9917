/* Which column is what: the options, or the columns of a model, against the names of the file. */
#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/readers/csv.h"

#include <string.h>

static sml__name_list names_of(const sml__csv *csv)
{
    sml__name_list list = {"", 0};
    for (size_t i = 0; i < csv->n; i++) {
        sml__list_name(&list, csv->columns[i].name);
    }
    return list;
}

/* The number of the column that is called `word`, or "#5"; csv->n where there is none. */
static size_t find_column(const sml__csv *csv, const char *word)
{
    int64_t number = 0;
    for (size_t i = 0; i < csv->n; i++) {
        if (strcmp(csv->columns[i].name, word) == 0) {
            return i;
        }
    }
    const int is_number = word[0] == '#' && sml__parse_integer(word + 1, &number);
    return is_number && number >= 1 && (uint64_t)number <= csv->n ? (size_t)number - 1 : csv->n;
}

/* what: "target". */
static sml_status fail_unknown_column(sml__csv *csv, const char *what, const char *word)
{
    const char **names = sml__alloc(csv->ctx, csv->n, sizeof *names, "names of columns");
    if (names == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < csv->n; i++) {
        names[i] = csv->columns[i].name;
    }
    const char *nearest = sml_nearest_name(word, names, csv->n);
    sml__free(names);
    if (nearest != NULL) {
        return sml__fail(csv->ctx, SML_UNKNOWN_NAME,
                         "%s: no column '%.60s' for the %s; did you mean '%.60s'?", csv->path, word,
                         what, nearest);
    }
    const char *cure = csv->n > 1 ? ""
                                  : "; what stands between two fields is said by --delimiter, "
                                    "such as --delimiter ' '";
    return sml__fail(csv->ctx, SML_UNKNOWN_NAME,
                     "%s: no column '%.60s' for the %s; there %s %zu%s: %s%s", csv->path, word,
                     what, csv->n == 1 ? "is" : "are", csv->n,
                     csv->has_header ? "" : " (no header was found)", names_of(csv).text, cure);
}

/* Gives a column a role; two roles for one are a contradiction. */
static sml_status give_role(sml__csv *csv, size_t column, sml__csv_role role)
{
    static const char *const names[] = {"feature", "target", "weight", "one to leave out"};
    sml__csv_column *c = &csv->columns[column];
    if (c->role != SML__ROLE_FEATURE && c->role != role) {
        return sml__fail(csv->ctx, SML_BAD_ARGUMENT,
                         "%s: column '%.60s' cannot be %s and %s at once", csv->path, c->name,
                         names[c->role], names[role]);
    }
    c->role = role;
    return SML_OK;
}

/* The column of an option, or of a model; *found is csv->n where none is asked for, or where the
 * model's is not in this file, as in one for prediction. */
static sml_status find_one(sml__csv *csv, const char *what, const char *asked, const char *of_model,
                           sml__csv_role role, size_t *found)
{
    const char *name = asked != NULL ? asked : of_model;
    *found = name != NULL ? find_column(csv, name) : csv->n;
    if (*found < csv->n) {
        return give_role(csv, *found, role);
    }
    return asked != NULL ? fail_unknown_column(csv, what, asked) : SML_OK;
}

/* Calls with each column of a list such as "id,#7". */
static sml_status for_each(sml__csv *csv, const char *list, const char *what,
                           sml_status (*act)(sml__csv *csv, size_t column))
{
    char word[256];
    sml_status status = SML_OK;
    while (list != NULL && *list != '\0' && status == SML_OK) {
        const size_t length = strcspn(list, ",");
        if (length >= sizeof word) {
            return sml__fail(csv->ctx, SML_BAD_ARGUMENT,
                             "%s: '%.20s…' is too long for the name of a column; use its number, "
                             "such as #5",
                             csv->path, list);
        }
        memcpy(word, list, length);
        word[length] = '\0';
        const size_t column = find_column(csv, word);
        status = column < csv->n ? act(csv, column) : fail_unknown_column(csv, what, word);
        list += length + (list[length] == ',');
    }
    return status;
}

static sml_status drop(sml__csv *csv, size_t column)
{
    return give_role(csv, column, SML__ROLE_DROPPED);
}

static sml_status make_categorical(sml__csv *csv, size_t column)
{
    csv->columns[column].is_categorical = 1;
    csv->columns[column].is_fixed = 1;
    return SML_OK;
}

/* All columns that have no other role are features, in the order of the file. */
static void take_features(sml__csv *csv)
{
    csv->n_features = 0;
    for (size_t i = 0; i < csv->n; i++) {
        sml__csv_column *c = &csv->columns[i];
        c->is_categorical |= c->has_text && !c->is_fixed;
        c->feature = csv->n_features;
        csv->n_features += c->role == SML__ROLE_FEATURE;
    }
}

/* Whether the columns are a model's features by their position: without names on both sides, where
 * there are as many. Else they are matched by name; without a header that is their number. */
static int is_by_position(const sml__csv *csv, const sml_schema *like)
{
    return like != NULL && csv->n == like->n && !(like->has_names && csv->has_header);
}

/* The columns of a model and no others, in its order and of its kinds. */
static sml_status take_like(sml__csv *csv, const sml_schema *like)
{
    const int by_position = is_by_position(csv, like);
    for (size_t i = 0; i < csv->n; i++) {
        sml__csv_column *c = &csv->columns[i];
        c->feature = SIZE_MAX;
        c->is_categorical = c->is_fixed = 0;
        c->role = c->role == SML__ROLE_FEATURE ? SML__ROLE_DROPPED : c->role;
    }
    for (size_t i = 0; i < like->n; i++) {
        const size_t at = by_position ? i : find_column(csv, like->columns[i].name);
        if (at == csv->n) {
            sml_status status = fail_unknown_column(csv, "model", like->columns[i].name);
            return status == SML_UNKNOWN_NAME ? SML_BAD_SHAPE : status;
        }
        sml__csv_column *c = &csv->columns[at];
        if (c->feature != SIZE_MAX || c->role != SML__ROLE_DROPPED) {
            return sml__fail(csv->ctx, SML_BAD_SHAPE,
                             "%s: column '%.60s' is a feature of the model and cannot be used "
                             "twice",
                             csv->path, c->name);
        }
        c->role = SML__ROLE_FEATURE;
        c->feature = i;
        c->is_categorical = like->columns[i].kind == SML__CATEGORICAL;
        c->is_fixed = 1;
    }
    csv->n_features = like->n;
    return SML_OK;
}

/* How the target is read: as names for classes, as numbers for regression, else as it is. */
static sml_status plan_target(sml__csv *csv)
{
    const sml_data_options *options = csv->options;
    if (options->task == SML_TASK_MULTILABEL) {
        return sml__fail(csv->ctx, SML_BAD_ARGUMENT,
                         "%s: a table has one target column, which cannot hold several labels; "
                         "use --task classification or regression",
                         csv->path);
    }
    if (csv->target == csv->n) {
        return options->task != SML_TASK_NONE && options->like == NULL
                   ? sml__fail(csv->ctx, SML_BAD_ARGUMENT,
                               "%s: %s needs a target; say --target COLUMN (columns: %s)",
                               csv->path, sml_task_name(options->task), names_of(csv).text)
                   : SML_OK;
    }
    sml__csv_column *c = &csv->columns[csv->target];
    if (options->classes != NULL || options->task == SML_TASK_CLASSIFICATION) {
        c->is_categorical = c->is_fixed = 1;
    } else if (options->task == SML_TASK_REGRESSION) {
        c->is_categorical = 0;
        c->is_fixed = 1;
    }
    return SML_OK;
}

static void leave_out(sml__csv *csv, size_t *column)
{
    if (*column < csv->n) {
        csv->columns[*column].role = SML__ROLE_DROPPED;
        *column = csv->n;
    }
}

/* The columns with a role of their own; a file for prediction need not have them. */
static sml_status find_roles(sml__csv *csv)
{
    const sml_data_options *options = csv->options;
    const sml_schema *like = options->like;
    csv->target = csv->weight = csv->n;
    if (is_by_position(csv, like)) {
        return SML_OK;
    }
    sml_status status = find_one(csv, "target", options->target, like ? like->target : NULL,
                                 SML__ROLE_TARGET, &csv->target);
    if (status == SML_OK) {
        status = find_one(csv, "weights", options->weight, like ? like->weight : NULL,
                          SML__ROLE_WEIGHT, &csv->weight);
    }
    if (status == SML_OK && options->no_target) {
        leave_out(csv, &csv->target);
        leave_out(csv, &csv->weight);
    }
    return status;
}

static sml_status find_features(sml__csv *csv)
{
    const sml_data_options *options = csv->options;
    if (options->like != NULL) {
        return take_like(csv, options->like);
    }
    sml_status status = for_each(csv, options->drop, "columns to leave out", drop);
    if (status == SML_OK) {
        status = for_each(csv, options->categorical, "categories", make_categorical);
    }
    if (status == SML_OK) {
        take_features(csv);
    }
    return status;
}

sml_status sml__csv_plan(sml__csv *csv)
{
    sml_status status = find_roles(csv);
    if (status == SML_OK) {
        status = find_features(csv);
    }
    if (status == SML_OK) {
        status = plan_target(csv);
    }
    if (status == SML_OK && csv->n_features == 0) {
        status = sml__fail(csv->ctx, SML_BAD_SHAPE,
                           "%s: no column is left for the features; %zu in all: %s", csv->path,
                           csv->n, names_of(csv).text);
    }
    if (status == SML_OK && csv->weight < csv->n) {
        csv->columns[csv->weight].is_categorical = 0;
        csv->columns[csv->weight].is_fixed = 1;
    }
    return status;
}
