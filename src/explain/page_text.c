/* Digits of numbers, and signs spelt in ASCII. */
#include "explain/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* "101770" as "101,770". */
static void put_commas(char text[SML_NUMBER_TEXT])
{
    char digits[SML_NUMBER_TEXT];
    size_t used = 0;
    memcpy(digits, text, sizeof digits);
    const size_t n = strlen(digits), sign = digits[0] == '-';
    for (size_t i = 0; i < n && used + 2 < SML_NUMBER_TEXT; i++) {
        if (i > sign && (n - i) % 3 == 0) {
            text[used++] = ',';
        }
        text[used++] = digits[i];
    }
    text[used] = '\0';
}

void sml__number_text(double value, sml_digits digits, int decimals, char text[SML_NUMBER_TEXT])
{
    const size_t size = SML_NUMBER_TEXT;
    if (!isfinite(value)) {
        snprintf(text, size, "%s", isnan(value) ? "nan" : (value > 0 ? "inf" : "-inf"));
        return;
    }
    value = value == 0 ? 0 : value; /* no "-0" */
    switch (digits) {
    case SML_DIGITS_VALUE:
        snprintf(text, size, "%.6g", value);
        break;
    case SML_DIGITS_EXACT:
        snprintf(text, size, "%.9g", value);
        break;
    case SML_DIGITS_SMALL:
        snprintf(text, size, "%.2g", value);
        break;
    case SML_DIGITS_COUNT:
    case SML_DIGITS_INDEX:
        snprintf(text, size, fabs(value) < 1e18 ? "%.0f" : "%.6g", value);
        if (digits == SML_DIGITS_COUNT && fabs(value) < 1e18) {
            put_commas(text);
        }
        break;
    case SML_DIGITS_SHARE:
        snprintf(text, size, fabs(value) < 1e9 ? "%.2f%%" : "%.2e%%", 100 * value);
        break;
    case SML_DIGITS_FIXED:
        snprintf(text, size, fabs(value) < 1e15 ? "%.*f" : "%.*e", decimals, value);
        break;
    }
}

void sml_number_text(const sml_ctx *ctx, double value, sml_digits digits, int decimals,
                     char text[SML_NUMBER_TEXT])
{
    const locale_t before = uselocale(ctx->numbers);
    sml__number_text(value, digits, decimals, text);
    uselocale(before);
}

/* Every sign that pages and formulas use. The dot on the line is a product, the one in the middle
 * stands between two facts, with a blank before it: there ASCII must have nothing that could be a
 * minus. */
static const struct {
    const char *utf8, *ascii;
} SPELLING[] = {
    {"Σ", "sum"},   {"√", "sqrt"},   {"∂", "d"},     {"Δ", "D"},      {"δ", "delta"},
    {"α", "alpha"}, {"β", "beta"},   {"γ", "gamma"}, {"ε", "eps"},    {"η", "eta"},
    {"θ", "theta"}, {"λ", "lambda"}, {"μ", "mu"},    {"ρ", "rho"},    {"σ", "sigma"},
    {"φ", "phi"},   {"Φ", "Phi"},    {"‖", "|"},     {"⋅", "*"},      {"⊙", "*"},
    {" ·", ";"},    {"·", ";"},      {"×", "x"},     {"→", "->"},     {"←", "<-"},
    {"≤", "<="},    {"≥", ">="},     {"≈", "~"},     {"≠", "!="},     {"−", "-"},
    {"…", "..."},   {"²", "^2"},     {"ᵀ", "^T"},    {"₀", "0"},      {"₁", "1"},
    {"₂", "2"},     {"½", "1/2"},    {"∞", "inf"},   {"\u0302", "^"}, {"\u0303", "~"},
    {"°", "o"},
};

size_t sml__spell(const char *text, char *out, size_t size)
{
    size_t used = 0;
    while (*text != '\0') {
        size_t n = 1, length = 1;
        const char *ascii = text;
        const int may_be_sign = (unsigned char)*text >= 0x80 || *text == ' ';
        for (size_t i = 0; i < sizeof SPELLING / sizeof SPELLING[0] && may_be_sign; i++) {
            const size_t bytes = strlen(SPELLING[i].utf8);
            if (strncmp(text, SPELLING[i].utf8, bytes) == 0) {
                n = bytes;
                ascii = SPELLING[i].ascii;
                length = strlen(ascii);
                break;
            }
        }
        for (size_t i = 0; i < length; i++, used++) {
            if (used + 1 < size) {
                out[used] = ascii[i];
            }
        }
        text += n;
    }
    if (size > 0) {
        out[used < size ? used : size - 1] = '\0';
    }
    return used;
}
