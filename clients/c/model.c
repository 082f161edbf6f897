/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Asks a server about its models. Answers live in the asker's arena. In TensorFlow's protocol a
 * model's inputs come as a map inside an Any; they are put in name order. Thread: the caller's.
 */

#include "clients/c/model.h"

#include "clients/c/message.h"
#include "runtime/base/size.h"

#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/wrappers.pb-c.h"
#include "inference/grpc_service.pb-c.h"
#include "tensorflow_serving/apis/get_model_metadata.pb-c.h"
#include "tensorflow_serving/apis/get_model_status.pb-c.h"

#include <stdio.h>
#include <string.h>

typedef Inference__ModelMetadataResponse__TensorMetadata TensorMetadata;

static const ClientType UNKNOWN_TYPE = { .name = "unknown" };

static Status read_ports(TensorMetadata *const *tensors, size_t count, Arena *arena,
                         ClientPort **ret_ports) {
    MESSAGE_ARRAY(ClientPort, ports, count, arena);
    for (size_t i = 0; i < count; i++) {
        const ClientType *type = client_type_by_inference_name(tensors[i]->datatype);
        ports[i].name = tensors[i]->name;
        ports[i].type = type ? type : &UNKNOWN_TYPE;
        ports[i].rank = (int32_t)MIN_OF(tensors[i]->n_shape, (size_t)CLIENT_RANK_MAX);
        memcpy(ports[i].dims, tensors[i]->shape, (size_t)ports[i].rank * sizeof(int64_t));
    }
    *ret_ports = ports;
    return status_ok();
}

static Status inference_model(const ClientAsk *ask, const ClientModelName *name,
                              ClientModel *ret_model) {
    Inference__ModelMetadataRequest request = INFERENCE__MODEL_METADATA_REQUEST__INIT;
    Inference__ModelMetadataResponse *response = NULL;
    char version[MESSAGE_VERSION_BYTES];
    request.name = message_text(name->name);
    request.version = message_version(name->version, version);
    TRY(message_call(&(MessageCall){ .client = ask->client,
                                     .method = "/inference.GRPCInferenceService/ModelMetadata",
                                     .request = &request.base,
                                     .reply_type = &inference__model_metadata_response__descriptor,
                                     .timeout_ns = ask->timeout_ns,
                                     .arena = ask->arena },
                     &response));
    ClientModel model = { .name = response->name,
                          .platform = response->platform,
                          .version = name->version };
    for (size_t i = 0; name->version == 0 && i < response->n_versions; i++) {
        int64_t number = strtoll(response->versions[i], NULL, 10);
        model.version = MAX_OF(
            model.version, number); /* the highest is served unless the server was told otherwise */
    }
    TRY(read_ports(response->inputs, response->n_inputs, ask->arena, &model.inputs));
    TRY(read_ports(response->outputs, response->n_outputs, ask->arena, &model.outputs));
    model.input_count = response->n_inputs;
    model.output_count = response->n_outputs;
    *ret_model = model;
    return status_ok();
}

static void read_info(const char *name, const Tensorflow__TensorInfo *info, ClientPort *port) {
    const Tensorflow__TensorShapeProto *shape = info ? info->tensor_shape : NULL;
    const ClientType *type = info ? client_type_by_tensorflow_number((int32_t)info->dtype) : NULL;
    port->name = name;
    port->type = type ? type : &UNKNOWN_TYPE;
    port->rank = CLIENT_UNRANKED;
    if (!shape || shape->unknown_rank || shape->n_dim > CLIENT_RANK_MAX)
        return;
    port->rank = (int32_t)shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++)
        port->dims[i] = shape->dim[i]->size;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const ClientPort *)a)->name, ((const ClientPort *)b)->name);
}

static Status read_signature(const Tensorflow__SignatureDef *def, Arena *arena,
                             ClientModel *model) {
    MESSAGE_ARRAY(ClientPort, inputs, def->n_inputs, arena);
    MESSAGE_ARRAY(ClientPort, outputs, def->n_outputs, arena);
    for (size_t i = 0; i < def->n_inputs; i++)
        read_info(def->inputs[i]->key, def->inputs[i]->value, &inputs[i]);
    for (size_t i = 0; i < def->n_outputs; i++)
        read_info(def->outputs[i]->key, def->outputs[i]->value, &outputs[i]);
    if (def->n_inputs > 1)
        qsort(inputs, def->n_inputs, sizeof *inputs, by_name);
    if (def->n_outputs > 1)
        qsort(outputs, def->n_outputs, sizeof *outputs, by_name);
    model->inputs = inputs;
    model->outputs = outputs;
    model->input_count = def->n_inputs;
    model->output_count = def->n_outputs;
    return status_ok();
}

static void fill_spec(const ClientModelName *name, Tensorflow__Serving__ModelSpec *spec,
                      Google__Protobuf__Int64Value *version) {
    spec->name = message_text(name->name);
    if (name->version == 0)
        return;
    version->value = name->version;
    spec->version_choice_case = TENSORFLOW__SERVING__MODEL_SPEC__VERSION_CHOICE_VERSION;
    spec->version = version;
}

static Status find_signature(const Tensorflow__Serving__GetModelMetadataResponse *response,
                             Arena *arena, ClientModel *model) {
    for (size_t i = 0; i < response->n_metadata; i++) {
        const Google__Protobuf__Any *any = response->metadata[i]->value;
        if (!any || strcmp(response->metadata[i]->key, "signature_def") != 0)
            continue;
        Tensorflow__Serving__SignatureDefMap *map = NULL;
        TRY(message_unpack(&tensorflow__serving__signature_def_map__descriptor,
                           (ClientBytes){ .data = any->value.data, .bytes = any->value.len },
                           "GetModelMetadata", arena, &map));
        for (size_t j = 0; j < map->n_signature_def; j++)
            if (map->signature_def[j]->value &&
                strcmp(map->signature_def[j]->key, "serving_default") == 0)
                return read_signature(map->signature_def[j]->value, arena, model);
    }
    return status_error(STATUS_NOT_FOUND, "model '%s' has no signature 'serving_default'",
                        model->name);
}

static Status tensorflow_model(const ClientAsk *ask, const ClientModelName *name,
                               ClientModel *ret_model) {
    Google__Protobuf__Int64Value version = GOOGLE__PROTOBUF__INT64_VALUE__INIT;
    Tensorflow__Serving__ModelSpec spec = TENSORFLOW__SERVING__MODEL_SPEC__INIT;
    Tensorflow__Serving__GetModelMetadataRequest request =
        TENSORFLOW__SERVING__GET_MODEL_METADATA_REQUEST__INIT;
    Tensorflow__Serving__GetModelMetadataResponse *response = NULL;
    char *fields[] = { message_text("signature_def") };
    fill_spec(name, &spec, &version);
    request.model_spec = &spec;
    request.n_metadata_field = 1;
    request.metadata_field = fields;
    TRY(message_call(
        &(MessageCall){ .client = ask->client,
                        .method = "/tensorflow.serving.PredictionService/GetModelMetadata",
                        .request = &request.base,
                        .reply_type = &tensorflow__serving__get_model_metadata_response__descriptor,
                        .timeout_ns = ask->timeout_ns,
                        .arena = ask->arena },
        &response));
    const Tensorflow__Serving__ModelSpec *told = response->model_spec;
    bool has_version = told && told->version_choice_case ==
                                   TENSORFLOW__SERVING__MODEL_SPEC__VERSION_CHOICE_VERSION;
    *ret_model = (ClientModel){ .name = told ? told->name : name->name,
                                .platform = "",
                                .version = has_version ? told->version->value : name->version };
    return find_signature(response, ask->arena, ret_model);
}

Status client_model(const ClientAsk *ask, const ClientModelName *name, ClientModel *ret_model) {
    if (ask->protocol == CLIENT_TENSORFLOW)
        return tensorflow_model(ask, name, ret_model);
    return inference_model(ask, name, ret_model);
}

Status client_versions(const ClientAsk *ask, const ClientModelName *name,
                       ClientVersion **ret_versions, size_t *ret_count) {
    Google__Protobuf__Int64Value number = GOOGLE__PROTOBUF__INT64_VALUE__INIT;
    Tensorflow__Serving__ModelSpec spec = TENSORFLOW__SERVING__MODEL_SPEC__INIT;
    Tensorflow__Serving__GetModelStatusRequest request =
        TENSORFLOW__SERVING__GET_MODEL_STATUS_REQUEST__INIT;
    Tensorflow__Serving__GetModelStatusResponse *response = NULL;
    fill_spec(name, &spec, &number);
    request.model_spec = &spec;
    TRY(message_call(
        &(MessageCall){ .client = ask->client,
                        .method = "/tensorflow.serving.ModelService/GetModelStatus",
                        .request = &request.base,
                        .reply_type = &tensorflow__serving__get_model_status_response__descriptor,
                        .timeout_ns = ask->timeout_ns,
                        .arena = ask->arena },
        &response));
    MESSAGE_ARRAY(ClientVersion, versions, response->n_model_version_status, ask->arena);
    for (size_t i = 0; i < response->n_model_version_status; i++) {
        const Tensorflow__Serving__ModelVersionStatus *told = response->model_version_status[i];
        const ProtobufCEnumValue *state = protobuf_c_enum_descriptor_get_value(
            &tensorflow__serving__model_version_status__state__descriptor, (int)told->state);
        versions[i] =
            (ClientVersion){ .version = told->version, .state = state ? state->name : "UNKNOWN" };
        versions[i].status = status_ok();
        if (told->status && told->status->error_code != 0)
            versions[i].status = status_error((StatusCode)told->status->error_code, "%s",
                                              told->status->error_message);
    }
    *ret_versions = versions;
    *ret_count = response->n_model_version_status;
    return status_ok();
}

Status client_index(const ClientAsk *ask, ClientIndexRow **ret_rows, size_t *ret_count) {
    Inference__RepositoryIndexRequest request = INFERENCE__REPOSITORY_INDEX_REQUEST__INIT;
    Inference__RepositoryIndexResponse *response = NULL;
    TRY(message_call(
        &(MessageCall){ .client = ask->client,
                        .method = "/inference.GRPCInferenceService/RepositoryIndex",
                        .request = &request.base,
                        .reply_type = &inference__repository_index_response__descriptor,
                        .timeout_ns = ask->timeout_ns,
                        .arena = ask->arena },
        &response));
    MESSAGE_ARRAY(ClientIndexRow, rows, response->n_models, ask->arena);
    for (size_t i = 0; i < response->n_models; i++)
        rows[i] = (ClientIndexRow){ .name = response->models[i]->name,
                                    .version = response->models[i]->version,
                                    .state = response->models[i]->state,
                                    .reason = response->models[i]->reason };
    *ret_rows = rows;
    *ret_count = response->n_models;
    return status_ok();
}

/* --- what is served --- */

typedef Inference__ModelRepositoryParameter Parameter;
typedef Inference__RepositoryModelLoadRequest__ParametersEntry LoadEntry;

static Status add_parameter(const char *key, Arena *arena,
                            Inference__RepositoryModelLoadRequest *request,
                            Parameter **ret_parameter) {
    MESSAGE_NEW(LoadEntry, entry, INFERENCE__REPOSITORY_MODEL_LOAD_REQUEST__PARAMETERS_ENTRY__INIT,
                arena);
    MESSAGE_NEW(Parameter, parameter, INFERENCE__MODEL_REPOSITORY_PARAMETER__INIT, arena);
    entry->key = message_text(key);
    entry->value = parameter;
    request->parameters[request->n_parameters++] = entry;
    *ret_parameter = parameter;
    return status_ok();
}

static Status add_text(const char *key, const char *text, Arena *arena,
                       Inference__RepositoryModelLoadRequest *request) {
    Parameter *parameter;
    if (!text)
        return status_ok();
    TRY(add_parameter(key, arena, request, &parameter));
    parameter->parameter_choice_case =
        INFERENCE__MODEL_REPOSITORY_PARAMETER__PARAMETER_CHOICE_STRING_PARAM;
    parameter->string_param = message_text(text);
    return status_ok();
}

static Status add_label(const ClientLabel *label, Arena *arena,
                        Inference__RepositoryModelLoadRequest *request) {
    static const char prefix[] = "label:";
    Parameter *parameter;
    size_t room = sizeof prefix + strlen(label->name);
    char *key = arena_alloc(arena, room);
    if (!key)
        return arena_exhausted(arena);
    snprintf(key, room, "%s%s", prefix, label->name);
    TRY(add_parameter(key, arena, request, &parameter));
    parameter->parameter_choice_case =
        INFERENCE__MODEL_REPOSITORY_PARAMETER__PARAMETER_CHOICE_INT64_PARAM;
    parameter->int64_param = label->version;
    return status_ok();
}

Status client_load(const ClientAsk *ask, const ClientLoad *load) {
    enum { OWN_PARAMETERS = 2 };
    Inference__RepositoryModelLoadRequest request = INFERENCE__REPOSITORY_MODEL_LOAD_REQUEST__INIT;
    Inference__RepositoryModelLoadResponse *response = NULL;
    request.model_name = message_text(load->model);
    MESSAGE_ARRAY(LoadEntry *, entries, load->label_count + OWN_PARAMETERS, ask->arena);
    request.parameters = entries;
    TRY(add_text("base_path", load->base_path, ask->arena, &request));
    TRY(add_text("config", load->config, ask->arena, &request));
    for (size_t i = 0; i < load->label_count; i++)
        TRY(add_label(&load->labels[i], ask->arena, &request));
    return message_call(
        &(MessageCall){ .client = ask->client,
                        .method = "/inference.GRPCInferenceService/RepositoryModelLoad",
                        .request = &request.base,
                        .reply_type = &inference__repository_model_load_response__descriptor,
                        .timeout_ns = ask->timeout_ns,
                        .arena = ask->arena },
        &response);
}

Status client_unload(const ClientAsk *ask, const char *model) {
    Inference__RepositoryModelUnloadRequest request =
        INFERENCE__REPOSITORY_MODEL_UNLOAD_REQUEST__INIT;
    Inference__RepositoryModelUnloadResponse *response = NULL;
    request.model_name = message_text(model);
    return message_call(
        &(MessageCall){ .client = ask->client,
                        .method = "/inference.GRPCInferenceService/RepositoryModelUnload",
                        .request = &request.base,
                        .reply_type = &inference__repository_model_unload_response__descriptor,
                        .timeout_ns = ask->timeout_ns,
                        .arena = ask->arena },
        &response);
}
