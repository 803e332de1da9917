#include "page_table.h"

#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 2, LEAST_BAR = 6, LONGEST_BAR = 40, LEAST_WORDS = 8 };

/* The colours of the 256 that tell positive from negative. */
enum { BLUE = 33, ORANGE = 208 };

typedef struct layout {
    const sml_block *block;
    char **texts;   /* [rows, columns] */
    size_t *widths; /* [columns] */
    size_t indent, gap, bar;
    int has_marks;
} layout;

static size_t total_width(const layout *l)
{
    size_t total = l->indent + l->gap * (l->block->columns - 1);
    for (size_t column = 0; column < l->block->columns; column++) {
        total += l->widths[column];
    }
    return total;
}

/* Makes words narrower, the widest column first, until a row has room; numbers stay whole. */
static void narrow(layout *l, size_t room)
{
    while (total_width(l) > room) {
        size_t widest = l->block->columns;
        for (size_t i = 0; i < l->block->columns; i++) {
            const int can = l->block->alignment[i] == 'l' && l->widths[i] > LEAST_WORDS;
            if (can && (widest == l->block->columns || l->widths[i] > l->widths[widest])) {
                widest = i;
            }
        }
        if (widest == l->block->columns) {
            return;
        }
        l->widths[widest]--;
    }
}

static double bar_of(const sml_block *block, size_t row)
{
    for (size_t column = block->columns; column-- > 0;) {
        const double bar = block->cells[row * block->columns + column].bar;
        if (isfinite(bar)) {
            return bar;
        }
    }
    return (double)NAN;
}

/* Whether the numbers under a heading are recomputed in double; a table has them alike. */
static int is_recomputed(const sml_block *block, size_t column)
{
    int found = 0;
    for (size_t row = 1; row < block->rows && block->has_heads; row++) {
        const sml_cell *cell = &block->cells[row * block->columns + column];
        found = found || (cell->is_number && cell->source == SML_SOURCE_DOUBLE);
    }
    return found;
}

/* A heading, with the mark where the column needs it. */
static char *marked(char *head)
{
    char *text = allocate(strlen(head) + 2, 1);
    *stpcpy(text, head) = PAGE_MARK;
    free(head);
    return text;
}

static layout layout_of(const terminal *out, const sml_block *block)
{
    const size_t n = block->rows * block->columns, room = terminal_width(out);
    layout l = {.block = block,
                .texts = allocate(n, sizeof *l.texts),
                .widths = allocate(block->columns, sizeof *l.widths),
                .indent = INDENT,
                .gap = 2};
    int has_bars = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t column = i % block->columns;
        size_t *width = &l.widths[column];
        l.texts[i] = page_cells(out, &block->cells[i], 1);
        if (i == column && is_recomputed(block, column)) {
            l.texts[i] = marked(l.texts[i]);
            l.has_marks = 1;
        }
        *width = text_width(l.texts[i]) > *width ? text_width(l.texts[i]) : *width;
    }
    for (size_t row = 0; row < block->rows; row++) {
        has_bars |= isfinite(bar_of(block, row));
    }
    if (total_width(&l) > room) {
        l.indent = 0;
        l.gap = total_width(&l) > room ? 1 : 2;
        narrow(&l, room);
    }
    if (has_bars && total_width(&l) + l.gap + LEAST_BAR <= room) {
        const size_t left = room - total_width(&l) - l.gap;
        l.bar = left < LONGEST_BAR ? left : LONGEST_BAR;
    }
    return l;
}

/* bar: -1 to 1. In eighths of a character, where there are signs for them. */
static void print_bar(const terminal *out, double bar, size_t room)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const double length = fabs(bar) * (double)room;
    const size_t whole = (size_t)length, part = (size_t)((length - (double)whole) * 8);
    const int is_negative = bar < 0;
    if (out->colour) {
        printf("\033[38;5;%dm", is_negative ? ORANGE : BLUE);
    }
    if (is_negative) {
        fputs(out->unicode ? "◄" : "<", stdout);
    }
    for (size_t i = (size_t)is_negative; i < whole; i++) {
        fputs(out->unicode ? "█" : "#", stdout);
    }
    if (out->unicode && !(is_negative && whole == 0)) {
        fputs(eighths[part], stdout);
    }
    fputs(out->colour ? "\033[0m" : "", stdout);
}

static void print_cell(const layout *l, size_t i, int is_last)
{
    const size_t column = i % l->block->columns, width = l->widths[column];
    const size_t wanted = text_width(l->texts[i]);
    const char *ellipsis = wanted > width ? sign("…") : "";
    const size_t kept = wanted > width ? width - text_width(ellipsis) : wanted;
    const int padding = wanted > width ? 0 : (int)(width - wanted);
    const int is_right = l->block->alignment[column] == 'r';
    printf("%*s%.*s%s%*s", is_right ? padding : 0, "", (int)text_bytes(l->texts[i], kept),
           l->texts[i], ellipsis, is_right || is_last ? 0 : padding, "");
}

static void print_row(const terminal *out, const layout *l, size_t row)
{
    const size_t columns = l->block->columns;
    const double bar = bar_of(l->block, row);
    const int has_bar = l->bar > 0 && isfinite(bar) && fabs(bar) * (double)l->bar >= 0.125;
    const style look = l->block->has_heads && row == 0 ? STYLE_DIM : STYLE_PLAIN;
    size_t last = columns; /* what is empty at the end is not padded */
    while (!has_bar && last > 1 && l->texts[row * columns + last - 1][0] == '\0') {
        last--;
    }
    printf("%*s%s", (int)l->indent, "", style_on(out, look));
    for (size_t column = 0; column < last; column++) {
        const int is_end = column + 1 == last && !has_bar;
        print_cell(l, row * columns + column, is_end);
        printf("%*s", is_end ? 0 : (int)l->gap, "");
    }
    fputs(style_off(out, look), stdout);
    if (has_bar) {
        print_bar(out, bar, l->bar);
    }
    putchar('\n');
}

/* "layer dense · units 128 · …" for a table that does not fit. */
static void tell_row(const terminal *out, const layout *l, size_t row)
{
    const size_t columns = l->block->columns;
    const char *between = out->unicode ? " · " : "; "; /* no sign that could be a minus */
    size_t length = 1;
    for (size_t column = 0; column < columns; column++) {
        length += strlen(l->texts[column]) + strlen(l->texts[row * columns + column]) + 8;
    }
    char *text = allocate(length, 1), *end = text;
    for (size_t column = 0; column < columns; column++) {
        const char *head = l->block->has_heads ? l->texts[column] : "";
        const char *value = l->texts[row * columns + column];
        if (value[0] != '\0') {
            end +=
                sprintf(end, "%s%s%s", end > text ? between : "", head, head[0] != '\0' ? " " : "");
            end += sprintf(end, "%s", value);
        }
    }
    print_wrapped(text, 0, INDENT, terminal_width(out));
    free(text);
}

int page_table_print(const terminal *out, const sml_block *block)
{
    layout l = layout_of(out, block);
    const int fits = total_width(&l) <= terminal_width(out);
    for (size_t row = 0; row < block->rows; row++) {
        if (fits) {
            print_row(out, &l, row);
        } else if (row > 0 || !block->has_heads) {
            tell_row(out, &l, row);
        }
    }
    for (size_t i = 0; i < block->rows * block->columns; i++) {
        free(l.texts[i]);
    }
    free(l.texts);
    free(l.widths);
    return l.has_marks;
}
