/* A table that is larger than memory: its text comes in pieces of whole records, its rows go to a
 * file of float32. Targets and weights stay in memory. Inside the reader of tables. */
#ifndef SML_DATA_READERS_CSV_STREAM_H
#define SML_DATA_READERS_CSV_STREAM_H

#include "data/readers/csv.h"
#include "data/row_file.h"

#include <sys/stat.h>

struct sml__csv_stream {
    /* The text. csv->begin … csv->end are whole records at the start of the buffer, and what
     * follows them there is the beginning of the next record. */
    sml__store *text;
    struct stat facts; /* of the file when it was opened */
    uint64_t length;   /* of the file */
    uint64_t body;     /* where the first record of data begins */
    uint64_t at;       /* byte of the file at the start of the buffer */
    size_t usual;      /* bytes of a piece */
    char *buffer;      /* [room + 1]: one more for a newline that is missing at the end */
    size_t room, filled;
    int is_last; /* nothing follows this piece */

    /* The rows of the pieces before, of this pass. */
    sml__row_file file;
    float *targets, *weights; /* [room_rows] or NULL */
    size_t rows, room_rows;
};

/* Takes fd over, a file of `length` bytes, also on failure. Close with sml__csv_stream_close.
 * Errors: SML_IO, SML_NO_MEMORY. */
sml_status sml__csv_stream_open(sml__csv *csv, int fd, uint64_t length, sml__csv_stream *stream);
void sml__csv_stream_close(sml__csv_stream *stream);

/* As sml__csv_sniff, from the first piece. */
sml_status sml__csv_stream_sniff(sml__csv *csv);

/* Begins a pass over the text, and over the rows. */
sml_status sml__csv_rewind(sml__csv *csv);

/* The next piece to csv->begin and csv->end. 0 where there is none, or after a failure. */
int sml__csv_next_piece(sml__csv *csv, sml_status *status);

/* Moves the rows that were read out of memory; csv->rows is 0 then. Errors: SML_IO, SML_NO_MEMORY.
 */
sml_status sml__csv_put_rows(sml__csv *csv);

/* The end of the last pass: csv has all targets and weights, and the number of all rows. Errors:
 * SML_IO where the file was changed. */
sml_status sml__csv_stream_finish(sml__csv *csv);

/* Newlines of the file before the buffer. */
size_t sml__csv_lines_before(const sml__csv_stream *stream);

#endif
