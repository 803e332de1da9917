/* The data sets of the benchmark, as our library opens them. */
#ifndef SML_BENCH_DATA_H
#define SML_BENCH_DATA_H

#include <scratchml.h>

/* A name of the catalog; or "regression-100", dense standard normal features with a smooth target,
 * whose raw files write_regression has left in `dir`. Gives up where that fails. */
sml_dataset *open_bench_data(sml_ctx *ctx, const char *dir, const char *name, const char *split);

/* Writes DIR/regression-100.{train,test}.{inputs,targets}: always the same numbers. */
void write_regression(const char *dir);

/* Writes raw numbers to DIR/NAME, through a temporary file. */
void write_raw(const char *dir, const char *name, const void *values, size_t bytes);

/* Gives up, with the context's text, where status is not SML_OK. */
void must(const sml_ctx *ctx, sml_status status);

#endif
