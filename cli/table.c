#include "table.h"

#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

typedef struct cell {
    char *text;
    style look;
} cell;

struct table {
    size_t columns;
    char *alignment;
    cell *cells;
    size_t n_cells, capacity;
};

table *table_create(size_t columns, const char *alignment)
{
    table *t = allocate(1, sizeof *t);
    t->columns = columns;
    t->alignment = allocate(columns + 1, 1);
    for (size_t i = 0, last = strlen(alignment) - 1; i < columns; i++) {
        t->alignment[i] = alignment[i < last ? i : last];
    }
    return t;
}

void table_free(table *t)
{
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->n_cells; i++) {
        free(t->cells[i].text);
    }
    free(t->cells);
    free(t->alignment);
    free(t);
}

static cell *next_cell(table *t)
{
    if (t->n_cells == t->capacity) {
        cell *larger = allocate(2 * t->capacity + 64, sizeof *larger);
        if (t->n_cells > 0) {
            memcpy(larger, t->cells, t->n_cells * sizeof *larger);
        }
        free(t->cells);
        t->cells = larger;
        t->capacity = 2 * t->capacity + 64;
    }
    return &t->cells[t->n_cells++];
}

void table_cell(table *t, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    size_t size = length < 0 ? 1 : (size_t)length + 1;
    cell *c = next_cell(t);
    c->text = allocate(size, 1);
    vsnprintf(c->text, size, format, again);
    c->look = t->n_cells <= t->columns ? STYLE_DIM : STYLE_PLAIN;
    va_end(again);
    va_end(arguments);
}

void table_style(table *t, style wanted)
{
    t->cells[t->n_cells - 1].look = wanted;
}

static size_t column_width(const table *t, size_t column)
{
    size_t widest = 0;
    for (size_t i = column; i < t->n_cells; i += t->columns) {
        size_t width = text_width(t->cells[i].text);
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* width: of the column. last: in its row, where nothing pads it. */
static void print_cell(const terminal *out, const cell *c, size_t width, char alignment, int last)
{
    int padding = (int)(width - text_width(c->text));
    int before = alignment == 'r' ? padding : 0, after = last ? 0 : padding - before;
    fprintf(out->stream, "%*s%s%s%s%*s", before, "", style_on(out, c->look), c->text,
            style_off(out, c->look), after, "");
    fputs(last ? "\n" : "  ", out->stream);
}

void table_print(const table *t, const terminal *out)
{
    size_t *widths = allocate(t->columns, sizeof *widths);
    for (size_t column = 0; column < t->columns; column++) {
        widths[column] = column_width(t, column);
    }
    for (size_t i = 0, column = 0; i < t->n_cells; i++) {
        int last = column + 1 == t->columns;
        print_cell(out, &t->cells[i], widths[column], t->alignment[column], last);
        column = last ? 0 : column + 1;
    }
    free(widths);
}
