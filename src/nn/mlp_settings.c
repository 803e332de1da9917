#include "nn/mlp_settings.h"

#include "base/context.h"
#include "nn/mlp.h"

#include <math.h>
#include <scratchml/metrics.h>
#include <string.h>

#define UNTIL_MAX 9007199254740991.0 /* 2^53 - 1: every integer up to it is a double */

/* The choices are the registry's names, joined: "|relu|elu" without the first bar. */
#define AND_NAME(name) "|" #name
#define JOINED(list)   (&list(AND_NAME)[1])

#define AND_METRIC(name, larger) "|" #name

/* Defaults are PyTorch's unless docs/defaults.md gives a reason. */
const sml_parameter sml__mlp_parameters[SML__MLP_PARAMETERS] = {
    {"hidden", SML_PARAMETER_INTEGERS, "128", 1, 16777216, NULL,
     "units of each hidden layer, such as 128,64; empty for none"},
    {"activation", SML_PARAMETER_CHOICE, "relu", 0, 0, JOINED(SML__ACTIVATION_LIST),
     "function after each hidden layer"},
    {"normalization", SML_PARAMETER_CHOICE, "none", 0, 0, "none|batch|layer",
     "batch or layer norm between each hidden layer and its activation"},
    {"loss", SML_PARAMETER_CHOICE, "auto", 0, 0, "auto" SML__LOSS_LIST(AND_NAME),
     "what training makes small; auto: cross_entropy for classes, binary_cross_entropy for "
     "several labels, mean_squared_error for regression"},
    {"init", SML_PARAMETER_CHOICE, "auto", 0, 0, "auto|he|glorot|lecun|equal",
     "initial weights; auto: he before ReLU and its relatives, glorot elsewhere; equal: all alike, "
     "to see that this fails"},
    {"dropout", SML_PARAMETER_REAL, "0", 0, 0.99, NULL,
     "share of each hidden layer's outputs set to zero in training"},
    {"label_smoothing", SML_PARAMETER_REAL, "0", 0, 1, NULL,
     "share of each target spread over all classes (cross_entropy)"},
    {"l1", SML_PARAMETER_REAL, "0", 0, 1e6, NULL, "adds l1 * sum |w| of all weights to the loss"},
    {"l2", SML_PARAMETER_REAL, "0", 0, 1e6, NULL, "adds l2/2 * sum w^2 of all weights to the loss"},
    {"optimizer", SML_PARAMETER_CHOICE, "adam", 0, 0, JOINED(SML__OPTIMIZER_LIST),
     "rule that turns gradients into steps"},
    {"learning_rate", SML_PARAMETER_REAL, "auto", 0, 1e38, NULL,
     "size of a step; auto: 0.1 sgd, 0.01 momentum, nesterov, rmsprop, adagrad, 0.001 adam, adamw"},
    {"schedule", SML_PARAMETER_CHOICE, "constant", 0, 0, JOINED(SML__SCHEDULE_LIST),
     "how the learning rate changes; constant: not at all"},
    {"warmup", SML_PARAMETER_INTEGER, "0", 0, UNTIL_MAX, NULL,
     "steps in which the learning rate grows to its full size"},
    {"step_epochs", SML_PARAMETER_INTEGER, "10", 1, UNTIL_MAX, NULL,
     "epochs between two cuts of the learning rate (schedule step)"},
    {"gamma", SML_PARAMETER_REAL, "auto", 0, 1, NULL,
     "what the learning rate is multiplied by (schedules step, exponential, plateau); auto: 0.1, "
     "exponential 0.95"},
    {"minimum_learning_rate", SML_PARAMETER_REAL, "0", 0, 1e38, NULL,
     "learning rate at the end (schedule cosine), or that no cut goes below (plateau)"},
    {"plateau_patience", SML_PARAMETER_INTEGER, "2", 0, UNTIL_MAX, NULL,
     "epochs without a smaller loss that are borne before a cut (schedule plateau)"},
    {"momentum", SML_PARAMETER_REAL, "0.9", 0, 1, NULL,
     "share of the last step that is kept (momentum, nesterov)"},
    {"alpha", SML_PARAMETER_REAL, "0.99", 0, 1, NULL,
     "share of the mean square that is kept (rmsprop)"},
    {"beta1", SML_PARAMETER_REAL, "0.9", 0, 0.999999, NULL,
     "share of the mean that is kept (adam, adamw)"},
    {"beta2", SML_PARAMETER_REAL, "0.999", 0, 0.99999999, NULL,
     "share of the mean square that is kept (adam, adamw)"},
    {"epsilon", SML_PARAMETER_REAL, "auto", 1e-30, 1, NULL,
     "added to the root in the denominator; auto: 1e-8, adagrad 1e-10"},
    {"weight_decay", SML_PARAMETER_REAL, "auto", 0, 1e6, NULL,
     "adds weight_decay * parameter to each gradient; adamw: shrinks the parameters apart from "
     "it; auto: 0, adamw 0.01"},
    {"clip_norm", SML_PARAMETER_REAL, "0", 0, 1e38, NULL,
     "largest norm of the gradient over all parameters; 0: no limit"},
    {"batch_size", SML_PARAMETER_INTEGER, "128", 1, UNTIL_MAX, NULL,
     "samples for each update; more than there are: all of them"},
    {"epochs", SML_PARAMETER_INTEGER, "10", 0, 4294967294.0, NULL, "passes over the data"},
    {"seed", SML_PARAMETER_INTEGER, "42", 0, UNTIL_MAX, NULL,
     "start of all random numbers: initial weights, order of samples, dropout"},
    {"validation", SML_PARAMETER_REAL, "0", 0, 0.9, NULL,
     "share of the training rows that is kept apart, and scored after every epoch"},
    {"early_stopping", SML_PARAMETER_CHOICE, "none", 0, 0, "none" SML__STOPPING_LIST(AND_METRIC),
     "end when this metric of the validation rows gets no better, and keep the best epoch"},
    {"patience", SML_PARAMETER_INTEGER, "5", 1, UNTIL_MAX, NULL,
     "epochs without progress after which early_stopping ends the training"},
    {"min_change", SML_PARAMETER_REAL, "0", 0, 1e38, NULL,
     "a metric that gets better by no more than this makes no progress (early_stopping)"},
    {"class_weight", SML_PARAMETER_REALS, "none", 0, 1e38, "none|balanced",
     "how much rows of each class count, w0,w1,...; balanced: all classes alike in sum"},
    SML__PREPARE_PARAMETERS,
    SML__AUGMENT_PARAMETERS,
};

const sml__loss *sml__mlp_loss(sml_ctx *ctx, const sml_model *model)
{
    const sml__loss *suited = sml__loss_for(model->task);
    if (suited == NULL) {
        sml__fail(ctx, SML_BAD_DATA, "data without targets has no loss");
        return NULL;
    }
    if (sml__setting_is(model, "loss", "auto")) {
        return suited;
    }
    const sml__loss *chosen = sml__loss_named(sml__setting_text(model, "loss"));
    if (chosen->task != model->task) {
        sml__fail(ctx, SML_BAD_ARGUMENT, "loss: %s is for %s, the data is for %s; try loss=%s",
                  chosen->name, sml_task_name(chosen->task), sml_task_name(model->task),
                  suited->name);
        return NULL;
    }
    return chosen;
}

/* The setting, or what "auto" means. */
static double real_or(const sml_model *model, const char *name, double automatic)
{
    const double value = sml__setting_real(model, name);
    return isnan(value) ? automatic : value;
}

static sml_status check_rates(sml_ctx *ctx, const sml__schedule_settings *rates)
{
    if (rates->minimum <= rates->learning_rate) {
        return SML_OK;
    }
    return sml__fail(ctx, SML_BAD_ARGUMENT,
                     "minimum_learning_rate: %g is above the learning rate, %g", rates->minimum,
                     rates->learning_rate);
}

static sml__schedule_settings rates_of(const sml_model *model, double learning_rate)
{
    const sml__schedule *schedule = sml__schedule_named(sml__setting_text(model, "schedule"));
    const sml__schedule_settings rates = {
        .schedule = schedule,
        .learning_rate = learning_rate,
        .minimum = sml__setting_real(model, "minimum_learning_rate"),
        .gamma = real_or(model, "gamma", schedule->gamma),
        .warmup = (uint64_t)sml__setting_integer(model, "warmup"),
        .step_epochs = (uint64_t)sml__setting_integer(model, "step_epochs"),
        .patience = (uint64_t)sml__setting_integer(model, "plateau_patience"),
    };
    return rates;
}

sml_status sml__mlp_training(sml_ctx *ctx, const sml_model *model, const sml__loss *loss,
                             sml__training_settings *out)
{
    const sml__optimizer *optimizer = sml__optimizer_named(sml__setting_text(model, "optimizer"));
    sml__training_settings settings = {
        .epochs = (uint64_t)sml__setting_integer(model, "epochs"),
        .batch_size = (size_t)sml__setting_integer(model, "batch_size"),
        .seed = (uint64_t)sml__setting_integer(model, "seed"),
        .label_smoothing = sml__setting_real(model, "label_smoothing"),
        .l1 = sml__setting_real(model, "l1"),
        .l2 = sml__setting_real(model, "l2"),
        .clip_norm = sml__setting_real(model, "clip_norm"),
        .optimizer = optimizer,
        .augment =
            {
                .shift = sml__setting_real(model, "augment_shift"),
                .rotate = sml__setting_real(model, "augment_rotate"),
                .scale = sml__setting_real(model, "augment_scale"),
                .elastic = sml__setting_real(model, "augment_elastic"),
                .sigma = sml__setting_real(model, "augment_sigma"),
                .noise = sml__setting_real(model, "augment_noise"),
            },
        .update =
            {
                .learning_rate = real_or(model, "learning_rate", optimizer->learning_rate),
                .momentum = sml__setting_real(model, "momentum"),
                .weight_decay = real_or(model, "weight_decay", optimizer->weight_decay),
                .alpha = sml__setting_real(model, "alpha"),
                .beta1 = sml__setting_real(model, "beta1"),
                .beta2 = sml__setting_real(model, "beta2"),
                .epsilon = real_or(model, "epsilon", optimizer->epsilon),
            },
    };
    settings.rates = rates_of(model, settings.update.learning_rate);
    settings.stopping = sml__stopping_named(sml__setting_text(model, "early_stopping"));
    settings.patience = (uint64_t)sml__setting_integer(model, "patience");
    settings.min_change = sml__setting_real(model, "min_change");
    if (settings.label_smoothing > 0 && strcmp(loss->name, "cross_entropy") != 0) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "label_smoothing: only loss=cross_entropy has it, not %s", loss->name);
    }
    if (settings.stopping != NULL &&
        !sml_metric_named(settings.stopping->name, model->task, NULL, NULL, NULL)) {
        return sml__fail(
            ctx, SML_BAD_ARGUMENT,
            "early_stopping: %s has no meaning for %s, which the data is for; try loss",
            settings.stopping->name, sml_task_name(model->task));
    }
    *out = settings;
    return check_rates(ctx, &settings.rates);
}
