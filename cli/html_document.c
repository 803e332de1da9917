#include "html_document.h"

#include "html_style.h"
#include "text.h"

#include <stdlib.h>

void html_open(buffer *b, const char *title, const char *skip)
{
    char *safe = safe_text(title);
    buffer_print(b, "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                    "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n<title>");
    buffer_escape(b, safe);
    buffer_print(b, "</title>\n<style>\n%s", HTML_STYLE);
    for (int shade = 1; shade <= HTML_SHADES; shade++) {
        buffer_print(b, ".k%d{stroke-opacity:%.3g}", shade, (double)shade / HTML_SHADES);
    }
    buffer_print(b,
                 "\n</style>\n</head>\n<body>\n<a class=skip href=\"#main\">%s</a>\n"
                 "<header>\n<h1>",
                 skip);
    buffer_escape(b, safe);
    buffer_print(b, "</h1>\n");
    free(safe);
}
