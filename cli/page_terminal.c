#include "page_terminal.h"

#include "page_picture.h"
#include "page_table.h"
#include "picture.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* The narrowest terminal that gets pictures. */
enum { PICTURE_ROOM = 40 };

static const char *shown(const terminal *out, sml_words words)
{
    return out->unicode ? words.utf8 : words.ascii;
}

char *page_cells(const terminal *out, const sml_cell *cells, size_t n)
{
    size_t length = 1;
    for (size_t i = 0; i < n; i++) {
        length += strlen(shown(out, cells[i].before)) + strlen(shown(out, cells[i].text)) +
                  strlen(shown(out, cells[i].after));
    }
    char *text = allocate(length, 1), *end = text;
    for (size_t i = 0; i < n; i++) {
        end = stpcpy(end, shown(out, cells[i].before));
        end = stpcpy(end, shown(out, cells[i].text));
        end = stpcpy(end, shown(out, cells[i].after));
    }
    char *safe = safe_text(text);
    free(text);
    return safe;
}

static void print_paragraph(const terminal *out, const sml_block *block, style look, size_t indent)
{
    char *text = page_cells(out, block->cells, block->columns);
    printf("%*s%s", (int)indent, "", style_on(out, look));
    print_wrapped(text, indent, indent + 2, terminal_width(out));
    fputs(style_off(out, look), stdout);
    free(text);
}

/* The formula, and at the right where it stands in docs/network.md; its value in the next line. */
static void print_formula(const terminal *out, const sml_block *block)
{
    const sml_formula *formula = block->formula;
    const char *text = shown(out, formula->text);
    char place[32] = "";
    const size_t room = text_room(out);
    if (formula->equation != NULL) {
        snprintf(place, sizeof place, "network.md (%s)", formula->equation);
    }
    const size_t width = text_width(text), gap = place[0] != '\0' ? 2 + text_width(place) : 0;
    if (width + gap <= room) {
        printf("%s", text);
    } else {
        print_wrapped(text, 0, 4, room);
    }
    if (gap > 0) {
        const size_t used = width + gap <= room ? width : 0;
        printf("%*s%s%s%s", (int)(room - used - gap + 2), "", style_on(out, STYLE_DIM), place,
               style_off(out, STYLE_DIM));
    }
    fputs(gap > 0 || width <= room ? "\n" : "", stdout);
    if (block->columns > 0) {
        char *value = page_cells(out, block->cells, block->columns);
        printf("  = ");
        print_wrapped(value, 4, 4, terminal_width(out));
        free(value);
    }
}

static void print_check(const terminal *out, const sml_block *block)
{
    const style look = block->holds ? STYLE_GOOD : STYLE_BAD;
    const char *verdict = block->holds ? "holds" : "DOES NOT HOLD";
    char *text = page_cells(out, block->cells, block->columns);
    const size_t room = text_room(out), used = 2 + text_width(text), wanted = strlen(verdict);
    printf("  ");
    if (used + 1 + wanted <= room) {
        printf("%s%*s", text, (int)(room - used - wanted), "");
    } else {
        print_wrapped(text, 2, 4, terminal_width(out));
        printf("%*s", (int)(room > wanted ? room - wanted : 0), "");
    }
    printf("%s%s%s\n", style_on(out, look), verdict, style_off(out, look));
    free(text);
}

static void print_picture(const terminal *out, const sml_block *block)
{
    const size_t n = block->height * block->width;
    print_paragraph(out, block, STYLE_PLAIN, 0);
    if (terminal_width(out) < PICTURE_ROOM) {
        return;
    }
    if (block->is_signed) {
        signed_picture_draw(out, block->values, block->height, block->width);
        return;
    }
    picture p = {.values = allocate(n, sizeof *p.values)};
    memcpy(p.values, block->values, n * sizeof *p.values);
    pictures_draw(out, &p, 1, block->height, block->width);
    free(p.values);
}

/* inner: the block belongs to the formula or the table above it. Returns whether columns are
 * marked.
 */
static int print_block(const terminal *out, const sml_block *block, int inner)
{
    int has_marks = 0;
    switch (block->kind) {
    case SML_BLOCK_HEADING:
    case SML_BLOCK_FOLD:
        print_paragraph(out, block, STYLE_BOLD, 0);
        break;
    case SML_BLOCK_TEXT:
        print_paragraph(out, block, STYLE_PLAIN, inner ? 2 : 0);
        break;
    case SML_BLOCK_FORMULA:
        print_formula(out, block);
        break;
    case SML_BLOCK_TABLE:
        has_marks = page_table_print(out, block);
        break;
    case SML_BLOCK_PICTURE:
        print_picture(out, block);
        break;
    case SML_BLOCK_CHECK:
        print_check(out, block);
        break;
    case SML_BLOCK_END:
        break;
    }
    return has_marks;
}

/* Whether a blank line parts a block from the one before it. */
static int begins_part(const sml_block *before, const sml_block *block, int inner)
{
    if (before == NULL) {
        return 0;
    }
    switch (block->kind) {
    case SML_BLOCK_HEADING:
        return before->kind != SML_BLOCK_HEADING;
    case SML_BLOCK_FORMULA:
    case SML_BLOCK_PICTURE:
    case SML_BLOCK_FOLD:
        return 1;
    case SML_BLOCK_TABLE:
        return before->kind == SML_BLOCK_PICTURE || (before->kind == SML_BLOCK_TEXT && !inner);
    case SML_BLOCK_CHECK:
        return !inner;
    case SML_BLOCK_TEXT:
    case SML_BLOCK_END:
        return 0;
    }
    return 0;
}

void page_legend_print(const terminal *out)
{
    char text[96];
    snprintf(text, sizeof text,
             "%c recomputed in double; other columns come from the engine or the data", PAGE_MARK);
    printf("\n%s", style_on(out, STYLE_DIM));
    print_wrapped(text, 0, 2, terminal_width(out));
    fputs(style_off(out, STYLE_DIM), stdout);
}

int page_print(const terminal *out, const sml_page *page)
{
    const sml_block *before = NULL, *block = NULL;
    int inner = 0, has_marks = 0;
    for (size_t i = 0; (block = sml_page_block(page, i)) != NULL; i++) {
        fputs(begins_part(before, block, inner) ? "\n" : "", stdout);
        has_marks |= print_block(out, block, inner);
        inner = block->kind == SML_BLOCK_FORMULA || (inner && block->kind != SML_BLOCK_HEADING);
        before = block;
    }
    return has_marks;
}
