/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads what was signed: one subject, whose hash is that of all files' hashes in the order they
 * stand there, and the files, whole or in shards ("name:begin:end"). The encoding from before
 * version 1.0 is refused: it says neither how files were read nor that all are there. ignore_paths
 * names what was left out when it was signed; it means nothing here, since only what is listed is
 * ever loaded.
 *
 * Pure but for the arena; any thread.
 */

#include "runtime/base/size.h"
#include "runtime/trust/bundle.h"
#include "runtime/trust/json_members.h"

#include <openssl/evp.h>
#include <string.h>

typedef struct Serialization {
    StringView method, hash_type;
} Serialization;

typedef struct Reading {
    StringView type, predicate_type, subject, root;
    size_t subject_count;
    Serialization serialization;
    FileList files; /* in the order they stand there */
    Status status;  /* of a file, which says more than a mistake of JSON */
} Reading;

/* --- subject --- */

static bool read_digest(JsonReader *reader, Arena *arena, void *user) {
    static const JsonMember members[] = { { "sha256", json_member_text, 0 } };
    return json_members(reader, arena, members, ARRAY_LENGTH(members), user);
}

static bool read_subjects(JsonReader *reader, Arena *arena, void *user) {
    static const JsonMember members[] = {
        { "name", json_member_text, offsetof(Reading, subject) },
        { "digest", read_digest, offsetof(Reading, root) },
    };
    Reading *reading = user;
    if (json_peek(reader) != JSON_KIND_ARRAY || !json_open(reader))
        return json_fail(reader, reader->at, "subject is no array");
    while (json_next_element(reader)) {
        if (reading->subject_count++ > 0)
            return json_fail(reader, reader->at, "there is more than one subject");
        if (!json_members(reader, arena, members, ARRAY_LENGTH(members), reading))
            return false;
    }
    return !reader->mistake;
}

/* --- files --- */

typedef struct Resource {
    StringView name, algorithm, digest;
} Resource;

/* The number behind the last ':' of a text, which is cut off. */
static bool cut_number(StringView *text, uint64_t *ret_number) {
    uint64_t number = 0, scale = 1;
    size_t at = text->length, digits = 0;
    for (; at > 0 && text->data[at - 1] >= '0' && text->data[at - 1] <= '9'; at--, digits++) {
        if (digits == 18)
            return false;
        number += (uint64_t)(text->data[at - 1] - '0') * scale;
        scale *= 10;
    }
    if (digits == 0 || at == 0 || text->data[at - 1] != ':')
        return false;
    text->length = at - 1;
    *ret_number = number;
    return true;
}

/* "sha256", or "sha256-sharded-1000000000" of shards: the same hash. */
static bool is_sha256(StringView algorithm) {
    static const char sharded[] = "sha256-sharded-";
    size_t length = sizeof sharded - 1;
    return json_text_is(algorithm, "sha256") ||
           (algorithm.length > length && memcmp(algorithm.data, sharded, length) == 0);
}

/* Whole files have no numbers; whether there must be some is checked when the method is known. */
static Status add_resource(Reading *reading, const Resource *resource, Arena *arena) {
    ListedPart part = { .end = UINT64_MAX };
    if (!is_sha256(resource->algorithm))
        return status_error(STATUS_UNIMPLEMENTED, "hashes of kind '%.*s' are not supported",
                            (int)MIN_OF(resource->algorithm.length, (size_t)40),
                            resource->algorithm.data ? resource->algorithm.data : "");
    if (!digest_parse(resource->digest, &part.digest))
        return status_error(STATUS_INVALID_ARGUMENT, "a digest is not 64 hex digits");
    if (!resource->name.data || memchr(resource->name.data, '\0', resource->name.length))
        return status_error(STATUS_INVALID_ARGUMENT, "a file has no name");
    return file_list_add(&reading->files, arena, resource->name, &part);
}

static bool read_resources(JsonReader *reader, Arena *arena, void *user) {
    static const JsonMember members[] = {
        { "name", json_member_text, offsetof(Resource, name) },
        { "algorithm", json_member_text, offsetof(Resource, algorithm) },
        { "digest", json_member_text, offsetof(Resource, digest) },
    };
    Reading *reading = user;
    if (json_peek(reader) != JSON_KIND_ARRAY || !json_open(reader))
        return json_fail(reader, reader->at, "resources is no array");
    while (json_next_element(reader)) {
        Resource resource = { 0 };
        if (!json_members(reader, arena, members, ARRAY_LENGTH(members), &resource))
            return false;
        reading->status = add_resource(reading, &resource, arena);
        if (!status_is_ok(&reading->status))
            return json_fail(reader, reader->at, "a file is not what it should be");
    }
    return !reader->mistake;
}

static bool read_serialization(JsonReader *reader, Arena *arena, void *user) {
    static const JsonMember members[] = {
        { "method", json_member_text, offsetof(Serialization, method) },
        { "hash_type", json_member_text, offsetof(Serialization, hash_type) },
    };
    return json_members(reader, arena, members, ARRAY_LENGTH(members), user);
}

static bool read_predicate(JsonReader *reader, Arena *arena, void *user) {
    static const JsonMember members[] = {
        { "resources", read_resources, 0 },
        { "serialization", read_serialization, offsetof(Reading, serialization) },
    };
    return json_members(reader, arena, members, ARRAY_LENGTH(members), user);
}

/* --- together --- */

static Status check_root(const Reading *reading) {
    Digest said, found = { 0 };
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool good = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; i < reading->files.count && good; i++)
        good = EVP_DigestUpdate(hash, reading->files.parts[i].digest.bytes, DIGEST_BYTES) == 1;
    good = good && EVP_DigestFinal_ex(hash, found.bytes, NULL) == 1;
    EVP_MD_CTX_free(hash);
    if (!good)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    if (!digest_parse(reading->root, &said) || !digest_equal(&said, &found))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "its root digest is '%.*s', that of its files is %s",
                            (int)MIN_OF(reading->root.length, (size_t)2 * DIGEST_BYTES),
                            reading->root.data ? reading->root.data : "", DIGEST_TEXT(&found));
    return status_ok();
}

/* "name:begin:end" of each. */
static Status split_shards(FileList *files, Arena *arena) {
    for (size_t i = 0; i < files->count; i++) {
        ListedPart *part = &files->parts[i];
        StringView name = { part->name, strlen(part->name) };
        if (!cut_number(&name, &part->end) || !cut_number(&name, &part->begin) ||
            !file_list_name_is_good(name.data, name.length))
            return status_error(STATUS_INVALID_ARGUMENT, "'%.120s' is no shard", part->name);
        part->name = arena_strndup(arena, name.data, name.length);
        if (!part->name)
            return arena_exhausted(arena);
    }
    return status_ok();
}

static Status check_kinds(const Reading *reading) {
    const struct {
        StringView found;
        const char *wanted;
    } rows[] = {
        { reading->type, STATEMENT_TYPE },
        { reading->predicate_type, STATEMENT_PREDICATE_TYPE },
        { reading->serialization.hash_type, "sha256" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (!json_text_is(rows[i].found, rows[i].wanted))
            return status_error(STATUS_INVALID_ARGUMENT, "expected a statement of '%s', got '%.*s'",
                                rows[i].wanted, (int)MIN_OF(rows[i].found.length, (size_t)80),
                                rows[i].found.data ? rows[i].found.data : "");
    if (reading->subject_count != 1 || !reading->subject.data || reading->files.count == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "expected one subject and some files");
    return status_ok();
}

Status statement_parse(StringView payload, Arena *arena, Statement *ret_statement) {
    static const JsonMember members[] = {
        { "_type", json_member_text, offsetof(Reading, type) },
        { "predicateType", json_member_text, offsetof(Reading, predicate_type) },
        { "subject", read_subjects, 0 },
        { "predicate", read_predicate, 0 },
    };
    Reading reading = { .status = status_ok() };
    JsonReader reader = json_reader_of(payload.data, payload.length);
    json_members(&reader, arena, members, ARRAY_LENGTH(members), &reading);
    TRY(reading.status);
    TRY(json_document_status(&reader, arena));
    TRY(check_kinds(&reading));
    TRY(check_root(&reading));
    if (json_text_is(reading.serialization.method, "shards"))
        TRY(split_shards(&reading.files, arena));
    else if (!json_text_is(reading.serialization.method, "files"))
        return status_error(STATUS_UNIMPLEMENTED, "its files were read in a way not supported");
    TRY(file_list_finish(&reading.files));
    *ret_statement = (Statement){ .subject = reading.subject, .files = reading.files };
    return status_ok();
}
