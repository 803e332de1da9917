#include "data/readers/number.h"

#include "base/context.h"

#include <stdlib.h>

const double sml__powers_of_ten[SML__POWER_MAX + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12,
    1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25,
    1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38,
    1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47, 1e48, 1e49, 1e50, 1e51,
    1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59, 1e60, 1e61, 1e62, 1e63, 1e64,
};

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    return at;
}

const char *sml__number_end(const char *at, const char *end, char decimal)
{
    at += at < end && (*at == '-' || *at == '+');
    const char *whole = skip_digits(at, end);
    size_t digits = (size_t)(whole - at);
    at = whole;
    if (at < end && *at == decimal) {
        const char *fraction = skip_digits(at + 1, end);
        digits += (size_t)(fraction - at) - 1;
        at = fraction;
    }
    if (digits == 0) {
        return NULL;
    }
    if (at < end && (*at | 0x20) == 'e') {
        const char *power = at + 1;
        power += power < end && (*power == '-' || *power == '+');
        const char *power_end = skip_digits(power, end);
        return power_end > power ? power_end : at;
    }
    return at;
}

const char *sml__number_read(sml_ctx *ctx, const char *at, const char *end, char decimal,
                             float *value)
{
    char text[SML__NUMBER_LENGTH + 1];
    const char *stop = sml__number_end(at, end, decimal);
    if (stop == NULL || stop - at > SML__NUMBER_LENGTH) {
        return NULL;
    }
    const size_t length = (size_t)(stop - at);
    memcpy(text, at, length);
    text[length] = '\0';
    char *point = memchr(text, decimal, length);
    if (point != NULL) {
        *point = '.';
    }
    *value = (float)strtod_l(text, NULL, ctx->numbers);
    return stop;
}
