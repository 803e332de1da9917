#include "data/readers/dictionary.h"

#include "base/memory.h"

#include <string.h>

enum { FIRST_ENTRIES = 16, FIRST_TEXT = 256 };

/* Eight bytes at a time: multiply by an odd number without a pattern, fold the halves. */
static uint32_t hash_of(const char *text, size_t length)
{
    static const uint64_t MULTIPLIER = 0x9E3779B97F4A7C15U; /* 2^64 / golden ratio */
    uint64_t hash = length * MULTIPLIER;
    for (; length > 0;) {
        const size_t n = length < 8 ? length : 8;
        uint64_t piece = 0;
        for (size_t i = 0; n < 8 && i < n; i++) {
            piece = piece << 8 | (unsigned char)text[i];
        }
        if (n == 8) {
            memcpy(&piece, text, 8);
        }
        hash = (hash ^ piece) * MULTIPLIER;
        hash ^= hash >> 32;
        text += n;
        length -= n;
    }
    return (uint32_t)(hash * MULTIPLIER >> 32);
}

/* A larger copy of a block; frees the old one. NULL leaves it. */
static void *enlarge(sml_ctx *ctx, void *old, size_t used, size_t room, size_t size)
{
    void *larger = sml__alloc(ctx, room, size, "the categories of a column");
    if (larger != NULL && used > 0) {
        memcpy(larger, old, used * size);
    }
    if (larger != NULL) {
        sml__free(old);
    }
    return larger;
}

/* Twice as many slots and entries. */
static sml_status grow(sml_ctx *ctx, sml__dictionary *d)
{
    const size_t room = d->room > 0 ? 2 * d->room : FIRST_ENTRIES;
    uint32_t *slots = sml__alloc(ctx, 2 * room, sizeof *slots, "the categories of a column");
    void *entries = slots != NULL ? enlarge(ctx, d->entries, d->n, room, sizeof *d->entries) : NULL;
    if (entries == NULL) {
        sml__free(slots);
        return SML_NO_MEMORY;
    }
    d->entries = entries;
    d->room = room;
    sml__free(d->slots);
    d->slots = slots;
    d->n_slots = 2 * room;
    for (size_t i = 0; i < d->n; i++) {
        size_t at = d->entries[i].hash & (d->n_slots - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (d->n_slots - 1);
        }
        slots[at] = (uint32_t)i + 1;
    }
    return SML_OK;
}

static sml_status append(sml_ctx *ctx, sml__dictionary *d, const char *text, size_t length,
                         uint32_t hash)
{
    if (d->n == SML__CATEGORIES_MAX || length >= SML__CATEGORY_TEXT_MAX - d->text_used) {
        return SML_BAD_DATA;
    }
    if (length >= d->text_room - d->text_used) {
        size_t room = d->text_room > 0 ? 2 * d->text_room : FIRST_TEXT;
        room = room > d->text_used + length ? room : d->text_used + length + 1;
        char *larger = enlarge(ctx, d->text, d->text_used, room, 1);
        if (larger == NULL) {
            return SML_NO_MEMORY;
        }
        d->text = larger;
        d->text_room = room;
    }
    memcpy(d->text + d->text_used, text, length);
    d->text[d->text_used + length] = '\0';
    d->entries[d->n++] = (struct sml__dictionary_entry){d->text_used, (uint32_t)length, hash, 1};
    d->text_used += length + 1;
    return SML_OK;
}

sml_status sml__dictionary_add(sml_ctx *ctx, sml__dictionary *d, const char *text, size_t length,
                               uint32_t *number)
{
    const uint32_t hash = hash_of(text, length);
    if (d->n == d->room) {
        sml_status status = grow(ctx, d);
        if (status != SML_OK) {
            return status;
        }
    }
    size_t at = hash & (d->n_slots - 1);
    for (; d->slots[at] != 0; at = (at + 1) & (d->n_slots - 1)) {
        struct sml__dictionary_entry *entry = &d->entries[d->slots[at] - 1];
        if (entry->hash == hash && entry->length == length &&
            memcmp(d->text + entry->at, text, length) == 0) {
            *number = d->slots[at] - 1;
            entry->count++;
            return SML_OK;
        }
    }
    sml_status status = append(ctx, d, text, length, hash);
    if (status == SML_OK) {
        *number = (uint32_t)d->n - 1;
        d->slots[at] = (uint32_t)d->n;
    }
    return status;
}

const char *sml__dictionary_text(const sml__dictionary *dictionary, size_t number)
{
    return dictionary->text + dictionary->entries[number].at;
}

void sml__dictionary_clear(sml__dictionary *dictionary)
{
    sml__free(dictionary->text);
    sml__free(dictionary->entries);
    sml__free(dictionary->slots);
    memset(dictionary, 0, sizeof *dictionary);
}
