/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The listener, the loop, and the orderly end. Three priorities: replies and the end first, sockets
 * then, and last, when everything that came in has been decoded, one kick for the scheduler. Limits
 * on time are looked at five times a second over all connections, which costs less than a timer
 * each that every request would move. Thread: http, but for what the header says.
 */

#include "server/rest/http_internal.h"

#include "runtime/base/size.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { PRIORITY_REPLIES, PRIORITY_SOCKETS, PRIORITY_KICK, PRIORITIES, BACKLOG = 1024 };

static const struct timeval SWEEP_INTERVAL = { .tv_usec = 200000 };

/* --- the loop's events --- */

static void on_accept(struct evconnlistener *listener, evutil_socket_t socket,
                      struct sockaddr *peer, int peer_bytes, void *user) {
    (void)peer_bytes;
    HttpServer *server = user;
    Peer *known = peers_acquire(server->peers, peer);
    if (!known) {
        atomic_fetch_add(&server->refused_connections, 1);
        evutil_closesocket(socket);
        return;
    }
    int yes = 1;
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    http_connection_open(server, socket, known);
    if (server->connection_count >= server->max_connections) {
        evconnlistener_disable(listener); /* the kernel's queue holds the next; see on_sweep */
        server->listening = false;
    }
}

/* Out of descriptors: trying again at once would only burn a core. */
static void on_accept_error(struct evconnlistener *listener, void *user) {
    static LogLimit limit;
    HttpServer *server = user;
    log_event_limited(&limit, LOG_WARN, "accept_failed", "protocol=http reason=%s",
                      LOG_TEXT(strerror(EVUTIL_SOCKET_ERROR())));
    evconnlistener_disable(listener);
    server->listening = false;
}

static void tell_stopped(HttpServer *server) {
    if (server->told_stopped || server->connection_count > 0 || !atomic_load(&server->stopping))
        return;
    server->told_stopped = true;
    uint64_t one = 1;
    (void)!write(server->stopped_fd, &one, sizeof one);
}

static void stop_listening(HttpServer *server) {
    if (!server->listener)
        return;
    evconnlistener_free(server->listener);
    server->listener = NULL;
    server->listening = false;
}

static void sweep(HttpServer *server) {
    uint64_t now_ns = clock_now_ns(clock_monotonic());
    if (atomic_load(&server->stopping))
        stop_listening(server);
    LIST_FOR_EACH (node, &server->connections)
        http_connection_sweep(LIST_ITEM(node, HttpConnection, node), now_ns);
    if (server->listener && !server->listening &&
        server->connection_count < server->max_connections) {
        evconnlistener_enable(server->listener);
        server->listening = true;
    }
    tell_stopped(server);
}

static void on_sweep(evutil_socket_t fd, short events, void *user) {
    (void)fd, (void)events;
    sweep(user);
}

static void end_loop(HttpServer *server) {
    LIST_FOR_EACH (node, &server->connections)
        http_connection_close(LIST_ITEM(node, HttpConnection, node));
    event_base_loopbreak(server->base);
}

static HttpExchange *take_answered(HttpServer *server) {
    LOCKED(&server->mutex);
    ListNode *node = list_pop_front(&server->answered);
    return node ? LIST_ITEM(node, HttpExchange, node) : NULL;
}

static void on_answered(evutil_socket_t fd, short events, void *user) {
    (void)events;
    HttpServer *server = user;
    uint64_t count;
    (void)!read(fd, &count, sizeof count);
    for (HttpExchange *exchange; (exchange = take_answered(server));) {
        if (exchange->connection)
            http_connection_answer(exchange->connection, exchange);
        http_exchange_unref(exchange);
    }
    if (atomic_load(&server->ending))
        end_loop(server);
    else if (atomic_load(&server->stopping))
        sweep(server);
}

static void on_kick(evutil_socket_t fd, short events, void *user) {
    (void)fd, (void)events;
    HttpServer *server = user;
    if (scheduler_run_inline(server->context->scheduler))
        event_active(server->kick_event, EV_TIMEOUT, 0);
    else
        scheduler_kick(server->context->scheduler);
}

static void loop_run(void *user) {
    HttpServer *server = user;
    event_base_loop(server->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

/* --- making it --- */

/* address NULL: the socket that is inherited. */
static Status listen_on(HttpServer *server, const struct addrinfo *address,
                        const HttpOptions *options) {
    unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE |
                     LEV_OPT_DISABLED | (options->reuse_port ? LEV_OPT_REUSEABLE_PORT : 0);
    server->listener =
        address
            ? evconnlistener_new_bind(server->base, on_accept, server, flags, BACKLOG,
                                      address->ai_addr, (int)address->ai_addrlen)
            : evconnlistener_new(server->base, on_accept, server, flags, 0, options->inherited_fd);
    if (!server->listener)
        return status_error(STATUS_UNAVAILABLE, "%s", strerror(errno));
    evconnlistener_set_error_cb(server->listener, on_accept_error);
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    if (getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&bound, &length))
        return status_error(STATUS_UNAVAILABLE, "%s", strerror(errno));
    server->port = bound.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&bound)->sin6_port)
                                               : ntohs(((struct sockaddr_in *)&bound)->sin_port);
    return status_ok();
}

static Status bind_address(HttpServer *server, const HttpOptions *options) {
    char port[16], host[256];
    if (options->inherited_fd > 0)
        return listen_on(server, NULL, options);
    size_t length = strlen(options->address);
    bool brackets = length > 2 && options->address[0] == '[' && options->address[length - 1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(length - (brackets ? 2 : 0)),
             options->address + brackets);
    snprintf(port, sizeof port, "%d", options->port);
    struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM },
                    *found = NULL;
    int error = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (error)
        return status_error(STATUS_INVALID_ARGUMENT, "--http-address=%s: %s", options->address,
                            gai_strerror(error));
    Status status = listen_on(server, found, options);
    freeaddrinfo(found);
    if (status_is_ok(&status))
        return status;
    return status_prefix(&status, "cannot listen for HTTP on %s:%d", options->address,
                         options->port);
}

static struct event *new_event(HttpServer *server, int fd, short events, event_callback_fn run,
                               int priority) {
    struct event *event = event_new(server->base, fd, events, run, server);
    if (event)
        event_priority_set(event, priority);
    return event;
}

static Status make_loop(HttpServer *server) {
    struct event_config *config = event_config_new();
    if (config) {
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
        event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
        server->base = event_base_new_with_config(config);
        event_config_free(config);
    }
    if (!server->base || event_base_priority_init(server->base, PRIORITIES))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cannot make an event loop");
    server->answered_event =
        new_event(server, server->wake_fd, EV_READ | EV_PERSIST, on_answered, PRIORITY_REPLIES);
    server->sweep_event = new_event(server, -1, EV_PERSIST, on_sweep, PRIORITY_REPLIES);
    server->kick_event = new_event(server, -1, 0, on_kick, PRIORITY_KICK);
    if (!server->answered_event || !server->sweep_event || !server->kick_event ||
        event_add(server->answered_event, NULL) || event_add(server->sweep_event, &SWEEP_INTERVAL))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cannot make an event");
    return status_ok();
}

Status http_server_new(const HttpOptions *options, ServerContext *context,
                       HttpServer **ret_server) {
    AUTO(http_server_free) HttpServer *server = calloc(1, sizeof *server);
    if (!server)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    server->context = context;
    server->limits = options->limits;
    server->tls = options->tls;
    server->max_connections = options->max_connections;
    server->request_timeout_ns = options->request_timeout_ns;
    server->allow_cors = options->allow_cors;
    server->only_metrics = options->only_metrics;
    server->peers = peers_new(options->max_peer_connections);
    if (!server->peers)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    list_init(&server->connections);
    list_init(&server->answered);
    mutex_init(&server->mutex);
    cond_init(&server->changed);
    server->stopped_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->stopped_fd < 0 || server->wake_fd < 0)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cannot make an event descriptor");
    http_parser_set_max_header_size(HTTP_HEADER_BYTES_MAX);
    TRY(make_loop(server));
    TRY(bind_address(server, options));
    *ret_server = TAKE(server);
    return status_ok();
}

Status http_server_start(HttpServer *server) {
    evconnlistener_enable(server->listener);
    server->listening = true;
    TRY(thread_start(&server->thread, THREAD_HTTP, "http", loop_run, server));
    server->started = true;
    return status_ok();
}

int http_server_port(const HttpServer *server) {
    return server->port;
}

size_t http_server_live(const HttpServer *server) {
    return server ? atomic_load(&((HttpServer *)(uintptr_t)server)->live) : 0;
}

HttpCounts http_server_counts(HttpServer *server) {
    if (!server)
        return (HttpCounts){ 0 };
    return (HttpCounts){ .connections = atomic_load(&server->connection_count),
                         .refused_connections = atomic_load(&server->refused_connections) };
}

/* --- the end --- */

static void wake(HttpServer *server) {
    uint64_t one = 1;
    (void)!write(server->wake_fd, &one, sizeof one);
}

void http_server_stop(HttpServer *server) {
    if (!server)
        return;
    atomic_store(&server->stopping, true);
    wake(server);
}

int http_server_stopped_fd(const HttpServer *server) {
    return server ? server->stopped_fd : -1;
}

void http_server_close(HttpServer *server) {
    if (!server || server->closed)
        return;
    server->closed = true;
    atomic_store(&server->stopping, true);
    atomic_store(&server->ending, true);
    if (server->started) {
        wake(server);
        thread_join(&server->thread);
    }
    stop_listening(server);
    /* What was in progress is cancelled; workers still answer it, to nobody. */
    mutex_lock(&server->mutex);
    while (server->exchanges > 0) {
        ListNode *node = list_pop_front(&server->answered);
        if (node) {
            mutex_unlock(&server->mutex);
            http_exchange_unref(LIST_ITEM(node, HttpExchange, node));
            mutex_lock(&server->mutex);
        } else {
            cond_wait(&server->changed, &server->mutex);
        }
    }
    mutex_unlock(&server->mutex);
}

static void free_event(struct event *event) {
    if (event)
        event_free(event);
}

void http_server_free(HttpServer *server) {
    if (!server)
        return;
    http_server_close(server);
    free_event(server->answered_event);
    free_event(server->sweep_event);
    free_event(server->kick_event);
    if (server->base)
        event_base_free(server->base);
    if (server->stopped_fd >= 0)
        close(server->stopped_fd);
    if (server->wake_fd >= 0)
        close(server->wake_fd);
    cond_deinit(&server->changed);
    mutex_deinit(&server->mutex);
    peers_free(server->peers);
    free(server);
}
