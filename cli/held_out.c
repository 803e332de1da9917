#include "held_out.h"

#include "document.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const option_row option_test = {
    {"test", SML_PARAMETER_REAL, "0.2", 0, 0.9, NULL,
     "share of the rows to keep for the test score, where the data has no test part; 0 for none"},
    0,
    "SHARE"};

/* The cut that the last training of the model noted; share 0 where there is none, or where the
 * data is no file, so that its parts are its own. */
static held_out cut_before(const sml_model *model, const char *path)
{
    held_out cut = {0};
    struct stat facts;
    json_t *receipt = json_loads(sml_model_receipt(model), 0, NULL);
    const json_t *then = json_object_get(receipt, "held_out");
    if (stat(path, &facts) == 0 && S_ISREG(facts.st_mode)) {
        cut.share = json_number_value(json_object_get(then, "test"));
        cut.seed = (uint64_t)json_integer_value(json_object_get(then, "seed"));
    }
    json_decref(receipt);
    return cut;
}

int held_out_cut(const session *s, const sml_model *model, sml_dataset **train, sml_dataset **test,
                 held_out *cut)
{
    const options *o = &s->options;
    sml_dataset *parts[2] = {NULL, NULL};
    sml_dataset_facts facts;
    sml_dataset_describe(*train, &facts);
    if (facts.split[0] != '\0') {
        *cut = cut_before(model, o->operands[0]);
        return option_given(o, "test")
                   ? fail_usage(s->program, "--test: %s has a test part already", facts.name)
                   : 0;
    }
    cut->share = strtod(option_text(o, "test"), NULL);
    cut->seed = strtoull(sml_model_get(model, "seed"), NULL, 10);
    if (cut->share <= 0 || facts.task == SML_TASK_NONE) {
        cut->share = 0;
        return 0;
    }
    if (sml_dataset_split(s->ctx, *train, cut->seed, &cut->share, 1, parts) != SML_OK) {
        return fail_library(s);
    }
    if (parts[1] == NULL) {
        sml_dataset_free(parts[0]);
        note(s, "no test score: --test %g of %s is no row", cut->share,
             counted(facts.rows, "row").text);
        cut->share = 0;
        return 0;
    }
    cut->whole = *train;
    *train = parts[0];
    *test = parts[1];
    return 0;
}

void held_out_tell_unknown(const session *s, const sml_model *model, const char *rows,
                           const sml_unknown_rows *unknown)
{
    const char *setting = sml_model_get(model, "unknown");
    if (unknown->rows == 0 || setting == NULL || strcmp(setting, "zeros") == 0) {
        return;
    }
    const int is_one = unknown->rows == 1;
    note(s,
         "%s %s row%s %s a category that no row trained on has ('%s' in column '%s'): it counts as "
         "zeros here, evaluate and predict refuse it; --unknown zeros lets it through",
         format_count(unknown->rows).text, rows, is_one ? "" : "s", is_one ? "has" : "have",
         printable(unknown->category).text, printable(unknown->column).text);
}
