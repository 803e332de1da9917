/* The rows of a table that is larger than memory: to their file, block by block. */
#include "base/context.h"
#include "base/memory.h"
#include "data/readers/csv_stream.h"

#include <string.h>

static const double ROOM_TO_SPARE = 1.05; /* for rows that are shorter than those before */

/* How many times as long as the text that was read the whole text is; at least 1. */
static double share_to_come(const sml__csv *csv)
{
    const sml__csv_stream *s = csv->stream;
    const uint64_t behind = s->at + (uint64_t)(csv->end - csv->begin);
    const uint64_t read = behind > s->body ? behind - s->body : 1;
    const double times = (double)(s->length - s->body) / (double)read;
    return times > 1 ? times : 1;
}

/* Appends values[csv->rows] to *all, which has s->rows of them and gets room for `room`. */
static sml_status append(sml__csv *csv, float **all, const float *values, size_t room)
{
    sml__csv_stream *s = csv->stream;
    if (room > s->room_rows || *all == NULL) {
        float *larger = sml__alloc_to_fill(csv->ctx, room * sizeof *larger, csv->path);
        if (larger == NULL) {
            return SML_NO_MEMORY;
        }
        if (*all != NULL) {
            memcpy(larger, *all, s->rows * sizeof *larger);
        }
        sml__free(*all);
        *all = larger;
    }
    memcpy(*all + s->rows, values, csv->rows * sizeof *values);
    return SML_OK;
}

sml_status sml__csv_put_rows(sml__csv *csv)
{
    sml__csv_stream *s = csv->stream;
    const size_t rows = s->rows + csv->rows, bytes = csv->rows * csv->n_features * sizeof(float);
    const double times = share_to_come(csv);
    const size_t room = rows > s->room_rows
                            ? (size_t)((double)rows * times * ROOM_TO_SPARE) + csv->rows
                            : s->room_rows;
    sml__csv_count_cells(csv);
    sml_status status = sml__row_file_append(csv->ctx, &s->file, csv->features, bytes,
                                             (double)(s->file.written + bytes) * times);
    if (status == SML_OK && csv->target < csv->n) {
        status = append(csv, &s->targets, csv->targets, room);
    }
    if (status == SML_OK && csv->weight < csv->n) {
        status = append(csv, &s->weights, csv->weights, room);
    }
    s->room_rows = room;
    s->rows = rows;
    csv->rows = 0;
    return status;
}

/* Gives an array to its new owner in place of what that had. */
static void hand_over(float **from, float **to)
{
    sml__free(*to);
    *to = *from;
    *from = NULL;
}

sml_status sml__csv_stream_finish(sml__csv *csv)
{
    sml__csv_stream *s = csv->stream;
    struct stat now;
    const int is_known = fstat(s->text->fd, &now) == 0;
    if (csv->has_turned || (is_known && ((uint64_t)now.st_size != s->length ||
                                         now.st_mtim.tv_sec != s->facts.st_mtim.tv_sec ||
                                         now.st_mtim.tv_nsec != s->facts.st_mtim.tv_nsec))) {
        return sml__fail(csv->ctx, SML_IO,
                         "%s: it was changed while it was read; do not change a file while it is "
                         "read",
                         csv->path);
    }
    csv->rows = s->rows;
    hand_over(&s->targets, &csv->targets);
    hand_over(&s->weights, &csv->weights);
    sml__free(csv->features);
    csv->features = NULL;
    return SML_OK;
}
