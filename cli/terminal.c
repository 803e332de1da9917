#include "terminal.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What COLUMNS may say. */
enum { LEAST_WIDTH = 20, MOST_WIDTH = 1000 };

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
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
    size_t columns = strtoull(environment("COLUMNS"), NULL, 10);
    return columns < LEAST_WIDTH || columns > MOST_WIDTH ? TEXT_WIDTH : columns;
}

size_t text_room(const terminal *out)
{
    size_t width = terminal_width(out);
    return width < TEXT_WIDTH ? width : TEXT_WIDTH;
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
