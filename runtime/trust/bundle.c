/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads the outer document. It is hostile until its signature holds: members that count may be
 * there once, what is not known is skipped (the format grows), what could be read in two ways is
 * refused: more than one signature, a key beside certificates, another payload type.
 *
 * Pure but for the arena; any thread.
 */

#include "runtime/trust/bundle.h"

#include "runtime/base/size.h"
#include "runtime/json/base64.h"
#include "runtime/json/json_reader.h"
#include "runtime/trust/json_members.h"

#include <string.h>

static bool read_base64(JsonReader *reader, Arena *arena, StringView *dst) {
    StringView text = { 0 };
    if (dst->data || !json_text_once(reader, arena, &text))
        return json_fail(reader, reader->at, "a member is there twice, or not text");
    char *bytes = arena_alloc(arena, base64_bytes_max(text.length));
    if (!bytes) {
        reader->memory = true;
        return json_fail(reader, reader->at, "out of memory");
    }
    if (!base64_decode(text.data, text.length, bytes, &dst->length))
        return json_fail(reader, reader->at, "a member is not base64");
    dst->data = bytes;
    return true;
}

static bool read_public_key(JsonReader *reader, Arena *arena, void *user) {
    static const JsonMember members[] = { { "hint", json_member_text, 0 } };
    Bundle *bundle = user;
    return json_members(reader, arena, members, ARRAY_LENGTH(members), &bundle->key_hint);
}

static bool read_raw_bytes(JsonReader *reader, Arena *arena, void *user) {
    return read_base64(reader, arena, user);
}

static bool read_certificate(JsonReader *reader, Arena *arena, Bundle *bundle) {
    static const JsonMember members[] = { { "rawBytes", read_raw_bytes, 0 } };
    if (bundle->certificate_count == BUNDLE_CERTIFICATES_MAX)
        return json_fail(reader, reader->at, "there are too many certificates");
    StringView *slot = &bundle->certificates[bundle->certificate_count];
    if (!json_members(reader, arena, members, ARRAY_LENGTH(members), slot))
        return false;
    if (slot->length == 0)
        return json_fail(reader, reader->at, "a certificate is empty");
    bundle->certificate_count++;
    return true;
}

static bool read_certificates(JsonReader *reader, Arena *arena, void *user) {
    Bundle *bundle = user;
    if (bundle->certificate_count || json_peek(reader) != JSON_KIND_ARRAY || !json_open(reader))
        return json_fail(reader, reader->at, "certificates are there twice, or no array");
    while (json_next_element(reader))
        if (!read_certificate(reader, arena, bundle))
            return false;
    return !reader->mistake;
}

static bool read_chain(JsonReader *reader, Arena *arena, void *user) {
    static const JsonMember members[] = { { "certificates", read_certificates, 0 } };
    return json_members(reader, arena, members, ARRAY_LENGTH(members), user);
}

static bool read_material(JsonReader *reader, Arena *arena, void *user) {
    static const JsonMember members[] = { { "publicKey", read_public_key, 0 },
                                          { "x509CertificateChain", read_chain, 0 } };
    return json_members(reader, arena, members, ARRAY_LENGTH(members), user);
}

/* --- envelope --- */

typedef struct Envelope {
    StringView payload, payload_type, signature;
} Envelope;

static bool read_signatures(JsonReader *reader, Arena *arena, void *user) {
    static const JsonMember members[] = { { "sig", read_raw_bytes, 0 } };
    Envelope *envelope = user;
    if (envelope->signature.data || json_peek(reader) != JSON_KIND_ARRAY || !json_open(reader))
        return json_fail(reader, reader->at, "signatures are there twice, or no array");
    while (json_next_element(reader)) {
        if (envelope->signature.data)
            return json_fail(reader, reader->at, "there is more than one signature");
        if (!json_members(reader, arena, members, ARRAY_LENGTH(members), &envelope->signature))
            return false;
    }
    return !reader->mistake;
}

static bool read_envelope(JsonReader *reader, Arena *arena, void *user) {
    static const JsonMember members[] = {
        { "payload", read_raw_bytes, offsetof(Envelope, payload) },
        { "payloadType", json_member_text, offsetof(Envelope, payload_type) },
        { "signatures", read_signatures, 0 },
    };
    return json_members(reader, arena, members, ARRAY_LENGTH(members), user);
}

typedef struct Document {
    Bundle bundle;
    Envelope envelope;
    StringView media_type;
} Document;

Status bundle_parse(const char *text, size_t length, Arena *arena, Bundle *ret_bundle) {
    static const JsonMember members[] = {
        { "mediaType", json_member_text, offsetof(Document, media_type) },
        { "verificationMaterial", read_material, offsetof(Document, bundle) },
        { "dsseEnvelope", read_envelope, offsetof(Document, envelope) },
    };
    Document document = { 0 };
    JsonReader reader = json_reader_of(text, length);
    json_members(&reader, arena, members, ARRAY_LENGTH(members), &document);
    TRY(json_document_status(&reader, arena));
    if (!json_text_is(document.media_type, BUNDLE_MEDIA_TYPE))
        return status_error(STATUS_INVALID_ARGUMENT, "expected a bundle of %s", BUNDLE_MEDIA_TYPE);
    if (!json_text_is(document.envelope.payload_type, BUNDLE_PAYLOAD_TYPE))
        return status_error(STATUS_INVALID_ARGUMENT, "expected an envelope of %s",
                            BUNDLE_PAYLOAD_TYPE);
    if (document.envelope.payload.length == 0 || document.envelope.signature.length == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "expected one payload and one signature");
    if (document.bundle.key_hint.data && document.bundle.certificate_count)
        return status_error(STATUS_INVALID_ARGUMENT, "expected a key or certificates, got both");
    document.bundle.payload = document.envelope.payload;
    document.bundle.signature = document.envelope.signature;
    *ret_bundle = document.bundle;
    return status_ok();
}
