/* What an optimiser does to one parameter, on a page. */
#ifndef SML_EXPLAIN_PAGE_RULE_H
#define SML_EXPLAIN_PAGE_RULE_H

#include "explain/page.h"

/* From θ and ∂C/∂θ to θ - step; the paths say that the parameter is the first that the document is
 * asked for. */
void sml__add_rule(sml_page *page, const sml_trace *trace, const sml_step_facts *step,
                   const sml_step_parameter *parameter);

#endif
