/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Addresses are read as the core reads them: a wildcard of either family is both families where the
 * kernel has IPv6; a socket left behind by a dead process is removed. Thread: main.
 */

#include "server/rpc/listen_socket.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static Status refused(const char *address) {
    return status_error(STATUS_UNAVAILABLE,
                        "cannot listen on %s: in use, not ours, or not an address", address);
}

/* -1 when it cannot be. */
static int listen_at(const struct sockaddr *address, socklen_t length, bool reuse_port) {
    int one = 1, zero = 0;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (address->sa_family != AF_UNIX)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (reuse_port && address->sa_family != AF_UNIX)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (address->sa_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (!bind(fd, address, length) && !listen(fd, SOMAXCONN))
        return fd;
    close(fd);
    return -1;
}

static Status open_local(const char *address, int *ret_fd) {
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    bool is_abstract = !strncmp(address, "unix-abstract:", 14);
    const char *path = strchr(address, ':') + 1;
    size_t length = strlen(path);
    if (length == 0 || length + 1 >= sizeof name.sun_path)
        return refused(address);
    memcpy(name.sun_path + is_abstract, path, length);
    struct stat info;
    if (!is_abstract && !lstat(path, &info) && S_ISSOCK(info.st_mode))
        (void)unlink(path);
    socklen_t bytes =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1); /* a NUL either way */
    *ret_fd = listen_at((const struct sockaddr *)&name, bytes, false);
    return *ret_fd < 0 ? refused(address) : status_ok();
}

/* "[::1]:80" and "host:80" into their parts. */
static bool split(const char *address, char *host, size_t host_bytes, const char **ret_port) {
    const char *colon = strrchr(address, ':');
    if (!colon)
        return false;
    size_t length = (size_t)(colon - address);
    bool in_brackets = length >= 2 && address[0] == '[' && colon[-1] == ']';
    if (in_brackets) {
        address++;
        length -= 2;
    }
    if (length >= host_bytes)
        return false;
    memcpy(host, address, length);
    host[length] = '\0';
    *ret_port = colon + 1;
    return true;
}

static void free_found(struct addrinfo *found) {
    if (found)
        freeaddrinfo(found);
}
DEFINE_AUTO(struct addrinfo, free_found);

Status listen_socket_open(const char *address, bool reuse_port, int *ret_fd) {
    char host[256];
    const char *port;
    if (!strncmp(address, "unix", 4))
        return open_local(address, ret_fd);
    if (!split(address, host, sizeof host, &port))
        return refused(address);
    bool is_any = !*host || !strcmp(host, "0.0.0.0") || !strcmp(host, "::");
    struct sockaddr_in6 any = { .sin6_family = AF_INET6,
                                .sin6_port = htons((uint16_t)strtoul(port, NULL, 10)) };
    if (is_any && (*ret_fd = listen_at((const struct sockaddr *)&any, sizeof any, reuse_port)) >= 0)
        return status_ok();
    struct addrinfo hints = { .ai_family = is_any ? AF_INET : AF_UNSPEC,
                              .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    AUTO(free_found) struct addrinfo *found = NULL;
    if (getaddrinfo(is_any ? NULL : host, port, &hints, &found))
        return refused(address);
    for (const struct addrinfo *at = found; at; at = at->ai_next)
        if ((*ret_fd = listen_at(at->ai_addr, at->ai_addrlen, reuse_port)) >= 0)
            return status_ok();
    return refused(address);
}

int listen_socket_port(int fd) {
    struct sockaddr_storage bound = { 0 };
    socklen_t length = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &length))
        return 0;
    if (bound.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)&bound)->sin_port);
    if (bound.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)&bound)->sin6_port);
    return 0;
}
