/* libFuzzer target: no bytes make the PNG reader crash, leak or take more than its file explains.
 */
#include "reader.h"

#include "data/readers/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const sml_data_options options = {.split = "train", .height = 5, .width = 7};
    open_and_read(&sml__picture_reader, "in.png", input, size, &options);
    return 0;
}
