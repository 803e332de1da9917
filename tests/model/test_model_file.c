/* Saving and loading: the same bits come back, the same training gives the same bytes. */
#include "files.h"

static void assert_same_predictions(trained *t, const sml_model *a, const sml_model *b)
{
    enum { N = ROWS * CLASSES };
    float left[N], right[N];
    sml_scores x, y;
    assert_ok(t->ctx, sml_model_predict(t->ctx, a, t->data, left, N));
    assert_ok(t->ctx, sml_model_predict(t->ctx, b, t->data, right, N));
    assert_memory_equal(left, right, sizeof left);
    assert_ok(t->ctx, sml_model_evaluate(t->ctx, a, t->data, &x));
    assert_ok(t->ctx, sml_model_evaluate(t->ctx, b, t->data, &y));
    assert_true(x.accuracy == y.accuracy && x.loss == y.loss && x.samples == y.samples);
}

static void assert_same_file(image a, image b)
{
    assert_int_equal(a.length, b.length);
    assert_memory_equal(a.bytes, b.bytes, a.length);
}

static void what_is_saved_is_loaded(void **state)
{
    trained *t = *state;
    sml_model *loaded = NULL;
    image file = save(t, t->model);
    assert_ok(t->ctx, sml_model_load(t->ctx, t->path, &loaded));
    assert_same_predictions(t, t->model, loaded);
    assert_string_equal(sml_model_algorithm(loaded), "mlp");
    assert_int_equal(sml_model_task(loaded), SML_TASK_CLASSIFICATION);
    assert_int_equal(sml_model_inputs(loaded), COLUMNS);
    assert_int_equal(sml_model_outputs(loaded), CLASSES);
    assert_int_equal(loaded->height, 2);
    assert_int_equal(loaded->width, 3);
    assert_string_equal(sml_model_class_name(loaded, 1), "b\xC3\xA4r");
    assert_string_equal(sml_model_class_name(loaded, 2), "\"cat\"");
    assert_string_equal(sml_model_receipt(loaded), sml_model_receipt(t->model));
    for (size_t i = 0; i < t->model->algorithm->n_parameters; i++) {
        const char *name = t->model->algorithm->parameters[i].name;
        assert_string_equal(sml_model_get(loaded, name), sml_model_get(t->model, name));
    }
    image again = save(t, loaded);
    assert_same_file(file, again);
    free_image(again);
    free_image(file);
    sml_model_free(loaded);
}

static void the_same_training_gives_the_same_bytes(void **state)
{
    trained *t = *state;
    static const int threads[] = {1, 2, 3, 5};
    image file = save(t, t->model);
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        sml_ctx *ctx = new_context(threads[i]);
        assert_ok(ctx, sml_model_fit(ctx, t->model, t->data));
        image again = save(t, t->model);
        assert_same_file(file, again);
        free_image(again);
        sml_ctx_free(ctx);
    }
    free_image(file);
}

/* The file is about the last fit: what was set after it is for the next one. */
static void settings_of_the_fit_are_saved(void **state)
{
    trained *t = *state;
    image before = save(t, t->model);
    assert_ok(t->ctx, sml_model_set(t->ctx, t->model, "hidden", "9"));
    assert_ok(t->ctx, sml_model_set(t->ctx, t->model, "loss", "huber"));
    image after = save(t, t->model);
    assert_same_file(before, after);
    free_image(before);
    free_image(after);
}

static void scores_are_saved(void **state)
{
    trained *t = *state;
    sml_scores scores;
    sml_model *loaded = NULL;
    assert_ok(t->ctx, sml_model_evaluate(t->ctx, t->model, t->data, &scores));
    assert_ok(t->ctx, sml_model_record_scores(t->ctx, t->model, t->data, &scores));
    free_image(save(t, t->model));
    assert_ok(t->ctx, sml_model_load(t->ctx, t->path, &loaded));
    assert_non_null(strstr(sml_model_receipt(loaded), "\"scores\":{\"data\":\"zoo\""));
    json_t *saved = json_object_get(json_object_get(loaded->receipt, "scores"), "loss");
    assert_true(json_real_value(saved) == scores.loss);
    sml_model_free(loaded);
}

static void training_goes_on_from_a_loaded_model(void **state)
{
    trained *t = *state;
    sml_model *loaded = NULL;
    const sml_fit_options warm = {.warm_start = 1};
    free_image(save(t, t->model));
    assert_ok(t->ctx, sml_model_load(t->ctx, t->path, &loaded));
    assert_ok(t->ctx, sml_model_fit_with(t->ctx, loaded, t->data, &warm, NULL));
    assert_ok(t->ctx, sml_model_fit_with(t->ctx, t->model, t->data, &warm, NULL));
    assert_same_predictions(t, t->model, loaded);
    assert_non_null(strstr(sml_model_receipt(loaded), "\"epochs_before\":2,\"epochs\":2"));
    sml_model_free(loaded);
}

/* As anybody's safetensors reader sees it: names, shapes, aligned data. */
static void the_tensors_are_those_of_pytorch(void **state)
{
    trained *t = *state;
    image file = save(t, t->model);
    json_t *header = header_of(t, file);
    json_t *shape = json_object_get(json_object_get(header, "layers.0.weight"), "shape");
    assert_int_equal((8 + header_length(file)) % 8, 0);
    assert_int_equal(json_integer_value(json_array_get(shape, 0)), 5);
    assert_int_equal(json_integer_value(json_array_get(shape, 1)), COLUMNS);
    shape = json_object_get(json_object_get(header, "layers.2.bias"), "shape");
    assert_int_equal(json_array_size(shape), 1);
    assert_int_equal(json_integer_value(json_array_get(shape, 0)), CLASSES);
    assert_int_equal(json_object_size(header), 1 + 6);
    json_decref(header);
    free_image(file);
}

/* No time, thread count or path: what is in the metadata is exactly this. */
static void the_metadata_is_complete_and_no_more(void **state)
{
    static const char *const keys[] = {
        "format",  "format_version", "algorithm", "settings", "structure", "task",       "inputs",
        "outputs", "height",         "width",     "receipt",  "sha256",    "class_names"};
    trained *t = *state;
    image file = save(t, t->model);
    json_t *header = header_of(t, file);
    json_t *metadata = json_object_get(header, "__metadata__");
    assert_int_equal(json_object_size(metadata), sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_true(json_is_string(json_object_get(metadata, keys[i])));
    }
    json_decref(header);
    free_image(file);
}

static void layers_by_hand_come_back(void **state)
{
    trained *t = *state;
    sml_model *model = NULL, *loaded = NULL;
    const sml_layer layers[] = {sml_dense(4), sml_leaky_relu(0.125), sml_dropout(0.5),
                                sml_dense(CLASSES)};
    assert_ok(t->ctx, sml_network_create(t->ctx, layers, 4, "epochs=1", &model));
    assert_ok(t->ctx, sml_model_fit(t->ctx, model, t->data));
    free_image(save(t, model));
    assert_ok(t->ctx, sml_model_load(t->ctx, t->path, &loaded));
    assert_same_predictions(t, model, loaded);
    assert_string_equal(sml_network_layer(loaded, 1).type, "leaky_relu");
    assert_true(sml_network_layer(loaded, 1).value == 0.125);
    sml_model_free(loaded);
    sml_model_free(model);
}

static void numbers_and_labels_come_back(void **state)
{
    trained *t = *state;
    static const sml_task tasks[] = {SML_TASK_REGRESSION, SML_TASK_MULTILABEL};
    for (size_t i = 0; i < 2; i++) {
        test_data made = new_test_data(t->ctx, tasks[i], ROWS, COLUMNS, CLASSES, 5);
        sml_model *model = NULL, *loaded = NULL;
        assert_ok(t->ctx, sml_model_create(t->ctx, "mlp", "hidden= epochs=1", &model));
        assert_ok(t->ctx, sml_model_fit(t->ctx, model, made.data));
        free_image(save(t, model));
        assert_ok(t->ctx, sml_model_load(t->ctx, t->path, &loaded));
        assert_int_equal(sml_model_task(loaded), tasks[i]);
        assert_string_equal(sml_model_class_name(loaded, 2), "2");
        float left[ROWS * CLASSES], right[ROWS * CLASSES];
        assert_ok(t->ctx, sml_model_predict(t->ctx, model, made.data, left, ROWS * CLASSES));
        assert_ok(t->ctx, sml_model_predict(t->ctx, loaded, made.data, right, ROWS * CLASSES));
        assert_memory_equal(left, right, sizeof left);
        sml_model_free(loaded);
        sml_model_free(model);
        free_test_data(made);
    }
}

/* Class names of other encodings do not keep a model from being saved. */
static void names_that_are_not_utf8_are_saved(void **state)
{
    trained *t = *state;
    static const char *const names[CLASSES] = {"a", "caf\xE9", "c"};
    sml_model *loaded = NULL;
    sml_dataset *data = NULL;
    sml_data_view view = t->data->view;
    view.class_names = names;
    view.name = "zo\xF6";
    assert_ok(t->ctx, sml_dataset_from_memory(t->ctx, &view, &data));
    assert_ok(t->ctx, sml_model_fit(t->ctx, t->model, data));
    free_image(save(t, t->model));
    assert_ok(t->ctx, sml_model_load(t->ctx, t->path, &loaded));
    assert_string_equal(sml_model_class_name(loaded, 1), "caf?");
    assert_non_null(strstr(sml_model_receipt(loaded), "\"data\":\"zo?\""));
    sml_model_free(loaded);
    sml_dataset_free(data);
}

static void what_cannot_be_saved_is_refused(void **state)
{
    trained *t = *state;
    sml_model *empty = NULL;
    char path[256];
    assert_ok(t->ctx, sml_model_create(t->ctx, "mlp", NULL, &empty));
    assert_int_equal(sml_model_save(t->ctx, empty, t->path), SML_BAD_ARGUMENT);
    assert_error(t->ctx, "never fitted");
    assert_int_equal(access(t->path, F_OK), -1);
    snprintf(path, sizeof path, "%s/no/such/folder/model", t->folder);
    assert_int_equal(sml_model_save(t->ctx, t->model, path), SML_IO);
    assert_error(t->ctx, path);
    assert_int_equal(sml_model_save(t->ctx, t->model, t->folder), SML_IO);
    assert_error(t->ctx, t->folder);
    sml_model_free(empty);
}

static void what_is_not_there_is_not_found(void **state)
{
    trained *t = *state;
    sml_model *loaded = NULL;
    assert_int_equal(sml_model_load(t->ctx, t->path, &loaded), SML_NOT_FOUND);
    assert_error(t->ctx, t->path);
    assert_int_equal(sml_model_load(t->ctx, t->folder, &loaded), SML_BAD_FILE);
    assert_error(t->ctx, t->folder);
    assert_null(loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_saved_is_loaded, train, clean_up),
        cmocka_unit_test_setup_teardown(the_same_training_gives_the_same_bytes, train, clean_up),
        cmocka_unit_test_setup_teardown(settings_of_the_fit_are_saved, train, clean_up),
        cmocka_unit_test_setup_teardown(scores_are_saved, train, clean_up),
        cmocka_unit_test_setup_teardown(training_goes_on_from_a_loaded_model, train, clean_up),
        cmocka_unit_test_setup_teardown(the_tensors_are_those_of_pytorch, train, clean_up),
        cmocka_unit_test_setup_teardown(the_metadata_is_complete_and_no_more, train, clean_up),
        cmocka_unit_test_setup_teardown(layers_by_hand_come_back, train, clean_up),
        cmocka_unit_test_setup_teardown(numbers_and_labels_come_back, train, clean_up),
        cmocka_unit_test_setup_teardown(names_that_are_not_utf8_are_saved, train, clean_up),
        cmocka_unit_test_setup_teardown(what_cannot_be_saved_is_refused, train, clean_up),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_not_found, train, clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
