/* Pictures of a report: each distinct one is drawn once and used after that. */
#ifndef CLI_HTML_PICTURE_H
#define CLI_HTML_PICTURE_H

#include "buffer.h"

/* The pictures of a file so far. Zero it; html_pictures_free. */
typedef struct html_pictures {
    struct html_drawing *drawings; /* [n] */
    size_t n, room;
} html_pictures;

/* Writes the picture values[height, width]: of one ink where is_signed is 0, else of two, whose
 * strength is |value|. label: what a screen reader says. */
void html_picture(buffer *b, html_pictures *seen, const float *values, size_t height, size_t width,
                  int is_signed, const char *label);

void html_pictures_free(html_pictures *seen);

#endif
