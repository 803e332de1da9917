/* A number of the engine that is not what its formula says is told on every page that shows it, in
 * the terminal, in a report for a browser and in JSON. */
#include "support.h"

#include <unistd.h>

#undef fail /* cmocka's; the program has a function of this name */
#include "explain/trace.h"
#include "html.h"
#include "page_terminal.h"
#define fail() _fail(__FILE__, __LINE__)

enum { UNIT = 3, TEXT_MOST = 1 << 16 };

/* What is planted: which number of the engine is another one. */
typedef enum fault { NOTHING, SUM, ACTIVATION, PREDICTION, DELTA, BACK, LOSS, GRADIENT } fault;

/* A page, and words of the one relation on it that cannot hold any more. */
typedef struct showing {
    fault planted;
    sml_page_kind kind;
    size_t block;
    const char *words;
} showing;

static const showing SHOWINGS[] = {
    {SUM, SML_PAGE_UNIT, 0, "difference "},      {SUM, SML_PAGE_SAMPLE, 0, " relations on "},
    {ACTIVATION, SML_PAGE_UNIT, 0, "engine "},   {ACTIVATION, SML_PAGE_SAMPLE, 0, " relations on "},
    {PREDICTION, SML_PAGE_LOSS, 0, "from one "}, {PREDICTION, SML_PAGE_SAMPLE, 0, " relations on "},
    {DELTA, SML_PAGE_LOSS, 0, "from zero "},     {BACK, SML_PAGE_UNIT, 0, "difference "},
    {LOSS, SML_PAGE_LOSS, 0, "engine "},         {GRADIENT, SML_PAGE_WEIGHT, 0, "difference "},
};

typedef struct subject {
    sml_ctx *ctx;
    sml_dataset *data;
    sml_model *model;
} subject;

static void plant(sml_trace *trace, fault planted)
{
    const size_t last = trace->network.n_layers - 1;
    switch (planted) {
    case NOTHING:
        break;
    case SUM:
        trace->workspace.outputs[0][UNIT] += 0.25F;
        break;
    case ACTIVATION:
        trace->workspace.outputs[1][UNIT] += 0.25F;
        break;
    case PREDICTION:
        trace->predictions[0] += 0.25F;
        break;
    case DELTA:
        trace->workspace.deltas[last][0] += 0.25F;
        break;
    case BACK:
        trace->workspace.deltas[1][UNIT] += 0.25F;
        break;
    case LOSS:
        trace->workspace.losses[0] += 0.25;
        break;
    case GRADIENT:
        trace->gradient[trace->network.layers[0].weight + UNIT] += 0.25F; /* from input 0 */
        break;
    }
}

/* What page_print writes to stdout. */
static void print_page(const sml_page *page, int colour, char text[TEXT_MOST])
{
    const terminal out = {.stream = stdout, .colour = colour, .unicode = 1};
    FILE *file = tmpfile();
    const int kept = dup(STDOUT_FILENO);
    assert_non_null(file);
    fflush(stdout);
    dup2(fileno(file), STDOUT_FILENO);
    page_print(&out, page);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    rewind(file);
    const size_t n = fread(text, 1, TEXT_MOST - 1, file);
    text[n] = '\0';
    assert_true(n > 0 && n < TEXT_MOST - 1);
    fclose(file);
}

static size_t count(const char *text, const char *wanted)
{
    size_t n = 0;
    for (; (text = strstr(text, wanted)) != NULL; text++) {
        n++;
    }
    return n;
}

/* Whether a line that ends so, colours apart, has the words in it or in the line before, where a
 * long one is broken. */
static int is_said(const char *text, const char *words, const char *verdict)
{
    for (const char *end = text; (end = strstr(end, verdict)) != NULL; end++) {
        const char *begin = end;
        for (int line = 0; begin > text && (line < 1 || begin[-1] != '\n'); begin--) {
            line += begin[-1] == '\n';
        }
        const char *found = strstr(begin, words);
        if (found != NULL && found < end) {
            return 1;
        }
    }
    return 0;
}

/* Blocks of checks, and those of them that do not hold. */
static size_t count_checks(const sml_page *page, size_t *failing)
{
    const sml_block *block;
    size_t n = 0;
    *failing = 0;
    for (size_t i = 0; (block = sml_page_block(page, i)) != NULL; i++) {
        n += block->kind == SML_BLOCK_CHECK;
        *failing += block->kind == SML_BLOCK_CHECK && !block->holds;
    }
    return n;
}

static void assert_shown(const sml_page *page, const char *words)
{
    static char plain[TEXT_MOST], coloured[TEXT_MOST];
    html_parts parts = {0};
    buffer html = {0};
    size_t failing;
    const size_t n = count_checks(page, &failing);
    print_page(page, 0, plain);
    print_page(page, 1, coloured);
    html_page(&html, page, &(html_page_options){.level = 1, .parts = &parts});
    if ((failing > 0) != (words != NULL) ||
        (words != NULL && (!is_said(plain, words, "DOES NOT HOLD\n") ||
                           !is_said(html.text, words, "DOES NOT HOLD</b>")))) {
        fail_msg("'%s' is not told as what does not hold, or something is that does:\n%s%s",
                 words != NULL ? words : "", plain, html.text);
    }
    assert_int_equal(count(plain, "DOES NOT HOLD\n"), failing);
    assert_int_equal(count(plain, " holds\n"), n - failing);
    assert_int_equal(count(coloured, "\033[31mDOES NOT HOLD\033[0m\n"), failing);
    assert_int_equal(count(coloured, "\033[32mholds\033[0m\n"), n - failing);
    assert_int_equal(count(html.text, "<p class=fails>"), failing);
    assert_int_equal(count(html.text, "<b>✗ DOES NOT HOLD</b></p>"), failing);
    assert_int_equal(count(html.text, "<p class=holds>"), n - failing);
    assert_int_equal(count(html.text, "<b>✓ holds</b></p>"), n - failing);
    html_parts_free(&parts);
    buffer_free(&html);
}

/* The JSON of what the page asked for: a sum that the page says does not hold, and the relation. */
static void assert_document(const subject *s, const sml_trace *trace, const sml_page *page,
                            const char *words)
{
    sml_sum sums[8];
    sml_json_options how = {.sums = sums, .checks = 1};
    char *text = NULL;
    size_t length = 0;
    for (const sml_sum *sum; how.n_sums < 8 && (sum = sml_page_sum(page, how.n_sums)) != NULL;) {
        sums[how.n_sums++] = *sum;
    }
    assert_ok(s->ctx, sml_trace_json(s->ctx, trace, &how, &text, &length));
    assert_true(count(text, "\"holds\":true") > 5);
    char *checks = strstr(text, ",\"checks\":[");
    assert_non_null(checks);
    assert_int_equal(count(checks, "\"holds\":false") > 0, words != NULL);
    *checks = '\0';
    const int is_sum = words != NULL && strcmp(words, "difference ") == 0;
    assert_int_equal(count(text, "\"holds\":false") > 0, is_sum);
    sml_text_free(text);
}

static void show(const subject *s, const showing *one, fault planted)
{
    const uint32_t sample = 7;
    const sml_trace_options how = {.samples = &sample, .n = 1};
    const sml_page_options asked = {.kind = one->kind,
                                    .block = one->block,
                                    .unit = UNIT,
                                    .with_backward = 1,
                                    .parameter = "layers.0.weight[3,0]"};
    sml_trace *trace = NULL;
    sml_page *page = NULL;
    assert_ok(s->ctx, sml_trace_create(s->ctx, s->model, s->data, &how, &trace));
    plant(trace, planted);
    assert_ok(s->ctx, sml_page_create(s->ctx, trace, &asked, &page));
    const char *words = planted != NOTHING ? one->words : NULL;
    assert_shown(page, words);
    assert_document(s, trace, page, words);
    sml_page_free(page);
    sml_trace_free(trace);
}

static void what_does_not_hold_is_told(void **state)
{
    subject s = {.ctx = new_context(1)};
    (void)state;
    assert_ok(s.ctx, sml_dataset_open(s.ctx, "spirals", "test", &s.data));
    assert_ok(s.ctx, sml_model_create(s.ctx, "mlp", "hidden=5 activation=tanh epochs=1", &s.model));
    assert_ok(s.ctx, sml_model_fit(s.ctx, s.model, s.data));
    for (size_t i = 0; i < sizeof SHOWINGS / sizeof SHOWINGS[0]; i++) {
        show(&s, &SHOWINGS[i], NOTHING);
        show(&s, &SHOWINGS[i], SHOWINGS[i].planted);
    }
    sml_model_free(s.model);
    sml_dataset_free(s.data);
    sml_ctx_free(s.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_does_not_hold_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
