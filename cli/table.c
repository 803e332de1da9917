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
    char *text = allocate(size, 1);
    vsnprintf(text, size, format, again);
    c->text = safe_text(text);
    free(text);
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

/* Narrows the columns of words, the widest first, until a row is no wider than room; numbers stay
 * whole. */
static void narrow(const table *t, size_t *widths, size_t room)
{
    enum { LEAST = 8 };
    for (;;) {
        size_t total = 0, widest = t->columns;
        for (size_t i = 0; i < t->columns; i++) {
            total += widths[i];
            int can = t->alignment[i] == 'l' && widths[i] > LEAST;
            if (can && (widest == t->columns || widths[i] > widths[widest])) {
                widest = i;
            }
        }
        if (total <= room || widest == t->columns) {
            return;
        }
        widths[widest]--;
    }
}

/* width: of the column. gap: behind it; 0 after the last one, which nothing pads. */
static void print_cell(const terminal *out, const cell *c, size_t width, char alignment, int gap)
{
    size_t wanted = text_width(c->text);
    const char *ellipsis = wanted > width ? sign("…") : "";
    size_t shown = wanted > width ? width - text_width(ellipsis) : wanted;
    int padding = wanted > width ? 0 : (int)(width - wanted);
    int before = alignment == 'r' ? padding : 0, after = gap > 0 ? padding - before + gap : 0;
    fprintf(out->stream, "%*s%s%.*s%s%s%*s", before, "", style_on(out, c->look),
            (int)text_bytes(c->text, shown), c->text, ellipsis, style_off(out, c->look), after, "");
}

void table_print(const table *t, const terminal *out)
{
    size_t *widths = allocate(t->columns, sizeof *widths);
    size_t total = 0, room = terminal_width(out), gaps = t->columns - 1;
    for (size_t column = 0; column < t->columns; column++) {
        widths[column] = column_width(t, column);
        total += widths[column];
    }
    int gap = total + 2 * gaps <= room ? 2 : 1;
    narrow(t, widths, room > (size_t)gap * gaps ? room - (size_t)gap * gaps : 0);
    for (size_t i = 0, column = 0; i < t->n_cells; i++) {
        int last = column + 1 == t->columns;
        print_cell(out, &t->cells[i], widths[column], t->alignment[column], last ? 0 : gap);
        fputs(last ? "\n" : "", out->stream);
        column = last ? 0 : column + 1;
    }
    free(widths);
}
