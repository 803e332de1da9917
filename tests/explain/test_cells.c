/* Cells of a table on their way into the network, in its JSON and on its page: the data counts
 * columns and categories in its own order, the model in another, and they meet by name. */
#include "members.h"
#include "table.h"

enum { ROWS = 40, AT = 4 /* the row of the data that is traced is known by this number */ };

typedef struct shown {
    sml_ctx *ctx;
    sml_model *model;
    sml_dataset *data;
    sml_page *page;
    json_t *json;
    const json_t *size, *colour, *input; /* stages by the model's order, and what it reads */
} shown;

/* Row `sample` of the text, with a model that was trained on sizes and on blue and red. */
static shown show(const char *settings, const char *text, uint32_t sample)
{
    const sml_layer layers[] = {sml_dense(3), sml_relu(), sml_dense(2)};
    const sml_trace_options options = {.samples = &sample, .n = 1};
    const sml_page_options how = {.kind = SML_PAGE_SAMPLE};
    shown s = {.ctx = new_context(1)};
    sml_dataset *table = new_table(s.ctx, ROWS);
    sml_trace *trace = NULL;
    char *document = NULL;
    size_t length = 0;
    assert_ok(s.ctx, sml_network_create(s.ctx, layers, 3, settings, &s.model));
    assert_ok(s.ctx, sml_model_fit(s.ctx, s.model, table));
    s.data = table_of_text(s.ctx, text);
    assert_ok(s.ctx, sml_trace_create(s.ctx, s.model, s.data, &options, &trace));
    assert_ok(s.ctx, sml_page_create(s.ctx, trace, &how, &s.page));
    assert_ok(s.ctx, sml_trace_json(s.ctx, trace, NULL, &document, &length));
    s.json = json_loadb(document, length, 0, NULL);
    const json_t *row = nth(in(s.json, "samples"), 0);
    s.size = nth(in(row, "stages"), 0);
    s.colour = nth(in(row, "stages"), 1);
    s.input = in(row, "input");
    sml_text_free(document);
    sml_trace_free(trace);
    sml_dataset_free(table);
    return s;
}

static void forget(shown s)
{
    json_decref(s.json);
    sml_page_free(s.page);
    sml_dataset_free(s.data);
    sml_model_free(s.model);
    sml_ctx_free(s.ctx);
}

static double input_at(const shown *s, size_t i)
{
    return json_number_value(nth(s->input, i));
}

static double number(const json_t *json, const char *key)
{
    return json_number_value(in(json, key));
}

static void assert_text(const json_t *json, const char *key, const char *text)
{
    if (text == NULL) {
        assert_true(json_is_null(in(json, key)));
    } else {
        assert_string_equal(json_string_value(in(json, key)), text);
    }
}

/* The text behind the name of a column in the page's table; place 1 is raw, 2 is filled. */
static const char *on_page(const shown *s, const char *column, size_t place)
{
    const sml_block *block;
    for (size_t i = 0; (block = sml_page_block(s->page, i)) != NULL; i++) {
        for (size_t c = 0; c + place < block->rows * block->columns; c += block->columns) {
            const sml_cell *cell = &block->cells[c + place];
            if (strcmp(block->cells[c].text.utf8, column) == 0) {
                return cell->path != NULL ? cell->text.utf8 : cell->before.utf8;
            }
        }
    }
    fail_msg("no %s on the page", column);
    return NULL;
}

static void assert_size(const shown *s)
{
    assert_true(number(s->size, "raw") == AT);
    assert_string_equal(on_page(s, "size", 1), "4");
    assert_near(input_at(s, 0), (AT - number(s->size, "shift")) * number(s->size, "factor"), 1e-6,
                1e-6, "size", 0);
}

/* The data meets red first, the model has blue before red; and size is not the data's column 0. */
static void other_order(void **state)
{
    const shown s = show("epochs=1 missing=median",
                         "colour,extra,size,class\n"
                         "red,9,4,yes\nblue,8,4,no\nred,7,0,no\n",
                         1);
    (void)state;
    assert_size(&s);
    assert_text(s.colour, "category", "blue");
    assert_text(s.colour, "filled_category", "blue");
    assert_true(number(s.colour, "raw") == 1 && number(s.colour, "filled") == 0);
    assert_true(input_at(&s, 1) == 1 && input_at(&s, 2) == 0);
    assert_string_equal(on_page(&s, "colour", 1), "blue");
    assert_string_equal(on_page(&s, "colour", 2), "");
    forget(s);
}

/* A category that the model does not know has a name all the same. */
static void unknown_category(void **state)
{
    const shown s = show("epochs=1 missing=median unknown=zeros",
                         "size,colour,class\n0,red,no\n4,green,yes\n", 1);
    (void)state;
    assert_size(&s);
    assert_text(s.colour, "category", "green");
    assert_text(s.colour, "filled_category", NULL);
    assert_true(json_is_null(in(s.colour, "filled")));
    assert_true(input_at(&s, 1) == 0 && input_at(&s, 2) == 0);
    assert_string_equal(on_page(&s, "colour", 1), "green");
    assert_string_equal(on_page(&s, "colour", 2), "unknown");
    forget(s);
}

/* Filled with the commonest one of the training. */
static void missing_category(void **state)
{
    const shown s = show("epochs=1 missing=median", "size,colour,class\n4,,no\n4,blue,yes\n", 0);
    (void)state;
    assert_size(&s);
    assert_text(s.colour, "category", NULL);
    assert_text(s.colour, "filled_category", "red");
    assert_true(json_is_null(in(s.colour, "raw")) && number(s.colour, "filled") == 1);
    assert_true(input_at(&s, 1) == 0 && input_at(&s, 2) == 1);
    assert_string_equal(on_page(&s, "colour", 1), "missing");
    assert_string_equal(on_page(&s, "colour", 2), "red");
    forget(s);
}

/* By its number, which is the model's: scaled as a number is. */
static void ordinal_category(void **state)
{
    const shown s = show("epochs=1 missing=median encoding=ordinal",
                         "colour,size,class\nred,4,yes\nblue,0,no\n", 0);
    (void)state;
    assert_size(&s);
    assert_text(s.colour, "category", "red");
    assert_true(number(s.colour, "raw") == 0 && number(s.colour, "filled") == 1);
    assert_near(input_at(&s, 1), (1 - number(s.colour, "shift")) * number(s.colour, "factor"), 1e-6,
                1e-6, "red", 0);
    assert_string_equal(on_page(&s, "colour", 1), "red");
    assert_string_equal(on_page(&s, "colour", 2), "1");
    forget(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_order),
        cmocka_unit_test(unknown_category),
        cmocka_unit_test(missing_category),
        cmocka_unit_test(ordinal_category),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
