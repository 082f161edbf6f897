/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Streams and events. Work is queued and nothing runs until somebody waits; then any stream that
 * can run may go first, drawn from the seed, so an order that was not asked for by an event or by
 * one stream is not had. Whoever waits for an event runs only until that event, which leaves other
 * work as late as possible.
 */

#include "tests/cuda/sim/sim.h"

#include <stdlib.h>
#include <string.h>

enum { STREAMS_MAX = 64 };

typedef enum WorkKind { WORK_RUN, WORK_RECORD, WORK_WAIT } WorkKind;

typedef struct Work {
    struct Work *next;
    WorkKind kind;
    const char *what;
    SimRun run;
    void *context;
    struct CUevent_st *event;
    uint64_t version; /* of the event: what was recorded then */
} Work;

typedef struct CUstream_st {
    struct CUstream_st *next;
    Work *first, **last;
    int device;
} Stream;

typedef struct CUevent_st {
    struct CUevent_st *next;
    uint64_t recorded, reached;
} Event;

/* under sim_lock */
static Stream *streams;
static Event *events;

bool sim_stream_ok(cudaStream_t stream) {
    for (const Stream *it = streams; it; it = it->next)
        if (it == stream)
            return true;
    return false;
}

static bool event_ok(cudaEvent_t event) {
    for (const Event *it = events; it; it = it->next)
        if (it == event)
            return true;
    return false;
}

static bool can_run(const Stream *stream) {
    const Work *work = stream->first;
    return work && (work->kind != WORK_WAIT || work->event->reached >= work->version);
}

static void run_first(Stream *stream) {
    Work *work = stream->first;
    stream->first = work->next;
    if (!stream->first)
        stream->last = &stream->first;
    if (work->kind == WORK_RECORD && work->event->reached < work->version)
        work->event->reached = work->version;
    if (work->kind == WORK_RUN && sim_sticky() == cudaSuccess) {
        sim_memory_open();
        work->run(work->context);
        sim_memory_close();
    }
    free(work->context);
    free(work);
}

/* One piece of work of a stream that can run; false: none can. */
static bool run_any(void) {
    Stream *ready[STREAMS_MAX];
    uint32_t count = 0;
    for (Stream *it = streams; it && count < STREAMS_MAX; it = it->next)
        if (can_run(it))
            ready[count++] = it;
    if (count > 0)
        run_first(ready[sim_draw() % count]);
    return count > 0;
}

void sim_drain(cudaStream_t stream) {
    sim_memory_open(); /* once for all that runs now */
    while (stream->first)
        if (!run_any()) {
            sim_violation("deadlock: a stream waits for an event that nobody records");
            break;
        }
    sim_memory_close();
}

void sim_drain_all(void) {
    sim_memory_open();
    while (run_any())
        ;
    sim_memory_close();
}

void sim_stream_report(void) {
    for (const Stream *it = streams; it; it = it->next)
        sim_violation("leak: a stream%s", it->first ? " with work in it" : "");
    for (const Event *it = events; it; it = it->next)
        sim_violation("leak: an event");
}

static Work *push(Stream *stream, WorkKind kind, const char *what) {
    Work *work = calloc(1, sizeof *work);
    if (!work)
        abort();
    work->kind = kind;
    work->what = what;
    *stream->last = work;
    stream->last = &work->next;
    return work;
}

cudaError_t sim_enqueue(cudaStream_t stream, const char *what, SimRun run, const void *context,
                        size_t bytes) {
    if (sim_sticky() != cudaSuccess)
        return sim_sticky();
    if (!stream) {
        sim_violation("%s on the default stream", what);
        return cudaErrorInvalidResourceHandle;
    }
    if (!sim_stream_ok(stream)) {
        sim_violation("%s on what is no stream", what);
        return cudaErrorInvalidResourceHandle;
    }
    if (stream->device != sim_current_device())
        sim_violation("%s on a stream of device %d, but device %d is current", what, stream->device,
                      sim_current_device());
    Work *work = push(stream, WORK_RUN, what);
    work->run = run;
    work->context = malloc(bytes > 0 ? bytes : 1);
    if (!work->context)
        abort();
    memcpy(work->context, context, bytes);
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) {
    sim_lock();
    cudaError_t error = sim_call("cudaStreamCreate") ? sim_sticky() : cudaErrorMemoryAllocation;
    if (!(flags & cudaStreamNonBlocking))
        sim_violation("a stream that waits for the default stream");
    if (error == cudaSuccess) {
        Stream *made = calloc(1, sizeof *made);
        if (!made)
            abort();
        made->last = &made->first;
        made->device = sim_current_device();
        made->next = streams;
        streams = made;
        *stream = made;
    }
    sim_unlock();
    return error;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    sim_lock();
    sim_call("cudaStreamDestroy");
    cudaError_t error = sim_sticky();
    if (error == cudaSuccess && !sim_stream_ok(stream)) {
        sim_violation("cudaStreamDestroy of what is no stream");
        error = cudaErrorInvalidResourceHandle;
    } else if (error == cudaSuccess) {
        sim_drain(stream);
        Stream **it = &streams;
        while (*it != stream)
            it = &(*it)->next;
        *it = stream->next;
        free(stream);
    }
    sim_unlock();
    return error;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    sim_lock();
    sim_call("cudaStreamSynchronize");
    cudaError_t error = sim_sticky();
    if (error == cudaSuccess && !sim_stream_ok(stream))
        error = cudaErrorInvalidResourceHandle;
    if (error == cudaSuccess) {
        sim_drain(stream);
        error = sim_sticky();
    }
    sim_unlock();
    return error;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
    (void)flags;
    sim_lock();
    sim_call("cudaStreamWaitEvent");
    cudaError_t error = sim_sticky();
    if (error == cudaSuccess && (!sim_stream_ok(stream) || !event_ok(event))) {
        sim_violation("cudaStreamWaitEvent with a bad handle");
        error = cudaErrorInvalidResourceHandle;
    } else if (error == cudaSuccess) {
        Work *work = push(stream, WORK_WAIT, "wait");
        work->event = event;
        work->version = event->recorded;
    }
    sim_unlock();
    return error;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) {
    sim_lock();
    cudaError_t error = sim_call("cudaEventCreate") ? sim_sticky() : cudaErrorMemoryAllocation;
    if (!(flags & cudaEventDisableTiming))
        sim_violation("an event that takes the time, which costs");
    if (error == cudaSuccess) {
        Event *made = calloc(1, sizeof *made);
        if (!made)
            abort();
        made->next = events;
        events = made;
        *event = made;
    }
    sim_unlock();
    return error;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    sim_lock();
    sim_call("cudaEventDestroy");
    cudaError_t error = sim_sticky();
    if (error == cudaSuccess && !event_ok(event)) {
        sim_violation("cudaEventDestroy of what is no event");
        error = cudaErrorInvalidResourceHandle;
    } else if (error == cudaSuccess) {
        sim_drain_all();
        Event **it = &events;
        while (*it != event)
            it = &(*it)->next;
        *it = event->next;
        free(event);
    }
    sim_unlock();
    return error;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    sim_lock();
    sim_call("cudaEventRecord");
    cudaError_t error = sim_sticky();
    if (error == cudaSuccess && (!sim_stream_ok(stream) || !event_ok(event))) {
        sim_violation("cudaEventRecord with a bad handle");
        error = cudaErrorInvalidResourceHandle;
    } else if (error == cudaSuccess) {
        Work *work = push(stream, WORK_RECORD, "record");
        work->event = event;
        work->version = ++event->recorded;
    }
    sim_unlock();
    return error;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    sim_lock();
    sim_call("cudaEventSynchronize");
    cudaError_t error = sim_sticky();
    if (error == cudaSuccess && !event_ok(event)) {
        sim_violation("cudaEventSynchronize with a bad handle");
        error = cudaErrorInvalidResourceHandle;
    }
    uint64_t version = error == cudaSuccess ? event->recorded : 0;
    sim_memory_open();
    while (error == cudaSuccess && event->reached < version) {
        if (!run_any()) {
            sim_violation("deadlock: an event is waited for that no stream reaches");
            break;
        }
        error = sim_sticky();
    }
    sim_memory_close();
    sim_unlock();
    return error;
}
