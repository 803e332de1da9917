/* What a doctor beside a training costs: the same training alone, watched, and alone again, in
 * turn. Of each round the watched one is compared with the mean of the two around it, and the
 * second alone with the first, which says how far the machine itself wanders; the medians are
 * printed. Their models are the same to the bit, which is checked.
 *
 *   build/bench/doctor [rounds [threads]]      needs mnist (scratchml data fetch mnist) */
#include <scratchml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MOST = 199 };

static void check(sml_ctx *ctx, sml_status status)
{
    if (status != SML_OK) {
        fprintf(stderr, "doctor: %s\n", sml_ctx_error(ctx));
        exit(1);
    }
}

/* Seconds of one training; its first weights are kept in first[16]. */
static double train(sml_ctx *ctx, const char *settings, const sml_dataset *data, sml_doctor *doctor,
                    float *weights)
{
    const sml_fit_options options = {.watch = doctor != NULL ? sml_doctor_watch(doctor) : NULL};
    sml_model *model = NULL;
    sml_fit_report report;
    sml_tensor_facts facts;
    check(ctx, sml_model_create(ctx, "mlp", settings, &model));
    check(ctx, sml_model_fit_with(ctx, model, data, &options, &report));
    check(ctx, sml_model_tensor(ctx, model, 0, &facts));
    check(ctx, sml_model_tensor_values(ctx, model, 0, weights, facts.shape[0] * facts.shape[1]));
    sml_model_free(model);
    return report.seconds;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, ascending);
    return values[n / 2];
}

static void compare(sml_ctx *ctx, const char *settings, const sml_dataset *data, size_t rounds)
{
    enum { WEIGHTS = 784 * 1024 };
    static float alone_weights[WEIGHTS], watched_weights[WEIGHTS];
    double alone[ROUNDS_MOST], cost[ROUNDS_MOST], wander[ROUNDS_MOST];
    sml_doctor *doctor = NULL;
    check(ctx, sml_doctor_create(ctx, &doctor));
    for (size_t i = 0; i < rounds; i++) {
        alone[i] = train(ctx, settings, data, NULL, alone_weights);
        const double watched = train(ctx, settings, data, doctor, watched_weights);
        const double again = train(ctx, settings, data, NULL, alone_weights);
        cost[i] = 2 * watched / (alone[i] + again) - 1;
        wander[i] = again / alone[i] - 1;
        if (memcmp(alone_weights, watched_weights, sizeof alone_weights) != 0) {
            fprintf(stderr, "doctor: %s: not the same bits\n", settings);
            exit(1);
        }
    }
    printf("%-70s %8.4f s  watched %+5.2f%%  again %+5.2f%%\n", settings, median(alone, rounds),
           100 * median(cost, rounds), 100 * median(wander, rounds));
    fflush(stdout);
    sml_doctor_free(doctor);
}

int main(int argc, char **argv)
{
    static const char *const settings[] = {
        "hidden=128 epochs=3",
        "hidden=512,512 epochs=1",
        "hidden=128 epochs=1",
        "hidden=100,100 epochs=1 batch_size=1 optimizer=sgd learning_rate=0.01",
    };
    const size_t wanted = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 21;
    const size_t rounds = wanted < 1 ? 1 : wanted > ROUNDS_MOST ? ROUNDS_MOST : wanted;
    const sml_ctx_options how = {.threads = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0};
    sml_ctx *ctx = NULL;
    sml_dataset *data = NULL;
    check(NULL, sml_ctx_create(&how, &ctx));
    check(ctx, sml_dataset_open(ctx, "mnist", "train", &data));
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        compare(ctx, settings[i], data, rounds);
    }
    sml_dataset_free(data);
    sml_ctx_free(ctx);
    return 0;
}
