/* libFuzzer target: no bytes make the NPZ reader crash, leak or believe a length. */
#include "reader.h"

#include "data/readers/npz.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const char *const splits[] = {"train", "test"}; /* the second looks at both */
    for (size_t i = 0; i < 2; i++) {
        const sml_data_options options = {.split = splits[i]};
        open_and_read(&sml__npz_reader, "in.npz", input, size, &options);
    }
    return 0;
}
