/* Places in a document, as the cells of pages name them. */
#ifndef TESTS_EXPLAIN_PATHS_H
#define TESTS_EXPLAIN_PATHS_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a path leads to: members by '.', places of lists in brackets; NULL: to nothing. */
static const json_t *resolve(const json_t *json, const char *path)
{
    while (*path != '\0' && json != NULL) {
        char name[64];
        if (*path == '[') {
            json = json_array_get(json, strtoul(path + 1, (char **)&path, 10));
            path++; /* the bracket */
        } else {
            path += *path == '.';
            const size_t length = strcspn(path, ".[");
            snprintf(name, sizeof name, "%.*s", (int)length, path);
            json = json_object_get(json, name);
            path += length;
        }
    }
    return json;
}

#endif
