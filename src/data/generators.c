/* The generated data sets: one row of the table each. Those in the plane are drawn in
 * generators_plane.c, the regressions here. */
#include "data/generators.h"

#include "base/memory.h"
#include "data/dataset.h"

#include <math.h>
#include <string.h>

enum { TRAIN_ROWS = 3000, TEST_ROWS = 1000 };

static const double PI = 3.141592653589793;

/* A linear function of x ~ N(0, 1)^10 with noise:
 *   y = w·x + 0.1 n,  w = (4, −3, 3, −2, 2, −2, 1, −1, 1, 0) / 7,  |w| = 1,  n ~ N(0, 1). */
static int32_t draw_linear(sml__random *random, size_t r, float *x, float *y)
{
    static const double sevenths[10] = {4, -3, 3, -2, 2, -2, 1, -1, 1, 0};
    (void)r;
    double sum = 0.0;
    for (size_t j = 0; j < 10; j++) {
        const double value = sml__random_normal(random);
        x[j] = (float)value;
        sum += sevenths[j] * value;
    }
    y[0] = (float)(sum / 7.0 + 0.1 * sml__random_normal(random));
    return 0;
}

/* Friedman's first function (J. Friedman, "Multivariate adaptive regression splines", 1991) of
 * u ~ U[0, 1)^10, of which five matter:
 *   f(u) = 10 sin(π u₁u₂) + 20 (u₃ − 1/2)² + 10 u₄ + 5 u₅ + n,  n ~ N(0, 1).
 * Standardised by the moments of the distribution: x = √12 (u − 1/2),  y = (f(u) − 14.4) / 5. */
static int32_t draw_regression(sml__random *random, size_t r, float *x, float *y)
{
    double u[10];
    (void)r;
    for (size_t j = 0; j < 10; j++) {
        u[j] = sml__random_uniform(random);
        x[j] = (float)(sqrt(12.0) * (u[j] - 0.5));
    }
    double f = 10.0 * sin(PI * u[0] * u[1]) + 20.0 * (u[2] - 0.5) * (u[2] - 0.5) + 10.0 * u[3] +
               5.0 * u[4] + sml__random_normal(random);
    y[0] = (float)((f - 14.4) / 5.0);
    return 0;
}

/* The lane of a row never changes: its random numbers would. */
static const sml__generator generators[] = {
    {{"spirals", "three classes on the arms of a spiral in the plane, with noise", "generated"},
     SML_TASK_CLASSIFICATION,
     2,
     3,
     1,
     sml__draw_spirals},
    {{"moons", "two classes in the plane: half circles that reach into each other", "generated"},
     SML_TASK_CLASSIFICATION,
     2,
     2,
     3,
     sml__draw_moons},
    {{"circles", "two classes in the plane: a circle around a smaller one", "generated"},
     SML_TASK_CLASSIFICATION,
     2,
     2,
     4,
     sml__draw_circles},
    {{"blobs", "four classes in the plane: round clouds, far enough apart", "generated"},
     SML_TASK_CLASSIFICATION,
     2,
     4,
     5,
     sml__draw_blobs},
    {{"xor", "two classes in the plane: opposite quadrants are alike, so no line parts them",
      "generated"},
     SML_TASK_CLASSIFICATION,
     2,
     2,
     6,
     sml__draw_xor},
    {{"separable", "two classes in the plane, every row at least 0.1 away from a line between them",
      "generated"},
     SML_TASK_CLASSIFICATION,
     2,
     2,
     7,
     sml__draw_separable},
    {{"linear", "one number from ten features, linear, with noise of deviation 0.1", "generated"},
     SML_TASK_REGRESSION,
     10,
     1,
     8,
     draw_linear},
    {{"regression", "Friedman's function: one number from ten features, five of which matter",
      "generated"},
     SML_TASK_REGRESSION,
     10,
     1,
     2,
     draw_regression},
};

const sml__generator *sml__generator_at(size_t index)
{
    return index < sizeof generators / sizeof generators[0] ? &generators[index] : NULL;
}

static void draw_rows(const sml__generator *generator, sml__random *random, size_t rows, float *x,
                      int32_t *labels, float *targets)
{
    for (size_t r = 0; r < rows; r++) {
        float y = 0.0f;
        int32_t label = generator->draw(random, r, x + r * generator->columns, &y);
        if (labels != NULL) {
            labels[r] = label;
        } else {
            targets[r] = y;
        }
    }
}

sml_status sml__generate(sml_ctx *ctx, const sml__generator *generator, const char *split,
                         uint64_t seed, sml_dataset **out)
{
    int is_train = strcmp(split, "train") == 0;
    size_t rows = is_train ? TRAIN_ROWS : TEST_ROWS;
    int has_labels = generator->task == SML_TASK_CLASSIFICATION;
    *out = NULL;
    float *x = sml__alloc(ctx, rows * generator->columns, sizeof *x, "generated features");
    void *answers = x == NULL ? NULL : sml__alloc(ctx, rows, sizeof(float), "generated targets");
    if (answers == NULL) {
        sml__free(x);
        return SML_NO_MEMORY;
    }
    const sml_data_view view = {
        .name = generator->entry.name,
        .rows = rows,
        .columns = generator->columns,
        .features = x,
        .task = generator->task,
        .outputs = generator->outputs,
        .labels = has_labels ? answers : NULL,
        .targets = has_labels ? NULL : answers,
    };
    sml__random random;
    sml__random_init(&random, seed, SML__GENERATE, is_train ? 0 : 1, generator->lane);
    draw_rows(generator, &random, rows, x, has_labels ? answers : NULL,
              has_labels ? NULL : answers);
    sml_status status = sml__dataset_adopt(ctx, &view, x, answers, out);
    if (status == SML_OK) {
        sml__dataset_set_split(*out, split);
    }
    return status;
}
