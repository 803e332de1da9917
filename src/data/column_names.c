/* The words of a table: names of its columns and of their categories. */
#include "data/dataset.h"

const char *sml_dataset_column_name(const sml_dataset *data, size_t column)
{
    const sml_schema *schema = data->schema;
    return schema != NULL && schema->has_names && column < schema->n ? schema->columns[column].name
                                                                     : NULL;
}

const char *sml_dataset_category(const sml_dataset *data, size_t column, size_t category)
{
    const sml_schema *schema = data->schema;
    if (schema == NULL || column >= schema->n || category >= schema->columns[column].n_categories) {
        return NULL;
    }
    return schema->columns[column].categories[category];
}
