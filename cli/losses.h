/* The course of a training: the mean losses of its batches, as a line of small bars and as JSON. */
#ifndef CLI_LOSSES_H
#define CLI_LOSSES_H

#include "document.h"
#include "terminal.h"

#include <scratchml/doctor.h>

/* Two lines: a sign for each window of batches, low to high between the least loss and the most
 * (digits 0 to 7 without Unicode), and these in numbers. Nothing where there are fewer than two. */
void losses_print(const terminal *out, const sml_doctor *doctor);

/* {"batches_each": 4, "means": [2.3, 1.9, …]} */
json_t *losses_document(const sml_doctor *doctor);

#endif
