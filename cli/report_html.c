#include "report_html.h"

#include "html.h"
#include "html_document.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Units of a layer that are taken apart: the first of these with which the file is not too large.
 * With 0 a layer has a table of its largest units, with NO_LAYERS it has its line in the sample's
 * table alone. */
enum { NO_LAYERS = -1, UNITS_OF_SMALL = 32, UNITS_IN_TABLE = 8 };
static const int UNITS[] = {16, 8, 4, 2, 1, 0, NO_LAYERS};

/* A file that is being written. */
typedef struct writer {
    const session *s;
    const html_report *report;
    buffer body, list; /* the samples; the list of them */
    html_parts parts;
    int units;    /* one of UNITS */
    int left_out; /* units are, of some layer */
} writer;

static int make_page(const writer *w, const sml_trace *trace, sml_page_options wanted,
                     sml_page **out)
{
    return sml_page_create(w->s->ctx, trace, &wanted, out) == SML_OK ? 0 : fail_library(w->s);
}

static int write_page(writer *w, const sml_trace *trace, sml_page_options wanted,
                      html_page_options how)
{
    sml_page *page = NULL;
    const int code = make_page(w, trace, wanted, &page);
    if (code == 0) {
        how.parts = &w->parts;
        html_page(&w->body, page, &how);
    }
    sml_page_free(page);
    return code;
}

static int has_backward(const sml_trace *trace)
{
    size_t n = 0;
    return sml_trace_vector(trace, SML_TARGET, 0, 0, &n) != NULL;
}

/* A unit, folded under what the layer's table says of it; cells are its row. */
static int write_unit(writer *w, const sml_trace *trace, sml_page_options wanted,
                      const sml_block *table, size_t row)
{
    const sml_cell *cells = table->cells + row * table->columns;
    wanted.kind = SML_PAGE_UNIT;
    wanted.unit = (size_t)cells[0].value;
    wanted.top = w->report->top;
    buffer_print(&w->body, "<details data-layer=%zu data-unit=%zu><summary>", wanted.block,
                 wanted.unit);
    for (size_t c = 0; c < table->columns; c++) {
        char *head = html_plain(&table->cells[c], 1);
        buffer_print(&w->body, c > 0 ? " · " : "");
        buffer_escape(&w->body, head);
        buffer_print(&w->body, c > 0 ? " = " : " ");
        html_cell(&w->body, &cells[c], "span");
        free(head);
    }
    buffer_print(&w->body, "</summary>\n");
    const int code = write_page(w, trace, wanted,
                                (html_page_options){.level = 4, .is_untitled = 1, .is_brief = 1});
    buffer_print(&w->body, "</details>\n");
    return code;
}

/* The last table of a page; NULL where there is none. */
static const sml_block *last_table(const sml_page *page)
{
    const sml_block *found = NULL, *block = NULL;
    for (size_t i = 0; (block = sml_page_block(page, i)) != NULL; i++) {
        found = block->kind == SML_BLOCK_TABLE ? block : found;
    }
    return found;
}

static int write_units(writer *w, const sml_trace *trace, sml_page_options wanted,
                       const sml_page *page)
{
    const sml_block *table = last_table(page);
    int code = 0;
    for (size_t r = 1; table != NULL && r < table->rows && code == 0; r++) {
        code = write_unit(w, trace, wanted, table, r);
    }
    return code;
}

/* A block of layers, folded: its table, and its units. */
static int write_layer(writer *w, const sml_trace *trace, size_t block, size_t units)
{
    sml_page *page = NULL;
    const size_t shown = units <= UNITS_OF_SMALL && w->units == UNITS[0] ? units : (size_t)w->units;
    const sml_page_options wanted = {.kind = SML_PAGE_LAYER,
                                     .block = block,
                                     .top = shown > 0 ? shown : UNITS_IN_TABLE,
                                     .with_backward = has_backward(trace)};
    int code = make_page(w, trace, wanted, &page);
    if (code == 0) {
        w->left_out = w->left_out || shown < units;
        const sml_block *head = sml_page_block(page, 0);
        buffer_print(&w->body, "<details data-layer=%zu><summary>", block);
        html_cells(&w->body, head->cells, head->columns);
        buffer_print(&w->body, "</summary>\n");
        html_page(&w->body, page,
                  &(html_page_options){.level = 3, .is_untitled = 1, .parts = &w->parts});
        code = shown > 0 ? write_units(w, trace, wanted, page) : 0;
        buffer_print(&w->body, "</details>\n");
    }
    sml_page_free(page);
    return code;
}

static int write_layers(writer *w, const sml_trace *trace)
{
    sml_trace_layer layer;
    int code = 0;
    buffer_print(&w->body, "<h3>Layer by layer</h3>\n");
    for (size_t l = 0; code == 0 && (layer = sml_trace_layer_at(trace, l)).type != NULL; l++) {
        if (layer.is_head) {
            code = write_layer(w, trace, (size_t)layer.block, layer.units);
        }
    }
    return code;
}

static int write_update(writer *w, sml_trace *trace)
{
    sml_step_facts step;
    if (sml_trace_step(w->s->ctx, trace, &step) != SML_OK) {
        return fail_library(w->s);
    }
    const sml_page_options wanted = {.kind = SML_PAGE_UPDATE, .step = &step};
    return write_page(w, trace, wanted, (html_page_options){.level = 3});
}

/* The head line of the sample, for the list. */
static void list_sample(writer *w, const sml_page *page, size_t i)
{
    const sml_block *head = sml_page_block(page, 0);
    buffer_print(&w->list, "<li><a href=\"#s%zu\">", i);
    if (head != NULL) {
        char *text = html_plain(head->cells, head->columns);
        buffer_escape(&w->list, text);
        free(text);
    }
    buffer_print(&w->list, "</a>\n");
}

static int write_trace(writer *w, sml_trace *trace, size_t i)
{
    sml_page *page = NULL;
    sml_page_options wanted = {.kind = SML_PAGE_SAMPLE, .top = w->report->top};
    int code = make_page(w, trace, wanted, &page);
    buffer_print(&w->body, "<section id=s%zu data-sample=%zu>\n", i, (size_t)w->report->samples[i]);
    if (code == 0) {
        list_sample(w, page, i);
        html_page(&w->body, page, &(html_page_options){.level = 2, .parts = &w->parts});
    }
    sml_page_free(page);
    wanted.kind = SML_PAGE_LOSS;
    if (code == 0 && has_backward(trace)) {
        code = write_page(w, trace, wanted, (html_page_options){.level = 3});
    }
    w->left_out = w->left_out || w->units == NO_LAYERS;
    code = code == 0 && w->units != NO_LAYERS ? write_layers(w, trace) : code;
    code = code == 0 && w->report->update ? write_update(w, trace) : code;
    buffer_print(&w->body, "</section>\n");
    return code;
}

static int write_samples(writer *w)
{
    int code = 0;
    for (size_t i = 0; i < w->report->n && code == 0; i++) {
        sml_trace *trace = NULL;
        sml_trace_options how = w->report->how;
        how.samples = &w->report->samples[i];
        how.n = 1;
        code =
            sml_trace_create(w->s->ctx, w->report->model, w->report->data, &how, &trace) == SML_OK
                ? write_trace(w, trace, i)
                : fail_library(w->s);
        sml_trace_free(trace);
    }
    return code;
}

static void write_head(buffer *b, const html_report *report, const session *s)
{
    char title[512];
    snprintf(title, sizeof title, "%.40s of %.200s on %.200s", report->title,
             s->options.operands[0], s->options.operands[1]);
    html_open(b, title, "To the samples");
}

static void write_legend(buffer *b, const writer *w)
{
    buffer_print(
        b, "<p>Upright numbers are those of the data, the settings, and the engine: the float32 "
           "numbers that it trains and predicts with. Those <span class=r>in italics</span> are "
           "computed again in double precision, to be held against them.</p>\n"
           "<p>Bars and pictures with a sign: <span style=\"color:var(--plus)\">blue is "
           "positive</span>, <span style=\"color:var(--minus)\">orange is negative</span>. Layers "
           "and units unfold.</p>\n");
    if (w->left_out && w->units > 0) {
        buffer_print(b,
                     "<p class=dim>Of layers with more units the %d with the largest outputs "
                     "are shown; ",
                     w->units);
    } else if (w->left_out) {
        buffer_print(b,
                     "<p class=dim>No %s is taken apart here, since the file would be larger than "
                     "%d bytes; ",
                     w->units == NO_LAYERS ? "layer" : "unit", HTML_REPORT_BYTES);
    }
    buffer_print(b, w->left_out ? "<code>scratchml explain --layer N --unit J</code> shows any."
                                  "</p>\n"
                                : "");
}

/* The whole file, from its parts. */
static buffer assemble(const writer *w)
{
    buffer b = {0};
    write_head(&b, w->report, w->s);
    write_legend(&b, w);
    buffer_print(&b, "</header>\n<nav aria-label=Samples>\n<ul>\n%s</ul>\n</nav>\n<main id=main>\n",
                 w->list.text != NULL ? w->list.text : "");
    buffer_print(&b, "%s", w->body.text != NULL ? w->body.text : "");
    buffer_print(&b,
                 "<section id=formulas>\n<h2>Formulas</h2>\n%s</section>\n</main>\n</body>\n"
                 "</html>\n",
                 w->parts.formulas.text != NULL ? w->parts.formulas.text : "");
    return b;
}

static void free_writer(writer *w)
{
    buffer_free(&w->body);
    buffer_free(&w->list);
    html_parts_free(&w->parts);
}

int html_report_save(const session *s, const html_report *report, const char *path)
{
    if (strcmp(path, "-") == 0) {
        return fail_usage(s->program, "--html: found '-', expected the name of a file");
    }
    buffer file = {0};
    int code = 0;
    size_t next = 0;
    do {
        writer w = {.s = s, .report = report, .units = UNITS[next++]};
        buffer_free(&file);
        code = write_samples(&w);
        file = code == 0 ? assemble(&w) : file;
        free_writer(&w);
    } while (code == 0 && file.length > HTML_REPORT_BYTES && next < sizeof UNITS / sizeof UNITS[0]);
    if (code == 0 && file.length > HTML_REPORT_BYTES) {
        code = fail_usage(s->program, "--html: %zu samples make more than %d bytes; choose fewer",
                          report->n, HTML_REPORT_BYTES);
    }
    if (code == 0) {
        return buffer_save(s, &file, path);
    }
    buffer_free(&file);
    return code;
}
