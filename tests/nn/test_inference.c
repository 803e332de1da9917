/* Predictions and scores of a whole data set: the same bits as row by row, for every kind of
 * features, around the size of a block, and for every team. */
#include "support.h"

enum { ROWS = 130, COLUMNS = 90, GAP = 6, STRIDE = COLUMNS + GAP, CLASSES = 5 };

/* Features as bytes or float32; mostly zero, or not, or by blocks. */
typedef enum kind { SPARSE, DENSE, BY_BLOCKS, KINDS } kind;

typedef struct features {
    uint8_t bytes[ROWS * STRIDE];
    float floats[ROWS * STRIDE], targets[ROWS * CLASSES];
} features;

static features *new_features(kind how)
{
    features *made = calloc(1, sizeof *made);
    sml__random random;
    sml__random_init(&random, 17, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < ROWS * STRIDE; i++) {
        const int is_dense = how == DENSE || (how == BY_BLOCKS && i / STRIDE / 64 == 1);
        if (is_dense || i % STRIDE >= COLUMNS || sml__random_below(&random, 6) == 0) {
            made->bytes[i] = (uint8_t)(1 + sml__random_below(&random, 255));
            made->floats[i] = (float)sml__random_normal(&random);
        }
    }
    for (size_t i = 0; i < ROWS * CLASSES; i++) {
        made->targets[i] = (float)sml__random_below(&random, 2);
    }
    return made;
}

/* The first rows of it, for several labels. */
static sml_dataset *wrap(sml_ctx *ctx, const features *made, int narrow, size_t rows)
{
    const sml_data_view view = {.rows = rows,
                                .columns = COLUMNS,
                                .row_stride = STRIDE,
                                .bytes = narrow ? made->bytes : NULL,
                                .features = narrow ? NULL : made->floats,
                                .task = SML_TASK_MULTILABEL,
                                .outputs = CLASSES,
                                .targets = made->targets};
    sml_dataset *data = NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    return data;
}

/* What the model says of each row alone. */
typedef struct alone {
    float outputs[ROWS * CLASSES];
    double losses[ROWS], accuracies[ROWS];
} alone;

static void ask_row_by_row(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                           alone *said)
{
    for (size_t r = 0; r < ROWS; r++) {
        sml_dataset *row = NULL;
        sml_scores scores;
        assert_ok(ctx, sml_dataset_rows(ctx, data, r, 1, &row));
        assert_ok(ctx, sml_model_predict(ctx, model, row, said->outputs + r * CLASSES, CLASSES));
        assert_ok(ctx, sml_model_evaluate(ctx, model, row, &scores));
        said->losses[r] = scores.loss;
        said->accuracies[r] = scores.accuracy;
        sml_dataset_free(row);
    }
}

static void assert_scores(const sml_scores *scores, const alone *said, size_t rows)
{
    double loss = 0, hits = 0;
    for (size_t r = 0; r < rows; r++) {
        loss += said->losses[r];
        hits += said->accuracies[r];
    }
    assert_int_equal(scores->samples, rows);
    assert_true(scores->accuracy == hits / (double)rows);
    assert_near(scores->loss, loss / (double)rows, 1e-13, 0, "loss", rows);
}

static void check_rows(const sml_model *model, const sml_dataset *data, const alone *said,
                       size_t rows)
{
    sml_scores first = {0};
    for (int threads = 1; threads <= 3; threads++) {
        sml_ctx *ctx = new_context(threads);
        sml_dataset *some = NULL;
        sml_scores scores;
        float *outputs = malloc(rows * CLASSES * sizeof(float));
        memset(outputs, 0x7F, rows * CLASSES * sizeof(float));
        assert_ok(ctx, sml_dataset_rows(ctx, data, 0, rows, &some));
        assert_ok(ctx, sml_model_predict(ctx, model, some, outputs, rows * CLASSES));
        assert_memory_equal(outputs, said->outputs, rows * CLASSES * sizeof(float));
        assert_ok(ctx, sml_model_evaluate(ctx, model, some, &scores));
        assert_scores(&scores, said, rows);
        first = threads == 1 ? scores : first;
        assert_memory_equal(&scores, &first, sizeof scores);
        free(outputs);
        sml_dataset_free(some);
        sml_ctx_free(ctx);
    }
}

static void check_layers(const sml_layer *layers, size_t n)
{
    static const size_t rows[] = {1, 2, 63, 64, 65, ROWS};
    alone *said = malloc(sizeof *said);
    sml_ctx *ctx = new_context(3);
    for (size_t k = 0; k < 2 * (size_t)KINDS; k++) {
        features *made = new_features((kind)(k / 2));
        sml_dataset *data = wrap(ctx, made, k % 2 == 0, ROWS);
        sml_model *model = NULL;
        assert_ok(ctx, sml_network_create(ctx, layers, n, "epochs=1 batch_size=50", &model));
        assert_ok(ctx, sml_model_fit(ctx, model, data));
        ask_row_by_row(ctx, model, data, said);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            check_rows(model, data, said, rows[i]);
        }
        sml_model_free(model);
        sml_dataset_free(data);
        free(made);
    }
    sml_ctx_free(ctx);
    free(said);
}

/* Two blocks of this network are worth a team: what test_all_rows relies on. */
static void assert_team(const sml_layer *layers, size_t n)
{
    sml_ctx *ctx = new_context(3);
    sml__network *network = NULL;
    assert_ok(ctx,
              sml__network_create(ctx, layers, n, COLUMNS, sml__loss_named("binary_cross_entropy"),
                                  SIZE_MAX, &network));
    assert_int_equal(sml__team_size(ctx, 65 * sml__network_flops(network, 1) / 3), 3);
    sml__network_free(network);
    sml_ctx_free(ctx);
}

static void all_rows_have_the_bits_of_one(void **state)
{
    const sml_layer plain[] = {sml_dense(300), sml_relu(), sml_dense(100), sml_sigmoid(),
                               sml_dense(CLASSES)};
    const sml_layer dropout_first[] = {sml_dropout(0.2),  sml_dense(256), sml_softplus(),
                                       sml_dense(128),    sml_gelu(),     sml_dropout(0.3),
                                       sml_dense(CLASSES)};
    const sml_layer activation_first[] = {sml_tanh(), sml_dense(300), sml_silu(), sml_dense(90),
                                          sml_dense(CLASSES)};
    const sml_layer narrow[] = {sml_dense(3), sml_elu(1), sml_dense(1), sml_dense(CLASSES)};
    (void)state;
    assert_team(plain, 5);
    assert_team(dropout_first, 7);
    assert_team(activation_first, 5);
    check_layers(plain, 5);
    check_layers(dropout_first, 7);
    check_layers(activation_first, 5);
    check_layers(narrow, 4);
}

/* The columns of one row that are not zero are listed in 24 bits: rows beyond that take another
 * way. Σ_i w_i x_i over 2^24 + 100 columns, of which only some at both ends are not zero. */
static void very_wide_rows_lose_no_column(void **state)
{
    enum { WIDE = (1 << 24) + 100, SOME = 120 };
    const sml_layer layers[] = {sml_dense(1)};
    const float target = 0;
    (void)state;
    sml_ctx *ctx = new_context(1);
    uint8_t *bytes = calloc(WIDE, 1);
    for (size_t i = 0; i < SOME; i++) {
        bytes[i] = bytes[WIDE - 1 - i] = 255;
    }
    const sml_data_view view = {.rows = 1,
                                .columns = WIDE,
                                .bytes = bytes,
                                .task = SML_TASK_REGRESSION,
                                .outputs = 1,
                                .targets = &target};
    sml_dataset *data = NULL;
    sml_model *model = NULL;
    size_t n = 0;
    float output = 0;
    double expected = 0;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    assert_ok(ctx, sml_network_create(ctx, layers, 1, "epochs=0", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data));
    float *weights = parameters_of(ctx, model, &n);
    for (size_t i = 0; i < WIDE; i++) {
        expected += bytes[i] != 0 ? (double)weights[i] : 0;
    }
    assert_ok(ctx, sml_model_predict(ctx, model, data, &output, 1));
    assert_near((double)output, expected, 1e-4, 1e-9, "a wide sum", 0);
    free(weights);
    sml_model_free(model);
    sml_dataset_free(data);
    free(bytes);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows_have_the_bits_of_one),
        cmocka_unit_test(very_wide_rows_lose_no_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
