/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inotify and an eventfd behind one poll. Writes to a file are not asked for: a large copy would
 * wake us for each block, and whether it is over is decided by time anyway. What moves in is told
 * by name, since arrival by rename is how a version is put in place whole.
 *
 * A directory is watched by its descriptor's name under /proc, so that the path is not walked a
 * second time.
 *
 * Thread: repo, but for watch_wake.
 */

#include "runtime/repo/watch.h"

#include "runtime/base/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

struct Watch {
    int notify; /* -1: no inotify */
    int wake;
};

enum {
    WATCH_MASK = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
};

Status watch_new(bool notify, Watch **ret_watch) {
    Watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watch->notify = notify ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
    if (watch->wake < 0) {
        int error = errno;
        watch_free(watch);
        return status_from_errno(error, "eventfd");
    }
    *ret_watch = watch;
    return status_ok();
}

void watch_free(Watch *watch) {
    if (!watch)
        return;
    if (watch->notify >= 0)
        close(watch->notify);
    if (watch->wake >= 0)
        close(watch->wake);
    free(watch);
}

int watch_add(Watch *watch, int directory) {
    char path[64];
    if (watch->notify < 0)
        return WATCH_NONE;
    snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
    int id = inotify_add_watch(watch->notify, path, WATCH_MASK);
    return id < 0 ? WATCH_NONE : id;
}

void watch_remove(Watch *watch, int id) {
    if (watch->notify >= 0 && id != WATCH_NONE)
        inotify_rm_watch(watch->notify, id);
}

void watch_wake(Watch *watch) {
    uint64_t one = 1;
    ssize_t written = write(watch->wake, &one, sizeof one);
    (void)written; /* full: a wake is pending already */
}

/* true: there was at least one event. */
static bool read_events(Watch *watch, WatchMoved moved, void *user) {
    _Alignas(struct inotify_event) char buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
    bool any = false;
    ssize_t got;
    while ((got = read(watch->notify, buffer, sizeof buffer)) > 0) {
        for (char *cursor = buffer; cursor < buffer + got;) {
            const struct inotify_event *event = (const struct inotify_event *)(void *)cursor;
            cursor += sizeof *event + event->len;
            if (event->mask & IN_IGNORED)
                continue;
            any = true;
            if ((event->mask & IN_MOVED_TO) && event->len > 0)
                moved(user, event->wd, event->name);
        }
    }
    return any;
}

bool watch_wait(Watch *watch, uint64_t timeout_ns, WatchMoved moved, void *user) {
    struct pollfd polled[] = { { .fd = watch->wake, .events = POLLIN },
                               { .fd = watch->notify, .events = POLLIN } };
    struct timespec timeout = { .tv_sec = (time_t)(timeout_ns / NS_PER_S),
                                .tv_nsec = (long)(timeout_ns % NS_PER_S) };
    if (ppoll(polled, watch->notify < 0 ? 1 : 2, timeout_ns == TIME_NEVER ? NULL : &timeout,
              NULL) <= 0)
        return false;
    if (polled[0].revents & POLLIN) {
        uint64_t count;
        ssize_t got = read(watch->wake, &count, sizeof count);
        (void)got;
    }
    return watch->notify >= 0 && (polled[1].revents & POLLIN) && read_events(watch, moved, user);
}
