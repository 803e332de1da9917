/* The digest of a data set. Numbers go in as they lie in memory: a little-endian host is assumed.
 *   "scratchml data 1\n", then as u64 rows, columns, outputs, height, width, task, 1 for bytes or 0
 *   for float32, 1 for labels, 2 for targets or 0 for neither; the scale as float32;
 *   the features row by row without the gaps of a stride; the labels as int32 or the targets as
 *   float32.
 * Compressed rows: "scratchml data csr 1\n", the same but for the scale; of each row the number of
 * its entries as u64, its columns as u32 and its values as float32.
 * Where there are weights: "weights\n", and they as float32.
 * Where there is a schema: "columns\n", the number of columns and whether they have names as u64;
 * of each its name, its kind as u64, the number of its categories as u64 and their names; the names
 * of the target and of the weights. A name goes in as its length as u64 and its bytes, one that is
 * not there as a length of 2⁶⁴ - 1.
 * A part has the digest of a data set that has a copy of its rows. */
#include "data/rows.h"

#include "base/sha256.h"

#include <string.h>

enum { PIECE = 4096 }; /* bytes of a stored row that are read at once */

static void hash_bytes(sml__sha256 *state, const void *bytes, size_t length)
{
    sha256_update(state, length, bytes);
}

static void hash_number(sml__sha256 *state, uint64_t number)
{
    hash_bytes(state, &number, sizeof number);
}

static void hash_name(sml__sha256 *state, const char *name)
{
    hash_number(state, name != NULL ? strlen(name) : UINT64_MAX);
    hash_bytes(state, name != NULL ? name : "", name != NULL ? strlen(name) : 0);
}

static void hash_shape(sml__sha256 *state, const sml_dataset *data)
{
    const sml_data_view *view = &data->view;
    const char *magic = view->row_starts != NULL ? "scratchml data csr 1\n" : "scratchml data 1\n";
    const uint64_t shape[] = {
        view->rows,
        view->columns,
        view->outputs,
        view->height,
        view->width,
        (uint64_t)view->task,
        sml__dataset_has_bytes(data) ? 1 : 0,
        view->labels != NULL ? 1 : (view->targets != NULL ? 2 : 0),
    };
    hash_bytes(state, magic, strlen(magic));
    hash_bytes(state, shape, sizeof shape);
    if (view->row_starts == NULL) {
        hash_bytes(state, &view->scale, sizeof view->scale);
    }
}

static void hash_compressed(sml__sha256 *state, const sml_data_view *view, size_t place)
{
    const size_t begin = view->row_starts[place], n = view->row_starts[place + 1] - begin;
    hash_number(state, n);
    hash_bytes(state, view->column_indices + begin, n * sizeof(uint32_t));
    hash_bytes(state, view->values + begin, n * sizeof(float));
}

/* Elements that are not bytes go in as the float32 that they are read as. */
static void hash_elements(sml__sha256 *state, const sml__store *store, unsigned char *elements,
                          size_t n)
{
    float floats[PIECE / sizeof(float)];
    const size_t fit = sizeof floats / sizeof *floats;
    if (sml__element_is_byte(store->element)) {
        hash_bytes(state, elements, n);
        return;
    }
    for (size_t i = 0; i < n; i += fit) {
        const size_t count = n - i < fit ? n - i : fit;
        sml__store_convert(store, elements + i * store->element.size, count, 1.0f, floats);
        hash_bytes(state, floats, count * sizeof *floats);
    }
}

/* A row in pieces. */
static void hash_wide_row(sml__sha256 *state, sml__store *store, uint64_t at)
{
    unsigned char piece[PIECE];
    for (size_t b = 0; b < store->row_bytes; b += PIECE) {
        const size_t left = store->row_bytes - b, n = left < PIECE ? left : PIECE;
        sml__store_read(store, at + b, piece, n);
        hash_elements(state, store, piece, n / store->element.size);
    }
}

static void hash_stored(sml__sha256 *state, const sml_dataset *data)
{
    sml__store *store = data->store;
    const size_t rows = data->view.rows, row_bytes = store->row_bytes;
    unsigned char span[SML__SPAN];
    for (size_t r = 0, run = 1; r < rows; r += run) {
        const uint32_t *places = data->selection != NULL ? data->selection + r : NULL;
        const uint64_t at = data->store_at + sml__dataset_place(data, r) * row_bytes;
        run = sml__store_run(store, places, rows - r);
        if (run == 1) {
            hash_wide_row(state, store, at);
            continue;
        }
        const size_t skipped = places != NULL ? places[run - 1] - places[0] : run - 1;
        sml__store_read(store, at, span, (skipped + 1) * row_bytes);
        for (size_t i = 0; i < run; i++) {
            const size_t within = places != NULL ? places[i] - places[0] : i;
            hash_elements(state, store, span + within * row_bytes, data->view.columns);
        }
    }
}

static void hash_features(sml__sha256 *state, const sml_dataset *data)
{
    const sml_data_view *view = &data->view;
    const size_t size = view->bytes != NULL ? 1 : sizeof(float);
    const uint8_t *features = view->bytes != NULL ? view->bytes : (const uint8_t *)view->features;
    if (data->store != NULL) {
        hash_stored(state, data);
        return;
    }
    for (size_t r = 0; r < view->rows; r++) {
        const size_t place = sml__dataset_place(data, r);
        if (view->row_starts != NULL) {
            hash_compressed(state, view, place);
        } else {
            hash_bytes(state, features + place * view->row_stride * size, view->columns * size);
        }
    }
}

/* An array of `size` bytes a row; NULL: nothing. */
static void hash_array(sml__sha256 *state, const sml_dataset *data, const void *array, size_t size)
{
    const uint8_t *bytes = array;
    if (bytes != NULL && data->selection == NULL) {
        hash_bytes(state, bytes, data->view.rows * size);
        return;
    }
    for (size_t r = 0; bytes != NULL && r < data->view.rows; r++) {
        hash_bytes(state, bytes + data->selection[r] * size, size);
    }
}

static void hash_columns(sml__sha256 *state, const sml_schema *schema)
{
    hash_bytes(state, "columns\n", strlen("columns\n"));
    hash_number(state, schema->n);
    hash_number(state, schema->has_names != 0);
    for (size_t i = 0; i < schema->n; i++) {
        const sml__column *column = &schema->columns[i];
        hash_name(state, column->name);
        hash_number(state, (uint64_t)column->kind);
        hash_number(state, column->n_categories);
        for (size_t c = 0; c < column->n_categories; c++) {
            hash_name(state, column->categories[c]);
        }
    }
    hash_name(state, schema->target);
    hash_name(state, schema->weight);
}

sml_status sml_dataset_sha256(sml_ctx *ctx, const sml_dataset *data, char out[65])
{
    const sml_data_view *view = &data->view;
    sml__sha256 state;
    sha256_init(&state);
    hash_shape(&state, data);
    hash_features(&state, data);
    hash_array(&state, data, view->labels, sizeof(int32_t));
    hash_array(&state, data, view->targets, view->outputs * sizeof(float));
    if (view->weights != NULL) {
        hash_bytes(&state, "weights\n", strlen("weights\n"));
        hash_array(&state, data, view->weights, sizeof(float));
    }
    if (data->schema != NULL) {
        hash_columns(&state, data->schema);
    }
    sml__sha256_hex(&state, out);
    return sml__dataset_status(ctx, data);
}
