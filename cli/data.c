/* scratchml data list and fetch: the data sets known by name. */
#include "command.h"
#include "document.h"
#include "interrupt.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

static const option_row *const options_of_list[] = {
    &option_json, &option_threads, &option_data_dir, &option_color, &option_quiet, &option_help,
    NULL,
};

static void list_text(const terminal *out)
{
    enum { INDENT = 16 };
    size_t width = text_room(out);
    const sml_catalog_entry *entry;
    for (size_t i = 0; (entry = sml_catalog(i)) != NULL; i++) {
        int padding = INDENT - 2 - (int)strlen(entry->name);
        printf("%s%s%s%*s  ", style_on(out, STYLE_BOLD), entry->name, style_off(out, STYLE_BOLD),
               padding, "");
        print_wrapped(entry->help, INDENT, INDENT, width);
        printf("%*s%s", INDENT, "", style_on(out, STYLE_DIM));
        print_wrapped(entry->source, INDENT, INDENT, width);
        fputs(style_off(out, STYLE_DIM), stdout);
    }
}

static void list_json(void)
{
    json_t *document = json_array();
    const sml_catalog_entry *entry;
    for (size_t i = 0; (entry = sml_catalog(i)) != NULL; i++) {
        json_t *row = json_object();
        document_set(row, "name", json_text(entry->name));
        document_set(row, "source", json_text(entry->source));
        document_set(row, "help", json_text(entry->help));
        document_append(document, row);
    }
    print_document(document);
}

static int run_list(session *s)
{
    if (s->json) {
        list_json();
    } else {
        list_text(&s->out);
    }
    return EXIT_DONE;
}

static int run_fetch(session *s)
{
    const char *name = s->options.operands[0];
    interrupt_watch();
    sml_status status = sml_dataset_fetch(s->ctx, name);
    if (status != SML_OK && interrupt_arrived()) {
        fail(s->program, "interrupted; nothing was kept");
        return EXIT_INTERRUPTED;
    }
    if (status != SML_OK) {
        return fail_library(s);
    }
    if (s->json) {
        json_t *document = json_object();
        document_set(document, "name", json_text(name));
        document_set(document, "data_dir", json_text(sml_ctx_data_dir(s->ctx)));
        print_document(document);
    } else {
        printf("%s is ready (data folder: ", printable(name).text);
        print_safe(stdout, sml_ctx_data_dir(s->ctx));
        puts(")");
    }
    return EXIT_DONE;
}

const command command_data_list = {
    .name = "data list",
    .operands = "",
    .help = "List the data sets known by name",
    .options = options_of_list,
    .run = run_list,
};

const command command_data_fetch = {
    .name = "data fetch",
    .operands = "NAME",
    .least = 1,
    .most = 1,
    .help = "Fetch a data set of the list and verify it; do nothing when it is there",
    .options = options_of_list,
    .run = run_fetch,
};
