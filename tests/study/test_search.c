/* Search by successive halving: its plan, its rungs, its ranking. */
#include "searching.h"

/* Fields and epochs of the rungs, by the formula at the head of search.c. */
static void rungs_are_as_planned(void **state)
{
    (void)state;
    const struct {
        size_t trials;
        uint64_t eta, min_epochs;
        const char *epochs;
        size_t rungs, field[5];
        uint64_t until[5];
    } cases[] = {
        {27, 0, 0, "epochs=27", 4, {27, 9, 3, 1}, {1, 3, 9, 27}},
        {27, 3, 0, "epochs=10", 4, {27, 9, 3, 1}, {1, 3, 9, 10}},
        {27, 3, 0, "epochs=81", 4, {27, 9, 3, 1}, {3, 9, 27, 81}},
        {27, 3, 9, "epochs=27", 2, {27, 9}, {9, 27}},
        {10, 3, 0, "epochs=9", 3, {10, 3, 1}, {1, 3, 9}},
        {8, 2, 0, "epochs=8", 4, {8, 4, 2, 1}, {1, 2, 4, 8}},
        {8, 1, 0, "epochs=8", 1, {8}, {8}},
        {1, 3, 0, "epochs=8", 1, {1}, {8}},
        {27, 3, 0, "epochs=1", 1, {27}, {1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sml_search_plan plan = PLAN;
        counter c = {0};
        size_t trials, rungs, jobs, sum = 0;
        plan.trials = cases[i].trials;
        plan.eta = cases[i].eta;
        plan.min_epochs = cases[i].min_epochs;
        fixture *f = new_fixture(1, &plan, cases[i].epochs);
        const sml_study study = {.row = count_rows, .user = &c};
        assert_ok(f->ctx, run(f, &study, NULL));
        sml_search_size(f->search, &trials, &rungs, &jobs);
        assert_int_equal(trials, cases[i].trials);
        assert_int_equal(rungs, cases[i].rungs);
        for (size_t rung = 0; rung < rungs; rung++) {
            assert_int_equal(c.field[rung], cases[i].field[rung]);
            assert_int_equal(c.epochs[rung], cases[i].until[rung]);
            sum += c.field[rung];
        }
        assert_int_equal(jobs, sum);
        assert_int_equal(c.seen, sum);
        free_fixture(f);
    }
}

/* The best of a rung go on, and the winner's score is that of a training by hand. */
static void the_ranking_is_earned(void **state)
{
    (void)state;
    fixture *f = usual_fixture(2);
    const sml_study study = {0};
    sml_model *model = NULL;
    sml_scores scores;
    char settings[256];
    assert_ok(f->ctx, run(f, &study, NULL));
    const sml_study_row *best = sml_search_rank(f->search, 0);
    assert_int_equal(best->rung, 2);
    assert_int_equal(best->epochs, 9);
    for (size_t i = 1; i < TRIALS; i++) {
        const sml_study_row *above = sml_search_rank(f->search, i - 1);
        const sml_study_row *row = sml_search_rank(f->search, i);
        assert_int_equal(row->rung, i < 3 ? 1 : 0);
        assert_true(row->rung < above->rung || row->metric <= above->metric);
    }
    snprintf(settings, sizeof settings, "epochs=9 batch_size=16 seed=2 %s", best->settings);
    assert_ok(f->ctx, sml_model_create(f->ctx, "mlp", settings, &model));
    assert_ok(f->ctx, sml_model_fit(f->ctx, model, f->parts[0]));
    assert_ok(f->ctx, sml_model_evaluate(f->ctx, model, f->parts[1], &scores));
    assert_near(best->metric, scores.accuracy, 0, 0, "accuracy", 0);
    assert_near(best->loss, scores.loss, 0, 0, "loss", 0);
    sml_model_free(model);
    free_fixture(f);
}

/* Takes the row of each trial's first rung. */
static int take_first_rung(void *user, const sml_study_row *row)
{
    sml_study_row *rows = user;
    if (row->rung == 0) {
        rows[row->trial] = *row;
    }
    return 0;
}

static void check_prefix(fixture *f, const sml_study_row *row)
{
    sml_model *model = NULL;
    sml_scores scores;
    const sml_fit_options options = {.until_epoch = row->epochs};
    char settings[512];
    snprintf(settings, sizeof settings, "%s %s", SCHEDULED, row->settings);
    assert_ok(f->ctx, sml_model_create(f->ctx, "mlp", settings, &model));
    assert_ok(f->ctx, sml_model_fit_with(f->ctx, model, f->parts[0], &options, NULL));
    assert_ok(f->ctx, sml_model_evaluate(f->ctx, model, f->parts[1], &scores));
    assert_near(row->loss, scores.loss, 0, 0, "loss", row->trial);
    assert_near(row->accuracy, scores.accuracy, 0, 0, "accuracy", row->trial);
    sml_model_free(model);
}

/* Every rung is the beginning of a run of all nine epochs, to the bit. */
static void a_rung_is_a_prefix_of_the_whole_run(void **state)
{
    (void)state;
    fixture *f = new_fixture(2, &PLAN, SCHEDULED);
    sml_study_row first[TRIALS];
    const sml_study study = {.row = take_first_rung, .user = first};
    assert_ok(f->ctx, run(f, &study, NULL));
    for (size_t i = 0; i < TRIALS; i++) {
        check_prefix(f, &first[i]);
        check_prefix(f, sml_search_rank(f->search, i));
    }
    free_fixture(f);
}

/* 90 rows are 6 batches. 9 trials until epoch 1, 3 until 3 and 1 until 9 are 9 + 6 + 6 epochs;
 * trained anew they would be 27. */
static void no_epoch_is_trained_twice(void **state)
{
    enum { EPOCHS = 9 * 1 + 3 * 2 + 1 * 6, BATCHES = 6 };
    (void)state;
    fixture *f = usual_fixture(1);
    batches b = {.kill_at = 0};
    const sml_study study = {.cancelled = count_batches, .user = &b};
    assert_ok(f->ctx, run(f, &study, NULL));
    /* The runner asks once before each training, and once at the end of a rung. */
    assert_in_range(b.asked, EPOCHS * BATCHES, EPOCHS * BATCHES + 2 * JOBS);
    free_fixture(f);
}

static void threads_change_nothing(void **state)
{
    (void)state;
    const sml_study study = {.metric = "loss"};
    fixture *alone = usual_fixture(1);
    assert_ok(alone->ctx, run(alone, &study, NULL));
    for (int threads = 2; threads <= 4; threads++) {
        fixture *team = usual_fixture(threads);
        assert_ok(team->ctx, run(team, &study, NULL));
        assert_same_ranking(team->search, alone->search);
        free_fixture(team);
    }
    free_fixture(alone);
}

/* Trials that diverge rank last, ties by number. */
static void what_diverges_ranks_last(void **state)
{
    (void)state;
    const char *const space[] = {"learning_rate=1e30|0.1|2e30|0.01"};
    const sml_search_plan plan = {.space = space, .n_space = 1, .grid = 1, .eta = 1};
    const size_t last[] = {0, 2};
    fixture *f = new_fixture(2, &plan, "epochs=3 optimizer=sgd batch_size=8");
    const sml_study study = {0};
    assert_ok(f->ctx, run(f, &study, NULL));
    for (size_t i = 0; i < 4; i++) {
        const sml_study_row *row = sml_search_rank(f->search, i);
        assert_int_equal(row->status, i < 2 ? SML_OK : SML_DIVERGED);
        assert_true(i < 2 || row->trial == last[i - 2]);
    }
    free_fixture(f);
}

static void plans_are_checked(void **state)
{
    (void)state;
    fixture *f = usual_fixture(1);
    sml_search *search = NULL;
    const sml_search_plan plans[] = {
        {.space = SPACE, .n_space = 2, .trials = 0},
        {.space = SPACE, .n_space = 2, .trials = 100000},
        {.space = SPACE, .n_space = 0, .trials = 3},
        {.space = SPACE, .n_space = 2, .grid = 1},
        {.space = SPACE + 1, .n_space = 1, .grid = 1, .trials = 2},
        {.space = SPACE, .n_space = 2, .trials = 3, .min_epochs = 10},
    };
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        assert_int_equal(sml_search_create(f->ctx, f->like, &plans[i], &search), SML_BAD_ARGUMENT);
        assert_null(search);
    }
    free_fixture(f);
}

/* No combination is trained twice where the space has an end that the trials reach. */
static void a_small_space_is_a_grid(void **state)
{
    (void)state;
    static const char *const spaces[][2] = {
        {"hidden=4", NULL},      {"hidden=2|4|8", NULL}, {"hidden=2|4", "dropout=0..0.5/3"},
        {"warmup=0..26", NULL},  /* 27 whole numbers */
        {"warmup=0..27", NULL},  /* 28: drawn */
        {"dropout=0..0.5", NULL} /* no end */
    };
    const size_t wanted[] = {1, 3, 6, 27, 27, 27};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const sml_search_plan plan = {
            .space = spaces[i], .n_space = spaces[i][1] != NULL ? 2 : 1, .trials = 27};
        size_t trials, rungs, jobs;
        fixture *f = new_fixture(1, &plan, "epochs=1");
        assert_ok(f->ctx, run(f, &(sml_study){0}, NULL));
        sml_search_size(f->search, &trials, &rungs, &jobs);
        assert_int_equal(trials, wanted[i]);
        for (size_t a = 0; i < 4 && a < trials; a++) {
            for (size_t b = 0; b < a; b++) {
                assert_string_not_equal(sml_search_rank(f->search, a)->settings,
                                        sml_search_rank(f->search, b)->settings);
            }
        }
        free_fixture(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rungs_are_as_planned),
        cmocka_unit_test(the_ranking_is_earned),
        cmocka_unit_test(a_rung_is_a_prefix_of_the_whole_run),
        cmocka_unit_test(no_epoch_is_trained_twice),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(what_diverges_ranks_last),
        cmocka_unit_test(plans_are_checked),
        cmocka_unit_test(a_small_space_is_a_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
