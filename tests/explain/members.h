/* Members of a parsed document; one that is not there fails the test. */
#ifndef TESTS_EXPLAIN_MEMBERS_H
#define TESTS_EXPLAIN_MEMBERS_H

#include "support.h"

#include <jansson.h>

static const json_t *in(const json_t *json, const char *key)
{
    const json_t *found = json_object_get(json, key);
    if (found == NULL) {
        fail_msg("no member %s", key);
    }
    return found;
}

static const json_t *nth(const json_t *list, size_t i)
{
    const json_t *found = json_array_get(list, i);
    assert_non_null(found);
    return found;
}

#endif
