/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One thread that accepts, counts and hands over. Of each connection it keeps a descriptor of its
 * own: the core shuts a socket down before it closes it, which is how the end is heard of. Nothing
 * is read here. When descriptors run out, what is waiting waits a little longer.
 *
 *     LISTENING -> RETIRING (GOAWAYs are repeated: a handshake may end meanwhile) -> gone_fd
 *              \-> STOPPED (the core gets no more)                  -> the end
 *
 * Thread: its own ("accept"), but for the functions of listener.h.
 */

#include "server/rpc/listener.h"

#include "runtime/base/clock.h"
#include "runtime/base/list.h"
#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "server/access/peers.h"
#include "server/rpc/core_adopt.h"
#include "server/rpc/listen_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS_MAX = 4, EVENTS = 64, ACCEPTS_AT_ONCE = 64, PAUSE_MS = 50 };

typedef enum Phase { PHASE_LISTENING, PHASE_RETIRING, PHASE_STOPPED, PHASE_END } Phase;

/* What an epoll event points to. */
typedef struct Socket {
    int fd;
    ListenerKind kind;
    bool inherited;
} Socket;

typedef struct Connection {
    ListNode node;
    int fd; /* a duplicate */
    Peer *peer;
} Connection;

struct Listener {
    /* fixed after start */
    ListenerOptions options;
    void *handlers[LISTENER_KINDS];
    int port;
    int epoll_fd, wake_fd, gone_fd;
    Thread thread;
    /* its thread, once started */
    Socket sockets[SOCKETS_MAX];
    size_t socket_count;
    bool is_waiting; /* sockets are not looked at */
    Peers *peers;
    ListNode connections;
    /* any thread */
    atomic_int phase;
    atomic_size_t count;
    atomic_uint_fast64_t accepted, refused_all, refused_peer, failed;
    /* under mutex */
    Mutex mutex;
    Cond changed;
    Phase reached;
};

/* --- sockets --- */

static Status add_socket(Listener *listener, int fd, ListenerKind kind, bool inherited) {
    listener->sockets[listener->socket_count] = (Socket){ fd, kind, inherited };
    struct epoll_event event = { .events = EPOLLIN,
                                 .data.ptr = &listener->sockets[listener->socket_count] };
    listener->socket_count++;
    if (epoll_ctl(listener->epoll_fd, EPOLL_CTL_ADD, fd, &event))
        return status_error(STATUS_UNAVAILABLE, "descriptor %d is no socket that listens", fd);
    if (!listener->port)
        listener->port = listen_socket_port(fd);
    return status_ok();
}

static Status bind_all(Listener *listener, const ListenerOptions *options) {
    if (options->inherited_fd > 0)
        TRY(add_socket(listener, options->inherited_fd, LISTENER_NET, true));
    for (size_t i = 0; i < options->address_count; i++) {
        bool is_local = !strncmp(options->addresses[i], "unix", 4);
        int fd;
        if (!is_local && options->inherited_fd > 0)
            continue;
        TRY(listen_socket_open(options->addresses[i], options->reuse_port, &fd));
        TRY(add_socket(listener, fd, is_local ? LISTENER_LOCAL : LISTENER_NET, false));
    }
    return status_ok();
}

static void set_waiting(Listener *listener, bool is_waiting) {
    if (listener->is_waiting == is_waiting)
        return;
    listener->is_waiting = is_waiting;
    for (size_t i = 0; i < listener->socket_count; i++) {
        struct epoll_event event = { .events = is_waiting ? 0 : EPOLLIN,
                                     .data.ptr = &listener->sockets[i] };
        (void)epoll_ctl(listener->epoll_fd, EPOLL_CTL_MOD, listener->sockets[i].fd, &event);
    }
}

/* Others have the same socket open, so that closing it alone would not end its events. */
static void close_watched(const Listener *listener, int fd) {
    (void)epoll_ctl(listener->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    close(fd);
}

static void close_sockets(Listener *listener) {
    for (; listener->socket_count > 0; listener->socket_count--)
        close_watched(listener, listener->sockets[listener->socket_count - 1].fd);
}

/* --- connections --- */

static bool watch(Listener *listener, int fd, Peer *peer) {
    Connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return false;
    connection->peer = peer;
    connection->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    struct epoll_event event = { .events = 0, .data.ptr = connection }; /* its end always comes */
    if (connection->fd < 0 ||
        epoll_ctl(listener->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event)) {
        if (connection->fd >= 0)
            close(connection->fd);
        free(connection);
        return false;
    }
    list_push_back(&listener->connections, &connection->node);
    atomic_fetch_add(&listener->count, 1);
    return true;
}

static void forget(Listener *listener, Connection *connection) {
    close_watched(listener, connection->fd);
    list_remove(&connection->node);
    peers_release(listener->peers, connection->peer);
    free(connection);
    atomic_fetch_sub(&listener->count, 1);
}

static void set_options(const Listener *listener, int fd) {
    int one = 1;
    unsigned timeout_ms = (unsigned)(listener->options.user_timeout_ns / NS_PER_MS);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (timeout_ms)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

static void take(Listener *listener, const Socket *socket, int fd, const struct sockaddr *address) {
    bool is_net = socket->kind == LISTENER_NET;
    Peer *peer = is_net ? peers_acquire(listener->peers, address) : NULL;
    if (is_net && !peer) {
        atomic_fetch_add(&listener->refused_peer, 1);
        close(fd);
        return;
    }
    if (is_net)
        set_options(listener, fd);
    if (!watch(listener, fd, peer)) {
        atomic_fetch_add(&listener->failed, 1);
        peers_release(listener->peers, peer);
        close(fd);
        return;
    }
    atomic_fetch_add(&listener->accepted, 1);
    core_adopt(listener->handlers[socket->kind], socket->fd, fd);
}

static bool is_full(const Listener *listener) {
    size_t most = listener->options.max_connections;
    return most && atomic_load(&listener->count) >= most;
}

/* Returns whether there may be more. */
static bool accept_some(Listener *listener, const Socket *socket) {
    static LogLimit limit;
    for (size_t i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct sockaddr_storage address = { 0 };
        socklen_t length = sizeof address;
        if (is_full(listener)) {
            atomic_fetch_add(&listener->refused_all, 1);
            set_waiting(listener, true); /* until one goes */
            return false;
        }
        int fd =
            accept4(socket->fd, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take(listener, socket, fd, (const struct sockaddr *)&address);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return false;
        atomic_fetch_add(&listener->failed, 1);
        log_event_limited(&limit, LOG_WARN, "accept_failed", "port=%d reason=%s", listener->port,
                          LOG_TEXT(strerror(errno)));
        set_waiting(listener, true);
        return false;
    }
    return true;
}

/* --- its thread --- */

static void reach(Listener *listener, Phase phase) {
    LOCKED(&listener->mutex);
    listener->reached = phase;
    cond_broadcast(&listener->changed);
}

/* Clients that wait in a queue of ours would be cut; those in an inherited one will be served. */
static void end_listening(Listener *listener) {
    for (size_t i = 0; i < listener->socket_count; i++)
        while (!listener->sockets[i].inherited && accept_some(listener, &listener->sockets[i]))
            continue;
    close_sockets(listener);
}

static void handle(Listener *listener, const struct epoll_event *event) {
    uint64_t seen;
    void *what = event->data.ptr;
    bool is_socket =
        what >= (void *)listener->sockets && what < (void *)(listener->sockets + SOCKETS_MAX);
    if (what == listener)
        (void)!read(listener->wake_fd, &seen, sizeof seen);
    else if (is_socket)
        (void)accept_some(listener, what);
    else
        forget(listener, what);
}

static void follow(Listener *listener, Phase *phase) {
    Phase wanted = (Phase)atomic_load(&listener->phase);
    if (wanted != *phase && *phase == PHASE_LISTENING)
        end_listening(listener);
    if (wanted != *phase)
        reach(listener, wanted);
    *phase = wanted;
    if (*phase != PHASE_RETIRING)
        return;
    uint64_t one = 1;
    if (atomic_load(&listener->count) > 0)
        core_send_goaways(listener->options.server);
    else
        (void)!write(listener->gone_fd, &one, sizeof one);
}

static void accept_run(void *user) {
    Listener *listener = user;
    Phase phase = PHASE_LISTENING;
    while (phase != PHASE_END) {
        struct epoll_event events[EVENTS];
        bool looks_again = phase == PHASE_RETIRING || listener->is_waiting;
        int count = epoll_wait(listener->epoll_fd, events, EVENTS, looks_again ? PAUSE_MS : -1);
        bool was_waiting = listener->is_waiting;
        for (int i = 0; i < count; i++)
            handle(listener, &events[i]);
        if (was_waiting && !is_full(listener))
            set_waiting(listener, false);
        follow(listener, &phase);
    }
}

/* --- from outside --- */

Status listener_new(const ListenerOptions *options, Listener **ret_listener) {
    AUTO(listener_free) Listener *listener = calloc(1, sizeof *listener);
    if (!listener) {
        if (options->inherited_fd > 0)
            close(options->inherited_fd);
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    }
    listener->options = *options;
    list_init(&listener->connections);
    mutex_init(&listener->mutex);
    cond_init(&listener->changed);
    listener->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    listener->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    listener->gone_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    listener->peers = peers_new(options->max_peer_connections);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = listener };
    if (listener->epoll_fd < 0 || listener->wake_fd < 0 || listener->gone_fd < 0 ||
        !listener->peers || epoll_ctl(listener->epoll_fd, EPOLL_CTL_ADD, listener->wake_fd, &event))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "cannot make an event descriptor");
    TRY(bind_all(listener, options));
    *ret_listener = TAKE(listener);
    return status_ok();
}

Status listener_start(Listener *listener, void *const handlers[LISTENER_KINDS]) {
    memcpy(listener->handlers, handlers, sizeof listener->handlers);
    return thread_start(&listener->thread, THREAD_OTHER, "accept", accept_run, listener);
}

int listener_port(const Listener *listener) {
    return listener->port;
}

/* Phases only go on. */
static void go_on(Listener *listener, Phase phase) {
    uint64_t one = 1;
    if (!listener->thread.running || (Phase)atomic_load(&listener->phase) >= phase)
        return;
    atomic_store(&listener->phase, (int)phase);
    (void)!write(listener->wake_fd, &one, sizeof one);
}

void listener_retire(Listener *listener) {
    go_on(listener, PHASE_RETIRING);
}

int listener_gone_fd(const Listener *listener) {
    return listener->gone_fd;
}

void listener_stop(Listener *listener) {
    go_on(listener, PHASE_STOPPED);
    LOCKED(&listener->mutex);
    while (listener->thread.running && listener->reached < PHASE_STOPPED)
        cond_wait(&listener->changed, &listener->mutex);
}

void listener_free(Listener *listener) {
    if (!listener)
        return;
    go_on(listener, PHASE_END);
    thread_join(&listener->thread);
    close_sockets(listener);
    for (ListNode *node; (node = list_pop_front(&listener->connections));)
        forget(listener, LIST_ITEM(node, Connection, node));
    peers_free(listener->peers);
    int fds[] = { listener->epoll_fd, listener->wake_fd, listener->gone_fd };
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++)
        if (fds[i] > 0)
            close(fds[i]);
    cond_deinit(&listener->changed);
    mutex_deinit(&listener->mutex);
    free(listener);
}

ListenerCounts listener_counts(const Listener *listener) {
    return (ListenerCounts){ .connections = atomic_load(&listener->count),
                             .accepted = atomic_load(&listener->accepted),
                             .refused_all = atomic_load(&listener->refused_all),
                             .refused_peer = atomic_load(&listener->refused_peer),
                             .failed = atomic_load(&listener->failed) };
}
