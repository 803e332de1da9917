/* What the tests of searches share: data, a search over it, and who watches it. */
#ifndef TESTS_STUDY_SEARCHING_H
#define TESTS_STUDY_SEARCHING_H

#include "support.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum { ROWS = 120, COLUMNS = 4, CLASSES = 3, TRIALS = 9, JOBS = 9 + 3 + 1 };

static const char *const SPACE[] = {"learning_rate=log:1e-3..1e-1", "hidden=2|4|8"};

typedef struct fixture {
    sml_ctx *ctx;
    float features[ROWS * COLUMNS];
    int32_t labels[ROWS];
    sml_dataset *data, *parts[2];
    sml_model *like;
    sml_search *search;
} fixture;

static const sml_search_plan PLAN = {.space = SPACE, .n_space = 2, .trials = TRIALS, .seed = 4};

static inline fixture *new_fixture(int threads, const sml_search_plan *plan, const char *settings)
{
    fixture *f = calloc(1, sizeof *f);
    const double share = 0.25;
    sml__random random;
    sml__random_init(&random, 9, SML__GENERATE, 0, 0);
    f->ctx = new_context(threads);
    for (size_t r = 0; r < ROWS; r++) {
        f->labels[r] = (int32_t)(r % CLASSES);
        for (size_t c = 0; c < COLUMNS; c++) {
            f->features[r * COLUMNS + c] =
                (float)sml__random_normal(&random) + (c == r % CLASSES ? 1.5F : 0.0F);
        }
    }
    const sml_data_view view = {.rows = ROWS,
                                .columns = COLUMNS,
                                .features = f->features,
                                .outputs = CLASSES,
                                .labels = f->labels};
    assert_ok(f->ctx, sml_dataset_from_memory(f->ctx, &view, &f->data));
    assert_ok(f->ctx, sml_dataset_split(f->ctx, f->data, 1, &share, 1, f->parts));
    assert_ok(f->ctx, sml_model_create(f->ctx, "mlp", settings, &f->like));
    assert_ok(f->ctx, sml_search_create(f->ctx, f->like, plan, &f->search));
    return f;
}

static inline fixture *usual_fixture(int threads)
{
    return new_fixture(threads, &PLAN, "epochs=9 batch_size=16 seed=2");
}

static inline void free_fixture(fixture *f)
{
    sml_search_free(f->search);
    sml_model_free(f->like);
    sml_dataset_free(f->parts[0]);
    sml_dataset_free(f->parts[1]);
    sml_dataset_free(f->data);
    sml_ctx_free(f->ctx);
    free(f);
}

static inline sml_status run(fixture *f, const sml_study *study, const char *journal)
{
    return sml_search_run(f->ctx, f->search, f->parts[0], f->parts[1], study, journal);
}

/* What two rankings have in common must be everything but the time. */
static inline void assert_same_ranking(const sml_search *found, const sml_search *expected)
{
    size_t n = 0;
    for (const sml_study_row *a; (a = sml_search_rank(found, n)) != NULL; n++) {
        const sml_study_row *b = sml_search_rank(expected, n);
        assert_non_null(b);
        assert_int_equal(a->trial, b->trial);
        assert_int_equal(a->rung, b->rung);
        assert_int_equal(a->epochs, b->epochs);
        assert_int_equal(a->status, b->status);
        assert_near(a->metric, b->metric, 0, 0, "metric", n);
        assert_near(a->loss, b->loss, 0, 0, "loss", n);
        assert_string_equal(a->settings, b->settings);
    }
    assert_int_equal(n, TRIALS);
    assert_null(sml_search_rank(expected, n));
}

typedef struct counter {
    size_t seen, end_at;
    size_t field[8];
    uint64_t epochs[8];
} counter;

static inline int count_rows(void *user, const sml_study_row *row)
{
    counter *c = user;
    assert_true(row->rung < 8);
    c->field[row->rung]++;
    c->epochs[row->rung] = row->epochs;
    return ++c->seen == c->end_at;
}

/* Asked after every batch; kills its process at one of them where that is wanted. */
typedef struct batches {
    atomic_size_t asked;
    size_t kill_at; /* 0: never */
} batches;

static inline int count_batches(void *user)
{
    batches *b = user;
    if (atomic_fetch_add(&b->asked, 1) + 1 == b->kill_at) {
        kill(getpid(), SIGKILL);
    }
    return 0;
}

static const char SCHEDULED[] =
    "epochs=9 batch_size=16 seed=2 schedule=cosine early_stopping=macro_f1 patience=20 "
    "validation=0.2";

#endif
