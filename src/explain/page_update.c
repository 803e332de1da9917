/* The page of a step of training, and of what it did to one parameter. */
#include "explain/page_parts.h"
#include "explain/page_rule.h"

#include <math.h>

static void add_step_number(sml_page *page, const char *words, double value, sml_source source,
                            sml_digits digits, const char *member)
{
    sml__before(page, words);
    sml__number(page, value, source, digits, "step.%s", member);
}

static void add_title(sml_page *page, const sml_step_facts *step)
{
    sml__words(page, "one step of ");
    sml__name(page, step->optimizer, SML_SOURCE_SETTING, "step.optimizer");
    add_step_number(page, ", step ", (double)step->step, SML_SOURCE_COUNT, SML_DIGITS_INDEX,
                    "step");
    sml__words(page, step->is_fresh ? " of a fresh optimiser" : "");
    add_step_number(page, ", learning rate ", step->learning_rate, SML_SOURCE_SETTING,
                    SML_DIGITS_VALUE, "learning_rate");
    sml__end_heading(page, 1);
}

static void add_lengths(sml_page *page, const sml_trace *trace, const sml_step_facts *step)
{
    add_step_number(page, "‖g‖ ", step->gradient_norm, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                    "gradient_norm");
    if (trace->settings.clip_norm > 0) {
        add_step_number(page, " · clipping multiplies it by ", step->clip_factor,
                        SML_SOURCE_ENGINE64, SML_DIGITS_VALUE, "clip_factor");
    } else {
        sml__words(page, " · clipping off");
    }
    add_step_number(page, " · ‖Δθ‖ ", step->step_norm, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                    "step_norm");
    add_step_number(page, " · ‖θ‖ ", step->parameter_norm, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                    "parameter_norm");
    sml__end_text(page);
    if (step->is_folded) {
        sml__words(page, "The backward pass takes this step at once, in single precision, and no "
                         "gradient is written to memory: g is recomputed for this page.");
        sml__end_text(page);
    }
}

static void add_tensors(sml_page *page, const sml_trace *trace)
{
    sml_step_tensor tensor;
    sml__begin_table(page, "lrrrr", "tensor\t‖∂C/∂θ‖\t‖Δθ‖\t‖θ‖\t‖Δθ‖ / ‖θ‖");
    for (size_t i = 0; sml_trace_step_tensor(trace, i, &tensor); i++) {
        sml__name(page, tensor.name, SML_SOURCE_SETTING, "step.tensors[%zu].name", i);
        sml__number(page, tensor.gradient_norm, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                    "step.tensors[%zu].gradient_norm", i);
        sml__number(page, tensor.step_norm, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                    "step.tensors[%zu].step_norm", i);
        sml__number(page, tensor.parameter_norm, SML_SOURCE_DOUBLE, SML_DIGITS_VALUE,
                    "step.tensors[%zu].parameter_norm", i);
        sml__number(page, tensor.step_norm / tensor.parameter_norm, SML_SOURCE_DOUBLE,
                    SML_DIGITS_VALUE, "step.tensors[%zu].ratio", i);
    }
    sml__end_table(page);
}

static void add_change(sml_page *page, const char *words, double value, sml_source source,
                       const char *member)
{
    sml__words(page, words);
    add_step_number(page, "", value, source, SML_DIGITS_VALUE, member);
}

/* Half a step leaves ½ of what is of first order, ¼ of second, ⅛ of third. A share counts as the
 * one that it is nearest to, so ¼ reaches to the middles, 3/16 and 3/8. */
static const char *words_of_gap(double share)
{
    return share > 0.1875 && share < 0.375
               ? ": about a quarter, so what the prediction leaves out is of second order"
               : ": not a quarter, so the step is too long for the prediction, crosses a kink, or "
                 "is lost in rounding";
}

/* What C is, where it is not the mean of the rows' losses. */
static void add_weighted_loss(sml_page *page, const sml_trace *trace)
{
    if (sml__is_weighted(trace)) {
        sml__end_formula(page, "weighted_batch_loss");
        sml__add_weights(page, trace);
        sml__end_text(page);
    }
}

static void add_changes(sml_page *page, const sml_trace *trace, const sml_step_facts *step)
{
    add_weighted_loss(page, trace);
    sml__end_formula(page, "first_order");
    sml__begin_table(page, "lr", NULL);
    add_change(page, "predicted ΔC, Σ g Δθ, in double", step->predicted, SML_SOURCE_DOUBLE,
               "predicted");
    if (!isnan(step->actual_double)) {
        add_change(page, "actual ΔC, in double", step->actual_double, SML_SOURCE_DOUBLE,
                   "actual_double");
    }
    add_change(page, "actual ΔC, of the engine", step->actual, SML_SOURCE_ENGINE64, "actual");
    add_change(page, "C before", step->loss_before, SML_SOURCE_ENGINE64, "loss_before");
    add_change(page, "C after", step->loss_after, SML_SOURCE_ENGINE64, "loss_after");
    if (!isnan(step->objective_predicted)) {
        add_change(page, "with penalties, in double: predicted", step->objective_predicted,
                   SML_SOURCE_DOUBLE, "objective_predicted");
        add_change(page, "with penalties, in double: actual", step->objective_actual,
                   SML_SOURCE_DOUBLE, "objective_actual");
    }
    sml__end_table(page);
    if (!isnan(step->gap)) {
        add_step_number(page, "predicted and actual differ by ", step->gap, SML_SOURCE_DOUBLE,
                        SML_DIGITS_SMALL, "gap");
        add_step_number(page, ", at half the step by ", step->half_gap, SML_SOURCE_DOUBLE,
                        SML_DIGITS_SMALL, "half_gap");
        sml__after(page, words_of_gap(step->half_gap / step->gap));
        sml__end_text(page);
    }
}

static void add_parameter(sml_page *page, const sml_trace *trace, const sml_step_facts *step,
                          const char *name)
{
    sml_step_parameter p;
    const sml_status status = sml_trace_parameter(page->ctx, trace, name, &p);
    sml__page_fail(page, status);
    if (status != SML_OK) {
        return;
    }
    sml__name(page, p.name, SML_SOURCE_SETTING, "step.parameters[0].name");
    sml__end_heading(page, 2);
    sml__add_rule(page, trace, step, &p);
    const sml__verdict verdict = {.path = "step.parameters[0].",
                                  .engine_name = "after",
                                  .double_name = "after_double",
                                  .bound_name = "bound",
                                  .engine = p.after,
                                  .exact = p.after_double,
                                  .bound = p.bound};
    sml__add_verdict(page, &verdict);
}

void sml__page_update(sml_page *page, const sml_trace *trace, const sml_page_options *options)
{
    if (trace->last_step == NULL || options->step == NULL) {
        sml__page_fail(page, sml__fail(page->ctx, SML_BAD_ARGUMENT,
                                       "page: no step was taken; call sml_trace_step first"));
        return;
    }
    add_title(page, options->step);
    if (options->parameter != NULL) {
        add_parameter(page, trace, options->step, options->parameter);
        return;
    }
    add_lengths(page, trace, options->step);
    sml__end_formula(page, options->step->optimizer);
    add_tensors(page, trace);
    add_changes(page, trace, options->step);
}
