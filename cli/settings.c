#include "settings.h"

#include <stdlib.h>
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

int keep_validation_rows(const session *s, sml_model *model)
{
    const char *share = sml_model_get(model, "validation");
    if (share == NULL || strtod(share, NULL) > 0 || option_given(&s->options, "validation")) {
        return 0;
    }
    return sml_model_set(s->ctx, model, "validation", "0.1") == SML_OK ? 0 : fail_library(s);
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
    const char *metric = sml_model_get(model, "early_stopping");
    const int is_stopped = metric != NULL && strcmp(metric, "none") != 0;
    return is_stopped ? keep_validation_rows(s, model) : 0;
}
