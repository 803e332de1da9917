/* Models behind a pipeline: every door takes raw rows, the file brings the pipeline back, and what
 * is wrong in a file or in data is refused. */
#include "files.h"

#include "data/prepare/pipeline.h"

enum { PEOPLE = 24, RAW = 3, WIDE = 5, OUT = 2 };

static const char *const COLOURS[] = {"red", "green", "blue"};
static sml__column columns[] = {
    {.name = "age"},
    {.name = "colour", .kind = SML__CATEGORICAL, .n_categories = 3, .categories = COLOURS},
    {.name = "height"},
};
static const sml_schema SCHEMA = {
    .n = RAW, .columns = columns, .has_names = 1, .target = "species", .weight = NULL};

static const char SETTINGS[] = "hidden=7 epochs=3 batch_size=5 seed=3";

typedef struct table {
    sml_ctx *ctx;
    float cells[PEOPLE * RAW];     /* raw */
    float prepared[PEOPLE * WIDE]; /* the same, by the formulas, in double */
    int32_t labels[PEOPLE];
    sml_dataset *raw, *plain;
    char path[128];
} table;

static sml_dataset *table_of(sml_ctx *ctx, const sml_schema *schema, const float *cells,
                             size_t rows, const int32_t *labels)
{
    sml_schema *copy = NULL;
    sml_dataset *data = NULL;
    float *own = sml__alloc(ctx, rows * schema->n, sizeof *own, "cells");
    memcpy(own, cells, rows * schema->n * sizeof *own);
    assert_ok(ctx, sml__schema_copy(ctx, schema, &copy));
    const sml_data_view view = {.name = "people",
                                .rows = rows,
                                .columns = schema->n,
                                .features = own,
                                .outputs = labels != NULL ? OUT : 0,
                                .labels = labels};
    assert_ok(ctx, sml__dataset_adopt_table(ctx, &view, copy, (void *const[]){own}, 1, &data));
    return data;
}

/* (x - mean) / sd of a raw column, into column `to`. A missing cell is the mean: it becomes 0, and
 * counts among the rows of the sd. */
static void standardise(table *t, size_t from, size_t to)
{
    double n = 0, mean = 0, squares = 0;
    for (size_t r = 0; r < PEOPLE; r++) {
        const double x = (double)t->cells[r * RAW + from];
        n += !isnan(x);
        mean += isnan(x) ? 0 : x;
    }
    mean /= n;
    for (size_t r = 0; r < PEOPLE; r++) {
        const double d = (double)t->cells[r * RAW + from] - mean;
        squares += isnan(d) ? 0 : d * d;
    }
    for (size_t r = 0; r < PEOPLE; r++) {
        const double d = (double)t->cells[r * RAW + from] - mean;
        t->prepared[r * WIDE + to] = isnan(d) ? 0 : (float)(d / sqrt(squares / PEOPLE));
    }
}

static int new_state(void **state)
{
    table *t = calloc(1, sizeof *t);
    const char *parent = getenv("TMPDIR");
    *state = t;
    t->ctx = new_context(2);
    snprintf(t->path, sizeof t->path, "%.80s/scratchml-prepared-%d",
             parent != NULL ? parent : "/tmp", (int)getpid());
    for (size_t r = 0; r < PEOPLE; r++) {
        t->cells[r * RAW] = r % 7 == 3 ? NAN : (float)(20 + r * r % 31);
        t->cells[r * RAW + 1] = (float)(r * 5 % 3);
        t->cells[r * RAW + 2] = 1.5F + (float)(r % 4) / 8;
        t->labels[r] = (int32_t)(r / 3 % 2);
        /* sorted: blue, green, red */
        t->prepared[r * WIDE + 1 + (2 - r * 5 % 3)] = 1;
    }
    standardise(t, 0, 0);
    standardise(t, 2, 4);
    t->raw = table_of(t->ctx, &SCHEMA, t->cells, PEOPLE, t->labels);
    const sml_data_view view = {.name = "plain",
                                .rows = PEOPLE,
                                .columns = WIDE,
                                .features = t->prepared,
                                .outputs = OUT,
                                .labels = t->labels};
    assert_ok(t->ctx, sml_dataset_from_memory(t->ctx, &view, &t->plain));
    return 0;
}

static int free_state_of(void **state)
{
    table *t = *state;
    unlink(t->path);
    sml_dataset_free(t->raw);
    sml_dataset_free(t->plain);
    sml_ctx_free(t->ctx);
    free(t);
    return 0;
}

static sml_model *fit(table *t, const char *settings, const sml_dataset *data)
{
    sml_model *model = NULL;
    assert_ok(t->ctx, sml_model_create(t->ctx, "mlp", settings, &model));
    assert_ok(t->ctx, sml_model_fit(t->ctx, model, data));
    return model;
}

static void assert_all_near(const float *x, const float *y, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++) {
        if (!(fabs((double)(x[i] - y[i])) <= tolerance)) {
            fail_msg("number %zu: %.9g and %.9g", i, (double)x[i], (double)y[i]);
        }
    }
}

/* A model on raw rows does what a model does on rows that were prepared by hand: predict, evaluate,
 * predictor and check. The rows differ by rounding only. */
static void every_door_takes_raw_rows(void **state)
{
    table *t = *state;
    sml_model *model = fit(t, SETTINGS, t->raw), *plain = fit(t, SETTINGS, t->plain);
    float found[PEOPLE * OUT], expected[PEOPLE * OUT], row[OUT];
    sml_scores scores, wanted;
    sml_gradient_check check = {0}, wanted_check = {0};
    sml_predictor *predictor = NULL;
    assert_int_equal(sml_model_inputs(model), WIDE);
    assert_int_equal(sml_model_columns(model), RAW);
    assert_int_equal(sml_model_columns(plain), WIDE);
    assert_null(sml_model_schema(plain));

    assert_ok(t->ctx, sml_model_predict(t->ctx, model, t->raw, found, PEOPLE * OUT));
    assert_ok(t->ctx, sml_model_predict(t->ctx, plain, t->plain, expected, PEOPLE * OUT));
    assert_all_near(found, expected, PEOPLE * OUT, 1e-5);

    assert_ok(t->ctx, sml_model_evaluate(t->ctx, model, t->raw, &scores));
    assert_ok(t->ctx, sml_model_evaluate(t->ctx, plain, t->plain, &wanted));
    assert_true(fabs(scores.loss - wanted.loss) < 1e-5);
    assert_true(scores.accuracy == wanted.accuracy);

    assert_ok(t->ctx, sml_network_check(t->ctx, model, t->raw, NULL, NULL, &check));
    assert_ok(t->ctx, sml_network_check(t->ctx, plain, t->plain, NULL, NULL, &wanted_check));
    assert_true(check.parameters_checked > 0 &&
                check.parameters_checked == wanted_check.parameters_checked);
    assert_true(check.max_relative_error < 1e-6);

    assert_ok(t->ctx, sml_predictor_create(t->ctx, model, &predictor));
    for (size_t r = 0; r < PEOPLE; r++) {
        float raw[RAW];
        memcpy(raw, t->cells + r * RAW, sizeof raw);
        assert_ok(t->ctx, sml_model_category(t->ctx, model, 1, COLOURS[r * 5 % 3], &raw[1]));
        sml_predictor_run(predictor, raw, row);
        assert_memory_equal(row, found + r * OUT, sizeof row);
    }
    sml_predictor_free(predictor);
    sml_model_free(model);
    sml_model_free(plain);
}

static void a_model_knows_its_columns(void **state)
{
    table *t = *state;
    float cell = -1;
    sml_model *model = fit(t, SETTINGS, t->raw);
    const sml_schema *schema = sml_model_schema(model);
    assert_int_equal(schema->n, RAW);
    assert_string_equal(schema->target, "species");
    assert_string_equal(sml_model_column_name(model, 2), "height");
    assert_string_equal(sml_model_column_name(model, 3), "");
    assert_ok(t->ctx, sml_model_category(t->ctx, model, 1, "green", &cell));
    assert_true(cell == 1);
    assert_int_equal(sml_model_category(t->ctx, model, 1, "gren", &cell), SML_UNKNOWN_NAME);
    assert_error(t->ctx, "unknown colour 'gren'; did you mean 'green'?");
    assert_int_equal(sml_model_category(t->ctx, model, 0, "green", &cell), SML_BAD_ARGUMENT);
    assert_int_equal(sml_model_category(t->ctx, model, 9, "green", &cell), SML_BAD_ARGUMENT);
    sml_model_free(model);
}

/* The file brings everything back: the same bits, and the same file when saved again. */
static void check_round_trip(table *t, const char *settings, const sml_dataset *data)
{
    sml_model *model = fit(t, settings, data), *loaded = NULL;
    float found[PEOPLE * OUT], again[PEOPLE * OUT];
    unsigned char *first = NULL, *second = NULL;
    size_t length = 0, length_again = 0;
    assert_ok(t->ctx, sml_model_save(t->ctx, model, t->path));
    assert_ok(t->ctx, sml__file_read(t->ctx, t->path, BYTES_MAX, &first, &length));
    assert_ok(t->ctx, sml_model_load(t->ctx, t->path, &loaded));
    assert_ok(t->ctx, sml_model_predict(t->ctx, model, data, found, PEOPLE * OUT));
    assert_ok(t->ctx, sml_model_predict(t->ctx, loaded, data, again, PEOPLE * OUT));
    assert_memory_equal(found, again, sizeof found);
    assert_ok(t->ctx, sml_model_save(t->ctx, loaded, t->path));
    assert_ok(t->ctx, sml__file_read(t->ctx, t->path, BYTES_MAX, &second, &length_again));
    assert_int_equal(length, length_again);
    assert_memory_equal(first, second, length);
    sml__free(first);
    sml__free(second);
    sml_model_free(model);
    sml_model_free(loaded);
}

static void a_file_brings_the_pipeline_back(void **state)
{
    static const char *const settings[] = {
        "",
        "scaling=min_max",
        "scaling=none encoding=ordinal",
        "encoding=ordinal missing=median unknown=zeros",
        "missing=most_frequent",
        "missing=zero",
    };
    table *t = *state;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        char all[128];
        snprintf(all, sizeof all, "%s %s", SETTINGS, settings[i]);
        check_round_trip(t, all, t->raw);
    }
    check_round_trip(t, "epochs=1 scaling=standard", t->plain);
    check_round_trip(t, "epochs=1 scaling=per_image", t->plain);
    check_round_trip(t, "epochs=1", t->plain);
}

static json_t *metadata_of(const table *t, image file)
{
    const trained as = {.ctx = t->ctx};
    json_t *header = header_of(&as, file);
    json_t *metadata = json_incref(json_object_get(header, "__metadata__"));
    json_decref(header);
    return metadata;
}

static image saved(const table *t, const sml_model *model)
{
    image file = {NULL, 0};
    assert_ok(t->ctx, sml_model_save(t->ctx, model, t->path));
    assert_ok(t->ctx, sml__file_read(t->ctx, t->path, BYTES_MAX, &file.bytes, &file.length));
    return file;
}

/* Older libraries read version 1, and would misread a model with a pipeline. */
static void only_a_pipeline_makes_version_2(void **state)
{
    table *t = *state;
    for (int is_table = 0; is_table < 2; is_table++) {
        sml_model *model = fit(t, SETTINGS, is_table ? t->raw : t->plain);
        image file = saved(t, model);
        json_t *metadata = metadata_of(t, file);
        assert_string_equal(json_string_value(json_object_get(metadata, "format_version")),
                            is_table ? "2" : "1");
        assert_int_equal(json_object_get(metadata, "preprocessing") != NULL, is_table);
        json_decref(metadata);
        free_image(file);
        sml_model_free(model);
    }
}

/* The file with another text under preprocessing is refused, and says why. */
static void refuses_text(const table *t, image file, const char *text, const char *why)
{
    const trained as = {.ctx = t->ctx};
    sml_model *model = NULL;
    json_t *header = header_of(&as, file);
    json_object_set_new(json_object_get(header, "__metadata__"), "preprocessing",
                        json_string(text));
    image changed = with_header(&as, file, header);
    assert_int_equal(sml__model_parse(t->ctx, "file.st", changed.bytes, changed.length, &model),
                     SML_BAD_FILE);
    assert_null(model);
    assert_error(t->ctx, "file.st: ");
    assert_error(t->ctx, "preprocessing");
    assert_error(t->ctx, why);
    free_image(changed);
    json_decref(header);
}

/* Replaces the first `from` of the saved pipeline. */
static void refuses_change(const table *t, image file, const char *from, const char *to,
                           const char *why)
{
    char text[4096];
    json_t *metadata = metadata_of(t, file);
    const char *old = json_string_value(json_object_get(metadata, "preprocessing"));
    const char *at = strstr(old, from);
    if (at == NULL) {
        fail_msg("'%s' is not in %s", from, old);
        return;
    }
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - old), old, to, at + strlen(from));
    refuses_text(t, file, text, why);
    json_decref(metadata);
}

static void refuses_damaged_tables(void **state)
{
    static const char *const changes[][3] = {
        {"\"kind\":\"numeric\"", "\"kind\":\"date\"", "column 0 is not a known column"},
        {"\"name\":\"age\"", "\"name\":7", "column 0 is not a known column"},
        {"\"name\":\"age\"", "\"name\":\"age\",\"more\":1", "column 0 is not a known column"},
        {"\"name\":\"age\"", "\"name\":\"height\"", "name twice"},
        {"\"shift\":", "\"shift\":1e308,\"shft\":", "column 0 is not a known column"},
        {"\"factor\":", "\"factor\":0,\"f\":", "column 0 is not a known column"},
        {"[\"blue\",\"green\",\"red\"]", "[]", "column 1: 0 categories"},
        {"[\"blue\",\"green\",\"red\"]", "[\"blue\",\"blue\",\"red\"]", "name twice"},
        {"[\"blue\",\"green\",\"red\"]", "[\"blue\",7,\"red\"]", "column 1: category 1"},
        {"[\"blue\",\"green\",\"red\"]", "[\"blue\",\"red\"]", "not 5 wide"},
        {"[\"blue\",\"green\",\"red\"]", "3", "column 1: 0 categories"},
        {"\"named\":true", "\"named\":1", "'named'"},
        {"\"target\":\"species\"", "\"target\":[]", "'target'"},
        {"\"weight\":null", "\"weight\":7", "'weight'"},
        {"\"weight\":null", "\"weight\":null,\"x\":0", "not a list of columns"},
        {"\"weight\":null,", "", "not a list of columns"},
        {"one_hot", "two_hot", "'encoding'"},
        {"one_hot", "ordinal", "not 5 wide"},
        {"\"refuse\"", "\"zero\"", "'unknown'"},
        {"\"rows\":\"none\"", "\"rows\":null", "'rows'"},
        {"\"columns\":[", "\"columns\":[7,", "column 0 is not a known column"},
        {"\"columns\":[", "\"columns\":7,\"c\":[", "not a list of columns"},
    };
    table *t = *state;
    sml_model *model = fit(t, SETTINGS, t->raw);
    image file = saved(t, model);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        refuses_change(t, file, changes[i][0], changes[i][1], changes[i][2]);
    }
    refuses_text(t, file, "{", "not JSON");
    refuses_text(t, file, "[]", "'encoding'");
    refuses_text(t, file, "null", "'encoding'");
    free_image(file);
    sml_model_free(model);
}

static void refuses_damaged_numbers(void **state)
{
    static const char tail[] = "\"encoding\":\"one_hot\",\"unknown\":\"refuse\",\"rows\":\"none\"}";
    static const char *const texts[][2] = {
        {"{\"numeric\":1,\"fill\":[0],\"shift\":[0],\"factor\":[1],", "not 5 wide"},
        {"{\"numeric\":2,\"fill\":[0],\"shift\":[0],\"factor\":[1],", "lists of 'numeric'"},
        {"{\"numeric\":1,\"fill\":[0],\"shift\":[0,1],\"factor\":[1],", "lists of 'numeric'"},
        {"{\"numeric\":1,\"fill\":[0],\"shift\":[0],\"factor\":1,", "lists of 'numeric'"},
        {"{\"numeric\":0,\"fill\":[],\"shift\":[],\"factor\":[],", "lists of 'numeric'"},
        {"{\"numeric\":1.0,\"fill\":[0],\"shift\":[0],\"factor\":[1],", "lists of 'numeric'"},
        {"{\"numeric\":1,\"fill\":[0],\"shift\":[0],\"factor\":[0],", "column 0"},
        {"{\"numeric\":1,\"fill\":[0],\"shift\":[0],\"factor\":[-1],", "column 0"},
        {"{\"numeric\":1,\"fill\":[0],\"shift\":[0],\"factor\":[1e308],", "column 0"},
        {"{\"numeric\":1,\"fill\":[0],\"shift\":[0],\"factor\":[1e-308],", "column 0"},
        {"{\"numeric\":1,\"fill\":[0],\"shift\":[-1e308],\"factor\":[1],", "column 0"},
        {"{\"numeric\":1,\"fill\":[3.5e38],\"shift\":[0],\"factor\":[1],",
         "column 0: fill and shift are not numbers in float32's range"},
        {"{\"numeric\":1,\"fill\":[\"\"],\"shift\":[0],\"factor\":[1],", "column 0"},
        {"{\"numeric\":1,\"fill\":[0],\"shift\":[null],\"factor\":[1],", "column 0"},
        {"{\"numeric\":1,\"fill\":[0],\"shift\":[0],", "lists of 'numeric'"},
    };
    table *t = *state;
    sml_model *model = fit(t, "epochs=1 scaling=standard", t->plain);
    image file = saved(t, model);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s%s", texts[i][0], tail);
        refuses_text(t, file, text, texts[i][1]);
    }
    free_image(file);
    sml_model_free(model);
}

/* A fill that is no category of its column: made here, since the text has many numbers. */
static void refuses_a_fill_that_is_no_category(void **state)
{
    static const char *const fills[] = {"3", "-1", "0.5"};
    table *t = *state;
    sml_model *model = fit(t, "epochs=1", t->raw);
    image file = saved(t, model);
    json_t *metadata = metadata_of(t, file);
    const char *old = json_string_value(json_object_get(metadata, "preprocessing"));
    const char *at = strstr(strstr(old, "\"colour\""), "\"fill\":") + strlen("\"fill\":");
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++) {
        char text[4096];
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - old), old, fills[i], strchr(at, ','));
        refuses_text(t, file, text, "fill is no category");
    }
    json_decref(metadata);
    free_image(file);
    sml_model_free(model);
}

/* A warm start on other rows keeps the numbers of the first fit. */
static void a_warm_start_keeps_the_pipeline(void **state)
{
    table *t = *state;
    sml_dataset *half = NULL;
    sml_model *model = fit(t, SETTINGS, t->raw);
    const sml__pipeline *before = model->pipeline;
    const double shift = before->columns[0].shift;
    assert_ok(t->ctx, sml_dataset_rows(t->ctx, t->raw, 3, 9, &half));
    const sml_fit_options options = {.warm_start = 1};
    assert_ok(t->ctx, sml_model_fit_with(t->ctx, model, half, &options, NULL));
    assert_ptr_equal(model->pipeline, before);
    assert_true(model->pipeline->columns[0].shift == shift);
    assert_ok(t->ctx, sml_model_fit(t->ctx, model, half));
    assert_true(model->pipeline->columns[0].shift != shift);
    sml_dataset_free(half);
    sml_model_free(model);
}

/* A refused fit leaves model and pipeline as they were. */
static void a_refused_fit_changes_nothing(void **state)
{
    table *t = *state;
    float found[PEOPLE * OUT], again[PEOPLE * OUT];
    sml_model *model = fit(t, SETTINGS, t->raw);
    assert_ok(t->ctx, sml_model_predict(t->ctx, model, t->raw, found, PEOPLE * OUT));
    assert_ok(t->ctx, sml_model_set(t->ctx, model, "missing", "refuse"));
    assert_int_equal(sml_model_fit(t->ctx, model, t->raw), SML_BAD_DATA);
    assert_error(t->ctx, "column 'age'");
    assert_ok(t->ctx, sml_model_set(t->ctx, model, "missing", "auto"));
    assert_ok(t->ctx, sml_model_set(t->ctx, model, "loss", "huber")); /* refused by the mlp */
    assert_int_equal(sml_model_fit(t->ctx, model, t->raw), SML_BAD_ARGUMENT);
    assert_ok(t->ctx, sml_model_predict(t->ctx, model, t->raw, again, PEOPLE * OUT));
    assert_memory_equal(found, again, sizeof found);
    sml_model_free(model);
}

static int evaluate_inside(void *user, const sml_progress *progress)
{
    table *t = ((void **)user)[0];
    sml_ctx *ctx = new_context(1);
    sml_scores scores;
    (void)progress;
    assert_ok(ctx, sml_model_evaluate(ctx, ((void **)user)[1], t->raw, &scores));
    assert_int_equal(scores.samples, PEOPLE);
    sml_ctx_free(ctx);
    return 0;
}

static void a_callback_may_evaluate_raw_rows(void **state)
{
    table *t = *state;
    sml_model *model = NULL;
    assert_ok(t->ctx, sml_model_create(t->ctx, "mlp", SETTINGS, &model));
    void *user[] = {t, model};
    const sml_fit_options options = {.progress = evaluate_inside, .user = user};
    assert_ok(t->ctx, sml_model_fit_with(t->ctx, model, t->raw, &options, NULL));
    sml_model_free(model);
}

/* A model of bare numbers has nothing to put in the place of a category or of a missing cell. */
static void a_plain_model_refuses_tables_that_need_more(void **state)
{
    table *t = *state;
    float outputs[PEOPLE * OUT];
    float cells[PEOPLE * RAW] = {0};
    sml_dataset *numbers = NULL;
    const sml_data_view view = {
        .rows = PEOPLE, .columns = RAW, .features = cells, .outputs = OUT, .labels = t->labels};
    assert_ok(t->ctx, sml_dataset_from_memory(t->ctx, &view, &numbers));
    sml_model *model = fit(t, "epochs=1", numbers);
    assert_int_equal(sml_model_predict(t->ctx, model, t->raw, outputs, PEOPLE * OUT), SML_BAD_DATA);
    assert_error(t->ctx, "column 'colour' has categories");
    sml__column holes[RAW] = {{.name = "a"}, {.name = "b", .missing = 1}, {.name = "c"}};
    const sml_schema schema = {.n = RAW, .columns = holes, .has_names = 1};
    sml_dataset *data = table_of(t->ctx, &schema, cells, PEOPLE, NULL);
    assert_int_equal(sml_model_predict(t->ctx, model, data, outputs, PEOPLE * OUT), SML_BAD_DATA);
    assert_error(t->ctx, "column 'b' has cells without a value");
    sml_dataset_free(data);
    sml_dataset_free(numbers);
    sml_model_free(model);
}

/* Rows that were selected are those that a fit sees: the bits of a fit on a copy of them. */
static void a_selection_is_a_copy_of_its_rows(void **state)
{
    enum { CHOSEN = 11 };
    table *t = *state;
    uint32_t rows[CHOSEN];
    float cells[CHOSEN * RAW], found[CHOSEN * OUT], expected[CHOSEN * OUT];
    int32_t labels[CHOSEN];
    sml_dataset *selected = NULL;
    for (size_t i = 0; i < CHOSEN; i++) {
        rows[i] = (uint32_t)(i * 5 % PEOPLE);
        memcpy(cells + i * RAW, t->cells + rows[i] * RAW, RAW * sizeof(float));
        labels[i] = t->labels[rows[i]];
    }
    sml_dataset *copy = table_of(t->ctx, &SCHEMA, cells, CHOSEN, labels);
    assert_ok(t->ctx, sml_dataset_select(t->ctx, t->raw, rows, CHOSEN, &selected));
    sml_model *model = fit(t, SETTINGS, selected), *same = fit(t, SETTINGS, copy);
    assert_ok(t->ctx, sml_model_predict(t->ctx, model, selected, found, CHOSEN * OUT));
    assert_ok(t->ctx, sml_model_predict(t->ctx, same, copy, expected, CHOSEN * OUT));
    assert_memory_equal(found, expected, sizeof found);
    sml_model_free(model);
    sml_model_free(same);
    sml_dataset_free(selected);
    sml_dataset_free(copy);
}

/* The same under columns in another order, which are read where they lie. */
static void a_selection_may_have_its_columns_turned(void **state)
{
    table *t = *state;
    const uint32_t rows[] = {7, 3, 3, 20};
    float turned[PEOPLE * RAW], all[PEOPLE * OUT], found[4 * OUT];
    sml__column others[RAW];
    sml_dataset *selected = NULL;
    for (size_t c = 0; c < RAW; c++) {
        others[c] = columns[RAW - 1 - c];
        for (size_t r = 0; r < PEOPLE; r++) {
            turned[r * RAW + c] = t->cells[r * RAW + RAW - 1 - c];
        }
    }
    const sml_schema schema = {.n = RAW, .columns = others, .has_names = 1};
    sml_dataset *data = table_of(t->ctx, &schema, turned, PEOPLE, t->labels);
    assert_ok(t->ctx, sml_dataset_select(t->ctx, data, rows, 4, &selected));
    sml_model *model = fit(t, SETTINGS, t->raw);
    assert_ok(t->ctx, sml_model_predict(t->ctx, model, t->raw, all, PEOPLE * OUT));
    assert_ok(t->ctx, sml_model_predict(t->ctx, model, selected, found, 4 * OUT));
    for (size_t i = 0; i < 4; i++) {
        assert_memory_equal(found + i * OUT, all + rows[i] * OUT, OUT * sizeof(float));
    }
    const sml_fit_options options = {.warm_start = 1};
    assert_ok(t->ctx, sml_model_fit_with(t->ctx, model, selected, &options, NULL));
    sml_model_free(model);
    sml_dataset_free(selected);
    sml_dataset_free(data);
}

/* Compressed rows are made whole a batch at a time: the bits of the same rows held in full. */
static void compressed_rows_are_scaled_too(void **state)
{
    static const size_t starts[] = {0, 2, 2, 3, 5};
    static const uint32_t at[] = {0, 2, 1, 0, 1};
    static const float values[] = {1, 5, -2, 3, 4};
    static const float full[] = {1, 0, 5, 0, 0, 0, 0, -2, 0, 3, 4, 0};
    table *t = *state;
    const sml_data_view sparse = {.rows = 4,
                                  .columns = 3,
                                  .row_starts = starts,
                                  .column_indices = at,
                                  .values = values,
                                  .outputs = OUT,
                                  .labels = t->labels};
    const sml_data_view dense = {
        .rows = 4, .columns = 3, .features = full, .outputs = OUT, .labels = t->labels};
    sml_dataset *compressed = NULL, *whole = NULL;
    float found[4 * OUT], expected[4 * OUT];
    assert_ok(t->ctx, sml_dataset_from_memory(t->ctx, &sparse, &compressed));
    assert_ok(t->ctx, sml_dataset_from_memory(t->ctx, &dense, &whole));
    sml_model *model = fit(t, "epochs=3 scaling=standard", compressed);
    sml_model *same = fit(t, "epochs=3 scaling=standard", whole);
    assert_ok(t->ctx, sml_model_predict(t->ctx, model, compressed, found, 4 * OUT));
    assert_ok(t->ctx, sml_model_predict(t->ctx, same, whole, expected, 4 * OUT));
    assert_memory_equal(found, expected, sizeof found);
    sml_model_free(model);
    sml_model_free(same);
    sml_dataset_free(compressed);
    sml_dataset_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_door_takes_raw_rows),
        cmocka_unit_test(a_model_knows_its_columns),
        cmocka_unit_test(a_file_brings_the_pipeline_back),
        cmocka_unit_test(only_a_pipeline_makes_version_2),
        cmocka_unit_test(refuses_damaged_tables),
        cmocka_unit_test(refuses_damaged_numbers),
        cmocka_unit_test(refuses_a_fill_that_is_no_category),
        cmocka_unit_test(a_warm_start_keeps_the_pipeline),
        cmocka_unit_test(a_refused_fit_changes_nothing),
        cmocka_unit_test(a_callback_may_evaluate_raw_rows),
        cmocka_unit_test(a_selection_is_a_copy_of_its_rows),
        cmocka_unit_test(a_selection_may_have_its_columns_turned),
        cmocka_unit_test(compressed_rows_are_scaled_too),
        cmocka_unit_test(a_plain_model_refuses_tables_that_need_more),
    };
    return cmocka_run_group_tests(tests, new_state, free_state_of);
}
