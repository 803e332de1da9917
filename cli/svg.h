/* A small writer of SVG pictures: axes with round numbers, points, lines, a legend. Light or dark
 * as the reader's screen is; a title and a description for screen readers. */
#ifndef CLI_SVG_H
#define CLI_SVG_H

#include "buffer.h"

/* The picture so far. Zero it, svg_open it, draw, then svg_save it. */
typedef buffer svg;

/* Values low…high lie at from…to, in the picture's units; downwards on the page y grows. */
typedef struct svg_axis {
    double low, high;
    double from, to;
} svg_axis;

typedef struct svg_plot {
    svg_axis x, y;
    const char *x_name, *y_name;
} svg_plot;

/* Colours: class k of data has colour k mod SVG_COLOURS. */
enum { SVG_COLOURS = 10, SVG_TICKS = 16, SVG_LEGEND_LETTERS = 17 };

/* title is drawn as well; description is for those who do not see the picture. */
void svg_open(svg *s, int width, int height, const char *title, const char *description);

/* Completes the picture, writes the file whole or not at all, and frees the picture. Returns 0 or
 * the exit code after a message. */
int svg_save(const session *s, svg *picture, const char *path);

/* A text, whose markup is escaped. The class is one of the style's, in svg.c. Other markup is
 * written by buffer_print. */
void svg_text(svg *s, double x, double y, const char *class, const char *text);

/* An axis for values low…high with a margin on both sides. */
svg_axis svg_axis_for(double low, double high, double from, double to);

/* Widens the shorter axis so that one unit is as long on both, if that makes it at most half as
 * long again: circles are round then. */
void svg_equal_units(svg_plot *plot);

/* Where a value lies, to a tenth of a unit when it is printed. */
double svg_at(const svg_axis *axis, double value);

/* The multiples of 1, 2 or 5 times a power of ten within low…high, at most `most` of them; returns
 * how many. */
size_t svg_ticks(double low, double high, size_t most, double ticks[SVG_TICKS]);

/* Grid lines with numbers, and the names of the axes. */
void svg_axes(svg *s, const svg_plot *plot);

/* A dot for each point of [n]. */
void svg_points(svg *s, const svg_plot *plot, const float *x, const float *y, size_t n,
                size_t colour);

/* A line through the points of [n], broken where y is no number. class: "line" or "line dashed". */
void svg_line(svg *s, const svg_plot *plot, const double *x, const double *y, size_t n,
              const char *class, size_t colour);

/* The lines where values[rows, columns], given at the middles of cells that fill the plot from its
 * lower left corner, pass through 0 (marching squares). */
void svg_contour(svg *s, const svg_plot *plot, const float *values, size_t rows, size_t columns);

/* One dot and name below the other, from the point given; many are cut. */
void svg_legend(svg *s, double x, double y, const char *const *names, size_t n);

#endif
