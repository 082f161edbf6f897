/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One walk over the set, with a stack of its own instead of recursion, collects files, imports and
 * full names; names are sorted for bisection. The bytes come from our own build, but are read like
 * any others: every length is checked, nesting is bounded. Field numbers are those of
 * google/protobuf/descriptor.proto. Thread: main builds it; any reads.
 */

#include "server/rpc/descriptor_index.h"

#include "runtime/base/arena.h"
#include "runtime/base/size.h"
#include "server/wire/span_reader.h"

#include <string.h>

enum {
    SET_FILE = 1,
    FILE_NAME = 1,
    FILE_PACKAGE = 2,
    FILE_IMPORT = 3,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    SERVICE_METHOD = 2,
    ANY_NAME = 1, /* of messages, enums, services, methods */
};
enum { DEPTH_MAX = 32, ARENA_BYTES = 64 * 1024, ARENA_LIMIT_BYTES = 16 * 1024 * 1024 };

typedef struct Symbol {
    StringView name;
    size_t file;
} Symbol;

struct DescriptorIndex {
    Arena *arena;
    DescriptorFile *files;
    size_t file_count;
    Symbol *symbols; /* by name once built */
    size_t symbol_count, symbol_capacity;
};

static Status malformed(void) {
    return status_error(STATUS_INTERNAL, "the set of descriptors is malformed");
}

static StringView view_of(const SpanReader *reader) {
    return (StringView){ .data = (const char *)reader->at, .length = reader->left };
}

static int compare_views(StringView a, StringView b) {
    int order = memcmp(a.data, b.data, MIN_OF(a.length, b.length));
    if (order)
        return order;
    return (a.length > b.length) - (a.length < b.length);
}

/* The first bytes field of that number; empty when there is none. */
static Status first_text(SpanReader reader, uint32_t number, StringView *ret_text) {
    *ret_text = (StringView){ .data = "" };
    WireField field;
    WireResult result;
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD)
        if (field.number == number && field.type == WIRE_BYTES) {
            *ret_text = view_of(&field.bytes);
            return status_ok();
        }
    return result == WIRE_END ? status_ok() : malformed();
}

/* "scope.name" in the arena. */
static Status join_name(DescriptorIndex *index, StringView scope, StringView name,
                        StringView *ret_name) {
    size_t dot = scope.length > 0;
    char *text = arena_alloc(index->arena, scope.length + dot + name.length);
    if (!text)
        return arena_exhausted(index->arena);
    memcpy(text, scope.data, scope.length);
    if (dot)
        text[scope.length] = '.';
    memcpy(text + scope.length + dot, name.data, name.length);
    *ret_name = (StringView){ .data = text, .length = scope.length + dot + name.length };
    return status_ok();
}

static Status add_symbol(DescriptorIndex *index, StringView name, size_t file) {
    if (index->symbol_count == index->symbol_capacity) {
        size_t capacity = MAX_OF((size_t)256, 2 * index->symbol_capacity);
        Symbol *symbols = realloc(index->symbols, capacity * sizeof *symbols);
        if (!symbols)
            return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
        index->symbols = symbols;
        index->symbol_capacity = capacity;
    }
    index->symbols[index->symbol_count++] = (Symbol){ .name = name, .file = file };
    return status_ok();
}

/* A declaration whose inside is being read. children: field numbers of the declarations in it
 * (messages, enums, services or methods), 0 for none. */
typedef struct Scope {
    SpanReader reader;
    StringView name;
    const uint32_t *children;
} Scope;

static const uint32_t FILE_CHILDREN[] = { FILE_MESSAGE, FILE_ENUM, FILE_SERVICE };
static const uint32_t MESSAGE_CHILDREN[] = { MESSAGE_NESTED, MESSAGE_ENUM, 0 };
static const uint32_t SERVICE_CHILDREN[] = { 0, 0, SERVICE_METHOD };
static const uint32_t NO_CHILDREN[] = { 0, 0, 0 };

/* What lies inside a declaration of that kind (message, enum, third). */
static const uint32_t *children_of(const Scope *parent, size_t kind) {
    if (kind == 0)
        return MESSAGE_CHILDREN;
    return kind == 2 && parent->children == FILE_CHILDREN ? SERVICE_CHILDREN : NO_CHILDREN;
}

static size_t kind_of(const Scope *scope, const WireField *field) {
    for (size_t kind = 0; kind < ARRAY_LENGTH(FILE_CHILDREN); kind++)
        if (field->type == WIRE_BYTES && scope->children[kind] &&
            scope->children[kind] == field->number)
            return kind;
    return INDEX_NONE;
}

/* All declarations of a file. */
static Status add_declarations(DescriptorIndex *index, size_t file, SpanReader reader,
                               StringView package) {
    Scope stack[DEPTH_MAX] = { { .reader = reader, .name = package, .children = FILE_CHILDREN } };
    size_t depth = 1;
    while (depth) {
        Scope *scope = &stack[depth - 1];
        WireField field;
        WireResult result = span_reader_next(&scope->reader, &field);
        if (result == WIRE_MALFORMED || depth == DEPTH_MAX)
            return malformed();
        if (result == WIRE_END) {
            depth--;
            continue;
        }
        size_t kind = kind_of(scope, &field);
        if (kind == INDEX_NONE)
            continue;
        StringView own, full;
        TRY(first_text(field.bytes, ANY_NAME, &own));
        TRY(join_name(index, scope->name, own, &full));
        TRY(add_symbol(index, full, file));
        stack[depth++] =
            (Scope){ .reader = field.bytes, .name = full, .children = children_of(scope, kind) };
    }
    return status_ok();
}

/* Imports come before their importers in the set, so those of files already there are found. */
static Status add_imports(DescriptorIndex *index, DescriptorFile *file, SpanReader reader) {
    size_t *imports = arena_calloc(index->arena, index->file_count + 1, sizeof *imports);
    if (!imports)
        return arena_exhausted(index->arena);
    WireField field;
    while (span_reader_next(&reader, &field) == WIRE_FIELD) {
        if (field.number != FILE_IMPORT || field.type != WIRE_BYTES)
            continue;
        size_t import = descriptor_index_find_file(index, view_of(&field.bytes));
        if (import != INDEX_NONE && file->import_count < index->file_count)
            imports[file->import_count++] = import;
    }
    file->imports = imports;
    return status_ok();
}

static Status add_file(DescriptorIndex *index, SpanReader reader) {
    DescriptorFile *file = &index->files[index->file_count];
    *file = (DescriptorFile){ .bytes = view_of(&reader) };
    StringView package;
    TRY(first_text(reader, FILE_NAME, &file->name));
    TRY(first_text(reader, FILE_PACKAGE, &package));
    TRY(add_imports(index, file, reader));
    return add_declarations(index, index->file_count++, reader, package);
}

static int compare_symbols(const void *a, const void *b) {
    return compare_views(((const Symbol *)a)->name, ((const Symbol *)b)->name);
}

static Status build(DescriptorIndex *index, const Spans *set) {
    WireField field;
    WireResult result;
    size_t count = 0;
    SpanReader reader = span_reader_of(set);
    while ((result = span_reader_next(&reader, &field)) == WIRE_FIELD)
        count += field.number == SET_FILE && field.type == WIRE_BYTES;
    if (result != WIRE_END)
        return malformed();
    index->files = arena_calloc(index->arena, count, sizeof *index->files);
    if (!index->files)
        return arena_exhausted(index->arena);
    reader = span_reader_of(set);
    while (span_reader_next(&reader, &field) == WIRE_FIELD)
        if (field.number == SET_FILE && field.type == WIRE_BYTES)
            TRY(add_file(index, field.bytes));
    if (index->symbol_count)
        qsort(index->symbols, index->symbol_count, sizeof *index->symbols, compare_symbols);
    return status_ok();
}

Status descriptor_index_new(const void *set, size_t bytes, DescriptorIndex **ret_index) {
    AUTO(descriptor_index_free) DescriptorIndex *index = calloc(1, sizeof *index);
    if (!index)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TRY(arena_new(ARENA_BYTES, ARENA_LIMIT_BYTES, &index->arena));
    Span span = { set, bytes };
    TRY(build(index, &(Spans){ .items = &span, .count = 1, .bytes = bytes }));
    *ret_index = TAKE(index);
    return status_ok();
}

void descriptor_index_free(DescriptorIndex *index) {
    if (!index)
        return;
    arena_free(index->arena);
    free(index->symbols);
    free(index);
}

size_t descriptor_index_file_count(const DescriptorIndex *index) {
    return index->file_count;
}

const DescriptorFile *descriptor_index_file(const DescriptorIndex *index, size_t file) {
    return &index->files[file];
}

size_t descriptor_index_find_file(const DescriptorIndex *index, StringView name) {
    for (size_t i = 0; i < index->file_count; i++)
        if (compare_views(index->files[i].name, name) == 0)
            return i;
    return INDEX_NONE;
}

size_t descriptor_index_find_symbol(const DescriptorIndex *index, StringView name) {
    Symbol key = { .name = name };
    const Symbol *found = index->symbols ? bsearch(&key, index->symbols, index->symbol_count,
                                                   sizeof key, compare_symbols)
                                         : NULL;
    return found ? found->file : INDEX_NONE;
}
