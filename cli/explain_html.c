/* scratchml explain --html: the report of some samples. */
#include "explain_options.h"
#include "report_html.h"
#include "text.h"

#include <stdio.h>

/* What a report would pass over in silence is refused. */
static int check(const session *s, const explain_request *request, const sml_dataset *data)
{
    static const char *const others[] = {"layer",   "unit",        "weight", "set",
                                         "silence", "temperature", "batch"};
    const options *o = &s->options;
    sml_dataset_facts facts;
    sml_dataset_describe(data, &facts);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (option_given(o, others[i])) {
            return fail_usage(s->program,
                              "--html writes all layers of samples as they are; leave "
                              "--%s out",
                              others[i]);
        }
    }
    if (request->n_samples > HTML_REPORT_SAMPLES) {
        return fail_usage(s->program, "--html: %zu samples; a report has at most %d",
                          request->n_samples, HTML_REPORT_SAMPLES);
    }
    for (size_t i = 0; i < request->n_samples; i++) {
        if (request->samples[i] >= facts.rows) {
            return fail_usage(s->program, "--sample: found %u, %s has rows 0…%zu",
                              request->samples[i], facts.name, facts.rows - 1);
        }
    }
    return 0;
}

int explain_html(const session *s, const explain_request *request, const sml_model *model,
                 const sml_dataset *data, const float *targets)
{
    const char *path = option_text(&s->options, "html");
    const html_report report = {.title = "Explanation",
                                .model = model,
                                .data = data,
                                .samples = request->samples,
                                .n = request->n_samples,
                                .top = request->top,
                                .update = request->update,
                                .how = {.training = request->training,
                                        .epoch = request->epoch,
                                        .checkpoint = request->checkpoint,
                                        .learning_rate = request->learning_rate,
                                        .targets = targets}};
    int code = check(s, request, data);
    code = code == 0 ? html_report_save(s, &report, path) : code;
    if (code == 0) {
        note(s, "written to %s", path);
    }
    return code;
}
