/* Models whose targets are scaled: training sees (y - mean) / deviation, and every door answers in
 * the units of y. References are closed forms, and a training on targets that were scaled by hand.
 */
#include "houses.h"

typedef struct scale {
    double shift, factor;
} scale;

static scale scale_of(houses *h, const sml_model *model, size_t output)
{
    scale s = {0, 0};
    assert_ok(h->ctx, sml_model_target_scale(h->ctx, model, output, &s.shift, &s.factor));
    return s;
}

/* Mean and 1 / standard deviation of n numbers, `stride` apart. */
static scale scale_of_numbers(const float *y, size_t n, size_t stride)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        mean += (double)y[i * stride] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        squares += ((double)y[i * stride] - mean) * ((double)y[i * stride] - mean);
    }
    return (scale){mean, 1 / sqrt(squares / (double)n)};
}

static void assert_scale(scale found, scale expected)
{
    assert_near(found.shift, expected.shift, 1e-12, 0, "shift", 0);
    assert_near(found.factor, expected.factor, 1e-12, 0, "factor", 0);
}

static void assert_not_scaled(const sml_model *model)
{
    double shift, factor;
    assert_int_equal(sml_model_target_scale(NULL, model, 0, &shift, &factor), SML_NOT_FOUND);
}

static void scales_are_mean_and_deviation(void **state)
{
    houses *h = *state;
    sml_model *model = fit(h, SETTINGS, h->table);
    double shift, factor;
    assert_scale(scale_of(h, model, 0), scale_of_numbers(h->prices, HOUSES, 1));
    assert_int_equal(sml_model_target_scale(h->ctx, model, 1, &shift, &factor), SML_NOT_FOUND);
    assert_error(h->ctx, "output 1");
    sml_model_free(model);
}

/* Tables alone by default: bare numbers keep the bits that they had. */
static void only_tables_are_scaled_by_default(void **state)
{
    houses *h = *state;
    char asked[128], none[128];
    snprintf(asked, sizeof asked, "%s target_scaling=standard", SETTINGS);
    snprintf(none, sizeof none, "%s target_scaling=none", SETTINGS);
    sml_dataset *numbers = numbers_of(h, h->prices, 1);
    sml_model *plain = fit(h, SETTINGS, numbers), *off = fit(h, none, numbers);
    sml_model *on = fit(h, asked, numbers), *table = fit(h, none, h->table);
    assert_not_scaled(plain);
    assert_not_scaled(table);
    assert_same_parameters(h, plain, off);
    assert_scale(scale_of(h, on, 0), scale_of_numbers(h->prices, HOUSES, 1));
    sml_model_free(plain);
    sml_model_free(off);
    sml_model_free(on);
    sml_model_free(table);
    sml_dataset_free(numbers);
}

static void classes_are_not_scaled(void **state)
{
    houses *h = *state;
    int32_t labels[HOUSES];
    sml_dataset *data = NULL;
    sml_model *model = NULL;
    for (size_t r = 0; r < HOUSES; r++) {
        labels[r] = (int32_t)(r % 2);
    }
    const sml_data_view view = {.name = "classes",
                                .rows = HOUSES,
                                .columns = RAW,
                                .features = h->cells,
                                .outputs = 2,
                                .labels = labels};
    assert_ok(h->ctx, sml_dataset_from_memory(h->ctx, &view, &data));
    assert_ok(h->ctx, sml_model_create(h->ctx, "mlp", "target_scaling=standard", &model));
    assert_int_equal(sml_model_fit(h->ctx, model, data), SML_BAD_ARGUMENT);
    assert_error(h->ctx, "target_scaling=standard: classes is for classification");
    assert_ok(h->ctx, sml_model_set(h->ctx, model, "target_scaling", "auto"));
    assert_ok(h->ctx, sml_model_fit(h->ctx, model, data));
    assert_not_scaled(model);
    sml_model_free(model);
    sml_dataset_free(data);
}

/* A model beside one that was trained on targets scaled by hand. */
typedef struct pair {
    sml_model *model, *by_hand;
    sml_dataset *scaled; /* the table with those targets */
    scale scale;
    float targets[HOUSES];
} pair;

static void new_pair(houses *h, const char *settings, pair *p)
{
    char none[192];
    snprintf(none, sizeof none, "%s target_scaling=none", settings);
    p->model = fit(h, settings, h->table);
    p->scale = scale_of(h, p->model, 0);
    for (size_t r = 0; r < HOUSES; r++) {
        p->targets[r] = (float)(((double)h->prices[r] - p->scale.shift) * p->scale.factor);
    }
    p->scaled = table_of(h->ctx, h->cells, p->targets, HOUSES);
    p->by_hand = fit(h, none, p->scaled);
}

static void free_pair(pair *p)
{
    sml_model_free(p->model);
    sml_model_free(p->by_hand);
    sml_dataset_free(p->scaled);
}

static float restored(scale s, float z)
{
    return (float)((double)z / s.factor + s.shift);
}

/* predict, predictor, evaluate, check and trace do what they do for a model on targets that were
 * scaled by hand, whose parameters have the same bits. */
static void every_door_answers_in_the_units_of_the_target(void **state)
{
    houses *h = *state;
    pair p;
    float found[HOUSES], z[HOUSES];
    sml_scores scores, wanted;
    sml_gradient_check check = {0}, wanted_check = {0};
    sml_predictor *predictor = NULL;
    new_pair(h, SETTINGS, &p);
    assert_same_parameters(h, p.model, p.by_hand);

    assert_ok(h->ctx, sml_model_predict(h->ctx, p.model, h->table, found, HOUSES));
    assert_ok(h->ctx, sml_model_predict(h->ctx, p.by_hand, p.scaled, z, HOUSES));
    assert_ok(h->ctx, sml_predictor_create(h->ctx, p.model, &predictor));
    for (size_t r = 0; r < HOUSES; r++) {
        float one = 0;
        sml_predictor_run(predictor, h->cells + r * RAW, &one);
        assert_true(found[r] == restored(p.scale, z[r]));
        assert_true(found[r] == one);
    }
    sml_predictor_free(predictor);

    assert_ok(h->ctx, sml_model_evaluate(h->ctx, p.model, h->table, &scores));
    assert_ok(h->ctx, sml_model_evaluate(h->ctx, p.by_hand, p.scaled, &wanted));
    assert_true(scores.loss == wanted.loss && scores.loss < 10);

    assert_ok(h->ctx, sml_network_check(h->ctx, p.model, h->table, NULL, NULL, &check));
    assert_ok(h->ctx, sml_network_check(h->ctx, p.by_hand, p.scaled, NULL, NULL, &wanted_check));
    assert_true(check.max_relative_error < 1e-6);
    assert_true(check.max_relative_error == wanted_check.max_relative_error);
    free_pair(&p);
}

/* A trace has the targets that the loss sees, and predictions as predict gives them. */
static void a_trace_has_both_units(void **state)
{
    houses *h = *state;
    pair p;
    float found[HOUSES];
    uint32_t rows[HOUSES];
    size_t n = 0;
    sml_trace *trace = NULL;
    new_pair(h, SETTINGS, &p);
    for (size_t r = 0; r < HOUSES; r++) {
        rows[r] = (uint32_t)r;
    }
    const sml_trace_options options = {.samples = rows, .n = HOUSES};
    assert_ok(h->ctx, sml_model_predict(h->ctx, p.model, h->table, found, HOUSES));
    assert_ok(h->ctx, sml_trace_create(h->ctx, p.model, h->table, &options, &trace));
    for (size_t r = 0; r < HOUSES; r++) {
        const float *target = sml_trace_vector(trace, SML_TARGET, 0, r, &n);
        const float *prediction = sml_trace_vector(trace, SML_PREDICTION, 0, r, &n);
        assert_true(target[0] == p.targets[r]);
        assert_true(prediction[0] == found[r]);
    }
    sml_trace_free(trace);
    free_pair(&p);
}

/* Rows without a target, and one of them: what a model is there for. */
static void predicts_rows_without_targets(void **state)
{
    houses *h = *state;
    float all[HOUSES], found[HOUSES], one = 0;
    sml_model *model = fit(h, SETTINGS, h->table);
    sml_dataset *data = table_of(h->ctx, h->cells, NULL, HOUSES), *row = NULL;
    assert_ok(h->ctx, sml_model_predict(h->ctx, model, h->table, all, HOUSES));
    assert_ok(h->ctx, sml_model_predict(h->ctx, model, data, found, HOUSES));
    assert_memory_equal(found, all, sizeof found);
    assert_ok(h->ctx, sml_dataset_rows(h->ctx, data, 5, 1, &row));
    assert_ok(h->ctx, sml_model_predict(h->ctx, model, row, &one, 1));
    assert_true(one == all[5]);
    sml_dataset_free(row);
    sml_dataset_free(data);
    sml_model_free(model);
}

/* Solves the normal equations of [cells, 1] in double, by elimination without pivots: AᵀA is
 * positive definite. */
static void least_squares(const float *cells, const float *y, double w[RAW + 1])
{
    double a[RAW + 1][RAW + 2] = {{0}};
    for (size_t r = 0; r < HOUSES; r++) {
        double x[RAW + 2] = {[RAW] = 1, [RAW + 1] = (double)y[r]};
        for (size_t c = 0; c < RAW; c++) {
            x[c] = (double)cells[r * RAW + c];
        }
        for (size_t i = 0; i <= RAW; i++) {
            for (size_t j = 0; j <= RAW + 1; j++) {
                a[i][j] += x[i] * x[j];
            }
        }
    }
    for (size_t k = 0; k <= RAW; k++) {
        for (size_t i = 0; i <= RAW; i++) {
            const double factor = i == k ? 0 : a[i][k] / a[k][k];
            for (size_t j = k; j <= RAW + 1; j++) {
                a[i][j] -= factor * a[k][j];
            }
        }
    }
    for (size_t k = 0; k <= RAW; k++) {
        w[k] = a[k][RAW + 1] / a[k][k];
    }
}

/* Least squares does not depend on the units of the target: a linear model comes to the closed
 * form, which prices as they are stay far away from in so many steps. */
static void a_linear_model_comes_to_least_squares(void **state)
{
    houses *h = *state;
    static const char *const settings[] = {
        "hidden= optimizer=adam learning_rate=0.02 batch_size=40 epochs=1500",
        "hidden= optimizer=adam learning_rate=0.02 batch_size=40 epochs=1500 target_scaling=none"};
    double w[RAW + 1], worst[2] = {0, 0};
    const scale deviation = scale_of_numbers(h->prices, HOUSES, 1);
    least_squares(h->cells, h->prices, w);
    for (size_t i = 0; i < 2; i++) {
        float found[HOUSES];
        sml_model *model = fit(h, settings[i], h->table);
        assert_ok(h->ctx, sml_model_predict(h->ctx, model, h->table, found, HOUSES));
        for (size_t r = 0; r < HOUSES; r++) {
            double y = w[RAW];
            for (size_t c = 0; c < RAW; c++) {
                y += w[c] * (double)h->cells[r * RAW + c];
            }
            worst[i] = fmax(worst[i], fabs((double)found[r] - y) * deviation.factor);
        }
        sml_model_free(model);
    }
    assert_true(worst[0] < 1e-4);
    assert_true(worst[1] > 1);
}

/* Each target by its own: a large one does not drown a small one. A constant keeps its unit. */
static void every_target_has_a_scale_of_its_own(void **state)
{
    houses *h = *state;
    float targets[HOUSES * 3], found[HOUSES * 3];
    for (size_t r = 0; r < HOUSES; r++) {
        targets[r * 3] = h->prices[r];
        targets[r * 3 + 1] = 0.001F * h->cells[r * RAW + 2];
        targets[r * 3 + 2] = -7.5F;
    }
    sml_dataset *data = numbers_of(h, targets, 3);
    sml_model *model = fit(
        h, "hidden=16 epochs=600 batch_size=8 learning_rate=0.01 target_scaling=standard", data);
    for (size_t k = 0; k < 2; k++) {
        assert_scale(scale_of(h, model, k), scale_of_numbers(targets + k, HOUSES, 3));
    }
    assert_true(scale_of(h, model, 2).shift == -7.5 && scale_of(h, model, 2).factor == 1);
    assert_ok(h->ctx, sml_model_predict(h->ctx, model, data, found, HOUSES * 3));
    for (size_t k = 0; k < 3; k++) {
        double squares = 0;
        for (size_t r = 0; r < HOUSES; r++) {
            const double gap = (double)(found[r * 3 + k] - targets[r * 3 + k]);
            squares += gap * gap / HOUSES;
        }
        assert_true(sqrt(squares) * scale_of(h, model, k).factor < 0.2);
    }
    sml_model_free(model);
    sml_dataset_free(data);
}

/* Compressed rows stay so: the bits of the same rows held in full, scaled as these. */
static void compressed_rows_have_scaled_targets(void **state)
{
    static const size_t starts[] = {0, 2, 2, 3, 5};
    static const uint32_t at[] = {0, 2, 1, 0, 1};
    static const float values[] = {1, 5, -2, 3, 4};
    static const float full[] = {1, 0, 5, 0, 0, 0, 0, -2, 0, 3, 4, 0};
    houses *h = *state;
    const sml_data_view sparse = {.rows = 4,
                                  .columns = RAW,
                                  .row_starts = starts,
                                  .column_indices = at,
                                  .values = values,
                                  .task = SML_TASK_REGRESSION,
                                  .outputs = 1,
                                  .targets = h->prices};
    const sml_data_view dense = {.rows = 4,
                                 .columns = RAW,
                                 .features = full,
                                 .task = SML_TASK_REGRESSION,
                                 .outputs = 1,
                                 .targets = h->prices};
    const sml_data_view *views[] = {&sparse, &dense};
    float found[2][4];
    for (size_t i = 0; i < 2; i++) {
        sml_dataset *data = NULL;
        assert_ok(h->ctx, sml_dataset_from_memory(h->ctx, views[i], &data));
        sml_model *model = fit(h, "epochs=3 target_scaling=standard", data);
        assert_ok(h->ctx, sml_model_predict(h->ctx, model, data, found[i], 4));
        assert_scale(scale_of(h, model, 0), scale_of_numbers(h->prices, 4, 1));
        sml_model_free(model);
        sml_dataset_free(data);
    }
    assert_memory_equal(found[0], found[1], sizeof found[0]);
    assert_true(fabs((double)found[0][1] - 240000) < 1e5);
}

/* A row counts once, whatever it weighs, as in the scales of columns. */
static void weights_do_not_move_the_scale(void **state)
{
    houses *h = *state;
    float weights[HOUSES];
    for (size_t r = 0; r < HOUSES; r++) {
        weights[r] = (float)(r % 3);
    }
    sml_dataset *data = NULL;
    const sml_data_view view = {.name = "weighed",
                                .rows = HOUSES,
                                .columns = RAW,
                                .features = h->cells,
                                .task = SML_TASK_REGRESSION,
                                .outputs = 1,
                                .targets = h->prices,
                                .weights = weights};
    assert_ok(h->ctx, sml_dataset_from_memory(h->ctx, &view, &data));
    sml_model *model = fit(h, "epochs=1 target_scaling=standard", data);
    assert_scale(scale_of(h, model, 0), scale_of_numbers(h->prices, HOUSES, 1));
    sml_model_free(model);
    sml_dataset_free(data);
}

/* Validation rows do not count in the scale; the metric of early stopping is in the units of the
 * target, and of the model that predict shows. */
static void validation_is_scored_in_the_units_of_the_target(void **state)
{
    enum { TRAIN = 28 };
    static const char *const names[] = {"mse", "mae", "r2"};
    houses *h = *state;
    sml_dataset *train = NULL, *rest = NULL;
    assert_ok(h->ctx, sml_dataset_rows(h->ctx, h->table, 0, TRAIN, &train));
    assert_ok(h->ctx, sml_dataset_rows(h->ctx, h->table, TRAIN, HOUSES - TRAIN, &rest));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char settings[160];
        float found[HOUSES];
        double value = 0;
        sml_scores scores;
        sml_fit_report report;
        sml_model *model = NULL;
        snprintf(settings, sizeof settings, "%s early_stopping=%s", SETTINGS, names[i]);
        const sml_fit_options options = {.validation = rest};
        assert_ok(h->ctx, sml_model_create(h->ctx, "mlp", settings, &model));
        assert_ok(h->ctx, sml_model_fit_with(h->ctx, model, train, &options, &report));
        assert_scale(scale_of(h, model, 0), scale_of_numbers(h->prices, TRAIN, 1));
        assert_ok(h->ctx, sml_model_predict(h->ctx, model, rest, found, HOUSES - TRAIN));
        const sml_predictions p = {.task = SML_TASK_REGRESSION,
                                   .n = HOUSES - TRAIN,
                                   .outputs = 1,
                                   .predicted = found,
                                   .targets = h->prices + TRAIN};
        assert_int_equal(sml_metric_named(names[i], SML_TASK_REGRESSION, &p, &value, NULL), 1);
        assert_true(report.best_epoch > 0 && report.best_score == value);
        size_t n = 0;
        const sml_epoch_record *best = &sml_model_history(model, &n)[report.best_epoch - 1];
        assert_ok(h->ctx, sml_model_evaluate(h->ctx, model, rest, &scores));
        assert_true(best->validation_loss == scores.loss);
        sml_model_free(model);
    }
    sml_dataset_free(train);
    sml_dataset_free(rest);
}

/* Every fold has the scale of its own training rows, and is scored in the units of the target. */
static void folds_are_scored_in_the_units_of_the_target(void **state)
{
    enum { FOLDS = 4 };
    houses *h = *state;
    const sml_study study = {.metric = "mse"};
    sml_study_row rows[FOLDS];
    sml_model *like = NULL;
    assert_ok(h->ctx, sml_model_create(h->ctx, "mlp", SETTINGS, &like));
    assert_ok(h->ctx, sml_cross_validate(h->ctx, like, h->table, FOLDS, 5, &study, rows));
    for (size_t i = 0; i < FOLDS; i++) {
        float found[HOUSES], target = 0;
        double squares = 0;
        sml_dataset *parts[2] = {NULL, NULL};
        sml_dataset_facts facts;
        assert_ok(h->ctx, sml_dataset_fold(h->ctx, h->table, 5, i, FOLDS, parts));
        sml_dataset_describe(parts[1], &facts);
        sml_model *model = fit(h, SETTINGS, parts[0]);
        assert_ok(h->ctx, sml_model_predict(h->ctx, model, parts[1], found, facts.rows));
        for (size_t r = 0; r < facts.rows; r++) {
            sml_dataset_targets(parts[1], r, &target);
            const double gap = (double)found[r] - (double)target;
            squares += gap * gap / (double)facts.rows;
        }
        assert_near(rows[i].metric, squares, 1e-9, 0, "mse", i);
        sml_model_free(model);
        sml_dataset_free(parts[0]);
        sml_dataset_free(parts[1]);
    }
    sml_model_free(like);
}

static void a_warm_start_keeps_the_scale(void **state)
{
    houses *h = *state;
    sml_dataset *half = NULL;
    sml_model *model = fit(h, SETTINGS, h->table);
    const scale before = scale_of(h, model, 0);
    assert_ok(h->ctx, sml_dataset_rows(h->ctx, h->table, 3, 19, &half));
    const sml_fit_options options = {.warm_start = 1};
    assert_ok(h->ctx, sml_model_set(h->ctx, model, "target_scaling", "none"));
    assert_ok(h->ctx, sml_model_fit_with(h->ctx, model, half, &options, NULL));
    assert_true(scale_of(h, model, 0).shift == before.shift);
    assert_true(scale_of(h, model, 0).factor == before.factor);
    assert_ok(h->ctx, sml_model_fit(h->ctx, model, half));
    assert_not_scaled(model);
    sml_dataset_free(half);
    sml_model_free(model);
}

static void a_refused_fit_keeps_the_scale(void **state)
{
    houses *h = *state;
    float before[HOUSES], after[HOUSES];
    sml_dataset *half = NULL;
    sml_model *model = fit(h, SETTINGS, h->table);
    assert_ok(h->ctx, sml_dataset_rows(h->ctx, h->table, 3, 19, &half));
    assert_ok(h->ctx, sml_model_predict(h->ctx, model, h->table, before, HOUSES));
    assert_ok(h->ctx, sml_model_set(h->ctx, model, "early_stopping", "mse"));
    assert_int_equal(sml_model_fit(h->ctx, model, half), SML_BAD_ARGUMENT);
    assert_ok(h->ctx, sml_model_predict(h->ctx, model, h->table, after, HOUSES));
    assert_memory_equal(before, after, sizeof before);
    sml_dataset_free(half);
    sml_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales_are_mean_and_deviation),
        cmocka_unit_test(only_tables_are_scaled_by_default),
        cmocka_unit_test(classes_are_not_scaled),
        cmocka_unit_test(every_door_answers_in_the_units_of_the_target),
        cmocka_unit_test(a_trace_has_both_units),
        cmocka_unit_test(predicts_rows_without_targets),
        cmocka_unit_test(a_linear_model_comes_to_least_squares),
        cmocka_unit_test(every_target_has_a_scale_of_its_own),
        cmocka_unit_test(compressed_rows_have_scaled_targets),
        cmocka_unit_test(weights_do_not_move_the_scale),
        cmocka_unit_test(validation_is_scored_in_the_units_of_the_target),
        cmocka_unit_test(folds_are_scored_in_the_units_of_the_target),
        cmocka_unit_test(a_warm_start_keeps_the_scale),
        cmocka_unit_test(a_refused_fit_keeps_the_scale),
    };
    return cmocka_run_group_tests(tests, new_state, free_state_of);
}
