#include "data/prepare/augment.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/prepare/pipeline.h"
#include "data/rows.h"
#include "math/kernels.h"

#include <math.h>
#include <string.h>

/* Lanes of SML__AUGMENT: which numbers are drawn. */
enum { LANE_AFFINE, LANE_X, LANE_Y, LANE_NOISE };

/* Quantiles of the normal distribution that noise is drawn from: 12 bits of a draw choose one. */
enum { QUANTILE_BITS = 12, QUANTILES = 1 << QUANTILE_BITS };

/* A word of Philox gives two numbers of 16 bits: places are bent by 2^-15 of a pixel then. */
enum { NUMBERS_A_BLOCK = 8 };

/* Time of a pixel in operations of a dense product, at 230 a ns: 3.6 ns for the warp, 7 for drawing
 * and blurring the fields of 28 x 28 at σ = 4, 2 for noise. */
static const double FLOPS_WARP = 800, FLOPS_FIELDS = 1600, FLOPS_NOISE = 500;

static const double RADIANS = 0.017453292519943295; /* π / 180 */

struct sml__augmentation {
    sml__augment_settings settings;
    size_t height, width;
    uint64_t seed;
    float low, high; /* what noise may not leave: the range of the values */
    sml__blur blur;
    float *weights;   /* of the blur, with elastic */
    float *quantiles; /* [QUANTILES], with noise: times its standard deviation */
    size_t scratch_floats;
    float *scratch; /* [members, scratch_floats] */
};

static int is_bent(const sml__augment_settings *s)
{
    return s->shift > 0 || s->rotate > 0 || s->scale > 0 || s->elastic > 0;
}

double sml__augmentation_flops(const sml_dataset *data, const sml__augment_settings *s)
{
    const sml_data_view *view = data->pipeline != NULL ? &data->raw->view : &data->view;
    const double pixel = (is_bent(s) ? FLOPS_WARP : 0) + (s->elastic > 0 ? FLOPS_FIELDS : 0) +
                         (s->noise > 0 ? FLOPS_NOISE : 0);
    return pixel * (double)view->height * (double)view->width;
}

/* Beyond 3σ lies 0.3% of the mass; the weights are brought to sum 1 all the same. */
size_t sml__gaussian_radius(double sigma)
{
    return (size_t)ceil(3.0 * sigma);
}

void sml__gaussian_weights(double sigma, size_t radius, float *weights)
{
    double sum = 0;
    for (size_t k = 0; k <= radius; k++) {
        const double z = (double)k / sigma;
        sum += (k > 0 ? 2.0 : 1.0) * exp(-0.5 * z * z);
    }
    for (size_t k = 0; k <= radius; k++) {
        const double z = (double)k / sigma;
        weights[k] = (float)(exp(-0.5 * z * z) / sum);
    }
}

/* Fills block number `index` of a lane. */
static inline void draw(const sml__augmentation *a, uint32_t epoch, uint64_t place, uint32_t lane,
                        uint32_t index, uint32_t out[4])
{
    const uint32_t key[2] = {(uint32_t)a->seed, (uint32_t)(a->seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)place, index, epoch, (uint32_t)SML__AUGMENT + 16 * lane};
    sml__philox(counter, key, out);
}

/* Uniform in (-1, 1). */
static double symmetric(uint32_t word)
{
    return ((double)word + 0.5) * 0x1p-31 - 1.0;
}

/* out[n]: 16 bits each; 8 numbers a block. */
static void draw_bits(const sml__augmentation *a, uint32_t epoch, uint64_t place, uint32_t lane,
                      size_t n, uint16_t *out)
{
    for (size_t i = 0; i < n; i += NUMBERS_A_BLOCK) {
        uint32_t words[4];
        draw(a, epoch, place, lane, (uint32_t)(i / NUMBERS_A_BLOCK), words);
        memcpy(out + i, words, sizeof words);
    }
}

/* α · (G_σ * u), u uniform in (-1, 1). bits has room for whole blocks. */
static void draw_field(const sml__augmentation *a, uint32_t epoch, uint64_t place, uint32_t lane,
                       float *field, uint16_t *bits, float *scratch)
{
    const size_t n = a->height * a->width;
    draw_bits(a, epoch, place, lane, n, bits);
    for (size_t i = 0; i < n; i++) {
        field[i] = ((float)bits[i] - 32767.5F) * 0x1p-15F;
    }
    sml__kernels_for(sml__isa_best())->blur(&a->blur, field, scratch);
}

/* A = R(-θ) / s and the shift, of four draws. */
static void draw_affine(const sml__augmentation *a, uint32_t epoch, uint64_t place, sml__warp *warp)
{
    uint32_t words[4];
    draw(a, epoch, place, LANE_AFFINE, 0, words);
    const double angle = a->settings.rotate * RADIANS * symmetric(words[0]);
    const double size = exp(log1p(a->settings.scale) * symmetric(words[1]));
    const float c = (float)(cos(angle) / size), s = (float)(sin(angle) / size);
    warp->a[0][0] = c;
    warp->a[0][1] = s;
    warp->a[1][0] = -s;
    warp->a[1][1] = c;
    warp->t[0] = (float)(a->settings.shift * symmetric(words[2]));
    warp->t[1] = (float)(a->settings.shift * symmetric(words[3]));
}

static void add_noise(const sml__augmentation *a, uint32_t epoch, uint64_t place, float *picture,
                      uint16_t *bits)
{
    const size_t n = a->height * a->width;
    draw_bits(a, epoch, place, LANE_NOISE, n, bits);
    for (size_t i = 0; i < n; i++) {
        const float x = picture[i] + a->quantiles[bits[i] >> (16 - QUANTILE_BITS)];
        const float low = x > a->low ? x : a->low;
        picture[i] = low < a->high ? low : a->high;
    }
}

/* 16 bits a pixel, in whole blocks, as floats. */
static size_t bit_floats(size_t pixels)
{
    return (pixels + NUMBERS_A_BLOCK - 1) / NUMBERS_A_BLOCK * 4;
}

void sml__augment(const sml__augmentation *a, uint32_t epoch, uint64_t place, int member,
                  float *picture)
{
    const sml__augment_settings *s = &a->settings;
    const size_t pixels = a->height * a->width;
    float *fields = a->scratch + (size_t)member * a->scratch_floats;
    uint16_t *bits = (void *)(fields + 2 * pixels);
    float *rest = fields + 2 * pixels + bit_floats(pixels);
    if (is_bent(s)) {
        sml__warp warp = {.height = a->height, .width = a->width};
        draw_affine(a, epoch, place, &warp);
        if (s->elastic > 0) {
            draw_field(a, epoch, place, LANE_X, fields, bits, rest);
            draw_field(a, epoch, place, LANE_Y, fields + pixels, bits, rest);
            warp.dx = fields;
            warp.dy = fields + pixels;
        }
        sml__warp_picture(&warp, picture, rest);
    }
    if (s->noise > 0) {
        add_noise(a, epoch, place, picture, bits);
    }
}

/* The z with Φ(z) = p, by Newton's steps on erfc. */
static double normal_quantile(double p)
{
    double z = 0;
    for (int i = 0; i < 40; i++) {
        const double density = 0.3989422804014327 * exp(-0.5 * z * z);
        const double step = (0.5 * erfc(-z * M_SQRT1_2) - p) / density;
        z -= fmax(-0.5, fmin(0.5, step));
    }
    return z;
}

/* Middles of 4096 equally likely pieces, brought to standard deviation sd. */
static void fill_quantiles(double sd, float *quantiles)
{
    double squares = 0;
    for (int i = 0; i < QUANTILES / 2; i++) {
        const double z = normal_quantile((i + 0.5) / QUANTILES);
        squares += 2 * z * z;
        quantiles[i] = (float)z;
    }
    const double factor = sd / sqrt(squares / QUANTILES);
    for (int i = 0; i < QUANTILES / 2; i++) {
        quantiles[i] = (float)((double)quantiles[i] * factor);
        quantiles[QUANTILES - 1 - i] = -quantiles[i];
    }
}

/* Bytes may be anything from 0 to 255; of other pictures the values say. */
static sml_status find_range(sml_ctx *ctx, const sml_dataset *raw, float *low, float *high)
{
    const sml_data_view *view = &raw->view;
    const int is_bytes = sml__dataset_has_bytes(raw);
    float *scratch = sml__alloc(ctx, view->columns, sizeof *scratch, "a picture");
    *low = 0;
    *high = is_bytes ? 255 * view->scale : 0;
    for (size_t r = 0; scratch != NULL && !is_bytes && r < view->rows; r++) {
        const sml__cells row = sml__dataset_cells(raw, sml__dataset_place(raw, r), scratch);
        for (size_t i = 0; i < row.n; i++) {
            *low = row.values[i] < *low ? row.values[i] : *low;
            *high = row.values[i] > *high ? row.values[i] : *high;
        }
    }
    sml__free(scratch);
    return scratch != NULL ? sml__dataset_status(ctx, raw) : SML_NO_MEMORY;
}

/* The first setting that asks for something; NULL where none does. */
static const char *first_asked(const sml__augment_settings *s)
{
    return s->shift > 0     ? "augment_shift"
           : s->rotate > 0  ? "augment_rotate"
           : s->scale > 0   ? "augment_scale"
           : s->elastic > 0 ? "augment_elastic"
           : s->noise > 0   ? "augment_noise"
                            : NULL;
}

static sml_status allocate(sml_ctx *ctx, sml__augmentation *a, int members)
{
    const size_t pixels = a->height * a->width;
    const size_t blur = sml__blur_scratch(&a->blur);
    const size_t warp = sml__warp_scratch(a->height, a->width);
    a->scratch_floats = 2 * pixels + bit_floats(pixels) + (blur > warp ? blur : warp);
    a->weights = sml__alloc(ctx, a->blur.radius + 1, sizeof *a->weights, "a Gaussian");
    a->quantiles = sml__alloc(ctx, QUANTILES, sizeof *a->quantiles, "quantiles");
    a->scratch = sml__alloc(ctx, (size_t)members * sizeof *a->scratch, a->scratch_floats,
                            "scratch of the augmentation");
    return a->weights != NULL && a->quantiles != NULL && a->scratch != NULL ? SML_OK
                                                                            : SML_NO_MEMORY;
}

sml_status sml__augmentation_create(sml_ctx *ctx, const sml_dataset *data,
                                    const sml__augment_settings *settings, uint64_t seed,
                                    int members, sml__augmentation **out)
{
    const sml_dataset *raw = data->pipeline != NULL ? data->raw : data;
    const char *asked = first_asked(settings);
    *out = NULL;
    if (asked == NULL) {
        return SML_OK;
    }
    if (raw->view.height == 0) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "%s: only pictures can be augmented; the rows of %s have no height and "
                         "width",
                         asked, raw->name);
    }
    sml__augmentation *a = sml__alloc(ctx, 1, sizeof *a, "an augmentation");
    if (a == NULL) {
        return SML_NO_MEMORY;
    }
    a->settings = *settings;
    a->seed = seed;
    a->height = raw->view.height;
    a->width = raw->view.width;
    a->blur = (sml__blur){
        .height = a->height,
        .width = a->width,
        .radius = settings->elastic > 0 ? sml__gaussian_radius(settings->sigma) : 0,
        .factor = (float)settings->elastic,
    };
    sml_status status = allocate(ctx, a, members);
    if (status != SML_OK) {
        sml__augmentation_free(a);
        return status;
    }
    if (settings->elastic > 0) {
        sml__gaussian_weights(settings->sigma, a->blur.radius, a->weights);
        a->blur.weights = a->weights;
    }
    if (settings->noise > 0) {
        fill_quantiles(settings->noise, a->quantiles);
        status = find_range(ctx, raw, &a->low, &a->high);
    }
    if (status != SML_OK) {
        sml__augmentation_free(a);
        return status;
    }
    *out = a;
    return SML_OK;
}

void sml__augmentation_free(sml__augmentation *augmentation)
{
    if (augmentation != NULL) {
        sml__free(augmentation->weights);
        sml__free(augmentation->quantiles);
        sml__free(augmentation->scratch);
        sml__free(augmentation);
    }
}

/* Pictures have no categories, so a prepared row is as wide as the raw one and is made in place. */
void sml__augmented_gather(const sml_dataset *data, const sml__augmentation *augmentation,
                           uint32_t epoch, uint64_t place, int member, const uint32_t *order,
                           size_t n, float *out, size_t stride)
{
    const sml__pipeline *pipeline = data->pipeline;
    sml__dataset_gather(pipeline != NULL ? data->raw : data, order, 0, n, out, stride);
    for (size_t i = 0; i < n; i++) {
        float *row = out + i * stride;
        sml__augment(augmentation, epoch, place + i, member, row);
        if (pipeline != NULL) {
            sml__pipeline_apply(pipeline, data->binding, row, row);
        }
    }
}
