/* Tables that are larger than the memory for them: in pieces of every size they give the rows,
 * categories, digests, models and messages of the table that is read whole. */
#include "data/streamed.h"

#include "base/random.h"
#include "data/readers/reader.h"

#include <fcntl.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "data/readers/csv.h"

/* A piece is a 64th of the memory, and no smaller than 256 bytes: csv_pieces.c. */
enum { SMALLEST_PIECE = 256, PIECES = 64 };

/* A text that grows. */
typedef struct text {
    char *bytes;
    size_t used, room;
} text;

static void add(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(text *t, const char *format, ...)
{
    va_list arguments;
    if (t->used + 4096 > t->room) {
        t->room = 2 * t->room + 8192;
        t->bytes = realloc(t->bytes, t->room);
    }
    va_start(arguments, format);
    t->used += (size_t)vsnprintf(t->bytes + t->used, t->room - t->used, format, arguments);
    va_end(arguments);
}

static void write_text(sml_ctx *ctx, text *t)
{
    write_file(ctx, "x.csv", t->bytes, t->used);
    free(t->bytes);
    *t = (text){0};
}

/* How a table is written. */
typedef struct dialect {
    const char *before, *delimiter, *newline, *last; /* last: behind the last record */
    char decimal;
} dialect;

static const dialect USUAL = {"", ",", "\n", "\n", '.'};

/* Fields with everything that quotes allow: delimiters, newlines of all kinds, quotes, blanks, and
 * quotes that are none because they do not begin a field. */
static const char *const WORDS[] = {
    "red",          "\"a, b\"",  "\"two\nlines\"", "\"\"",   "\"say \"\"so\"\"\"",
    "5\" disk",     "  blue  ",  "\"\r\n\r\n\"",   "NA",     "  \"in; quotes\"  ",
    "\"\"\"\"\"\"", "x\"y\"\"z", "\"\r\"",         "Zürich", "\"|,;\t \"",
};

/* Numbers with missing cells, a column that turns into words late, words, weights, a target. */
static void add_rows(text *t, const dialect *d, int rows, uint64_t seed)
{
    sml__random random;
    sml__random_init(&random, seed, SML__SAMPLE, 0, 0);
    add(t, "%slength%swidth%scolour%slate%sweight%skind%s", d->before, d->delimiter, d->delimiter,
        d->delimiter, d->delimiter, d->delimiter, d->newline);
    for (int r = 0; r < rows; r++) {
        const unsigned fraction = sml__random_below(&random, 1000000);
        if (sml__random_below(&random, 9) > 0) {
            add(t, "%u%c%06u", (unsigned)sml__random_below(&random, 50), d->decimal, fraction);
        }
        add(t, "%s%s%u", d->delimiter, r % 7 == 0 ? " " : "",
            (unsigned)sml__random_below(&random, 9));
        add(t, "%s%s", d->delimiter,
            WORDS[sml__random_below(&random, sizeof WORDS / sizeof *WORDS)]);
        add(t, "%s%s", d->delimiter, r == rows - 20 ? "none" : "17");
        add(t, "%s%d", d->delimiter, r % 3);
        add(t, "%sk%u%s", d->delimiter, (unsigned)sml__random_below(&random, 3),
            r == rows - 1 ? d->last : d->newline);
        add(t, "%s", r % 50 == 0 ? d->newline : ""); /* a blank line */
    }
}

static const sml_data_options TABLE = {.target = "kind", .weight = "weight"};

static sml_dataset *open_table(sml_ctx *ctx, sml_data_options options, uint64_t memory)
{
    char path[1024];
    sml_dataset *data = NULL;
    sml_dataset_facts facts;
    options.memory = memory;
    OK(ctx, sml_dataset_open_with(ctx, path_in(ctx, "x.csv", path), &options, &data));
    sml_dataset_describe(data, &facts);
    assert_int_equal(facts.is_streamed, memory != 0);
    assert_int_equal(facts.stored_as_bytes, 0);
    return data;
}

/* The same rows, and the same facts about each column, names of categories included. */
static void assert_same_tables(sml_ctx *ctx, const sml_dataset *found, const sml_dataset *expected)
{
    sml_dataset_facts facts;
    assert_same_rows(ctx, found, expected);
    sml_dataset_describe(expected, &facts);
    for (size_t r = 0; r < facts.rows; r++) {
        assert_true(sml_dataset_weight(found, r) == sml_dataset_weight(expected, r));
    }
    for (size_t c = 0; c < facts.columns; c++) {
        sml_column_facts a, b;
        OK(ctx, sml_dataset_column(ctx, found, c, &a));
        OK(ctx, sml_dataset_column(ctx, expected, c, &b));
        assert_string_equal(a.name, b.name);
        assert_true(a.missing == b.missing && a.is_integer == b.is_integer);
        assert_int_equal(a.n_categories, b.n_categories);
        for (size_t k = 0; k < a.n_categories; k++) {
            assert_string_equal(sml_dataset_category(found, c, k),
                                sml_dataset_category(expected, c, k));
        }
    }
}

static void pieces_of_every_size_give_the_same_table(void **state)
{
    sml_ctx *ctx = *state;
    text t = {0};
    add_rows(&t, &USUAL, 1000, 1);
    assert_true(t.used > (size_t)PIECES * (SMALLEST_PIECE + 150));
    write_text(ctx, &t);
    sml_dataset *loaded = open_table(ctx, TABLE, 0);
    for (uint64_t piece = SMALLEST_PIECE; piece < SMALLEST_PIECE + 150; piece++) {
        sml_dataset *streamed = open_table(ctx, TABLE, piece * PIECES);
        assert_same_tables(ctx, streamed, loaded);
        sml_dataset_free(streamed);
    }
    sml_dataset_free(loaded);
}

static void dialects_are_read_as_whole_files_are(void **state)
{
    sml_ctx *ctx = *state;
    static const dialect dialects[] = {
        {"", ",", "\n", "", '.'},     {"\xef\xbb\xbf", ";", "\r\n", "\r\n", ','},
        {"", "\t", "\r", "\r", '.'},  {"\n \n\r\n", "|", "\n", " ", '.'},
        {"", ",", "\r\n", "\r", '.'}, {"\xef\xbb\xbf\r", "\t", "\r\n", "\n\n\n \n", ','},
    };
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        text t = {0};
        add_rows(&t, &dialects[i], 1000, i);
        write_text(ctx, &t);
        sml_dataset *loaded = open_table(ctx, TABLE, 0);
        for (uint64_t piece = SMALLEST_PIECE; piece < SMALLEST_PIECE + 100; piece += 11) {
            sml_dataset *streamed = open_table(ctx, TABLE, piece * PIECES);
            assert_same_tables(ctx, streamed, loaded);
            sml_dataset_free(streamed);
        }
        sml_dataset_free(loaded);
    }
}

static void records_may_be_longer_than_a_piece(void **state)
{
    sml_ctx *ctx = *state;
    text t = {0};
    for (int r = 0; r < 30; r++) {
        for (int c = 0; c < 900; c++) {
            add(&t, "%d,", r == 0 ? 100000 + c : (r * c) % 1000);
        }
        add(&t, "\"");
        for (int c = 0; c < 400 * r; c++) {
            add(&t, c % 9 == 0 ? "\n" : (c % 7 == 0 ? "\"\"" : "ab,c"));
        }
        add(&t, "\"\n");
    }
    write_text(ctx, &t);
    const sml_data_options options = {.target = "#3", .header = -1, .task = SML_TASK_REGRESSION};
    sml_dataset *loaded = open_table(ctx, options, 0), *streamed = open_table(ctx, options, 1);
    assert_same_tables(ctx, streamed, loaded);
    sml_dataset_free(streamed);
    sml_dataset_free(loaded);
}

/* The first 64 KiB decide on header and kinds; here they are a part of the first piece only, and
 * the record in which they end is longer than that. */
static void the_sample_is_that_of_the_whole_file(void **state)
{
    sml_ctx *ctx = *state;
    enum { LONG = 2 << 20 };
    text t = {0};
    add_rows(&t, &USUAL, 2500, 3);
    char *field = malloc(LONG + 1);
    memset(field, 'n', LONG);
    field[LONG] = '\0';
    t.bytes = realloc(t.bytes, t.used + LONG + (1 << 20));
    t.room = t.used + LONG + (1 << 20);
    t.used = (size_t)(strstr(t.bytes + 60000, "k1\n") + 3 - t.bytes);
    t.used += (size_t)sprintf(t.bytes + t.used, "1,2,\"%s\n\",17,1,k1\n", field);
    free(field);
    for (int r = 0; r < 20000; r++) {
        add(&t, "%d,2,red,17,1,k%d\n", r, r % 3);
    }
    write_text(ctx, &t);
    sml_dataset *loaded = open_table(ctx, TABLE, 0), *streamed = open_table(ctx, TABLE, 1 << 20);
    assert_same_tables(ctx, streamed, loaded);
    sml_dataset_free(streamed);
    sml_dataset_free(loaded);
}

static void models_are_those_of_loaded_tables(void **state)
{
    sml_ctx *ctx = *state;
    static const char *const settings[] = {
        "hidden=12 epochs=2 batch_size=32",
        "hidden=12 epochs=2 batch_size=1 optimizer=sgd missing=median encoding=ordinal",
        "hidden=12 epochs=2 batch_size=32 missing=most_frequent scaling=min_max",
        "hidden=12 epochs=2 batch_size=64 missing=zero validation=0.2 unknown=zeros",
    };
    text t = {0};
    add_rows(&t, &USUAL, 500, 4);
    write_text(ctx, &t);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        for (int threads = 1; threads <= 3; threads += 2) {
            assert_same_models(ctx, open_table(ctx, TABLE, 1), open_table(ctx, TABLE, 0),
                               settings[i], threads);
        }
    }
}

/* Columns in another order, one more, and no target: matched by name, as from memory. */
static void a_model_reads_streamed_tables(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024];
    float outputs[2][40 * 3];
    sml_model *model = NULL;
    text t = {0};
    add_rows(&t, &USUAL, 300, 5);
    write_text(ctx, &t);
    sml_dataset *data = open_table(ctx, TABLE, 1);
    OK(ctx, sml_model_create(ctx, "mlp", "hidden=8 epochs=2", &model));
    OK(ctx, sml_model_fit(ctx, model, data));
    sml_dataset_free(data);
    add(&t, "late,more,width,colour,length\n");
    for (int r = 0; r < 40; r++) {
        add(&t, "17,%d,%d,\"a, b\",%s\n", r, r % 9, r % 4 == 0 ? "" : "3.25");
    }
    write_text(ctx, &t);
    for (uint64_t i = 0; i < 2; i++) {
        const sml_data_options options = {.memory = i};
        OK(ctx, sml_model_open_data(ctx, model, path_in(ctx, "x.csv", path), &options, &data));
        OK(ctx, sml_model_predict(ctx, model, data, outputs[i], 40 * 3));
        sml_dataset_free(data);
    }
    assert_memory_equal(outputs[1], outputs[0], sizeof outputs[0]);
    sml_model_free(model);
}

/* Behind 400 good rows, and before another 100: what is said of each, line, column and offset. */
static void messages_are_those_of_whole_files(void **state)
{
    sml_ctx *ctx = *state;
    static const struct {
        const char *record, *text;
    } cases[] = {
        {"1,2,r\xe9"
         "d,17,1,k1\n",
         "not UTF-8"},
        {"1,2,red,17,1\n", "5 columns, expected 6"},
        {"1,2,\"red\n\",17,1,k1,x\n", "7 columns, expected 6"},
        {"1,2,\"red\"x,17,1,k1\n", "goes on after its closing quote"},
        {"1,inf,red,17,1,k1\n", "beyond the range of float32"},
        {"1,2,red,17,-1,k1\n", "is no weight"},
        {"1,2,red,17,,k1\n", "is no weight; every row needs one"},
        {"1,2,red,17,1,\n", "the target is missing (in 1 of "},
        {"\"1,5\",2,red,17,1,k1\n", "decimal comma"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[1024], said[1024];
        sml_dataset *data = NULL;
        text t = {0};
        add_rows(&t, &USUAL, 400, 6);
        add(&t, "%s", cases[i].record);
        for (int r = 0; r < 100; r++) {
            add(&t, "1,2,red,17,1,k1\n");
        }
        write_text(ctx, &t);
        path_in(ctx, "x.csv", path);
        for (uint64_t memory = 0; memory < 2; memory++) {
            sml_data_options options = TABLE;
            options.memory = memory;
            assert_int_equal(sml_dataset_open_with(ctx, path, &options, &data), SML_BAD_DATA);
            assert_null(data);
            assert_error_has(ctx, "x.csv:", cases[i].text);
            if (memory == 0) {
                snprintf(said, sizeof said, "%s", sml_ctx_error(ctx));
            }
        }
        assert_string_equal(sml_ctx_error(ctx), said);
    }
}

static void quotes_that_never_end_are_told(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024], said[1024];
    sml_dataset *data = NULL;
    for (int is_long = 0; is_long < 2; is_long++) {
        text t = {0};
        add_rows(&t, &USUAL, 100, 7);
        add(&t, "1,2,\"red,17,1,k1\n");
        for (int r = 0; r < (is_long ? 1200000 : 1000); r++) {
            add(&t, "1,2,red,17,1,k1\n");
        }
        write_text(ctx, &t);
        path_in(ctx, "x.csv", path);
        for (uint64_t memory = 0; memory < 2; memory++) {
            sml_data_options options = TABLE;
            options.memory = memory;
            assert_int_equal(sml_dataset_open_with(ctx, path, &options, &data), SML_BAD_DATA);
            assert_error_has(
                ctx, "x.csv:", is_long ? "is longer than 16 MiB" : "a quote that never ends");
            if (memory == 0) {
                snprintf(said, sizeof said, "%s", sml_ctx_error(ctx));
            }
        }
        assert_string_equal(sml_ctx_error(ctx), said);
    }
}

/* Lines of 64 MiB are no records, whatever follows. */
static void a_record_without_an_end_is_told(void **state)
{
    sml_ctx *ctx = *state;
    enum { LENGTH = 65 << 20 };
    char path[1024], *bytes = malloc(LENGTH);
    sml_dataset *data = NULL;
    memset(bytes, '7', LENGTH);
    for (size_t i = 0; i < LENGTH; i += 1 << 20) {
        bytes[i] = ','; /* fields have a limit of their own */
    }
    memcpy(bytes, "a,b\n1,2\n", 8);
    write_file(ctx, "x.csv", bytes, LENGTH);
    free(bytes);
    const sml_data_options options = {.memory = 1};
    assert_int_equal(sml_dataset_open_with(ctx, path_in(ctx, "x.csv", path), &options, &data),
                     SML_BAD_DATA);
    assert_error_has(ctx, "x.csv:3", "more than 64 MiB");
}

/* ------------------------------------------------------------------------ The file of rows */

static size_t count_files(const sml_ctx *ctx)
{
    size_t n = 0;
    DIR *folder = opendir(sml_ctx_data_dir(ctx));
    while (readdir(folder) != NULL) {
        n++;
    }
    closedir(folder);
    return n;
}

/* Opens x.csv with little memory, with TMPDIR set so; what it says is in ctx. */
static sml_status open_in(sml_ctx *ctx, const char *folder, sml_dataset **data)
{
    char path[1024], before[1024];
    const char *usual = getenv("TMPDIR");
    sml_data_options options = TABLE;
    options.memory = 1;
    snprintf(before, sizeof before, "%s", usual != NULL ? usual : "");
    setenv("TMPDIR", folder, 1);
    const sml_status status =
        sml_dataset_open_with(ctx, path_in(ctx, "x.csv", path), &options, data);
    if (usual != NULL) {
        setenv("TMPDIR", before, 1);
    } else {
        unsetenv("TMPDIR");
    }
    return status;
}

static void the_file_of_rows_has_no_name(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *data = NULL;
    text t = {0};
    add_rows(&t, &USUAL, 300, 8);
    write_text(ctx, &t);
    const size_t files = count_files(ctx);
    OK(ctx, open_in(ctx, sml_ctx_data_dir(ctx), &data));
    assert_int_equal(count_files(ctx), files);
    sml_dataset_free(data);
}

static void a_folder_that_takes_no_rows_is_named(void **state)
{
    sml_ctx *ctx = *state;
    sml_dataset *data = NULL;
    text t = {0};
    struct rlimit usual, small;
    add_rows(&t, &USUAL, 3000, 9);
    write_text(ctx, &t);
    assert_int_equal(open_in(ctx, "/nowhere/at/all", &data), SML_IO);
    assert_null(data);
    assert_error_has(ctx, "x.csv", "/nowhere/at/all", "TMPDIR", "No such file");
    /* A limit of 5000 bytes stands for a full disk: 48 000 are needed. */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    small = usual;
    small.rlim_cur = 5000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const sml_status status = open_in(ctx, sml_ctx_data_dir(ctx), &data);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    assert_int_equal(status, SML_IO);
    assert_null(data);
    assert_error_has(ctx, "x.csv", "its rows take about 1 MiB in", sml_ctx_data_dir(ctx), "TMPDIR",
                     "File too large");
}

/* ------------------------------------------------------------------------ Changed files */

/* Opens x.csv as if it had been `length` bytes long when it was looked at. */
static sml_status open_as_long(sml_ctx *ctx, uint64_t length, sml_dataset **data)
{
    char path[1024];
    sml_data_options options = TABLE;
    options.memory = 1;
    sml__large_input input = {.head = {.path = path_in(ctx, "x.csv", path)}, .length = length};
    input.fd = open(path, O_RDONLY);
    return sml__csv_reader.open_large(ctx, &input, &options, data);
}

static void a_file_that_shrinks_or_grows_is_told(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024];
    struct stat facts;
    sml_dataset *data = NULL;
    text t = {0};
    add_rows(&t, &USUAL, 300, 10);
    add(&t, "0,1,red,17,1,k1\n");
    write_text(ctx, &t);
    assert_int_equal(stat(path_in(ctx, "x.csv", path), &facts), 0);
    const uint64_t length = (uint64_t)facts.st_size;
    assert_int_equal(open_as_long(ctx, length + 100, &data), SML_IO);
    assert_error_has(ctx, "x.csv", "ends before byte", "do not change");
    assert_null(data);
    assert_int_equal(open_as_long(ctx, length - strlen("0,1,red,17,1,k1\n"), &data), SML_IO);
    assert_error_has(ctx, "x.csv", "it was changed while it was read");
    assert_null(data);
    OK(ctx, open_as_long(ctx, length, &data));
    sml_dataset_free(data);
}

static atomic_int is_over;

/* Gives the file another time, again and again. */
static void *touch(void *path)
{
    for (long i = 1; !atomic_load(&is_over); i++) {
        const struct timespec times[2] = {{i, 0}, {i, 0}};
        utimensat(AT_FDCWD, path, times, 0);
    }
    return NULL;
}

static void a_file_that_is_written_is_told(void **state)
{
    sml_ctx *ctx = *state;
    char path[1024];
    sml_dataset *data = NULL;
    pthread_t toucher;
    text t = {0};
    sml_data_options options = TABLE;
    sml_status status = SML_OK;
    options.memory = 1;
    add_rows(&t, &USUAL, 2000, 11);
    write_text(ctx, &t);
    atomic_store(&is_over, 0);
    assert_int_equal(pthread_create(&toucher, NULL, touch, (void *)path_in(ctx, "x.csv", path)), 0);
    for (int i = 0; i < 1000 && status == SML_OK; i++) { /* the other thread may be late */
        status = sml_dataset_open_with(ctx, path, &options, &data);
        sml_dataset_free(data);
    }
    atomic_store(&is_over, 1);
    pthread_join(toucher, NULL);
    assert_int_equal(status, SML_IO);
    assert_error_has(ctx, "x.csv", "it was changed while it was read");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pieces_of_every_size_give_the_same_table), TEST(dialects_are_read_as_whole_files_are),
        TEST(records_may_be_longer_than_a_piece),       TEST(the_sample_is_that_of_the_whole_file),
        TEST(models_are_those_of_loaded_tables),        TEST(a_model_reads_streamed_tables),
        TEST(messages_are_those_of_whole_files),        TEST(quotes_that_never_end_are_told),
        TEST(a_record_without_an_end_is_told),          TEST(the_file_of_rows_has_no_name),
        TEST(a_folder_that_takes_no_rows_is_named),     TEST(a_file_that_shrinks_or_grows_is_told),
        TEST(a_file_that_is_written_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
