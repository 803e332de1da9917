/* The report of some samples: everything that explain shows of them, in one HTML file without
 * scripts that asks for nothing else. */
#ifndef CLI_REPORT_HTML_H
#define CLI_REPORT_HTML_H

#include "command.h"

/* The largest file. As many units of each layer are taken apart as there is room for. */
enum { HTML_REPORT_BYTES = 2000000, HTML_REPORT_SAMPLES = 64 };

typedef struct html_report {
    const char *title; /* "mistakes" */
    const sml_model *model;
    const sml_dataset *data;
    const uint32_t *samples; /* [n], each a trace of its own, as explain makes it */
    size_t n;
    size_t top;            /* terms of a sum */
    int update;            /* and a step of the optimiser for each of them alone */
    sml_trace_options how; /* samples and n are not read */
} html_report;

/* Writes the file, whole or not at all. Returns 0, or the exit code after a message. */
int html_report_save(const session *s, const html_report *report, const char *path);

#endif
