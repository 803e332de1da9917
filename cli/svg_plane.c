#include "svg_plane.h"

#include "report.h"
#include "svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* GRID: predictions along each axis. POINTS: more rows than so many only hide each other. */
enum { WIDTH = 640, HEIGHT = 520, GRID = 200, LEVELS = 20, POINTS = 5000, TOGETHER = 250 };

typedef struct plane {
    const session *s;
    const sml_dataset *data;
    const sml_model *model; /* NULL: none */
    const char *model_name;
    sml_dataset_facts facts;
    int is_curve;  /* a target over one column; 0: classes over two */
    size_t n;      /* points */
    float *x, *y;  /* [n] */
    size_t *class; /* [n] */
    svg_plot plot;
    svg picture;
} plane;

static const char *classes_of(const plane *p, size_t k)
{
    return sml_dataset_class_name(p->data, k);
}

/* What cannot be drawn is said before anything is computed. */
static int check(plane *p)
{
    const sml_dataset_facts *f = &p->facts;
    const int has_classes = f->task == SML_TASK_CLASSIFICATION || f->task == SML_TASK_NONE;
    p->is_curve = f->columns == 1 && f->outputs == 1 && f->task == SML_TASK_REGRESSION;
    if (!p->is_curve && !(f->columns == 2 && has_classes)) {
        return fail_usage(p->s->program,
                          "--svg draws classes over two columns, or a target over one; %s has %s "
                          "column%s and is for %s",
                          printable(f->name).text, format_count(f->columns).text,
                          f->columns == 1 ? "" : "s",
                          f->task == SML_TASK_NONE ? "prediction only" : sml_task_name(f->task));
    }
    const sml_task task = p->is_curve ? SML_TASK_REGRESSION : SML_TASK_CLASSIFICATION;
    if (p->model != NULL && sml_model_task(p->model) != task) {
        return fail_usage(p->s->program, "--svg: the model is for %s, not for %s",
                          sml_task_name(sml_model_task(p->model)), sml_task_name(task));
    }
    return 0;
}

/* Up to POINTS rows, evenly spaced; a row with a missing value has no place. */
static int read_points(plane *p)
{
    const size_t wanted = p->facts.rows < POINTS ? p->facts.rows : POINTS;
    p->x = allocate(wanted, sizeof *p->x);
    p->y = allocate(wanted, sizeof *p->y);
    p->class = allocate(wanted, sizeof *p->class);
    for (size_t i = 0; i < wanted; i++) {
        const size_t row = (size_t)((uint64_t)i * p->facts.rows / wanted);
        const int32_t label = sml_dataset_label(p->data, row);
        float values[2];
        sml_dataset_features(p->data, row, values);
        if (p->is_curve) {
            sml_dataset_targets(p->data, row, &values[1]);
        }
        p->x[p->n] = values[0];
        p->y[p->n] = values[1];
        p->class[p->n] = label > 0 ? (size_t)label : 0;
        p->n += isfinite(values[0]) && isfinite(values[1]);
    }
    return p->n > 0
               ? 0
               : fail(p->s->program, "--svg: each row of %s that was looked at has a missing value",
                      printable(p->facts.name).text);
}

static svg_axis axis_of(const float *values, size_t n, double from, double to)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, (double)values[i]);
        high = fmax(high, (double)values[i]);
    }
    return svg_axis_for(low, high, from, to);
}

static const char *column_name(const plane *p, size_t column)
{
    const char *name = sml_dataset_column_name(p->data, column);
    return name != NULL ? name : (column == 0 ? "column 1" : "column 2");
}

/* Room to the right of the plot: for the names of the classes, as long as the legend shows them. */
static double legend_room(const plane *p)
{
    size_t longest = 0;
    for (size_t k = 0; !p->is_curve && k < p->facts.outputs; k++) {
        const size_t length = text_width(shorten(classes_of(p, k), SVG_LEGEND_LETTERS).text);
        longest = length > longest ? length : longest;
    }
    return longest > 0 ? 60 + 7.5 * (double)longest : 28;
}

static void lay_out(plane *p)
{
    p->plot = (svg_plot){
        .x = axis_of(p->x, p->n, 64, WIDTH - legend_room(p)),
        .y = axis_of(p->y, p->n, HEIGHT - 52, 94),
        .x_name = column_name(p, 0),
        .y_name = p->is_curve ? "target" : column_name(p, 1),
    };
    if (!p->is_curve) {
        svg_equal_units(&p->plot);
    }
}

static void describe(const plane *p, char *text, size_t size)
{
    const sml_dataset_facts *f = &p->facts;
    int used = snprintf(text, size,
                        "%s of %s row%s as points: %.60s across, from %.4g to %.4g, %.60s "
                        "upwards, from %.4g to %.4g.",
                        format_count(p->n).text, format_count(f->rows).text,
                        f->rows == 1 ? "" : "s", p->plot.x_name, p->plot.x.low, p->plot.x.high,
                        p->plot.y_name, p->plot.y.low, p->plot.y.high);
    if (p->model != NULL && used > 0 && (size_t)used < size) {
        snprintf(text + used, size - (size_t)used,
                 p->is_curve ? " The line is what the model predicts."
                             : " The shading is what the model predicts, darker where it is surer; "
                               "lines part its classes.");
    }
}

/* "test part · 1,000 rows · model m.safetensors" */
static void add_heading(plane *p)
{
    char title[400], description[512], line[400];
    const sml_dataset_facts *f = &p->facts;
    describe(p, description, sizeof description);
    snprintf(title, sizeof title, "%s", f->name);
    svg_open(&p->picture, WIDTH, HEIGHT, title, description);
    const int sampled = p->n < f->rows;
    snprintf(line, sizeof line, "%s%s%s%s%s rows%s%.60s", f->split,
             f->split[0] != '\0' ? " part \xC2\xB7 " : "", sampled ? format_count(p->n).text : "",
             sampled ? " of " : "", format_count(f->rows).text,
             p->model != NULL ? " \xC2\xB7 model " : "", p->model != NULL ? p->model_name : "");
    svg_text(&p->picture, 24, 54, "", line);
}

/* Outputs of the model at a grid of points; outputs [rows · columns, outputs of the model]. */
typedef struct grid {
    float *outputs;
    size_t width;
} grid;

static int keep(void *user, size_t row, const float *outputs)
{
    grid *g = user;
    memcpy(g->outputs + row * g->width, outputs, g->width * sizeof *outputs);
    return 0;
}

/* Asks the model about points[n, columns of the data]. */
static sml_status ask(const plane *p, const float *points, size_t n, grid *g)
{
    const sml_data_view view = {.name = "the grid of the picture",
                                .rows = n,
                                .columns = p->facts.columns,
                                .features = points};
    sml_dataset *rows = NULL;
    g->width = sml_model_outputs(p->model);
    g->outputs = allocate(n * g->width, sizeof *g->outputs);
    sml_status status = sml_dataset_from_memory(p->s->ctx, &view, &rows);
    if (status == SML_OK) {
        status = visit_outputs(p->s, p->model, rows, 0, n, keep, g);
    }
    sml_dataset_free(rows);
    return status;
}

static float value_at(const svg_axis *axis, double share)
{
    return (float)(axis->low + share * (axis->high - axis->low));
}

/* The class of a point and how sure it is, as one number: class · LEVELS + level. 1/K is no
 * knowledge at all. */
static int shade_of(const float *outputs, size_t classes)
{
    const size_t best = sml_argmax(outputs, classes);
    const float none = 1.0f / (float)classes;
    const float sure = classes > 1 ? (outputs[best] - none) / (1.0f - none) : 1.0f;
    const int level = (int)(fminf(fmaxf(sure, 0.0f), 1.0f) * (LEVELS - 1) + 0.5f);
    return (int)(best % SVG_COLOURS) * LEVELS + level;
}

/* The runs of one shade along the rows of the grid, as strips of one path. */
static void add_strips(svg *picture, const int *shades, int shade)
{
    int begun = 0;
    for (size_t row = 0; row < GRID; row++) {
        const int *line = shades + row * GRID;
        for (size_t first = 0, end; first < GRID; first = end) {
            for (end = first + 1; end < GRID && line[end] == line[first]; end++) {
            }
            if (line[first] != shade) {
                continue;
            }
            if (!begun) {
                buffer_print(picture, "<path class=\"f%d\" fill-opacity=\"%.3f\" d=\"",
                             shade / LEVELS, 0.05 + 0.35 * (shade % LEVELS) / (LEVELS - 1));
                begun = 1;
            }
            buffer_print(picture, "M%zu %zuh%zuv1h-%zuz", first, row, end - first, end - first);
        }
    }
    buffer_print(picture, "%s", begun ? "\"/>\n" : "");
}

static void add_shading(plane *p, const grid *g)
{
    const svg_axis *x = &p->plot.x, *y = &p->plot.y;
    int *shades = allocate((size_t)GRID * GRID, sizeof *shades);
    for (size_t i = 0; i < (size_t)GRID * GRID; i++) {
        shades[i] = shade_of(g->outputs + i * g->width, g->width);
    }
    /* Whole numbers within, so that strips meet without a seam. */
    buffer_print(
        &p->picture,
        "<g shape-rendering=\"crispEdges\" transform=\"translate(%.1f %.1f) scale(%.6f %.6f)\">"
        "\n",
        x->from, y->from, (x->to - x->from) / GRID, (y->to - y->from) / GRID);
    for (int shade = 0; shade < SVG_COLOURS * LEVELS; shade++) {
        add_strips(&p->picture, shades, shade);
    }
    buffer_print(&p->picture, "</g>\n");
    free(shades);
}

/* For each class the lines where it is as likely as the likeliest other one. */
static void add_borders(plane *p, const grid *g)
{
    const size_t n = (size_t)GRID * GRID, classes = g->width;
    float *lead = allocate(n, sizeof *lead);
    for (size_t k = 0; k < (classes == 2 ? 1 : classes) && classes > 1; k++) {
        for (size_t i = 0; i < n; i++) {
            const float *outputs = g->outputs + i * classes;
            float other = -INFINITY;
            for (size_t j = 0; j < classes; j++) {
                other = j != k ? fmaxf(other, outputs[j]) : other;
            }
            lead[i] = outputs[k] - other;
        }
        svg_contour(&p->picture, &p->plot, lead, GRID, GRID);
    }
    free(lead);
}

static int add_surface(plane *p)
{
    const size_t n = (size_t)GRID * GRID;
    float *points = allocate(2 * n, sizeof *points);
    grid g = {0};
    for (size_t i = 0; i < n; i++) {
        const size_t row = i / GRID, column = i % GRID;
        points[2 * i] = value_at(&p->plot.x, ((double)column + 0.5) / GRID);
        points[2 * i + 1] = value_at(&p->plot.y, ((double)row + 0.5) / GRID);
    }
    const sml_status status = ask(p, points, n, &g);
    if (status == SML_OK) {
        add_shading(p, &g);
        add_borders(p, &g);
    }
    free(g.outputs);
    free(points);
    return status == SML_OK ? 0 : fail_library(p->s);
}

static int add_curve(plane *p)
{
    enum { STEPS = 2 * GRID };
    float points[STEPS];
    double x[STEPS], y[STEPS];
    grid g = {0};
    for (size_t i = 0; i < STEPS; i++) {
        points[i] = value_at(&p->plot.x, (double)i / (STEPS - 1));
        x[i] = (double)points[i];
    }
    const sml_status status = ask(p, points, STEPS, &g);
    for (size_t i = 0; i < STEPS && status == SML_OK; i++) {
        y[i] = (double)g.outputs[i];
    }
    if (status == SML_OK) {
        svg_line(&p->picture, &p->plot, x, y, STEPS, "line", 1);
    }
    free(g.outputs);
    return status == SML_OK ? 0 : fail_library(p->s);
}

/* In lots, so that no class lies on top of all others. */
static void add_points(plane *p)
{
    const size_t classes = p->facts.outputs > 0 && !p->is_curve ? p->facts.outputs : 1;
    float x[TOGETHER], y[TOGETHER];
    for (size_t first = 0; first < p->n; first += TOGETHER) {
        const size_t end = first + TOGETHER < p->n ? first + TOGETHER : p->n;
        for (size_t k = 0; k < classes; k++) {
            size_t n = 0;
            for (size_t i = first; i < end; i++) {
                if (p->class[i] == k) {
                    x[n] = p->x[i];
                    y[n++] = p->y[i];
                }
            }
            svg_points(&p->picture, &p->plot, x, y, n, k);
        }
    }
}

static void add_legend(plane *p)
{
    if (p->is_curve || p->facts.task != SML_TASK_CLASSIFICATION) {
        return;
    }
    const char **names = allocate(p->facts.outputs, sizeof *names);
    for (size_t k = 0; k < p->facts.outputs; k++) {
        names[k] = classes_of(p, k);
    }
    svg_legend(&p->picture, p->plot.x.to + 24, p->plot.y.to + 12, names, p->facts.outputs);
    free(names);
}

static int draw(plane *p)
{
    const int has_model = p->model != NULL;
    lay_out(p);
    add_heading(p);
    int code = has_model && !p->is_curve ? add_surface(p) : 0;
    if (code == 0) {
        svg_axes(&p->picture, &p->plot);
        add_points(p);
        code = has_model && p->is_curve ? add_curve(p) : 0;
        add_legend(p);
    }
    return code;
}

int svg_plane_save(const session *s, const sml_dataset *data, const sml_model *model,
                   const char *model_name, const char *path)
{
    plane p = {.s = s, .data = data, .model = model, .model_name = model_name};
    sml_dataset_describe(data, &p.facts);
    int code = check(&p);
    if (code != 0) {
        return code;
    }
    code = read_points(&p);
    code = code == 0 ? draw(&p) : code;
    code = code == 0 ? svg_save(s, &p.picture, path) : code;
    free(p.picture.text);
    free(p.class);
    free(p.y);
    free(p.x);
    return code;
}
