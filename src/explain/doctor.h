/* The doctor from inside. Each ailment is a rule: a function that looks at what is there at one
 * moment of a training and adds a finding, or none. doctor.c keeps them and says which follows from
 * which. */
#ifndef SML_EXPLAIN_DOCTOR_H
#define SML_EXPLAIN_DOCTOR_H

#include "explain/replay.h"
#include "explain/vitals.h"

#include <scratchml/doctor.h>

enum { SML__FINDINGS_MAX = 32, SML__EVIDENCE_MAX = 24, SML__LAST_EPOCHS = 3 };

/* A finding with room for its texts, so that to find something cannot fail. */
typedef struct sml__finding {
    sml_finding shown;
    sml_evidence evidence[SML__EVIDENCE_MAX];
    char names[SML__EVIDENCE_MAX][64], units[SML__EVIDENCE_MAX][40];
    char title[160], text[640], remedy[160], reason[480];
} sml__finding;

/* Losses of epochs that were scored on validation rows. */
typedef struct sml__curve {
    const char *part;                /* that was scored: "validation" or "test" */
    uint64_t epochs, best_epoch;     /* scored; the one whose validation loss is least, from 1 */
    double best, best_training;      /* its losses */
    double latest[SML__LAST_EPOCHS]; /* validation losses, the last epoch first */
    double last_training;            /* of the last epoch */
} sml__curve;

/* What a training that ran to its end has come to. */
typedef struct sml__outcome {
    double start, peak, end; /* mean losses: at first, the worst, at last */
    double constant;         /* of the best constant answer */
    uint64_t steps;
    sml__census census; /* of the network that it left; rows 0: there is none */
} sml__outcome;

struct sml_doctor {
    sml_ctx *ctx; /* its own: the text of a failed fit stays in that of the fit */
    struct sml_watch watch;
    const sml_examination *examination;           /* while it lasts; NULL: it only looks on */
    sml__finding findings[SML__FINDINGS_MAX + 1]; /* the last takes those that find no room */
    size_t n_findings;
    size_t order[SML__FINDINGS_MAX]; /* [n_findings] as they are shown */
    sml__vitals vitals;              /* of the training that is watched */
    int scores_test;                 /* rows of the test part, after each epoch */
    sml__windows windows;            /* of the last one that ended */
    sml__curve curve;
    sml__outcome outcome;         /* of the training; its census has no counts */
    double rate;                  /* its learning rate */
    int is_at_rest;               /* its loss no longer fell */
    const char *vanishing_remedy; /* NULL: its gradients had not vanished before the first step */
    sml__snapshot latest;         /* some steps ago */
    sml__snapshot healthy; /* in an examination: the last look at which the network was alive */
};

/* A new finding, of no place, no text and no evidence yet. code is one of the table in doctor.c.
 * Numbers in its texts have points, whatever the locale. */
sml__finding *sml__doctor_add(sml_doctor *doctor, const char *code, sml_severity severity);

typedef enum sml__finding_part {
    SML__TITLE,
    SML__TEXT,
    SML__REMEDY,
    SML__REASON
} sml__finding_part;

/* Adds to one of its texts. The remedy is one thing: a setting or a data option as NAME=VALUE, or
 * words. */
void sml__finding_say(const sml_doctor *doctor, sml__finding *finding, sml__finding_part part,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Adds a number that it rests on; unit may be "". */
void sml__finding_show(const sml_doctor *doctor, sml__finding *finding, double value,
                       const char *unit, const char *name, ...)
    __attribute__((format(printf, 5, 6)));

/* The first finding of a code; NULL: none. It stays where it is until one is dropped. */
sml__finding *sml__doctor_find(sml_doctor *doctor, const char *code);
void sml__doctor_drop(sml_doctor *doctor, const sml__finding *finding);

/* Whether there is a finding of this code; one at least as severe. */
int sml__doctor_found(const sml_doctor *doctor, const char *code, sml_severity severity);

/* Adds to a finding by a replay which step of the training closed most units of a stage that died,
 * and by which row; and the losses on the way there (collapse.c). 0: it could not. */
int sml__tell_collapse(sml_doctor *doctor, sml__finding *finding, const sml__training *t,
                       size_t stage);

/* Which finding follows from which, and their order. */
void sml__doctor_settle(sml_doctor *doctor);

/* The calls of the trainer (doctor_watch.c). */
struct sml_watch sml__doctor_calls(sml_doctor *doctor);

/* Rules of an examination alone: of the data, before it is trained on (doctor_data.c; test may be
 * NULL), */
void sml__look_at_data(sml_doctor *doctor, const sml_dataset *train, const sml_dataset *test);
/* and of its labels, with models like the fitted one (doctor_labels.c). ctx gives the threads.
 * Errors: SML_CANCELLED, SML_NO_MEMORY; where models cannot be trained there is no finding. */
sml_status sml__look_at_labels(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model,
                               const sml_examination *what);

/* Where gradients exploded before the first step, of a training that came to nothing: whether it
 * was so (doctor_training.c). */
int sml__look_for_first_explosion(sml_doctor *doctor, const sml__training *t);

/* The rules: before the first step (equal_units.c), */
void sml__look_for_equal_weights(sml_doctor *doctor, const sml__training *t);
/* and whether inputs are more than so many times out of scale (doctor_data.c; also after a training
 * that was lost); */
void sml__look_at_inputs(sml_doctor *doctor, const sml__training *t, double most);
/* where the loss is no longer finite since this update (divergence.c), */
void sml__look_at_divergence(sml_doctor *doctor, const sml__training *t, uint64_t update);
/* and after a training that ran to its end (doctor_training.c, doctor_data.c). */
void sml__look_at_classes(sml_doctor *doctor, const sml__training *t);
void sml__look_at_outcome(sml_doctor *doctor, const sml__training *t, const sml__outcome *outcome);

#endif
