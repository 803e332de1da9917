/* Test rows of a file that has one part. */
#ifndef CLI_HELD_OUT_H
#define CLI_HELD_OUT_H

#include "command.h"

extern const option_row option_test;

/* How data was cut. */
typedef struct held_out {
    double share; /* 0: it was not */
    uint64_t seed;
    sml_dataset *whole; /* into which both parts see */
} held_out;

/* Cuts --test SHARE of the rows of *train off, by the model's seed, where the data has one part and
 * targets: *train becomes the rest, and *test those rows, unless the share is no row. Where *train
 * is what the model, in its last training, left of the file, the cut is noted again. Returns 0 or
 * the exit code after a message. Free both parts, then whole. */
int held_out_cut(const session *s, const sml_model *model, sml_dataset **train, sml_dataset **test,
                 held_out *cut);

/* Says that unknown categories among some rows, such as "test", count as zeros, unless the settings
 * of the model say so anyway. */
void held_out_tell_unknown(const session *s, const sml_model *model, const char *rows,
                           const sml_unknown_rows *unknown);

#endif
