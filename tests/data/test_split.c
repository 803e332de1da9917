/* Selections, splits and folds: which rows a part has, and what it says of them. */
#include "support.h"

#include "base/random.h"
#include "data/rows.h"

#include <jansson.h>
#include <math.h>

enum { ROWS_MAX = 4096 };

#define OK(call) assert_int_equal((call), SML_OK)

/* Rows whose only feature is their number, so that a part says which rows it has. */
typedef struct numbered {
    float x[ROWS_MAX];
    int32_t labels[ROWS_MAX];
    sml_dataset *data;
} numbered;

/* classes 0: without targets. */
static void make_numbered(sml_ctx *ctx, numbered *n, size_t rows, size_t classes)
{
    for (size_t i = 0; i < rows; i++) {
        n->x[i] = (float)i;
    }
    const sml_data_view view = {.rows = rows,
                                .columns = 1,
                                .features = n->x,
                                .outputs = classes,
                                .labels = classes > 0 ? n->labels : NULL};
    OK(sml_dataset_from_memory(ctx, &view, &n->data));
}

static size_t row_number(const sml_dataset *part, size_t r)
{
    float x;
    sml_dataset_features(part, r, &x);
    return (size_t)x;
}

static size_t rows_of(const sml_dataset *part)
{
    return part != NULL ? part->view.rows : 0;
}

/* How many rows of each class a part has. */
static void count_classes(const sml_dataset *part, size_t classes, size_t *counts)
{
    memset(counts, 0, classes * sizeof *counts);
    for (size_t r = 0; r < rows_of(part); r++) {
        counts[sml_dataset_label(part, r)]++;
    }
}

/* Every row of n is in exactly one part, upwards, with its own label. */
static void assert_partition(const numbered *n, sml_dataset *const *parts, size_t n_parts)
{
    unsigned char seen[ROWS_MAX] = {0};
    size_t rows = 0;
    for (size_t p = 0; p < n_parts; p++) {
        for (size_t r = 0; r < rows_of(parts[p]); r++) {
            const size_t row = row_number(parts[p], r);
            assert_int_equal(seen[row]++, 0);
            assert_true(r == 0 || row > row_number(parts[p], r - 1));
            if (n->data->view.labels != NULL) {
                assert_int_equal(sml_dataset_label(parts[p], r), n->labels[row]);
            }
        }
        rows += rows_of(parts[p]);
    }
    assert_int_equal(rows, n->data->view.rows);
}

static void free_parts(sml_dataset **parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sml_dataset_free(parts[i]);
    }
}

static void a_selection_reads_the_rows_that_it_names(void **state)
{
    sml_ctx *ctx = *state;
    static const float x[] = {10, 11, -1, 20, 21, -1, 30, 31, -1, 40, 41, -1};
    static const float y[] = {1, 2, 3, 4}, w[] = {0, 0.5F, 1, 2};
    const sml_data_view view = {.name = "four",
                                .rows = 4,
                                .columns = 2,
                                .features = x,
                                .row_stride = 3,
                                .task = SML_TASK_REGRESSION,
                                .outputs = 1,
                                .targets = y,
                                .weights = w};
    uint32_t list[] = {3, 1, 3, 0};
    const uint32_t inner[] = {2, 3};
    sml_dataset *data = NULL, *part = NULL, *window = NULL, *nested = NULL;
    float out[8];
    OK(sml_dataset_from_memory(ctx, &view, &data));
    OK(sml_dataset_select(ctx, data, list, 4, &part));
    memset(list, 0, sizeof list); /* it is copied */
    sml__dataset_gather(part, NULL, 0, 4, out, 2);
    assert_memory_equal(out, ((float[]){40, 41, 20, 21, 40, 41, 10, 11}), sizeof out);
    sml_dataset_targets(part, 1, out);
    assert_true(out[0] == 2 && sml_dataset_weight(part, 1) == 0.5F);
    OK(sml_dataset_rows(ctx, part, 1, 3, &window));
    sml_dataset_features(window, 2, out);
    assert_memory_equal(out, &x[0], 2 * sizeof *out);
    assert_int_equal(sml_dataset_select(ctx, window, inner, 2, &nested), SML_BAD_ARGUMENT);
    OK(sml_dataset_select(ctx, window, inner, 1, &nested));
    assert_int_equal(nested->view.rows, 1);
    assert_true(sml_dataset_weight(nested, 0) == 0);
    uint32_t order[] = {2, 0, 1};
    sml__dataset_map_order(window, order, 3);
    assert_memory_equal(order, ((uint32_t[]){0, 1, 3}), sizeof order);
    sml__dataset_targets_at(window, order[2], out);
    assert_true(out[0] == 4);
    sml_dataset_free(nested);
    sml_dataset_free(window);
    sml_dataset_free(part);
    sml_dataset_free(data);
}

static void rows_that_are_not_there_are_refused(void **state)
{
    sml_ctx *ctx = *state;
    numbered n;
    sml_dataset *part = NULL;
    make_numbered(ctx, &n, 10, 0);
    assert_int_equal(sml_dataset_select(ctx, n.data, (uint32_t[]){3, 10}, 2, &part),
                     SML_BAD_ARGUMENT);
    assert_null(part);
    assert_error_has(ctx, "row 10", "place 1", "0…9");
    assert_int_equal(sml_dataset_select(ctx, n.data, (uint32_t[]){0}, 0, &part), SML_BAD_ARGUMENT);
    assert_error_has(ctx, "memory: 0 rows");
    sml_dataset_free(n.data);
}

static void a_selection_has_the_digest_of_a_copy(void **state)
{
    sml_ctx *ctx = *state;
    static const uint8_t bytes[] = {1, 2, 9, 3, 4, 9, 5, 6, 9}, copied[] = {5, 6, 1, 2, 5, 6};
    static const int32_t labels[] = {0, 1, 2}, copied_labels[] = {2, 0, 2};
    static const float weights[] = {1, 2, 3}, copied_weights[] = {3, 1, 3};
    const sml_data_view view = {.rows = 3,
                                .columns = 2,
                                .bytes = bytes,
                                .row_stride = 3,
                                .outputs = 3,
                                .labels = labels,
                                .weights = weights};
    sml_data_view copy_view = view;
    copy_view.bytes = copied;
    copy_view.row_stride = 2;
    copy_view.labels = copied_labels;
    copy_view.weights = copied_weights;
    sml_dataset *data = NULL, *part = NULL, *copy = NULL;
    char digest[65], expected[65];
    OK(sml_dataset_from_memory(ctx, &view, &data));
    OK(sml_dataset_select(ctx, data, (uint32_t[]){2, 0, 2}, 3, &part));
    OK(sml_dataset_from_memory(ctx, &copy_view, &copy));
    OK(sml_dataset_sha256(ctx, part, digest));
    OK(sml_dataset_sha256(ctx, copy, expected));
    assert_string_equal(digest, expected);
    OK(sml_dataset_sha256(ctx, data, expected));
    assert_string_not_equal(digest, expected);
    sml_dataset_free(copy);
    sml_dataset_free(part);
    sml_dataset_free(data);
}

static json_t *reference(const char *member)
{
    json_t *all = json_load_file(SML_TEST_DATA "/reference/splits.json", 0, NULL);
    json_t *cases = json_incref(json_object_get(all, member));
    json_decref(all);
    assert_true(json_array_size(cases) > 0);
    return cases;
}

static size_t item(const json_t *array, size_t i)
{
    assert_true(i < json_array_size(array));
    return (size_t)json_integer_value(json_array_get(array, i));
}

static size_t member(const json_t *object, const char *name)
{
    assert_non_null(json_object_get(object, name));
    return (size_t)json_integer_value(json_object_get(object, name));
}

static void stratified_folds_are_those_of_scikit_learn(void **state)
{
    sml_ctx *ctx = *state;
    json_t *cases = reference("stratified"), *each;
    size_t at;
    json_array_foreach(cases, at, each)
    {
        const size_t folds = member(each, "folds"), classes = member(each, "classes");
        const json_t *labels = json_object_get(each, "labels");
        numbered n;
        sml_dataset *scored[ROWS_MAX] = {NULL};
        for (size_t i = 0; i < json_array_size(labels); i++) {
            n.labels[i] = (int32_t)item(labels, i);
        }
        make_numbered(ctx, &n, json_array_size(labels), classes);
        for (size_t f = 0; f < folds; f++) {
            sml_dataset *parts[2];
            size_t counts[16];
            OK(sml_dataset_fold(ctx, n.data, 7, f, folds, parts));
            assert_partition(&n, parts, 2);
            count_classes(parts[1], classes, counts);
            for (size_t k = 0; k < classes; k++) {
                const json_t *row = json_array_get(json_object_get(each, "table"), f);
                assert_int_equal(counts[k], item(row, k));
            }
            sml_dataset_free(parts[0]);
            scored[f] = parts[1];
        }
        assert_partition(&n, scored, folds); /* each row is scored once */
        free_parts(scored, folds);
        sml_dataset_free(n.data);
    }
    json_decref(cases);
}

static void plain_folds_are_those_of_scikit_learn(void **state)
{
    sml_ctx *ctx = *state;
    json_t *cases = reference("plain"), *each;
    size_t at;
    json_array_foreach(cases, at, each)
    {
        const size_t folds = member(each, "folds");
        numbered n;
        sml_dataset *scored[ROWS_MAX] = {NULL};
        make_numbered(ctx, &n, member(each, "rows"), 0);
        for (size_t f = 0; f < folds; f++) {
            sml_dataset *parts[2];
            OK(sml_dataset_fold(ctx, n.data, 3, f, folds, parts));
            assert_int_equal(rows_of(parts[1]), item(json_object_get(each, "sizes"), f));
            sml_dataset_free(parts[0]);
            scored[f] = parts[1];
        }
        assert_partition(&n, scored, folds);
        free_parts(scored, folds);
        sml_dataset_free(n.data);
    }
    json_decref(cases);
}

static void shares_are_those_of_scikit_learn(void **state)
{
    sml_ctx *ctx = *state;
    json_t *cases = reference("shares"), *each;
    size_t at;
    json_array_foreach(cases, at, each)
    {
        const json_t *counts = json_object_get(each, "counts");
        const size_t classes = json_array_size(counts);
        numbered n;
        size_t rows = 0, found[16];
        for (size_t k = 0; k < classes; k++) {
            for (size_t i = 0; i < item(counts, k); i++) {
                n.labels[rows++] = (int32_t)k;
            }
        }
        make_numbered(ctx, &n, rows, classes);
        sml_dataset *parts[2];
        const double share = (double)member(each, "part") / (double)rows;
        OK(sml_dataset_split(ctx, n.data, 5, &share, 1, parts));
        assert_partition(&n, parts, 2);
        count_classes(parts[1], classes, found);
        for (size_t k = 0; k < classes; k++) {
            assert_int_equal(found[k], item(json_object_get(each, "sizes"), k));
        }
        free_parts(parts, 2);
        sml_dataset_free(n.data);
    }
    json_decref(cases);
}

/* Sums of parts, shares of classes within a row, and a row of each class left, for random counts.
 */
static void splits_of_random_classes(void **state)
{
    sml_ctx *ctx = *state;
    sml__random random;
    sml__random_init(&random, 1, SML__SAMPLE, 0, 0);
    for (int trial = 0; trial < 200; trial++) {
        const size_t rows = 1 + sml__random_below(&random, 300);
        const uint32_t classes = 1 + sml__random_below(&random, 8);
        const double shares[] = {0.5 * sml__random_uniform(&random),
                                 0.5 * sml__random_uniform(&random)};
        numbered n;
        size_t all[8], rest[8], part[8];
        for (size_t i = 0; i < rows; i++) {
            n.labels[i] = (int32_t)sml__random_below(&random, classes);
        }
        make_numbered(ctx, &n, rows, classes);
        sml_dataset *parts[3];
        OK(sml_dataset_split(ctx, n.data, (uint64_t)trial, shares, 2, parts));
        assert_partition(&n, parts, 3);
        count_classes(n.data, classes, all);
        count_classes(parts[0], classes, rest);
        const double wanted[] = {round((double)rows * shares[0]), round((double)rows * shares[1])};
        size_t occurring = 0;
        for (uint32_t k = 0; k < classes; k++) {
            assert_true(all[k] == 0 || rest[k] > 0);
            occurring += all[k] > 0;
        }
        for (size_t p = 0; p < 2; p++) {
            count_classes(parts[p + 1], classes, part);
            if (wanted[0] + wanted[1] + (double)occurring <= (double)rows) {
                assert_true((double)rows_of(parts[p + 1]) == wanted[p]);
            }
            for (uint32_t k = 0; k < classes; k++) {
                assert_true((double)part[k] <= ceil((double)all[k] * shares[p]) + 1);
            }
        }
        free_parts(parts, 3);
        sml_dataset_free(n.data);
    }
}

static void a_part_depends_on_the_seed_alone(void **state)
{
    sml_ctx *ctx = *state;
    numbered n;
    sml_dataset *parts[3][2];
    char digests[3][65];
    make_numbered(ctx, &n, 1000, 0);
    for (size_t i = 0; i < 3; i++) {
        OK(sml_dataset_split(ctx, n.data, i < 2 ? 8 : 9, &(double){0.3}, 1, parts[i]));
        assert_int_equal(rows_of(parts[i][1]), 300);
        OK(sml_dataset_sha256(ctx, parts[i][1], digests[i]));
        free_parts(parts[i], 2);
    }
    assert_string_equal(digests[0], digests[1]);
    assert_string_not_equal(digests[0], digests[2]);
    sml_dataset_free(n.data);
}

/* A row's chance to be in the part is its share: 1000 seeds, 20 rows, ± 5 standard deviations. */
static void every_row_has_the_same_chance(void **state)
{
    sml_ctx *ctx = *state;
    numbered n;
    size_t times[20] = {0};
    make_numbered(ctx, &n, 20, 0);
    for (uint64_t seed = 0; seed < 1000; seed++) {
        sml_dataset *parts[2];
        OK(sml_dataset_split(ctx, n.data, seed, &(double){0.25}, 1, parts));
        for (size_t r = 0; r < rows_of(parts[1]); r++) {
            times[row_number(parts[1], r)]++;
        }
        free_parts(parts, 2);
    }
    const double deviation = sqrt(1000 * 0.25 * 0.75);
    for (size_t r = 0; r < 20; r++) {
        assert_true(fabs((double)times[r] - 250) < 5 * deviation);
    }
    sml_dataset_free(n.data);
}

static void parts_of_parts(void **state)
{
    sml_ctx *ctx = *state;
    numbered n;
    sml_dataset *outer[2], *inner[2];
    unsigned char seen[200] = {0};
    for (size_t i = 0; i < 200; i++) {
        n.labels[i] = (int32_t)(i % 4);
    }
    make_numbered(ctx, &n, 200, 4);
    OK(sml_dataset_split(ctx, n.data, 1, &(double){0.2}, 1, outer));
    OK(sml_dataset_fold(ctx, outer[0], 1, 2, 4, inner));
    sml_dataset *parts[] = {outer[1], inner[0], inner[1]};
    const size_t expected[] = {40, 120, 40};
    for (size_t p = 0; p < 3; p++) {
        assert_int_equal(rows_of(parts[p]), expected[p]);
        for (size_t r = 0; r < rows_of(parts[p]); r++) {
            const size_t row = row_number(parts[p], r);
            assert_int_equal(seen[row]++, 0);
            assert_int_equal(sml_dataset_label(parts[p], r), row % 4);
        }
    }
    free_parts(inner, 2);
    free_parts(outer, 2);
    sml_dataset_free(n.data);
}

static void edges_of_splits(void **state)
{
    sml_ctx *ctx = *state;
    numbered n;
    sml_dataset *parts[4];
    make_numbered(ctx, &n, 10, 0);
    OK(sml_dataset_split(ctx, n.data, 1, (double[]){0.7, 0.2, 0.1}, 3, parts));
    assert_int_equal(rows_of(parts[0]), 1); /* always one to train on */
    assert_partition(&n, parts, 4);
    free_parts(parts, 4);
    OK(sml_dataset_split(ctx, n.data, 1, (double[]){0, 0.04}, 2, parts));
    assert_true(parts[1] == NULL && parts[2] == NULL);
    assert_int_equal(rows_of(parts[0]), 10);
    free_parts(parts, 3);
    OK(sml_dataset_split(ctx, n.data, 1, NULL, 0, parts));
    assert_int_equal(rows_of(parts[0]), 10);
    sml_dataset_free(parts[0]);
    const double bad[][2] = {{-0.1, 0}, {NAN, 0}, {0.7, 0.4}, {INFINITY, 0}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(sml_dataset_split(ctx, n.data, 1, bad[i], 2, parts), SML_BAD_ARGUMENT);
        assert_error_has(ctx, "memory", "share");
        assert_null(parts[0]);
    }
    sml_dataset_free(n.data);
}

static void impossible_folds_are_refused(void **state)
{
    sml_ctx *ctx = *state;
    numbered n;
    sml_dataset *parts[2];
    for (size_t i = 0; i < 9; i++) {
        n.labels[i] = i > 5;
    }
    make_numbered(ctx, &n, 9, 2);
    assert_int_equal(sml_dataset_fold(ctx, n.data, 1, 0, 1, parts), SML_BAD_ARGUMENT);
    assert_int_equal(sml_dataset_fold(ctx, n.data, 1, 0, 7, parts), SML_BAD_ARGUMENT);
    assert_error_has(ctx, "7 folds", "2…6", "largest class");
    assert_null(parts[0]);
    assert_int_equal(sml_dataset_fold(ctx, n.data, 1, 6, 6, parts), SML_BAD_ARGUMENT);
    assert_error_has(ctx, "fold 6", "0…5");
    OK(sml_dataset_fold(ctx, n.data, 1, 5, 6, parts));
    free_parts(parts, 2);
    sml_dataset_free(n.data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_selection_reads_the_rows_that_it_names),
        TEST(rows_that_are_not_there_are_refused),
        TEST(a_selection_has_the_digest_of_a_copy),
        TEST(stratified_folds_are_those_of_scikit_learn),
        TEST(plain_folds_are_those_of_scikit_learn),
        TEST(shares_are_those_of_scikit_learn),
        TEST(splits_of_random_classes),
        TEST(a_part_depends_on_the_seed_alone),
        TEST(every_row_has_the_same_chance),
        TEST(parts_of_parts),
        TEST(edges_of_splits),
        TEST(impossible_folds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
