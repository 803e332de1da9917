/* What a call of explain asks for. */
#ifndef CLI_EXPLAIN_OPTIONS_H
#define CLI_EXPLAIN_OPTIONS_H

#include "command.h"

extern const option_row *const options_of_explain[];

/* A place in the network, as --layer, --unit and --weight name it. */
typedef struct explain_place {
    int has_layer, has_unit, has_weight;
    uint64_t layer, unit;
    int is_bias, has_input;
    uint64_t input;     /* of --weight J,I */
    char parameter[64]; /* of --weight: "layers.0.weight[13,407]"; "" */
} explain_place;

typedef struct explain_request {
    uint32_t *samples; /* [n_samples]; explain_request_free frees it */
    size_t n_samples;
    explain_place place;
    size_t top;
    int backward, update, training;
    uint32_t epoch;
    size_t batch; /* 0: one sample, or what --weight takes */
    const char *checkpoint, *should_be;
    double learning_rate, temperature; /* 0: not given */
    size_t n_edits;                    /* --set, --silence and --temperature */
} explain_request;

/* Reads the options, as far as they can be without the model. Returns 0, or the exit code after a
 * message. */
int explain_request_read(const session *s, explain_request *out);
void explain_request_free(explain_request *request);

/* Whether the model has the layer, unit and weight that were asked for; fills in the parameter's
 * name. Returns as above. */
int explain_place_check(const session *s, const sml_trace *trace, explain_place *place);

/* Does --set, --silence and --temperature to a trace. Returns as above. */
int explain_edit(const session *s, const explain_request *request, sml_trace *trace);

/* Writes the report of --html; targets: of --should-be, or NULL. Returns as above (explain_html.c).
 */
int explain_html(const session *s, const explain_request *request, const sml_model *model,
                 const sml_dataset *data, const float *targets);

/* The targets that --should-be names, once for each of SML_TRACE_ROWS_MAX rows; free them. Returns
 * as above. */
int explain_targets(const session *s, const char *text, const sml_model *model, float **out);

#endif
