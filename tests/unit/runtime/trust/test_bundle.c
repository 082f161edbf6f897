/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Manifests, bundles, statements and signatures: what is read, what is refused, and that a bit that
 * is flipped anywhere in a bundle never leads to other files being trusted. */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "runtime/json/base64.h"
#include "runtime/trust/sign.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

static Arena *arena;

static int set_up(void **state) {
    (void)state;
    Status status = arena_new(4096, (size_t)256 << 20, &arena);
    return status_is_ok(&status) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static StringView view(const char *text) {
    return (StringView){ text, strlen(text) };
}

#define HASH "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

static void test_manifest_lines(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t count; /* 0: refused */
    } rows[] = {
        { HASH "  model.onnx\n", 1 },
        { HASH " *model.onnx\n", 1 },
        { "# of a release\n\n" HASH "  ./b\r\n" HASH "  a/c", 2 },
        { "", 0 },
        { HASH " model.onnx\n", 0 },
        { HASH "  \n", 0 },
        { HASH "  ../model.onnx\n", 0 },
        { HASH "  /model.onnx\n", 0 },
        { HASH "  a//b\n", 0 },
        { HASH "  a/./b\n", 0 },
        { HASH "  a/\n", 0 },
        { HASH "  a\\b\n", 0 },
        { HASH "  a\tb\n", 0 },
        { HASH "  a\n" HASH "  ./a\n", 0 },
        { "\\" HASH "  a\n", 0 },
        { "z891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03  a\n", 0 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        FileList list = { 0 };
        Status status = manifest_parse(rows[i].text, strlen(rows[i].text), arena, &list);
        if (status_is_ok(&status) != (rows[i].count > 0) || list.count != rows[i].count)
            fail_msg("row %zu: %zu files, %s", i, list.count, status.message);
    }
}

static void test_content_must_fit(void **state) {
    (void)state;
    FileList list;
    size_t count;
    check_ok(manifest_parse(HASH "  a\n", strlen(HASH "  a\n"), arena, &list));
    const ListedPart *parts = file_list_find(&list, "a", &count);
    assert_non_null(parts);
    assert_null(file_list_find(&list, "b", &(size_t){ 0 }));
    check_ok(file_list_check(parts, count, "hello\n", 6)); /* sha256sum knows it */
    Status status = file_list_check(parts, count, "hello", 5);
    assert_int_equal(status.code, STATUS_DATA_LOSS);
    assert_non_null(strstr(status.message, "'a': expected SHA-256 " HASH ", got 2cf24dba"));
}

static void test_long_lists_and_parts(void **state) {
    (void)state;
    char text[40 * 80];
    size_t length = 0, count;
    FileList list;
    for (size_t i = 0; i < 40; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, HASH "  f%02zu\n", 39 - i);
    check_ok(manifest_parse(text, length, arena, &list));
    assert_int_equal(list.count, 40);
    assert_string_equal(list.parts[39].name, "f39");
    ListedPart parts[2] = { { .name = "a", .end = 6 }, { .name = "a", .begin = 6, .end = 12 } };
    assert_true(digest_parse(view(HASH), &parts[0].digest));
    parts[1].digest = parts[0].digest;
    count = ARRAY_LENGTH(parts);
    check_ok(file_list_check(parts, count, "hello\nhello\n", 12));
    Status status = file_list_check(parts, count, "hello\nhello\n", 11);
    assert_int_equal(status.code, STATUS_DATA_LOSS);
    status = file_list_check(parts, count, "hello\nhallo\n", 12);
    assert_int_equal(status.code, STATUS_DATA_LOSS);
}

/* --- signatures --- */

typedef struct Scene {
    Signer signer;
    TrustKey trusted;
    FileList files;
    StringView bundle; /* text */
} Scene;

static char *pem_of(EVP_PKEY *key, bool is_private, size_t *ret_length) {
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *copy;
    if (is_private)
        assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    else
        assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    *ret_length = (size_t)BIO_get_mem_data(bio, &data);
    copy = arena_strndup(arena, data, *ret_length);
    BIO_free(bio);
    return copy;
}

static void open_scene(const char *curve, Scene *scene) {
    static const char manifest[] = HASH "  model.onnx\n" HASH "  weights/w.bin\n";
    *scene = (Scene){ 0 };
    EVP_PKEY *key = EVP_EC_gen(curve);
    size_t private_bytes, public_bytes;
    char *private_pem = pem_of(key, true, &private_bytes);
    char *public_pem = pem_of(key, false, &public_bytes);
    EVP_PKEY_free(key);
    check_ok(signer_read(private_pem, private_bytes, NULL, 0, &scene->signer));
    check_ok(trust_key_read(public_pem, public_bytes, &scene->trusted));
    check_ok(manifest_parse(manifest, strlen(manifest), arena, &scene->files));
    check_ok(sign_bundle(&scene->files, view("m/3"), &scene->signer, arena, &scene->bundle));
}

static void close_scene(Scene *scene) {
    signer_deinit(&scene->signer);
    trust_key_deinit(&scene->trusted);
}

static Status read_bundle(const Scene *scene, StringView text, Statement *ret_statement) {
    Bundle bundle;
    TRY(bundle_parse(text.data, text.length, arena, &bundle));
    TRY(signature_check_key(&bundle, &scene->trusted));
    return statement_parse(bundle.payload, arena, ret_statement);
}

static void test_all_curves(void **state) {
    (void)state;
    static const char *const curves[] = { "P-256", "P-384", "P-521" };
    for (size_t i = 0; i < ARRAY_LENGTH(curves); i++) {
        Scene scene, other;
        Statement statement;
        open_scene(curves[i], &scene);
        open_scene(curves[i], &other);
        check_ok(read_bundle(&scene, scene.bundle, &statement));
        assert_int_equal(statement.files.count, 2);
        assert_string_equal(statement.files.parts[1].name, "weights/w.bin");
        Status status = read_bundle(&scene, other.bundle, &statement);
        assert_int_equal(status.code, STATUS_PERMISSION_DENIED);
        close_scene(&scene);
        close_scene(&other);
    }
    EVP_PKEY *key = EVP_EC_gen("secp256k1");
    TrustKey refused;
    size_t bytes;
    char *pem = pem_of(key, false, &bytes);
    Status status = trust_key_read(pem, bytes, &refused);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    EVP_PKEY_free(key);
}

/* Base64 has letters beyond the last byte, and JSON blanks: what is accepted must be the same. */
static void test_no_flipped_bit_changes_what_is_trusted(void **state) {
    (void)state;
    Scene scene;
    size_t refused = 0;
    open_scene("P-256", &scene);
    char *text = arena_strndup(arena, scene.bundle.data, scene.bundle.length);
    for (size_t i = 0; i < 8 * scene.bundle.length; i++) {
        AUTO(arena_free) Arena *outer = arena;
        Statement statement = { 0 };
        check_ok(arena_new(65536, (size_t)16 << 20, &arena));
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
        Status status = read_bundle(&scene, (StringView){ text, scene.bundle.length }, &statement);
        refused += !status_is_ok(&status);
        for (size_t k = 0; status_is_ok(&status) && k < 2; k++) {
            assert_string_equal(statement.files.parts[k].name, scene.files.parts[k].name);
            assert_memory_equal(&statement.files.parts[k].digest, &scene.files.parts[k].digest,
                                DIGEST_BYTES);
        }
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
        arena_free(arena);
        arena = TAKE(outer);
    }
    assert_true(refused > 7 * scene.bundle.length);
    close_scene(&scene);
}

/* Signed with the scene's key, whatever it says. */
static Status read_payload(const Scene *scene, const char *payload, Statement *ret_statement) {
    StringView encoded;
    unsigned char signature[160];
    size_t bytes = sizeof signature;
    char text[16384], payload64[8192], signature64[300];
    check_ok(signature_encode(view(payload), arena, &encoded));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, scene->signer.key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &bytes, (const unsigned char *)encoded.data,
                                    encoded.length),
                     1);
    EVP_MD_CTX_free(context);
    base64_encode(payload, strlen(payload), payload64);
    base64_encode(signature, bytes, signature64);
    snprintf(text, sizeof text,
             "{\"mediaType\":\"%s\",\"verificationMaterial\":{\"publicKey\":{}},\"dsseEnvelope\":{"
             "\"payload\":\"%.*s\",\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"%.*s\"}]}}",
             BUNDLE_MEDIA_TYPE, (int)base64_text_bytes(strlen(payload)), payload64,
             BUNDLE_PAYLOAD_TYPE, (int)base64_text_bytes(bytes), signature64);
    return read_bundle(scene, view(text), ret_statement);
}

/* %s: resources, root, method */
static const char STATEMENT[] =
    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"m\",\"digest\":{"
    "\"sha256\":\"%s\"}}],\"predicateType\":\"https://model_signing/signature/v1.0\","
    "\"predicate\":{\"serialization\":{\"method\":\"%s\",\"hash_type\":\"sha256\"},\"resources\":["
    "%s]}}";
#define RESOURCE(name) "{\"name\":\"" name "\",\"algorithm\":\"sha256\",\"digest\":\"" HASH "\"}"

static void root_of(size_t count, char *ret_text) {
    unsigned char digests[4 * DIGEST_BYTES];
    Digest one;
    assert_true(digest_parse(view(HASH), &one));
    for (size_t i = 0; i < count; i++)
        memcpy(digests + i * DIGEST_BYTES, one.bytes, DIGEST_BYTES);
    Digest root = digest_of(digests, count * DIGEST_BYTES);
    strcpy(ret_text, DIGEST_TEXT(&root));
}

static void test_statements(void **state) {
    (void)state;
    static const struct {
        const char *method, *resources;
        size_t root_of, files; /* 0: refused */
    } rows[] = {
        { "files", RESOURCE("a"), 1, 1 },
        { "files", RESOURCE("b") "," RESOURCE("a"), 2, 2 },
        { "shards", RESOURCE("a:0:10"), 1, 1 },
        { "shards", RESOURCE("a:10:20") "," RESOURCE("a:0:10"), 2, 2 },
        { "files", RESOURCE("a"), 2, 0 },                   /* another root */
        { "files", RESOURCE("a") "," RESOURCE("a"), 2, 0 }, /* twice */
        { "files", RESOURCE("../a"), 1, 0 },
        { "files", RESOURCE("a\\u0000b"), 1, 0 },
        { "files", "{\"name\":\"a\",\"algorithm\":\"blake2b\",\"digest\":\"" HASH "\"}", 1, 0 },
        { "files", "{\"name\":\"a\",\"algorithm\":\"sha256\",\"digest\":\"00\"}", 1, 0 },
        { "files", "{\"algorithm\":\"sha256\",\"digest\":\"" HASH "\"}", 1, 0 },
        { "files", "[]", 1, 0 },
        { "files", "", 0, 0 },
        { "shards", RESOURCE("a"), 1, 0 },
        { "shards", RESOURCE("a:1:10"), 1, 0 }, /* from its second byte on */
        { "shards", RESOURCE("a:0:10") "," RESOURCE("a:11:20"), 2, 0 },
        { "shards", RESOURCE("a:0:99999999999999999999"), 1, 0 },
        { "digests", RESOURCE("a"), 1, 0 },
    };
    Scene scene;
    open_scene("P-256", &scene);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char root[DIGEST_TEXT_BYTES], payload[4096];
        Statement statement = { 0 };
        root_of(rows[i].root_of, root);
        snprintf(payload, sizeof payload, STATEMENT, root, rows[i].method, rows[i].resources);
        Status status = read_payload(&scene, payload, &statement);
        if (status_is_ok(&status) != (rows[i].files > 0) ||
            statement.files.count != rows[i].files || status.code == STATUS_PERMISSION_DENIED)
            fail_msg("row %zu: %zu files, %s", i, statement.files.count, status.message);
    }
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"_type\":1}",
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"_type\":\"x\"}",
        "{\"subject\":[{\"name\":\"m\"},{\"name\":\"n\"}]}",
        "{\"subject\":{}}",
        "{\"_type\":\"https://in-toto.io/Statement/v0.1\"}",
        "{\"predicateType\":\"https://model_signing/Digests/v0.1\"}",
        "{\"predicate\":{\"resources\":{}}}",
        "{\"predicate\":[]}",
        "{\"predicate\":{\"serialization\":1}}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        Statement statement;
        Status status = read_payload(&scene, texts[i], &statement);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    }
    close_scene(&scene);
}

static void test_bundles_that_could_be_read_in_two_ways(void **state) {
    (void)state;
    static const char *const rows[] = {
        "",
        "[]",
        "{",
        "{} x",
        "{\"mediaType\":\"application/vnd.dev.sigstore.bundle+json;version=0.2\"}",
        "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\"}",
        "{\"dsseEnvelope\":{\"payload\":\"YQ==\",\"payload\":\"YQ==\"}}",
        "{\"dsseEnvelope\":{\"payload\":\"Y?==\"}}",
        "{\"dsseEnvelope\":{\"payload\":1}}",
        "{\"dsseEnvelope\":{\"signatures\":[{\"sig\":\"YQ==\"},{\"sig\":\"YQ==\"}]}}",
        "{\"dsseEnvelope\":{\"signatures\":{}}}",
        "{\"dsseEnvelope\":{\"signatures\":[],\"signatures\":[]}}",
        "{\"verificationMaterial\":{\"x509CertificateChain\":{\"certificates\":[{}]}}}",
        "{\"verificationMaterial\":{\"x509CertificateChain\":{\"certificates\":{}}}}",
        "{\"verificationMaterial\":{\"x509CertificateChain\":{\"certificates\":["
        "{\"rawBytes\":\"YQ==\"},{\"rawBytes\":\"YQ==\"},{\"rawBytes\":\"YQ==\"},"
        "{\"rawBytes\":\"YQ==\"},{\"rawBytes\":\"YQ==\"},{\"rawBytes\":\"YQ==\"},"
        "{\"rawBytes\":\"YQ==\"},{\"rawBytes\":\"YQ==\"},{\"rawBytes\":\"YQ==\"}]}}}",
        "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"dsseEnvelope\":{"
        "\"payload\":\"YQ==\",\"payloadType\":\"text/plain\",\"signatures\":[{\"sig\":\"YQ==\"}]}}",
        "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"dsseEnvelope\":{"
        "\"payload\":\"YQ==\",\"payloadType\":\"application/vnd.in-toto+json\"}}",
        "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"verificationMaterial\":"
        "{\"publicKey\":{\"hint\":\"a\"},\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":"
        "\"YQ==\"}]}},\"dsseEnvelope\":{\"payload\":\"YQ==\",\"payloadType\":"
        "\"application/vnd.in-toto+json\",\"signatures\":[{\"sig\":\"YQ==\"}]}}",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Bundle bundle;
        Status status = bundle_parse(rows[i], strlen(rows[i]), arena, &bundle);
        if (status.code != STATUS_INVALID_ARGUMENT)
            fail_msg("row %zu: %s", i, status_code_name(status.code));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest_lines),
        cmocka_unit_test(test_content_must_fit),
        cmocka_unit_test(test_long_lists_and_parts),
        cmocka_unit_test(test_all_curves),
        cmocka_unit_test(test_no_flipped_bit_changes_what_is_trusted),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_bundles_that_could_be_read_in_two_ways),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
