/* The page of the loss: output function, loss, and δ of the outputs by both ways. */
#include "explain/bounds.h"
#include "explain/page_parts.h"
#include "explain/vector_facts.h"

#include "base/memory.h"
#include "data/prepare/targets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A row's loss on its page. */
typedef struct subject {
    const sml_trace *trace;
    const sml_loss_facts *facts;
    const size_t *order; /* [shown] outputs, the largest of a and y first */
    size_t row, shown;
    int has_targets;
} subject;

static int is_softmax(const subject *s)
{
    return strcmp(s->facts->output, "softmax") == 0;
}

/* A number of the loss, and one of an output. */
static void add_fact(sml_page *page, const subject *s, const char *words, double value,
                     sml_source source, const char *member)
{
    sml__before(page, words);
    sml__number(page, value, source, SML_DIGITS_VALUE, "samples[%zu].loss.%s", s->row, member);
}

static sml_cell *add_class(sml_page *page, const subject *s, size_t k, double value,
                           sml_source source, const char *member)
{
    return sml__number(page, value, source, SML_DIGITS_FIXED, "samples[%zu].loss.classes[%zu].%s",
                       s->row, k, member);
}

static void add_name(sml_page *page, const subject *s, size_t k)
{
    sml__name(page, sml_model_class_name(s->trace->model, k), SML_SOURCE_DATA, "model.classes[%zu]",
              k);
}

/* The relations of a trace compare nothing there either. */
static void add_no_sum(sml_page *page)
{
    sml__after(page, ": a logit is not finite, so there is nothing to compare it with");
    sml__end_text(page);
}

static void add_softmax(sml_page *page, const subject *s)
{
    const sml_loss_facts *f = s->facts;
    sml__end_formula(page, "softmax");
    add_fact(page, s, "M = ", f->shift, SML_SOURCE_ENGINE, "shift");
    add_fact(page, s, " · S = ", f->sum, SML_SOURCE_DOUBLE, "sum");
    add_fact(page, s, " · ln S = ", f->log_sum, SML_SOURCE_DOUBLE, "log_sum");
    sml__end_text(page);
    sml__begin_table(page, "lrrrr", "output\tz_k\tz_k - M\te^(z_k - M)\ta_k");
    for (size_t i = 0; i < s->shown; i++) {
        const size_t k = s->order[i];
        const sml_loss_class *one = &f->classes[k];
        add_name(page, s, k);
        add_class(page, s, k, one->z, SML_SOURCE_ENGINE, "z");
        add_class(page, s, k, one->shifted, SML_SOURCE_DOUBLE, "shifted");
        add_class(page, s, k, one->exponential, SML_SOURCE_DOUBLE, "exponential");
        add_class(page, s, k, one->a, SML_SOURCE_ENGINE, "a")->bar = one->a;
    }
    sml__end_table(page);
    sml__before(page, "Σ_k a_k = ");
    sml__number(page, f->sum_of_a, SML_SOURCE_DOUBLE, SML_DIGITS_EXACT,
                "samples[%zu].loss.sum_of_a", s->row);
    if (!isfinite(f->sum)) {
        add_no_sum(page);
        return;
    }
    sml__before(page, ", from one at most ");
    sml__number(page, f->bound_sum_of_a, SML_SOURCE_DOUBLE, SML_DIGITS_SMALL,
                "samples[%zu].loss.bound_sum_of_a", s->row);
    sml__end_check(page, sml__agrees(f->sum_of_a, 1, f->bound_sum_of_a));
}

/* Outputs of scaled targets, and their way back to the units of the data. */
static void add_restored(sml_page *page, const subject *s)
{
    const sml__target_scaling *scaling = s->trace->model->target_scaling;
    char path[64];
    sml__end_formula(page, "scaled_targets");
    sml__begin_table(page, "lrrrr", "output\tz_k\tfactor q_k\tshift μ_k\ta_k");
    for (size_t i = 0; i < s->shown; i++) {
        const size_t k = s->order[i];
        add_name(page, s, k);
        add_class(page, s, k, s->facts->classes[k].z, SML_SOURCE_ENGINE, "z");
        sml__number(page, scaling->out[k].factor, SML_SOURCE_ENGINE64, SML_DIGITS_VALUE,
                    "model.targets[%zu].factor", k);
        sml__number(page, scaling->out[k].shift, SML_SOURCE_ENGINE64, SML_DIGITS_VALUE,
                    "model.targets[%zu].shift", k);
        add_class(page, s, k, s->facts->classes[k].a, SML_SOURCE_ENGINE, "a")->bar =
            s->facts->classes[k].a;
    }
    sml__end_table(page);
    if (s->facts->n > 1) {
        sml__words(page, "a_k of the first of them:");
        sml__end_text(page);
    }
    const sml_loss_class *first = &s->facts->classes[s->order[0]];
    snprintf(path, sizeof path, "samples[%zu].loss.classes[%zu].", s->row, s->order[0]);
    const sml__verdict verdict = {.path = path,
                                  .engine_name = "a",
                                  .double_name = "a_double",
                                  .bound_name = "bound_a",
                                  .engine = first->a,
                                  .exact = first->a_double,
                                  .bound = first->bound_a};
    sml__add_verdict(page, &verdict);
    sml__words(page, "a_k and the target t_k are in the units of the data; z_k, y_k, and so r_k, C "
                     "and δ_k, in those of training");
    sml__end_text(page);
}

/* Outputs on their own: sigmoid, or as they are. */
static void add_outputs(sml_page *page, const subject *s)
{
    sml__end_formula(page, strcmp(s->facts->output, "sigmoid") == 0 ? "sigmoids" : "identities");
    sml__begin_table(page, "lrr", "output\tz_k\ta_k");
    for (size_t i = 0; i < s->shown; i++) {
        const size_t k = s->order[i];
        add_name(page, s, k);
        add_class(page, s, k, s->facts->classes[k].z, SML_SOURCE_ENGINE, "z");
        add_class(page, s, k, s->facts->classes[k].a, SML_SOURCE_ENGINE, "a")->bar =
            s->facts->classes[k].a;
    }
    sml__end_table(page);
}

static void add_terms(sml_page *page, const subject *s)
{
    const int has_residual = strcmp(s->facts->output, "identity") == 0;
    const float *t = s->trace->data_targets;
    sml__begin_table(page,
                     t != NULL      ? "lrrrr"
                     : has_residual ? "lrrr"
                                    : "lrr",
                     t != NULL      ? "output\tt_k\ty_k\tr_k\tits part of C"
                     : has_residual ? "output\ty_k\tr_k\tits part of C"
                                    : "output\ty_k\tits part of C");
    for (size_t i = 0; i < s->shown; i++) {
        const size_t k = s->order[i];
        const sml_loss_class *one = &s->facts->classes[k];
        add_name(page, s, k);
        if (t != NULL) {
            sml__number(page, (double)t[s->row * s->facts->n + k], SML_SOURCE_DATA,
                        SML_DIGITS_VALUE, "samples[%zu].data_target[%zu]", s->row, k);
        }
        sml__number(page, one->y, SML_SOURCE_DATA, SML_DIGITS_VALUE,
                    "samples[%zu].loss.classes[%zu].y", s->row, k);
        if (has_residual) {
            add_class(page, s, k, one->residual, SML_SOURCE_DOUBLE, "residual");
        }
        add_class(page, s, k, s->facts->weight * one->term, SML_SOURCE_DOUBLE, "part")->bar =
            s->facts->weight * one->term;
    }
    sml__end_table(page);
}

static void add_outputs_of_loss(sml_page *page, const subject *s)
{
    sml__before(page, ", K = ");
    sml__number(page, (double)s->facts->n, SML_SOURCE_COUNT, SML_DIGITS_COUNT, "model.outputs");
}

static void add_loss(sml_page *page, const subject *s)
{
    const sml_loss_facts *f = s->facts;
    char path[64];
    if (f->smoothing > 0) {
        sml__end_formula(page, "label_smoothing");
        add_fact(page, s, "ε = ", f->smoothing, SML_SOURCE_SETTING, "smoothing");
        add_outputs_of_loss(page, s);
        sml__end_text(page);
    }
    add_fact(page, s, "", f->loss_engine, SML_SOURCE_ENGINE64, "value");
    if (!is_softmax(s)) {
        add_outputs_of_loss(page, s);
    }
    if (f->weight != 1) {
        sml__before(page, ", w_s = ");
        sml__number(page, f->weight, SML_SOURCE_ENGINE, SML_DIGITS_VALUE, "samples[%zu].weight",
                    s->row);
    }
    sml__end_weighed_formula(page, f->loss, f->weight != 1);
    add_terms(page, s);
    snprintf(path, sizeof path, "samples[%zu].loss.", s->row);
    const sml__verdict verdict = {.path = path,
                                  .engine_name = "value",
                                  .double_name = "recomputed",
                                  .bound_name = "bound",
                                  .engine = f->loss_engine,
                                  .exact = f->loss_double,
                                  .bound = f->bound_loss,
                                  .is_engine64 = 1};
    sml__add_verdict(page, &verdict);
}

static void add_delta_table(sml_page *page, const subject *s)
{
    const int has_jacobian = is_softmax(s);
    const int is_weighted = s->facts->weight != 1;
    sml__begin_table(page, has_jacobian ? "lrrr" : "lrr",
                     !has_jacobian ? "output\tby the formula\tengine's δ_k"
                     : is_weighted ? "output\tby the Jacobian\tby w_s (a - y)\tengine's δ_k"
                                   : "output\tby the Jacobian\tby a - y\tengine's δ_k");
    for (size_t i = 0; i < s->shown; i++) {
        const size_t k = s->order[i];
        const sml_loss_class *one = &s->facts->classes[k];
        add_name(page, s, k);
        if (has_jacobian) {
            add_class(page, s, k, one->delta_jacobian, SML_SOURCE_DOUBLE, "delta_jacobian");
        }
        add_class(page, s, k, one->delta_direct, SML_SOURCE_DOUBLE, "delta_direct");
        add_class(page, s, k, one->delta_engine, SML_SOURCE_ENGINE, "delta_engine")->bar =
            one->delta_engine;
    }
    sml__end_table(page);
}

/* The output whose δ lies furthest from the other, in units of its bound. */
static size_t worst_delta(const sml_loss_facts *f)
{
    size_t worst = 0;
    double most = -1;
    for (size_t k = 0; k < f->n; k++) {
        const sml_loss_class *one = &f->classes[k];
        const double gap = fabs(one->delta_engine - one->delta_direct);
        const double ratio = isfinite(gap) ? gap / one->bound_delta : (double)INFINITY;
        if (ratio > most) {
            most = ratio;
            worst = k;
        }
    }
    return worst;
}

static void add_delta(sml_page *page, const subject *s)
{
    const sml_loss_facts *f = s->facts;
    char name[64], path[64];
    const size_t k = worst_delta(f);
    if (is_softmax(s)) {
        sml__end_weighed_formula(page, "jacobian", f->weight != 1);
    }
    snprintf(name, sizeof name, "delta_%s", f->loss);
    sml__end_weighed_formula(page, name, f->weight != 1);
    add_delta_table(page, s);
    snprintf(path, sizeof path, "samples[%zu].loss.classes[%zu].", s->row, k);
    const sml__verdict verdict = {.path = path,
                                  .engine_name = "delta_engine",
                                  .double_name = "delta_direct",
                                  .bound_name = "bound_delta",
                                  .engine = f->classes[k].delta_engine,
                                  .exact = f->classes[k].delta_direct,
                                  .bound = f->classes[k].bound_delta};
    sml__words(page, "where they differ most:");
    sml__end_text(page);
    sml__add_verdict(page, &verdict);
    if (is_softmax(s)) {
        add_fact(page, s, "Σ_k δ_k = ", f->sum_of_delta, SML_SOURCE_DOUBLE, "sum_of_delta");
        if (!isfinite(f->sum)) {
            add_no_sum(page);
            return;
        }
        sml__before(page, ", from zero at most ");
        sml__number(page, f->bound_sum_of_delta, SML_SOURCE_DOUBLE, SML_DIGITS_SMALL,
                    "samples[%zu].loss.bound_sum_of_delta", s->row);
        sml__end_check(page, sml__agrees(f->sum_of_delta, 0, f->bound_sum_of_delta));
    }
}

/* The largest of a and y first. */
static size_t order_outputs(const sml_loss_facts *facts, float *keys, size_t *order, size_t top)
{
    size_t n = 0;
    for (size_t k = 0; k < facts->n; k++) {
        const sml_loss_class *one = &facts->classes[k];
        const double a = isnan(one->residual) ? one->a : one->z; /* in the units of y */
        keys[k] = (float)(isnan(one->y) || a >= one->y ? a : one->y);
    }
    for (size_t k = facts->n; n < top && n < facts->n; n++) {
        k = sml__next_largest(keys, facts->n, k);
        order[n] = k;
    }
    return n;
}

static void add_all(sml_page *page, subject *s, size_t top)
{
    float *keys = sml__alloc(page->ctx, s->facts->n, sizeof *keys, "an order");
    size_t *order = sml__alloc(page->ctx, s->facts->n, sizeof *order, "an order");
    sml__page_fail(page, keys != NULL && order != NULL ? SML_OK : SML_NO_MEMORY);
    if (keys != NULL && order != NULL && page->status == SML_OK) {
        s->shown = order_outputs(s->facts, keys, order, top);
        s->order = order;
        if (is_softmax(s)) {
            add_softmax(page, s);
        } else if (s->trace->model->target_scaling != NULL && s->shown > 0) {
            add_restored(page, s);
        } else {
            add_outputs(page, s);
        }
        if (s->has_targets) {
            add_loss(page, s);
            add_delta(page, s);
        }
    }
    sml__free(keys);
    sml__free(order);
}

void sml__page_loss(sml_page *page, const sml_trace *trace, const sml_page_options *options)
{
    sml_loss_facts facts;
    const sml_status status = sml_trace_loss(page->ctx, trace, options->row, &facts);
    if (status != SML_OK) {
        sml__page_fail(page, status);
        return;
    }
    subject s = {.trace = trace,
                 .facts = &facts,
                 .row = options->row,
                 .has_targets = sml__trace_has_backward(trace)};
    sml__words(page, "outputs and loss");
    sml__add_sample(page, trace, options->row);
    sml__end_heading(page, 1);
    add_all(page, &s, options->top > facts.n || facts.n <= 10 ? facts.n : options->top);
    sml_loss_facts_clear(&facts);
}
