/* scratchml info: what a model file holds and how it came about. */
#include "document.h"
#include "command.h"
#include "info_columns.h"
#include "table.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const option_row *const options_of_info[] = {
    &option_json, &option_threads, &option_data_dir, &option_color, &option_quiet, &option_help,
    NULL,
};

typedef struct facts_of_model {
    const char *path;
    const sml_model *model;
    uint64_t bytes, parameters;
    json_t *receipt;
} facts_of_model;

/* Parameters of a layer that is fed width values: of dense a weight for each pair, and a bias for
 * each unit; of a norm γ and β for each. */
static uint64_t layer_parameters(const sml_layer *layer, size_t width)
{
    const int is_norm =
        strcmp(layer->type, "batch_norm") == 0 || strcmp(layer->type, "layer_norm") == 0;
    return is_norm ? 2 * (uint64_t)width : (uint64_t)layer->units * (width + 1);
}

static void print_layers(const facts_of_model *f, const terminal *out)
{
    table *t = table_create(5, "rlrrr");
    table_cell(t, "layer");
    table_cell(t, "type");
    table_cell(t, "inputs");
    table_cell(t, "outputs");
    table_cell(t, "parameters");
    size_t width = sml_model_inputs(f->model);
    for (size_t i = 0; sml_network_layer(f->model, i).type != NULL; i++) {
        sml_layer layer = sml_network_layer(f->model, i);
        size_t units = layer.units > 0 ? layer.units : width;
        table_cell(t, "%zu", i);
        if (layer.value > 0) {
            table_cell(t, "%s %g", layer.type, layer.value);
        } else {
            table_cell(t, "%s", layer.type);
        }
        table_cell(t, "%s", format_count(width).text);
        table_cell(t, "%s", format_count(units).text);
        table_cell(t, "%s", format_count(layer_parameters(&layer, width)).text);
        width = units;
    }
    table_print(t, out);
    table_free(t);
}

static json_t *layers_document(const facts_of_model *f)
{
    json_t *layers = json_array();
    size_t width = sml_model_inputs(f->model);
    for (size_t i = 0; sml_network_layer(f->model, i).type != NULL; i++) {
        sml_layer layer = sml_network_layer(f->model, i);
        size_t units = layer.units > 0 ? layer.units : width;
        json_t *row = json_object();
        document_set(row, "type", json_text(layer.type));
        document_set(row, "inputs", json_count(width));
        document_set(row, "outputs", json_count(units));
        document_set(row, "value", json_figure(layer.value));
        document_set(row, "parameters", json_count(layer_parameters(&layer, width)));
        document_append(layers, row);
        width = units;
    }
    return layers;
}

static int differs(const facts_of_model *f, const sml_parameter *p)
{
    return strcmp(sml_model_get(f->model, p->name), p->default_text) != 0;
}

static void print_settings(const facts_of_model *f, const terminal *out)
{
    size_t n = 0;
    const sml_parameter *p = sml_model_parameters(sml_model_algorithm(f->model), &n);
    table *t = table_create(3, "lll");
    table_cell(t, "setting");
    table_cell(t, "value");
    table_cell(t, "default");
    for (int chosen = 1; chosen >= 0; chosen--) {
        for (size_t i = 0; i < n; i++) {
            if (differs(f, &p[i]) == chosen) {
                const char *value = sml_model_get(f->model, p[i].name);
                table_cell(t, "%s", p[i].name);
                table_cell(t, "%s", value[0] != '\0' ? value : "none");
                table_style(t, chosen ? STYLE_BOLD : STYLE_PLAIN);
                table_cell(t, "%s", chosen ? p[i].default_text : "the default");
                table_style(t, STYLE_DIM);
            }
        }
    }
    fputc('\n', out->stream);
    table_print(t, out);
    table_free(t);
}

/* A setting in JSON's own terms: numbers and lists of them, otherwise text. */
static json_t *setting_document(const sml_parameter *p, const char *text)
{
    int is_list = p->type == SML_PARAMETER_INTEGERS || p->type == SML_PARAMETER_REALS;
    json_t *value = NULL;
    if (p->type != SML_PARAMETER_CHOICE) {
        size_t size = strlen(text) + 3;
        char *source = allocate(size, 1);
        snprintf(source, size, is_list ? "[%s]" : "%s", text);
        value = json_loads(source, JSON_DECODE_ANY, NULL);
        free(source);
    }
    return value != NULL ? value : json_text(text);
}

static json_t *settings_document(const facts_of_model *f)
{
    size_t n = 0;
    const sml_parameter *p = sml_model_parameters(sml_model_algorithm(f->model), &n);
    json_t *settings = json_object();
    for (size_t i = 0; i < n; i++) {
        const char *text = sml_model_get(f->model, p[i].name);
        document_set(settings, p[i].name, setting_document(&p[i], text));
    }
    return settings;
}

/* Adds every member, however deep, as "outer.inner". */
static void receipt_rows(table *t, const char *prefix, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        char name[128];
        snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", key);
        if (json_is_object(value)) {
            receipt_rows(t, name, value);
            continue;
        }
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        table_cell(t, "%s", printable(name).text);
        const char *shown = json_is_string(value) ? json_string_value(value) : text;
        table_cell(t, "%s", shown);
        free(text);
    }
}

static void print_receipt(const facts_of_model *f, const terminal *out)
{
    table *t = table_create(2, "ll");
    table_cell(t, "receipt");
    table_cell(t, "value");
    receipt_rows(t, "", f->receipt);
    fputc('\n', out->stream);
    table_print(t, out);
    table_free(t);
}

static void print_text(const facts_of_model *f, const terminal *out)
{
    const sml_model *m = f->model;
    char sizes[512];
    fputs(style_on(out, STYLE_BOLD), out->stream);
    print_safe(out->stream, f->path);
    fprintf(out->stream, "%s: %s, %s\n", style_off(out, STYLE_BOLD), sml_model_algorithm(m),
            sml_task_name(sml_model_task(m)));
    snprintf(sizes, sizeof sizes, "%s inputs, %s outputs, %s parameters, %s",
             format_count(sml_model_inputs(m)).text, format_count(sml_model_outputs(m)).text,
             format_count(f->parameters).text, format_bytes(f->bytes).text);
    print_wrapped(sizes, 0, 0, text_room(out));
    if (sml_model_index_base(m) != SML_INDEX_AUTO) {
        fprintf(out->stream, "indices of LIBSVM text count from %d\n",
                sml_model_index_base(m) == SML_INDEX_FROM_1);
    }
    fputc('\n', out->stream);
    print_layers(f, out);
    print_columns(m, out);
    print_target_scales(m);
    print_settings(f, out);
    print_receipt(f, out);
}

static json_t *tensors_document(const facts_of_model *f)
{
    json_t *tensors = json_array();
    sml_tensor_facts facts;
    for (size_t i = 0; sml_model_tensor(NULL, f->model, i, &facts) == SML_OK; i++) {
        json_t *row = json_object(), *shape = json_array();
        for (size_t axis = 0; axis < facts.rank; axis++) {
            document_append(shape, json_count(facts.shape[axis]));
        }
        document_set(row, "name", json_text(facts.name));
        document_set(row, "shape", shape);
        document_append(tensors, row);
    }
    return tensors;
}

static json_t *classes_document(const facts_of_model *f)
{
    json_t *classes = json_array();
    if (sml_model_task(f->model) != SML_TASK_REGRESSION) {
        for (size_t k = 0; k < sml_model_outputs(f->model); k++) {
            document_append(classes, json_text(sml_model_class_name(f->model, k)));
        }
    }
    return classes;
}

static void print_json(const facts_of_model *f)
{
    json_t *document = json_object();
    document_set(document, "model", json_text(f->path));
    document_set(document, "algorithm", json_text(sml_model_algorithm(f->model)));
    document_set(document, "task", json_text(sml_task_name(sml_model_task(f->model))));
    document_set(document, "inputs", json_count(sml_model_inputs(f->model)));
    document_set(document, "outputs", json_count(sml_model_outputs(f->model)));
    document_set(document, "parameters", json_count(f->parameters));
    document_set(document, "bytes", json_count(f->bytes));
    document_set(document, "classes", classes_document(f));
    document_set(document, "target", target_document(f->model));
    document_set(document, "target_scaling", target_scales_document(f->model));
    document_set(document, "index_base", json_index_base(sml_model_index_base(f->model)));
    document_set(document, "columns", columns_document(f->model));
    document_set(document, "layers", layers_document(f));
    document_set(document, "tensors", tensors_document(f));
    document_set(document, "settings", settings_document(f));
    document_set(document, "receipt", json_incref(f->receipt));
    print_document(document);
}

static int run(session *s)
{
    facts_of_model f = {.path = s->options.operands[0]};
    sml_model *model = NULL;
    struct stat file;
    if (sml_model_load(s->ctx, f.path, &model) != SML_OK) {
        return fail_library(s);
    }
    f.model = model;
    f.bytes = stat(f.path, &file) == 0 ? (uint64_t)file.st_size : 0;
    f.parameters = count_parameters(model);
    f.receipt = json_loads(sml_model_receipt(model), 0, NULL);
    if (s->json) {
        print_json(&f);
    } else {
        print_text(&f, &s->out);
    }
    json_decref(f.receipt);
    sml_model_free(model);
    return EXIT_DONE;
}

const command command_info = {
    .name = "info",
    .operands = "MODEL",
    .least = 1,
    .most = 1,
    .help = "Print layers, settings and training receipt of a model file",
    .options = options_of_info,
    .run = run,
};
