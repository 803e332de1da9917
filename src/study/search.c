/* Search by successive halving (Jamieson and Talwalkar, "Non-stochastic best arm identification and
 * hyperparameter optimization", 2016; Li et al., "Hyperband", 2018).
 *
 * n trials, R epochs, s = ⌊log_η n⌋. Rung i trains n_i = max(1, ⌊n η^-i⌋) trials until epoch
 * r_i = min(R, r_0 η^i), r_0 = max(min_epochs, ⌈R η^-s⌉), and keeps the best n_(i+1). A rung waits
 * for all its trials, so the result depends on nothing but plan, data and seed. A trial goes on
 * from the checkpoint that its last rung left: a rung is the first r_i epochs of a run of R. */
#include "base/context.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"
#include "model/algorithm.h"
#include "study/journal.h"
#include "study/rungs.h"
#include "study/space.h"
#include "study/trial.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNGS_MAX = 64, ETA_USUAL = 3, TRIALS_MAX = SML__POINTS_MAX };

struct sml_search {
    sml_model *like;
    char **settings; /* [trials] */
    size_t trials, rungs;
    size_t field[RUNGS_MAX];    /* n_i */
    uint64_t epochs[RUNGS_MAX]; /* r_i */
    sml_search_plan plan;       /* without its space */
    char *space_text;           /* the elements, separated by blanks */
    sml_study_row *rows;        /* [trials], the last training of each */
    size_t *ranking;            /* [trials] */
    size_t ranked;
};

/* ---- the plan */

static void plan_rungs(sml_search *search, uint64_t eta, uint64_t min_epochs, uint64_t all)
{
    size_t left = search->trials;
    uint64_t first = all;
    for (size_t n = search->trials; eta > 1 && n >= eta; n /= eta) {
        first = first / eta + (first % eta != 0); /* ⌈⌈R/η⌉/η⌉ = ⌈R/η²⌉ */
    }
    first = first > min_epochs ? first : min_epochs;
    for (uint64_t epochs = first;; epochs *= eta) {
        search->field[search->rungs] = left;
        search->epochs[search->rungs++] = epochs < all ? epochs : all;
        if (epochs >= all || search->rungs == RUNGS_MAX) {
            return;
        }
        left = left / eta > 0 ? left / eta : 1;
    }
}

static sml_status count_trials(sml_ctx *ctx, const sml__space *space, const sml_search_plan *plan,
                               size_t *trials)
{
    size_t most = plan->trials > 0 ? plan->trials : TRIALS_MAX;
    *trials = plan->trials;
    if (plan->trials > TRIALS_MAX || (plan->trials == 0 && !plan->grid)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "search: %zu trials; 1 to %d are possible",
                         plan->trials, TRIALS_MAX);
    }
    if (!plan->grid) {
        return SML_OK;
    }
    sml_status status = sml__space_count(ctx, space, trials);
    if (status == SML_OK && *trials > most) {
        status = sml__fail(ctx, SML_BAD_ARGUMENT, "the grid has %zu combinations, more than %zu",
                           *trials, most);
    }
    return status;
}

static sml_status draw_trials(sml_ctx *ctx, sml_search *search, const sml__space *space)
{
    const size_t n = search->trials;
    search->settings = sml__alloc(ctx, n, sizeof *search->settings, "the trials");
    search->rows = sml__alloc(ctx, n, sizeof *search->rows, "the trials");
    search->ranking = sml__alloc(ctx, n, sizeof *search->ranking, "the trials");
    if (search->settings == NULL || search->rows == NULL || search->ranking == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        search->settings[i] = search->plan.grid ? sml__space_point(ctx, space, i)
                                                : sml__space_draw(ctx, space, search->plan.seed, i);
        if (search->settings[i] == NULL) {
            return SML_NO_MEMORY;
        }
    }
    return SML_OK;
}

static char *join(sml_ctx *ctx, const char *const *words, size_t n)
{
    size_t bytes = 1;
    for (size_t i = 0; i < n; i++) {
        bytes += strlen(words[i]) + 1;
    }
    char *text = sml__alloc(ctx, bytes, 1, "a search space");
    for (size_t i = 0, used = 0; text != NULL && i < n; i++) {
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", i > 0 ? " " : "", words[i]);
    }
    return text;
}

static sml_status fill(sml_ctx *ctx, const sml_model *like, const sml_search_plan *plan,
                       sml_search *search)
{
    sml__space space = {0};
    const uint64_t epochs = (uint64_t)sml__setting_integer(like, "epochs");
    sml_status status = sml__model_alike(ctx, like, &search->like);
    if (status == SML_OK && plan->min_epochs > epochs) {
        status = sml__fail(ctx, SML_BAD_ARGUMENT,
                           "search: %" PRIu64 " epochs at least, but only %" PRIu64 " in all",
                           plan->min_epochs, epochs);
    }
    if (status == SML_OK) {
        status = sml__space_read(ctx, like, plan->space, plan->n_space, &space);
    }
    if (status == SML_OK) {
        status = count_trials(ctx, &space, plan, &search->trials);
    }
    if (status == SML_OK) {
        const size_t points = sml__space_points(&space);
        search->plan = *plan;
        search->plan.space = NULL;
        if (points > 0 && points <= search->trials) {
            search->plan.grid = 1; /* a draw would only repeat combinations */
            search->trials = points;
        }
        search->plan.eta = plan->eta > 0 ? plan->eta : ETA_USUAL;
        plan_rungs(search, search->plan.eta, plan->min_epochs, epochs);
        search->space_text = join(ctx, plan->space, plan->n_space);
        status = search->space_text != NULL ? draw_trials(ctx, search, &space) : SML_NO_MEMORY;
    }
    sml__space_free(&space);
    return status;
}

sml_status sml_search_create(sml_ctx *ctx, const sml_model *like, const sml_search_plan *plan,
                             sml_search **out)
{
    *out = NULL;
    sml_search *search = sml__alloc(ctx, 1, sizeof *search, "a search");
    if (search == NULL) {
        return SML_NO_MEMORY;
    }
    sml_status status = fill(ctx, like, plan, search);
    if (status != SML_OK) {
        sml_search_free(search);
        return status;
    }
    *out = search;
    return SML_OK;
}

void sml_search_free(sml_search *search)
{
    if (search == NULL) {
        return;
    }
    for (size_t i = 0; search->settings != NULL && i < search->trials; i++) {
        sml__free(search->settings[i]);
    }
    sml__free(search->settings);
    sml__free(search->rows);
    sml__free(search->ranking);
    sml__free(search->space_text);
    sml_model_free(search->like);
    sml__free(search);
}

void sml_search_size(const sml_search *search, size_t *trials, size_t *rungs, size_t *jobs)
{
    *trials = search->trials;
    *rungs = search->rungs;
    *jobs = 0;
    for (size_t i = 0; i < search->rungs; i++) {
        *jobs += search->field[i];
    }
}

/* ---- ranking */

typedef struct standing {
    size_t trial, rung;
    double metric; /* larger is better; -infinity for none */
} standing;

static int compare_places(const void *a, const void *b)
{
    const standing *x = a, *y = b;
    if (x->rung != y->rung) {
        return x->rung > y->rung ? -1 : 1;
    }
    if (x->metric != y->metric) {
        return x->metric > y->metric ? -1 : 1;
    }
    return x->trial < y->trial ? -1 : x->trial > y->trial;
}

/* Orders search->ranking by the rows that are done. */
static sml_status rank_trials(sml_ctx *ctx, sml_search *search, int larger_is_better)
{
    standing *places = sml__alloc(ctx, search->trials, sizeof *places, "a ranking");
    if (places == NULL) {
        return SML_NO_MEMORY;
    }
    search->ranked = 0;
    for (size_t i = 0; i < search->trials; i++) {
        const sml_study_row *row = &search->rows[i];
        const double metric = larger_is_better ? row->metric : -row->metric;
        if (row->status != SML_CANCELLED) {
            places[search->ranked++] =
                (standing){i, row->rung, isnan(metric) ? -(double)INFINITY : metric};
        }
    }
    qsort(places, search->ranked, sizeof *places, compare_places);
    for (size_t i = 0; i < search->ranked; i++) {
        search->ranking[i] = places[i].trial;
    }
    sml__free(places);
    return SML_OK;
}

const sml_study_row *sml_search_rank(const sml_search *search, size_t place)
{
    return place < search->ranked ? &search->rows[search->ranking[place]] : NULL;
}

/* ---- the run */

/* A search at work. */
typedef struct sieve {
    sml_ctx *ctx;
    sml_search *search;
    const sml_dataset *train, *validation;
    const sml_study *study;
    int larger_is_better;
    sml__journal journal; /* fd -1: none */
    sml__rungs checkpoints;
    sml_study_row *known; /* [rungs, trials], from the journal; epochs 0: not there */
    sml_status writing;   /* of the journal, and the text of its failure */
    char failure[512];
} sieve;

static json_t *plan_document(sml_ctx *ctx, const sieve *s, const char *metric)
{
    char train[65], validation[65];
    const sml_search *search = s->search;
    json_t *settings = json_object();
    if (settings == NULL || sml_dataset_sha256(ctx, s->train, train) != SML_OK ||
        sml_dataset_sha256(ctx, s->validation, validation) != SML_OK) {
        json_decref(settings);
        return NULL;
    }
    for (size_t i = 0; i < search->like->algorithm->n_parameters; i++) {
        json_object_set_new(settings, search->like->algorithm->parameters[i].name,
                            json_string(search->like->settings[i]));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:o}", "library",
                     scratchml_version(), "algorithm", search->like->algorithm->name, "space",
                     search->space_text, "kind", search->plan.grid ? "grid" : "random", "seed",
                     (json_int_t)search->plan.seed, "trials", (json_int_t)search->trials, "eta",
                     (json_int_t)search->plan.eta, "first_epochs", (json_int_t)search->epochs[0],
                     "metric", metric, "train_sha256", train, "validation_sha256", validation,
                     "settings", settings);
}

static sml_status take_known(void *user, const sml_study_row *row)
{
    sieve *s = user;
    sml_search *search = s->search;
    if (row->trial >= search->trials || row->rung >= search->rungs ||
        row->epochs != search->epochs[row->rung]) {
        return sml__fail(s->ctx, SML_BAD_FILE,
                         "%s: has trial %zu in rung %zu for %" PRIu64 " epochs, which the plan has "
                         "not",
                         s->journal.path, row->trial, row->rung, row->epochs);
    }
    s->known[row->rung * search->trials + row->trial] = *row;
    return SML_OK;
}

static sml_status open_journal(sieve *s, const char *folder)
{
    const char *metric = sml__study_metric(s->study, s->train->view.task);
    s->known = sml__alloc(s->ctx, s->search->rungs * s->search->trials, sizeof *s->known,
                          "results of a journal");
    if (s->known == NULL) {
        return SML_NO_MEMORY;
    }
    json_t *plan = plan_document(s->ctx, s, metric);
    if (plan == NULL) {
        return SML_NO_MEMORY;
    }
    sml_status status = sml__journal_open(s->ctx, folder, plan, &s->journal);
    json_decref(plan);
    return status == SML_OK ? sml__journal_read(s->ctx, &s->journal, take_known, s) : status;
}

/* Journal first, then the caller. */
static int keep_row(void *user, const sml_study_row *row)
{
    sieve *s = user;
    if (s->journal.fd >= 0) {
        s->writing = sml__journal_add(s->ctx, &s->journal, row);
        snprintf(s->failure, sizeof s->failure, "%s", sml_ctx_error(s->ctx));
    }
    const int ends = s->study->row != NULL && s->study->row(s->study->user, row) != 0;
    return ends || s->writing != SML_OK;
}

static int ask_caller(void *user)
{
    const sieve *s = user;
    return s->study->cancelled != NULL && s->study->cancelled(s->study->user);
}

static void pass_note(void *user, const char *text)
{
    const sieve *s = user;
    if (s->study->note != NULL) {
        s->study->note(s->study->user, text);
    }
}

/* The row of a trial that goes into a rung; from the journal where that has it. */
static int begin_row(sieve *s, size_t trial, size_t rung)
{
    const sml_search *search = s->search;
    const sml_study_row *known = s->known != NULL ? &s->known[rung * search->trials + trial] : NULL;
    const int is_known = known != NULL && known->epochs > 0;
    sml_study_row *row = &search->rows[trial];
    *row = is_known ? *known : (sml_study_row){.status = SML_CANCELLED};
    row->trial = trial;
    row->rung = rung;
    row->epochs = search->epochs[rung];
    row->seed = (uint64_t)sml__setting_integer(search->like, "seed");
    row->settings = search->settings[trial];
    return is_known;
}

/* A training of R epochs in all, of which the rung takes its part. */
static sml_status begin_job(const sieve *s, size_t trial, sml__job *job)
{
    const sml_search *search = s->search;
    *job = (sml__job){.train = s->train,
                      .score = s->validation,
                      .row = &search->rows[trial],
                      .epochs = search->epochs[search->rungs - 1]};
    if (s->checkpoints.folder == NULL) {
        return SML_OK;
    }
    job->checkpoint = sml__rungs_path(s->ctx, &s->checkpoints, trial);
    return job->checkpoint != NULL ? SML_OK : SML_NO_MEMORY;
}

static void free_jobs(sml__job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sml__free(jobs[i].checkpoint);
    }
    sml__free(jobs);
}

/* Trains the first n of the ranking until the rung's epochs. */
static sml_status run_rung(sieve *s, size_t rung)
{
    sml_search *search = s->search;
    const size_t n = search->field[rung];
    sml_status status = SML_OK;
    size_t open = 0;
    sml__job *jobs = sml__alloc(s->ctx, n, sizeof *jobs, "the trainings of a rung");
    if (jobs == NULL) {
        return SML_NO_MEMORY;
    }
    for (size_t i = 0; i < n && status == SML_OK; i++) {
        const size_t trial = search->ranking[i];
        if (!begin_row(s, trial, rung)) {
            status = begin_job(s, trial, &jobs[open++]);
        } else if (s->study->row != NULL && s->study->row(s->study->user, &search->rows[trial])) {
            status = sml__fail(s->ctx, SML_CANCELLED, "cancelled");
        }
    }
    const sml_study inner = {.metric = s->study->metric,
                             .row = keep_row,
                             .cancelled = ask_caller,
                             .user = s,
                             .note = pass_note};
    if (status == SML_OK) {
        status = sml__run_jobs(s->ctx, &inner, search->like, jobs, open);
    }
    free_jobs(jobs, n);
    return s->writing != SML_OK ? sml__fail(s->ctx, s->writing, "%s", s->failure) : status;
}

/* Of the trials that do not go on after a rung. */
static void drop_checkpoints(const sieve *s, size_t rung)
{
    const sml_search *search = s->search;
    const size_t kept = rung + 1 < search->rungs ? search->field[rung + 1] : 0;
    for (size_t place = kept; place < search->field[rung]; place++) {
        sml__rungs_remove(s->ctx, &s->checkpoints, search->ranking[place]);
    }
}

/* A trial that was not reached in a rung keeps its place of the rung before. */
static sml_status run_rungs(sieve *s)
{
    sml_search *search = s->search;
    sml_study_row *before =
        sml__alloc(s->ctx, search->trials, sizeof *before, "the rows of a rung");
    sml_status status = before != NULL ? SML_OK : SML_NO_MEMORY;
    for (size_t rung = 0; rung < search->rungs && status == SML_OK; rung++) {
        memcpy(before, search->rows, search->trials * sizeof *before);
        status = run_rung(s, rung);
        for (size_t i = 0; i < search->trials; i++) {
            if (search->rows[i].status == SML_CANCELLED) {
                search->rows[i] = before[i];
            }
        }
        const sml_status ranking = rank_trials(s->ctx, search, s->larger_is_better);
        status = status == SML_OK ? ranking : status;
        if (status == SML_OK) {
            drop_checkpoints(s, rung);
        }
    }
    sml__free(before);
    return status;
}

/* Losses of trials that differ in what a loss is cannot be ranked. */
static sml_status check_units(sml_ctx *ctx, const sml_search *search, const char *metric)
{
    static const char *const names[] = {"loss=", "target_scaling="};
    for (size_t i = 0; i < 2 && strcmp(metric, "loss") == 0; i++) {
        const char *at = strstr(search->space_text, names[i]);
        if (at != NULL && (at == search->space_text || at[-1] == ' ')) {
            return sml__fail(ctx, SML_BAD_ARGUMENT,
                             "%.*s: trials that differ in it have losses in different units; rank "
                             "them by another metric, such as mse or r2 for regression, accuracy "
                             "for classes",
                             (int)strlen(names[i]) - 1, names[i]);
        }
    }
    return SML_OK;
}

sml_status sml_search_run(sml_ctx *ctx, sml_search *search, const sml_dataset *train,
                          const sml_dataset *validation, const sml_study *study,
                          const char *journal)
{
    sieve s = {.ctx = ctx,
               .search = search,
               .train = train,
               .validation = validation,
               .study = study,
               .journal = {.fd = -1},
               .checkpoints = {.lock = -1}};
    for (size_t i = 0; i < search->trials; i++) {
        search->ranking[i] = i;
        search->rows[i] = (sml_study_row){.trial = i, .status = SML_CANCELLED};
    }
    search->ranked = 0;
    sml_status status = sml_study_check(ctx, study, train, &s.larger_is_better);
    if (status == SML_OK) {
        status = check_units(ctx, search, sml__study_metric(study, train->view.task));
    }
    if (status == SML_OK && journal != NULL) {
        status = open_journal(&s, journal);
    }
    if (status == SML_OK && (journal != NULL || search->rungs > 1)) {
        status = sml__rungs_open(ctx, journal, &s.checkpoints);
    }
    if (status == SML_OK) {
        status = run_rungs(&s);
    }
    sml__rungs_close(&s.checkpoints); /* a journal keeps them */
    sml__journal_close(&s.journal);
    sml__free(s.known);
    return status;
}
