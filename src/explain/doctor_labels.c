/* Labels that are wrong. Those that look wrong to models which have not seen them are put aside, a
 * model learns from the others, and what it takes for another class, as do most of the rows around,
 * counts: a model that is too small is wrong in whole regions, but there the rows around have the
 * label, too. What is left are wrong labels and hard rows. Hard rows lie where classes meet, and no
 * model is sure of them; labels that were changed stand everywhere. So what decides is how many lie
 * where the models are surest. */
#include "base/memory.h"
#include "data/rows.h"
#include "explain/doctor.h"
#include "explain/suspects.h"
#include "model/prepare_model.h"
#include "study/trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FOLDS = 5,
    ROWS_LEAST = 50,
    ROWS_MOST = 20000,   /* evenly spaced: as many trainings as folds, and one, on so many rows */
    WRONG_LEAST = 5,     /* a few may be chance */
    NAMED_MOST = 10,     /* rows that the finding names */
    NEIGHBOURS = 5,      /* of which most must have the class that the label should be */
    ASKED_MOST = 500,    /* suspects whose neighbours are looked for; the others are like these */
    CELLS_MOST = 1 << 24 /* of the rows among which they are */
};

/* LIKELY: the probability of what counts. SHARE_LEAST: of the rows, before it speaks. LEARNED: of
 * what the commonest class gets wrong, models must get so much right, or they know nothing of
 * labels. */
static const double LIKELY = 0.5, SHARE_LEAST = 0.02, LEARNED = 0.25;

/* OVERLAP: with the share w of all rows, and v of the half of which models are surest, that they
 * get wrong, v <= 2.18 w^2 for two normal classes of equal variance, however near, and for classes
 * with a logistic border. DEVIATIONS: of a count that it must exceed. EVERYWHERE: of what counts
 * the share of wrong labels, if those are as frequent in all rows as where the models are surest.
 */
static const double OVERLAP = 2.2, DEVIATIONS = 2, EVERYWHERE = 0.5;

/* What is known of the rows that are looked at. */
typedef struct labels {
    sml_ctx *ctx;
    const sml_examination *what;
    size_t rows, classes;
    const sml_dataset *train;
    sml_dataset *part;        /* of the training rows */
    uint32_t *chosen;         /* [rows] which of them */
    int32_t *given;           /* [rows] */
    float *p;                 /* [rows, classes] */
    sml_sample_score *scores; /* [rows] */
    sml_label_summary summary;
    uint32_t *suspects; /* [n_suspects] rows of part */
    uint32_t *others;   /* the rest */
    uint8_t *is_sure;   /* [rows] whether the models are surer of it than of most others */
    size_t n_suspects, n_sure;
    size_t n_likely, n_deep; /* suspects that count; of them: where the models are sure */
} labels;

static void free_labels(labels *l)
{
    sml_dataset_free(l->part);
    sml__free(l->chosen);
    sml__free(l->given);
    sml__free(l->p);
    sml__free(l->scores);
    sml__free(l->suspects);
    sml__free(l->others);
    sml__free(l->is_sure);
}

static sml_status open_labels(labels *l)
{
    sml_ctx *ctx = l->ctx;
    const size_t all = l->train->view.rows, rows = l->rows;
    l->chosen = sml__alloc(ctx, rows, sizeof *l->chosen, "rows to look at");
    l->given = sml__alloc(ctx, rows, sizeof *l->given, "labels");
    l->p = sml__alloc(ctx, rows, l->classes * sizeof *l->p, "predictions");
    l->scores = sml__alloc(ctx, rows, sizeof *l->scores, "scores of rows");
    l->suspects = sml__alloc(ctx, rows, sizeof *l->suspects, "suspect rows");
    l->others = sml__alloc(ctx, rows, sizeof *l->others, "other rows");
    l->is_sure = sml__alloc(ctx, rows, sizeof *l->is_sure, "sure rows");
    if (l->chosen == NULL || l->given == NULL || l->p == NULL || l->scores == NULL ||
        l->suspects == NULL || l->others == NULL || l->is_sure == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t r = 0; r < rows; r++) {
        l->chosen[r] = (uint32_t)(r * all / rows);
        l->given[r] = sml_dataset_label(l->train, l->chosen[r]);
    }
    return sml_dataset_select(ctx, l->train, l->chosen, rows, &l->part);
}

/* What the models take a row for, and how sure they are. */
typedef struct answer {
    size_t class_index;
    float p;
    uint32_t row;
} answer;

static int compare_answers(const void *a, const void *b)
{
    const answer *x = a, *y = b;
    return x->class_index != y->class_index ? (x->class_index > y->class_index) * 2 - 1
                                            : (x->p > y->p) - (x->p < y->p);
}

/* Of the rows that the models take for one class, the half of which they are surest. Each class has
 * its own: of one with many wrong labels they are less sure. */
static sml_status find_sure(labels *l)
{
    answer *answers = sml__alloc(l->ctx, l->rows, sizeof *answers, "predictions");
    if (answers == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t r = 0; r < l->rows; r++) {
        const float *p = l->p + r * l->classes;
        const size_t k = sml_argmax(p, l->classes);
        answers[r] = (answer){k, p[k], (uint32_t)r};
    }
    qsort(answers, l->rows, sizeof *answers, compare_answers);
    for (size_t from = 0, to = 0; from < l->rows; from = to) {
        while (to < l->rows && answers[to].class_index == answers[from].class_index) {
            to++;
        }
        const float median = answers[from + (to - from - 1) / 2].p;
        for (size_t i = from; i < to; i++) {
            l->is_sure[answers[i].row] = answers[i].p > median;
            l->n_sure += answers[i].p > median;
        }
    }
    sml__free(answers);
    return SML_OK;
}

static sml_status suspect(labels *l, const sml_model *like)
{
    const sml_study study = {.cancelled = l->what->cancelled, .user = l->what->user};
    sml_status status = sml_held_out_predictions(l->ctx, like, l->part, FOLDS,
                                                 (uint64_t)sml__setting_integer(like, "seed"),
                                                 &study, l->p, l->rows * l->classes);
    if (status == SML_OK) {
        status =
            sml_suspect_labels(l->ctx, l->p, l->given, l->rows, l->classes, l->scores, &l->summary);
    }
    status = status == SML_OK ? find_sure(l) : status;
    size_t n_others = 0;
    for (uint32_t r = 0; status == SML_OK && r < l->rows; r++) {
        if (l->scores[r].suspect_of >= 0) {
            l->suspects[l->n_suspects++] = r;
        } else {
            l->others[n_others++] = r;
        }
    }
    return status;
}

static int enough(const labels *l, size_t n)
{
    return n >= WRONG_LEAST && (double)n >= SHARE_LEAST * (double)l->rows;
}

/* Whether the models learned more than which class is the commonest. */
static int have_learned(const labels *l)
{
    size_t most = 0;
    for (size_t k = 0; k < l->classes; k++) {
        size_t n = 0;
        for (size_t r = 0; r < l->rows; r++) {
            n += l->given[r] == (int32_t)k;
        }
        most = n > most ? n : most;
    }
    const double constant = (double)most / (double)l->rows;
    return l->summary.agreement - constant > LEARNED * (1 - constant);
}

/* The rows as a network takes them, every step-th of part. */
typedef struct points {
    size_t n, columns, step;
    float *x; /* [n, columns] */
} points;

static double distance(const float *a, const float *b, size_t n, double most)
{
    double sum = 0;
    for (size_t i = 0; i < n && sum < most; i++) {
        const double gap = (double)a[i] - (double)b[i];
        sum += gap * gap;
    }
    return sum;
}

/* Whether most of the nearest rows have the class that row is suspect of; x is its place. */
static int is_among_its_own(const labels *l, const points *p, uint32_t row, const float *x)
{
    double nearest[NEIGHBOURS];
    int32_t classes[NEIGHBOURS];
    size_t alike = 0;
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        nearest[i] = (double)INFINITY;
        classes[i] = -1;
    }
    for (size_t i = 0; i < p->n; i++) {
        size_t place = NEIGHBOURS;
        const double away = distance(p->x + i * p->columns, x, p->columns, nearest[NEIGHBOURS - 1]);
        if (i * p->step == row || !(away < nearest[NEIGHBOURS - 1])) {
            continue;
        }
        for (; place > 1 && nearest[place - 2] > away; place--) {
            nearest[place - 1] = nearest[place - 2];
            classes[place - 1] = classes[place - 2];
        }
        nearest[place - 1] = away;
        classes[place - 1] = l->given[i * p->step];
    }
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        alike += classes[i] == l->scores[row].suspect_of;
    }
    return alike > NEIGHBOURS / 2;
}

static int is_cancelled(void *user, const sml_progress *progress)
{
    const sml_examination *what = user;
    (void)progress;
    return what->cancelled != NULL && what->cancelled(what->user);
}

/* Keeps the likely ones whose neighbours agree. Of many, evenly spaced ones are asked, and where
 * most of them agree the others are believed. */
static void ask_neighbours(labels *l, const points *p, const sml_dataset *ready)
{
    const size_t step = (l->n_likely + ASKED_MOST - 1) / ASKED_MOST;
    float *x = sml__alloc(l->ctx, p->columns, sizeof *x, "a row");
    size_t kept = 0, asked = 0, agreed = 0;
    for (size_t i = 0; x != NULL && i < l->n_likely; i++) {
        const uint32_t row = l->suspects[i];
        int is_kept = 2 * agreed > asked;
        if (i % step == 0) {
            sml_dataset_features(ready, row, x);
            is_kept = is_among_its_own(l, p, row, x);
            asked++;
            agreed += (size_t)is_kept;
        }
        l->suspects[kept] = row;
        kept += (size_t)is_kept;
        l->n_deep += is_kept && l->is_sure[row];
    }
    l->n_likely = kept;
    sml__free(x);
}

static sml_status look_around(labels *l, const sml_model *model)
{
    sml_dataset *own = NULL;
    const sml_dataset *ready = NULL;
    sml_status status = sml__model_data(l->ctx, model, l->part, &own, &ready);
    if (status == SML_OK) {
        points p = {.columns = ready->view.columns};
        const size_t most = CELLS_MOST / p.columns + 1;
        p.step = (l->rows + most - 1) / most;
        p.n = (l->rows + p.step - 1) / p.step;
        p.x = sml__alloc(l->ctx, p.n, p.columns * sizeof *p.x, "rows to look at");
        for (size_t i = 0; p.x != NULL && i < p.n; i++) {
            sml_dataset_features(ready, i * p.step, p.x + i * p.columns);
        }
        if (p.x != NULL) {
            ask_neighbours(l, &p, ready);
        }
        status = p.x != NULL ? SML_OK : SML_NO_MEMORY;
        sml__free(p.x);
    }
    sml_dataset_free(own);
    return status;
}

/* Learns from the others, and judges the suspects. */
static sml_status confirm(labels *l, const sml_model *like)
{
    sml_dataset *sound = NULL, *doubtful = NULL;
    sml_model *model = NULL;
    sml_examination what = *l->what;
    const sml_fit_options how = {.progress = is_cancelled, .user = &what};
    sml_status status =
        sml_dataset_select(l->ctx, l->part, l->others, l->rows - l->n_suspects, &sound);
    if (status == SML_OK) {
        status = sml_dataset_select(l->ctx, l->part, l->suspects, l->n_suspects, &doubtful);
    }
    if (status == SML_OK) {
        status = sml__stopping_model(l->ctx, like, &model);
    }
    if (status == SML_OK) {
        status = sml_model_fit_with(l->ctx, model, sound, &how, NULL);
    }
    if (status == SML_OK && sml_model_outputs(model) == l->classes) {
        status = sml_model_predict(l->ctx, model, doubtful, l->p, l->n_suspects * l->classes);
    }
    for (size_t i = 0; status == SML_OK && i < l->n_suspects; i++) {
        const float *p = l->p + i * l->classes;
        const size_t k = sml_argmax(p, l->classes);
        const uint32_t row = l->suspects[i];
        if ((int32_t)k != l->given[row] && (double)p[k] >= LIKELY) {
            l->scores[row].suspect_of = (int32_t)k;
            l->scores[row].probability = p[k];
            l->suspects[l->n_likely++] = row;
        }
    }
    if (status == SML_OK && enough(l, l->n_likely)) {
        status = look_around(l, model);
    }
    sml_model_free(model);
    sml_dataset_free(doubtful);
    sml_dataset_free(sound);
    return status;
}

/* How many hard rows there are where the models are surest, at most: see OVERLAP. */
static double expected_hard(const labels *l)
{
    const double wrong = 1 - l->summary.agreement;
    return OVERLAP * wrong * wrong * (double)l->n_sure;
}

static int stand_everywhere(const labels *l)
{
    const double deep = (double)l->n_deep, hard = expected_hard(l);
    const double evenly = (double)l->n_likely * (double)l->n_sure / (double)l->rows;
    return l->n_deep >= WRONG_LEAST && deep >= EVERYWHERE * evenly &&
           deep >= hard + DEVIATIONS * sqrt(hard);
}

static void tell(const labels *l, sml_doctor *doctor)
{
    sml__finding *f = sml__doctor_add(doctor, "wrong_labels", SML_FINDING_WARNING);
    f->shown.sample = l->chosen[l->suspects[0]];
    sml_dataset_facts facts;
    sml_dataset_describe(l->train, &facts);
    const int is_cut = facts.split[0] == '\0'; /* the training rows, from what has one part */
    sml__finding_say(doctor, f, SML__TITLE, "%zu of %zu labels look wrong", l->n_likely, l->rows);
    sml__finding_say(
        doctor, f, SML__TEXT,
        "Models that were trained without these rows take them for another class, as does "
        "one that was trained without any of them, and most of the nearest rows have it. "
        "There are more of them where the models are surest than hard rows could be. "
        "Rows are counted from 0 in %s.",
        is_cut ? "the whole of the data" : "the training part");
    sml__finding_show(doctor, f, (double)l->n_likely, "", "labels that look wrong");
    sml__finding_show(doctor, f, (double)l->n_deep, "", "of these, where the models are surest");
    sml__finding_show(doctor, f, expected_hard(l), "", "hard rows that could be there");
    sml__finding_show(doctor, f, (double)l->n_suspects, "", "labels that are suspect");
    sml__finding_show(doctor, f, l->summary.agreement, "",
                      "share of labels that the models agree with");
    for (size_t i = 0; i < l->n_likely && i < NAMED_MOST; i++) {
        const sml_sample_score *one = &l->scores[l->suspects[i]];
        char unit[40];
        snprintf(unit, sizeof unit, "probability of '%.16s'",
                 sml_dataset_class_name(l->train, (size_t)one->suspect_of));
        sml__finding_show(doctor, f, (double)one->probability, unit, "row %zu: is '%.16s'",
                          sml__dataset_row_of_file(l->train, l->chosen[l->suspects[i]]),
                          sml_dataset_class_name(l->train, (size_t)l->given[l->suspects[i]]));
    }
    sml__finding_say(doctor, f, SML__REMEDY,
                     "correct the labels that 'scratchml mistakes MODEL DATA --split %s --folds 5 "
                     "--suspects' lists",
                     is_cut ? "all" : "train");
    sml__finding_say(doctor, f, SML__REASON,
                     "a network learns wrong labels by heart, and what is right of their "
                     "neighbours less well");
}

/* What does not learn knows nothing of labels. */
static int has_errors(const sml_doctor *doctor)
{
    int n = 0;
    for (size_t i = 0; i < doctor->n_findings; i++) {
        n += doctor->findings[i].shown.severity == SML_FINDING_ERROR;
    }
    return n > 0;
}

/* The settings, but classes are not weighed: probabilities would not be shares of rows then. */
static sml_status make_like(sml_ctx *ctx, const sml_model *model, sml_model **out)
{
    const sml_status status = sml__model_alike(ctx, model, out);
    return status == SML_OK ? sml_model_set(ctx, *out, "class_weight", "none") : status;
}

sml_status sml__look_at_labels(sml_ctx *ctx, sml_doctor *doctor, const sml_model *model,
                               const sml_examination *what)
{
    const sml_data_view *view = &what->train->view;
    labels l = {.ctx = ctx,
                .what = what,
                .train = what->train,
                .rows = view->rows < ROWS_MOST ? view->rows : ROWS_MOST,
                .classes = view->outputs};
    sml_model *like = NULL;
    if (what->no_trials || view->task != SML_TASK_CLASSIFICATION || l.classes < 2 ||
        l.rows < ROWS_LEAST || has_errors(doctor)) {
        return SML_OK;
    }
    sml_status status = make_like(ctx, model, &like);
    if (status == SML_OK) {
        status = open_labels(&l);
    }
    if (status == SML_OK) {
        status = suspect(&l, like);
    }
    if (status == SML_OK && enough(&l, l.n_suspects) && have_learned(&l)) {
        status = confirm(&l, like);
    }
    if (status == SML_OK && enough(&l, l.n_likely) && stand_everywhere(&l)) {
        tell(&l, doctor);
    }
    free_labels(&l);
    sml_model_free(like);
    return status == SML_CANCELLED || status == SML_NO_MEMORY ? status : SML_OK;
}
