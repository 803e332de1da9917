#include "train.h"

#include "files.h"
#include "folds.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const option_row option_checkpoint =
    TEXT_OPTION("checkpoint", "FILE",
                "keep the whole state of the training in a file; by default after every epoch");
const option_row option_checkpoint_every =
    TEXT_OPTION("checkpoint_every", "STEPS",
                "write it after so many batches, or so much time, such as 500, 30s, 5m");
const option_row option_resume =
    TEXT_OPTION("resume", NULL,
                "go on from the checkpoint, with its settings; the model gets the bytes of a "
                "training that was never interrupted");
const option_row option_time_budget =
    TEXT_OPTION("time_budget", "TIME", "end after so much time, such as 30s, 5m, 2h");
const option_row option_history =
    TEXT_OPTION("history", "FILE", "write the figures of every epoch to a file: .csv or .json");
const option_row option_curve =
    TEXT_OPTION("curve", "FILE", "draw loss and accuracy over the epochs to a file: .svg");

const char *option_of_control(const options *o)
{
    static const option_row *const rows[] = {CONTROL_OPTIONS};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (option_given(o, rows[i]->parameter.name)) {
            return rows[i]->parameter.name;
        }
    }
    return NULL;
}

/* Eleven years: what is longer is a slip. */
#define HOURS_MOST            100000
#define TEXT_OF(number)       TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(number) #number
#define A_TIME                "a time, such as 30s, 5m, 2h, up to " TEXT_OF(HOURS_MOST) "h"

/* A number above 0 at text; *end is what follows, NULL where there is none. */
static double number_at(const char *text, const char **end)
{
    char *rest = NULL;
    const int begins = (*text >= '0' && *text <= '9') || *text == '.';
    const double number = begins && strpbrk(text, "xXeE") == NULL ? strtod(text, &rest) : 0;
    *end = number > 0 && number < 1e15 ? rest : NULL;
    return number;
}

/* Seconds of "30s", "5m", "2h"; 0 where the unit is another or none, or the time too long. */
static double seconds_of(double number, const char *unit)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"h", 3600}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].name) == 0) {
            const double seconds = number * units[i].seconds;
            return seconds <= HOURS_MOST * 3600.0 ? seconds : 0;
        }
    }
    return 0;
}

static int fill_every(const session *s, sml_fit_options *how)
{
    const char *text = option_text(&s->options, "checkpoint_every"), *end = NULL;
    const double number = number_at(text, &end);
    if (end != NULL && *end == '\0' && strchr(text, '.') == NULL) {
        how->checkpoint_steps = (uint64_t)number;
        return 0;
    }
    how->checkpoint_seconds = end != NULL ? seconds_of(number, end) : 0;
    if (how->checkpoint_seconds > 0) {
        return 0;
    }
    return fail_usage(s->program,
                      "--checkpoint-every: found '%s', expected batches, such as 500, or " A_TIME,
                      printable(text).text);
}

static int fill_budget(const session *s, sml_fit_options *how)
{
    const char *text = option_text(&s->options, "time_budget"), *end = NULL;
    const double number = number_at(text, &end);
    how->time_budget = end != NULL ? seconds_of(number, end) : 0;
    if (how->time_budget > 0) {
        return 0;
    }
    return fail_usage(s->program, "--time-budget: found '%s', expected " A_TIME,
                      printable(text).text);
}

/* What is written is neither read as data nor written twice. */
static int check_data(const session *s, const training *t)
{
    static const char *const names[] = {"checkpoint", "history", "curve"};
    static const char *const spelled[] = {"--checkpoint", "--history", "--curve"};
    named_path written[4];
    size_t n = 0;
    if (!is_study(s) || option_given(&s->options, "output")) {
        written[n++] = (named_path){"--output", t->output};
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (option_given(&s->options, names[i])) {
            written[n++] = (named_path){spelled[i], option_text(&s->options, names[i])};
        }
    }
    return check_written(s, t->data, written, n);
}

/* Each file that a training reads or writes is another one. */
static int check_files(const session *s, const training *t)
{
    static const char *const others[] = {"checkpoint", "history", "curve"};
    const options *o = &s->options;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (!option_given(o, others[i])) {
            continue;
        }
        const char *path = option_text(o, others[i]);
        if (is_same_file(path, t->output) ||
            (option_given(o, "from") && is_same_file(path, option_text(o, "from")))) {
            return fail_usage(s->program, "--%s: %s is the model's file; choose another", others[i],
                              path);
        }
    }
    if (option_given(o, "checkpoint") && option_given(o, "from") &&
        is_same_file(option_text(o, "from"), t->output)) {
        return fail_usage(s->program,
                          "--checkpoint: to go on from it, %s must stay as it is; choose another "
                          "--output",
                          t->output);
    }
    return check_data(s, t);
}

static int check_together(const session *s)
{
    const options *o = &s->options;
    if (option_given(o, "checkpoint")) {
        return 0;
    }
    if (option_given(o, "resume")) {
        return fail_usage(s->program, "--resume needs --checkpoint FILE");
    }
    if (option_given(o, "checkpoint_every")) {
        return fail_usage(s->program, "--checkpoint-every needs --checkpoint FILE");
    }
    return 0;
}

int control_fill(const session *s, training *t)
{
    const options *o = &s->options;
    int code = check_together(s);
    code = code == 0 ? check_files(s, t) : code;
    if (code == 0 && option_given(o, "checkpoint_every")) {
        code = fill_every(s, &t->how);
    }
    if (code == 0 && option_given(o, "time_budget")) {
        code = fill_budget(s, &t->how);
    }
    t->how.checkpoint = option_given(o, "checkpoint") ? option_text(o, "checkpoint") : NULL;
    t->how.resume = option_given(o, "resume");
    t->how.warm_start = option_given(o, "from");
    return code;
}

/* With --from the settings are those of the model that training began with. */
int control_resume(const session *s, training *t)
{
    const char *path = t->how.checkpoint;
    struct stat facts;
    const int is_there = path != NULL && stat(path, &facts) == 0;
    if (is_there && !t->how.resume) {
        note(s, "%s is there and will be replaced; --resume goes on from it", path);
    }
    if (!t->how.resume || (is_there && t->how.warm_start)) {
        return 0;
    }
    if (!is_there) {
        note(s, "no checkpoint %s yet: starting from the beginning", path);
        return 0;
    }
    return sml_model_load_checkpoint(s->ctx, path, &t->model) == SML_OK ? 0 : fail_library(s);
}
