#include "options.h"

#include "command.h"
#include "text.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Values of getopt_long that are no letter: a long option is LONG_BASE + its index. */
enum { OPERAND = 1, LONG_BASE = 256 };

const option_row option_help = {
    {"help", SML_PARAMETER_CHOICE, "", 0, 0, NULL, "show this help"}, 'h', NULL};
const option_row option_json = {
    {"json", SML_PARAMETER_CHOICE, "", 0, 0, NULL, "print one JSON document instead of text"},
    0,
    NULL};
const option_row option_quiet = {
    {"quiet", SML_PARAMETER_CHOICE, "", 0, 0, NULL, "no progress and no notes"}, 'q', NULL};
const option_row option_threads = {
    {"threads", SML_PARAMETER_INTEGER, "0", 0, 1024, NULL, "threads to use; 0: one for each core"},
    0,
    "N"};
const option_row option_data_dir = {
    {"data_dir", SML_PARAMETER_CHOICE, "", 0, 0, NULL,
     "where fetched data sets lie; otherwise $SCRATCHML_DATA, then the cache folder"},
    0,
    "DIR"};
const option_row option_seed = {
    {"seed", SML_PARAMETER_INTEGER, "", 0, (double)INT64_MAX, NULL,
     "seed of generated data; otherwise the model's, or 42 without a model"},
    0,
    "N"};
const option_row option_color = {{"color", SML_PARAMETER_CHOICE, "auto", 0, 0, "auto|always|never",
                                  "colour; auto: on a terminal, unless NO_COLOR is set"},
                                 0,
                                 "WHEN"};
const option_row option_progress = {
    {"progress", SML_PARAMETER_CHOICE, "auto", 0, 0, "auto|always|never",
     "redraw one line; auto: on a terminal, elsewhere a plain line an epoch"},
    0,
    "WHEN"};
const option_row option_split = {{"split", SML_PARAMETER_CHOICE, "test", 0, 0, "train|test",
                                  "part of the data; a single file has only one"},
                                 0,
                                 "PART"};

const option_row option_part = {
    {"split", SML_PARAMETER_CHOICE, "test", 0, 0, "train|validation|test|all",
     "part of the data; of a file with one part that the model was trained on, the rows that were "
     "kept apart; of another such file, all rows"},
    0,
    "PART"};

static void add_state(options *o, const sml_parameter *parameter, char letter, const char *value)
{
    option_state *state = &o->states[o->n++];
    state->parameter = parameter;
    state->letter = letter;
    state->value = value;
    snprintf(state->spelling, sizeof state->spelling, "%s",
             format_option(parameter->name).text + 2);
}

/* What --help calls the value of a setting. */
static const char *value_name(sml_parameter_type type)
{
    static const char *const names[] = {
        [SML_PARAMETER_INTEGER] = "N",     [SML_PARAMETER_REAL] = "X",
        [SML_PARAMETER_CHOICE] = "NAME",   [SML_PARAMETER_INTEGERS] = "N,N,...",
        [SML_PARAMETER_REALS] = "X,X,...",
    };
    return names[type];
}

void options_create(options *o, const char *program, const option_row *const *rows,
                    const char *algorithm)
{
    size_t n_rows = 0, n_settings = 0;
    while (rows[n_rows] != NULL) {
        n_rows++;
    }
    const sml_parameter *settings =
        algorithm != NULL ? sml_model_parameters(algorithm, &n_settings) : NULL;
    memset(o, 0, sizeof *o);
    o->program = program;
    o->states = allocate(n_rows + n_settings, sizeof *o->states);
    for (size_t i = 0; i < n_rows; i++) {
        add_state(o, &rows[i]->parameter, rows[i]->letter, rows[i]->value);
    }
    for (size_t i = 0; i < n_settings; i++) {
        add_state(o, &settings[i], 0, value_name(settings[i].type));
        o->states[o->n - 1].is_setting = 1;
    }
}

void options_free(options *o)
{
    for (size_t i = 0; i < o->n; i++) {
        free(o->states[i].all);
    }
    free(o->states);
    free(o->operands);
}

static int fail_unknown_option(const options *o, const char *word)
{
    const char **names = allocate(o->n, sizeof *names);
    for (size_t i = 0; i < o->n; i++) {
        names[i] = o->states[i].spelling;
    }
    const char *nearest = sml_nearest_name(word, names, o->n);
    free(names);
    if (nearest != NULL) {
        return fail_usage(o->program, "unknown option --%s; did you mean --%s?", word, nearest);
    }
    return fail_usage(o->program, "unknown option --%s", word);
}

/* getopt_long accepts abbreviations; scripts that use them break with the next option. */
static int check_exact_name(const options *o, const char *element)
{
    if (strncmp(element, "--", 2) != 0 || element[2] == '\0') {
        return 0;
    }
    char *name = strndup(element + 2, strcspn(element + 2, "="));
    if (name == NULL) {
        return fail(o->program, "out of memory");
    }
    int code = 0, known = 0;
    for (size_t i = 0; i < o->n && !known; i++) {
        known = strcmp(o->states[i].spelling, name) == 0;
    }
    if (!known) {
        code = fail_unknown_option(o, printable(name).text);
    }
    free(name);
    return code;
}

static int check_integer(const options *o, const option_state *state)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(state->given, &end, 10);
    const sml_parameter *p = state->parameter;
    if (end == state->given || *end != '\0' || errno != 0 || (double)value < p->minimum ||
        (double)value > p->maximum) {
        return fail_usage(o->program, "--%s: found '%s', expected a whole number in %.0f…%.0f",
                          state->spelling, printable(state->given).text, p->minimum, p->maximum);
    }
    return 0;
}

/* Digits, a point, an exponent; no blanks, hexadecimal digits, "nan" or "inf". */
static int check_real(const options *o, const option_state *state)
{
    const sml_parameter *p = state->parameter;
    const char *text = state->given;
    char *end = NULL;
    const int is_number = text[0] != '\0' && strspn(text, "0123456789+-.eE") == strlen(text);
    const double value = is_number ? strtod(text, &end) : NAN;
    if (is_number && *end == '\0' && value >= p->minimum && value <= p->maximum) {
        return 0;
    }
    return fail_usage(o->program, "--%s: found '%s', expected a number in %g…%g", state->spelling,
                      printable(text).text, p->minimum, p->maximum);
}

static int check_choice(const options *o, const option_state *state)
{
    const char *choices = state->parameter->choices;
    size_t length = strlen(state->given);
    for (const char *choice = choices; *choice != '\0';) {
        size_t n = strcspn(choice, "|");
        if (n == length && strncmp(choice, state->given, n) == 0) {
            return 0;
        }
        choice += choice[n] == '|' ? n + 1 : n;
    }
    return fail_usage(o->program, "--%s: found '%s', expected one of %s", state->spelling,
                      printable(state->given).text, choices);
}

/* Settings are checked by the model that takes them. */
static int check_value(const options *o, const option_state *state)
{
    if (state->is_setting || state->value == NULL) {
        return 0;
    }
    if (state->parameter->type == SML_PARAMETER_INTEGER) {
        return check_integer(o, state);
    }
    if (state->parameter->type == SML_PARAMETER_REAL) {
        return check_real(o, state);
    }
    return state->parameter->choices != NULL ? check_choice(o, state) : 0;
}

static option_state *state_of(const options *o, int code)
{
    for (size_t i = 0; i < o->n; i++) {
        if (code == LONG_BASE + (int)i || (code < LONG_BASE && code == o->states[i].letter)) {
            return &o->states[i];
        }
    }
    return NULL;
}

static void keep(option_state *state, const char *given)
{
    if ((state->n_all & (state->n_all - 1)) == 0) { /* 0, 1, 2, 4, …: there may be no more room */
        const char **more = allocate(2 * state->n_all + 1, sizeof *more);
        for (size_t i = 0; i < state->n_all; i++) {
            more[i] = state->all[i];
        }
        free(state->all);
        state->all = more;
    }
    state->all[state->n_all++] = given;
    state->given = given;
}

/* code: what getopt_long returned while it was at element. */
static int take(options *o, int code, const char *element)
{
    if (code == OPERAND) {
        o->operands[o->n_operands++] = optarg;
        return 0;
    }
    option_state *state = state_of(o, code == '?' || code == ':' ? optopt : code);
    if (state == NULL) {
        return fail_usage(o->program, "unknown option '%s'", printable(element).text);
    }
    if (code == ':') {
        return fail_usage(o->program, "--%s needs a value: %s", state->spelling, state->value);
    }
    if (code == '?') {
        return fail_usage(o->program, "--%s takes no value, found '%s'", state->spelling,
                          printable(element).text);
    }
    keep(state, optarg != NULL ? optarg : "");
    return check_value(o, state);
}

/* The tables as getopt_long wants them. "-" in front: operands come in order, as OPERAND;
 * ":" next: a missing value is told from an unknown option. */
static struct option *getopt_rows(const options *o, char *letters)
{
    struct option *rows = allocate(o->n + 1, sizeof *rows);
    letters += sprintf(letters, "-:");
    for (size_t i = 0; i < o->n; i++) {
        const option_state *state = &o->states[i];
        rows[i].name = state->spelling;
        rows[i].has_arg = state->value != NULL ? required_argument : no_argument;
        rows[i].val = LONG_BASE + (int)i;
        if (state->letter != 0) {
            letters += sprintf(letters, "%c%s", state->letter, state->value != NULL ? ":" : "");
        }
    }
    return rows;
}

int options_parse(options *o, int argc, char **argv)
{
    char *letters = allocate(2 * o->n + 3, 1);
    struct option *rows = getopt_rows(o, letters);
    o->operands = allocate((size_t)argc, sizeof *o->operands);
    opterr = 0;
    int code = 0;
    while (code == 0 && optind < argc && !option_given(o, "help")) {
        const char *element = argv[optind];
        code = check_exact_name(o, element);
        int found = code == 0 ? getopt_long(argc, argv, letters, rows, NULL) : -1;
        if (found == -1) {
            break;
        }
        code = take(o, found, element);
    }
    /* What follows "--" is no option. */
    for (; code == 0 && optind < argc && !option_given(o, "help"); optind++) {
        o->operands[o->n_operands++] = argv[optind];
    }
    free(rows);
    free(letters);
    return code;
}

const option_state *option_find(const options *o, const char *name)
{
    for (size_t i = 0; i < o->n; i++) {
        if (strcmp(o->states[i].parameter->name, name) == 0) {
            return &o->states[i];
        }
    }
    return NULL;
}

/* name is in the command's table: otherwise the mistake is ours. */
static const option_state *state_named(const options *o, const char *name)
{
    const option_state *state = option_find(o, name);
    assert(state != NULL);
    return state;
}

int option_exists(const options *o, const char *name)
{
    return option_find(o, name) != NULL;
}

int option_has_row(const options *o, const option_row *row)
{
    const option_state *state = option_find(o, row->parameter.name);
    return state != NULL && state->parameter == &row->parameter;
}

const char *option_text(const options *o, const char *name)
{
    const option_state *state = state_named(o, name);
    return state->given != NULL ? state->given : state->parameter->default_text;
}

int option_given(const options *o, const char *name)
{
    return state_named(o, name)->given != NULL;
}

const char *const *option_texts(const options *o, const char *name, size_t *n)
{
    const option_state *state = state_named(o, name);
    *n = state->n_all;
    return state->all;
}

uint64_t option_number(const options *o, const char *name)
{
    return strtoull(option_text(o, name), NULL, 10);
}
