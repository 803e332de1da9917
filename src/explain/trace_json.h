/* The JSON of a trace, part by part; docs/trace.md says what it means. Each part writes members
 * into the object that is open. */
#ifndef SML_EXPLAIN_TRACE_JSON_H
#define SML_EXPLAIN_TRACE_JSON_H

#include "explain/json_writer.h"
#include "explain/trace.h"

/* "layers": what is the same for all rows. */
void sml__trace_json_layers(sml__json *json, const sml_trace *trace);

/* "samples": row by row. */
void sml__trace_json_samples(sml__json *json, const sml_trace *trace,
                             const sml_json_options *options);

/* "sums", "units" and "checks": what is asked for. */
void sml__trace_json_asked(sml__json *json, const sml_trace *trace,
                           const sml_json_options *options);

/* "what_if" and "step": edits and the last step, where there are some. */
void sml__trace_json_changes(sml__json *json, const sml_trace *trace,
                             const sml_json_options *options);

/* "sources": where the numbers come from, "samples[].input[]": "engine". */
void sml__trace_json_sources(sml__json *json);

#endif
