/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether a server, or one model of it, answers requests now; and who it is. */

#include "clients/c/model.h"

/* grpc.health.v1.Health/Check of the whole server, which both protocols' servers have. */
Status client_server_ready(const ClientAsk *ask, bool *ret_ready);
/* ModelReady, or an AVAILABLE version in GetModelStatus. A model that is unknown is not ready. */
Status client_model_ready(const ClientAsk *ask, const ClientModelName *name, bool *ret_ready);

typedef struct ClientServer {
    const char *name, *version; /* "" where it does not tell */
} ClientServer;

/* ServerMetadata; UNIMPLEMENTED where the server lacks it. */
Status client_server(const ClientAsk *ask, ClientServer *ret_server);
