#include "svg.h"

#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Ten colours that differ in lightness too, so that most colour-blind readers tell them apart: the
 * first eight follow Okabe and Ito (2008). One set for white paper, one for dark screens. */
static const char *const LIGHT[SVG_COLOURS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                               "#b8860b", "#56a9d8", "#7a4fa3", "#8c564b",
                                               "#5f6b7a", "#1b1f24"};
static const char *const DARK[SVG_COLOURS] = {"#4fa8e0", "#ff8c42", "#2fc79a", "#e59cc6",
                                              "#e6c34a", "#9ad2f2", "#b394e0", "#c79a8e",
                                              "#9aa7b8", "#f2f4f6"};

static void add_colours(svg *s, const char *const *colours)
{
    for (int k = 0; k < SVG_COLOURS; k++) {
        buffer_print(s, ".s%d{stroke:%s}.f%d{fill:%s}", k, colours[k], k, colours[k]);
    }
}

/* Plain selectors and colours, no variables: what draws SVG outside browsers knows no more. */
static void add_style(svg *s)
{
    buffer_print(
        s, "<style>\n"
           "text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
           "fill:#4a5563}\n"
           ".title{font-size:16px;font-weight:600;fill:#1b1f24}\n"
           ".number{font-variant-numeric:tabular-nums}.end{text-anchor:end}"
           ".middle{text-anchor:middle}\n"
           ".paper{fill:#fff}.grid{stroke:#e4e8ec;fill:none}.frame{stroke:#aab4bf;fill:none}\n"
           ".dots{fill:none;stroke-linecap:round;stroke-width:5}"
           ".halo{fill:none;stroke-linecap:round;stroke-width:6.6;stroke:#fff}\n"
           ".line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
           ".dashed{stroke-dasharray:6 4}\n"
           ".border{fill:none;stroke:#1b1f24;stroke-width:1.4;stroke-linecap:round}\n"
           ".note{stroke:#8794a3;stroke-dasharray:2 3;fill:none}\n");
    add_colours(s, LIGHT);
    buffer_print(s,
                 "\n@media (prefers-color-scheme:dark){\n"
                 "text{fill:#aab4bf}.title{fill:#f2f4f6}.paper{fill:#14181d}.grid{stroke:#262d35}"
                 ".frame{stroke:#5f6b7a}.halo{stroke:#14181d}.border{stroke:#f2f4f6}"
                 ".note{stroke:#7d8996}\n");
    add_colours(s, DARK);
    buffer_print(s, "\n}\n</style>\n");
}

void svg_open(svg *s, int width, int height, const char *title, const char *description)
{
    char *safe_title = safe_text(title), *safe_description = safe_text(description);
    buffer_print(s,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                 "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
                 width, height, width, height);
    buffer_escape(s, safe_title);
    buffer_print(s, "</title>\n<desc>");
    buffer_escape(s, safe_description);
    buffer_print(s, "</desc>\n");
    add_style(s);
    buffer_print(s, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", width, height);
    svg_text(s, 24, 32, "title", title);
    free(safe_description);
    free(safe_title);
}

int svg_save(const session *s, svg *picture, const char *path)
{
    buffer_print(picture, "</svg>\n");
    return buffer_save(s, picture, path);
}

void svg_text(svg *s, double x, double y, const char *class, const char *text)
{
    char *safe = safe_text(text);
    buffer_print(s, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    buffer_escape(s, safe);
    buffer_print(s, "</text>\n");
    free(safe);
}

svg_axis svg_axis_for(double low, double high, double from, double to)
{
    double margin = 0.04 * (high - low);
    if (!(margin > 0)) {
        margin = low != 0 ? 0.1 * fabs(low) : 1;
    }
    return (svg_axis){low - margin, high + margin, from, to};
}

void svg_equal_units(svg_plot *plot)
{
    svg_axis *x = &plot->x, *y = &plot->y;
    const double x_unit = fabs(x->to - x->from) / (x->high - x->low);
    const double y_unit = fabs(y->to - y->from) / (y->high - y->low);
    svg_axis *widened = x_unit > y_unit ? x : y;
    const double ratio = x_unit > y_unit ? x_unit / y_unit : y_unit / x_unit;
    if (ratio <= 1.5) {
        const double more = (ratio - 1) * (widened->high - widened->low) / 2;
        widened->low -= more;
        widened->high += more;
    }
}

double svg_at(const svg_axis *axis, double value)
{
    return axis->from + (value - axis->low) / (axis->high - axis->low) * (axis->to - axis->from);
}

size_t svg_ticks(double low, double high, size_t most, double ticks[SVG_TICKS])
{
    static const double FACTORS[] = {1, 2, 5, 10};
    const size_t room = most < SVG_TICKS ? most : SVG_TICKS;
    const double rough = (high - low) / (double)room, power = pow(10, floor(log10(rough)));
    size_t n = 0;
    for (size_t i = 0; i < 4; i++) {
        const double step = FACTORS[i] * power;
        const double first = ceil(low / step - 1e-9), last = floor(high / step + 1e-9);
        if (last - first + 1 <= (double)room) {
            for (; first + (double)n <= last; n++) {
                ticks[n] = (first + (double)n) * step;
            }
            break;
        }
    }
    return n;
}

/* A tick as text: as few digits as its neighbours need, and a real minus sign. */
static short_text tick_text(const double *ticks, size_t n, size_t i)
{
    const double step = n > 1 ? ticks[1] - ticks[0] : fabs(ticks[i]);
    const double value = fabs(ticks[i]) < step / 2 ? 0 : ticks[i], size = fabs(value);
    short_text out;
    const char *minus = value < 0 ? "\xE2\x88\x92" : "";
    if (size >= 1e6 || (step > 0 && step < 1e-4)) {
        snprintf(out.text, sizeof out.text, "%s%.6g", minus, size);
    } else {
        const int decimals = step < 1 && step > 0 ? (int)ceil(-log10(step) - 1e-9) : 0;
        snprintf(out.text, sizeof out.text, "%s%.*f", minus, decimals, size);
    }
    return out;
}

/* Bytes of the name of an axis. */
enum { NAME_MOST = 48 };

void svg_axes(svg *s, const svg_plot *plot)
{
    const svg_axis *x = &plot->x, *y = &plot->y;
    double ticks[SVG_TICKS];
    size_t n = svg_ticks(x->low, x->high, 8, ticks);
    for (size_t i = 0; i < n; i++) {
        const double at = svg_at(x, ticks[i]);
        buffer_print(s, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>", at, y->from, y->to);
        svg_text(s, at, y->from + 18, "number middle", tick_text(ticks, n, i).text);
    }
    n = svg_ticks(y->low, y->high, 8, ticks);
    for (size_t i = 0; i < n; i++) {
        const double at = svg_at(y, ticks[i]);
        buffer_print(s, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", x->from, at, x->to);
        svg_text(s, x->from - 8, at + 4, "number end", tick_text(ticks, n, i).text);
    }
    buffer_print(s, "<path class=\"frame\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", x->from, y->to, y->from,
                 x->to);
    svg_text(s, x->to, y->from + 36, "end", shorten(plot->x_name, NAME_MOST).text);
    svg_text(s, x->from, y->to - 10, "", shorten(plot->y_name, NAME_MOST).text);
}

/* Dots are lines of no length with round ends: short to write. */
void svg_points(svg *s, const svg_plot *plot, const float *x, const float *y, size_t n,
                size_t colour)
{
    for (int is_halo = 1; is_halo >= 0 && n > 0; is_halo--) {
        if (is_halo) {
            buffer_print(s, "<path class=\"halo\" d=\"");
        } else {
            buffer_print(s, "<path class=\"dots s%zu\" d=\"", colour % SVG_COLOURS);
        }
        for (size_t i = 0; i < n; i++) {
            buffer_print(s, "M%.1f %.1fh0", svg_at(&plot->x, (double)x[i]),
                         svg_at(&plot->y, (double)y[i]));
        }
        buffer_print(s, "\"/>\n");
    }
}

void svg_line(svg *s, const svg_plot *plot, const double *x, const double *y, size_t n,
              const char *class, size_t colour)
{
    int is_drawing = 0;
    buffer_print(s, "<path class=\"%s s%zu\" d=\"", class, colour % SVG_COLOURS);
    for (size_t i = 0; i < n; i++) {
        const int is_number = isfinite(y[i]);
        if (is_number) {
            buffer_print(s, "%c%.1f %.1f", is_drawing ? 'L' : 'M', svg_at(&plot->x, x[i]),
                         svg_at(&plot->y, y[i]));
        }
        is_drawing = is_number;
    }
    buffer_print(s, "\"/>\n");
}

/* Where a line from a to b, whose ends have opposite signs, passes through 0. */
static double crossing(float a, float b)
{
    return (double)a / ((double)a - (double)b);
}

/* The crossings of one square's edges, each a point of the picture: two of them, or four at a
 * saddle, where the first two and the last two belong together. */
static size_t find_crossings(const svg_plot *plot, const float *values, size_t rows, size_t columns,
                             size_t row, size_t column, double points[4][2])
{
    /* Corners against the clock from the lower left one; edge e leads from corner e on. */
    static const size_t up[5] = {0, 0, 1, 1, 0}, right[5] = {0, 1, 1, 0, 0};
    const double height = (plot->y.to - plot->y.from) / (double)rows;
    const double width = (plot->x.to - plot->x.from) / (double)columns;
    size_t n = 0;
    for (size_t e = 0; e < 4; e++) {
        const float a = values[(row + up[e]) * columns + column + right[e]];
        const float b = values[(row + up[e + 1]) * columns + column + right[e + 1]];
        if ((a < 0) != (b < 0)) {
            const double t = crossing(a, b);
            const double across = (double)right[e] * (1 - t) + (double)right[e + 1] * t;
            const double above = (double)up[e] * (1 - t) + (double)up[e + 1] * t;
            points[n][0] = plot->x.from + ((double)column + 0.5 + across) * width;
            points[n][1] = plot->y.from + ((double)row + 0.5 + above) * height;
            n++;
        }
    }
    return n;
}

void svg_contour(svg *s, const svg_plot *plot, const float *values, size_t rows, size_t columns)
{
    buffer_print(s, "<path class=\"border\" d=\"");
    for (size_t row = 0; row + 1 < rows; row++) {
        for (size_t column = 0; column + 1 < columns; column++) {
            double p[4][2];
            const size_t n = find_crossings(plot, values, rows, columns, row, column, p);
            for (size_t i = 0; i + 1 < n; i += 2) {
                buffer_print(s, "M%.1f %.1fL%.1f %.1f", p[i][0], p[i][1], p[i + 1][0], p[i + 1][1]);
            }
        }
    }
    buffer_print(s, "\"/>\n");
}

void svg_legend(svg *s, double x, double y, const char *const *names, size_t n)
{
    enum { MOST = 16, STEP = 22 };
    const size_t shown = n <= MOST ? n : MOST - 1;
    for (size_t k = 0; k < shown; k++) {
        buffer_print(s, "<circle class=\"f%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>", k % SVG_COLOURS,
                     x, y + STEP * (double)k - 4);
        svg_text(s, x + 14, y + STEP * (double)k, "", shorten(names[k], SVG_LEGEND_LETTERS).text);
    }
    if (shown < n) {
        short_text rest;
        snprintf(rest.text, sizeof rest.text, "and %.40s more", format_count(n - shown).text);
        svg_text(s, x + 14, y + STEP * (double)shown, "", rest.text);
    }
}
