#include "data/schema.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

/* Copies a text, NULL too; 0 where memory is out. */
static int copy(sml_ctx *ctx, const char *text, const char **out)
{
    *out = text != NULL ? sml__copy_text(ctx, text) : NULL;
    return text == NULL || *out != NULL;
}

static int copy_column(sml_ctx *ctx, const sml__column *from, sml__column *to)
{
    *to = *from;
    to->categories = NULL;
    to->n_categories = 0;
    if (!copy(ctx, from->name, &to->name)) {
        return 0;
    }
    const char **categories =
        sml__alloc(ctx, from->n_categories, sizeof *categories, "names of categories");
    to->categories = categories;
    for (size_t i = 0; categories != NULL && i < from->n_categories; i++, to->n_categories++) {
        if (!copy(ctx, from->categories[i], &categories[i])) {
            return 0;
        }
    }
    return categories != NULL;
}

sml_status sml__schema_copy(sml_ctx *ctx, const sml_schema *schema, sml_schema **out)
{
    *out = NULL;
    sml_schema *made = sml__alloc(ctx, 1, sizeof *made, "a schema");
    if (made == NULL) {
        return SML_NO_MEMORY;
    }
    made->has_names = schema->has_names;
    made->columns = sml__alloc(ctx, schema->n, sizeof *made->columns, "the columns of a schema");
    int complete = made->columns != NULL && copy(ctx, schema->target, &made->target) &&
                   copy(ctx, schema->weight, &made->weight);
    for (; complete && made->n < schema->n; made->n++) {
        complete = copy_column(ctx, &schema->columns[made->n], &made->columns[made->n]);
    }
    if (!complete) {
        sml__schema_free(made);
        return SML_NO_MEMORY;
    }
    *out = made;
    return SML_OK;
}

void sml__schema_free(sml_schema *schema)
{
    if (schema == NULL) {
        return;
    }
    for (size_t i = 0; schema->columns != NULL && i < schema->n; i++) {
        sml__column *column = &schema->columns[i];
        for (size_t c = 0; c < column->n_categories; c++) {
            sml__free((void *)column->categories[c]);
        }
        sml__free((void *)column->categories);
        sml__free((void *)column->name);
    }
    sml__free(schema->columns);
    sml__free(schema->lines.jumps);
    sml__free((void *)schema->target);
    sml__free((void *)schema->weight);
    sml__free(schema);
}

size_t sml__line_of(const sml_schema *schema, size_t row)
{
    const sml__lines *lines = schema != NULL ? &schema->lines : NULL;
    size_t later = 0;
    if (lines == NULL || lines->first == 0) {
        return 0;
    }
    for (size_t i = 0; i < lines->n && lines->jumps[i].row <= row; i++) {
        later = lines->jumps[i].lines;
    }
    return lines->first + row + later;
}

void sml__list_name(sml__name_list *list, const char *name)
{
    static const char more[] = "…";
    const size_t length = strlen(name), room = sizeof list->text - sizeof more - 2;
    if (list->used > room) {
        return; /* it has ended */
    }
    const char *comma = list->used > 0 ? ", " : "";
    const int fits = list->used + length + 2 <= room;
    list->used += (size_t)snprintf(list->text + list->used, sizeof list->text - list->used, "%s%s",
                                   comma, fits ? name : more);
    list->used = fits ? list->used : sizeof list->text;
}

sml__name_list sml__schema_names(const sml_schema *schema)
{
    sml__name_list list = {"", 0};
    for (size_t i = 0; i < schema->n; i++) {
        sml__list_name(&list, schema->columns[i].name);
    }
    return list;
}
