/* The text of a table in pieces. A piece ends where a record does: at a newline that stands in no
 * quotes. RFC 4180 has no way to tell that from behind, so quotes are followed from the start of
 * the piece, which is that of a record. */
#include "base/context.h"
#include "base/memory.h"
#include "data/readers/csv_stream.h"

#include <string.h>
#include <unistd.h>

enum {
    PIECE_MIN = 256,
    PIECE_MAX = 4 << 20,
    PIECES_IN_MEMORY = 64,  /* a piece is at most this part of options.memory */
    SNIFFED = 1 << 20,      /* bytes in which the sample usually ends */
    RECORD_MAX = 64 << 20,  /* bytes */
    COUNTED_AT_ONCE = 16384 /* bytes */
};

sml_status sml__csv_stream_open(sml__csv *csv, int fd, uint64_t length, sml__csv_stream *stream)
{
    const uint64_t part = csv->options->memory / PIECES_IN_MEMORY;
    *stream = (sml__csv_stream){.length = length, .file = {.fd = -1}};
    stream->usual = part < PIECE_MIN ? PIECE_MIN : (part > PIECE_MAX ? PIECE_MAX : (size_t)part);
    const sml__element byte = {'u', 1, 0};
    sml_status status = sml__store_create(csv->ctx, fd, csv->path, 0, byte, 1, &stream->text);
    if (status == SML_OK) {
        fstat(stream->text->fd, &stream->facts);
        csv->stream = stream;
        status = sml__row_file_create(csv->ctx, csv->path, &stream->file);
    }
    return status;
}

void sml__csv_stream_close(sml__csv_stream *stream)
{
    sml__row_file_close(&stream->file);
    sml__store_free(stream->text);
    sml__free(stream->buffer);
    sml__free(stream->targets);
    sml__free(stream->weights);
}

/* Another room for the buffer, of which the first `filled` bytes stay. */
static sml_status set_room(sml__csv *csv, size_t room)
{
    sml__csv_stream *s = csv->stream;
    char *other = sml__alloc_to_fill(csv->ctx, room + 1, csv->path);
    if (other == NULL) {
        return SML_NO_MEMORY;
    }
    if (s->filled > 0) {
        memcpy(other, s->buffer, s->filled);
    }
    sml__free(s->buffer);
    s->buffer = other;
    s->room = room;
    return SML_OK;
}

/* Fills the room of the buffer, as far as the file has bytes for it. */
static sml_status fill(sml__csv *csv)
{
    sml__csv_stream *s = csv->stream;
    const uint64_t left = s->length - s->at - s->filled;
    const size_t free = s->room - s->filled, n = left < free ? (size_t)left : free;
    sml__store_read(s->text, s->at + s->filled, s->buffer + s->filled, n);
    s->filled += n;
    s->is_last = s->at + s->filled == s->length;
    return sml__store_status(csv->ctx, s->text);
}

/* Behind the last line that ends in `length` bytes; 0 where none does. */
static size_t last_line_end(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] != '\n' && text[length - 1] != '\r') {
        length--;
    }
    return length;
}

/* Whether a field begins with the quote at `at`. */
static int opens_field(const sml__csv *csv, const char *begin, const char *at)
{
    while (at > begin && sml__csv_is_blank(csv, at[-1])) {
        at--;
    }
    return at == begin || at[-1] == csv->delimiter || at[-1] == '\n' || at[-1] == '\r';
}

/* Behind the quote that closes the field whose text begins at `at`; NULL where it is not there, or
 * where the byte that would say whether it is doubled is not. */
static const char *close_field(const char *at, const char *end)
{
    const char *quote = memchr(at, '"', (size_t)(end - at));
    while (quote != NULL && quote + 1 < end && quote[1] == '"') {
        quote = memchr(quote + 2, '"', (size_t)(end - quote - 2));
    }
    return quote != NULL && quote + 1 < end ? quote + 1 : NULL;
}

/* Behind the last record that ends in text[length], which begins with one; 0 where none does. */
static size_t last_record_end(const sml__csv *csv, const char *text, size_t length)
{
    /* "\r" may be the half of "\r\n". */
    const char *end = text + length - (text[length - 1] == '\r'), *outside = text, *at = text;
    size_t last = 0;
    while (at != NULL && at < end) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        at = quote != NULL ? quote + 1 : NULL;
        if (quote != NULL && !opens_field(csv, outside, quote)) {
            continue;
        }
        const char *stop = quote != NULL ? quote : end;
        const size_t in_segment = last_line_end(outside, (size_t)(stop - outside));
        last = in_segment > 0 ? (size_t)(outside - text) + in_segment : last;
        at = quote != NULL ? close_field(quote + 1, end) : NULL;
        outside = at;
    }
    return last;
}

static sml_status fail_long(sml__csv *csv)
{
    csv->begin = csv->end = csv->stream->buffer;
    return sml__fail(csv->ctx, SML_BAD_DATA,
                     "%s:%zu: begins a record of more than %d MiB; does a quote in it never end?",
                     csv->path, sml__csv_line(csv, csv->begin), RECORD_MAX >> 20);
}

/* The first `length` bytes of the buffer; where they are all of it, a newline ends them. */
static void show_text(sml__csv *csv, size_t length)
{
    sml__csv_stream *s = csv->stream;
    if (length == s->filled && s->buffer[length - 1] != '\n') {
        s->buffer[length++] = '\n';
    }
    csv->begin = s->buffer;
    csv->end = s->buffer + length;
}

sml_status sml__csv_rewind(sml__csv *csv)
{
    sml__csv_stream *s = csv->stream;
    s->filled = s->rows = 0;
    s->file.written = 0;
    s->at = s->body;
    s->is_last = s->body == s->length;
    sml_status status = s->room != s->usual ? set_room(csv, s->usual) : SML_OK;
    csv->begin = csv->end = s->buffer;
    return status;
}

int sml__csv_next_piece(sml__csv *csv, sml_status *status)
{
    sml__csv_stream *s = csv->stream;
    if (s->is_last || *status != SML_OK) {
        return 0;
    }
    const size_t used = (size_t)(csv->end - s->buffer);
    size_t end = 0;
    s->at += used;
    s->filled -= used;
    memmove(s->buffer, csv->end, s->filled);
    *status = fill(csv);
    while (*status == SML_OK && !s->is_last &&
           (end = last_record_end(csv, s->buffer, s->filled)) == 0) {
        *status = s->room < RECORD_MAX ? set_room(csv, 2 * s->room) : fail_long(csv);
        *status = *status == SML_OK ? fill(csv) : *status;
    }
    if (*status == SML_OK) {
        show_text(csv, s->is_last ? s->filled : end);
    }
    return *status == SML_OK;
}

/* The whole records of the sample must be there. So where it does not end before the piece does, or
 * where something is wrong with it, a larger piece decides. */
sml_status sml__csv_stream_sniff(sml__csv *csv)
{
    sml__csv_stream *s = csv->stream;
    sml_status status = SML_OK;
    for (size_t room = SNIFFED;; room *= 2) {
        status = set_room(csv, room);
        status = status == SML_OK ? fill(csv) : status;
        if (status != SML_OK) {
            return status;
        }
        show_text(csv, s->filled);
        status = sml__csv_sniff(csv);
        const int is_enough = status == SML_OK && csv->sampled < csv->end;
        if (status == SML_NO_MEMORY || is_enough || s->is_last || room >= RECORD_MAX) {
            break;
        }
        sml__csv_forget(csv);
    }
    s->body = status == SML_OK ? (uint64_t)(csv->body - csv->begin) : 0;
    return status;
}

size_t sml__csv_lines_before(const sml__csv_stream *stream)
{
    char piece[COUNTED_AT_ONCE];
    size_t lines = 0;
    char before = 0;
    for (uint64_t at = 0; at < stream->at; at += sizeof piece) {
        const uint64_t left = stream->at - at;
        const size_t n = left < sizeof piece ? (size_t)left : sizeof piece;
        sml__store_read(stream->text, at, piece, n);
        for (size_t i = 0; i < n; i++) {
            lines += piece[i] == '\r' || (piece[i] == '\n' && before != '\r');
            before = piece[i];
        }
    }
    return lines;
}
