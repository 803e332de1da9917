/* The committed corpus of fuzz_csv, once through: what was found stays found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fuzz/fuzz_csv.c" // NOLINT(bugprone-suspicious-include): the target itself

#include <dirent.h>
#include <stdio.h>

static void replay(const char *path)
{
    static uint8_t bytes[1 << 16];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t length = fread(bytes, 1, sizeof bytes, file);
    assert_true(length < sizeof bytes);
    fclose(file);
    assert_int_equal(LLVMFuzzerTestOneInput(bytes, length), 0);
}

static void the_corpus_is_read(void **state)
{
    static const char folder[] = SML_TEST_DATA "/fuzz/corpus/csv";
    char path[1024];
    size_t n = 0;
    (void)state;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            replay(path);
            n++;
        }
    }
    closedir(directory);
    assert_true(n >= 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_corpus_is_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
