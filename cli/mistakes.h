/* What `scratchml mistakes` found, for those who print it. */
#ifndef CLI_MISTAKES_H
#define CLI_MISTAKES_H

#include "command.h"
#include "document.h"
#include "text.h"

/* Who judged the labels. */
typedef enum judge { JUDGE_NONE, JUDGE_MODEL, JUDGE_FOLDS } judge;

typedef struct mistakes {
    const session *s;
    sml_model *model;
    sml_dataset *data;
    sml_dataset_facts facts;
    size_t outputs;
    sml_sample_score *scores; /* [facts.rows] */
    size_t wrong;             /* rows that are mistakes */
    uint64_t *confusion;      /* [outputs, outputs], classification; otherwise NULL */
    double squares;           /* Σ_s ‖g_s‖² */
    judge judged_by;
    sml_label_summary labels;
    int lists_suspects;   /* rather than mistakes */
    int32_t is, says;     /* classes asked for, or -1 */
    const uint32_t *list; /* [listed] rows, the most interesting first */
    size_t listed, found; /* of found ones */
} mistakes;

/* ‖g‖² of the `most` rows with the largest gradients, as a share of all. */
double mistakes_share(const mistakes *m, size_t most);

void mistakes_print(const mistakes *m);
json_t *mistakes_document(const mistakes *m);

#endif
