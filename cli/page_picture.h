/* Pictures of signed numbers: weights and gradients. */
#ifndef CLI_PAGE_PICTURE_H
#define CLI_PAGE_PICTURE_H

#include "terminal.h"

/* values[height, width], zero neutral, the largest |value| at full strength, with a line that says
 * which is which. What is too wide is shrunk. */
void signed_picture_draw(const terminal *out, const float *values, size_t height, size_t width);

#endif
