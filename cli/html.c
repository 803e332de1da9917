#include "html.h"

#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *html_source(sml_source source)
{
    static const char *const letters[] = {
        [SML_SOURCE_DATA] = "i",     [SML_SOURCE_SETTING] = "s", [SML_SOURCE_ENGINE] = "e",
        [SML_SOURCE_ENGINE64] = "l", [SML_SOURCE_DOUBLE] = "r",  [SML_SOURCE_COUNT] = "c",
    };
    return letters[source];
}

/* A number's text, with the sign of subtraction in place of the hyphen. */
static void write_number(buffer *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '-') {
            buffer_print(b, "−");
        } else {
            buffer_print(b, "%c", *text);
        }
    }
}

static void write_text(buffer *b, const sml_cell *cell)
{
    if (cell->is_number) {
        write_number(b, cell->text.utf8);
    } else {
        char *safe = safe_text(cell->text.utf8);
        buffer_escape(b, safe);
        free(safe);
    }
}

void html_cell(buffer *b, const sml_cell *cell, const char *tag)
{
    const int is_marked = tag[0] != '\0' && cell->path != NULL;
    buffer_escape(b, cell->before.utf8);
    if (is_marked) {
        buffer_print(b, "<%s class=%s data-path=\"", tag, html_source(cell->source));
        buffer_escape(b, cell->path);
        buffer_print(b, "\">");
    }
    write_text(b, cell);
    if (is_marked) {
        buffer_print(b, "</%s>", tag);
    }
    buffer_escape(b, cell->after.utf8);
}

void html_cells(buffer *b, const sml_cell *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        html_cell(b, &cells[i], "span");
    }
}

static void write_cells(buffer *b, const sml_block *block)
{
    html_cells(b, block->cells, block->columns);
}

char *html_plain(const sml_cell *cells, size_t n)
{
    buffer b = {0};
    for (size_t i = 0; i < n; i++) {
        buffer_print(&b, "%s%s%s", cells[i].before.utf8, cells[i].text.utf8, cells[i].after.utf8);
    }
    char *safe = safe_text(b.text != NULL ? b.text : "");
    buffer_free(&b);
    return safe;
}

void html_parts_free(html_parts *parts)
{
    html_pictures_free(&parts->pictures);
    buffer_free(&parts->formulas);
}

static void write_math(buffer *b, const sml_formula *formula)
{
    buffer_print(b, "<math display=block aria-label=\"");
    buffer_escape(b, formula->text.utf8);
    buffer_print(b, "\">%s</math>", formula->mathml);
}

/* Puts a formula into the list, where it is not in it. */
static void note_formula(html_parts *parts, const sml_formula *formula)
{
    buffer *list = &parts->formulas;
    char id[80];
    snprintf(id, sizeof id, "id=\"f-%s\"", formula->name);
    if (list->text != NULL && strstr(list->text, id) != NULL) {
        return;
    }
    buffer_print(list, "<div class=f %s>", id);
    write_math(list, formula);
    if (formula->equation != NULL) {
        buffer_print(list, "<span class=eq>docs/network.md (%s)</span>", formula->equation);
    }
    buffer_print(list, "</div>\n");
}

static void write_formula(buffer *b, const sml_block *block, const html_page_options *how)
{
    const sml_formula *formula = block->formula;
    note_formula(how->parts, formula);
    buffer_print(b, how->is_brief ? "<p class=f><a href=\"#f-%s\">" : "<div class=f>",
                 formula->name);
    if (how->is_brief) {
        buffer_escape(b, formula->text.utf8);
        buffer_print(b, "</a></p>\n");
    } else {
        write_math(b, formula);
        if (formula->equation != NULL) {
            buffer_print(b, "<a class=eq href=\"#f-%s\">(%s)</a>", formula->name,
                         formula->equation);
        }
        buffer_print(b, "</div>\n");
    }
    if (block->columns > 0) {
        buffer_print(b, "<p>= ");
        write_cells(b, block);
        buffer_print(b, "</p>\n");
    }
}

/* Whether a row of a table has a bar anywhere. */
static double bar_of(const sml_cell *cells, size_t n)
{
    double bar = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        bar = isnan(cells[i].bar) ? bar : cells[i].bar;
    }
    return bar;
}

static void write_heads(buffer *b, const sml_block *block, int has_bars)
{
    buffer_print(b, "<tr>");
    for (size_t c = 0; c < block->columns; c++) {
        buffer_print(b, "<th scope=col%s>", block->alignment[c] == 'r' ? " class=n" : "");
        html_cell(b, &block->cells[c], "");
    }
    buffer_print(b, has_bars ? "<th class=b aria-hidden=true>\n" : "\n");
}

/* A cell with a number inside words keeps them outside of what carries the path. */
static void write_table_cell(buffer *b, const sml_cell *cell, char alignment)
{
    const int is_bare =
        cell->path != NULL && cell->before.utf8[0] == '\0' && cell->after.utf8[0] == '\0';
    buffer_print(b, "<td");
    if (is_bare) {
        buffer_print(b,
                     alignment == 'r' ? " class=\"n %s\" data-path=\"" : " class=%s data-path=\"",
                     html_source(cell->source));
        buffer_escape(b, cell->path);
        buffer_print(b, "\">");
        write_text(b, cell);
    } else {
        buffer_print(b, alignment == 'r' ? " class=n>" : ">");
        html_cell(b, cell, "span");
    }
}

static void write_bar(buffer *b, double bar)
{
    buffer_print(b, "<td class=b aria-hidden=true>");
    if (!isnan(bar) && lround(100 * fabs(bar)) > 0) {
        buffer_print(b, "<i class=%s style=width:%ld%%></i>", bar < 0 ? "minus" : "plus",
                     lround(100 * fabs(bar)));
    }
}

static void write_table(buffer *b, const sml_block *block, const char *label)
{
    const int has_bars = !isnan(bar_of(block->cells, block->rows * block->columns));
    buffer_print(b, "<div class=t role=region tabindex=0 aria-label=\"");
    buffer_escape(b, label);
    buffer_print(b, "\"><table>\n");
    if (block->has_heads) {
        write_heads(b, block, has_bars);
    }
    for (size_t r = block->has_heads ? 1 : 0; r < block->rows; r++) {
        const sml_cell *row = block->cells + r * block->columns;
        buffer_print(b, "<tr>");
        for (size_t c = 0; c < block->columns; c++) {
            write_table_cell(b, &row[c], block->alignment[c]);
        }
        if (has_bars) {
            write_bar(b, bar_of(row, block->columns));
        }
        buffer_print(b, "\n");
    }
    buffer_print(b, "</table></div>\n");
}

static void write_picture(buffer *b, const sml_block *block, html_pictures *seen)
{
    char *label = html_plain(block->cells, block->columns);
    buffer_print(b, "<figure>");
    html_picture(b, seen, block->values, block->height, block->width, block->is_signed, label);
    buffer_print(b, "<figcaption>");
    write_cells(b, block);
    buffer_print(b, "</figcaption></figure>\n");
    free(label);
}

static void write_check(buffer *b, const sml_block *block)
{
    buffer_print(b, "<p class=%s>", block->holds ? "holds" : "fails");
    write_cells(b, block);
    buffer_print(b, block->holds ? " <b>✓ holds</b></p>\n" : " <b>✗ DOES NOT HOLD</b></p>\n");
}

/* Cells between two tags of the same name. */
static void write_element(buffer *b, const sml_block *block, const char *tag)
{
    buffer_print(b, "<%s>", tag);
    write_cells(b, block);
    buffer_print(b, "</%s>\n", tag);
}

static void write_heading(buffer *b, const sml_block *block, const html_page_options *how)
{
    static const char *const tags[] = {"h1", "h2", "h3", "h4", "h5", "h6"};
    const int level = how->level + block->level - 1;
    const char *tag = tags[level < 6 ? level - 1 : 5];
    if (!how->is_untitled || block->level > 1) {
        write_element(b, block, tag);
    }
}

static void write_block(buffer *b, const sml_block *block, const html_page_options *how,
                        const char *label)
{
    switch (block->kind) {
    case SML_BLOCK_HEADING:
        write_heading(b, block, how);
        break;
    case SML_BLOCK_TEXT:
        write_element(b, block, "p");
        break;
    case SML_BLOCK_FORMULA:
        write_formula(b, block, how);
        break;
    case SML_BLOCK_TABLE:
        write_table(b, block, label);
        break;
    case SML_BLOCK_PICTURE:
        write_picture(b, block, &how->parts->pictures);
        break;
    case SML_BLOCK_CHECK:
        write_check(b, block);
        break;
    case SML_BLOCK_FOLD:
        buffer_print(b, block->is_open ? "<details open>" : "<details>");
        write_element(b, block, "summary");
        break;
    case SML_BLOCK_END:
        buffer_print(b, "</details>\n");
        break;
    }
}

void html_page(buffer *b, const sml_page *page, const html_page_options *how)
{
    const sml_block *block = NULL;
    char *label = NULL;
    for (size_t i = 0; (block = sml_page_block(page, i)) != NULL; i++) {
        if (block->kind == SML_BLOCK_HEADING) {
            free(label);
            label = html_plain(block->cells, block->columns);
        } else if (block->kind == SML_BLOCK_FORMULA) {
            free(label);
            label = strdup(block->formula->text.utf8);
        }
        write_block(b, block, how, label != NULL ? label : "table");
    }
    free(label);
}
