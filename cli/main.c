/* scratchml: finds the command, reads its options, runs it and checks that its output arrived. */
#include "command.h"
#include "interrupt.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const command *const commands[] = {
    &command_train,      &command_search,
    &command_evaluate,   &command_predict,
    &command_explain,    &command_check,
    &command_doctor,     &command_mistakes,
    &command_info,       &command_data_list,
    &command_data_info,  &command_data_show,
    &command_data_fetch, NULL,
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] - 1 };

/* The command named by words[0], or by words[0] and words[1]; *used says how many. */
static const command *find_command(char **words, int n, int *used)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *name = commands[i]->name, *space = strchr(name, ' ');
        if (space == NULL && strcmp(name, words[0]) == 0) {
            *used = 1;
            return commands[i];
        }
        size_t first = space != NULL ? (size_t)(space - name) : 0;
        if (space != NULL && n > 1 && strncmp(name, words[0], first) == 0 &&
            words[0][first] == '\0' && strcmp(space + 1, words[1]) == 0) {
            *used = 2;
            return commands[i];
        }
    }
    return NULL;
}

/* Whether word starts the names of a group, as "data" does. */
static int is_group(const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strncmp(commands[i]->name, word, n) == 0 && commands[i]->name[n] == ' ') {
            return 1;
        }
    }
    return 0;
}

static int fail_incomplete_group(const char *group)
{
    char list[256] = "";
    size_t used = 0, n = strlen(group);
    for (size_t i = 0; commands[i] != NULL && used < sizeof list; i++) {
        if (strncmp(commands[i]->name, group, n) == 0 && commands[i]->name[n] == ' ') {
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "",
                                     commands[i]->name + n + 1);
        }
    }
    return fail_usage("scratchml", "after '%s', expected one of: %s", group, list);
}

static int fail_unknown_command(char **words, int n)
{
    short_text asked = printable(words[0]);
    if (is_group(words[0])) {
        if (n < 2) {
            return fail_incomplete_group(words[0]);
        }
        snprintf(asked.text, sizeof asked.text, "%s %.40s", words[0], printable(words[1]).text);
    }
    const char *names[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++) {
        names[i] = commands[i]->name;
    }
    const char *nearest = sml_nearest_name(asked.text, names, N_COMMANDS);
    if (nearest != NULL) {
        return fail_usage("scratchml", "unknown command '%s'; did you mean '%s'?", asked.text,
                          nearest);
    }
    return fail_usage("scratchml", "unknown command '%s'", asked.text);
}

static int check_operands(const command *c, const options *o)
{
    if (o->n_operands < c->least) {
        short_text found = printable(o->n_operands > 0 ? o->operands[0] : "");
        return fail_usage(o->program, "expected %s, found %s%s", c->operands,
                          o->n_operands > 0 ? "only " : "nothing", found.text);
    }
    if (o->n_operands > c->most) {
        return fail_usage(o->program, "unexpected '%s'; expected %s",
                          printable(o->operands[c->most]).text,
                          c->operands[0] != '\0' ? c->operands : "no operand");
    }
    return 0;
}

static int open_session(session *s)
{
    const options *o = &s->options;
    sml_ctx_options wanted = {.threads = (int)option_number(o, "threads")};
    if (option_given(o, "data_dir")) {
        wanted.data_dir = option_text(o, "data_dir");
    }
    s->json = option_given(o, "json");
    s->quiet = option_given(o, "quiet");
    s->out = terminal_of(stdout, option_text(o, "color"));
    s->err = terminal_of(stderr, option_text(o, "color"));
    if (sml_ctx_create(&wanted, &s->ctx) != SML_OK) {
        return fail_library(s);
    }
    return 0;
}

/* words: the command's name and all that follows it. */
static int run_command(const command *c, int n, char **words)
{
    char program[64];
    snprintf(program, sizeof program, "scratchml %s", c->name);
    session s = {.program = program};
    options_create(&s.options, program, c->options, c->algorithm);
    int code = options_parse(&s.options, n, words);
    if (code == 0 && option_given(&s.options, "help")) {
        print_command_help(c);
    } else if (code == 0) {
        code = check_operands(c, &s.options);
        code = code == 0 ? open_session(&s) : code;
        code = code == 0 ? c->run(&s) : code;
    }
    sml_ctx_free(s.ctx);
    options_free(&s.options);
    return code;
}

static int asks_for(const char *word, const char *letter, const char *name)
{
    return strcmp(word, letter) == 0 || strcmp(word, name) == 0;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        return fail_usage("scratchml", "expected a command");
    }
    int helping = strcmp(argv[1], "help") == 0, used = 0;
    if (asks_for(argv[1], "-h", "--help") || (helping && argc == 2) ||
        (is_group(argv[1]) && argc == 3 && asks_for(argv[2], "-h", "--help"))) {
        print_program_help(commands);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("scratchml %s (kernels: %s)\n", scratchml_version(), scratchml_instruction_set());
        return EXIT_DONE;
    }
    if (argv[1][0] == '-') {
        return fail_usage("scratchml", "unknown option '%s' before the command",
                          printable(argv[1]).text);
    }
    int first = helping ? 2 : 1;
    const command *c = find_command(argv + first, argc - first, &used);
    if (c == NULL) {
        return fail_unknown_command(argv + first, argc - first);
    }
    if (helping) {
        print_command_help(c);
        return EXIT_DONE;
    }
    return run_command(c, argc - first - used + 1, argv + first + used - 1);
}

int main(int argc, char **argv)
{
    interrupt_exits();
    /* A write beyond the limit of a file's size fails then, and is reported. */
    signal(SIGXFSZ, SIG_IGN);
    int code = dispatch(argc, argv);
    /* A full disk shows only when the last buffer is written. */
    int failed_before = ferror(stdout);
    errno = 0;
    if (fclose(stdout) != 0 || failed_before) {
        fail("scratchml", "cannot write to standard output: %s",
             errno != 0 ? strerror(errno) : "a write failed");
        return code == EXIT_DONE ? EXIT_FAILED : code;
    }
    return code;
}
