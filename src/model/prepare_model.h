/* Where raw data meets a model: its pipeline, its scales of targets, and these as JSON. */
#ifndef SML_MODEL_PREPARE_MODEL_H
#define SML_MODEL_PREPARE_MODEL_H

#include "model/algorithm.h"

/* Fits the model's pipeline on training rows, as its settings say; an algorithm without such
 * settings has the defaults. model->pipeline is NULL where there is nothing to do. */
sml_status sml__model_fit_pipeline(sml_ctx *ctx, sml_model *model, const sml_dataset *train);

/* The same for its target_scaling; NULL where targets stay as they are. Errors: SML_BAD_ARGUMENT
 * where the setting asks for it and the task is no regression. */
sml_status sml__model_fit_target_scaling(sml_ctx *ctx, sml_model *model, const sml_dataset *train);

/* Raw data as the model's algorithm takes it: *ready is data itself where there is no pipeline;
 * and no scaling of targets; otherwise it is *own, which the caller frees with sml_dataset_free,
 * and data must outlive it.
 * Errors: as sml__pipeline_bind; without a pipeline SML_BAD_SHAPE, or SML_BAD_DATA for a table
 * whose cells need one. */
sml_status sml__model_data(sml_ctx *ctx, const sml_model *model, const sml_dataset *data,
                           sml_dataset **own, const sml_dataset **ready);

/* The same for the rows that pipeline and scaling were fitted on, before the model has their shape.
 */
sml_status sml__model_training_data(sml_ctx *ctx, const sml_model *model, const sml_dataset *train,
                                    sml_dataset **own, const sml_dataset **ready);

/* The rows of data to judge a model by, which borrow those of raw: categories that it does not know
 * are zeros there. raw must outlive them. */
sml_status sml__rows_to_judge(sml_ctx *ctx, const sml_dataset *raw, sml_dataset **out);

/* Refuses data of another task, or with another number of classes or targets (SML_BAD_SHAPE). */
sml_status sml__model_check_targets(sml_ctx *ctx, const sml_model *model, const sml_dataset *data);

/* A pipeline as JSON, a new reference; NULL with an error in ctx.
 * Of a table:
 *   {"columns": [{"name": "age", "kind": "numeric", "fill": 38.25, "shift": 37.5, "factor": 0.07},
 *                {"name": "colour", "kind": "categorical", "fill": 1, "shift": 0, "factor": 1,
 *                 "categories": ["blue", "red"]}],
 *    "named": true, "target": "species" or null, "weight": null,
 *    "encoding": "one_hot" or "ordinal", "unknown": "refuse" or "zeros",
 *    "rows": "none" or "per_image"}
 * Of other rows {"numeric": 784, "fill": […], "shift": […], "factor": […]} stands in place of the
 * first four members. "fill" is null where missing cells are refused. */
json_t *sml__pipeline_json(sml_ctx *ctx, const sml__pipeline *pipeline);

/* {"shift": [152.1], "factor": [0.013]}, a number for each target. */
json_t *sml__target_scaling_json(sml_ctx *ctx, const sml__target_scaling *scaling);

/* The reverse, of n targets; errors as below. */
sml_status sml__target_scaling_read(sml_ctx *ctx, const json_t *json, size_t n,
                                    sml__target_scaling **out);

/* The reverse; inputs is what n_out must be. Errors: SML_BAD_FILE for everything that is not
 * well-formed (the text does not name the file), SML_NO_MEMORY. */
sml_status sml__pipeline_read(sml_ctx *ctx, const json_t *json, size_t inputs, sml__pipeline **out);

#endif
