/* Replays the committed corpus of each fuzz target: what fuzzing found once stays found, also in
 * builds without libFuzzer. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each target calls its entry by libFuzzer's name. */
#define LLVMFuzzerTestOneInput fuzz_npy
#include "fuzz_npy.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_npz
int fuzz_npz(const uint8_t *input, size_t size);
#include "fuzz_npz.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_libsvm
int fuzz_libsvm(const uint8_t *input, size_t size);
#include "fuzz_libsvm.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_png
int fuzz_png(const uint8_t *input, size_t size);
#include "fuzz_png.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_jpeg
int fuzz_jpeg(const uint8_t *input, size_t size);
#include "fuzz_jpeg.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_checkpoint
int fuzz_checkpoint(const uint8_t *input, size_t size);
#include "fuzz_checkpoint.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_safetensors
int fuzz_safetensors(const uint8_t *input, size_t size);
#include "fuzz_safetensors.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_trace
int fuzz_trace(const uint8_t *input, size_t size);
#include "fuzz_trace.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_idx
int fuzz_idx(const uint8_t *input, size_t size);
#include "fuzz_idx.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_csv_streamed
int fuzz_csv_streamed(const uint8_t *input, size_t size);
#include "fuzz_csv_streamed.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_text
int fuzz_text(const uint8_t *input, size_t size);
#include "fuzz_text.c" /* NOLINT(bugprone-suspicious-include): its entry is renamed */
#undef LLVMFuzzerTestOneInput

enum { FILE_MAX = 8192 };

typedef struct target {
    const char *name;
    int (*run)(const uint8_t *input, size_t size);
} target;

static void replay_file(const target *t, const char *path)
{
    FILE *file = fopen(path, "rb");
    unsigned char bytes[FILE_MAX + 1];
    assert_non_null(file);
    const size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (length > FILE_MAX) {
        fail_msg("%s: more than %d bytes; the corpus is kept small", path, FILE_MAX);
    }
    unsigned char *exact = malloc(length + (length == 0)); /* a sanitizer sees a read beyond */
    assert_non_null(exact);
    memcpy(exact, bytes, length);
    assert_int_equal(t->run(exact, length), 0);
    free(exact);
}

static void replay(const target *t)
{
    char folder[512], path[1024];
    size_t n = 0;
    snprintf(folder, sizeof folder, "%s/fuzz/corpus/%s", SML_TEST_DATA, t->name);
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            replay_file(t, path);
            n++;
        }
    }
    closedir(directory);
    assert_true(n > 0);
}

static void every_target_stands_its_corpus(void **state)
{
    static const target targets[] = {{"npy", fuzz_npy},
                                     {"npz", fuzz_npz},
                                     {"libsvm", fuzz_libsvm},
                                     {"text", fuzz_text},
                                     {"csv_streamed", fuzz_csv_streamed},
                                     {"png", fuzz_png},
                                     {"jpeg", fuzz_jpeg},
                                     {"idx", fuzz_idx},
                                     {"safetensors", fuzz_safetensors},
                                     {"trace", fuzz_trace},
                                     {"checkpoint", fuzz_checkpoint}};
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        replay(&targets[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_target_stands_its_corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
