/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Cores whose inside is not known: they listen themselves, and a drain is their shutdown. See
 * core_adopt.h. */

#include "server/rpc/core_adopt.h"

#include <stdlib.h>

bool core_can_adopt(void) {
    return false;
}

void core_adopt(void *handler, int listener_fd, int fd) {
    (void)handler, (void)listener_fd, (void)fd;
    abort();
}

void core_send_goaways(grpc_server *server) {
    (void)server;
    abort();
}
