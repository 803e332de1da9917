/* Numbers of activations, dropout and norms, unit by unit. */
#ifndef SML_EXPLAIN_TRACE_UNIT_H
#define SML_EXPLAIN_TRACE_UNIT_H

#include "explain/trace.h"

/* What unit `unit` of norm l is normalised with in a row: x̂ = (z - mean) factor. As the engine
 * keeps it, or from the running statistics. */
typedef struct sml__norm {
    double mean, factor;
} sml__norm;
sml__norm sml__trace_norm(const sml_trace *trace, size_t l, size_t unit, size_t row);

/* What the numbers of a norm are normalised over: the units of a row, the rows of a unit, or
 * nothing, where running statistics are constants. */
typedef enum sml__norm_group { SML__OVER_UNITS, SML__OVER_ROWS, SML__OVER_NOTHING } sml__norm_group;
sml__norm_group sml__trace_norm_group(const sml_trace *trace, size_t l);

/* Means over the group of a unit and a row, with g = γ δ: of g, |g|, g x̂ and |g x̂|; and of δ and
 * δ x̂. All 0 where nothing is normalised over. */
typedef struct sml__norm_means {
    double g, size_of_g, product, size_of_product;
    double delta, delta_product;
} sml__norm_means;
sml__norm_means sml__trace_norm_means(const sml_trace *trace, size_t l, size_t unit, size_t row);

/* As sml_trace_unit, for a layer, unit and row that are there, with the means at hand. */
void sml__trace_unit(const sml_trace *trace, size_t l, size_t unit, size_t row,
                     const sml__norm_means *means, sml_unit_facts *out);

#endif
