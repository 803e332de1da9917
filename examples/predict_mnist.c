/* Loads a model and says what it takes the first test digit for:
 *     predict_mnist [DATA [MODEL]] */
#include <scratchml.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    const char *data = argc > 1 ? argv[1] : "mnist";
    const char *path = argc > 2 ? argv[2] : "mnist.safetensors";
    enum { CLASSES = 10 };
    float probabilities[CLASSES];
    sml_ctx *ctx = NULL;
    sml_dataset *test = NULL, *first = NULL;
    sml_model *net = NULL;

    /* clang-format off */
    int failed = sml_ctx_create(NULL, &ctx)
              || sml_model_load(ctx, path, &net)
              || sml_dataset_open(ctx, data, "test", &test)
              || sml_dataset_rows(ctx, test, 0, 1, &first)
              || sml_model_predict(ctx, net, first, probabilities, CLASSES);
    /* clang-format on */

    if (failed) {
        fprintf(stderr, "%s\n", sml_ctx_error(ctx));
    } else {
        size_t digit = sml_argmax(probabilities, CLASSES);
        printf("a %s, with probability %.4f; its label is %d\n", sml_model_class_name(net, digit),
               (double)probabilities[digit], (int)sml_dataset_label(first, 0));
    }
    sml_model_free(net);
    sml_dataset_free(first);
    sml_dataset_free(test);
    sml_ctx_free(ctx);
    return failed;
}
