/* Pictures that are never twice the same: each time a training row is read it is shifted, turned,
 * scaled, bent and made noisy by random numbers that follow from seed, epoch and its place in the
 * epoch alone. */
#ifndef SML_DATA_PREPARE_AUGMENT_H
#define SML_DATA_PREPARE_AUGMENT_H

#include "data/dataset.h"

typedef struct sml__augment_settings {
    double shift;   /* pixels: each of x and y by U(-shift, shift) */
    double rotate;  /* degrees: by U(-rotate, rotate) */
    double scale;   /* by exp U(-ln(1 + scale), ln(1 + scale)) */
    double elastic; /* α of Simard, Steinkraus and Platt, 2003 */
    double sigma;   /* σ of its Gaussian, pixels */
    double noise;   /* standard deviation, in units of the values */
} sml__augment_settings;

typedef struct sml__augmentation sml__augmentation;

/* *out is NULL where no setting asks for anything. data: raw or prepared, its rows pictures.
 * members: as many as may augment at once. Errors: SML_BAD_ARGUMENT (rows that are no pictures; the
 * setting is named), SML_NO_MEMORY. */
sml_status sml__augmentation_create(sml_ctx *ctx, const sml_dataset *data,
                                    const sml__augment_settings *settings, uint64_t seed,
                                    int members, sml__augmentation **out);
void sml__augmentation_free(sml__augmentation *augmentation);

/* Work for one picture, as the number of a dense product's operations that take as long; 0 where no
 * setting asks for anything, or the rows are no pictures. */
double sml__augmentation_flops(const sml_dataset *data, const sml__augment_settings *settings);

/* One picture in place. place: its number within the epoch. member < members: whose scratch. */
void sml__augment(const sml__augmentation *augmentation, uint32_t epoch, uint64_t place, int member,
                  float *picture);

/* sml__dataset_gather with augmentation between the raw rows and the pipeline; row i of the n is
 * number place + i of the epoch. */
void sml__augmented_gather(const sml_dataset *data, const sml__augmentation *augmentation,
                           uint32_t epoch, uint64_t place, int member, const uint32_t *order,
                           size_t n, float *out, size_t stride);

/* warp.c: out pixel p = picture at q = c + A (p - c) - t + d(p), bilinear, 0 outside; c is the
 * centre, A = R(-θ) / s. */
typedef struct sml__warp {
    size_t height, width;
    float a[2][2];        /* A: row 0 is x, row 1 is y */
    float t[2];           /* x, y */
    const float *dx, *dy; /* [height, width], or NULL */
} sml__warp;

/* Floats of scratch: the picture with a frame of zeros. */
size_t sml__warp_scratch(size_t height, size_t width);
void sml__warp_picture(const sml__warp *warp, float *picture, float *scratch);

/* A Gaussian of σ as weights of a blur (math/blur.h): its radius, and weights[radius + 1]. */
size_t sml__gaussian_radius(double sigma);
void sml__gaussian_weights(double sigma, size_t radius, float *weights);

#endif
