/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* A server without HTTP: -Dhttp=disabled, or libevent, http-parser, jansson or zlib was not there
 * when it was built. Asking for a port is an error; everything else has nothing to do. */

#include "server/rest/http_server.h"

Status http_server_new(const HttpOptions *options, ServerContext *context,
                       HttpServer **ret_server) {
    (void)options, (void)context, (void)ret_server;
    return status_error(STATUS_UNIMPLEMENTED, "this inferd was built without HTTP");
}

Status http_server_start(HttpServer *server) {
    (void)server;
    return status_ok();
}

int http_server_port(const HttpServer *server) {
    (void)server;
    return 0;
}

void http_server_stop(HttpServer *server) {
    (void)server;
}

int http_server_stopped_fd(const HttpServer *server) {
    (void)server;
    return -1;
}

void http_server_close(HttpServer *server) {
    (void)server;
}

void http_server_free(HttpServer *server) {
    (void)server;
}

size_t http_server_live(const HttpServer *server) {
    (void)server;
    return 0;
}

HttpCounts http_server_counts(HttpServer *server) {
    (void)server;
    return (HttpCounts){ 0 };
}
