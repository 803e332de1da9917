/* The lines on which rows begin, for messages that come after the reading: mostly one a record, so
 * that only the places where that changes are kept. */
#include "base/memory.h"
#include "data/readers/csv_stream.h"

#include <string.h>

enum { FIRST_JUMPS = 16 };

static size_t row_of_file(const sml__csv *csv)
{
    return csv->rows + (csv->stream != NULL ? csv->stream->rows : 0);
}

void sml__csv_start_lines(sml__csv *csv)
{
    csv->more_lines = csv->told_lines = csv->lines.n = 0;
    csv->lines.first = sml__csv_line(csv, csv->stream != NULL ? csv->begin : csv->body);
}

sml_status sml__csv_note_line(sml__csv *csv)
{
    sml__lines *lines = &csv->lines;
    if (lines->n == csv->jump_room) {
        const size_t room = csv->jump_room > 0 ? 2 * csv->jump_room : FIRST_JUMPS;
        sml__line_jump *larger = sml__alloc(csv->ctx, room, sizeof *larger, "the lines of a table");
        if (larger == NULL) {
            return SML_NO_MEMORY;
        }
        if (lines->n > 0) {
            memcpy(larger, lines->jumps, lines->n * sizeof *larger);
        }
        sml__free(lines->jumps);
        lines->jumps = larger;
        csv->jump_room = room;
    }
    lines->jumps[lines->n++] = (sml__line_jump){row_of_file(csv), csv->more_lines};
    csv->told_lines = csv->more_lines;
    return SML_OK;
}

void sml__csv_count_lines(sml__csv *csv, const char *text, size_t length)
{
    if (memchr(text, '\n', length) == NULL && memchr(text, '\r', length) == NULL) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        csv->more_lines += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
    }
}

size_t sml__csv_current_line(const sml__csv *csv)
{
    return csv->lines.first + row_of_file(csv) + csv->more_lines;
}
