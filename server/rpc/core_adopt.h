/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the core can do and its C API does not offer: serve connections that we have accepted, and
 * tell all of them to go away while calls are still taken. The bundled core only (core_adopt.cc);
 * with others core_adopt_none.c says that it cannot be.
 */

#include "server/rpc/core_compat.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether there is such a core; without, the others must not be called. */
bool core_can_adopt(void);
/* Hands a connection over, which the core closes. handler: what the core has put behind the pointer
 * argument "external:NAME" when a port of that name was added. Thread: any, while it listens. */
void core_adopt(void *handler, int listener_fd, int fd);
/* GOAWAY to every connection that has not had one: twice, as HTTP/2 has it, so that what a client
 * sends meanwhile is served. Thread: any, before the server is destroyed. */
void core_send_goaways(grpc_server *server);

#ifdef __cplusplus
}
#endif
