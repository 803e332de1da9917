/* A data set that fits on paper, as an SVG picture. */
#ifndef CLI_SVG_PLANE_H
#define CLI_SVG_PLANE_H

#include "command.h"

/* Draws classes over two columns, or a target over one. With a model, and a name for it (may
 * be NULL), also what it predicts: its classes behind the points, or its curve. Writes the file
 * whole or not at all. Returns 0 or the exit code after a message. */
int svg_plane_save(const session *s, const sml_dataset *data, const sml_model *model,
                   const char *model_name, const char *path);

#endif
