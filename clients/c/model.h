/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a server tells of its models: metadata in either protocol, states of versions, the index of
 * the repository. */

#include "clients/c/client.h"
#include "clients/c/predict.h"

/* Where to ask. */
typedef struct ClientAsk {
    Client *client;
    ClientProtocol protocol;
    uint64_t timeout_ns; /* per call */
    Arena *arena;        /* keeps answers */
} ClientAsk;

typedef struct ClientModel {
    const char *name, *platform; /* platform "" where the protocol has none */
    int64_t version;             /* that was described; 0: the server did not tell */
    ClientPort *inputs, *outputs;
    size_t input_count, output_count;
} ClientModel;

/* ModelMetadata, or GetModelMetadata's signature "serving_default". */
Status client_model(const ClientAsk *ask, const ClientModelName *name, ClientModel *ret_model);

typedef struct ClientVersion {
    int64_t version;
    const char *state; /* "AVAILABLE", ... */
    Status status;     /* why it ended */
} ClientVersion;

/* GetModelStatus, whatever the protocol: the other one has nothing like it. */
Status client_versions(const ClientAsk *ask, const ClientModelName *name,
                       ClientVersion **ret_versions, size_t *ret_count);

typedef struct ClientIndexRow {
    const char *name, *version, *state, *reason;
} ClientIndexRow;

/* RepositoryIndex. UNIMPLEMENTED where the server lacks it. */
Status client_index(const ClientAsk *ask, ClientIndexRow **ret_rows, size_t *ret_count);

typedef struct ClientLabel {
    const char *name;
    int64_t version; /* 0: taken away */
} ClientLabel;

/* RepositoryModelLoad; base_path and labels are inferd's own parameters. Labels alone load nothing.
 */
typedef struct ClientLoad {
    const char *model;
    const char *base_path; /* serve it from there; NULL */
    const char *config;    /* JSON, instead of config.pbtxt; NULL */
    const ClientLabel *labels;
    size_t label_count;
} ClientLoad;
Status client_load(const ClientAsk *ask, const ClientLoad *load);
Status client_unload(const ClientAsk *ask, const char *model);
