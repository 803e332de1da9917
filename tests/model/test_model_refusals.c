/* Damaged and hostile model files: none is accepted, none crashes the loader. Files that are
 * changed on purpose get a right checksum, so that the checks behind it are reached. */
#include "files.h"

/* Parses a copy of just this length, so that AddressSanitizer sees a read beyond it. */
static sml_status parse(trained *t, const unsigned char *bytes, size_t length)
{
    sml_model *model = NULL;
    unsigned char *exact = malloc(length > 0 ? length : 1);
    memcpy(exact, bytes, length);
    sml_status status = sml__model_parse(t->ctx, "file.st", exact, length, &model);
    assert_true((model != NULL) == (status == SML_OK));
    sml_model_free(model);
    free(exact);
    return status;
}

static void refuses(trained *t, image file, const char *text)
{
    assert_int_equal(parse(t, file.bytes, file.length), SML_BAD_FILE);
    assert_error(t->ctx, "file.st: ");
    assert_error(t->ctx, text);
}

/* The trained model's file with one text of its metadata replaced; NULL: left out. */
static void refuses_metadata(trained *t, const char *key, const char *value, const char *text)
{
    image file = save(t, t->model);
    json_t *header = header_of(t, file);
    json_t *metadata = json_object_get(header, "__metadata__");
    if (value == NULL) {
        json_object_del(metadata, key);
    } else {
        json_object_set_new(metadata, key, json_string(value));
    }
    image changed = with_header(t, file, header);
    refuses(t, changed, text);
    free_image(changed);
    json_decref(header);
    free_image(file);
}

static void an_edit_that_changes_nothing_is_accepted(void **state)
{
    trained *t = *state;
    image file = save(t, t->model);
    json_t *header = header_of(t, file);
    image same = with_header(t, file, header);
    assert_int_equal(same.length, file.length);
    assert_memory_equal(same.bytes, file.bytes, file.length);
    assert_int_equal(parse(t, same.bytes, same.length), SML_OK);
    json_decref(header);
    free_image(same);
    free_image(file);
}

/* A reader may hand over bytes that start anywhere. */
static void misaligned_bytes_are_read(void **state)
{
    trained *t = *state;
    image file = save(t, t->model);
    for (size_t shift = 1; shift < 4; shift++) {
        sml_model *model = NULL;
        unsigned char *moved = malloc(file.length + shift);
        memcpy(moved + shift, file.bytes, file.length);
        assert_ok(t->ctx, sml__model_parse(t->ctx, "file.st", moved + shift, file.length, &model));
        sml_model_free(model);
        free(moved);
    }
    free_image(file);
}

static void foreign_files_are_named(void **state)
{
    trained *t = *state;
    image file = save(t, t->model);
    json_t *header = header_of(t, file);
    json_object_del(header, "__metadata__");
    image foreign = with_header(t, file, header);
    refuses(t, foreign, "foreign file: no scratchml metadata; it holds 6 tensors");
    free_image(foreign);
    json_decref(header);
    free_image(file);
    refuses_metadata(t, "format", "pt", "foreign file");
    refuses_metadata(t, "format_version", "4", "format version '4', this library (0.");
    refuses_metadata(t, "format_version", "4", "reads versions '1' to '3'");
    refuses_metadata(t, "format_version", "2", "version '2' needs 'preprocessing'");
    refuses_metadata(t, "preprocessing", "{}", "version '1' has no 'preprocessing'");
    refuses_metadata(t, "format_version", NULL, "format version ''");
    refuses_metadata(t, "sha256", NULL, "'sha256' is missing");
    refuses_metadata(t, "sha256", "0", "'sha256' is missing");
}

static void every_text_must_be_there(void **state)
{
    static const char *const keys[] = {"algorithm", "settings", "structure", "task",   "inputs",
                                       "outputs",   "height",   "width",     "receipt"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "'%s' is missing", keys[i]);
        refuses_metadata(*state, keys[i], NULL, text);
    }
}

static void wrong_texts_are_refused(void **state)
{
    refuses_metadata(*state, "algorithm", "mlq", "unknown algorithm 'mlq'; did you mean 'mlp'");
    refuses_metadata(*state, "task", "none", "unknown task 'none'");
    refuses_metadata(*state, "settings", "[]", "settings is not an object");
    refuses_metadata(*state, "settings", "{", "settings is not JSON: byte 1");
    refuses_metadata(*state, "settings", "{\"seed\":1}", "settings: 'seed' is not a text");
    refuses_metadata(*state, "settings", "{\"sed\":\"1\"}", "settings: unknown setting 'sed'");
    refuses_metadata(*state, "settings", "{\"seed\":\"-1\"}", "settings: seed: '-1' is below 0");
    refuses_metadata(*state, "settings", "{\"loss\":\"huber\"}", "structure: loss: huber is for");
    refuses_metadata(*state, "receipt", "1", "receipt is not an object");
    refuses_metadata(*state, "receipt", "{\"a\":1,\"a\":1}", "receipt is not JSON");
    refuses_metadata(*state, "class_names", "{}", "class_names is not a list of 3");
    refuses_metadata(*state, "class_names", "[\"a\",\"b\"]", "class_names is not a list of 3");
    refuses_metadata(*state, "class_names", "[\"a\",\"b\",3]", "class name 2 is not a text");
    refuses_metadata(*state, "class_names", "[\"a\",\"b\",\"a\"]", "class_names has a name twice");
}

static void wrong_sizes_are_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "x",
                                        "-6",
                                        "+6",
                                        " 6",
                                        "6 ",
                                        "6.0",
                                        "0x6",
                                        "2147483648",
                                        "18446744073709551622",
                                        "99999999999999999999999999"};
    static const char *const keys[] = {"inputs", "outputs", "height", "width"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            refuses_metadata(*state, keys[k], wrong[i], "is not a number up to");
        }
    }
    refuses_metadata(*state, "index_base", "2", "index_base '2' is not a number up to 1");
    refuses_metadata(*state, "index_base", "", "index_base '' is not a number up to 1");
    refuses_metadata(*state, "inputs", "0", "0 inputs and 3 outputs");
    refuses_metadata(*state, "outputs", "0", "6 inputs and 0 outputs");
    refuses_metadata(*state, "outputs", "1000000000", "outputs '1000000000'");
    refuses_metadata(*state, "height", "0", "pictures of 0 × 3, 6 inputs");
    refuses_metadata(*state, "width", "4", "pictures of 2 × 4, 6 inputs");
    refuses_metadata(*state, "outputs", "2", "class_names is not a list of 2");
}

/* Widths that the file's tensors cannot fill are refused before they cost memory. */
static void wrong_structures_are_refused(void **state)
{
#define DENSE(units) "{\"type\":\"dense\",\"units\":" units ",\"value\":0.0}"
#define LAYERS(list) "{\"explicit\":false,\"layers\":[" list "]}"
    refuses_metadata(*state, "structure", "null", "structure: ");
    refuses_metadata(*state, "structure", "[", "structure is not JSON");
    refuses_metadata(*state, "structure", LAYERS(""), "structure: ");
    refuses_metadata(*state, "structure", LAYERS(DENSE("4")), "structure: ");
    refuses_metadata(*state, "structure", LAYERS(DENSE("-3")), "structure: ");
    refuses_metadata(*state, "structure", LAYERS(DENSE("0") "," DENSE("3")), "structure: ");
    refuses_metadata(*state, "structure", LAYERS(DENSE("1000000000") "," DENSE("3")),
                     "structure: ");
    refuses_metadata(*state, "structure",
                     LAYERS(DENSE("4294967296") "," DENSE("4294967296") "," DENSE("3")),
                     "structure: ");
    refuses_metadata(*state, "structure", LAYERS(DENSE("3")), "");
    refuses_metadata(*state, "structure", LAYERS(DENSE("5") "," DENSE("3")), "");
    refuses_metadata(*state, "inputs", "2147483647", "pictures of 2 × 3");
#undef LAYERS
#undef DENSE
}

/* Sets one member of the header entry of a tensor. */
static void refuses_entry(trained *t, const char *tensor, const char *member, json_t *value,
                          const char *text)
{
    image file = save(t, t->model);
    json_t *header = header_of(t, file);
    json_object_set_new(json_object_get(header, tensor), member, value);
    image changed = with_header(t, file, header);
    refuses(t, changed, text);
    free_image(changed);
    json_decref(header);
    free_image(file);
}

static void wrong_tensors_are_refused(void **state)
{
    trained *t = *state;
    refuses_entry(t, "layers.0.bias", "dtype", json_string("I32"),
                  "tensor 'layers.0.bias' is I32, expected F32");
    refuses_entry(t, "layers.0.weight", "shape", json_pack("[i, i]", COLUMNS, 5),
                  "tensor 'layers.0.weight' does not have the shape");
    refuses_entry(t, "layers.0.bias", "shape", json_pack("[i, i]", 1, 5),
                  "tensor 'layers.0.bias' does not have the shape");
    image file = save(t, t->model);
    json_t *header = header_of(t, file);
    json_t *entry = json_incref(json_object_get(header, "layers.1.bias"));
    json_object_del(header, "layers.1.bias");
    json_object_set_new(header, "layers.1.bios", entry);
    image renamed = with_header(t, file, header);
    refuses(t, renamed, "tensor 'layers.1.bias' is missing");
    json_object_set(header, "layers.1.bias", entry);
    json_object_set_new(
        header, "layers.1.bios",
        json_pack("{s:s, s:[i], s:[i, i]}", "dtype", "F32", "shape", 0, "data_offsets", 0, 0));
    image more = with_header(t, file, header);
    refuses(t, more, "7 tensors, the model has 6");
    free_image(more);
    free_image(renamed);
    json_decref(header);
    free_image(file);
}

/* Puts a value into element 3 of a tensor. */
static void refuses_weight(trained *t, const char *tensor, float value, const char *text)
{
    image file = save(t, t->model);
    memcpy(tensor_bytes(t, file, tensor) + 3 * sizeof value, &value, sizeof value);
    sign(file);
    refuses(t, file, text);
    free_image(file);
}

static void weights_must_be_finite(void **state)
{
    refuses_weight(*state, "layers.1.weight", NAN, "tensor 'layers.1.weight': element 3 is NaN");
    refuses_weight(*state, "layers.0.bias", INFINITY,
                   "tensor 'layers.0.bias': element 3 is infinite");
    refuses_weight(*state, "layers.0.weight", -INFINITY, "element 3 is infinite");
}

static void every_flipped_bit_is_noticed(void **state)
{
    trained *t = *state;
    image file = save(t, t->model);
    for (size_t i = 0; i < file.length; i++) {
        file.bytes[i] ^= (unsigned char)(1 << i % 8);
        assert_int_equal(parse(t, file.bytes, file.length), SML_BAD_FILE);
        assert_error(t->ctx, "file.st: ");
        file.bytes[i] ^= (unsigned char)(1 << i % 8);
    }
    tensor_bytes(t, file, "layers.0.bias")[0] ^= 1;
    refuses(t, file, "the checksum does not match");
    free_image(file);
}

static void every_cut_is_noticed(void **state)
{
    trained *t = *state;
    image file = save(t, t->model);
    for (size_t n = 0; n < file.length; n++) {
        assert_int_equal(parse(t, file.bytes, n), SML_BAD_FILE);
    }
    free_image(file);
}

/* 1 to 8 changed bits, a cut, inserted bytes, or removed ones. Returns the new length. */
static size_t mutate(sml__random *random, unsigned char *bytes, size_t length)
{
    size_t at = sml__random_below(random, (uint32_t)length);
    size_t n = 1 + sml__random_below(random, 8);
    switch (sml__random_below(random, 4)) {
    case 0:
        for (size_t i = 0; i < n; i++) {
            at = sml__random_below(random, (uint32_t)length);
            bytes[at] ^= (unsigned char)(1u << sml__random_below(random, 8));
        }
        return length;
    case 1:
        return at;
    case 2:
        memmove(bytes + at + n, bytes + at, length - at);
        for (size_t i = 0; i < n; i++) {
            bytes[at + i] = (unsigned char)sml__random_u32(random);
        }
        return length + n;
    default:
        n = n < length - at ? n : length - at;
        memmove(bytes + at, bytes + at + n, length - at - n);
        return length - n;
    }
}

/* With `signs`, a right checksum is put in where the place for it is still whole: what the loader
 * then accepts is well-formed, so only a crash would be a failure. */
static void mutations(trained *t, uint64_t seed, int count, int signs)
{
    sml__random random;
    image file = save(t, t->model);
    unsigned char *changed = malloc(file.length + 16);
    sml__random_init(&random, seed, SML__SAMPLE, 0, 0);
    for (int i = 0; i < count; i++) {
        memcpy(changed, file.bytes, file.length);
        size_t length = mutate(&random, changed, file.length);
        int same = length == file.length && memcmp(changed, file.bytes, length) == 0;
        if (signs && sml__digest_find(changed, length) != NULL) {
            sign((image){changed, length});
        }
        sml_status status = parse(t, changed, length);
        assert_true(signs || same || status == SML_BAD_FILE);
        assert_true(status == SML_OK || status == SML_BAD_FILE);
    }
    free(changed);
    free_image(file);
}

static void no_mutation_is_accepted(void **state)
{
    mutations(*state, 2024, 2000, 0);
}

static void no_signed_mutation_crashes(void **state)
{
    mutations(*state, 2025, 4000, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_edit_that_changes_nothing_is_accepted, train, clean_up),
        cmocka_unit_test_setup_teardown(misaligned_bytes_are_read, train, clean_up),
        cmocka_unit_test_setup_teardown(foreign_files_are_named, train, clean_up),
        cmocka_unit_test_setup_teardown(every_text_must_be_there, train, clean_up),
        cmocka_unit_test_setup_teardown(wrong_texts_are_refused, train, clean_up),
        cmocka_unit_test_setup_teardown(wrong_sizes_are_refused, train, clean_up),
        cmocka_unit_test_setup_teardown(wrong_structures_are_refused, train, clean_up),
        cmocka_unit_test_setup_teardown(wrong_tensors_are_refused, train, clean_up),
        cmocka_unit_test_setup_teardown(weights_must_be_finite, train, clean_up),
        cmocka_unit_test_setup_teardown(every_flipped_bit_is_noticed, train, clean_up),
        cmocka_unit_test_setup_teardown(every_cut_is_noticed, train, clean_up),
        cmocka_unit_test_setup_teardown(no_mutation_is_accepted, train, clean_up),
        cmocka_unit_test_setup_teardown(no_signed_mutation_crashes, train, clean_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
