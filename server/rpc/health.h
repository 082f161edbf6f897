/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * grpc.health.v1: for the whole server ("" and each service's name) and for each model by its name.
 * The state is asked of the repository each time, so there is no second copy of it that could be
 * wrong.
 */

#include "server/rpc/method_table.h"

typedef enum HealthState { /* numbers of HealthCheckResponse.ServingStatus */
                           HEALTH_SERVING = 1,
                           HEALTH_NOT_SERVING = 2,
                           HEALTH_SERVICE_UNKNOWN = 3,
} HealthState;

/* Thread: any; takes no lock of ours. */
HealthState health_state(ServerContext *server, StringView service);

Status health_list(ServerContext *server, const Spans *request, Arena *arena, WireReply *reply);
