/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TensorFlow Serving's GetModelMetadata and GetModelStatus. An ONNX model appears as the signature
 * `serving_default` with tensors named as in the model, and where its outputs are scores or values
 * as those that Classify and Regress know, which take Examples. Thread: rpc; nothing blocks.
 * Source: reference tensorflow_serving.md 1.2, 1.5, 4.1.
 */

#include "runtime/base/size.h"
#include "server/rpc/method_table.h"
#include "server/wire/tensorflow_tensor.h"
#include "server/wire/wire_model_spec.h"
#include "server/wire/wire_pack.h"
#include "server/wire/wire_scores.h"

#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/wrappers.pb-c.h"
#include "tensorflow_serving/apis/get_model_metadata.pb-c.h"
#include "tensorflow_serving/apis/get_model_status.pb-c.h"

#include <stdio.h>

enum { REQUEST_SPEC = 1, REQUEST_FIELD = 2 };

typedef Tensorflow__SignatureDef__InputsEntry InputsEntry;
typedef Tensorflow__SignatureDef__OutputsEntry OutputsEntry;
typedef Tensorflow__Serving__SignatureDefMap__SignatureDefEntry SignatureEntry;

enum { SIGNATURES_MAX = 3, SCORES_MAX = 2 };

typedef struct ModelRequest {
    ModelSpec spec;
    size_t fields;
} ModelRequest;

static Status read_request(ServerContext *server, const Spans *message, Arena *arena,
                           ModelRequest *ret_request) {
    TRY(server_check_control(server, message));
    SpanReader reader = span_reader_of(message);
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD) {
        if (field.type != WIRE_BYTES)
            continue;
        if (field.number == REQUEST_SPEC)
            TRY(model_spec_decode(field.bytes, arena, &ret_request->spec));
        if (field.number == REQUEST_FIELD) {
            StringView name;
            TRY(wire_text(field.bytes, arena, "metadata_field", &name));
            if (!text_equal(name, text_view("signature_def")))
                return status_error(STATUS_INVALID_ARGUMENT, "Metadata field %.*s is not supported",
                                    TEXT_ARGS(name));
            ret_request->fields++;
        }
    }
    if (result != WIRE_END)
        return wire_malformed("request");
    return model_spec_check(&ret_request->spec);
}

static Status make_shape(const Shape *shape, Arena *arena,
                         Tensorflow__TensorShapeProto **ret_shape) {
    size_t rank = shape->rank < 0 ? 0 : (size_t)shape->rank;
    MESSAGE_NEW(Tensorflow__TensorShapeProto, proto, TENSORFLOW__TENSOR_SHAPE_PROTO__INIT, arena);
    MESSAGE_LIST(Tensorflow__TensorShapeProto__Dim, dims, rank, arena);
    for (size_t i = 0; i < rank; i++) {
        MESSAGE_NEW(Tensorflow__TensorShapeProto__Dim, dim,
                    TENSORFLOW__TENSOR_SHAPE_PROTO__DIM__INIT, arena);
        dim->size = shape->dims[i];
        dims[i] = dim;
    }
    proto->unknown_rank = shape->rank < 0;
    proto->n_dim = rank;
    proto->dim = dims;
    *ret_shape = proto;
    return status_ok();
}

static Status make_info(const SignatureTensor *tensor, Arena *arena,
                        Tensorflow__TensorInfo **ret_info) {
    MESSAGE_NEW(Tensorflow__TensorInfo, info, TENSORFLOW__TENSOR_INFO__INIT, arena);
    size_t length = strlen(tensor->name) + sizeof ":0";
    char *name = arena_alloc(arena, length);
    if (!name)
        return arena_exhausted(arena);
    snprintf(name, length, "%s:0", tensor->name);
    info->encoding_case = TENSORFLOW__TENSOR_INFO__ENCODING_NAME;
    info->name = name;
    info->dtype = (Tensorflow__DataType)tensorflow_dtype_number(tensor->dtype);
    TRY(make_shape(&tensor->shape, arena, &info->tensor_shape));
    *ret_info = info;
    return status_ok();
}

static Status make_signature(const Signature *signature, Arena *arena,
                             Tensorflow__SignatureDef **ret_def) {
    MESSAGE_NEW(Tensorflow__SignatureDef, def, TENSORFLOW__SIGNATURE_DEF__INIT, arena);
    MESSAGE_LIST(InputsEntry, inputs, signature->input_count, arena);
    MESSAGE_LIST(OutputsEntry, outputs, signature->output_count, arena);
    for (size_t i = 0; i < signature->input_count; i++) {
        MESSAGE_NEW(InputsEntry, entry, TENSORFLOW__SIGNATURE_DEF__INPUTS_ENTRY__INIT, arena);
        entry->key = message_text(signature->inputs[i].name);
        TRY(make_info(&signature->inputs[i], arena, &entry->value));
        inputs[i] = entry;
    }
    for (size_t i = 0; i < signature->output_count; i++) {
        MESSAGE_NEW(OutputsEntry, entry, TENSORFLOW__SIGNATURE_DEF__OUTPUTS_ENTRY__INIT, arena);
        entry->key = message_text(signature->outputs[i].name);
        TRY(make_info(&signature->outputs[i], arena, &entry->value));
        outputs[i] = entry;
    }
    def->n_inputs = signature->input_count;
    def->inputs = inputs;
    def->n_outputs = signature->output_count;
    def->outputs = outputs;
    def->method_name = message_text("tensorflow/serving/predict");
    *ret_def = def;
    return status_ok();
}

static Status add_output(Tensorflow__SignatureDef *def, const char *key, const char *name,
                         DType dtype, Shape shape, Arena *arena) {
    SignatureTensor tensor = { .name = name, .dtype = dtype, .shape = shape };
    MESSAGE_NEW(OutputsEntry, entry, TENSORFLOW__SIGNATURE_DEF__OUTPUTS_ENTRY__INIT, arena);
    entry->key = message_text(key);
    TRY(make_info(&tensor, arena, &entry->value));
    def->outputs[def->n_outputs++] = entry;
    return status_ok();
}

/* As TensorFlow has them: serialized Examples in, scores of 32 bits out. */
static Status make_scores(const ModelVersion *version, const WireTask *task, Arena *arena,
                          Tensorflow__SignatureDef **ret_def) {
    const SignatureTensor *outputs = version->signature.outputs;
    const SignatureTensor *scores = task->scores != INDEX_NONE ? &outputs[task->scores] : NULL;
    bool classify = task->method == METHOD_CLASSIFY;
    Shape rows = { .rank = 1, .dims = { DIM_UNKNOWN } };
    Shape wide = { .rank = 2, .dims = { DIM_UNKNOWN, DIM_UNKNOWN } };
    SignatureTensor examples = { .name = "inputs", .dtype = DTYPE_STRING, .shape = rows };
    MESSAGE_NEW(Tensorflow__SignatureDef, def, TENSORFLOW__SIGNATURE_DEF__INIT, arena);
    MESSAGE_NEW(InputsEntry, input, TENSORFLOW__SIGNATURE_DEF__INPUTS_ENTRY__INIT, arena);
    MESSAGE_LIST(InputsEntry, inputs, 1, arena);
    MESSAGE_LIST(OutputsEntry, entries, SCORES_MAX, arena);
    input->key = message_text(examples.name);
    TRY(make_info(&examples, arena, &input->value));
    inputs[0] = input;
    def->n_inputs = 1;
    def->inputs = inputs;
    def->outputs = entries;
    if (scores && scores->shape.rank == 2)
        wide.dims[1] = scores->shape.dims[1];
    if (scores)
        TRY(add_output(def, classify ? "scores" : "outputs", scores->name, DTYPE_F32,
                       classify ? wide : rows, arena));
    if (task->classes != INDEX_NONE || (classify && scores && scores->label_count > 0))
        TRY(add_output(def, "classes",
                       task->classes != INDEX_NONE ? outputs[task->classes].name : scores->name,
                       DTYPE_STRING, wide, arena));
    def->method_name = message_text(wire_method_name(task->method));
    *ret_def = def;
    return status_ok();
}

/* SignatureDefMap inside an Any. */
static Status make_any(const ModelVersion *version, Arena *arena, Google__Protobuf__Any *any) {
    Tensorflow__Serving__SignatureDefMap map = TENSORFLOW__SERVING__SIGNATURE_DEF_MAP__INIT;
    MESSAGE_LIST(SignatureEntry, entries, SIGNATURES_MAX, arena);
    MESSAGE_NEW(SignatureEntry, plain,
                TENSORFLOW__SERVING__SIGNATURE_DEF_MAP__SIGNATURE_DEF_ENTRY__INIT, arena);
    plain->key = message_text("serving_default");
    TRY(make_signature(&version->signature, arena, &plain->value));
    entries[map.n_signature_def++] = plain;
    for (WireMethod method = METHOD_CLASSIFY; method <= METHOD_REGRESS; method++) {
        WireTask task = { .method = method };
        Status fits = wire_scores_choose(version, &task);
        if (!status_is_ok(&fits))
            continue;
        MESSAGE_NEW(SignatureEntry, entry,
                    TENSORFLOW__SERVING__SIGNATURE_DEF_MAP__SIGNATURE_DEF_ENTRY__INIT, arena);
        entry->key = message_text(wire_method_name(method));
        TRY(make_scores(version, &task, arena, &entry->value));
        entries[map.n_signature_def++] = entry;
    }
    map.signature_def = entries;
    size_t bytes = tensorflow__serving__signature_def_map__get_packed_size(&map);
    any->type_url = message_text("type.googleapis.com/tensorflow.serving.SignatureDefMap");
    any->value.len = bytes;
    any->value.data = arena_alloc(arena, bytes);
    if (!any->value.data)
        return arena_exhausted(arena);
    tensorflow__serving__signature_def_map__pack(&map, any->value.data);
    return status_ok();
}

static Status servable_not_found(const ModelSpec *spec) {
    char choice[CHOICE_TEXT_BYTES];
    return status_error(STATUS_NOT_FOUND, "Servable not found for request: %s",
                        version_choice_format(spec->name, &spec->version, choice));
}

static Status pack_metadata(const ModelVersion *version, Arena *arena, WireReply *reply) {
    Google__Protobuf__Int64Value number = GOOGLE__PROTOBUF__INT64_VALUE__INIT;
    Tensorflow__Serving__ModelSpec spec = TENSORFLOW__SERVING__MODEL_SPEC__INIT;
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    Tensorflow__Serving__GetModelMetadataResponse__MetadataEntry entry =
        TENSORFLOW__SERVING__GET_MODEL_METADATA_RESPONSE__METADATA_ENTRY__INIT;
    Tensorflow__Serving__GetModelMetadataResponse__MetadataEntry *entries[] = { &entry };
    Tensorflow__Serving__GetModelMetadataResponse response =
        TENSORFLOW__SERVING__GET_MODEL_METADATA_RESPONSE__INIT;

    number.value = version->number;
    spec.name = message_text(version->name);
    spec.version_choice_case = TENSORFLOW__SERVING__MODEL_SPEC__VERSION_CHOICE_VERSION;
    spec.version = &number;
    TRY(make_any(version, arena, &any));
    entry.key = message_text("signature_def");
    entry.value = &any;
    response.model_spec = &spec;
    response.n_metadata = 1;
    response.metadata = entries;
    return wire_pack(&response.base, reply);
}

Status tensorflow_get_model_metadata(ServerContext *server, const Spans *request, Arena *arena,
                                     WireReply *reply) {
    ModelRequest parsed = { 0 };
    TRY(read_request(server, request, arena, &parsed));
    if (parsed.fields == 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "GetModelMetadataRequest must specify at least one metadata_field");
    AUTO(lease_release) Lease lease = { 0 };
    Status found = repo_acquire(server->repo, parsed.spec.name, &parsed.spec.version, &lease);
    if (found.code == STATUS_INVALID_ARGUMENT)
        return status_error(STATUS_INVALID_ARGUMENT, "Unrecognized servable version label: %.*s",
                            TEXT_ARGS(parsed.spec.version.label));
    if (!status_is_ok(&found))
        return servable_not_found(&parsed.spec);
    return pack_metadata(lease.version, arena, reply);
}

static Status make_status(const VersionStatus *version, Arena *arena,
                          Tensorflow__Serving__ModelVersionStatus **ret_status) {
    MESSAGE_NEW(Tensorflow__Serving__ModelVersionStatus, status,
                TENSORFLOW__SERVING__MODEL_VERSION_STATUS__INIT, arena);
    MESSAGE_NEW(Tensorflow__Serving__StatusProto, reason, TENSORFLOW__SERVING__STATUS_PROTO__INIT,
                arena);
    status->version = version->number;
    status->state = (Tensorflow__Serving__ModelVersionStatus__State)version->state;
    status->status = reason;
    reason->error_code = (Tensorflow__Error__Code)version->status.code;
    reason->error_message = message_text(version->status.message);
    *ret_status = status;
    return status_ok();
}

Status tensorflow_get_model_status(ServerContext *server, const Spans *request, Arena *arena,
                                   WireReply *reply) {
    ModelRequest parsed = { 0 };
    TRY(read_request(server, request, arena, &parsed));
    const ModelSpec *spec = &parsed.spec;
    VersionStatus *versions = NULL;
    size_t count = 0;
    Status known = repo_model_status(server->repo, spec->name, arena, &versions, &count);
    if (known.code == STATUS_NOT_FOUND || (status_is_ok(&known) && count == 0))
        return status_error(STATUS_NOT_FOUND, "Could not find any versions of model %.*s",
                            TEXT_ARGS(spec->name));
    TRY(known);

    Tensorflow__Serving__GetModelStatusResponse response =
        TENSORFLOW__SERVING__GET_MODEL_STATUS_RESPONSE__INIT;
    MESSAGE_LIST(Tensorflow__Serving__ModelVersionStatus, list, count, arena);
    response.model_version_status = list;
    for (size_t i = 0; i < count; i++)
        if (!spec->version.has_number || spec->version.number == versions[i].number)
            TRY(make_status(&versions[i], arena, &list[response.n_model_version_status++]));
    if (response.n_model_version_status == 0)
        return status_error(STATUS_NOT_FOUND, "Could not find version %lld of model %.*s",
                            (long long)spec->version.number, TEXT_ARGS(spec->name));
    return wire_pack(&response.base, reply);
}
