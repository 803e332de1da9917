#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DEFAULT_WIDTH = 80, LEAST_WIDTH = 20 };

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

/* The locale's character set by its name alone: setlocale would change how numbers look. */
static int locale_is_utf8(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = environment(variables[i]);
        if (value[0] != '\0') {
            return strcasestr(value, "utf-8") != NULL || strcasestr(value, "utf8") != NULL;
        }
    }
    return 0;
}

static int wants_colour(int is_terminal, const char *colour)
{
    if (strcmp(colour, "auto") != 0) {
        return strcmp(colour, "always") == 0;
    }
    return is_terminal && environment("NO_COLOR")[0] == '\0' &&
           strcmp(environment("TERM"), "dumb") != 0;
}

terminal terminal_of(FILE *stream, const char *colour)
{
    terminal out = {.stream = stream, .is_terminal = isatty(fileno(stream))};
    out.colour = wants_colour(out.is_terminal, colour);
    out.unicode = locale_is_utf8();
    return out;
}

size_t terminal_width(const terminal *out)
{
    struct winsize size;
    if (out->is_terminal && ioctl(fileno(out->stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col < LEAST_WIDTH ? LEAST_WIDTH : size.ws_col;
    }
    return DEFAULT_WIDTH;
}

const char *style_on(const terminal *out, style wanted)
{
    static const char *const escapes[] = {
        [STYLE_PLAIN] = "",        [STYLE_BOLD] = "\033[1m", [STYLE_DIM] = "\033[2m",
        [STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m",
    };
    return out->colour ? escapes[wanted] : "";
}

const char *style_off(const terminal *out, style wanted)
{
    return out->colour && wanted != STYLE_PLAIN ? "\033[0m" : "";
}
