/* Tables: kinds of columns, targets, what a model asks for, mistakes, files. */
#include "readers/table.h"

#include <zlib.h>

/* ------------------------------------------------------------------------ Kinds */

static void kinds_are_recognised(void **state)
{
    sml_dataset *data = TABLE(*state,
                              "i,f,c,m,e\n"
                              "1,1.5,red,?,NA\n"
                              " -2 ,2,\"blue\",N/A,\n"
                              "3.0,nan,red,5,null\n"
                              "1e3,NaN,None,NULL,\"\"\n",
                              0);
    assert_int_equal(data->view.task, SML_TASK_NONE);
    assert_column(data, 0, "i", SML__NUMERIC, 0, 1);
    assert_column(data, 1, "f", SML__NUMERIC, 2, 0);
    assert_column(data, 2, "c", SML__CATEGORICAL, 1, 0);
    assert_column(data, 3, "m", SML__NUMERIC, 3, 1);
    assert_column(data, 4, "e", SML__NUMERIC, 4, 0);
    assert_true(cell(data, 1, 0) == -2 && cell(data, 3, 0) == 1000);
    assert_true(isnan(cell(data, 2, 1)) && isnan(cell(data, 0, 3)) && cell(data, 2, 3) == 5);
    assert_string_equal(category(data, 0, 2), "red");
    assert_string_equal(category(data, 1, 2), "blue");
    assert_string_equal(data->schema->columns[2].categories[0], "red"); /* in order of rows */
    assert_null(category(data, 3, 2));
    sml_dataset_free(data);
}

static void numbers_that_are_names_are_kept_as_written(void **state)
{
    sml_dataset *data = TABLE(*state, "zip,x\n01234,1\n1234,2\n", .categorical = "zip");
    assert_string_equal(category(data, 0, 0), "01234");
    assert_string_equal(category(data, 1, 0), "1234");
    sml_dataset_free(data);
}

/* Text far behind what is looked at first: a second pass reads the column anew. */
static void late_text_makes_a_column_categorical(void **state)
{
    enum { ROWS = 30000 };
    static char text[ROWS * 16 + 100];
    size_t used = (size_t)sprintf(text, "a,b,y\n");
    for (int r = 0; r < ROWS; r++) {
        used += (size_t)sprintf(text + used, "%d,%d,%d\n", r % 7, r, r % 3);
    }
    sprintf(text + used, "late,5,none of them\n");
    sml_dataset *data = TABLE(*state, text, .target = "y");
    assert_int_equal(data->view.rows, ROWS + 1);
    assert_column(data, 0, "a", SML__CATEGORICAL, 0, 0);
    assert_column(data, 1, "b", SML__NUMERIC, 0, 1);
    assert_int_equal(data->schema->columns[0].n_categories, 8);
    assert_string_equal(category(data, 13, 0), "6");
    assert_string_equal(category(data, ROWS, 0), "late");
    assert_true(cell(data, ROWS - 1, 1) == ROWS - 1);
    assert_int_equal(data->view.outputs, 4);
    assert_string_equal(class_of(data, ROWS), "none of them");
    assert_string_equal(class_of(data, 4), "1");
    sml_dataset_free(data);
}

static void columns_are_chosen(void **state)
{
    sml_dataset *data =
        TABLE(*state, "id,a,b,c,y\n7,1,2,3,x\n8,4,5,6,z\n", .target = "#5", .drop = "id,#4");
    assert_int_equal(data->view.columns, 2);
    assert_column(data, 0, "a", SML__NUMERIC, 0, 1);
    assert_column(data, 1, "b", SML__NUMERIC, 0, 1);
    assert_true(cell(data, 1, 0) == 4 && cell(data, 1, 1) == 5);
    assert_string_equal(data->schema->target, "y");
    sml_dataset_free(data);
}

static void decimal_commas_are_found_and_told(void **state)
{
    sml_dataset *data = TABLE(*state, "a;b\n1,5;-2\n1e1;,5\n", 0);
    assert_true(cell(data, 0, 0) == 1.5F && cell(data, 1, 1) == 0.5F && cell(data, 1, 0) == 10);
    sml_dataset_free(data);
    data = TABLE(*state, "a,b\n\"1,5\",2\n3,\"-2,25\"\n", .decimal = ',');
    assert_true(cell(data, 0, 0) == 1.5F && cell(data, 0, 1) == 2 && cell(data, 1, 1) == -2.25F);
    sml_dataset_free(data);
    data = TABLE(*state, "a;b\n1.5;2\n", 0);
    assert_true(cell(data, 0, 0) == 1.5F);
    sml_dataset_free(data);
    REFUSES(*state, "a,b\n1,2\n\"1,5\",3\n", OPTIONS(0), SML_BAD_DATA,
            "t.csv:3: column 1 'a': '1,5'", "looks like a decimal comma; say --decimal ,");
}

/* ------------------------------------------------------------------------ Targets */

static void text_becomes_sorted_classes(void **state)
{
    sml_dataset *data = TABLE(*state, "x,y\n1,pear\n2,apple\n3,pear\n4,Zebra\n", .target = "y");
    static const char *const names[] = {"Zebra", "apple", "pear"};
    static const int32_t labels[] = {2, 1, 2, 0};
    assert_int_equal(data->view.task, SML_TASK_CLASSIFICATION);
    assert_int_equal(data->view.outputs, 3);
    for (size_t k = 0; k < 3; k++) {
        assert_string_equal(sml_dataset_class_name(data, k), names[k]);
    }
    assert_memory_equal(data->view.labels, labels, sizeof labels);
    sml_dataset_free(data);
}

static void numbers_as_classes_are_sorted_by_value(void **state)
{
    sml_dataset *data = TABLE(*state, "x,y\n1,10\n2,9\n3,9.0\n4,-1\n", .target = "y",
                              .task = SML_TASK_CLASSIFICATION);
    static const char *const names[] = {"-1", "9", "10"};
    static const int32_t labels[] = {2, 1, 1, 0};
    assert_int_equal(data->view.outputs, 3);
    for (size_t k = 0; k < 3; k++) {
        assert_string_equal(sml_dataset_class_name(data, k), names[k]);
    }
    assert_memory_equal(data->view.labels, labels, sizeof labels);
    sml_dataset_free(data);
}

/* "x,y" rows with y = r % values + shift. */
static sml_dataset *numeric_target(sml_ctx *ctx, int rows, int values, const char *behind,
                                   sml_task task)
{
    static char text[100000];
    size_t used = (size_t)sprintf(text, "x,y\n");
    for (int r = 0; r < rows; r++) {
        used += (size_t)sprintf(text + used, "%d,%d%s\n", r, r % values, behind);
    }
    return TABLE(ctx, text, .target = "y", .task = task);
}

static void numbers_are_classes_where_they_are_few(void **state)
{
    const struct {
        int rows, values;
        const char *behind;
        sml_task task, expected;
    } cases[] = {
        {31, 3, "", SML_TASK_NONE, SML_TASK_CLASSIFICATION},
        {31, 3, ".0", SML_TASK_NONE, SML_TASK_CLASSIFICATION},
        {30, 3, "", SML_TASK_NONE, SML_TASK_REGRESSION},
        {31, 3, ".5", SML_TASK_NONE, SML_TASK_REGRESSION},
        {1000, 20, "", SML_TASK_NONE, SML_TASK_CLASSIFICATION},
        {1000, 21, "", SML_TASK_NONE, SML_TASK_REGRESSION},
        {31, 3, "", SML_TASK_REGRESSION, SML_TASK_REGRESSION},
        {30, 30, "", SML_TASK_CLASSIFICATION, SML_TASK_CLASSIFICATION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sml_dataset *data =
            numeric_target(*state, cases[i].rows, cases[i].values, cases[i].behind, cases[i].task);
        assert_int_equal(data->view.task, cases[i].expected);
        if (cases[i].expected == SML_TASK_REGRESSION) {
            assert_int_equal(data->view.outputs, 1);
            assert_true(data->view.targets[2] == 2 + (float)strtod(cases[i].behind, NULL));
        } else {
            assert_int_equal(data->view.outputs, cases[i].values);
            assert_int_equal(data->view.labels[2], 2);
        }
        sml_dataset_free(data);
    }
}

static void weights_are_read(void **state)
{
    sml_dataset *data = TABLE(*state, "x,w,y\n1,0.5,a\n2,0,b\n", .target = "y", .weight = "w");
    assert_int_equal(data->view.columns, 1);
    assert_true(data->view.weights[0] == 0.5F && data->view.weights[1] == 0);
    assert_string_equal(data->schema->weight, "w");
    sml_dataset_free(data);
    data = TABLE(*state, "x,w\n1,2\n", .weight = "w");
    assert_true(data->view.weights[0] == 2);
    sml_dataset_free(data);
    REFUSES(*state, "x,w\n1,1\n2,-0.5\n", OPTIONS(.weight = "w"), SML_BAD_DATA,
            "t.csv:3: column 2 'w': '-0.5'", "at least 0");
    REFUSES(*state, "x,w\n1,1\n2,\n", OPTIONS(.weight = "w"), SML_BAD_DATA, "t.csv:3: column 2 'w'",
            "every row needs one");
    REFUSES(*state, "x,w\n1,x\n", OPTIONS(.weight = "w"), SML_BAD_DATA,
            "t.csv:2: column 2 'w': 'x'", "needs numbers");
    REFUSES(*state, "x,w\n1,0\n2,0\n", OPTIONS(.weight = "w"), SML_BAD_DATA, "column 2 'w'",
            "all weights are 0");
}

/* ------------------------------------------------------------------------ As a model asks */

static void columns_of_a_model_are_matched_by_name(void **state)
{
    sml_dataset *train = TABLE(*state, "a,c,y\n1,red,no\n2,blue,yes\n", .target = "y");
    const sml_schema *like = train->schema;
    const char *const *classes = train->view.class_names;
    /* Another order, columns that the model does not know, a new category, numbers as names. */
    sml_dataset *data = TABLE(*state, "y,extra,c,a\nyes,?,green,3\nno,z,red,\n", .like = like,
                              .classes = classes, .n_classes = 2);
    assert_int_equal(data->view.columns, 2);
    assert_column(data, 0, "a", SML__NUMERIC, 1, 1);
    assert_column(data, 1, "c", SML__CATEGORICAL, 0, 0);
    assert_string_equal(category(data, 0, 1), "green");
    assert_true(cell(data, 0, 0) == 3 && isnan(cell(data, 1, 0)));
    assert_int_equal(data->view.labels[0], 1);
    assert_int_equal(data->view.labels[1], 0);
    sml_dataset_free(data);
    data = TABLE(*state, "c,a\n7,3\n", .like = like, .classes = classes, .n_classes = 2);
    assert_int_equal(data->view.task, SML_TASK_NONE); /* for prediction */
    assert_string_equal(category(data, 0, 1), "7");
    sml_dataset_free(data);
    data =
        TABLE(*state, "a,c,y\n7,red,\n8,red,\n", .like = like, .classes = classes, .n_classes = 2);
    assert_int_equal(data->view.task, SML_TASK_NONE); /* the column is there, and empty */
    sml_dataset_free(data);
    data = TABLE(*state, "7,red\n", .like = like);
    assert_true(cell(data, 0, 0) == 7); /* by position: no header, as many columns */
    sml_dataset_free(data);
    REFUSES(*state, "a,cc,y\n1,red,no\n", OPTIONS(.like = like), SML_BAD_SHAPE,
            "no column 'c' for the model", "a, cc, y");
    REFUSES(*state, "a,c,y\nx,red,no\n", OPTIONS(.like = like), SML_BAD_DATA,
            "t.csv:2: column 1 'a': 'x'", "the model has numbers");
    REFUSES(*state, "a,c,y\n1,red,no\n2,red,yess\n",
            OPTIONS(.like = like, .classes = classes, .n_classes = 2), SML_BAD_DATA,
            "t.csv:3: column 3 'y': 'yess'", "did you mean 'yes'?");
    REFUSES(*state, "a,c,y\n1,red,no\n2,red,\n",
            OPTIONS(.like = like, .classes = classes, .n_classes = 2), SML_BAD_DATA,
            "t.csv:3: column 3 'y'", "missing (in 1 of 2 rows)");
    sml_dataset_free(train);
}

static void columns_without_names_are_matched_by_position(void **state)
{
    sml_dataset *train = TABLE(*state, "red,1,5\nblue,2,6\n", .target = "#1", .header = -1);
    const sml_schema *like = train->schema;
    assert_int_equal(like->has_names, 0);
    assert_string_equal(like->target, "1");
    sml_dataset *data = TABLE(*state, "blue,7,8\n", .like = like, .header = -1,
                              .classes = train->view.class_names, .n_classes = 2);
    assert_true(cell(data, 0, 0) == 7 && cell(data, 0, 1) == 8);
    assert_string_equal(class_of(data, 0), "blue");
    sml_dataset_free(data);
    data = TABLE(*state, "7,8\n", .like = like);
    assert_true(cell(data, 0, 0) == 7 && cell(data, 0, 1) == 8);
    assert_int_equal(data->view.task, SML_TASK_NONE);
    sml_dataset_free(data);
    sml_dataset_free(train);
}

static void labels_are_matched_by_name_then_by_value(void **state)
{
    static const char *const classes[] = {"2", "1.0", "x"};
    sml_dataset *train = TABLE(*state, "a,y\n1,x\n", .target = "y");
    sml_dataset *data = TABLE(*state, "a,y\n1,1\n1,2.0\n1,x\n1,1\n", .like = train->schema,
                              .classes = classes, .n_classes = 3);
    static const int32_t labels[] = {1, 0, 2, 1};
    assert_memory_equal(data->view.labels, labels, sizeof labels);
    assert_int_equal(data->view.outputs, 3);
    sml_dataset_free(data);
    sml_dataset_free(train);
}

/* ------------------------------------------------------------------------ Mistakes */

static void mistakes_are_named_by_line_and_column(void **state)
{
    REFUSES(*state, "a,b\n1,2\n\n1,2,3\n", OPTIONS(0), SML_BAD_DATA,
            "t.csv:4: 3 columns, expected 2");
    REFUSES(*state, "a,b\n1,2\n3\n", OPTIONS(0), SML_BAD_DATA, "t.csv:3: 1 columns, expected 2");
    REFUSES(*state, "a,b\n1,\"x\ny\"\n3\n", OPTIONS(0), SML_BAD_DATA, "t.csv:4: 1 columns");
    REFUSES(*state, "Title\na,b\n1,2\n", OPTIONS(0), SML_BAD_DATA,
            "t.csv:2: 2 columns, expected 1");
    REFUSES(*state, "a,b\n1,x\n2,\"y\n3,z\n", OPTIONS(0), SML_BAD_DATA, "t.csv:3: column 2",
            "a quote that never ends");
    REFUSES(*state, "a,b\n1,\"x\"y\n", OPTIONS(0), SML_BAD_DATA, "t.csv:2: column 2",
            "goes on after its closing quote");
    REFUSES(*state, "a,b,a\n1,2,3\n", OPTIONS(0), SML_BAD_DATA, "t.csv:1: columns 1 and 3",
            "named 'a'");
    REFUSES(*state, "a,b\n1,2\n-inf,3\n", OPTIONS(0), SML_BAD_DATA, "t.csv:3: column 1 'a': '-inf'",
            "float32");
    REFUSES(*state, "a,b\n1,1e39\n", OPTIONS(0), SML_BAD_DATA, "t.csv:2: column 2 'b': '1e39'",
            "float32");
    REFUSES(*state, "a,y\n1,2\n2,x\n", OPTIONS(.target = "y", .task = SML_TASK_REGRESSION),
            SML_BAD_DATA, "t.csv:3: column 2 'y': 'x'", "is not a number");
    REFUSES(*state, "a,y\n1,2\n2,NA\n", OPTIONS(.target = "y"), SML_BAD_DATA,
            "t.csv:3: column 2 'y'", "the target is missing (in 1 of 2 rows)");
    REFUSES(*state, "a,b\n", OPTIONS(.header = 1), SML_BAD_FILE, "no row of data", "only a header");
    REFUSES(*state, "\n \n", OPTIONS(.header = 1), SML_BAD_FILE, "no row of data");
}

static void options_that_do_not_fit_are_named(void **state)
{
    static const char text[] = "width,height,kind\n1,2,x\n";
    REFUSES(*state, text, OPTIONS(.target = "knd"), SML_UNKNOWN_NAME,
            "no column 'knd' for the target", "did you mean 'kind'?");
    REFUSES(*state, text, OPTIONS(.target = "zzzzzzzz"), SML_UNKNOWN_NAME, "width, height, kind");
    REFUSES(*state, text, OPTIONS(.target = "#4"), SML_UNKNOWN_NAME, "'#4'", "there are 3");
    REFUSES(*state, text, OPTIONS(.drop = "width,heigth"), SML_UNKNOWN_NAME, "'heigth'",
            "did you mean 'height'?");
    REFUSES(*state, text, OPTIONS(.categorical = "x1"), SML_UNKNOWN_NAME, "'x1'");
    REFUSES(*state, text, OPTIONS(.weight = "weigth"), SML_UNKNOWN_NAME, "'weigth'");
    REFUSES(*state, text, OPTIONS(.target = "kind", .drop = "kind"), SML_BAD_ARGUMENT,
            "cannot be target and one to leave out");
    REFUSES(*state, text, OPTIONS(.target = "kind", .weight = "kind"), SML_BAD_ARGUMENT,
            "cannot be target and weight");
    REFUSES(*state, text, OPTIONS(.drop = "#1,#2,#3"), SML_BAD_SHAPE, "no column is left");
    REFUSES(*state, text, OPTIONS(.drop = "width", .task = SML_TASK_REGRESSION), SML_BAD_ARGUMENT,
            "say --target COLUMN", "width, height, kind");
    REFUSES(*state, text, OPTIONS(.target = "kind", .task = SML_TASK_MULTILABEL), SML_BAD_ARGUMENT,
            "several labels");
    REFUSES(*state, text, OPTIONS(.delimiter = '1'), SML_BAD_ARGUMENT, "'1' cannot be a delimiter");
    REFUSES(*state, text, OPTIONS(.decimal = ';'), SML_BAD_ARGUMENT,
            "';' cannot be a decimal sign");
}

static void refuse_bytes(sml_ctx *ctx, const char *bytes, size_t length, const char *place,
                         const char *problem)
{
    sml_dataset *data = NULL;
    assert_int_not_equal(open_bytes_as(ctx, "t.csv", bytes, length, NULL, &data), SML_OK);
    assert_null(data);
    assert_error_has(ctx, place, problem);
}

static void encodings_other_than_utf8_are_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *place, *problem;
    } cases[] = {
        {"a,b\n1,caf\xe9\n", 11, "t.csv:2: column 2", "byte 0xE9 at offset 9, which is not UTF-8"},
        {"\xef\xbb\xbf"
         "a,b\n1,\xff\n",
         11, "t.csv:2: column 2", "byte 0xFF at offset 9"},
        {"a,b\n1,x\n2,\xed\xa0\x80\n", 15, "t.csv:3: column 2", "byte 0xED"}, /* a surrogate */
        {"a,b\n1,\xc0\xaf\n", 9, "t.csv:2: column 2", "byte 0xC0"},           /* overlong '/' */
        {"a,b\n1,\xf4\x90\x80\x80\n", 11, "t.csv:2: column 2", "byte 0xF4"},
        {"a,b\n1,\"\xe6\x9d\"\n", 11, "t.csv:2: column 2", "byte 0xE6"}, /* cut short */
        {"gr\xf6\xdf"
         "e,b\n1,2\n",
         13, "t.csv:1: column 1", "byte 0xF6"},
        {"a,b\n1,x\0y\n", 10, "t.csv:2: column 2", "a zero byte at offset 7"},
        {"\xff\xfe"
         "a\0,\0b\0\n\0",
         10, "t.csv", "UTF-16"},
        {"\xfe\xff\0a\0,\0b\0\n", 10, "t.csv", "UTF-16"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        refuse_bytes(*state, cases[i].bytes, cases[i].length, cases[i].place, cases[i].problem);
    }
    sml_dataset *data = TABLE(*state,
                              "\xef\xbb\xbf"
                              "a,\xe6\x9d\xb1\n1,\xf0\x9f\x98\x80\n",
                              0);
    assert_string_equal(data->schema->columns[0].name, "a");
    assert_string_equal(category(data, 0, 1), "\xf0\x9f\x98\x80");
    sml_dataset_free(data);
}

static void too_many_categories_are_an_identifier(void **state)
{
    enum { ROWS = (1 << 20) + 1 };
    char *text = malloc(ROWS * 12 + 10);
    assert_non_null(text);
    size_t used = (size_t)sprintf(text, "id,x\n");
    for (int r = 0; r < ROWS; r++) {
        used += (size_t)sprintf(text + used, "i%d,1\n", r);
    }
    REFUSES(*state, text, OPTIONS(0), SML_BAD_DATA, "t.csv:1048578: column 1 'id': 'i1048576'",
            "an identifier", "--drop '#1'");
    sml_dataset *data = TABLE(*state, text, .drop = "id");
    assert_int_equal(data->view.rows, ROWS);
    sml_dataset_free(data);
    free(text);
}

/* ------------------------------------------------------------------------ Files */

static size_t pack(const char *text, unsigned char *out, size_t room)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (z_const Bytef *)text;
    stream.avail_in = (uInt)strlen(text);
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return room - stream.avail_out;
}

static void packed_files_are_unpacked(void **state)
{
    unsigned char packed[4096];
    static char text[100000];
    sml_dataset *data = NULL;
    size_t used = (size_t)sprintf(text, "a,b\n");
    while (used < sizeof text - 20) { /* unpacks to many times its size */
        used += (size_t)sprintf(text + used, "1,x\n");
    }
    const size_t length = pack(text, packed, sizeof packed);
    assert_int_equal(open_bytes_as(*state, "t.csv.gz", packed, length, NULL, &data), SML_OK);
    assert_int_equal(data->view.rows, (used - 4) / 4);
    assert_column(data, 1, "b", SML__CATEGORICAL, 0, 0);
    sml_dataset_free(data);
    assert_int_equal(open_bytes_as(*state, "t.csv.gz", packed, length - 9, NULL, &data),
                     SML_BAD_FILE);
    assert_error_has(*state, "t.csv.gz: truncated");
    packed[length - 6] ^= 1; /* the checksum */
    assert_int_equal(open_bytes_as(*state, "t.csv.gz", packed, length, NULL, &data), SML_BAD_FILE);
    assert_error_has(*state, "t.csv.gz: damaged gzip data");
    assert_int_equal(
        open_bytes_as(*state, "n.gz", packed, pack("1 2\n3 4\n", packed, 4096), NULL, &data),
        SML_OK); /* bare numbers, packed */
    assert_null(data->schema);
    sml_dataset_free(data);
}

static void standard_input_may_be_a_table(void **state)
{
    char path[1024];
    sml_dataset *data = NULL;
    const sml_data_options options = {.target = "y"};
    const int kept = dup(STDIN_FILENO);
    write_file(*state, "input", "x,y\n1,a\n2,b\n", 12);
    assert_non_null(freopen(path_in(*state, "input", path), "r", stdin));
    assert_int_equal(sml_dataset_open_with(*state, "-", &options, &data), SML_OK);
    assert_int_equal(data->view.rows, 2);
    assert_string_equal(class_of(data, 1), "b");
    sml_dataset_free(data);
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void words_or_options_make_a_table(void **state)
{
    const struct {
        const char *name, *text;
        sml_data_options options;
        int is_table;
    } cases[] = {
        {"t.csv", "a,b\n1,2\n", {0}, 1},
        {"t.data", "5,red\n1,blue\n", {0}, 1},
        {"t.csv", "1,2\n3,4\n", {0}, 0},
        {"t.csv", "1,2\n3,4\n", {.target = "#2"}, 1},
        {"t.txt", "1 2\n3 4\n", {.header = -1}, 1},
        {"t.tsv", "1\t2\n3\t4\n", {0}, 0},
        {"t.csv", "# a,b\n1,2\n", {0}, 0},
        {"t.csv", "name\nx\n", {0}, 1},
        {"t.csv", "1|2\n3|4\n", {0}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sml_dataset *data = NULL;
        if (open_bytes_as(*state, cases[i].name, cases[i].text, strlen(cases[i].text),
                          &cases[i].options, &data) != SML_OK) {
            fail_msg("%s", sml_ctx_error(*state));
        }
        assert_int_equal(data->schema != NULL, cases[i].is_table);
        sml_dataset_free(data);
    }
    sml_dataset *data = NULL; /* words in a file of another name are no table of one column */
    assert_int_equal(open_bytes_as(*state, "t.txt", "some words\n", 11, NULL, &data), SML_BAD_DATA);
    assert_error_has(*state, "t.txt:1: column 1: 'some'", "is not a number");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kinds_are_recognised),
        TEST(numbers_that_are_names_are_kept_as_written),
        TEST(late_text_makes_a_column_categorical),
        TEST(columns_are_chosen),
        TEST(decimal_commas_are_found_and_told),
        TEST(text_becomes_sorted_classes),
        TEST(numbers_as_classes_are_sorted_by_value),
        TEST(numbers_are_classes_where_they_are_few),
        TEST(weights_are_read),
        TEST(columns_of_a_model_are_matched_by_name),
        TEST(columns_without_names_are_matched_by_position),
        TEST(labels_are_matched_by_name_then_by_value),
        TEST(mistakes_are_named_by_line_and_column),
        TEST(options_that_do_not_fit_are_named),
        TEST(encodings_other_than_utf8_are_named),
        TEST(too_many_categories_are_an_identifier),
        TEST(packed_files_are_unpacked),
        TEST(standard_input_may_be_a_table),
        TEST(words_or_options_make_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
