/* SHA-256 over pieces of memory, by nettle. */
#ifndef SML_BASE_SHA256_H
#define SML_BASE_SHA256_H

#include <nettle/sha2.h>

typedef struct sha256_ctx sml__sha256;

/* Writes the digest as 64 hexadecimal digits and a zero. */
void sml__sha256_hex(sml__sha256 *state, char out[65]);

#endif
