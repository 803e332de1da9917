/* The gradient check of a whole network, in rounds of parameters that a team shares; what one
 * parameter takes is in gradcheck_one.c. */
#include "nn/gradcheck.h"

#include "base/clock.h"
#include "base/context.h"
#include "base/memory.h"
#include "base/threads.h"
#include "nn/engine_gradient.h"
#include "nn/gradcheck_one.h"

#include <math.h>
#include <string.h>

/* Between two calls of the callback: some milliseconds. */
enum { LOSSES_A_ROUND = 16384 };

typedef struct rounds {
    sml__checking check;
    uint64_t begin, end;    /* the parameters of this one */
    sml__finding *findings; /* [end - begin] */
    double worst;
} rounds;

/* NaN is worse than every number. */
static int is_worse(double error, double other)
{
    return !isnan(other) && !(error <= other);
}

/* The parameter of number `index`: layers in order, units within, inputs (or γ) then bias. */
static sml__parameter parameter_at(const sml__network *network, uint64_t index)
{
    sml__parameter p = {0};
    for (p.layer = 0; p.layer < network->n_layers; p.layer++) {
        const sml__layer *layer = &network->layers[p.layer];
        const size_t of_unit = layer->type->gradient != NULL ? sml__weights_of_unit(layer) + 1 : 0;
        const uint64_t count = (uint64_t)of_unit * layer->n_out;
        if (index < count) {
            const size_t place = (size_t)(index % of_unit);
            p.unit = (size_t)(index / of_unit);
            p.kind = place + 1 < of_unit ? SML__WEIGHT : SML__BIAS;
            p.input = p.kind == SML__WEIGHT ? place : 0;
            return p;
        }
        index -= count;
    }
    return p;
}

static void check_share(void *argument, sml__member member)
{
    const rounds *r = argument;
    const sml__range own = sml__share((size_t)(r->end - r->begin), 1, member.rank, member.size);
    double *memory = r->check.memory + (size_t)member.rank * 2 * r->check.widest;
    for (size_t i = own.begin; i < own.end; i++) {
        sml__check_parameter(&r->check, parameter_at(r->check.twin.network, r->begin + i), memory,
                             &r->findings[i]);
    }
}

static void publish(const sml__network *network, const sml__finding *found,
                    sml_parameter_check *out)
{
    memset(out, 0, sizeof *out);
    sml__parameter_text(network, &found->parameter, out->name);
    sml__kink_text(network, &found->kink, out->kink);
    out->value = found->value;
    out->analytic = found->analytic;
    out->numeric = found->numeric;
    out->engine = found->engine;
    out->relative_error = found->error;
    out->step = found->step;
    out->crossed = found->kink.kind != SML__NO_KINK;
}

/* Adds a finding to the result: counts, and the worst error, the first one on a tie. */
static void add(rounds *r, const sml__finding *found, sml_gradient_check *result)
{
    if (found->kink.kind != SML__NO_KINK) {
        result->kinks_skipped++;
        return;
    }
    if (result->parameters_checked == 0 || is_worse(found->error, r->worst)) {
        r->worst = found->error;
        result->max_relative_error = found->error;
        result->worst_analytic = found->analytic;
        result->worst_numeric = found->numeric;
        sml__parameter_text(r->check.twin.network, &found->parameter, result->worst_parameter);
    }
    result->parameters_checked++;
}

static sml_status cancelled(sml_ctx *ctx, uint64_t done, uint64_t total)
{
    return sml__fail(ctx, SML_CANCELLED, "cancelled after %llu of %llu parameters",
                     (unsigned long long)done, (unsigned long long)total);
}

/* The findings of a round in their order, which no team changes. */
static sml_status account(sml_ctx *ctx, rounds *r, uint64_t total, const sml__check_calls *calls,
                          sml_gradient_check *result)
{
    for (uint64_t i = r->begin; i < r->end; i++) {
        const sml__finding *found = &r->findings[i - r->begin];
        sml_parameter_check one;
        add(r, found, result);
        if (calls->each != NULL) {
            publish(r->check.twin.network, found, &one);
            if (calls->each(calls->user, &one) != 0) {
                return cancelled(ctx, i + 1, total);
            }
        }
    }
    return SML_OK;
}

static sml_status check_all(sml_ctx *ctx, rounds *r, uint64_t round, const sml__check_calls *calls,
                            sml_gradient_check *result)
{
    const uint64_t total = sml__network_parameter_count(r->check.twin.network);
    const double started = sml__seconds_now();
    sml_status status = SML_OK;
    for (r->begin = 0; r->begin < total && status == SML_OK; r->begin = r->end) {
        r->end = r->begin + round < total ? r->begin + round : total;
        sml__team_run(ctx->threads, check_share, r);
        status = account(ctx, r, total, calls, result);
        const sml_progress now = {
            .epoch = 1,
            .epochs = 1,
            .step = r->end,
            .steps = total,
            .samples = r->check.twin.rows,
            .loss = r->check.loss,
            .seconds = sml__seconds_now() - started,
        };
        if (status == SML_OK && calls->progress != NULL &&
            calls->progress(calls->user, &now) != 0) {
            status = cancelled(ctx, r->end, total);
        }
    }
    return status;
}

sml_status sml__gradient_check(sml_ctx *ctx, const sml__network *network, const sml_dataset *data,
                               const sml__penalties *penalties, const sml__check_calls *calls,
                               sml_gradient_check *result)
{
    rounds r = {.worst = 0};
    memset(result, 0, sizeof *result);
    sml_status status = sml__checking_begin(ctx, network, data, penalties, ctx->threads, &r.check);
    if (status == SML_OK) {
        const uint64_t round = 1 + LOSSES_A_ROUND / r.check.twin.rows;
        result->max_engine_error = sml__engine_error(network, r.check.engine, &r.check.twin);
        r.findings = sml__alloc(ctx, (size_t)round, sizeof *r.findings, "findings");
        status = r.findings != NULL ? check_all(ctx, &r, round, calls, result) : SML_NO_MEMORY;
    }
    sml__free(r.findings);
    sml__checking_end(&r.check);
    return status;
}

sml_status sml__gradient_check_one(sml_ctx *ctx, const sml__network *network,
                                   const sml_dataset *data, const sml__penalties *penalties,
                                   const char *name, sml_parameter_check *out)
{
    sml__checking check;
    sml__parameter place;
    sml__finding found;
    sml_status status = sml__parameter_parse(ctx, network, name, &place);
    if (status == SML_OK && place.kind != SML__WEIGHT && place.kind != SML__BIAS) {
        status =
            sml__fail(ctx, SML_BAD_ARGUMENT,
                      "%s: a running statistic has no gradient; weights and biases have one", name);
    }
    if (status != SML_OK) {
        return status;
    }
    status = sml__checking_begin(ctx, network, data, penalties, 1, &check);
    if (status == SML_OK) {
        sml__check_parameter(&check, place, check.memory, &found);
        publish(network, &found, out);
    }
    sml__checking_end(&check);
    return status;
}
