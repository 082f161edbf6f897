/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The one file of C++: the core's own headers, of exactly the release that is linked. "external:"
 * ports are what gRPC C++ builds its ExternalConnectionAcceptor on. grpc_server_shutdown sends the
 * same GOAWAYs as SendGoaways, but refuses calls from that moment on, also those that the first
 * GOAWAY has promised to take. See core_adopt.h.
 */

#include "src/core/lib/iomgr/exec_ctx.h"
#include "src/core/lib/iomgr/tcp_server.h"
#include "src/core/server/server.h"

#include "server/rpc/core_adopt.h"

bool core_can_adopt(void) {
    return true;
}

void core_adopt(void *handler, int listener_fd, int fd) {
    static_cast<grpc_core::TcpServerFdHandler *>(handler)->Handle(listener_fd, fd, nullptr);
}

void core_send_goaways(grpc_server *server) {
    grpc_core::ExecCtx context;
    grpc_core::Server::FromC(server)->SendGoaways();
}
