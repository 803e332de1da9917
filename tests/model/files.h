/* A small trained mlp, its file in memory, and files made from it by an edit of the header. */
#ifndef SML_TESTS_MODEL_FILES_H
#define SML_TESTS_MODEL_FILES_H

#include "fake.h"

#include "base/file.h"
#include "model/json.h"
#include "model/model_file.h"

#include <sys/stat.h>
#include <unistd.h>

enum { ROWS = 20, COLUMNS = 6, CLASSES = 3, BYTES_MAX = 1 << 16 };

typedef struct trained {
    sml_ctx *ctx;
    sml_dataset *data;
    sml_model *model;
    float features[ROWS * COLUMNS];
    int32_t labels[ROWS];
    char folder[128], path[160];
} trained;

/* The bytes of a file in memory. */
typedef struct image {
    unsigned char *bytes;
    size_t length;
} image;

static inline void new_data(trained *t)
{
    static const char *const names[CLASSES] = {"ant", "b\xC3\xA4r", "\"cat\""};
    sml__random random;
    sml__random_init(&random, 3, SML__GENERATE, 0, 0);
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        t->features[i] = (float)sml__random_normal(&random);
    }
    for (size_t r = 0; r < ROWS; r++) {
        t->labels[r] = (int32_t)(r % CLASSES);
    }
    const sml_data_view view = {.name = "zoo",
                                .rows = ROWS,
                                .columns = COLUMNS,
                                .features = t->features,
                                .height = 2,
                                .width = 3,
                                .outputs = CLASSES,
                                .labels = t->labels,
                                .class_names = names};
    assert_ok(t->ctx, sml_dataset_from_memory(t->ctx, &view, &t->data));
}

/* The state of every test: a trained model and an empty folder. */
static inline int train(void **state)
{
    const char *parent = getenv("TMPDIR");
    const char *settings = "hidden=5,4 epochs=2 batch_size=7 seed=11 activation=tanh";
    trained *t = calloc(1, sizeof *t);
    *state = t;
    t->ctx = new_context(1);
    snprintf(t->folder, sizeof t->folder, "%.80s/scratchml-model-XXXXXX",
             parent != NULL ? parent : "/tmp");
    if (mkdtemp(t->folder) == NULL) {
        return -1;
    }
    snprintf(t->path, sizeof t->path, "%s/model.safetensors", t->folder);
    new_data(t);
    assert_ok(t->ctx, sml_model_create(t->ctx, "mlp", settings, &t->model));
    assert_ok(t->ctx, sml_model_fit(t->ctx, t->model, t->data));
    return 0;
}

static inline int clean_up(void **state)
{
    trained *t = *state;
    unlink(t->path);
    rmdir(t->folder);
    sml_model_free(t->model);
    sml_dataset_free(t->data);
    sml_ctx_free(t->ctx);
    free(t);
    return 0;
}

/* Saves a model and reads its file. */
static inline image save(trained *t, const sml_model *model)
{
    image file = {NULL, 0};
    assert_ok(t->ctx, sml_model_save(t->ctx, model, t->path));
    assert_ok(t->ctx, sml__file_read(t->ctx, t->path, BYTES_MAX, &file.bytes, &file.length));
    return file;
}

static inline void free_image(image file)
{
    sml__free(file.bytes);
}

/* Writes the right checksum into a file that was changed. */
static inline void sign(image file)
{
    char digest[SML__DIGEST + 1];
    const sml__piece piece = {file.bytes, file.length};
    const unsigned char *found = sml__digest_find(file.bytes, file.length);
    assert_non_null(found);
    sml__digest_compute(&piece, 1, found, digest);
    memcpy(file.bytes + (found - file.bytes), digest, SML__DIGEST);
}

static inline size_t header_length(image file)
{
    size_t n = 0;
    memcpy(&n, file.bytes, 8);
    return n;
}

/* The header of a file as a tree; release it. */
static inline json_t *header_of(const trained *t, image file)
{
    sml__json_error error;
    json_t *header = NULL;
    assert_int_equal(
        sml__json_read(t->ctx, (const char *)file.bytes + 8, header_length(file), &error, &header),
        SML_OK);
    return header;
}

/* The file with another header, and signed where it has a place for that. */
static inline image with_header(const trained *t, image file, const json_t *header)
{
    char *text = sml__json_write(t->ctx, header);
    size_t n = strlen(text), data = file.length - 8 - header_length(file);
    size_t padded = (n + 7) / 8 * 8;
    image made = {sml__alloc(t->ctx, 8 + padded + data, 1, "a file"), 8 + padded + data};
    memcpy(made.bytes, &padded, 8);
    memset(made.bytes + 8, ' ', padded);
    memcpy(made.bytes + 8, text, n);
    memcpy(made.bytes + 8 + padded, file.bytes + file.length - data, data);
    sml__free(text);
    if (sml__digest_find(made.bytes, made.length) != NULL) {
        sign(made);
    }
    return made;
}

/* A tensor's first byte in the file. */
static inline unsigned char *tensor_bytes(const trained *t, image file, const char *name)
{
    json_t *header = header_of(t, file);
    json_t *offsets = json_object_get(json_object_get(header, name), "data_offsets");
    size_t begin = (size_t)json_integer_value(json_array_get(offsets, 0));
    json_decref(header);
    return file.bytes + 8 + header_length(file) + begin;
}

#endif
