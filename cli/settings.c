#include "settings.h"

#include <string.h>

/* The library names the parameter first; here the flag does. */
static int fail_setting(const session *s, const option_state *state)
{
    const char *text = sml_ctx_error(s->ctx), *name = state->parameter->name;
    size_t n = strlen(name);
    if (strncmp(text, name, n) == 0 && strncmp(text + n, ": ", 2) == 0) {
        text += n + 2;
    }
    return fail_usage(s->program, "--%s: %s", state->spelling, text);
}

int apply_settings(const session *s, sml_model *model)
{
    const options *o = &s->options;
    for (size_t i = 0; i < o->n; i++) {
        const option_state *state = &o->states[i];
        if (state->is_setting && state->given != NULL &&
            sml_model_set(s->ctx, model, state->parameter->name, state->given) != SML_OK) {
            return fail_setting(s, state);
        }
    }
    return 0;
}
