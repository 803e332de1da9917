/* --help, made from the tables of options. */
#include "command.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

enum { HELP_INDENT = 28 };

/* What a value may be: "a|b|c" as "a, b, c"; numbers as their range; "" where it is any text. */
static void describe_values(const sml_parameter *p, char *out, size_t size)
{
    out[0] = '\0';
    if (p->choices != NULL) {
        size_t used = 0;
        for (const char *c = p->choices; *c != '\0' && used + 2 < size; c++) {
            used += (size_t)snprintf(out + used, size - used, *c == '|' ? ", " : "%c", *c);
        }
    } else if (p->maximum > 1e9 && p->type != SML_PARAMETER_CHOICE) {
        snprintf(out, size, "at least %.8g", p->minimum);
    } else if (p->maximum > p->minimum) {
        snprintf(out, size, "%.8g%s%.8g", p->minimum, sign("…"), p->maximum);
    }
}

static void print_option(const option_state *state)
{
    char flag[160], text[1024], values[512];
    const sml_parameter *p = state->parameter;
    int length = state->letter != 0 ? snprintf(flag, sizeof flag, "  -%c, ", state->letter)
                                    : snprintf(flag, sizeof flag, "      ");
    snprintf(flag + length, sizeof flag - (size_t)length, "--%s%s%s", state->spelling,
             state->value != NULL ? " " : "", state->value != NULL ? state->value : "");
    describe_values(p, values, sizeof values);
    int has_values = values[0] != '\0', has_default = p->default_text[0] != '\0';
    snprintf(text, sizeof text, "%s%s%s%s%s%s%s", p->help, has_values ? " (" : "", values,
             has_values ? ")" : "", has_default ? " [" : "", p->default_text,
             has_default ? "]" : "");
    size_t width = text_width(flag);
    fputs(flag, stdout);
    if (width + 2 > HELP_INDENT) {
        putchar('\n');
        width = 0;
    }
    printf("%*s", (int)(HELP_INDENT - width), "");
    print_wrapped(text, HELP_INDENT, HELP_INDENT, TEXT_WIDTH);
}

static void print_options(const options *o, int settings)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->states[i].is_setting == settings) {
            print_option(&o->states[i]);
        }
    }
}

void print_command_help(const command *c)
{
    options o;
    options_create(&o, c->name, c->options, c->algorithm);
    printf("Usage: scratchml %s%s%s [OPTION]...\n\n", c->name, c->operands[0] != '\0' ? " " : "",
           c->operands);
    print_wrapped(c->help, 0, 0, TEXT_WIDTH);
    if (c->algorithm != NULL) {
        printf("\nSettings of the model (%s):\n", c->algorithm);
        print_options(&o, 1);
    }
    printf("\nOptions:\n");
    print_options(&o, 0);
    if (c->notes != NULL) {
        printf("\n%s", c->notes);
    }
    options_free(&o);
}

void print_program_help(const command *const *commands)
{
    printf("Usage: scratchml COMMAND [OPERAND]... [OPTION]...\n\n"
           "Machine learning from scratch, in C.\n\nCommands:\n");
    for (; *commands != NULL; commands++) {
        char left[96];
        snprintf(left, sizeof left, "  %s %s", (*commands)->name, (*commands)->operands);
        printf("%s%*s", left, (int)(HELP_INDENT - text_width(left)), "");
        print_wrapped((*commands)->help, HELP_INDENT, HELP_INDENT, TEXT_WIDTH);
    }
    printf("\n"
           "  scratchml COMMAND --help    every option of a command\n"
           "  scratchml --version         version and the kernels this processor runs\n"
           "\n"
           "MODEL is a file that train wrote. DATA is a name that 'scratchml data list'\n"
           "shows, a folder with the four IDX files of MNIST's layout, or a file.\n"
           "\n"
           "Examples:\n"
           "  scratchml train spirals --hidden 64,64 --epochs 50\n"
           "  scratchml evaluate model.safetensors spirals\n");
}
