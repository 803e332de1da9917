/* What a person should know of a table before a model is trained on it. */
#ifndef CLI_TABLE_FACTS_H
#define CLI_TABLE_FACTS_H

#include "command.h"

#include <jansson.h>

/* A column, as its rows show it. */
typedef struct column_look {
    const char *name; /* owned by the data set */
    uint64_t missing;
    int is_identifier; /* another value in every row: names, or whole numbers that are unique */
    int is_constant;
    int is_rounded; /* one number in every row, but one of those that float32 may have made equal */
    sml_column_facts facts; /* of a column of names; is_mixed: most are numbers after all */
    int is_mixed;
} column_look;

typedef struct table_look {
    sml_dataset_facts facts;
    column_look *columns; /* [facts.columns]; NULL: the data is no table with a target */
    size_t whole_targets; /* so many whole numbers are all that a lone target has; 0: others, or
                             many */
} table_look;

/* Looks at every row of data once. Free with table_look_free. */
void table_look_at(const session *s, table_look *look, const sml_dataset *data);
void table_look_free(table_look *look);

/* Whether text among numbers made a column one of categories; says so. */
int column_is_mixed(const sml_column_facts *facts);
void column_tell_mixed(const session *s, const sml_column_facts *facts);

/* Notes on stderr: target and task of every file, cells that model fills; where is_new also columns
 * that are better dropped. */
void table_look_tell(const session *s, const table_look *look, const sml_model *model, int is_new);

/* The same as JSON: null where there is no table. */
json_t *table_look_document(const table_look *look);

#endif
