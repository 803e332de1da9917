/* Generated classes in the plane. Row r belongs to class r mod n, so the classes are balanced. */
#include "data/generators.h"

#include <math.h>

static const double PI = 3.141592653589793;

/* x = point + deviation (n₁, n₂),  n ~ N(0, 1). */
static void place(sml__random *random, double x, double y, double deviation, float *out)
{
    out[0] = (float)(x + deviation * sml__random_normal(random));
    out[1] = (float)(y + deviation * sml__random_normal(random));
}

/* Three arms of class k = r mod 3, turning by 4 radians on their way out:
 *   t ~ U[0, 1),  φ = 2πk/3 + 4t,  x = 2t (cos φ, sin φ) + 0.08 n. */
int32_t sml__draw_spirals(sml__random *random, size_t r, float *x, float *y)
{
    (void)y;
    const int32_t k = (int32_t)(r % 3);
    const double t = sml__random_uniform(random);
    const double angle = 2.0 * PI * k / 3.0 + 4.0 * t;
    place(random, 2.0 * t * cos(angle), 2.0 * t * sin(angle), 0.08, x);
    return k;
}

/* Two half circles that reach into each other, t ~ U[0, π):
 *   class 0: (cos t, sin t),  class 1: (1 − cos t, 1/2 − sin t),  both + 0.15 n. */
int32_t sml__draw_moons(sml__random *random, size_t r, float *x, float *y)
{
    (void)y;
    const int32_t k = (int32_t)(r % 2);
    const double t = PI * sml__random_uniform(random);
    place(random, k == 0 ? cos(t) : 1.0 - cos(t), k == 0 ? sin(t) : 0.5 - sin(t), 0.15, x);
    return k;
}

/* A circle of radius 1 (class 0) around one of radius 1/2 (class 1), φ ~ U[0, 2π), + 0.1 n. */
int32_t sml__draw_circles(sml__random *random, size_t r, float *x, float *y)
{
    (void)y;
    const int32_t k = (int32_t)(r % 2);
    const double radius = k == 0 ? 1.0 : 0.5, angle = 2.0 * PI * sml__random_uniform(random);
    place(random, radius * cos(angle), radius * sin(angle), 0.1, x);
    return k;
}

/* Normal clouds of deviation 1 around four centres: 4 (cos kπ/2, sin kπ/2). */
int32_t sml__draw_blobs(sml__random *random, size_t r, float *x, float *y)
{
    static const double centres[4][2] = {{4, 0}, {0, 4}, {-4, 0}, {0, -4}};
    (void)y;
    const int32_t k = (int32_t)(r % 4);
    place(random, centres[k][0], centres[k][1], 1.0, x);
    return k;
}

/* Exclusive or: class 1 where exactly one coordinate is negative. Sign of the first at random,
 * sizes |x| ~ U[0.1, 1), + 0.05 n: one row in a thousand crosses an axis. */
int32_t sml__draw_xor(sml__random *random, size_t r, float *x, float *y)
{
    (void)y;
    const int32_t k = (int32_t)(r % 2);
    const double side = sml__random_uniform(random) < 0.5 ? -1.0 : 1.0;
    const double across = side * (0.1 + 0.9 * sml__random_uniform(random));
    const double up = (k == 0 ? side : -side) * (0.1 + 0.9 * sml__random_uniform(random));
    place(random, across, up, 0.05, x);
    return k;
}

/* Uniform in the square [−1, 1)², drawn again until w·x + b, w = (0.6, 0.8), b = −0.2, is at most
 * −0.1 for class 0 and at least 0.1 for class 1: |w| = 1, so 0.1 is the distance to the line. */
int32_t sml__draw_separable(sml__random *random, size_t r, float *x, float *y)
{
    (void)y;
    const int32_t k = (int32_t)(r % 2);
    double distance;
    do {
        x[0] = (float)(2.0 * sml__random_uniform(random) - 1.0);
        x[1] = (float)(2.0 * sml__random_uniform(random) - 1.0);
        distance = 0.6 * (double)x[0] + 0.8 * (double)x[1] - 0.2;
    } while ((k == 0 ? -distance : distance) < 0.1);
    return k;
}
