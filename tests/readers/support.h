/* What the tests of this folder share: the reference files, and what NumPy, Pillow and scikit-learn
 * say is in them (tests/reference/make_files.py). */
#ifndef TESTS_READERS_SUPPORT_H
#define TESTS_READERS_SUPPORT_H

#include "../data/support.h"

#include <jansson.h>
#include <math.h>

static inline json_t *load_reference(void)
{
    json_error_t error;
    json_t *root = json_load_file(SML_TEST_DATA "/reference/files.json", 0, &error);
    if (root == NULL) {
        fail_msg("files.json:%d: %s", error.line, error.text);
    }
    return root;
}

static inline const char *reference_path(const char *name, char path[1024])
{
    snprintf(path, 1024, "%s/reference/files/%s", SML_TEST_DATA, name);
    return path;
}

static inline const char *text_of(const json_t *entry, const char *key)
{
    return json_string_value(json_object_get(entry, key));
}

static inline size_t size_of(const json_t *entry, const char *key)
{
    return (size_t)json_integer_value(json_object_get(entry, key));
}

static inline double number_at(const json_t *array, size_t i)
{
    return json_number_value(json_array_get(array, i));
}

static inline sml_data_options options_of(const json_t *entry)
{
    const json_t *options = json_object_get(entry, "options");
    const char *task = text_of(options, "task");
    return (sml_data_options){
        .split = text_of(options, "split"),
        .target = text_of(options, "target"),
        .task = task != NULL ? SML_TASK_REGRESSION : SML_TASK_NONE, /* the only one in the file */
        .height = size_of(options, "height"),
        .width = size_of(options, "width"),
    };
}

/* Whether a case belongs to a format: by the ending of its file; "" for folders. */
static inline int is_of(const json_t *entry, const char *ending)
{
    const char *file = text_of(entry, "file"), *dot = strrchr(file, '.');
    return strcmp(dot != NULL ? dot : "", ending) == 0;
}

static inline void assert_labels(const json_t *entry, const sml_dataset *data)
{
    const json_t *labels = json_object_get(entry, "labels");
    const json_t *classes = json_object_get(entry, "classes");
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.task, SML_TASK_CLASSIFICATION);
    assert_int_equal(facts.outputs, json_array_size(classes));
    for (size_t c = 0; c < facts.outputs; c++) {
        assert_string_equal(sml_dataset_class_name(data, c),
                            json_string_value(json_array_get(classes, c)));
    }
    for (size_t r = 0; r < facts.rows; r++) {
        assert_int_equal(sml_dataset_label(data, r), (int)number_at(labels, r));
    }
}

static inline void assert_targets(const json_t *targets, const sml_dataset *data)
{
    sml_dataset_facts facts;
    float found[16];
    sml_dataset_describe(data, &facts);
    assert_true(facts.outputs <= 16);
    assert_int_equal(facts.rows * facts.outputs, json_array_size(targets));
    for (size_t i = 0; i < json_array_size(targets); i++) {
        sml_dataset_targets(data, i / facts.outputs, found);
        assert_true((double)found[i % facts.outputs] == number_at(targets, i));
    }
}

static inline void assert_features(const json_t *entry, const sml_dataset *data)
{
    const json_t *values = json_object_get(entry, "values");
    const double tolerance = json_number_value(json_object_get(entry, "tolerance"));
    sml_dataset_facts facts;
    float row[1024];
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.rows, size_of(entry, "rows"));
    assert_int_equal(facts.columns, size_of(entry, "columns"));
    assert_int_equal(facts.height, size_of(entry, "height"));
    assert_int_equal(facts.width, size_of(entry, "width"));
    assert_int_equal(facts.rows * facts.columns, json_array_size(values));
    assert_true(facts.columns <= 1024);
    for (size_t i = 0; i < json_array_size(values); i++) {
        if (i % facts.columns == 0) {
            sml_dataset_features(data, i / facts.columns, row);
        }
        const double found = (double)row[i % facts.columns], expected = number_at(values, i);
        /* A byte times 1/255 and a byte over 255 may differ in the last bit of float32. */
        const double rounding = facts.stored_as_bytes ? 1.2e-7 : 0.0;
        if (!(fabs(found - expected) <= tolerance + rounding)) {
            fail_msg("%s: value %zu is %.9g, expected %.9g", text_of(entry, "file"), i, found,
                     expected);
        }
    }
}

/* Opens every reference file of a format and compares all of it; returns how many there were. */
static inline size_t assert_cases(sml_ctx *ctx, const char *ending)
{
    json_t *root = load_reference(), *entry = NULL;
    size_t i = 0, n = 0;
    json_array_foreach(json_object_get(root, "cases"), i, entry)
    {
        char path[1024];
        sml_dataset *data = NULL;
        const sml_data_options options = options_of(entry);
        if (!is_of(entry, ending)) {
            continue;
        }
        reference_path(text_of(entry, "file"), path);
        if (sml_dataset_open_with(ctx, path, &options, &data) != SML_OK) {
            fail_msg("%s", sml_ctx_error(ctx));
        }
        assert_features(entry, data);
        sml_dataset_facts facts;
        sml_dataset_describe(data, &facts);
        if (json_object_get(entry, "labels") != NULL) {
            assert_labels(entry, data);
        } else if (json_object_get(entry, "targets") != NULL) {
            assert_targets(json_object_get(entry, "targets"), data);
        } else {
            assert_int_equal(facts.task, SML_TASK_NONE);
        }
        sml_dataset_free(data);
        n++;
    }
    json_decref(root);
    return n;
}

/* Every file of a format that must be refused, with the texts that must be said. */
static inline size_t assert_refusals(sml_ctx *ctx, const char *ending)
{
    json_t *root = load_reference(), *entry = NULL, *text = NULL;
    size_t i = 0, t = 0, n = 0;
    json_array_foreach(json_object_get(root, "refused"), i, entry)
    {
        char path[1024];
        sml_dataset *data = NULL;
        const sml_data_options options = options_of(entry);
        if (!is_of(entry, ending)) {
            continue;
        }
        reference_path(text_of(entry, "file"), path);
        if (sml_dataset_open_with(ctx, path, &options, &data) == SML_OK) {
            fail_msg("%s was not refused", path);
        }
        assert_null(data);
        json_array_foreach(json_object_get(entry, "texts"), t, text)
        {
            assert_error_has(ctx, json_string_value(text));
        }
        n++;
    }
    json_decref(root);
    return n;
}

/* The bytes of a reference file, for sml__free. */
static inline unsigned char *read_reference(sml_ctx *ctx, const char *name, size_t *length)
{
    char path[1024];
    unsigned char *bytes = NULL;
    assert_int_equal(sml__file_read(ctx, reference_path(name, path), 1 << 20, &bytes, length),
                     SML_OK);
    return bytes;
}

/* Opens bytes as a file of this name in the data folder. */
static inline sml_status open_bytes_as(sml_ctx *ctx, const char *name, const void *bytes,
                                       size_t length, sml_dataset **data)
{
    char path[1024];
    write_file(ctx, name, bytes, length);
    return sml_dataset_open(ctx, path_in(ctx, name, path), NULL, data);
}

#endif
