/* What a model does to the columns of a raw row. */
#include "info_columns.h"

#include "table.h"
#include "text.h"

#include <math.h>
#include <scratchml/columns.h>
#include <stdio.h>

enum { COLUMNS_SHOWN = 40, CATEGORIES_SHOWN = 4 };

/* "red, blue and 3 more" */
static void categories_cell(table *t, const sml_model_column_facts *c)
{
    char list[200] = "";
    size_t used = 0, k = 0;
    for (; k < c->n_categories && k < CATEGORIES_SHOWN; k++) {
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", k > 0 ? ", " : "",
                                 shorten(c->categories[k], 12).text);
    }
    if (k < c->n_categories) {
        snprintf(list + used, sizeof list - used, " and %zu more", c->n_categories - k);
    }
    table_cell(t, "%s", list);
}

static void fill_cell(table *t, const sml_model_column_facts *c)
{
    if (isnan(c->fill)) {
        table_cell(t, "refused");
    } else if (c->is_categorical && c->fill >= 0 && c->fill < (double)c->n_categories) {
        table_cell(t, "%s", shorten(c->categories[(size_t)c->fill], 12).text);
    } else {
        table_cell(t, "%.4g", c->fill);
    }
}

static void print_column(table *t, size_t i, const sml_model_column_facts *c)
{
    if (c->name[0] != '\0') {
        table_cell(t, "%s", shorten(c->name, 24).text);
    } else {
        table_cell(t, "%zu", i);
    }
    table_cell(t, "%s", c->is_categorical ? "categories" : "numbers");
    table_cell(t, "%zu", c->width);
    fill_cell(t, c);
    if (c->is_categorical && c->width > 1) {
        categories_cell(t, c);
    } else if (c->shift != 0 || c->factor != 1) {
        table_cell(t, "(x - %.4g) %s %.4g", c->shift, sign("×"), c->factor);
    } else {
        table_cell(t, "x");
    }
}

void print_columns(const sml_model *model, const terminal *out)
{
    sml_model_column_facts facts;
    if (sml_model_column(NULL, model, 0, &facts) != SML_OK) {
        return;
    }
    table *t = table_create(5, "llrll");
    table_cell(t, "column");
    table_cell(t, "kind");
    table_cell(t, "inputs");
    table_cell(t, "missing");
    table_cell(t, "becomes");
    for (size_t i = 0; i < COLUMNS_SHOWN && sml_model_column(NULL, model, i, &facts) == SML_OK;
         i++) {
        print_column(t, i, &facts);
    }
    fputc('\n', out->stream);
    table_print(t, out);
    table_free(t);
    const size_t n = sml_model_columns(model);
    if (n > COLUMNS_SHOWN) {
        printf("(%d of %s columns; --json has all)\n", COLUMNS_SHOWN, format_count(n).text);
    }
    if (sml_model_target(model)[0] != '\0') {
        printf("target: %s\n", printable(sml_model_target(model)).text);
    }
}

void print_target_scales(const sml_model *model)
{
    double shift, factor;
    for (size_t k = 0;
         k < COLUMNS_SHOWN && sml_model_target_scale(NULL, model, k, &shift, &factor) == SML_OK;
         k++) {
        printf("target %zu in training: (y - %.4g) %s %.4g\n", k, shift, sign("×"), factor);
    }
}

json_t *columns_document(const sml_model *model)
{
    json_t *columns = json_array();
    sml_model_column_facts c;
    for (size_t i = 0; sml_model_column(NULL, model, i, &c) == SML_OK; i++) {
        json_t *row = json_object(), *categories = json_array();
        for (size_t k = 0; k < c.n_categories; k++) {
            document_append(categories, json_text(c.categories[k]));
        }
        document_set(row, "name", c.name[0] != '\0' ? json_text(c.name) : json_null());
        document_set(row, "kind", json_text(c.is_categorical ? "category" : "number"));
        document_set(row, "inputs", json_count(c.width));
        document_set(row, "fill", json_figure(c.fill));
        document_set(row, "shift", json_figure(c.shift));
        document_set(row, "factor", json_figure(c.factor));
        document_set(row, "categories", categories);
        document_append(columns, row);
    }
    return columns;
}

json_t *target_scales_document(const sml_model *model)
{
    json_t *scales = json_array();
    double shift, factor;
    for (size_t k = 0; sml_model_target_scale(NULL, model, k, &shift, &factor) == SML_OK; k++) {
        json_t *row = json_object();
        document_set(row, "shift", json_figure(shift));
        document_set(row, "factor", json_figure(factor));
        document_append(scales, row);
    }
    return scales;
}

json_t *target_document(const sml_model *model)
{
    const char *target = sml_model_target(model);
    return target[0] != '\0' ? json_text(target) : json_null();
}
