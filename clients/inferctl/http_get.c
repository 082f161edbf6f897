/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * HTTP/1.0, so that the answer ends where the connection does and nothing is chunked. Every wait is
 * bounded by the sockets' own timeouts. Thread: the caller's.
 */

#include "clients/inferctl/http_get.h"

#include "clients/c/resolve.h"
#include "runtime/base/beneath.h"
#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* address: "192.0.2.1:80", "[::1]:80" */
static Status connect_to(const char *address, uint64_t timeout_ns, int *ret_socket) {
    char host[128];
    const char *colon = strrchr(address, ':');
    bool bracketed = *address == '[';
    snprintf(host, sizeof host, "%.*s", (int)(colon - address) - 2 * bracketed,
             address + bracketed);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV },
                    *found = NULL;
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return status_error(STATUS_INVALID_ARGUMENT, "'%s' is not HOST:PORT", address);
    struct timeval limit = { .tv_sec = (time_t)(timeout_ns / NS_PER_S),
                             .tv_usec = (suseconds_t)(timeout_ns % NS_PER_S / NS_PER_US) };
    int made = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);
    bool good = made >= 0 && setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
                setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
                connect(made, found->ai_addr, found->ai_addrlen) == 0;
    freeaddrinfo(found);
    if (good) {
        *ret_socket = made;
        return status_ok();
    }
    if (made >= 0)
        close(made);
    return status_error(STATUS_UNAVAILABLE, "nobody answers at http://%s", address);
}

static Status read_all(int socket, const char *server, Arena *arena, char **ret_text) {
    AUTO(free) char *text = NULL;
    size_t length = 0, room = 0;
    for (;;) {
        if (length + 1 >= room) {
            room = room ? room * 2 : 65536;
            char *grown = room <= HTTP_BYTES_MAX ? realloc(text, room) : NULL;
            if (!grown)
                return status_error(STATUS_RESOURCE_EXHAUSTED, "http://%s answers too much",
                                    server);
            text = grown;
        }
        ssize_t got = recv(socket, text + length, room - length - 1, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return status_error(STATUS_UNAVAILABLE, "http://%s does not answer in time", server);
        if (got == 0)
            break;
        length += (size_t)got;
    }
    *ret_text = arena_strndup(arena, text, length);
    return *ret_text ? status_ok() : arena_exhausted(arena);
}

Status http_get(const char *server, const char *path, uint64_t timeout_ns, Arena *arena,
                const char **ret_body) {
    const char **targets = NULL;
    size_t count = 0;
    char request[512], *answer = NULL;
    AUTO(descriptor_close) int socket = -1;
    TRY(client_resolve(server, timeout_ns, arena, &targets, &count));
    Status connected = status_error(STATUS_UNAVAILABLE, "'%s' has no address", server);
    for (size_t i = 0; i < count && socket < 0; i++)
        connected = connect_to(targets[i], timeout_ns, &socket);
    TRY(connected);
    int length =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.0\r\nHost: %.200s\r\nConnection: close\r\n\r\n", path, server);
    if (send(socket, request, (size_t)length, MSG_NOSIGNAL) != length)
        return status_error(STATUS_UNAVAILABLE, "http://%s went away", server);
    TRY(read_all(socket, server, arena, &answer));
    char *body = strstr(answer, "\r\n\r\n");
    if (!body || strncmp(answer, "HTTP/1.", 7) != 0)
        return status_error(STATUS_UNKNOWN, "http://%s does not speak HTTP", server);
    if (strncmp(answer + 8, " 200", 4) != 0)
        return status_error(STATUS_UNKNOWN, "http://%s%s: %.*s", server, path,
                            (int)strcspn(answer, "\r\n"), answer);
    *ret_body = body + 4;
    return status_ok();
}
