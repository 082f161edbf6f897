/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lists of files with their hashes. Names are judged before anything is opened by them: what leads
 * out of a version, is there twice, or could be spelt in two ways, is refused with the list, not
 * skipped. Parts of a file (model signing calls them shards) must follow each other without a gap
 * from its first byte on; that they reach its end is checked against the content.
 *
 * Pure but for the arena; any thread.
 */

#include "runtime/trust/file_list.h"

#include "runtime/base/size.h"

#include <string.h>

enum { NAME_BYTES_MAX = 1024, SHOWN_MAX = 120 };

bool file_list_name_is_good(const char *name, size_t length) {
    if (length == 0 || length > NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 127 || name[i] == '\\')
            return false;
    for (const char *at = name, *end = name + length;;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        size_t part = (size_t)((slash ? slash : end) - at);
        bool is_dots = (part == 1 || part == 2) && memcmp(at, "..", part) == 0;
        if (part == 0 || is_dots)
            return false;
        if (!slash)
            return true;
        at = slash + 1;
    }
}

static Status grow(FileList *list, Arena *arena) {
    if (list->count < list->capacity)
        return status_ok();
    if (list->count >= TRUST_FILES_MAX)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "more than %d files are listed",
                            (int)TRUST_FILES_MAX);
    size_t capacity = list->capacity ? 2 * list->capacity : 16;
    ListedPart *grown = arena_calloc(arena, capacity, sizeof *grown);
    if (!grown)
        return arena_exhausted(arena);
    if (list->count > 0)
        memcpy(grown, list->parts, list->count * sizeof *grown);
    list->parts = grown;
    list->capacity = capacity;
    return status_ok();
}

Status file_list_add(FileList *list, Arena *arena, StringView name, const ListedPart *part) {
    if (!file_list_name_is_good(name.data, name.length))
        return status_error(STATUS_INVALID_ARGUMENT, "'%.*s' is no name of a file of a version",
                            (int)MIN_OF(name.length, (size_t)SHOWN_MAX), name.data);
    TRY(grow(list, arena));
    ListedPart *slot = &list->parts[list->count];
    *slot = *part;
    slot->name = arena_strndup(arena, name.data, name.length);
    if (!slot->name)
        return arena_exhausted(arena);
    list->count++;
    return status_ok();
}

static int compare_parts(const void *a, const void *b) {
    const ListedPart *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    return order ? order : (left->begin > right->begin) - (left->begin < right->begin);
}

Status file_list_finish(FileList *list) {
    if (list->count > 0)
        qsort(list->parts, list->count, sizeof *list->parts, compare_parts);
    const ListedPart *before = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const ListedPart *part = &list->parts[i];
        bool first = !before || strcmp(before->name, part->name) != 0;
        if (!first && (part->end == UINT64_MAX || before->end == UINT64_MAX))
            return status_error(STATUS_INVALID_ARGUMENT, "'%.*s' is listed twice", SHOWN_MAX,
                                part->name);
        if (part->begin != (first ? 0 : before->end) || part->end < part->begin)
            return status_error(STATUS_INVALID_ARGUMENT, "the parts of '%.*s' leave a gap",
                                SHOWN_MAX, part->name);
        before = part;
    }
    return status_ok();
}

const ListedPart *file_list_find(const FileList *list, const char *name, size_t *ret_count) {
    size_t low = 0, high = list->count;
    while (low < high) { /* the first that is not below the name */
        size_t middle = low + (high - low) / 2;
        if (strcmp(list->parts[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t count = 0;
    while (low + count < list->count && strcmp(list->parts[low + count].name, name) == 0)
        count++;
    *ret_count = count;
    return count > 0 ? &list->parts[low] : NULL;
}

Status file_list_check(const ListedPart *parts, size_t count, const void *data, size_t length) {
    bool whole = parts[0].end == UINT64_MAX;
    if (!whole && parts[count - 1].end != length)
        return status_error(STATUS_DATA_LOSS, "'%.*s': %llu bytes are listed, it has %zu",
                            SHOWN_MAX, parts[0].name, (unsigned long long)parts[count - 1].end,
                            length);
    for (size_t i = 0; i < count; i++) {
        size_t begin = (size_t)parts[i].begin;
        size_t bytes = whole ? length : (size_t)(parts[i].end - parts[i].begin);
        Digest found = digest_of((const char *)data + begin, bytes);
        if (!digest_equal(&found, &parts[i].digest))
            return status_error(STATUS_DATA_LOSS, "'%.*s': expected SHA-256 %s, got %s", SHOWN_MAX,
                                parts[i].name, DIGEST_TEXT(&parts[i].digest), DIGEST_TEXT(&found));
    }
    return status_ok();
}

/* --- manifest --- */

static Status read_line(StringView line, size_t number, Arena *arena, FileList *list) {
    enum { DIGITS = 2 * DIGEST_BYTES, BLANKS = 2 };
    ListedPart part = { .end = UINT64_MAX };
    bool good = line.length > DIGITS + BLANKS && line.data[DIGITS] == ' ' &&
                (line.data[DIGITS + 1] == ' ' || line.data[DIGITS + 1] == '*') &&
                digest_parse((StringView){ line.data, DIGITS }, &part.digest);
    if (!good)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "line %zu: expected 64 hex digits, two blanks and a name", number);
    StringView name = { line.data + DIGITS + BLANKS, line.length - DIGITS - BLANKS };
    if (name.length > 2 && memcmp(name.data, "./", 2) == 0) /* as find writes them */
        name = (StringView){ name.data + 2, name.length - 2 };
    Status status = file_list_add(list, arena, name, &part);
    return status_prefix(&status, "line %zu", number);
}

Status manifest_parse(const char *text, size_t length, Arena *arena, FileList *ret_list) {
    FileList list = { 0 };
    size_t number = 0;
    for (const char *at = text, *end = text + length; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        StringView line = { at, (size_t)((stop ? stop : end) - at) };
        number++;
        if (line.length > 0 && line.data[line.length - 1] == '\r')
            line.length--;
        if (line.length > 0 && line.data[0] != '#')
            TRY(read_line(line, number, arena, &list));
        at = stop ? stop + 1 : end;
    }
    if (list.count == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "it lists no file");
    TRY(file_list_finish(&list));
    *ret_list = list;
    return status_ok();
}
