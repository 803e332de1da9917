/* Pages: digits stand in cells that say where they come from, and nowhere else. */
#include "paths.h"
#include "table.h"

#include "explain/page.h"
#include "nn/registry.h"

#include <jansson.h>
#include <locale.h>

static void number_texts(void **state)
{
    sml_ctx *ctx = new_context(1);
    (void)state;
    static const struct {
        double value;
        sml_digits digits;
        int decimals;
        const char *text;
    } cases[] = {
        {0.017045512, SML_DIGITS_VALUE, 0, "0.0170455"},
        {1.15849006175994873, SML_DIGITS_EXACT, 0, "1.15849006"},
        {4.81e-8, SML_DIGITS_SMALL, 0, "4.8e-08"},
        {101770, SML_DIGITS_COUNT, 0, "101,770"},
        {-1234567, SML_DIGITS_COUNT, 0, "-1,234,567"},
        {999, SML_DIGITS_COUNT, 0, "999"},
        {1017, SML_DIGITS_INDEX, 0, "1017"},
        {0.83036, SML_DIGITS_SHARE, 0, "83.04%"},
        {-0.5, SML_DIGITS_FIXED, 3, "-0.500"},
        {-0.0, SML_DIGITS_VALUE, 0, "0"},
        {INFINITY, SML_DIGITS_VALUE, 0, "inf"},
        {-INFINITY, SML_DIGITS_FIXED, 2, "-inf"},
        {NAN, SML_DIGITS_COUNT, 0, "nan"},
        {1e300, SML_DIGITS_COUNT, 0, "1e+300"},
    };
    const int has_locale = setlocale(LC_NUMERIC, "de_DE.UTF-8") != NULL; /* decimal commas */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SML_NUMBER_TEXT];
        sml_number_text(ctx, cases[i].value, cases[i].digits, cases[i].decimals, text);
        assert_string_equal(text, cases[i].text);
    }
    setlocale(LC_NUMERIC, "C");
    print_message("with decimal commas: %s\n", has_locale ? "yes" : "no such locale");
    sml_ctx_free(ctx);
}

static void assert_ascii(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c >= 0x80) {
            fail_msg("no ASCII: %s", text);
        }
    }
}

static void assert_formula(const char *name)
{
    char ascii[256];
    const sml_formula *formula = sml__formula(name);
    if (formula == NULL) {
        fail_msg("%s has no formula", name);
        return;
    }
    assert_true(sml__spell(formula->text.utf8, ascii, sizeof ascii) < sizeof ascii);
    assert_ascii(ascii);
}

/* The next tag of MathML; the depth of elements after it. */
static int depth_after(const char *tag, int depth)
{
    const size_t length = strcspn(tag, ">");
    if (tag[1] == '/') {
        return depth - 1;
    }
    return tag[length - 1] == '/' ? depth : depth + 1;
}

static void every_part_has_a_formula(void **state)
{
#define NAME(name) #name,
    static const char *const names[] = {SML__LAYER_LIST(NAME) SML__LOSS_LIST(NAME)
                                            SML__OPTIMIZER_LIST(NAME)};
#undef NAME
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_formula(names[i]);
    }
}

static void formulas_are_well_formed(void **state)
{
    const sml_formula *formula;
    (void)state;
    for (size_t i = 0; (formula = sml__formula_at(i)) != NULL; i++) {
        int depth = 0;
        assert_formula(formula->name);
        assert_ptr_equal(sml__formula(formula->name), formula); /* names are not used twice */
        for (const char *tag = strchr(formula->mathml, '<'); tag != NULL;
             tag = strchr(tag + 1, '<')) {
            depth = depth_after(tag, depth);
            assert_true(depth >= 0);
        }
        assert_int_equal(depth, 0);
    }
}

/* A page of everything that a builder can make. */
static sml_page *built_page(sml_ctx *ctx)
{
    static const float picture[] = {0, 0.5F, 1, -1};
    sml_page *page = NULL;
    assert_ok(ctx, sml__page_new(ctx, &page));
    sml__before(page, "∂C/∂a of unit ");
    sml__number(page, 13, SML_SOURCE_SETTING, SML_DIGITS_INDEX, "units[%d]", 13);
    sml__end_heading(page, 1);
    sml__begin_table(page, "lrr", "name\t‖x‖\tterm");
    sml__name(page, "Σ of data", SML_SOURCE_DATA, "names[0]");
    sml__number(page, 12.5, SML_SOURCE_ENGINE, SML_DIGITS_VALUE, "values[0]");
    sml__number(page, 0.25, SML_SOURCE_ENGINE, SML_DIGITS_FIXED, "terms[0]")->bar = 0.25;
    sml__words(page, "the rest");
    sml__words(page, "");
    sml__number(page, -0.5, SML_SOURCE_DOUBLE, SML_DIGITS_FIXED, "terms[1]")->bar = -0.5;
    sml__end_table(page);
    sml__end_formula(page, "dense");
    sml__end_picture(page, picture, 2, 2, 1, "picture");
    sml__words(page, "all");
    sml__end_check(page, 1);
    assert_ok(ctx, sml__page_finish(page, &page));
    return page;
}

static void builders(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_page *page = built_page(ctx);
    const sml_block *block = sml_page_block(page, 0);
    (void)state;
    assert_int_equal(block->kind, SML_BLOCK_HEADING);
    assert_string_equal(block->cells[0].before.utf8, "∂C/∂a of unit ");
    assert_string_equal(block->cells[0].before.ascii, "dC/da of unit ");
    assert_string_equal(block->cells[0].text.utf8, "13");
    assert_string_equal(block->cells[0].path, "units[13]");
    block = sml_page_block(page, 1);
    assert_int_equal(block->rows, 3);
    assert_int_equal(block->columns, 3);
    assert_string_equal(block->cells[1].before.ascii, "|x|");
    assert_string_equal(block->cells[3].text.ascii, "Σ of data"); /* a name is not ours to spell */
    assert_string_equal(block->cells[5].text.utf8, "0.250000");
    assert_string_equal(block->cells[8].text.utf8, "-0.500000");
    assert_true(block->cells[5].bar == 0.5 && block->cells[8].bar == -1);
    block = sml_page_block(page, 2);
    assert_string_equal(block->formula->text.ascii, "z_j = sum_i w_ji x_i + b_j");
    assert_true(sml_page_block(page, 3)->values[3] == -1);
    assert_int_equal(sml_page_block(page, 4)->holds, 1);
    assert_null(sml_page_block(page, 5));
    sml_page_free(page);
    sml_ctx_free(ctx);
}

/* Names of number types hold a digit; nothing else that is no cell with a path does. */
static void assert_no_digit(const char *words)
{
    static const char type[] = "float32";
    for (const char *c = words; *c != '\0'; c++) {
        if (strncmp(c, type, sizeof type - 1) == 0) {
            c += sizeof type - 2;
        } else if (*c >= '0' && *c <= '9') {
            fail_msg("a digit that is no cell: %s", words);
        }
    }
}

static void assert_cell(sml_ctx *ctx, const sml_cell *cell)
{
    char text[SML_NUMBER_TEXT];
    assert_no_digit(cell->before.utf8);
    assert_no_digit(cell->after.utf8);
    assert_ascii(cell->before.ascii);
    assert_ascii(cell->after.ascii);
    if (cell->path == NULL) {
        assert_string_equal(cell->text.utf8, "");
        assert_false(cell->is_number);
        return;
    }
    assert_true(cell->path[0] != '\0');
    if (cell->is_number) {
        sml_number_text(ctx, cell->value, cell->digits, cell->decimals, text);
        assert_string_equal(cell->text.utf8, text);
        assert_true(isnan(cell->bar) || fabs(cell->bar) <= 1);
    } else {
        assert_true(isnan(cell->value));
    }
}

/* A cell whose number is a place in a list, as the unit of "output[13]". */
static int names_place(const sml_cell *cell)
{
    char end[32];
    snprintf(end, sizeof end, "[%s]", cell->text.utf8);
    const size_t path = strlen(cell->path), length = strlen(end);
    return cell->digits == SML_DIGITS_INDEX && path > length &&
           strcmp(cell->path + path - length, end) == 0;
}

/* "sums[].terms[].left" for "sums[0].terms[3].left". */
static void pattern_of(const char *path, char pattern[128])
{
    static const char settings[] = "model.settings.";
    size_t n = 0;
    if (strncmp(path, settings, sizeof settings - 1) == 0) {
        snprintf(pattern, 128, "%sNAME", settings);
        return;
    }
    for (const char *c = path; *c != '\0' && n + 1 < 128; c++) {
        pattern[n++] = *c;
        while (*c == '[' && c[1] >= '0' && c[1] <= '9') {
            memmove(pattern + n, "]", 2);
            c += strcspn(c, "]");
            n++;
        }
    }
    pattern[n] = '\0';
}

/* The same number comes from the same place on the page and in the document. */
static void assert_source(const json_t *json, const sml_cell *cell)
{
    static const char *const names[] = {
        [SML_SOURCE_DATA] = "data",     [SML_SOURCE_SETTING] = "setting",
        [SML_SOURCE_ENGINE] = "engine", [SML_SOURCE_ENGINE64] = "engine64",
        [SML_SOURCE_DOUBLE] = "double", [SML_SOURCE_COUNT] = "count",
    };
    char pattern[128];
    pattern_of(cell->path, pattern);
    const char *source =
        json_string_value(json_object_get(json_object_get(json, "sources"), pattern));
    if (source == NULL || strcmp(source, names[cell->source]) != 0) {
        fail_msg("%s: %s on the page, %s in the document", cell->path, names[cell->source],
                 source != NULL ? source : "nothing");
    }
}

/* The document says the same, in the digits of the cell. */
static void assert_in_document(sml_ctx *ctx, const json_t *json, const sml_cell *cell)
{
    char text[SML_NUMBER_TEXT];
    if (cell->path == NULL) {
        return;
    }
    const json_t *found = resolve(json, cell->path);
    if (found == NULL) {
        fail_msg("no %s in the document", cell->path);
    }
    if (names_place(cell)) {
        return;
    }
    assert_source(json, cell);
    if (!cell->is_number) {
        assert_string_equal(json_string_value(found), cell->text.utf8);
    } else if (json_is_string(found)) { /* a setting, as it was given */
        assert_true(strtod(json_string_value(found), NULL) == cell->value);
    } else {
        assert_true(json_is_number(found) || !isfinite(cell->value));
        sml_number_text(ctx, json_is_number(found) ? json_number_value(found) : cell->value,
                        cell->digits, cell->decimals, text);
        if (strcmp(text, cell->text.utf8) != 0) {
            fail_msg("%s: %s on the page, %s in the document", cell->path, cell->text.utf8, text);
        }
    }
}

/* The document with everything that the page asks the trace. */
static json_t *document_of(sml_ctx *ctx, const sml_trace *trace, const sml_page *page,
                           const sml_page_options *options)
{
    enum { MOST = 64 };
    sml_sum sums[MOST];
    sml_trace_place units[MOST];
    sml_json_options how = {.sums = sums,
                            .units = units,
                            .top = options->top,
                            .checks = 1,
                            .base = options->base,
                            .parameters = &options->parameter,
                            .n_parameters = options->parameter != NULL};
    char *text = NULL;
    size_t length = 0;
    for (; sml_page_sum(page, how.n_sums) != NULL; how.n_sums++) {
        sums[how.n_sums] = *sml_page_sum(page, how.n_sums);
    }
    for (; sml_page_unit_at(page, how.n_units) != NULL; how.n_units++) {
        units[how.n_units] = *sml_page_unit_at(page, how.n_units);
    }
    assert_ok(ctx, sml_trace_json(ctx, trace, &how, &text, &length));
    json_t *json = json_loadb(text, length, 0, NULL);
    assert_non_null(json);
    sml_text_free(text);
    return json;
}

/* Numbers below a heading are all recomputed in double, or none is: the terminal marks the heading.
 */
static void assert_columns(const sml_block *table)
{
    for (size_t c = 0; table->has_heads && c < table->columns; c++) {
        size_t recomputed = 0, numbers = 0;
        for (size_t r = 1; r < table->rows; r++) {
            const sml_cell *cell = &table->cells[r * table->columns + c];
            numbers += (size_t)(cell->is_number != 0);
            recomputed += (size_t)(cell->is_number && cell->source == SML_SOURCE_DOUBLE);
        }
        if (recomputed != 0 && recomputed != numbers) {
            fail_msg("the column %s mixes sources", table->cells[c].before.utf8);
        }
    }
}

/* Returns the checks of the page, all of which hold. */
static size_t assert_page(sml_ctx *ctx, const sml_trace *trace, const sml_page_options *options)
{
    sml_page *page = NULL;
    const sml_block *block;
    size_t checks = 0;
    assert_ok(ctx, sml_page_create(ctx, trace, options, &page));
    json_t *document = document_of(ctx, trace, page, options);
    for (size_t i = 0; (block = sml_page_block(page, i)) != NULL; i++) {
        for (size_t c = 0; c < block->rows * block->columns; c++) {
            assert_cell(ctx, &block->cells[c]);
            assert_in_document(ctx, document, &block->cells[c]);
        }
        if (block->kind == SML_BLOCK_CHECK) {
            checks++;
            assert_int_equal(block->holds, 1);
        }
        if (block->kind == SML_BLOCK_TABLE) {
            assert_int_equal(strlen(block->alignment), block->columns);
            assert_columns(block);
        }
        if (block->kind == SML_BLOCK_FORMULA) {
            assert_ascii(block->formula->text.ascii);
        }
    }
    assert_true(sml_page_block(page, 0) != NULL);
    json_decref(document);
    sml_page_free(page);
    return checks;
}

static void assert_block_pages(sml_ctx *ctx, const sml_trace *trace, size_t block)
{
    sml_page_options options = {.block = block, .with_backward = 1, .top = 2};
    char name[64];
    size_t layer = 0;
    while (sml_trace_layer_at(trace, layer).block != (int)block) {
        layer++;
    }
    const sml_trace_layer head = sml_trace_layer_at(trace, layer);
    options.kind = SML_PAGE_LAYER;
    assert_page(ctx, trace, &options);
    options.kind = SML_PAGE_UNIT;
    for (options.unit = 0; options.unit < head.units; options.unit++) {
        assert_true(assert_page(ctx, trace, &options) > 0);
    }
    const int is_dense = strcmp(head.type, "dense") == 0;
    options.kind = SML_PAGE_WEIGHT;
    options.parameter = name;
    snprintf(name, sizeof name, is_dense ? "layers.%zu.weight[1,2]" : "layers.%zu.weight[1]",
             block);
    assert_page(ctx, trace, &options);
    snprintf(name, sizeof name, "layers.%zu.bias[1]", block);
    assert_page(ctx, trace, &options);
}

static void assert_step_pages(sml_ctx *ctx, sml_trace *trace)
{
    sml_step_facts step;
    sml_page_options options = {.kind = SML_PAGE_UPDATE, .step = &step};
    assert_ok(ctx, sml_trace_step(ctx, trace, &step));
    assert_page(ctx, trace, &options);
    options.parameter = "layers.0.weight[1,2]";
    assert_int_equal(assert_page(ctx, trace, &options), 1);
    assert_ok(ctx, sml_trace_undo(ctx, trace));
}

static void assert_what_if(sml_ctx *ctx, const sml_trace *base, sml_trace *trace)
{
    const sml_page_options options = {.kind = SML_PAGE_WHAT_IF, .base = base};
    assert_ok(ctx, sml_trace_set(ctx, trace, "layers.0.weight[1,2]", 3.5));
    assert_ok(ctx, sml_trace_silence(ctx, trace, 0, 3));
    assert_page(ctx, trace, &options);
}

static void check_model(sml_ctx *ctx, const sml_model *model, const sml_dataset *data, size_t n,
                        int training)
{
    static const uint32_t rows[] = {3, 0, 17, 5, 9};
    const sml_trace_options how = {.samples = rows, .n = n, .training = training};
    sml_page_options options = {.kind = SML_PAGE_SAMPLE, .row = n - 1};
    sml_trace *trace = NULL, *other = NULL;
    size_t last = 0;
    assert_ok(ctx, sml_trace_create(ctx, model, data, &how, &trace));
    assert_ok(ctx, sml_trace_create(ctx, model, data, &how, &other));
    assert_int_equal(assert_page(ctx, trace, &options), 1);
    options.kind = SML_PAGE_LOSS;
    assert_true(assert_page(ctx, trace, &options) > 1);
    while (sml_trace_layer_at(trace, last).type != NULL) {
        last++;
    }
    for (int block = 0; block <= sml_trace_layer_at(trace, last - 1).block; block++) {
        assert_block_pages(ctx, trace, (size_t)block);
    }
    if (training) {
        assert_step_pages(ctx, trace);
    }
    assert_what_if(ctx, other, trace);
    sml_trace_free(trace);
    sml_trace_free(other);
}

static void no_number_without_a_path(void **state)
{
    sml_ctx *ctx = new_context(1);
    static const struct {
        const char *loss, *settings;
    } cases[] = {
        {"cross_entropy", "label_smoothing=0.1 l1=0.01 clip_norm=0.1 optimizer=adamw"},
        {"cross_entropy", "optimizer=sgd"},
        {"binary_cross_entropy", "l2=0.1 optimizer=momentum weight_decay=0.1"},
        {"mean_squared_error", "optimizer=nesterov"},
        {"mean_absolute_error", "optimizer=rmsprop"},
        {"huber", "optimizer=adagrad"},
        {"huber", "target_scaling=standard"},
    };
    const sml_layer types[] = {sml_leaky_relu(0.1), sml_elu(1),       sml_tanh(),
                               sml_batch_norm(),    sml_layer_norm(), sml_dropout(0.3),
                               sml_identity()};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char settings[256];
        const int kind =
            i < 2 ? SML_TASK_CLASSIFICATION : (i == 2 ? SML_TASK_MULTILABEL : SML_TASK_REGRESSION);
        test_data data = new_test_data(ctx, (sml_task)kind, 40, 5, 3, 7);
        snprintf(settings, sizeof settings, "epochs=2 batch_size=8 loss=%s %s", cases[i].loss,
                 cases[i].settings);
        const sml_layer layers[] = {sml_dense(6), types[i],       sml_relu(),
                                    sml_dense(4), sml_softplus(), sml_dense(3)};
        sml_model *model = NULL;
        assert_ok(ctx, sml_network_create(ctx, layers, 6, settings, &model));
        assert_ok(ctx, sml_model_fit(ctx, model, data.data));
        check_model(ctx, model, data.data, 1, 0);
        check_model(ctx, model, data.data, 5, 1);
        sml_model_free(model);
        free_test_data(data);
    }
    sml_ctx_free(ctx);
}

/* Another target than the data's is as if the data had it. */
static void targets_of_ones_own(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 40, 5, 3, 7);
    const sml_layer layers[] = {sml_dense(6), sml_layer_of("relu", 0, 0), sml_dense(3)};
    const uint32_t row = 4;
    const float target[] = {0, 1, 0};
    sml_trace_options how = {.samples = &row, .n = 1, .targets = target};
    sml_model *model = NULL;
    sml_trace *with = NULL, *own = NULL;
    size_t n = 0;
    (void)state;
    assert_ok(ctx, sml_network_create(ctx, layers, 3, "epochs=2 loss=cross_entropy", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data.data));
    memcpy(data.targets + 3 * row, target, sizeof target);
    assert_ok(ctx, sml_trace_create(ctx, model, data.data, &how, &with));
    how.targets = NULL;
    assert_ok(ctx, sml_trace_create(ctx, model, data.data, &how, &own));
    const float *a = sml_trace_vector(with, SML_DELTA, 2, 0, &n);
    const float *b = sml_trace_vector(own, SML_DELTA, 2, 0, &n);
    assert_memory_equal(a, b, n * sizeof *a);
    sml_trace_free(with);
    sml_trace_free(own);
    const sml_data_view view = {.rows = 40, .columns = 5, .features = data.features};
    sml_dataset *bare = NULL;
    assert_ok(ctx, sml_dataset_from_memory(ctx, &view, &bare));
    assert_ok(ctx, sml_trace_create(ctx, model, bare, &how, &own));
    assert_null(sml_trace_vector(own, SML_DELTA, 2, 0, &n));
    const sml_page_options page = {.kind = SML_PAGE_SAMPLE};
    assert_int_equal(assert_page(ctx, own, &page), 1);
    sml_trace_free(own);
    how.targets = target;
    assert_ok(ctx, sml_trace_create(ctx, model, bare, &how, &with));
    assert_non_null(sml_trace_vector(with, SML_DELTA, 2, 0, &n));
    sml_trace_free(with);
    sml_dataset_free(bare);
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

/* Rows with numbers, categories and missing cells. */
static void rows_of_a_table(void **state)
{
    sml_ctx *ctx = new_context(1);
    sml_dataset *data = new_table(ctx, 40);
    const sml_layer layers[] = {sml_dense(4), sml_relu(), sml_dense(2)};
    static const char *const settings[] = {"epochs=2", "epochs=2 encoding=ordinal"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        sml_model *model = NULL;
        assert_ok(ctx, sml_network_create(ctx, layers, 3, settings[i], &model));
        assert_ok(ctx, sml_model_fit(ctx, model, data));
        for (uint32_t row = 5; row < 9; row++) {
            const sml_trace_options how = {.samples = &row, .n = 1};
            const sml_page_options page = {.kind = SML_PAGE_SAMPLE, .top = 8};
            sml_trace *trace = NULL;
            assert_ok(ctx, sml_trace_create(ctx, model, data, &how, &trace));
            assert_int_equal(assert_page(ctx, trace, &page), 1);
            sml_trace_free(trace);
        }
        sml_model_free(model);
    }
    sml_dataset_free(data);
    sml_ctx_free(ctx);
}

static void places_that_are_not_there(void **state)
{
    sml_ctx *ctx = new_context(1);
    test_data data = new_test_data(ctx, SML_TASK_CLASSIFICATION, 40, 5, 3, 7);
    const sml_layer layers[] = {sml_dense(6), sml_layer_of("relu", 0, 0), sml_dense(3)};
    const uint32_t row = 4;
    const sml_trace_options how = {.samples = &row, .n = 1};
    static const sml_page_options wrong[] = {
        {.kind = SML_PAGE_SAMPLE, .row = 1},
        {.kind = SML_PAGE_LAYER, .block = 2},
        {.kind = SML_PAGE_UNIT, .block = 1, .unit = 3},
        {.kind = SML_PAGE_WEIGHT, .parameter = "layers.0.weight[6,0]"},
        {.kind = SML_PAGE_UPDATE},
        {.kind = SML_PAGE_WHAT_IF},
    };
    sml_model *model = NULL;
    sml_trace *trace = NULL;
    (void)state;
    assert_ok(ctx, sml_network_create(ctx, layers, 3, "epochs=2", &model));
    assert_ok(ctx, sml_model_fit(ctx, model, data.data));
    assert_ok(ctx, sml_trace_create(ctx, model, data.data, &how, &trace));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        sml_page *page = NULL;
        assert_int_equal(sml_page_create(ctx, trace, &wrong[i], &page), SML_BAD_ARGUMENT);
        assert_null(page);
        assert_true(strlen(sml_ctx_error(ctx)) > 10);
    }
    sml_trace_free(trace);
    sml_model_free(model);
    free_test_data(data);
    sml_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_texts),
        cmocka_unit_test(every_part_has_a_formula),
        cmocka_unit_test(formulas_are_well_formed),
        cmocka_unit_test(builders),
        cmocka_unit_test(no_number_without_a_path),
        cmocka_unit_test(targets_of_ones_own),
        cmocka_unit_test(rows_of_a_table),
        cmocka_unit_test(places_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
