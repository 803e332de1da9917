/* The course of a training: the mean losses of its batches, as a line of small bars and as JSON. */
#ifndef CLI_LOSSES_H
#define CLI_LOSSES_H

#include "document.h"
#include "terminal.h"

#include <scratchml/doctor.h>

enum { LOSSES_MOST = 64 };

typedef struct loss_course {
    double means[LOSSES_MOST]; /* [n], of windows of `batches` batches each */
    size_t n;
    uint64_t batches;
    double least, most;
} loss_course;

loss_course losses_of(const sml_doctor *doctor);

/* Where mean i lies between the least and the most: 0 to 1. */
double losses_height(const loss_course *course, size_t i);

/* Two lines: a sign for each window of batches, low to high between the least loss and the most
 * (digits 0 to 7 without Unicode), and these in numbers. Nothing where there are fewer than two. */
void losses_print(const terminal *out, const sml_doctor *doctor);

/* {"batches_each": 4, "means": [2.3, 1.9, …]} */
json_t *losses_document(const sml_doctor *doctor);

#endif
