/* Reading tests/reference/NAME.json. */
#ifndef SML_TESTS_NN_REFERENCE_H
#define SML_TESTS_NN_REFERENCE_H

#include "support.h"

#include <jansson.h>

static inline json_t *load_reference(const char *name)
{
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, SML_TEST_DATA "/reference/%s", name);
    json_t *json = json_load_file(path, 0, &error);
    if (json == NULL) {
        fail_msg("%s:%d: %s", path, error.line, error.text);
    }
    return json;
}

static inline double reference_number(const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    if (!json_is_number(value)) {
        fail_msg("no number %s", name);
    }
    return json_number_value(value);
}

/* An array as float32, *n numbers; free it. */
static inline float *reference_floats(const json_t *json, const char *name, size_t *n)
{
    const json_t *array = json_object_get(json, name);
    *n = json_array_size(array);
    assert_true(*n > 0);
    float *values = malloc(*n * sizeof(float));
    for (size_t i = 0; i < *n; i++) {
        values[i] = (float)json_number_value(json_array_get(array, i));
    }
    return values;
}

#endif
