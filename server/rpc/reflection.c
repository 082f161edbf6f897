/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * grpc.reflection v1 and v1alpha: the same messages under two names, so one handler. It is how
 * grpcurl and its kin list, describe and call our methods without having the contracts. A file is
 * sent with all that it imports, so that one question is enough. Requests are read and answers
 * written by hand: nothing here is unpacked by recursive code. Thread: rpc.
 */

#include "runtime/base/size.h"
#include "server/rpc/stream.h"
#include "server/wire/span_reader.h"
#include "server/wire/wire_writer.h"

#include <stdio.h>
#include <string.h>

enum {
    REQUEST_HOST = 1,
    REQUEST_FILE = 3,
    REQUEST_SYMBOL = 4,
    REQUEST_EXTENSION = 5,
    REQUEST_EXTENSIONS_OF = 6,
    REQUEST_LIST = 7,
    REPLY_HOST = 1,
    REPLY_REQUEST = 2,
    REPLY_FILES = 4,
    REPLY_SERVICES = 6,
    REPLY_ERROR = 7,
    FILES_FILE = 1,
    SERVICES_SERVICE = 1,
    SERVICE_NAME = 1,
    ERROR_CODE = 1,
    ERROR_MESSAGE = 2,
};
enum { SERVICES_MAX = 64, TEXT_MAX = 1024 };

typedef struct Question {
    StringView host;
    uint32_t kind; /* REQUEST_FILE ...; 0: none */
    StringView text;
} Question;

static Status copy_text(SpanReader reader, Arena *arena, StringView *ret_text) {
    size_t length = reader.left;
    if (length > TEXT_MAX)
        return status_error(STATUS_INVALID_ARGUMENT, "a name of %zu bytes is above the limit of %d",
                            length, TEXT_MAX);
    char *text = arena_alloc(arena, length);
    if (!text)
        return arena_exhausted(arena);
    if (!span_reader_copy(&reader, length, text))
        return status_error(STATUS_INVALID_ARGUMENT, "malformed request");
    *ret_text = (StringView){ .data = text, .length = length };
    return status_ok();
}

static Status read_question(const Spans *message, Arena *arena, Question *ret_question) {
    SpanReader reader = span_reader_of(message);
    WireField field;
    WireResult result;
    *ret_question = (Question){ .host = { .data = "" }, .text = { .data = "" } };
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD) {
        if (field.type != WIRE_BYTES)
            continue;
        if (field.number == REQUEST_HOST)
            TRY(copy_text(field.bytes, arena, &ret_question->host));
        if (field.number >= REQUEST_FILE &&
            field.number <= REQUEST_LIST) { /* a oneof: the last one counts */
            ret_question->kind = field.number;
            TRY(copy_text(field.bytes, arena, &ret_question->text));
        }
    }
    if (result == WIRE_MALFORMED)
        return status_error(STATUS_INVALID_ARGUMENT, "malformed request");
    return status_ok();
}

/* --- answers --- */

static Status add_head(WireReply *reply, uint32_t field, size_t length) {
    unsigned char head[20];
    unsigned char *end = put_head(head, field, length);
    return wire_reply_add(reply, head, (size_t)(end - head), NULL);
}

static Status answer_error(WireReply *reply, StatusCode code, const char *what, StringView name) {
    char text[256];
    int shown = (int)MIN_OF(name.length, (size_t)128);
    int length = snprintf(text, sizeof text, "%s '%.*s'", what, shown, name.data);
    StringView message = { .data = text, .length = MIN_OF((size_t)length, sizeof text - 1) };
    unsigned char body[300];
    unsigned char *end = put_number(body, ERROR_CODE, code);
    end = put_text(end, ERROR_MESSAGE, message);
    TRY(add_head(reply, REPLY_ERROR, (size_t)(end - body)));
    return wire_reply_add(reply, body, (size_t)(end - body), NULL);
}

/* The file and all that it imports, each once: a mark per file and a list that grows at its end. */
static Status answer_files(const DescriptorIndex *index, size_t file, Arena *arena,
                           WireReply *reply) {
    size_t count = descriptor_index_file_count(index), listed = 0, bytes = 0;
    size_t *list = arena_calloc(arena, count, sizeof *list);
    bool *marked = arena_calloc(arena, count, sizeof *marked);
    if (!list || !marked)
        return arena_exhausted(arena);
    list[listed++] = file;
    marked[file] = true;
    for (size_t i = 0; i < listed; i++) {
        const DescriptorFile *current = descriptor_index_file(index, list[i]);
        bytes += text_bytes(FILES_FILE, current->bytes);
        for (size_t k = 0; k < current->import_count; k++) {
            size_t import = current->imports[k];
            if (!marked[import])
                list[listed++] = import;
            marked[import] = true;
        }
    }
    TRY(add_head(reply, REPLY_FILES, bytes));
    for (size_t i = 0; i < listed; i++) {
        StringView content = descriptor_index_file(index, list[i])->bytes;
        TRY(add_head(reply, FILES_FILE, content.length));
        TRY(wire_reply_add(reply, content.data, content.length, NULL));
    }
    return status_ok();
}

/* "/package.Service/Method" -> "package.Service" */
static StringView service_of(const MethodRow *row) {
    const char *name = row->path + 1;
    return (StringView){ .data = name, .length = (size_t)(strchr(name, '/') - name) };
}

static bool is_listed(const StringView *services, size_t count, StringView name) {
    for (size_t i = 0; i < count; i++)
        if (services[i].length == name.length && !memcmp(services[i].data, name.data, name.length))
            return true;
    return false;
}

static Status answer_services(const RpcServer *server, WireReply *reply) {
    StringView services[SERVICES_MAX];
    size_t count = 0, bytes = 0;
    for (size_t i = 0; i < server->method_count && count < SERVICES_MAX; i++) {
        StringView name = service_of(server->methods[i].row);
        if (is_listed(services, count, name))
            continue;
        services[count++] = name;
        size_t entry = text_bytes(SERVICE_NAME, name);
        bytes += head_bytes(SERVICES_SERVICE, entry) + entry;
    }
    TRY(add_head(reply, REPLY_SERVICES, bytes));
    for (size_t i = 0; i < count; i++) {
        TRY(add_head(reply, SERVICES_SERVICE, text_bytes(SERVICE_NAME, services[i])));
        TRY(add_head(reply, SERVICE_NAME, services[i].length));
        TRY(wire_reply_add(reply, services[i].data, services[i].length, NULL));
    }
    return status_ok();
}

static Status answer_file(const DescriptorIndex *index, size_t file, const char *what,
                          StringView name, WireReply *reply) {
    if (file == INDEX_NONE)
        return answer_error(reply, STATUS_NOT_FOUND, what, name);
    return answer_files(index, file, reply->arena, reply);
}

static Status answer(const RpcServer *server, const Question *question, WireReply *reply) {
    const DescriptorIndex *index = server->descriptors;
    StringView text = question->text;
    switch (question->kind) {
    case REQUEST_LIST:
        return answer_services(server, reply);
    case REQUEST_FILE:
        return answer_file(index, descriptor_index_find_file(index, text), "no file", text, reply);
    case REQUEST_SYMBOL:
        return answer_file(index, descriptor_index_find_symbol(index, text), "no symbol", text,
                           reply);
    case REQUEST_EXTENSION:
    case REQUEST_EXTENSIONS_OF: /* our contracts have none */
        return answer_error(reply, STATUS_NOT_FOUND, "no extensions of",
                            (StringView){ .data = "" });
    default:
        return answer_error(reply, STATUS_INVALID_ARGUMENT, "no question",
                            (StringView){ .data = "" });
    }
}

static Status reply_to(Call *call, const Spans *message, WireReply *reply) {
    Question question;
    TRY(read_question(message, call->arena, &question));
    TRY(add_head(reply, REPLY_HOST, question.host.length));
    TRY(wire_reply_add(reply, question.host.data, question.host.length, NULL));
    TRY(add_head(reply, REPLY_REQUEST, message->bytes));
    for (size_t i = 0; i < message->count; i++)
        TRY(wire_reply_add(reply, message->items[i].data, message->items[i].bytes, NULL));
    return answer(call->server, &question, reply);
}

static void on_message(Call *call, const Spans *message) {
    if (!message) {
        Status done = status_ok();
        stream_finish(call, &done);
        return;
    }
    if (!stream_try_claim(call))
        return; /* it is being ended */
    WireReply reply;
    wire_reply_init(&reply, call->arena);
    Status status = reply_to(call, message, &reply);
    if (status_is_ok(&status)) {
        stream_write(call, &reply);
        return;
    }
    stream_finish(call, &status);
    stream_rest(call);
}

static void on_written(Call *call) {
    call_release_message(call);
    arena_reset(call->arena);
    call_receive(call);
}

const StreamMethod REFLECTION = { .message = on_message, .written = on_written };
