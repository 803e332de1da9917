#include "model/model_names.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int compare_texts(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

int sml__has_twins(sml_ctx *ctx, const char *const *list, size_t n)
{
    const char **sorted = sml__alloc(ctx, n, sizeof *sorted, "a list of names");
    int found = 0;
    if (sorted == NULL) {
        return -1;
    }
    memcpy(sorted, list, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_texts);
    for (size_t i = 1; i < n; i++) {
        found |= strcmp(sorted[i - 1], sorted[i]) == 0;
    }
    sml__free(sorted);
    return found;
}
