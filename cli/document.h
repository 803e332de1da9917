/* JSON on stdout. */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include <jansson.h>
#include <scratchml/data.h>
#include <stdint.h>

/* A number; null where it is none (NaN, infinity): JSON has no word for them. */
json_t *json_figure(double value);
json_t *json_count(uint64_t count);

/* A string; bytes that are no UTF-8, as a file name may have, become '?'. */
json_t *json_text(const char *text);

/* 0 or 1; null for data that is no LIBSVM text. */
json_t *json_index_base(sml_index_base base);

/* Adds value, and takes it over. Both end the program when there is no memory for it. */
void document_set(json_t *object, const char *key, json_t *value);
void document_append(json_t *array, json_t *value);

/* Prints and releases the document. */
void print_document(json_t *document);

/* One line, without a newline: for documents that are written piece by piece. */
void print_piece(json_t *piece);

#endif
