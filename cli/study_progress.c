#include "study_progress.h"

#include "interrupt.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void study_progress_start(study_progress *p, const session *s, const char *metric, size_t all)
{
    const char *choice = option_text(&s->options, "progress");
    int redrawn = s->err.is_terminal || strcmp(choice, "always") == 0;
    memset(p, 0, sizeof *p);
    p->err = &s->err;
    p->metric = metric;
    p->all = all;
    p->is_quiet = s->quiet;
    p->mode = redrawn ? STUDY_REDRAWN : STUDY_LINES;
    if (s->quiet || strcmp(choice, "never") == 0) {
        p->mode = STUDY_SILENT;
    }
    p->started_at = clock_seconds();
    interrupt_watch();
}

/* Clears what stands on the line behind column `from`. */
static void clear_line(study_progress *p)
{
    fprintf(p->err->stream, "\r%*s\r", (int)p->drawn_width, "");
    p->drawn_width = 0;
}

void study_progress_end(study_progress *p)
{
    if (p->mode == STUDY_REDRAWN && p->drawn_width > 0) {
        clear_line(p);
        fflush(p->err->stream);
    }
}

int study_progress_row(void *user, const sml_study_row *row)
{
    study_progress *p = user;
    char line[320];
    p->done++;
    if (p->mode == STUDY_SILENT) {
        return interrupt_arrived();
    }
    double seconds = clock_seconds() - p->started_at;
    double left = seconds * (double)(p->all - p->done) / (double)p->done;
    char metric[32];
    snprintf(metric, sizeof metric, "%.4g", row->metric);
    snprintf(line, sizeof line, "%zu/%zu trainings  %s %s after %s epochs  %s %s", p->done, p->all,
             p->metric, isnan(row->metric) ? sign("–") : metric, format_count(row->epochs).text,
             p->done < p->all ? "ETA" : "in",
             format_seconds(p->done < p->all ? left : seconds).text);
    if (p->mode == STUDY_LINES) {
        fprintf(p->err->stream, "%s\n", line);
        return interrupt_arrived();
    }
    clear_line(p);
    size_t room = terminal_width(p->err) - 1;
    p->drawn_width = text_width(line) < room ? text_width(line) : room;
    fprintf(p->err->stream, "%.*s", (int)text_bytes(line, room), line);
    fflush(p->err->stream);
    return interrupt_arrived();
}

void study_progress_note(void *user, const char *text)
{
    study_progress *p = user;
    if (p->mode == STUDY_REDRAWN && p->drawn_width > 0) {
        clear_line(p);
    }
    if (!p->is_quiet) {
        print_safe(p->err->stream, text);
        fputc('\n', p->err->stream);
    }
}

int study_progress_cancelled(void *user)
{
    (void)user;
    return interrupt_arrived();
}
