#include "data/readers/reader.h"

#include <string.h>
#include <strings.h>

int sml__path_ends_in(const char *path, const char *ending)
{
    const size_t length = strlen(path), tail = strlen(ending);
    return length >= tail && strcasecmp(path + length - tail, ending) == 0;
}
