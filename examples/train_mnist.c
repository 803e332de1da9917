/* Trains 784-128-10 on MNIST and saves it. Another data set, and the file, may be given:
 *     train_mnist [DATA [MODEL]] */
#include <scratchml.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    const char *data = argc > 1 ? argv[1] : "mnist";
    const char *path = argc > 2 ? argv[2] : "mnist.safetensors";
    const char *settings = "hidden=128 optimizer=adam learning_rate=0.001 epochs=10";
    sml_ctx *ctx = NULL;
    sml_dataset *train = NULL, *test = NULL;
    sml_model *net = NULL;
    sml_scores scores = {0, 0, 0};

    /* clang-format off */
    int failed = sml_ctx_create(NULL, &ctx)
              || sml_dataset_open(ctx, data, "train", &train)
              || sml_dataset_open(ctx, data, "test", &test)
              || sml_model_create(ctx, "mlp", settings, &net)
              || sml_model_fit(ctx, net, train)
              || sml_model_evaluate(ctx, net, test, &scores)
              || sml_model_save(ctx, net, path);
    /* clang-format on */

    if (failed) {
        fprintf(stderr, "%s\n", sml_ctx_error(ctx));
    } else {
        printf("test accuracy %.2f%%, saved to %s\n", 100 * scores.accuracy, path);
    }
    sml_model_free(net);
    sml_dataset_free(test);
    sml_dataset_free(train);
    sml_ctx_free(ctx);
    return failed;
}
