/* The optimiser's rule for one parameter, line by line: a formula, the numbers that stand in it,
 * and what they make. */
#include "explain/page_rule.h"

#include "explain/trace.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OF_PARAMETER "step.parameters[0]."

enum { NONE = -1 };

/* A line of a rule. Its signs are those of its formula, with blanks between them. */
typedef struct line {
    const char *optimizer, *formula, *signs;
    int state; /* that it renews, or NONE */
    int part;  /* of the rule that has a sign of its own and that it computes, or NONE */
} line;

/* The last line of an optimiser is its step. */
static const line LINES[] = {
    {"sgd", "sgd", "η g", NONE, NONE},
    {"momentum", "momentum_v", "μ v g", 0, NONE},
    {"momentum", "momentum_step", "η v", NONE, NONE},
    {"nesterov", "nesterov_v", "μ v g", 0, NONE},
    {"nesterov", "nesterov_step", "η g μ v", NONE, 0},
    {"rmsprop", "rmsprop_v", "α v g", 0, NONE},
    {"rmsprop", "rmsprop_step", "η g v ε", NONE, 0},
    {"adagrad", "adagrad_v", "v g", 0, NONE},
    {"adagrad", "adagrad_step", "η g v ε", NONE, 0},
    {"adam", "adam_m", "β₁ m g", 0, NONE},
    {"adam", "adam_v", "β₂ v g", 1, NONE},
    {"adam", "adam_m_hat", "m β₁ t", NONE, 0},
    {"adam", "adam_v_hat", "v β₂ t", NONE, 1},
    {"adam", "adam_step", "η m\u0302 v\u0302 ε", NONE, NONE},
    {"adamw", "adam_m", "β₁ m g", 0, NONE},
    {"adamw", "adam_v", "β₂ v g", 1, NONE},
    {"adamw", "adam_m_hat", "m β₁ t", NONE, 0},
    {"adamw", "adam_v_hat", "v β₂ t", NONE, 1},
    {"adamw", "adamw_step", "η λ θ m\u0302 v\u0302 ε", NONE, 2},
};

typedef struct telling {
    sml_page *page;
    const sml__update *how;
    const sml_step_facts *step;
    const sml_step_parameter *p;
    int is_first; /* nothing stands on the line yet */
} telling;

/* "μ = 0.9", behind a comma where something stands before it. */
static void add_equal(telling *t, const char *sign, double value, sml_source source,
                      const char *path)
{
    char words[64];
    snprintf(words, sizeof words, "%s%s = ", t->is_first ? "" : ", ", sign);
    sml__before(t->page, words);
    sml__number(t->page, value, source,
                source == SML_SOURCE_COUNT ? SML_DIGITS_INDEX : SML_DIGITS_VALUE, "%s", path);
    t->is_first = 0;
}

static void begin_line(telling *t, const char *formula)
{
    sml__end_formula(t->page, formula);
    t->is_first = 1;
}

static void begin_result(telling *t)
{
    sml__after(t->page, ": ");
    t->is_first = 1;
}

/* A sign that stands for no state and no part of the rule. */
static void add_constant(telling *t, const char *sign)
{
    const sml__update *how = t->how;
    const struct {
        const char *sign;
        double value;
        sml_source source;
        const char *path;
    } settings[] = {
        {"η", how->learning_rate, SML_SOURCE_SETTING, "step.learning_rate"},
        {"λ", how->weight_decay, SML_SOURCE_SETTING, "step.weight_decay"},
        {"ε", how->epsilon, SML_SOURCE_SETTING, "step.epsilon"},
        {"μ", how->momentum, SML_SOURCE_SETTING, "model.settings.momentum"},
        {"α", how->alpha, SML_SOURCE_SETTING, "model.settings.alpha"},
        {"β₁", how->beta1, SML_SOURCE_SETTING, "model.settings.beta1"},
        {"β₂", how->beta2, SML_SOURCE_SETTING, "model.settings.beta2"},
        {"t", (double)t->step->step, SML_SOURCE_COUNT, "step.step"},
        {"g", t->p->decayed, SML_SOURCE_DOUBLE, OF_PARAMETER "decayed"},
        {"θ", t->p->before, SML_SOURCE_ENGINE, OF_PARAMETER "before"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (strcmp(settings[i].sign, sign) == 0) {
            add_equal(t, sign, settings[i].value, settings[i].source, settings[i].path);
        }
    }
}

/* A state: what it was on the line that renews it, and what it is now on those below. */
static void add_state(telling *t, size_t s, const char *sign, int is_renewed)
{
    char path[64];
    snprintf(path, sizeof path, OF_PARAMETER "states[%zu].%s", s,
             is_renewed ? "after_double" : "before");
    add_equal(t, sign, is_renewed ? t->p->state_after_double[s] : t->p->state_before[s],
              is_renewed ? SML_SOURCE_DOUBLE : SML_SOURCE_ENGINE, path);
}

static void add_part(telling *t, size_t i)
{
    char path[64];
    snprintf(path, sizeof path, OF_PARAMETER "parts[%zu].value", i);
    add_equal(t, t->p->parts[i].symbol, t->p->parts[i].value, SML_SOURCE_DOUBLE, path);
}

static void add_sign(telling *t, const line *l, const char *sign)
{
    for (size_t s = 0; s < t->p->n_states; s++) {
        if (strcmp(t->p->state_names[s], sign) == 0) {
            add_state(t, s, sign, l->state != (int)s);
            return;
        }
    }
    for (size_t i = 0; i < t->p->n_parts; i++) {
        if (strcmp(t->p->parts[i].symbol, sign) == 0) {
            add_part(t, i);
            return;
        }
    }
    add_constant(t, sign);
}

/* What the numbers of the line make. */
static void add_result(telling *t, const line *l, int is_step)
{
    begin_result(t);
    if (l->state != NONE) {
        const size_t s = (size_t)l->state;
        add_state(t, s, t->p->state_names[s], 1);
        sml__before(t->page, ", of the engine ");
        sml__number(t->page, t->p->state_after[s], SML_SOURCE_ENGINE, SML_DIGITS_VALUE,
                    OF_PARAMETER "states[%zu].after", s);
    }
    if (l->part != NONE) {
        add_part(t, (size_t)l->part);
    }
    if (is_step) {
        add_equal(t, "step", t->p->step, SML_SOURCE_DOUBLE, OF_PARAMETER "step");
        add_equal(t, "θ - step", t->p->after_double, SML_SOURCE_DOUBLE,
                  OF_PARAMETER "after_double");
    }
    sml__end_text(t->page);
}

static void add_line(telling *t, const line *l, int is_step)
{
    char sign[16];
    begin_line(t, l->formula);
    for (const char *at = l->signs; *at != '\0';) {
        const size_t length = strcspn(at, " ");
        snprintf(sign, sizeof sign, "%.*s", (int)length, at);
        add_sign(t, l, sign);
        at += length + (at[length] == ' ');
    }
    add_result(t, l, is_step);
}

static void add_penalties(telling *t, const sml__training_settings *settings)
{
    begin_line(t, "penalties");
    add_equal(t, "dW_ji", t->p->gradient, SML_SOURCE_ENGINE, OF_PARAMETER "gradient");
    add_equal(t, "λ₁", settings->l1, SML_SOURCE_SETTING, "model.settings.l1");
    add_equal(t, "λ₂", settings->l2, SML_SOURCE_SETTING, "model.settings.l2");
    add_equal(t, "w_ji", t->p->before, SML_SOURCE_ENGINE, OF_PARAMETER "before");
    begin_result(t);
    add_equal(t, "g", t->p->penalised, SML_SOURCE_DOUBLE, OF_PARAMETER "penalised");
    sml__end_text(t->page);
}

static void add_clipping(telling *t, const sml__training_settings *settings)
{
    begin_line(t, "clipping");
    add_equal(t, "g", t->p->penalised, SML_SOURCE_DOUBLE, OF_PARAMETER "penalised");
    add_equal(t, "c", settings->clip_norm, SML_SOURCE_SETTING, "model.settings.clip_norm");
    add_equal(t, "‖g‖", t->step->gradient_norm, SML_SOURCE_DOUBLE, "step.gradient_norm");
    begin_result(t);
    add_equal(t, "factor", t->p->clip_factor, SML_SOURCE_ENGINE64, OF_PARAMETER "clip_factor");
    add_equal(t, "g", t->p->clipped, SML_SOURCE_DOUBLE, OF_PARAMETER "clipped");
    sml__end_text(t->page);
}

static void add_decay(telling *t)
{
    begin_line(t, "decay");
    add_equal(t, "g", t->p->clipped, SML_SOURCE_DOUBLE, OF_PARAMETER "clipped");
    add_constant(t, "λ");
    add_constant(t, "θ");
    begin_result(t);
    add_constant(t, "g");
    sml__end_text(t->page);
}

void sml__add_rule(sml_page *page, const sml_trace *trace, const sml_step_facts *step,
                   const sml_step_parameter *parameter)
{
    const size_t n = sizeof LINES / sizeof LINES[0];
    telling t = {page, &trace->settings.update, step, parameter, 1};
    add_constant(&t, "θ");
    add_equal(&t, "g = ∂C/∂θ", parameter->gradient, SML_SOURCE_ENGINE, OF_PARAMETER "gradient");
    sml__end_text(page);
    if (parameter->penalty != 0) {
        add_penalties(&t, &trace->settings);
    }
    if (trace->settings.clip_norm > 0) {
        add_clipping(&t, &trace->settings);
    }
    if (parameter->decayed != parameter->clipped) {
        add_decay(&t);
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(LINES[i].optimizer, step->optimizer) == 0) {
            add_line(&t, &LINES[i],
                     i + 1 == n || strcmp(LINES[i + 1].optimizer, step->optimizer) != 0);
        }
    }
}
