#include "svg_curve.h"

#include "svg.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>

enum { WIDTH = 640, LEFT = 64, RIGHT = 612, TOP = 118, PANEL = 180, BETWEEN = 76, FOOT = 52 };

/* One panel: a figure in training and in validation, [n] each. */
typedef struct panel {
    const char *name;
    double *train, *validation;
} panel;

static void widen(const double *values, size_t n, double *low, double *high)
{
    for (size_t i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            *low = fmin(*low, values[i]);
            *high = fmax(*high, values[i]);
        }
    }
}

static int has_numbers(const double *values, size_t n)
{
    double low = INFINITY, high = -INFINITY;
    widen(values, n, &low, &high);
    return low <= high;
}

static panel panel_of(const curve *c, const char *name, int is_metric)
{
    panel p = {.name = name};
    p.train = allocate(c->n, sizeof *p.train);
    p.validation = allocate(c->n, sizeof *p.validation);
    for (size_t i = 0; i < c->n; i++) {
        const curve_record *record = &c->records[i];
        p.train[i] = is_metric ? record->metric : record->loss;
        p.validation[i] = is_metric ? record->validation_metric : record->validation_loss;
    }
    return p;
}

static void panel_free(panel *p)
{
    free(p->train);
    free(p->validation);
}

/* Colour 0 is training, colour 1 and dashes are validation: neither needs the other to be told. */
static void draw_panel(svg *s, const curve *c, const panel *p, const double *epochs, svg_axis x,
                       double top)
{
    double low = INFINITY, high = -INFINITY;
    widen(p->train, c->n, &low, &high);
    widen(p->validation, c->n, &low, &high);
    const svg_plot plot = {.x = x,
                           .y = svg_axis_for(low, high, top + PANEL, top),
                           .x_name = "epoch",
                           .y_name = p->name};
    svg_axes(s, &plot);
    if (isfinite(c->best_epoch)) {
        const double at = svg_at(&x, c->best_epoch);
        buffer_print(s, "<path class=\"note\" d=\"M%.1f %.1fV%.1f\"/>\n", at, plot.y.from,
                     plot.y.to);
    }
    svg_line(s, &plot, epochs, p->train, c->n, "line", 0);
    if (has_numbers(p->validation, c->n)) {
        svg_line(s, &plot, epochs, p->validation, c->n, "line dashed", 1);
    }
}

static void draw_key_line(svg *s, double x, size_t colour, const char *class, const char *name)
{
    buffer_print(s, "<path class=\"%s s%zu\" d=\"M%.1f 72h28\"/>", class, colour, x);
    svg_text(s, x + 36, 76, "", name);
}

/* "━ training  ╍ validation", and what the marked epoch is, in one line above the panels. */
static void draw_key(svg *s, const curve *c, int has_validation)
{
    enum { SLOT = 128 };
    draw_key_line(s, 24, 0, "line", "training");
    if (has_validation) {
        draw_key_line(s, 24 + SLOT, 1, "line dashed", "validation");
    }
    if (isfinite(c->best_epoch)) {
        const double x = has_validation ? 24 + 2 * SLOT : 24 + SLOT;
        short_text best;
        snprintf(best.text, sizeof best.text, "best epoch %.0f", c->best_epoch);
        buffer_print(s, "<path class=\"note\" d=\"M%.1f 66v14\"/>", x + 4);
        svg_text(s, x + 14, 76, "", best.text);
    }
}

static double last_number(const double *values, size_t n)
{
    double last = NAN;
    for (size_t i = 0; i < n; i++) {
        last = isfinite(values[i]) ? values[i] : last;
    }
    return last;
}

static void describe(const curve *c, const panel *loss, char *text, size_t size)
{
    const double train = last_number(loss->train, c->n);
    const double validation = last_number(loss->validation, c->n);
    int used = snprintf(text, size, "Training loss over %s epoch%s, %.4g at the end",
                        format_count(c->n).text, c->n == 1 ? "" : "s", train);
    if (isfinite(validation) && used > 0 && (size_t)used < size) {
        snprintf(text + used, size - (size_t)used, "; validation loss %.4g at the end", validation);
    }
}

int svg_curve_save(const session *s, const curve *c, const char *path)
{
    panel panels[2] = {panel_of(c, "loss", 0), panel_of(c, c->metric, 1)};
    double *epochs = allocate(c->n, sizeof *epochs);
    for (size_t i = 0; i < c->n; i++) {
        epochs[i] = c->records[i].epoch;
    }
    const int has_metric =
        has_numbers(panels[1].train, c->n) || has_numbers(panels[1].validation, c->n);
    const int n_panels = 1 + has_metric;
    const svg_axis x = svg_axis_for(epochs[0], epochs[c->n - 1], LEFT, RIGHT);
    char description[256];
    svg picture = {0};
    describe(c, &panels[0], description, sizeof description);
    svg_open(&picture, WIDTH, TOP + n_panels * PANEL + (n_panels - 1) * BETWEEN + FOOT, c->title,
             description);
    svg_text(&picture, 24, 54, "", c->subtitle);
    draw_key(&picture, c, has_numbers(panels[0].validation, c->n));
    for (int i = 0; i < n_panels; i++) {
        draw_panel(&picture, c, &panels[i], epochs, x, TOP + i * (PANEL + BETWEEN));
    }
    const int code = svg_save(s, &picture, path);
    free(epochs);
    panel_free(&panels[0]);
    panel_free(&panels[1]);
    return code;
}
