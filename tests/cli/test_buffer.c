/* Text that grows: what was printed is there, markup is made harmless, a file is written whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#undef fail /* cmocka's; the program has a function of this name */
#include "buffer.h"

static void pieces_add_up(void **state)
{
    buffer b = {0};
    size_t at = 0;
    (void)state;
    for (int i = 0; i < 3000; i++) {
        buffer_print(&b, "%d;%s", i, "");
    }
    assert_int_equal(b.length, strlen(b.text));
    for (int i = 0; i < 3000; i++) {
        char *end = NULL;
        assert_int_equal(strtol(b.text + at, &end, 10), i);
        assert_int_equal(*end, ';');
        at = (size_t)(end + 1 - b.text);
    }
    assert_int_equal(at, b.length);
    buffer_free(&b);
    assert_null(b.text);
    buffer_free(&b);
}

static void markup_is_escaped(void **state)
{
    buffer b = {0};
    (void)state;
    buffer_escape(&b, "");
    buffer_escape(&b, "a<b> & \"c\"\x01.\x7F.\nΣ'");
    buffer_print(&b, "|");
    buffer_escape(&b, "%s");
    assert_string_equal(b.text, "a&#60;b&#62; &#38; &#34;c&#34;?.?.?Σ'|%s");
    assert_int_equal(b.length, strlen(b.text));
    buffer_free(&b);
}

static void a_file_is_written(void **state)
{
    char path[] = "/tmp/buffer.XXXXXX", found[64] = "";
    session s = {.program = "scratchml test"};
    buffer b = {0};
    (void)state;
    assert_int_equal(sml_ctx_create(NULL, &s.ctx), SML_OK);
    close(mkstemp(path));
    buffer_print(&b, "one %s\n", "line");
    assert_int_equal(buffer_save(&s, &b, path), 0);
    assert_null(b.text);
    FILE *file = fopen(path, "r");
    assert_int_equal(fread(found, 1, sizeof found - 1, file), 9);
    assert_string_equal(found, "one line\n");
    fclose(file);
    buffer_print(&b, "x");
    assert_int_not_equal(buffer_save(&s, &b, "/nowhere/at/all"), 0);
    assert_null(b.text);
    unlink(path);
    sml_ctx_free(s.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_add_up),
        cmocka_unit_test(markup_is_escaped),
        cmocka_unit_test(a_file_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
