#include "base/sha256.h"

#include <stdio.h>

void sml__sha256_hex(sml__sha256 *state, char out[65])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(state, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
}
