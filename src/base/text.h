/* Text: unknown names, and numbers read without regard to the locale. */
#ifndef SML_BASE_TEXT_H
#define SML_BASE_TEXT_H

#include <scratchml/base.h>

/* Fails with SML_UNKNOWN_NAME: `unknown <kind> 'word'; did you mean 'x'?`, or lists the names. */
sml_status sml__fail_unknown(sml_ctx *ctx, const char *kind, const char *word,
                             const char *const *names, size_t n);

/* The whole of text as a number, decimal point in every locale; 0 when it is none. Accepts what
 * strtod accepts, "nan" and "inf" included: the caller checks. */
int sml__parse_real(sml_ctx *ctx, const char *text, double *value);

/* The whole of text as an integer; 0 when it is none or does not fit. */
int sml__parse_integer(const char *text, int64_t *value);

#endif
