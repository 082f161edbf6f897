/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Matching, a pattern at a time: there are few, and a mismatch shows in the first bytes. The table
 * itself is in route_table.c. Pure but for the arena; any thread.
 */

#include "server/rest/routes.h"

#include "runtime/base/size.h"

#include <string.h>
#include <strings.h>

StringView route_path(const char *target, size_t length) {
    static const char scheme[] = "http://";
    if (length >= sizeof scheme - 1 && !strncasecmp(target, scheme, sizeof scheme - 1)) {
        const char *slash = memchr(target + sizeof scheme - 1, '/', length - (sizeof scheme - 1));
        length = slash ? length - (size_t)(slash - target) : 0;
        target = slash ? slash : "";
    }
    const char *query = memchr(target, '?', length);
    return (StringView){ .data = target, .length = query ? (size_t)(query - target) : length };
}

static bool begins_with(StringView path, const char *text) {
    size_t length = strlen(text);
    return path.length >= length && !strncasecmp(path.data, text, length) &&
           (path.length == length || path.data[length] == '/');
}

bool route_is_tensorflow(StringView path) {
    return begins_with(path, "/v1");
}

/* How many bytes at `at` a placeholder takes. */
static size_t capture_bytes(char placeholder, const char *at, const char *end) {
    const char *behind = at;
    while (behind < end && *behind != '/' && *behind != ':' &&
           (placeholder != '#' || (*behind >= '0' && *behind <= '9')))
        behind++;
    return (size_t)(behind - at);
}

bool route_fits(const char *pattern, StringView path, StringView captures[static 3]) {
    static const char placeholders[] = "*#@";
    const char *at = path.data, *end = path.data + path.length;
    bool any_case = route_is_tensorflow(path), in_verb = false;
    for (; *pattern; pattern++) {
        const char *which = strchr(placeholders, *pattern);
        if (which) {
            size_t bytes = capture_bytes(*pattern, at, end);
            if (bytes == 0)
                return false;
            captures[which - placeholders] = (StringView){ .data = at, .length = bytes };
            at += bytes;
            continue;
        }
        in_verb = in_verb || *pattern == ':';
        bool same = at < end && (*at == *pattern || (any_case && !in_verb && *at >= 'A' &&
                                                     *at <= 'Z' && (*at | 0x20) == *pattern));
        if (!same)
            return false;
        at++;
    }
    return at == end;
}

static int hex_digit(char character) {
    char lower = (char)(character | 0x20);
    if (character >= '0' && character <= '9')
        return character - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static Status decode(StringView raw, Arena *arena, StringView *ret_text) {
    char *text = arena_alloc(arena, raw.length + 1);
    size_t length = 0;
    if (!text)
        return arena_exhausted(arena);
    for (size_t i = 0; i < raw.length; i++) {
        int high = raw.data[i] == '%' && i + 2 < raw.length ? hex_digit(raw.data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(raw.data[i + 2]) : -1;
        if (raw.data[i] == '%' && (low < 0 || (high == 0 && low == 0)))
            return status_error(STATUS_INVALID_ARGUMENT, "bad percent-encoding in the path");
        text[length++] = raw.data[i] == '%' ? (char)(high << 4 | low) : raw.data[i];
        i += raw.data[i] == '%' ? 2 : 0;
    }
    text[length] = '\0';
    *ret_text = (StringView){ .data = text, .length = length };
    return status_ok();
}

Status route_find(const RouteRow *rows, size_t count, const char *method, StringView path,
                  Arena *arena, RouteMatch *ret_match) {
    RouteMatch match = { 0 };
    if (!strcmp(method, "HEAD"))
        method = "GET";
    for (size_t i = 0; i < count && !match.row; i++) {
        StringView captures[3] = { 0 };
        if (!route_fits(rows[i].pattern, path, captures))
            continue;
        if (strcmp(rows[i].method, method) != 0) {
            match.wrong_method = true;
            continue;
        }
        match.row = &rows[i];
        TRY(decode(captures[0], arena, &match.model));
        TRY(decode(captures[1], arena, &match.version));
        TRY(decode(captures[2], arena, &match.label));
    }
    *ret_match = match;
    return status_ok();
}
