/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ModelStreamInfer: many inferences on one stream. Each message becomes a StreamItem, an inference
 * of its own with its own memory; what it answers waits in the item until it is its turn. Answers
 * of ordinary models leave in the order of the requests; those of decoupled models (any number a
 * request) as they come. A failure is an answer too, unless the client wants it to end the stream
 * (metadata triton_grpc_error).
 *
 * Bounded both ways: no more messages are read while ITEMS_MAX requests are in progress or wait to
 * be sent, and a client that does not read what a decoupled model says is ended at REPLY_BYTES_MAX.
 *
 * An item is counted: one reference of the stream's list, until its last answer has been handed to
 * the core, one of the inference, one of whoever works on it. It keeps the call. Threads: messages
 * come on rpc, answers on workers; InferStream.mutex guards the list and what waits. Source:
 * reference open_inference_triton.md 1.4.
 */

#include "runtime/base/size.h"
#include "server/rpc/inference_stream_reply.h"
#include "server/rpc/stream.h"

enum {
    ITEMS_MAX = 64,
    REPLY_BYTES_MAX = 64 << 20,
    ARENA_FIRST_BYTES = 4096,
};

struct InferStream {
    Mutex mutex;
    ListNode items; /* in the order of their messages */
    size_t count, reply_bytes;
    bool closed;       /* the client sends no more */
    bool draining;     /* we take no more: the server stops */
    Status end_status; /* of a stream that drains */
    bool gone;         /* the stream has ended */
    bool paused;       /* the next message has not been asked for */
    /* fixed after open */
    bool errors_end;
};

typedef struct StreamItem {
    ListNode node;
    struct StreamItem *chain; /* of those to be cancelled */
    Call *call;
    Arena *arena, *reply_arena;
    grpc_byte_buffer *message;
    void *inflated;
    size_t reserved_bytes;
    InferCall infer;
    WireInfer wire;
    atomic_uint references;
    /* under the stream's mutex */
    ListNode replies;
    bool is_done, is_decoupled;
} StreamItem;

typedef struct StreamReply {
    ListNode node;
    grpc_byte_buffer *buffer;
    size_t bytes;
} StreamReply;

static StreamItem *item_of(InferCall *infer) {
    return LIST_ITEM(infer, StreamItem, infer);
}

static InferStream *stream_of(const StreamItem *item) {
    return item->call->stream.infer;
}

/* --- items --- */

static void item_charge(StreamItem *item, size_t bytes) {
    atomic_fetch_add(&item->call->server->reserved_bytes, bytes - item->reserved_bytes);
    item->reserved_bytes = bytes;
}

static void release_message(StreamItem *item) {
    if (item->message)
        grpc_byte_buffer_destroy(item->message);
    free(item->inflated);
    item->message = NULL;
    item->inflated = NULL;
}

static void item_unref(StreamItem *item) {
    if (atomic_fetch_sub_explicit(&item->references, 1, memory_order_acq_rel) != 1)
        return;
    Call *call = item->call;
    release_message(item);
    item_charge(item, 0);
    arena_free(item->arena);
    arena_free(item->reply_arena);
    free(item);
    call_unref(call);
}

static void free_reply(StreamReply *reply) {
    grpc_byte_buffer_destroy(reply->buffer);
    free(reply);
}

/* Out of the list, with what it still has to say. Called under the lock; the list's reference is
 * then the caller's. */
static void drop_locked(InferStream *stream, StreamItem *item) {
    for (ListNode *node; (node = list_pop_front(&item->replies)) != NULL;) {
        stream->reply_bytes -= LIST_ITEM(node, StreamReply, node)->bytes;
        free_reply(LIST_ITEM(node, StreamReply, node));
    }
    list_remove(&item->node);
    stream->count--;
}

/* --- sending --- */

/* Takes the reply's bytes into the item's queue. false: there is no room or memory. */
static bool push(StreamItem *item, const WireReply *reply) {
    InferStream *stream = stream_of(item);
    AUTO(free) StreamReply *made = calloc(1, sizeof *made);
    if (!made)
        return false;
    list_init(&made->node);
    made->bytes = reply->bytes;
    Status status = slices_encode(reply, &made->buffer);
    if (!status_is_ok(&status))
        return false;
    LOCKED(&stream->mutex);
    if (stream->gone || stream->reply_bytes > REPLY_BYTES_MAX) {
        grpc_byte_buffer_destroy(made->buffer);
        return stream->gone; /* nobody is there: as good as sent */
    }
    stream->reply_bytes += made->bytes;
    list_push_back(&item->replies, &TAKE(made)->node);
    return true;
}

/* The next answer that may leave; an item that has said all goes. Called under the lock. */
static StreamReply *take_reply_locked(InferStream *stream, StreamItem **ret_ended) {
    bool is_blocked = false;
    LIST_FOR_EACH (node, &stream->items) {
        StreamItem *item = LIST_ITEM(node, StreamItem, node);
        ListNode *first = is_blocked && !item->is_decoupled ? NULL : list_pop_front(&item->replies);
        if (first)
            stream->reply_bytes -= LIST_ITEM(first, StreamReply, node)->bytes;
        if (item->is_done && list_is_empty(&item->replies) && (first || !is_blocked)) {
            list_remove(&item->node);
            stream->count--;
            *ret_ended = item;
        } else if (!item->is_decoupled) {
            is_blocked = true;
        }
        if (first || *ret_ended)
            return first ? LIST_ITEM(first, StreamReply, node) : NULL;
    }
    return NULL;
}

typedef struct Next {
    StreamReply *reply;
    StreamItem *ended;
    bool receive, finished;
    Status end_status;
} Next;

static Next look(InferStream *stream) {
    Next next = { .end_status = status_ok() };
    LOCKED(&stream->mutex);
    next.reply = take_reply_locked(stream, &next.ended);
    next.receive = stream->paused && !stream->closed && !stream->draining && !stream->gone &&
                   stream->count < ITEMS_MAX;
    if (next.receive)
        stream->paused = false;
    next.finished = (stream->closed || stream->draining) && stream->count == 0;
    if (!stream->closed && stream->draining)
        next.end_status = stream->end_status;
    return next;
}

static void wake(Call *call) {
    Next next;
    do {
        next = look(call->stream.infer);
        if (next.receive)
            call_receive(call);
        if (next.reply)
            stream_write_buffer(call, next.reply->buffer);
        free(next.reply);
        if (next.ended)
            item_unref(next.ended);
    } while (next.ended && !next.reply); /* it had nothing left to say */
    if (next.reply)
        return;
    if (next.finished)
        stream_finish(call, &next.end_status);
    stream_rest(call);
}

static void written(Call *call) {
    stream_wake(call);
}

/* --- the inference of one item --- */

static Status inflate_item(InferCall *infer) {
    StreamItem *item = item_of(infer);
    const AdmissionLimits *limits = &item->call->server->limits;
    Span *span = arena_alloc(item->arena, sizeof *span);
    if (!span)
        return arena_exhausted(item->arena);
    size_t bytes;
    TRY(slices_inflate(&infer->message, limits->max_message_bytes, &item->inflated, &bytes));
    *span = (Span){ item->inflated, bytes };
    infer->message = (Spans){ .items = span, .count = 1, .bytes = bytes };
    item_charge(item, item->reserved_bytes + bytes);
    return admission_body(limits, atomic_load(&item->call->server->reserved_bytes), bytes);
}

static Status charge_item(InferCall *infer, size_t arena_bytes) {
    StreamItem *item = item_of(infer);
    RpcServer *server = item->call->server;
    item_charge(item, item->reserved_bytes + arena_bytes);
    return admission_body(&server->limits, atomic_load(&server->reserved_bytes),
                          infer->message.bytes);
}

static void end_slow(StreamItem *item) {
    Status slow =
        status_error(STATUS_RESOURCE_EXHAUSTED,
                     "the client does not read its responses: %d bytes wait", REPLY_BYTES_MAX);
    stream_finish(item->call, &slow);
}

static void answer(StreamItem *item, const Status *status, const WireReply *reply, bool is_final) {
    WireReply wrapped;
    Status made = *status;
    if (status_is_ok(status))
        made = stream_reply_wrap(reply, is_final, item->infer.reply_arena, &wrapped);
    if (!status_is_ok(&made) && stream_of(item)->errors_end) {
        stream_finish(item->call, &made);
        return;
    }
    if (!status_is_ok(&made))
        made = stream_reply_error(&made, item->wire.id, item->arena, &wrapped);
    if (!status_is_ok(&made) || !push(item, &wrapped))
        end_slow(item);
}

static void respond(InferCall *infer, const Status *status, const WireReply *reply) {
    StreamItem *item = item_of(infer);
    {
        LOCKED(&stream_of(item)->mutex);
        item->is_decoupled = true;
    }
    answer(item, status, reply, false);
    stream_wake(item->call);
}

static void finish(InferCall *infer, const Status *status, const WireReply *reply) {
    StreamItem *item = item_of(infer);
    InferStream *stream = stream_of(item);
    WireReply last;
    bool is_decoupled = infer->request.on_response != NULL;
    if (!status_is_ok(status) || !is_decoupled) {
        answer(item, status, reply, true);
    } else if (item->wire.wants_final) {
        Status made = stream_reply_final(&infer->request, item->wire.id, item->arena, &last);
        answer(item, &made, &last, true);
    }
    request_release_outputs(&infer->request);
    lease_release(&infer->request.lease);
    release_message(item);
    item_charge(item, 0);
    bool was_listed;
    {
        LOCKED(&stream->mutex);
        item->is_done = true;
        item->is_decoupled = is_decoupled;
        was_listed = stream->gone && !list_is_empty(&item->node);
        if (was_listed)
            drop_locked(stream, item);
    }
    if (was_listed)
        item_unref(item);
    stream_wake(item->call);
    item_unref(item); /* the inference's own */
}

static void ref(InferCall *infer) {
    atomic_fetch_add_explicit(&item_of(infer)->references, 1, memory_order_relaxed);
}

static void unref(InferCall *infer) {
    item_unref(item_of(infer));
}

static const InferTransport TRANSPORT = {
    .entry = ENTRY_GRPC,
    .open = inflate_item,
    .charge = charge_item,
    .respond = respond,
    .finish = finish,
    .ref = ref,
    .unref = unref,
};

/* --- messages --- */

static bool wants_errors_to_end(const Call *call) {
    for (size_t i = 0; i < call->metadata.count; i++)
        if (grpc_slice_str_cmp(call->metadata.metadata[i].key, "triton_grpc_error") == 0 &&
            grpc_slice_str_cmp(call->metadata.metadata[i].value, "true") == 0)
            return true;
    return false;
}

static Status open_stream(Call *call) {
    InferStream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    mutex_init(&stream->mutex);
    list_init(&stream->items);
    stream->errors_end = wants_errors_to_end(call);
    call->stream.infer = stream;
    return status_ok();
}

/* The call's message and what it is charged become the item's. */
static Status make_item(Call *call, StreamItem **ret_item) {
    AUTO(free) StreamItem *item = calloc(1, sizeof *item);
    AUTO(arena_free) Arena *arena = NULL, *reply_arena = NULL;
    size_t budget = MAX_OF(call->server->context->request_arena_bytes, (size_t)ARENA_FIRST_BYTES);
    if (!item)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(arena_new(ARENA_FIRST_BYTES, budget, &arena));
    TRY(arena_new(ARENA_FIRST_BYTES, budget, &reply_arena));
    TRY(slices_view(call->message, arena, &item->infer.message));
    list_init(&item->node);
    list_init(&item->replies);
    atomic_init(&item->references, 3); /* the list's, the inference's, the caller's */
    item->message = TAKE(call->message);
    item->reserved_bytes = call->reserved_bytes;
    call->reserved_bytes = 0;
    item->call = call_ref(call);
    item->arena = TAKE(arena);
    item->reply_arena = TAKE(reply_arena);
    *ret_item = TAKE(item);
    return status_ok();
}

static void fill_infer(StreamItem *item) {
    Call *call = item->call;
    InferCall *infer = &item->infer;
    infer->context = call->server->context;
    infer->transport = &TRANSPORT;
    infer->protocol = &INFERENCE_INFER;
    infer->arena = item->arena;
    infer->reply_arena = item->reply_arena;
    infer->wire = &item->wire;
    infer->caller = &call->caller;
    infer->arrived_ns = clock_now_ns(clock_monotonic());
    infer->deadline_ns = call->deadline_ns;
    infer->must_open = item->message->data.raw.compression != GRPC_COMPRESS_NONE;
}

static void take_message(Call *call) {
    StreamItem *item;
    Status status = make_item(call, &item);
    if (!status_is_ok(&status)) {
        stream_finish(call, &status);
        return;
    }
    fill_infer(item);
    InferStream *stream = call->stream.infer;
    bool more;
    {
        LOCKED(&stream->mutex);
        list_push_back(&stream->items, &item->node);
        more = ++stream->count < ITEMS_MAX && !stream->draining;
        stream->paused = !more;
    }
    if (more)
        call_receive(call);
    if (infer_start(&item->infer))
        call->server->submitted = true;
    item_unref(item);
}

static void message(Call *call, const Spans *spans) {
    if (!call->stream.infer)
        return; /* it could not be opened, and ends */
    if (spans) {
        take_message(call);
        return;
    }
    {
        LOCKED(&call->stream.infer->mutex);
        call->stream.infer->closed = true;
    }
    stream_wake(call);
}

/* --- the end --- */

/* What is in progress is answered, as for any other call. */
static void drain(Call *call, const Status *status) {
    InferStream *stream = call->stream.infer;
    if (!stream)
        return; /* it could not be opened, and ends */
    {
        LOCKED(&stream->mutex);
        stream->draining = true;
        stream->end_status = *status;
    }
    stream_wake(call);
}

static StreamItem *leave(InferStream *stream) {
    StreamItem *chain = NULL;
    LOCKED(&stream->mutex);
    stream->gone = true;
    LIST_FOR_EACH (node, &stream->items) {
        StreamItem *item = LIST_ITEM(node, StreamItem, node);
        if (item->is_done)
            drop_locked(stream, item); /* its list's reference is the chain's */
        else
            ref(&item->infer);
        item->chain = chain;
        chain = item;
    }
    return chain;
}

static void gone(Call *call) {
    StreamItem *item = call->stream.infer ? leave(call->stream.infer) : NULL;
    while (item) {
        StreamItem *next = item->chain;
        infer_cancel(&item->infer); /* nothing, for one that is done */
        item_unref(item);
        item = next;
    }
}

static void release(Call *call) {
    if (!call->stream.infer)
        return;
    mutex_deinit(&call->stream.infer->mutex);
    free(call->stream.infer);
}

const StreamMethod INFERENCE_STREAM = {
    .takes_messages = true,
    .open = open_stream,
    .drain = drain,
    .message = message,
    .wake = wake,
    .written = written,
    .gone = gone,
    .release = release,
};
