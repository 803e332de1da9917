#include "model/model_names.h"

#include "base/memory.h"

#include <stdio.h>

static void free_list(char **names, size_t n)
{
    for (size_t i = 0; names != NULL && i < n; i++) {
        sml__free(names[i]);
    }
    sml__free(names);
}

sml_status sml__model_set_names(sml_ctx *ctx, sml_model *model, const char *const *names,
                                size_t outputs)
{
    if (names == NULL) {
        char(*numbers)[12] = sml__alloc(ctx, outputs, sizeof *numbers, "class numbers");
        for (size_t i = 0; numbers != NULL && i < outputs; i++) {
            snprintf(numbers[i], sizeof numbers[i], "%u", (unsigned)i);
        }
        model->number_names = numbers;
        return numbers != NULL ? SML_OK : SML_NO_MEMORY;
    }
    char **copies = sml__alloc(ctx, outputs, sizeof *copies, "class names");
    for (size_t i = 0; copies != NULL && i < outputs; i++) {
        copies[i] = sml__copy_text(ctx, names[i]);
        if (copies[i] == NULL) {
            free_list(copies, i);
            copies = NULL;
        }
    }
    model->class_names = copies;
    return copies != NULL ? SML_OK : SML_NO_MEMORY;
}

void sml__model_free_names(sml_model *model)
{
    free_list(model->class_names, model->outputs);
    sml__free(model->number_names);
    model->class_names = NULL;
    model->number_names = NULL;
}

size_t sml__tensor_elements(const sml_tensor_facts *facts)
{
    size_t elements = 1;
    for (size_t i = 0; i < facts->rank; i++) {
        elements *= facts->shape[i];
    }
    return elements;
}

const char *sml_model_class_name(const sml_model *model, size_t class_index)
{
    if (class_index >= model->outputs) {
        return "";
    }
    return model->class_names != NULL ? model->class_names[class_index]
                                      : model->number_names[class_index];
}

const char *sml_model_algorithm(const sml_model *model)
{
    return model->algorithm->name;
}

sml_task sml_model_task(const sml_model *model)
{
    return model->task;
}

size_t sml_model_inputs(const sml_model *model)
{
    return model->inputs;
}

size_t sml_model_outputs(const sml_model *model)
{
    return model->outputs;
}
