/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * http_echo FILE: nothing but libevent: takes requests with a Content-Length, reads the body and
 * throws it away, and answers with FILE's bytes. One thread; what any HTTP server on this loop
 * costs at least. Prints its port.
 */

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_MAX = 16 << 20 };

static char reply[REPLY_MAX];
static size_t reply_bytes;

/* Whether a whole request was there; it is gone then. */
static bool take_request(struct evbuffer *input) {
    struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, NULL);
    if (end.pos < 0)
        return false;
    size_t head_bytes = (size_t)end.pos + 4;
    char head[4096] = "";
    evbuffer_copyout(input, head, head_bytes < sizeof head - 1 ? head_bytes : sizeof head - 1);
    const char *length = strcasestr(head, "content-length:");
    size_t body_bytes = length ? strtoul(length + 15, NULL, 10) : 0;
    if (evbuffer_get_length(input) < head_bytes + body_bytes)
        return false;
    evbuffer_drain(input, head_bytes + body_bytes);
    return true;
}

static void on_read(struct bufferevent *peer, void *user) {
    (void)user;
    while (take_request(bufferevent_get_input(peer))) {
        struct evbuffer *output = bufferevent_get_output(peer);
        evbuffer_add_printf(output, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", reply_bytes);
        evbuffer_add_reference(output, reply, reply_bytes, NULL, NULL);
    }
}

static void on_event(struct bufferevent *peer, short events, void *user) {
    (void)user;
    if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        bufferevent_free(peer);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int from_bytes, void *base) {
    (void)listener, (void)from, (void)from_bytes;
    int yes = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct bufferevent *peer = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(peer, on_read, NULL, on_event, NULL);
    bufferevent_enable(peer, EV_READ | EV_WRITE);
}

int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
    if (!file) {
        fprintf(stderr, "usage: http_echo FILE\n");
        return 2;
    }
    reply_bytes = fread(reply, 1, sizeof reply, file);
    fclose(file);
    struct event_base *base = event_base_new();
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct evconnlistener *listener =
        evconnlistener_new_bind(base, on_accept, base, LEV_OPT_CLOSE_ON_FREE, 128,
                                (struct sockaddr *)&address, sizeof address);
    socklen_t length = sizeof address;
    if (!listener ||
        getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &length))
        return 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return event_base_dispatch(base);
}
