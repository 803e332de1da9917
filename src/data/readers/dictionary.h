/* Texts to numbers 0, 1, 2, … in the order in which they first come. */
#ifndef SML_DATA_READERS_DICTIONARY_H
#define SML_DATA_READERS_DICTIONARY_H

#include <scratchml/base.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SML__CATEGORIES_MAX = 1 << 20,
    SML__CATEGORY_TEXT_MAX = 64 << 20 /* bytes of all texts of a dictionary */
};

/* A hash table with linear probing, at most half full. Zero is an empty one. */
typedef struct sml__dictionary {
    char *text; /* the texts one after the other, each with a zero at its end */
    size_t text_used, text_room;
    struct sml__dictionary_entry {
        size_t at; /* in text */
        uint32_t length, hash;
        uint64_t count; /* how often it came */
    } * entries;        /* [n] */
    size_t n, room;
    uint32_t *slots; /* [n_slots] number + 1, 0: free */
    size_t n_slots;  /* a power of two, or 0 */
} sml__dictionary;

/* The number of a text, a new one where it was not there: then *number == n - 1. Errors:
 * SML_NO_MEMORY; SML_BAD_DATA, without a text in ctx, where one of the limits is reached. */
sml_status sml__dictionary_add(sml_ctx *ctx, sml__dictionary *dictionary, const char *text,
                               size_t length, uint32_t *number);

/* The text of a number below n; until the next text is added. */
const char *sml__dictionary_text(const sml__dictionary *dictionary, size_t number);

/* Frees what it holds; it is empty then. */
void sml__dictionary_clear(sml__dictionary *dictionary);

#endif
