/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES (sd_listen_fds(3)), without the library: descriptors
 * from 3 on, named by a list with colons. Two processes that are given the same socket share its
 * queue, so that none of those who wait in it is lost when one of the two ends.
 */

#include "server/inherited.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_FD = 3, FDS_MAX = 16 };

static long number_of(const char *variable) {
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : 0;
}

/* The name at that place of "a:b:c" is this one. */
static bool is_named(const char *names, long index, const char *name) {
    for (; index > 0 && names; index--) {
        names = strchr(names, ':');
        names = names ? names + 1 : NULL;
    }
    size_t length = names ? strcspn(names, ":") : 0;
    return names && length == strlen(name) && !memcmp(names, name, length);
}

int inherited_socket(const char *name) {
    const char *names = getenv("LISTEN_FDNAMES");
    long count = number_of("LISTEN_FDS");
    if (number_of("LISTEN_PID") != (long)getpid() || count > FDS_MAX)
        return -1;
    if (!names)
        names = "grpc:http";
    for (long i = 0; i < count; i++) {
        int fd = FIRST_FD + (int)i;
        if (!is_named(names, i, name))
            continue;
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        return fd; /* one that is no socket is told of when it is listened on */
    }
    return -1;
}
