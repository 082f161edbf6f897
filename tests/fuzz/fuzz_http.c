/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libFuzzer: any bytes as what a client sends, to the real HTTP server with a repository that is
 * empty: heads, framing, routes, codings, JSON, and what the Open Inference Protocol decodes before
 * it looks for the model. The loop is turned here instead of by its thread. Every connection must
 * end, with every exchange.
 */

#include "runtime/base/size.h"
#include "server/rest/http_internal.h"

#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TURNS = 20, BODY_BYTES = 1 << 20 };

static ServerContext context = {
    .name = "fuzz", .version = "0", .header_limit_bytes = 65536, .request_arena_bytes = 8 << 20
};
static HttpServer *server;

static void must(Status status) {
    if (!status_is_ok(&status))
        abort();
}

static void make_server(void) {
    OutputPool *outputs;
    must(pool_new(1, &context.pool));
    must(output_pool_new(BODY_BYTES, &outputs));
    must(scheduler_new(&(SchedulerOptions){ .clock = clock_monotonic(),
                                            .pool = context.pool,
                                            .outputs = outputs,
                                            .max_queue_requests = 10,
                                            .max_queue_bytes = BODY_BYTES },
                       &context.scheduler));
    must(repo_new(&(RepoOptions){ .clock = clock_monotonic(), .load_threads = 1 }, &context.repo));
    HttpOptions options = { .address = "127.0.0.1",
                            .limits = { .max_live_calls = 100,
                                        .max_bytes = (size_t)64 << 20,
                                        .max_message_bytes = BODY_BYTES },
                            .max_connections = 100,
                            .request_timeout_ns = TIME_NEVER };
    must(http_server_new(&options, &context, &server));
    thread_set_role(THREAD_HTTP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!server)
        make_server();
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
        abort();
    http_connection_open(server, ends[0], NULL);
    size_t sent = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        char reply[16384];
        ssize_t bytes = send(ends[1], data + sent, size - sent, MSG_NOSIGNAL);
        sent += bytes > 0 ? (size_t)bytes : 0;
        (void)event_base_loop(server->base, EVLOOP_NONBLOCK);
        (void)!read(ends[1], reply, sizeof reply);
    }
    close(ends[1]);
    while (server->connection_count > 0 || server->exchanges > 0)
        (void)event_base_loop(server->base, EVLOOP_ONCE);
    return 0;
}
