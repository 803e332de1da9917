/* One run of `scratchml train`, as its files share it: train.c the command, train_control.c the
 * options that control a training, train_save.c what is said and saved at its end. */
#ifndef CLI_TRAIN_H
#define CLI_TRAIN_H

#include "held_out.h"
#include "history.h"
#include "report.h"
#include "table_facts.h"

typedef struct training {
    const char *data, *output;
    sml_model *model;
    sml_dataset *train, *test; /* test: NULL where the data has none */
    held_out cut;
    int is_new; /* neither --from nor a checkpoint gave the model settings of its own */
    table_look look;
    sml_fit_options how;
    history history;
    sml_fit_report fitted;
    sml_doctor *doctor; /* NULL: nobody reads what it would say */
    report tested;
    sml_unknown_rows test_unknown;
} training;

/* train_control.c */

extern const option_row option_checkpoint, option_checkpoint_every, option_resume,
    option_time_budget, option_history, option_curve;

#define CONTROL_OPTIONS                                                                            \
    &option_checkpoint, &option_checkpoint_every, &option_resume, &option_time_budget,             \
        &option_history, &option_curve

/* The first of them that was given; NULL: none. */
const char *option_of_control(const options *o);

/* Fills t->how from the options. Returns 0, or the exit code after a message. */
int control_fill(const session *s, training *t);

/* Gives t->model the checkpoint to go on from, where there is one; says so where there is none. */
int control_resume(const session *s, training *t);

/* train_save.c. They return the exit code. */

/* Scores, saves and sums up a training that ended well. */
int finish_training(const session *s, training *t);
/* Saves what an interrupt left, and says how to go on. */
int save_interrupted(const session *s, training *t);
int save_diverged(const session *s, const training *t);

#endif
