#include "again.h"

#include "data_options.h"
#include "held_out.h"
#include "text.h"

#include <stdlib.h>

void again_option(buffer *b, const option_state *state)
{
    for (size_t i = 0; i < state->n_all; i++) {
        char *value = quoted_for_shell(state->all[i]);
        buffer_print(b, " --%s%s%s", state->spelling, state->value != NULL ? " " : "",
                     state->value != NULL ? value : "");
        free(value);
    }
}

void again_named(buffer *b, const options *o, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const option_state *state = option_find(o, names[i]);
        if (state != NULL) {
            again_option(b, state);
        }
    }
}

void again_training(buffer *b, const options *o)
{
    static const option_row *const of_data[] = {DATA_OPTIONS, &option_test, &option_data_dir};
    for (size_t i = 0; i < o->n; i++) {
        const option_state *state = &o->states[i];
        int belongs = state->is_setting;
        for (size_t k = 0; k < sizeof of_data / sizeof of_data[0]; k++) {
            belongs = belongs || state->parameter == &of_data[k]->parameter;
        }
        if (belongs) {
            again_option(b, state);
        }
    }
}

void again_start(buffer *b, const session *s, const char *name)
{
    static const option_row *const of_data[] = {MODEL_DATA_OPTIONS, &option_unknown, &option_part,
                                                &option_seed, &option_data_dir};
    const options *o = &s->options;
    char *model = quoted_for_shell(o->operands[0]), *data = quoted_for_shell(o->operands[1]);
    buffer_print(b, "scratchml %s %s %s", name, model, data);
    for (size_t i = 0; i < sizeof of_data / sizeof of_data[0]; i++) {
        if (option_has_row(o, of_data[i])) {
            again_option(b, option_find(o, of_data[i]->parameter.name));
        }
    }
    free(data);
    free(model);
}
