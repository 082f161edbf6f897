/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The reply to an infer over HTTP: names, shapes and short tensors as JSON; those that were asked
 * for in binary follow it as pieces, straight from the output block. JSON data are flat, as
 * Triton's are. Pure but for memory; whichever thread the inference ends on. Source: reference
 * open_inference_triton.md 2.2, 2.3.
 */

#include "server/rest/rest.h"
#include "server/wire/inference_tensor.h"
#include "server/wire/wire_outputs.h"

static void put_member(JsonWriter *json, const char *key, const char *text, size_t length) {
    json_put(json, key);
    json_put_string(json, text, length);
}

static Status put_output(const RestInfer *rest, const InferRequest *request, size_t output,
                         const WireOutput *made, WireReply *reply) {
    JsonWriter *json = &rest->output->json;
    uint32_t index = rest->wire.output_index[output];
    const Tensor *tensor = made->tensor;
    const char *name = request->lease.version->signature.outputs[index].name;
    const char *datatype = inference_dtype_name(tensor->dtype);
    bool binary = rest->binary ? rest->binary[output] : rest->binary_output;
    if (!datatype)
        return status_error(STATUS_UNIMPLEMENTED,
                            "output '%s' is %s, which the Open Inference Protocol has no type for",
                            name, dtype_name(tensor->dtype));
    if (!binary && !made->in_shared_memory && !json_can_write(tensor->dtype))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "sending %s data is currently only supported with binary data, output "
                            "'%s'",
                            datatype, name);
    put_member(json, output > 0 ? ",{\"name\":" : "{\"name\":", name, strlen(name));
    put_member(json, ",\"datatype\":", datatype, strlen(datatype));
    json_put(json, ",\"shape\":[");
    for (int32_t i = 0; i < tensor->shape.rank; i++) {
        json_put(json, i > 0 ? "," : "");
        json_put_int(json, tensor->shape.dims[i]);
    }
    if (made->in_shared_memory) {
        const WireShared *shared = &rest->wire.options[output].shared;
        put_member(json, "],\"parameters\":{\"shared_memory_region\":", shared->region.data,
                   shared->region.length);
        json_put(json, ",\"shared_memory_byte_size\":");
        json_put_int(json, (int64_t)inference_raw_bytes(tensor));
        json_put(json, shared->offset > 0 ? ",\"shared_memory_offset\":" : "");
        if (shared->offset > 0)
            json_put_int(json, (int64_t)shared->offset);
        json_put(json, "}}");
        return status_ok();
    }
    if (!binary) {
        json_put(json, "],\"data\":");
        json_put_tensor(json, tensor, (JsonTensorStyle){ .is_flat = true });
        json_put(json, "}");
        return status_ok();
    }
    rest->output->has_binary = true;
    json_put(json, "],\"parameters\":{\"binary_data_size\":");
    json_put_int(json, (int64_t)inference_raw_bytes(tensor));
    json_put(json, "}}");
    return inference_raw_put(tensor, made->block, reply);
}

Status rest_inference_encode(const WireInfer *wire, const InferRequest *request, WireReply *reply) {
    const RestInfer *rest = rest_infer_of(wire);
    const ModelVersion *version = request->lease.version;
    JsonWriter *json = &rest->output->json;
    WireOutput *outputs;
    TRY(wire_outputs_prepare(wire, request, reply->arena, &outputs));
    json_put(json, "{");
    if (wire->id.length > 0) {
        put_member(json, "\"id\":", wire->id.data, wire->id.length);
        json_put(json, ",");
    }
    put_member(json, "\"model_name\":", version->name, strlen(version->name));
    json_put(json, ",\"model_version\":\"");
    json_put_int(json, version->number);
    json_put(json, "\",\"outputs\":[");
    for (size_t i = 0; i < wire->output_count; i++)
        TRY(put_output(rest, request, i, &outputs[i], reply));
    json_put(json, "]}");
    return status_ok();
}
