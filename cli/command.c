#include "command.h"

#include "data_options.h"
#include "text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void print_message(const char *program, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    size_t size = length < 0 ? 1 : (size_t)length + 1;
    char *text = allocate(size, 1);
    vsnprintf(text, size, format, again);
    va_end(again);
    fflush(stdout); /* where both are one file, what was printed before stands before */
    fputs(program != NULL ? program : "", stderr);
    fputs(program != NULL ? ": " : "", stderr);
    print_safe(stderr, text);
    fputc('\n', stderr);
    free(text);
}

int fail(const char *program, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_message(program, format, arguments);
    va_end(arguments);
    return EXIT_FAILED;
}

int fail_usage(const char *program, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_message(program, format, arguments);
    va_end(arguments);
    fprintf(stderr, "Try '%s --help'.\n", program);
    return EXIT_USAGE;
}

static int begins_name(const char *text, const char *at)
{
    return at == text || (!isalnum((unsigned char)at[-1]) && strchr("_-'\"/", at[-1]) == NULL);
}

/* The hyper-parameter that stands at `at` as in "missing=mean", or, at the beginning of a message,
 * as in "loss: …"; NULL where none does. */
static const char *setting_at(const char *text, const char *at)
{
    size_t n = 0;
    const sml_parameter *settings = sml_model_parameters("mlp", &n);
    for (size_t i = 0; begins_name(text, at) && i < n; i++) {
        const size_t length = strlen(settings[i].name);
        if (strncmp(at, settings[i].name, length) == 0 &&
            (at[length] == '=' || (at == text && strncmp(at + length, ": ", 2) == 0))) {
            return settings[i].name;
        }
    }
    return NULL;
}

/* The library names hyper-parameters as its settings do; here they are options: "missing=mean"
 * becomes "--missing mean". */
int fail_library(const session *s)
{
    const char *text = sml_ctx_error(s->ctx);
    /* Of two letters and '=', which is the least, come two dashes and a blank. */
    char *out = allocate(2 * strlen(text) + 1, 1), *end = out;
    for (const char *at = text; *at != '\0';) {
        const char *setting = setting_at(text, at);
        if (setting == NULL) {
            *end++ = *at++;
            continue;
        }
        at += strlen(setting);
        end += sprintf(end, "%s", format_option(setting).text);
        if (*at == '=') {
            *end++ = ' ';
            at++;
        }
    }
    *end = '\0';
    const int code = fail(s->program, "%s", out);
    free(out);
    return code;
}

void note(const session *s, const char *format, ...)
{
    if (s->quiet) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    print_message(NULL, format, arguments);
    va_end(arguments);
}

static int is_picture(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg"};
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending != NULL && i < sizeof endings / sizeof endings[0]; i++) {
        if (strcasecmp(ending, endings[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A picture that was brought to the model's size. */
static void tell_size(const session *s, const char *name, const sml_dataset *data)
{
    sml_dataset *as_it_is = NULL;
    sml_dataset_facts now, before;
    sml_dataset_describe(data, &now);
    if (s->quiet || now.rows != 1 || now.height == 0 || !is_picture(name) ||
        sml_dataset_open(s->ctx, name, NULL, &as_it_is) != SML_OK) {
        return;
    }
    sml_dataset_describe(as_it_is, &before);
    if (before.height != now.height || before.width != now.width) {
        note(s, "%s: %zu %s %zu pixels, brought to the %zu %s %zu of the model", now.name,
             before.height, sign("×"), before.width, now.height, sign("×"), now.width);
    }
    sml_dataset_free(as_it_is);
}

/* What would be passed over in silence is refused. */
static int check_size(const session *s, const sml_data_options *how, const sml_dataset *data)
{
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    if (how->height == 0 || (facts.height == how->height && facts.width == how->width)) {
        return 0;
    }
    if (facts.height == 0) {
        return fail_usage(s->program, "--size is for pictures; %s has none", facts.name);
    }
    return fail_usage(s->program,
                      "--size: the pictures of %s are %zux%zu, and of this format they stay so",
                      facts.name, facts.height, facts.width);
}

/* The same for --index-base. A guess of it is told, since a wrong one shifts all columns. */
static int check_index_base(const session *s, const sml_data_options *how, const sml_model *model,
                            const sml_dataset *data)
{
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    const int is_said = how->index_base != SML_INDEX_AUTO;
    const int is_known = model != NULL && sml_model_index_base(model) != SML_INDEX_AUTO;
    if (is_said && facts.index_base == SML_INDEX_AUTO) {
        return fail_usage(s->program, "--index-base is for LIBSVM text; %s is none", facts.name);
    }
    if (!is_said && !is_known && facts.index_base != SML_INDEX_AUTO) {
        const int from_0 = facts.index_base == SML_INDEX_FROM_0;
        note(s, "%s: columns count from %d, since %s index is 0; --index-base says otherwise",
             facts.name, from_0 ? 0 : 1, from_0 ? "an" : "no");
    }
    return 0;
}

/* no_target: see sml_data_options; refused: see open_data_quietly, or NULL. */
static int open_with(const session *s, const char *name, const char *split, const sml_model *model,
                     int no_target, sml_status *refused, sml_dataset **out)
{
    sml_data_options how;
    int code = data_options_fill(s, name, split, model, &how);
    if (code != 0) {
        return code;
    }
    how.no_target = no_target;
    const int is_fitted = model != NULL && sml_model_inputs(model) > 0;
    sml_status status = is_fitted ? sml_model_open_data(s->ctx, model, name, &how, out)
                                  : sml_dataset_open_with(s->ctx, name, &how, out);
    if (status != SML_OK && refused != NULL) {
        *refused = status;
        return 0;
    }
    if (status != SML_OK) {
        return fail_library(s);
    }
    if (is_fitted && how.height == 0) {
        tell_size(s, name, *out);
    }
    code = check_size(s, &how, *out);
    return code == 0 ? check_index_base(s, &how, model, *out) : code;
}

int open_data(const session *s, const char *name, const char *split, const sml_model *model,
              sml_dataset **out)
{
    return open_with(s, name, split, model, 0, NULL, out);
}

int open_data_quietly(const session *s, const char *name, const char *split, const sml_model *model,
                      sml_status *refused, sml_dataset **out)
{
    *refused = SML_OK;
    return open_with(s, name, split, model, 0, refused, out);
}

int open_features(const session *s, const char *name, const sml_model *model, sml_dataset **out)
{
    return open_with(s, name, NULL, model, 1, NULL, out);
}

int open_model_and_data(const session *s, sml_model **model, sml_dataset **data)
{
    char **operands = s->options.operands;
    if (sml_model_load(s->ctx, operands[0], model) != SML_OK) {
        return fail_library(s);
    }
    const int code = open_data(s, operands[1], option_text(&s->options, "split"), *model, data);
    return code == 0 ? data_options_let_unknown(s, *model, *data) : code;
}

uint64_t count_parameters(const sml_model *model)
{
    uint64_t total = 0;
    sml_tensor_facts facts;
    for (size_t i = 0; sml_model_tensor(NULL, model, i, &facts) == SML_OK; i++) {
        uint64_t size = 1;
        for (size_t axis = 0; axis < facts.rank; axis++) {
            size *= facts.shape[axis];
        }
        total += size;
    }
    return total;
}
