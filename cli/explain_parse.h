/* What the options of explain say in text: no more than the text, nothing of a model. */
#ifndef CLI_EXPLAIN_PARSE_H
#define CLI_EXPLAIN_PARSE_H

#include <stddef.h>
#include <stdint.h>

/* Rows, such as 7, a list 7,12, or a range 7..12, or both: the first `room` of them to rows. 0
 * where the text says something else, or more. */
int parse_rows(const char *text, uint32_t *rows, size_t room, size_t *n);

/* --weight J,I or J,bias, or J of a norm. */
typedef struct unit_weight {
    uint64_t unit, input;
    int is_bias, has_input;
} unit_weight;
int parse_weight(const char *text, unit_weight *out);

/* --set NAME=X: the name is the text's first name_length bytes. */
int parse_setting(const char *text, size_t *name_length, double *value);

/* --silence N:J */
int parse_unit(const char *text, uint64_t *layer, uint64_t *unit);

#endif
