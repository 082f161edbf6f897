/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Requests become text where they end (a few hundred bytes on the stack, copied once), and stand in
 * a list until the thread has written them. Names are escaped here: models' are folders' and ids
 * are clients'. Times are of the monotonic clock, as Triton's. Under the lock nothing but the list
 * is touched. Threads: any (add), its own (files), main (new, free). Source: Triton, trace
 * extension.
 */

#include "server/trace_file.h"

#include "runtime/base/list.h"
#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXT_BYTES = 4096,
    WAITING_BYTES_MAX = 8 << 20,
    FILES_BYTES_MAX = 1 << 30, /* of all files of this process */
};

typedef struct Piece {
    ListNode node;
    bool ends_file;
    size_t bytes;
    char text[];
} Piece;

struct TraceFile {
    const char *path;
    Thread thread;
    Mutex mutex;
    Cond changed;
    /* under mutex */
    ListNode pieces;
    size_t waiting_bytes;
    bool is_stopping, is_numbered;
    /* its own thread */
    FILE *out;
    size_t written_bytes;
    unsigned number;
    bool is_full;
};

/* --- text --- */

typedef struct Text {
    char data[TEXT_BYTES];
    size_t length;
} Text;

__attribute__((format(printf, 2, 3))) static void add(Text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->data + text->length, TEXT_BYTES - text->length, format, arguments);
    va_end(arguments);
    text->length = MIN_OF(text->length + (size_t)MAX_OF(length, 0), (size_t)TEXT_BYTES - 1);
}

static void add_name(Text *text, const char *key, const char *value) {
    add(text, ",\"%s\":\"", key);
    for (; *value; value++) {
        unsigned char byte = (unsigned char)*value;
        if (byte == '"' || byte == '\\' || byte < ' ')
            add(text, "\\u%04x", byte);
        else
            add(text, "%c", byte);
    }
    add(text, "\"");
}

static void add_times(Text *text, const TraceEntry *entry) {
    const RequestTimes *times = &entry->request->times;
    const struct {
        const char *name;
        uint64_t ns;
    } stamps[] = {
        { "REQUEST_START", times->arrived_ns },
        { "QUEUE_START", times->queued_ns },
        { "COMPUTE_START", times->taken_ns },
        { "COMPUTE_INPUT_END", times->gathered_ns },
        { "COMPUTE_OUTPUT_START", times->executed_ns },
        { "COMPUTE_END", times->executed_ns ? entry->ended_ns : 0 },
        { "INFER_RESPONSE_COMPLETE", times->executed_ns ? entry->ended_ns : 0 },
        { "REQUEST_END", entry->ended_ns },
    };
    add(text, ",{\"id\":%llu,\"timestamps\":[", (unsigned long long)entry->id);
    const char *comma = "";
    for (size_t i = 0; i < ARRAY_LENGTH(stamps); i++) {
        if (stamps[i].ns == 0)
            continue; /* it did not come so far */
        add(text, "%s{\"name\":\"%s\",\"ns\":%llu}", comma, stamps[i].name,
            (unsigned long long)stamps[i].ns);
        comma = ",";
    }
    add(text, "]}");
}

void trace_file_add(TraceFile *file, const TraceEntry *entry) {
    static LogLimit limit;
    const ModelVersion *version = entry->request->lease.version;
    Text text;
    text.length = 0;
    add(&text, "{\"id\":%llu", (unsigned long long)entry->id);
    add_name(&text, "model_name", version->name);
    add(&text, ",\"model_version\":%lld", (long long)version->number);
    if (*entry->request_id)
        add_name(&text, "request_id", entry->request_id);
    add(&text, "}");
    if (entry->timestamps)
        add_times(&text, entry);
    Piece *piece = malloc(sizeof *piece + text.length);
    if (!piece)
        return;
    list_init(&piece->node);
    piece->ends_file = entry->ends_file;
    piece->bytes = text.length;
    memcpy(piece->text, text.data, text.length);
    {
        LOCKED(&file->mutex);
        if (file->waiting_bytes + piece->bytes <= WAITING_BYTES_MAX) {
            file->waiting_bytes += piece->bytes;
            list_push_back(&file->pieces, &TAKE(piece)->node);
            cond_signal(&file->changed);
        }
    }
    if (piece)
        log_event_limited(&limit, LOG_WARN, "trace_dropped", "id=%llu reason=\"the disk is slow\"",
                          (unsigned long long)entry->id);
    free(piece);
}

/* --- files --- */

static void tell_failure(const TraceFile *file, const char *what) {
    static LogLimit limit;
    log_event_limited(&limit, LOG_ERROR, "trace_failed", "file=%s doing=%s reason=%s",
                      LOG_TEXT(file->path), what, LOG_TEXT(strerror(errno)));
}

static void end_file(TraceFile *file, bool is_numbered) {
    char name[PATH_MAX];
    if (!file->out)
        return;
    bool written = fputs("]\n", file->out) >= 0;
    written = fclose(file->out) == 0 && written;
    file->out = NULL;
    if (!written)
        tell_failure(file, "write");
    if (!is_numbered)
        return;
    int length = snprintf(name, sizeof name, "%s.%u", file->path, file->number++);
    if (length < (int)sizeof name && rename(file->path, name))
        tell_failure(file, "rename");
}

static void write_piece(TraceFile *file, const Piece *piece) {
    if (file->is_full)
        return;
    file->written_bytes += piece->bytes;
    if (file->written_bytes > FILES_BYTES_MAX) {
        file->is_full = true;
        log_event(LOG_WARN, "traces_full", "bytes=%d", FILES_BYTES_MAX);
        return;
    }
    bool is_first = !file->out;
    if (is_first)
        file->out = fopen(file->path, "we");
    if (!file->out || fputs(is_first ? "[" : ",", file->out) < 0 ||
        fwrite(piece->text, 1, piece->bytes, file->out) != piece->bytes)
        tell_failure(file, "write");
    if (piece->ends_file)
        end_file(file, true);
}

/* NULL: it is over. */
static Piece *next_piece(TraceFile *file) {
    LOCKED(&file->mutex);
    while (list_is_empty(&file->pieces) && !file->is_stopping)
        cond_wait(&file->changed, &file->mutex);
    ListNode *node = list_pop_front(&file->pieces);
    if (!node)
        return NULL;
    Piece *piece = LIST_ITEM(node, Piece, node);
    file->waiting_bytes -= piece->bytes;
    return piece;
}

static void write_main(void *user) {
    TraceFile *file = user;
    for (Piece *piece; (piece = next_piece(file)) != NULL;) {
        write_piece(file, piece);
        free(piece);
    }
    end_file(file, file->is_numbered);
}

/* Found out before anything is served; a file that was there stays until there is a trace. */
static Status check_path(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    bool is_new = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return status_error(STATUS_INVALID_ARGUMENT, "trace file '%s': %s", path, strerror(errno));
    close(fd);
    if (is_new)
        (void)unlink(path);
    return status_ok();
}

Status trace_file_new(const char *path, TraceFile **ret_file) {
    TRY(check_path(path));
    AUTO(free) TraceFile *file = calloc(1, sizeof *file);
    if (!file)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    file->path = path;
    mutex_init(&file->mutex);
    cond_init(&file->changed);
    list_init(&file->pieces);
    TRY(thread_start(&file->thread, THREAD_OTHER, "trace", write_main, file));
    *ret_file = TAKE(file);
    return status_ok();
}

void trace_file_free(TraceFile *file, bool is_numbered) {
    if (!file)
        return;
    {
        LOCKED(&file->mutex);
        file->is_stopping = true;
        file->is_numbered = is_numbered;
        cond_signal(&file->changed);
    }
    thread_join(&file->thread);
    cond_deinit(&file->changed);
    mutex_deinit(&file->mutex);
    free(file);
}

const char *trace_file_path(const TraceFile *file) {
    return file ? file->path : "";
}
