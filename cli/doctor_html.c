#include "doctor_html.h"

#include "findings.h"
#include "html_document.h"
#include "losses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_WIDTH = 640, CURVE_HEIGHT = 120 };

static void write_safe(buffer *b, const char *text)
{
    char *safe = safe_text(text);
    buffer_escape(b, safe);
    free(safe);
}

static void write_element(buffer *b, const char *tag, const char *text)
{
    buffer_print(b, "<%s>", tag);
    write_safe(b, text);
    buffer_print(b, "</%s>\n", tag);
}

/* The mean losses of the windows as a line between the least and the largest. */
static void write_curve(buffer *b, const sml_doctor *doctor)
{
    const loss_course c = losses_of(doctor);
    char text[256];
    if (c.n < 2) {
        return;
    }
    snprintf(text, sizeof text,
             "Loss, means of %s batches each: first %.4g, least %.4g, most %.4g, last %.4g",
             format_count(c.batches).text, c.means[0], c.least, c.most, c.means[c.n - 1]);
    buffer_print(b,
                 "<figure class=curve><svg role=img aria-label=\"%s\" viewBox=\"0 0 %d %d\" "
                 "preserveAspectRatio=none><polyline points=\"",
                 text, CURVE_WIDTH, CURVE_HEIGHT);
    for (size_t i = 0; i < c.n; i++) {
        buffer_print(b, "%.1f,%.1f ", (double)i * CURVE_WIDTH / (double)(c.n - 1),
                     2 + (1 - losses_height(&c, i)) * (CURVE_HEIGHT - 4));
    }
    buffer_print(b, "\"></polyline></svg><figcaption>%s</figcaption></figure>\n", text);
}

static void write_evidence(buffer *b, const sml_finding *finding)
{
    if (finding->n_evidence == 0) {
        return;
    }
    buffer_print(b, "<div class=t role=region tabindex=0 aria-label=\"evidence of ");
    buffer_escape(b, finding->code);
    buffer_print(b, "\"><table>\n");
    for (size_t i = 0; i < finding->n_evidence; i++) {
        const sml_evidence *e = &finding->evidence[i];
        buffer_print(b, "<tr><th scope=row>");
        write_safe(b, e->name);
        buffer_print(b, "<td class=n>%s<td>", finding_figure(e->value).text);
        write_safe(b, e->unit);
        buffer_print(b, "\n");
    }
    buffer_print(b, "</table></div>\n");
}

static void write_advice(buffer *b, const sml_finding *finding)
{
    char *remedy = finding_remedy(finding);
    if (finding->reason[0] != '\0') {
        buffer_print(b, "<p><b>Why</b> ");
        write_safe(b, finding->reason);
        buffer_print(b, "</p>\n");
    }
    if (remedy[0] != '\0') {
        buffer_print(b, "<p><b>Try</b> <code>");
        write_safe(b, remedy);
        buffer_print(b, "</code></p>\n");
    }
    free(remedy);
}

static void write_finding(buffer *b, const sml_finding *finding)
{
    char heading[512];
    const int is_note = finding->severity == SML_FINDING_NOTE;
    snprintf(heading, sizeof heading, "%s: %s", finding->code, finding->title);
    buffer_print(b, "<section data-code=%s>\n<h2><span class=%s>%s</span> ", finding->code,
                 is_note ? "dim" : "fails", finding_severity(finding));
    write_safe(b, heading);
    buffer_print(b, "</h2>\n");
    if (finding->suppressed_by != NULL) {
        buffer_print(b, "<p class=dim>It follows from %s.</p>\n", finding->suppressed_by);
    }
    if (finding->text[0] != '\0') {
        write_element(b, "p", finding->text);
    }
    write_evidence(b, finding);
    if (finding->suppressed_by == NULL) {
        write_advice(b, finding);
    }
    buffer_print(b, "</section>\n");
}

int doctor_html_save(const session *s, const sml_doctor *doctor, const char *run, const char *path)
{
    buffer b = {0};
    char title[2048];
    const sml_finding *finding = sml_doctor_finding(doctor, 0);
    snprintf(title, sizeof title, "Doctor: %s", run);
    html_open(&b, title, "To the findings");
    buffer_print(&b, "</header>\n<main id=main>\n");
    if (finding == NULL) {
        buffer_print(&b, "<p class=holds>Nothing was found.</p>\n");
    }
    write_curve(&b, doctor);
    for (size_t i = 0; (finding = sml_doctor_finding(doctor, i)) != NULL; i++) {
        write_finding(&b, finding);
    }
    buffer_print(&b, "</main>\n</body>\n</html>\n");
    return buffer_save(s, &b, path);
}
