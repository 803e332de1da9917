/* libFuzzer target: no bytes make the NPY reader crash, leak or believe a shape. */
#include "reader.h"

#include "data/readers/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const sml_data_options options = {.split = "train"};
    open_and_read(&sml__npy_reader, "in.npy", input, size, &options);
    return 0;
}
