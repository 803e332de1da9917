/* Models with scaled targets on disk: files and checkpoints bring the scale back, and what is
 * damaged is refused. */
#include "houses.h"

static image saved(houses *h, const sml_model *model)
{
    image file = {NULL, 0};
    assert_ok(h->ctx, sml_model_save(h->ctx, model, h->path));
    assert_ok(h->ctx, sml__file_read(h->ctx, h->path, BYTES_MAX, &file.bytes, &file.length));
    return file;
}

static void assert_same_file(image a, image b)
{
    assert_int_equal(a.length, b.length);
    assert_memory_equal(a.bytes, b.bytes, a.length);
    free_image(a);
    free_image(b);
}

/* Ended after two epochs and resumed: the file of a fit that was never interrupted. */
static void a_resumed_fit_has_the_same_bytes(void **state)
{
    houses *h = *state;
    const sml_fit_options begin = {.checkpoint = h->checkpoint, .until_epoch = 2};
    const sml_fit_options go_on = {.checkpoint = h->checkpoint, .resume = 1};
    sml_model *whole = fit(h, SETTINGS, h->table), *at_checkpoint = NULL;
    sml_model *first = fit_with(h, SETTINGS, h->table, &begin);
    float found[HOUSES], expected[HOUSES];
    assert_ok(h->ctx, sml_model_load_checkpoint(h->ctx, h->checkpoint, &at_checkpoint));
    assert_ok(h->ctx, sml_model_predict(h->ctx, at_checkpoint, h->table, found, HOUSES));
    assert_ok(h->ctx, sml_model_predict(h->ctx, first, h->table, expected, HOUSES));
    assert_memory_equal(found, expected, sizeof found);
    assert_ok(h->ctx, sml_model_fit_with(h->ctx, at_checkpoint, h->table, &go_on, NULL));
    assert_same_parameters(h, at_checkpoint, whole);
    assert_same_file(saved(h, at_checkpoint), saved(h, whole));
    sml_model_free(whole);
    sml_model_free(first);
    sml_model_free(at_checkpoint);
}

static json_t *metadata_of(const houses *h, image file)
{
    const trained as = {.ctx = h->ctx};
    json_t *header = header_of(&as, file);
    json_t *metadata = json_incref(json_object_get(header, "__metadata__"));
    json_decref(header);
    return metadata;
}

/* The file brings the scale back, with preprocessing and without; only such a file has version 3.
 */
static void a_file_brings_the_scale_back(void **state)
{
    static const char *const settings[] = {"", "target_scaling=standard", "target_scaling=none"};
    static const char *const of_table[] = {"3", "3", "2"}, *const of_numbers[] = {"1", "3", "1"};
    houses *h = *state;
    sml_dataset *numbers = numbers_of(h, h->prices, 1);
    for (size_t i = 0; i < 6; i++) {
        char all[128];
        float found[HOUSES], again[HOUSES];
        const sml_dataset *data = i < 3 ? h->table : numbers;
        snprintf(all, sizeof all, "%s %s", SETTINGS, settings[i % 3]);
        sml_model *model = fit(h, all, data), *loaded = NULL;
        image file = saved(h, model);
        json_t *metadata = metadata_of(h, file);
        assert_string_equal(json_string_value(json_object_get(metadata, "format_version")),
                            i < 3 ? of_table[i] : of_numbers[i % 3]);
        json_decref(metadata);
        assert_ok(h->ctx, sml_model_load(h->ctx, h->path, &loaded));
        assert_ok(h->ctx, sml_model_predict(h->ctx, model, data, found, HOUSES));
        assert_ok(h->ctx, sml_model_predict(h->ctx, loaded, data, again, HOUSES));
        assert_memory_equal(found, again, sizeof found);
        assert_same_file(file, saved(h, loaded));
        sml_model_free(model);
        sml_model_free(loaded);
    }
    sml_dataset_free(numbers);
}

/* The file with another text under a key (NULL: without it) is refused, and says why. */
static void refuses(const houses *h, image file, const char *key, const char *text, const char *why)
{
    const trained as = {.ctx = h->ctx};
    sml_model *model = NULL;
    json_t *header = header_of(&as, file), *metadata = json_object_get(header, "__metadata__");
    if (text != NULL) {
        json_object_set_new(metadata, key, json_string(text));
    } else {
        json_object_del(metadata, key);
    }
    image changed = with_header(&as, file, header);
    assert_int_equal(sml__model_parse(h->ctx, "file.st", changed.bytes, changed.length, &model),
                     SML_BAD_FILE);
    assert_null(model);
    assert_error(h->ctx, "file.st: ");
    assert_error(h->ctx, why);
    free_image(changed);
    json_decref(header);
}

static void refuses_damaged_files(void **state)
{
    static const char *const texts[][2] = {
        {"{\"shift\":[0],\"factor\":[0]}", "target_scaling: target 0"},
        {"{\"shift\":[0],\"factor\":[-1]}", "target_scaling: target 0"},
        {"{\"shift\":[0],\"factor\":[1e308]}", "target 0"},
        {"{\"shift\":[0],\"factor\":[1e-308]}", "target 0"},
        {"{\"shift\":[0],\"factor\":[null]}", "target 0"},
        {"{\"shift\":[0],\"factor\":[\"1\"]}", "target 0"},
        {"{\"shift\":[3.5e38],\"factor\":[1]}", "shift is not a number in float32's range"},
        {"{\"shift\":[true],\"factor\":[1]}", "target 0"},
        {"{\"shift\":[],\"factor\":[]}", "lists of 1 targets"},
        {"{\"shift\":[0,0],\"factor\":[1,1]}", "lists of 1 targets"},
        {"{\"shift\":[0],\"factor\":[1,1]}", "lists of 1 targets"},
        {"{\"shift\":0,\"factor\":1}", "lists of 1 targets"},
        {"{\"shift\":[0]}", "lists of 1 targets"},
        {"{\"shift\":[0],\"factor\":[1],\"more\":1}", "lists of 1 targets"},
        {"[[0],[1]]", "lists of 1 targets"},
        {"null", "lists of 1 targets"},
        {"{\"shift\":[0],\"factor\":[1]", "not JSON"},
        {"{\"shift\":[NaN],\"factor\":[1]}", "not JSON"},
    };
    houses *h = *state;
    sml_model *model = fit(h, SETTINGS, h->table);
    image file = saved(h, model);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refuses(h, file, "target_scaling", texts[i][0], texts[i][1]);
    }
    refuses(h, file, "target_scaling", NULL, "version '3' needs 'target_scaling'");
    refuses(h, file, "format_version", "2", "version '2' has no 'target_scaling'");
    refuses(h, file, "format_version", "1", "version '1' has no 'preprocessing'");
    refuses(h, file, "format_version", "4", "format version '4'");
    refuses(h, file, "task", "multilabel", "target_scaling of a model that does multilabel");
    free_image(file);
    sml_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resumed_fit_has_the_same_bytes),
        cmocka_unit_test(a_file_brings_the_scale_back),
        cmocka_unit_test(refuses_damaged_files),
    };
    return cmocka_run_group_tests(tests, new_state, free_state_of);
}
