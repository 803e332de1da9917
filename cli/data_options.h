/* The options that say how a file of data is to be read. */
#ifndef CLI_DATA_OPTIONS_H
#define CLI_DATA_OPTIONS_H

#include "command.h"

extern const option_row option_target, option_weight, option_drop, option_categorical, option_task,
    option_delimiter, option_decimal, option_header, option_no_header, option_size, option_memory,
    option_missing_value, option_index_base;

/* Those that are about files only. */
#define FILE_OPTIONS                                                                               \
    &option_target, &option_weight, &option_drop, &option_categorical, &option_task,               \
        &option_delimiter, &option_decimal, &option_header, &option_no_header,                     \
        &option_missing_value, &option_size, &option_index_base

/* All of them, for the table of a command that reads new data. */
#define DATA_OPTIONS FILE_OPTIONS, &option_memory

/* For a command with a model, which says what the columns are. */
#define MODEL_DATA_OPTIONS                                                                         \
    &option_target, &option_delimiter, &option_decimal, &option_header, &option_no_header,         \
        &option_missing_value, &option_size, &option_index_base, &option_memory

/* For a command that asks a model about rows: whether unknown categories are zeros there. */
extern const option_row option_unknown;

/* Where the command has option_unknown: lets them through, and says how many rows have one, where
 * option_unknown says so. Returns 0 or the exit code after a message. */
int data_options_let_unknown(const session *s, const sml_model *model, sml_dataset *data);

/* Fills how to open a part of the data named: what the command line says, where the command has
 * these options; --seed, else the seed of model (may be NULL), for generated data. The texts are
 * borrowed from both. Returns 0, or the exit code after a message that names the option. */
int data_options_fill(const session *s, const char *name, const char *split, const sml_model *model,
                      sml_data_options *out);

#endif
