#include "progress.h"

#include "interrupt.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LINE_MAX_BYTES = 256, BAR_MOST = 30, BAR_LEAST = 5 };

static const double SECONDS_BETWEEN_DRAWINGS = 0.1;

static double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_start(progress *p, const session *s, progress_work work)
{
    const char *choice = option_text(&s->options, "progress");
    int redrawn = s->err.is_terminal || strcmp(choice, "always") == 0;
    memset(p, 0, sizeof *p);
    p->err = &s->err;
    p->work = work;
    p->mode = redrawn ? PROGRESS_REDRAWN : PROGRESS_LINES;
    if (s->quiet || strcmp(choice, "never") == 0) {
        p->mode = PROGRESS_SILENT;
    }
    p->started_at = clock_seconds();
    p->drawn_at = -1;
    interrupt_watch();
}

static double share_done(const sml_progress *now)
{
    double done = (double)(now->epoch - 1) * (double)now->steps + (double)now->step;
    double all = (double)now->epochs * (double)now->steps;
    return all > 0 ? done / all : 0;
}

static double rate(double done, double seconds)
{
    return seconds > 0 ? done / seconds : 0;
}

/* What stands before the bar. */
static void describe_position(const progress *p, char *out, size_t size)
{
    const sml_progress *now = &p->last;
    if (p->work == PROGRESS_TRAINING) {
        char total[24];
        int digits = snprintf(total, sizeof total, "%" PRIu64, now->epochs);
        snprintf(out, size, "epoch %*" PRIu64 "/%s ", digits, now->epoch, total);
    } else {
        snprintf(out, size, "checked %s/%s ", format_count(now->step).text,
                 format_count(now->steps).text);
    }
}

/* "validation 97.91%", or the loss where there is no accuracy: of the last whole epoch. Otherwise
 * the pace. */
static short_text describe_state(const progress *p)
{
    const sml_progress *now = &p->last;
    short_text out;
    if (p->record.epoch > 0 && !isnan(p->record.validation_accuracy)) {
        snprintf(out.text, sizeof out.text, "validation %6.40s",
                 format_percent(p->record.validation_accuracy).text);
    } else if (p->record.epoch > 0 && !isnan(p->record.validation_loss)) {
        snprintf(out.text, sizeof out.text, "validation %-7.4g", p->record.validation_loss);
    } else {
        snprintf(out.text, sizeof out.text, "%6.40s samples/s",
                 format_rate(rate((double)now->samples, now->seconds)).text);
    }
    return out;
}

/* What stands behind it. */
static void describe_pace(const progress *p, char *out, size_t size)
{
    const sml_progress *now = &p->last;
    double done = share_done(now);
    int ended = done >= 1;
    short_text time = format_seconds(ended ? now->seconds : now->seconds * (1 - done) / done);
    const char *label = ended ? "in" : "ETA";
    if (p->work == PROGRESS_TRAINING) {
        snprintf(out, size, " %3.0f%%  loss %-7.4g %s  %s %s", 100 * done, now->loss,
                 describe_state(p).text, label, time.text);
    } else {
        snprintf(out, size, " %3.0f%%  %6s/s  %s %s", 100 * done,
                 format_rate(rate((double)now->step, now->seconds)).text, label, time.text);
    }
}

static void draw_bar(const terminal *err, size_t width, double share)
{
    size_t full = (size_t)(share * (double)width + 0.5);
    for (size_t i = 0; i < width; i++) {
        if (err->unicode) {
            fputs(i < full ? "█" : "░", err->stream);
        } else {
            fputc(i < full ? '#' : '.', err->stream);
        }
    }
}

/* Columns a line may have: the last ones stay free for the ^C that a terminal echoes, and because
 * some terminals wrap in the last one. */
static size_t line_room(const progress *p)
{
    return terminal_width(p->err) - 3;
}

static void draw(progress *p)
{
    char left[LINE_MAX_BYTES], right[LINE_MAX_BYTES];
    describe_position(p, left, sizeof left);
    describe_pace(p, right, sizeof right);
    size_t room = line_room(p), used = strlen(left) + strlen(right);
    size_t bar = room > used ? room - used : 0;
    bar = bar < BAR_LEAST ? 0 : (bar > BAR_MOST ? BAR_MOST : bar);
    if (used > room) {
        right[strlen(left) < room ? room - strlen(left) : 0] = '\0';
    }
    fprintf(p->err->stream, "\r%s", left);
    draw_bar(p->err, bar, share_done(&p->last));
    size_t width = strlen(left) + bar + strlen(right);
    int rest = width < p->drawn_width ? (int)(p->drawn_width - width) : 0;
    fprintf(p->err->stream, "%s%*s", right, rest, "");
    fflush(p->err->stream);
    p->drawn_width = width;
    p->drawn_at = p->last.seconds;
}

/* ", validation loss 0.0712, accuracy 97.91%"; empty without validation. */
static short_text describe_validation(const sml_epoch_record *record)
{
    short_text out = {""};
    if (record->epoch == 0 || isnan(record->validation_loss)) {
        return out;
    }
    int used =
        snprintf(out.text, sizeof out.text, ", validation loss %.4f", record->validation_loss);
    if (!isnan(record->validation_accuracy) && used > 0) {
        snprintf(out.text + used, sizeof out.text - (size_t)used, ", accuracy %s",
                 format_percent(record->validation_accuracy).text);
    }
    return out;
}

static void print_epoch(const progress *p)
{
    const sml_progress *now = &p->last;
    if (p->work == PROGRESS_TRAINING) {
        fprintf(p->err->stream, "epoch %" PRIu64 "/%" PRIu64 ": loss %.4f%s, %s samples/s, %s\n",
                now->epoch, now->epochs, now->loss, describe_validation(&p->record).text,
                format_rate(rate((double)now->samples, now->seconds)).text,
                format_seconds(now->seconds).text);
    } else {
        fprintf(p->err->stream, "checked %s parameters in %s\n", format_count(now->step).text,
                format_seconds(now->seconds).text);
    }
}

int progress_update(void *user, const sml_progress *now)
{
    progress *p = user;
    p->last = *now;
    /* A fit that goes on from a checkpoint counts its earlier parts, samples and seconds. */
    p->started_at = fmin(p->started_at, clock_seconds() - now->seconds);
    p->last.seconds = clock_seconds() - p->started_at;
    if (p->mode == PROGRESS_LINES && now->step == now->steps && !p->has_records) {
        print_epoch(p);
    }
    if (p->mode == PROGRESS_REDRAWN &&
        (p->drawn_at < 0 || p->last.seconds - p->drawn_at >= SECONDS_BETWEEN_DRAWINGS)) {
        draw(p);
    }
    return interrupt_arrived();
}

void progress_epoch(progress *p, const sml_epoch_record *record)
{
    p->record = *record;
    /* Records of a checkpoint come before there is progress. */
    if (p->mode == PROGRESS_LINES && p->last.epoch == record->epoch) {
        p->last.seconds = clock_seconds() - p->started_at;
        print_epoch(p);
    }
}

void progress_end(progress *p, int keep)
{
    if (p->mode != PROGRESS_REDRAWN || p->drawn_at < 0) {
        return;
    }
    if (keep) {
        draw(p);
        fputc('\n', p->err->stream);
    } else {
        fprintf(p->err->stream, "\r%*s\r", (int)line_room(p) + 2, "");
    }
    fflush(p->err->stream);
}
