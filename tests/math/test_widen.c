/* Bytes as floats: scale times the byte, rounded once, and nothing beyond the last. */
#include "support.h"

static void each_byte_is_scaled(void **state)
{
    enum { N = 300 };
    static const float scales[] = {1.0F, 1.0F / 255.0F, 0.3F};
    uint8_t bytes[N];
    (void)state;
    for (size_t i = 0; i < N; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        for (size_t n = 0; sml__isa_available((sml__isa)isa) && n < N; n++) {
            float out[N];
            const float scale = scales[n % 3];
            memset(out, 0x7F, sizeof out);
            sml__kernels_for((sml__isa)isa)->widen(bytes, n, scale, out);
            for (size_t i = 0; i < n; i++) {
                assert_true(out[i] == (float)bytes[i] * scale);
            }
            for (size_t i = n; i < N; i++) {
                assert_true(out[i] > 3e38F);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_byte_is_scaled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
