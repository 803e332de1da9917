#include "nn/parameter_name.h"

#include "base/context.h"
#include "nn/network_tensors.h"

#include <stdio.h>
#include <string.h>

static const char *const NAMES[] = {
    [SML__WEIGHT] = "weight",
    [SML__BIAS] = "bias",
    [SML__RUNNING_MEAN] = "running_mean",
    [SML__RUNNING_VARIANCE] = "running_var",
};

size_t sml__weights_of_unit(const sml__layer *layer)
{
    return layer->type->has_units ? layer->n_in : 1;
}

size_t sml__parameter_position(const sml__network *network, const sml__parameter *place)
{
    const sml__layer *layer = &network->layers[place->layer];
    switch (place->kind) {
    case SML__WEIGHT:
        return layer->weight + place->input * layer->stride + place->unit;
    case SML__BIAS:
        return layer->bias + place->unit;
    case SML__RUNNING_MEAN:
    case SML__RUNNING_VARIANCE:
        break;
    }
    return layer->buffers[place->kind - SML__RUNNING_MEAN] + place->unit;
}

static int has_two_indices(const sml__layer *layer, sml__parameter_kind kind)
{
    return layer->type->has_units && kind == SML__WEIGHT;
}

void sml__parameter_text(const sml__network *network, const sml__parameter *place,
                         char text[SML__PARAMETER_NAME])
{
    const size_t number = sml__layer_number(network, place->layer);
    const char *name = NAMES[place->kind];
    if (has_two_indices(&network->layers[place->layer], place->kind)) {
        snprintf(text, SML__PARAMETER_NAME, "layers.%zu.%s[%zu,%zu]", number, name, place->unit,
                 place->input);
    } else {
        snprintf(text, SML__PARAMETER_NAME, "layers.%zu.%s[%zu]", number, name, place->unit);
    }
}

/* Whether `word` comes next; then it is passed over. */
static int take_word(const char **at, const char *word)
{
    const size_t n = strlen(word);
    const int is_there = strncmp(*at, word, n) == 0;
    *at += is_there ? n : 0;
    return is_there;
}

/* Digits, at least one, as a number; one that does not fit is SIZE_MAX, which nothing has. */
static int take_number(const char **at, size_t *value)
{
    const char *begin = *at;
    for (*value = 0; **at >= '0' && **at <= '9'; ++*at) {
        const size_t digit = (size_t)(**at - '0');
        *value = *value > (SIZE_MAX - digit) / 10 ? SIZE_MAX : 10 * *value + digit;
    }
    return *at > begin;
}

/* A name as it is written: nothing is known of the network yet. */
typedef struct written {
    size_t number; /* of layers.N */
    sml__parameter_kind kind;
    size_t unit, input;
    int has_input;
} written;

static int take_kind(const char **at, sml__parameter_kind *kind)
{
    for (size_t k = 0; k < sizeof NAMES / sizeof NAMES[0]; k++) {
        if (take_word(at, NAMES[k])) {
            *kind = (sml__parameter_kind)k;
            return 1;
        }
    }
    return 0;
}

static int read_name(const char *text, written *out)
{
    memset(out, 0, sizeof *out);
    int is_well = take_word(&text, "layers.") && take_number(&text, &out->number) &&
                  take_word(&text, ".") && take_kind(&text, &out->kind) && take_word(&text, "[") &&
                  take_number(&text, &out->unit);
    out->has_input = is_well && take_word(&text, ",");
    if (out->has_input) {
        is_well = take_number(&text, &out->input);
    }
    return is_well && take_word(&text, "]") && *text == '\0';
}

/* The network layer of layers.N; n_layers where there is none. */
static size_t layer_of(const sml__network *network, size_t number)
{
    size_t l = 0;
    while (l < network->n_layers &&
           (network->layers[l].type->gradient == NULL || sml__layer_number(network, l) != number)) {
        l++;
    }
    return l;
}

static sml_status check_place(sml_ctx *ctx, const sml__layer *layer, const char *text,
                              const written *name)
{
    const int is_matrix = has_two_indices(layer, name->kind);
    if (name->kind >= SML__RUNNING_MEAN && !layer->type->has_buffers) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "'%s': layers.%zu is %s and has no %s", text,
                         name->number, layer->type->name, NAMES[name->kind]);
    }
    if (name->has_input != is_matrix) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "'%s': write layers.%zu.%s[%s]", text, name->number,
                         NAMES[name->kind], is_matrix ? "UNIT,INPUT" : "UNIT");
    }
    if (name->unit >= layer->n_out) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "'%s': layers.%zu has units 0…%zu", text,
                         name->number, layer->n_out - 1);
    }
    if (is_matrix && name->input >= layer->n_in) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "'%s': layers.%zu has inputs 0…%zu", text,
                         name->number, layer->n_in - 1);
    }
    return SML_OK;
}

sml_status sml__parameter_parse(sml_ctx *ctx, const sml__network *network, const char *text,
                                sml__parameter *out)
{
    written name;
    if (!read_name(text, &name)) {
        return sml__fail(ctx, SML_BAD_ARGUMENT,
                         "'%s' is no parameter; they are called layers.0.weight[13,407] (unit, "
                         "input), layers.0.bias[13]",
                         text);
    }
    const size_t l = layer_of(network, name.number);
    if (l == network->n_layers) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "'%s': the network has layers.0…layers.%zu", text,
                         sml__layer_number(network, l) - 1);
    }
    const sml_status status = check_place(ctx, &network->layers[l], text, &name);
    if (status == SML_OK) {
        *out =
            (sml__parameter){.kind = name.kind, .layer = l, .unit = name.unit, .input = name.input};
    }
    return status;
}
