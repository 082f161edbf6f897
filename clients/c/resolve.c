/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * c-ares, as gRPC's core uses it: files first (/etc/hosts), then DNS, IPv4 and IPv6. The socket
 * loop is poll(2) on what c-ares wants to hear of, until it is done or the time is up. Addresses
 * are sorted, so that two looks at one fleet compare line by line. Thread: the caller's.
 */

#include "clients/c/resolve.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Target {
    const char *server; /* "" for the system's */
    const char *host, *port;
} Target;

typedef struct Found {
    Arena *arena;
    const char *port;
    const char **targets;
    size_t count;
    int status; /* c-ares's */
    bool is_done;
} Found;

/* "[::1]:8500", "models:8500" -> host and port. */
static Status split_port(const char *text, Arena *arena, Target *target) {
    const char *colon = strrchr(text, ':');
    bool bracketed = *text == '[';
    const char *end = bracketed ? strchr(text, ']') : colon;
    if (!colon || !end || colon < end || !colon[1] || colon == text)
        return status_error(STATUS_INVALID_ARGUMENT, "'%s' is not HOST:PORT", text);
    target->host = arena_strndup(arena, text + bracketed, (size_t)(end - text) - bracketed);
    target->port = colon + 1;
    return target->host ? status_ok() : arena_exhausted(arena);
}

static Status parse(const char *text, Arena *arena, Target *ret_target) {
    static const char SCHEME[] = "dns:";
    *ret_target = (Target){ .server = "" };
    if (strncmp(text, SCHEME, sizeof SCHEME - 1) == 0)
        text += sizeof SCHEME - 1;
    if (strncmp(text, "//", 2) == 0) {
        const char *slash = strchr(text + 2, '/');
        if (!slash)
            return status_error(STATUS_INVALID_ARGUMENT, "'%s' has no name behind its DNS server",
                                text);
        ret_target->server = arena_strndup(arena, text + 2, (size_t)(slash - text) - 2);
        if (!ret_target->server)
            return arena_exhausted(arena);
        text = slash + 1;
    }
    return split_port(text, arena, ret_target);
}

static void add(Found *found, const char *address, bool is_v6) {
    char text[INET6_ADDRSTRLEN + 16];
    int length = snprintf(text, sizeof text, is_v6 ? "[%s]:%s" : "%s:%s", address, found->port);
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->targets[i], text) == 0)
            return;
    const char *kept = arena_strndup(found->arena, text, (size_t)length);
    if (kept && found->count < RESOLVE_ADDRESSES_MAX)
        found->targets[found->count++] = kept;
}

static void note_addresses(void *user, int status, int timeouts, struct ares_addrinfo *result) {
    Found *found = user;
    (void)timeouts;
    found->is_done = true;
    found->status = status;
    for (struct ares_addrinfo_node *node = result ? result->nodes : NULL; node;
         node = node->ai_next) {
        char text[INET6_ADDRSTRLEN];
        bool is_v6 = node->ai_family == AF_INET6;
        const void *address =
            is_v6 ? (const void *)&((struct sockaddr_in6 *)(void *)node->ai_addr)->sin6_addr
                  : (const void *)&((struct sockaddr_in *)(void *)node->ai_addr)->sin_addr;
        if (inet_ntop(node->ai_family, address, text, sizeof text))
            add(found, text, is_v6);
    }
    if (result)
        ares_freeaddrinfo(result);
}

/* One wait on the sockets of c-ares, until something came, a retry is due or the deadline. */
static void wait_once(ares_channel channel, uint64_t left_ns) {
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct pollfd polls[ARES_GETSOCK_MAXNUM];
    int wanted = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
    nfds_t count = 0;
    for (int i = 0; i < ARES_GETSOCK_MAXNUM - 1; i++) { /* the last one's bit is the sign */
        short events = (short)((ARES_GETSOCK_READABLE(wanted, i) ? POLLIN : 0) |
                               (ARES_GETSOCK_WRITABLE(wanted, i) ? POLLOUT : 0));
        if (events)
            polls[count++] = (struct pollfd){ .fd = sockets[i], .events = events };
    }
    struct timeval most = { .tv_sec = (time_t)(left_ns / NS_PER_S),
                            .tv_usec = (suseconds_t)(left_ns % NS_PER_S / NS_PER_US) };
    struct timeval buffer, *next = ares_timeout(channel, &most, &buffer);
    poll(polls, count, (int)(next->tv_sec * 1000 + (next->tv_usec + 999) / 1000));
    for (nfds_t i = 0; i < count; i++)
        ares_process_fd(channel,
                        polls[i].revents & (POLLIN | POLLERR | POLLHUP) ? polls[i].fd
                                                                        : ARES_SOCKET_BAD,
                        polls[i].revents & POLLOUT ? polls[i].fd : ARES_SOCKET_BAD);
    if (count == 0)
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static Status ask(ares_channel channel, const Target *target, uint64_t timeout_ns, Found *found) {
    uint64_t deadline_ns = time_after(clock_now_ns(clock_monotonic()), timeout_ns), now_ns;
    struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC, .ai_flags = ARES_AI_NOSORT };
    if (*target->server && ares_set_servers_ports_csv(channel, target->server) != ARES_SUCCESS)
        return status_error(STATUS_INVALID_ARGUMENT, "'%s' is no address of a DNS server",
                            target->server);
    ares_getaddrinfo(channel, target->host, NULL, &hints, note_addresses, found);
    while (!found->is_done && (now_ns = clock_now_ns(clock_monotonic())) < deadline_ns)
        wait_once(channel, deadline_ns - now_ns);
    if (!found->is_done)
        ares_cancel(channel); /* calls note_addresses */
    if (found->count > 0)
        return status_ok();
    bool is_unknown = found->status == ARES_ENOTFOUND || found->status == ARES_ENODATA ||
                      found->status == ARES_EBADNAME;
    return status_error(is_unknown ? STATUS_NOT_FOUND : STATUS_UNAVAILABLE,
                        "'%s' is not resolved: %s", target->host,
                        found->status == ARES_ECANCELLED ? "no answer in time"
                                                         : ares_strerror(found->status));
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "ipv4:a:1,b:2": what follows the scheme, item by item. */
static Status split_list(const char *list, Found *found) {
    while (*list) {
        size_t length = strcspn(list, ",");
        const char *item = arena_strndup(found->arena, list, length);
        if (!item)
            return arena_exhausted(found->arena);
        if (found->count < RESOLVE_ADDRESSES_MAX)
            found->targets[found->count++] = item;
        list += length + (list[length] == ',');
    }
    return status_ok();
}

Status client_resolve(const char *text, uint64_t timeout_ns, Arena *arena,
                      const char ***ret_targets, size_t *ret_count) {
    Target target;
    Found found = { .arena = arena,
                    .targets = arena_calloc(arena, RESOLVE_ADDRESSES_MAX, sizeof(char *)) };
    if (!found.targets)
        return arena_exhausted(arena);
    *ret_targets = found.targets;
    if (strncmp(text, "unix:", 5) == 0) {
        found.targets[0] = text;
        *ret_count = 1;
        return status_ok();
    }
    if (strncmp(text, "ipv4:", 5) == 0 || strncmp(text, "ipv6:", 5) == 0) {
        TRY(split_list(text + 5, &found));
    } else {
        TRY(parse(text, arena, &target));
        found.port = target.port;
        ares_channel channel;
        if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
            return status_error(STATUS_RESOURCE_EXHAUSTED, "c-ares does not start");
        struct ares_options options = { .timeout = 2000, .tries = 3 };
        if (ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) !=
            ARES_SUCCESS) {
            ares_library_cleanup();
            return status_error(STATUS_RESOURCE_EXHAUSTED, "c-ares does not start");
        }
        Status asked = ask(channel, &target, timeout_ns, &found);
        ares_destroy(channel);
        ares_library_cleanup();
        TRY(asked);
    }
    qsort(found.targets, found.count, sizeof *found.targets, by_text);
    *ret_count = found.count;
    return status_ok();
}
