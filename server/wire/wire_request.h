/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A request as the wire says it, before a model is known: names, shapes and where the payload lies.
 * Both protocols decode into this; `bind` then checks it against a model's signature in that
 * protocol's words. Serves RPCs and warm-up files.
 */

#include "runtime/repo/repo.h"
#include "runtime/schedule/request.h"
#include "server/wire/wire_reply.h"

/* A part of a shared memory region that a tensor is read from or written to. */
typedef struct WireShared {
    StringView region; /* empty: none */
    uint64_t offset, bytes;
    bool has_bytes;
    void *data; /* set by infer.c, which holds the region until the answer is made */
} WireShared;

typedef struct WireTensor {
    StringView name;
    DType dtype;
    Shape shape;
    bool has_data;     /* false: to come from elsewhere (shared memory), or missing */
    size_t text_bytes; /* STRING: of the strings themselves, beside the payload */
    Spans payload; /* row-major little-endian, exactly as many bytes as dtype and shape say; STRING:
                      StringViews */
    WireShared shared;
} WireTensor;

/* What is to be done with one wanted output. */
typedef struct WireOutputOption {
    uint32_t classes; /* 0: not classified */
    WireShared shared;
} WireOutputOption;

typedef struct WireExamples WireExamples; /* server/wire/wire_examples.h */

typedef struct WireInfer {
    StringView model;
    VersionChoice version;
    StringView signature; /* TensorFlow; empty: serving_default */
    StringView id;        /* echoed */
    WireTensor *inputs;
    size_t input_count;
    StringView *outputs; /* wanted, in this order; none: all */
    size_t output_count;
    WireOutputOption *options; /* per wanted output; NULL: none has any */
    uint64_t timeout_ns;       /* 0: none given */
    uint32_t priority;
    SequenceId sequence_id;
    bool sequence_start, sequence_end;
    bool wants_final; /* an empty last response, of a decoupled model */
    size_t payload_bytes;
    const uint32_t *output_index; /* set by bind: per wanted output, its index in the signature */
    WireExamples *examples; /* Classify, Regress, MultiInference: what inputs are made of in bind */
} WireInfer;

/* TensorFlow Serving's methods are told apart by its metrics. */
typedef enum InferApi {
    API_INFER, /* Open Inference */
    API_PREDICT,
    API_CLASSIFY,
    API_REGRESS,
    API_MULTI_INFERENCE,
    API_COUNT
} InferApi;

/* One inference protocol. Functions take no lock and do not block. Thread: rpc or http (decode,
 * bind: perhaps worker) */
typedef struct InferProtocol {
    const char *name; /* "tensorflow", "inference": for logs */
    InferApi api;     /* for metrics */
    /* message is lent until the request ends: payloads above WIRE_COPY_BYTES stay in it as spans.
     */
    Status (*decode)(const Spans *message, size_t header_limit_bytes, Arena *arena,
                     WireInfer *ret_infer);
    /* Roughly how long decode will take, from the outer fields alone; NULL: always short. What is
     * long goes to a worker. */
    uint64_t (*decode_cost_ns)(const Spans *message);
    /* Fills request->inputs, rows, payload_bytes, outputs (room). request->lease is set. */
    Status (*bind)(WireInfer *infer, Arena *arena, InferRequest *request);
    /* After on_done with OK. */
    Status (*encode)(const WireInfer *infer, const InferRequest *request, WireReply *reply);
    /* This protocol's code and words for a failure to resolve or to queue. */
    Status (*describe)(const Status *status, const WireInfer *infer);
} InferProtocol;

extern const InferProtocol TENSORFLOW_PREDICT;
extern const InferProtocol TENSORFLOW_CLASSIFY;
extern const InferProtocol TENSORFLOW_REGRESS;
extern const InferProtocol TENSORFLOW_MULTI_INFERENCE;
extern const InferProtocol INFERENCE_INFER;
