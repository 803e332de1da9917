/* Augmentation against closed forms: whole shifts, quarter turns, the Gaussian summed directly, the
 * size of the displacements; and that draws follow from seed, epoch and place alone. */
#include "tables.h"

#include "data/prepare/augment.h"
#include "math/kernels.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, HEIGHT = 5, WIDTH = 7 };

static void fill(float *picture, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        picture[i] = (float)((i * 2654435761U >> 7) % 256) / 255.0F;
    }
}

static const float IDENTITY[2][2] = {{1, 0}, {0, 1}};

static sml__warp warp_of(size_t height, size_t width, const float a[2][2], float tx, float ty)
{
    sml__warp warp = {.height = height, .width = width, .t = {tx, ty}};
    memcpy(warp.a, a, sizeof warp.a);
    return warp;
}

static void run_warp(const sml__warp *warp, float *picture)
{
    float *scratch = malloc(sml__warp_scratch(warp->height, warp->width) * sizeof *scratch);
    sml__warp_picture(warp, picture, scratch);
    free(scratch);
}

/* Right and down by (2, 1): exact, and 0 where nothing was. Also beyond the picture's size. */
static void a_shift_by_whole_pixels_is_exact(void **state)
{
    static const int shifts[][2] = {{0, 0}, {2, 1}, {-3, 0}, {0, -4}, {6, 4}, {7, 0}, {0, -9}};
    (void)state;
    for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
        float before[HEIGHT * WIDTH], after[HEIGHT * WIDTH];
        const int sx = shifts[i][0], sy = shifts[i][1];
        const sml__warp warp = warp_of(HEIGHT, WIDTH, IDENTITY, (float)sx, (float)sy);
        fill(before, HEIGHT * WIDTH);
        memcpy(after, before, sizeof after);
        run_warp(&warp, after);
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                const int fx = x - sx, fy = y - sy;
                const int inside = fx >= 0 && fx < WIDTH && fy >= 0 && fy < HEIGHT;
                assert_true(after[y * WIDTH + x] == (inside ? before[fy * WIDTH + fx] : 0));
            }
        }
    }
}

/* Half a pixel: the mean of two neighbours. */
static void half_a_pixel_is_a_mean(void **state)
{
    float before[HEIGHT * WIDTH], after[HEIGHT * WIDTH];
    const sml__warp warp = warp_of(HEIGHT, WIDTH, IDENTITY, 0.5F, 0);
    (void)state;
    fill(before, HEIGHT * WIDTH);
    memcpy(after, before, sizeof after);
    run_warp(&warp, after);
    for (int i = 0; i < HEIGHT * WIDTH; i++) {
        const float left = i % WIDTH > 0 ? before[i - 1] : 0;
        assert_true(fabsf(after[i] - (left + before[i]) / 2) < 1e-6F);
    }
}

/* A = R(-90°): out(x, y) = in(y, side - 1 - x). */
static void a_quarter_turn_moves_whole_pixels(void **state)
{
    static const float quarter[2][2] = {{0, 1}, {-1, 0}};
    float before[PIXELS], after[PIXELS];
    const sml__warp warp = warp_of(SIDE, SIDE, quarter, 0, 0);
    (void)state;
    fill(before, PIXELS);
    memcpy(after, before, sizeof after);
    run_warp(&warp, after);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            assert_true(after[y * SIDE + x] == before[(SIDE - 1 - x) * SIDE + y]);
        }
    }
}

/* A field of constants is a shift. */
static void a_field_moves_pixels(void **state)
{
    float before[HEIGHT * WIDTH], after[HEIGHT * WIDTH];
    float dx[HEIGHT * WIDTH], dy[HEIGHT * WIDTH];
    sml__warp warp = warp_of(HEIGHT, WIDTH, IDENTITY, 0, 0);
    (void)state;
    for (int i = 0; i < HEIGHT * WIDTH; i++) {
        dx[i] = 1;
        dy[i] = -2;
    }
    warp.dx = dx;
    warp.dy = dy;
    fill(before, HEIGHT * WIDTH);
    memcpy(after, before, sizeof after);
    run_warp(&warp, after);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            const int inside = x + 1 < WIDTH && y - 2 >= 0;
            const float expected = inside ? before[(y - 2) * WIDTH + x + 1] : 0;
            assert_true(after[y * WIDTH + x] == expected);
        }
    }
}

/* The separable passes against the double sum of the definition. */
static void check_blur(sml__isa isa, size_t height, size_t width, double sigma)
{
    const size_t radius = sml__gaussian_radius(sigma), n = height * width;
    float *weights = malloc((radius + 1) * sizeof *weights);
    const sml__blur blur = {height, width, radius, weights, 2.5F};
    float *scratch = malloc(sml__blur_scratch(&blur) * sizeof *scratch);
    float *in = malloc(n * sizeof *in), *out = malloc(n * sizeof *out);
    double sum = 0;
    const int r = (int)radius;
    for (int k = -r; k <= r; k++) {
        sum += exp(-0.5 * k * k / (sigma * sigma));
    }
    fill(in, n);
    fill(out, n);
    sml__gaussian_weights(sigma, radius, weights);
    sml__kernels_for(isa)->blur(&blur, out, scratch);
    for (int y = 0; y < (int)height; y++) {
        for (int x = 0; x < (int)width; x++) {
            double expected = 0;
            for (int v = 0; v < (int)height; v++) {
                for (int u = 0; u < (int)width; u++) {
                    const int far = abs(u - x) > r || abs(v - y) > r;
                    const double d = (double)((u - x) * (u - x) + (v - y) * (v - y));
                    expected += far ? 0
                                    : (double)in[v * (int)width + u] *
                                          exp(-0.5 * d / (sigma * sigma)) / (sum * sum);
                }
            }
            assert_true(fabs((double)out[y * (int)width + x] - 2.5 * expected) < 1e-5);
        }
    }
    free(weights);
    free(scratch);
    free(in);
    free(out);
}

static void a_blur_is_a_gaussian(void **state)
{
    (void)state;
    for (int isa = SML__ISA_PLAIN; isa < SML__ISA_COUNT; isa++) {
        if (sml__isa_available((sml__isa)isa)) {
            check_blur((sml__isa)isa, SIDE, SIDE, 4);
            check_blur((sml__isa)isa, 5, 7, 1);
            check_blur((sml__isa)isa, 1, 1, 0.5);
            check_blur((sml__isa)isa, 3, 75, 2.3);
            check_blur((sml__isa)isa, 16, 8, 10);
        }
    }
}

/* One picture that is all bytes of a data set, so that an augmentation can be made. */
static sml_dataset *new_picture(sml_ctx *ctx, const float *features, size_t rows)
{
    const sml_data_view view = {.name = "pictures",
                                .rows = rows,
                                .columns = PIXELS,
                                .features = features,
                                .height = SIDE,
                                .width = SIDE};
    sml_dataset *data = NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &data));
    return data;
}

static const sml__augment_settings ALL = {
    .shift = 2, .rotate = 15, .scale = 0.2, .elastic = 34, .sigma = 4, .noise = 0.05};

static void augmented(sml_ctx *ctx, const sml__augment_settings *settings, uint64_t seed,
                      uint32_t epoch, uint64_t place, int member, float *out)
{
    float picture[PIXELS];
    sml__augmentation *a = NULL;
    fill(picture, PIXELS);
    sml_dataset *data = new_picture(ctx, picture, 1);
    assert_ok(ctx, sml__augmentation_create(ctx, data, settings, seed, 3, &a));
    memcpy(out, picture, sizeof picture);
    sml__augment(a, epoch, place, member, out);
    sml__augmentation_free(a);
    sml_dataset_free(data);
}

static void draws_follow_from_seed_epoch_and_place(void **state)
{
    float first[PIXELS], again[PIXELS], other[PIXELS];
    augmented(*state, &ALL, 42, 3, 1000, 0, first);
    augmented(*state, &ALL, 42, 3, 1000, 2, again); /* another member */
    assert_memory_equal(first, again, sizeof first);
    augmented(*state, &ALL, 43, 3, 1000, 0, other);
    assert_memory_not_equal(first, other, sizeof first);
    augmented(*state, &ALL, 42, 4, 1000, 0, other);
    assert_memory_not_equal(first, other, sizeof first);
    augmented(*state, &ALL, 42, 3, 1001, 0, other);
    assert_memory_not_equal(first, other, sizeof first);
}

/* Each setting alone changes the picture; none of them makes no augmentation at all. */
static void each_setting_does_something(void **state)
{
    static const sml__augment_settings settings[] = {
        {.shift = 1}, {.rotate = 10}, {.scale = 0.1}, {.elastic = 34, .sigma = 4}, {.noise = 0.1}};
    float picture[PIXELS], out[PIXELS];
    sml__augmentation *a = NULL;
    fill(picture, PIXELS);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        augmented(*state, &settings[i], 1, 0, 0, 0, out);
        assert_memory_not_equal(picture, out, sizeof out);
        for (int p = 0; p < PIXELS; p++) { /* nothing but noise leaves the values' range */
            assert_true(out[p] >= 0 && out[p] <= 1);
        }
    }
    sml_dataset *data = new_picture(*state, picture, 1);
    const sml__augment_settings none = {.sigma = 4};
    assert_ok(*state, sml__augmentation_create(*state, data, &none, 1, 1, &a));
    assert_null(a);
    assert_true(sml__augmentation_flops(data, &none) == 0);
    const sml__augment_settings turned = {.rotate = 5}, bent = {.elastic = 34, .sigma = 4};
    const double turns = sml__augmentation_flops(data, &turned);
    assert_true(turns > 0 && sml__augmentation_flops(data, &bent) > turns);
    sml_dataset_free(data);
}

/* A ramp x tells where each pixel comes from: far from the border, sd(d) = α √(1/3) / √(4πσ²), the
 * norm of the Gaussian's weights times the standard deviation of a draw. */
static void elastic_moves_pixels_as_far_as_it_should(void **state)
{
    enum { PICTURES = 400 };
    const sml__augment_settings settings = {.elastic = 34, .sigma = 4};
    const double pi = 3.141592653589793;
    const double expected = 34 * sqrt(1.0 / 3) / sqrt(4 * pi * 16);
    float ramp[PIXELS], out[PIXELS];
    double sum = 0, squares = 0;
    sml__augmentation *a = NULL;
    for (int i = 0; i < PIXELS; i++) {
        ramp[i] = (float)(i % SIDE);
    }
    sml_dataset *data = new_picture(*state, ramp, 1);
    assert_ok(*state, sml__augmentation_create(*state, data, &settings, 7, 1, &a));
    for (int k = 0; k < PICTURES; k++) {
        memcpy(out, ramp, sizeof out);
        sml__augment(a, 0, (uint64_t)k, 0, out);
        for (int i = 0; i < 4; i++) { /* four places of the middle, 4 pixels apart */
            const int at = (12 + i / 2 * 4) * SIDE + 12 + i % 2 * 4;
            const double d = (double)(out[at] - ramp[at]);
            sum += d;
            squares += d * d;
        }
    }
    const double n = 4.0 * PICTURES, mean = sum / n, sd = sqrt(squares / n - mean * mean);
    assert_true(fabs(mean) < 0.2);
    if (fabs(sd / expected - 1) > 0.08) {
        fail_msg("standard deviation of a displacement %.3f, expected %.3f", sd, expected);
    }
    sml__augmentation_free(a);
    sml_dataset_free(data);
}

/* Mean 0, standard deviation as asked, and the share beyond one of them that a normal one has. */
static void noise_is_normal(void **state)
{
    enum { PICTURES = 100 };
    const sml__augment_settings settings = {.noise = 0.1};
    float *features = malloc(2 * PIXELS * sizeof *features), out[PIXELS];
    double sum = 0, squares = 0, beyond = 0;
    sml__augmentation *a = NULL;
    for (int i = 0; i < PIXELS; i++) {
        features[i] = 0.5F;
        features[PIXELS + i] = i == 0 ? -2 : 3; /* the range of the values is cut at these */
    }
    sml_dataset *data = new_picture(*state, features, 2);
    assert_ok(*state, sml__augmentation_create(*state, data, &settings, 7, 1, &a));
    for (int k = 0; k < PICTURES; k++) {
        memcpy(out, features, sizeof out);
        sml__augment(a, 2, (uint64_t)k, 0, out);
        for (int i = 0; i < PIXELS; i++) {
            const double d = (double)out[i] - 0.5;
            sum += d;
            squares += d * d;
            beyond += fabs(d) > 0.1;
        }
    }
    const double n = (double)PIXELS * PICTURES; /* 78,400: sd of the mean is 0.00036 */
    assert_true(fabs(sum / n) < 0.0015);
    assert_true(fabs(sqrt(squares / n) / 0.1 - 1) < 0.01);
    assert_true(fabs(beyond / n - 0.3173) < 0.007);
    sml__augmentation_free(a);
    sml_dataset_free(data);
    free(features);
}

static void noise_stays_in_the_range_of_the_values(void **state)
{
    const sml__augment_settings settings = {.noise = 1};
    float out[PIXELS];
    int at_end = 0;
    augmented(*state, &settings, 1, 0, 0, 0, out); /* of values from 0 to 1 */
    for (int i = 0; i < PIXELS; i++) {
        assert_true(out[i] >= 0 && out[i] <= 1);
        at_end += out[i] == 0 || out[i] == 1;
    }
    assert_true(at_end > PIXELS / 4);
}

static void only_pictures_are_augmented(void **state)
{
    static const struct {
        sml__augment_settings settings;
        const char *name;
    } cases[] = {
        {{.shift = 1}, "augment_shift"}, {{.rotate = 1}, "augment_rotate"},
        {{.scale = 1}, "augment_scale"}, {{.elastic = 1, .sigma = 1}, "augment_elastic"},
        {{.noise = 1}, "augment_noise"},
    };
    const float cells[] = {1, 2};
    const sml_data_view view = {.name = "numbers", .rows = 1, .columns = 2, .features = cells};
    sml_dataset *data = NULL;
    sml__augmentation *a = NULL;
    assert_ok(*state, sml_dataset_from_memory(*state, &view, &data));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(sml__augmentation_create(*state, data, &cases[i].settings, 1, 1, &a),
                         SML_BAD_ARGUMENT);
        assert_null(a);
        assert_error_has(*state, cases[i].name, "only pictures", "numbers");
    }
    sml_dataset_free(data);
}

/* Rows come through order, each with its own place, and the pipeline works after the augmentation.
 */
static void a_gather_augments_each_row_by_its_place(void **state)
{
    float features[3 * PIXELS], out[2 * (PIXELS + 3)], one[PIXELS];
    const uint32_t order[] = {2, 0};
    const sml__prepare_settings standard = {.scaling = SML__SCALE_PER_IMAGE};
    sml__augmentation *a = NULL;
    sml__pipeline *pipeline = NULL;
    sml_dataset *ready = NULL;
    fill(features, 3 * PIXELS);
    sml_dataset *data = new_picture(*state, features, 3);
    assert_ok(*state, sml__augmentation_create(*state, data, &ALL, 5, 2, &a));
    sml__augmented_gather(data, a, 1, 50, 1, order, 2, out, PIXELS + 3);
    for (size_t i = 0; i < 2; i++) {
        memcpy(one, features + order[i] * PIXELS, sizeof one);
        sml__augment(a, 1, 50 + i, 0, one);
        assert_memory_equal(one, out + i * (PIXELS + 3), sizeof one);
    }
    assert_ok(*state, sml__pipeline_fit(*state, data, &standard, &pipeline));
    assert_ok(*state, sml__dataset_prepared(*state, data, pipeline, &ready));
    sml__augmented_gather(ready, a, 1, 51, 1, order + 1, 1, out, PIXELS);
    sml__pipeline_apply(pipeline, NULL, one, one);
    assert_memory_equal(one, out, sizeof one);
    sml_dataset_free(ready);
    sml__pipeline_free(pipeline);
    sml__augmentation_free(a);
    sml_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shift_by_whole_pixels_is_exact),
        cmocka_unit_test(half_a_pixel_is_a_mean),
        cmocka_unit_test(a_quarter_turn_moves_whole_pixels),
        cmocka_unit_test(a_field_moves_pixels),
        cmocka_unit_test(a_blur_is_a_gaussian),
        cmocka_unit_test(draws_follow_from_seed_epoch_and_place),
        cmocka_unit_test(each_setting_does_something),
        cmocka_unit_test(elastic_moves_pixels_as_far_as_it_should),
        cmocka_unit_test(noise_is_normal),
        cmocka_unit_test(noise_stays_in_the_range_of_the_values),
        cmocka_unit_test(only_pictures_are_augmented),
        cmocka_unit_test(a_gather_augments_each_row_by_its_place),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
