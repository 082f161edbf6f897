/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Handlers of routes, and what the two protocols share between a body and a reply. A handler runs
 * on the http thread and does not block.
 */

#include "server/infer.h"
#include "server/rest/http_exchange.h"
#include "server/rest/http_status.h"
#include "runtime/json/json_reader.h"
#include "server/rest/json_writer.h"
#include "server/rpc/method_table.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

/* --- an inference --- */

/* What encode makes, beside WireReply's pieces: they follow the text. */
typedef struct RestOutput {
    JsonWriter json;
    bool has_binary; /* the text is the head of binary tensors */
} RestOutput;

typedef struct RestInfer {
    WireInfer wire; /* the head: protocols are handed its address */
    InferCall call;
    HttpExchange *exchange;
    RestProtocol protocol;
    RestOutput *output;
    StringView body;
    /* TensorFlow */
    bool is_columnar;
    /* Open Inference */
    size_t json_bytes;  /* of the body, what is JSON */
    bool is_raw;        /* no JSON: the body is the only input's data */
    bool binary_output; /* unless an output says otherwise */
    bool *binary;       /* per wanted output; NULL: none named */
    bool events_begun;  /* generate_stream: the first has been sent */
    bool events_ended;  /* by a failure */
} RestInfer;

static inline const RestInfer *rest_infer_of(const WireInfer *wire) {
    return (const RestInfer *)(const void *)wire;
}

/* Starts the inference that the exchange asks for; the route's version and label are the choice. */
void rest_infer_start(HttpExchange *exchange, const InferProtocol *rest, RestProtocol protocol);
/* The same for a decoupled model that gives one response, and for any number of them as events. */
void rest_infer_start_one(HttpExchange *exchange, const InferProtocol *rest, RestProtocol protocol);
void rest_infer_start_events(HttpExchange *exchange, const InferProtocol *rest,
                             RestProtocol protocol);
/* Fails the exchange in the protocol's way. */
void rest_fail(HttpExchange *exchange, const Status *status, RestProtocol protocol);
/* Answers with a document; takes it. NULL: it could not be made. */
void rest_reply_document(HttpExchange *exchange, json_t *document);
/* Version and label of the path. */
Status rest_version(const HttpExchange *exchange, VersionChoice *ret_version);
/* The mistake that ended a walk over a text. */
Status rest_json_error(const JsonReader *reader, const Arena *arena, const char *prefix);
/* Inflates the body in place. */
Status rest_inflate(HttpExchange *exchange);

/* rest_inference_reply.c: an InferProtocol's encode. */
Status rest_inference_encode(const WireInfer *wire, const InferRequest *request, WireReply *reply);

/* --- handlers --- */

/* A control method of gRPC asked by REST: which, and how its answer looks. The row's argument. */
typedef struct RestControl {
    UnaryServe serve;
    const ProtobufCMessageDescriptor *answer;
    RestProtocol protocol;
    bool tensorflow_metadata; /* ask for signature_def */
    bool all_fields;
    const char *only; /* the field that is the whole document; NULL: all of it */
    Status (*write)(HttpExchange *exchange, Span *ret_message); /* NULL: of path and protocol */
    json_t *(*shape)(json_t *document); /* takes the answer, gives the document; NULL: as it is */
    bool is_empty;                      /* the answer has no body */
} RestControl;

Status rest_write_region(HttpExchange *exchange, Span *ret_message);
Status rest_write_log(HttpExchange *exchange, Span *ret_message);
Status rest_write_trace(HttpExchange *exchange, Span *ret_message);
json_t *rest_shape_regions(json_t *document);
json_t *rest_shape_settings(json_t *document);

void rest_control(HttpExchange *exchange);
void rest_models(HttpExchange *exchange); /* the listing of either protocol; argument: "/v1" */
void rest_metrics(HttpExchange *exchange);
void rest_live(HttpExchange *exchange);
void rest_ready(HttpExchange *exchange);
void rest_model_ready(HttpExchange *exchange);
void rest_console(HttpExchange *exchange);       /* a file; argument: its name, NULL: the path's */
void rest_console_model(HttpExchange *exchange); /* labels, and what may be changed */
void rest_graph(HttpExchange *exchange);         /* operators and their time */
void rest_named_repository(HttpExchange *exchange);
void rest_load(HttpExchange *exchange);
void rest_unload(HttpExchange *exchange);
void rest_tensorflow_predict(HttpExchange *exchange);
void rest_tensorflow_classify(HttpExchange *exchange);
void rest_tensorflow_regress(HttpExchange *exchange);
void rest_inference_infer(HttpExchange *exchange);
void rest_generate(HttpExchange *exchange);
void rest_generate_stream(HttpExchange *exchange);
