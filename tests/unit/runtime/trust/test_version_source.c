/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What a load gets of a version's files, under which policy. */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "runtime/trust/sign.h"
#include "runtime/trust/version_source.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT = 1 << 20 };
static const char *const FILES[] = { "model.onnx",      "w.bin",     "sub/labels.txt",
                                     "manifest.sha256", "model.sig", "extra" };
static char folder[64];
static int directory;
static Arena *arena;
static char public_pem[512];
static Signer signer;

static void put(const char *name, const void *data, size_t length) {
    int file = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, data, length), (ssize_t)length);
    close(file);
}

static void put_text(const char *name, const char *text) {
    put(name, text, strlen(text));
}

static void clear(void) {
    for (size_t i = 0; i < ARRAY_LENGTH(FILES); i++)
        (void)unlinkat(directory, FILES[i], 0);
}

static int set_up(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/inferd-trust-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)mkdirat(directory, "sub", 0700);
    signer.key = EVP_EC_gen("P-256");
    FILE *file = fmemopen(public_pem, sizeof public_pem, "w");
    PEM_write_PUBKEY(file, signer.key);
    fclose(file);
    Status status = arena_new(4096, (size_t)64 << 20, &arena);
    return status_is_ok(&status) && directory >= 0 ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    clear();
    (void)unlinkat(directory, "sub", AT_REMOVEDIR);
    close(directory);
    rmdir(folder);
    signer_deinit(&signer);
    arena_free(arena);
    return 0;
}

static int fill(void **state) {
    (void)state;
    clear();
    put_text("model.onnx", "model");
    put_text("w.bin", "0123456789");
    put_text("sub/labels.txt", "a\nb\n");
    return 0;
}

static void put_manifest(void) {
    FileList list;
    StringView text;
    check_ok(sign_list_files(directory, arena, &list));
    check_ok(sign_manifest(&list, arena, &text));
    put("manifest.sha256", text.data, text.length);
}

static void put_signature(const char *subject) {
    FileList list;
    StringView text;
    check_ok(sign_list_files(directory, arena, &list));
    check_ok(sign_bundle(&list, (StringView){ subject, strlen(subject) }, &signer, arena, &text));
    put("model.sig", text.data, text.length);
}

/* "key.pem" is our public key. */
static Status read_pem(const char *path, Arena *to, const char **ret_content, size_t *ret_length) {
    if (strcmp(path, "key.pem") != 0)
        return status_error(STATUS_NOT_FOUND, "%s: no such file", path);
    *ret_length = strlen(public_pem);
    *ret_content = arena_strndup(to, public_pem, *ret_length);
    return status_ok();
}

/* Opens a version under a policy (NULL: none), reads two files, checks the rest. */
static Status load(const char *policy, SealKeys *keys, int64_t version, char *ret_model,
                   char *ret_range) {
    Trust trust = { .keys = keys };
    AUTO(trust_policy_free) TrustPolicy *parsed = NULL;
    AUTO(version_source_free) VersionSource *source = NULL;
    AUTO(file_bytes_deinit) FileBytes model = { 0 };
    AUTO(file_bytes_deinit) FileBytes range = { 0 };
    if (policy)
        check_ok(trust_policy_parse(policy, strlen(policy), read_pem, &parsed));
    trust.policy = parsed;
    TRY(version_source_new(&(VersionSourceOptions){ .trust = &trust,
                                                    .model = "m",
                                                    .version = version,
                                                    .directory = directory,
                                                    .file_limit_bytes = LIMIT },
                           &source));
    const FileSource *files = version_source_files(source);
    TRY(files->read(files, "model.onnx", LIMIT, &model));
    TRY(files->read_range(files, "w.bin", 3, 4, &range));
    file_bytes_deinit(&range);
    TRY(files->read_range(files, "w.bin", 6, 4, &range));
    memcpy(ret_model, model.data, MIN_OF(model.length + 1, (size_t)16));
    memcpy(ret_range, range.data, 4);
    return version_source_finish(source);
}

static void check_code(StatusCode code, const char *policy, int64_t version, const char *part) {
    char model[16], range[5] = "";
    Status status = load(policy, NULL, version, model, range);
    if (status.code != code || (part && !strstr(status.message, part)))
        fail_msg("expected %s '%s', got %s '%s'", status_code_name(code), part ? part : "",
                 status_code_name(status.code), status.message);
    if (code == STATUS_OK) {
        assert_string_equal(model, "model");
        assert_string_equal(range, "6789");
    }
}

static void test_manifest_is_checked_when_it_is_there(void **state) {
    (void)state;
    check_code(STATUS_OK, NULL, 1, NULL);
    put_manifest();
    check_code(STATUS_OK, NULL, 1, NULL);
    put_text("extra", "not listed, and not asked for");
    check_code(STATUS_OK, NULL, 1, NULL);
    put_text("w.bin", "0123456780");
    check_code(STATUS_DATA_LOSS, NULL, 1,
               "'w.bin': expected SHA-256 84d89877f0d4041efb6bf91a16f02");
    fill(NULL);
    put_manifest();
    put_text("sub/labels.txt", "a\nc\n"); /* which the load does not read */
    check_code(STATUS_DATA_LOSS, NULL, 1, "'sub/labels.txt'");
    unlinkat(directory, "sub/labels.txt", 0);
    check_code(STATUS_NOT_FOUND, NULL, 1, "sub/labels.txt");
    unlinkat(directory, "w.bin", 0);
    put_manifest();
    put_text("w.bin", "0123456789"); /* there, but not listed */
    check_code(STATUS_PERMISSION_DENIED, NULL, 1, "'w.bin' is not among");
    put_text("manifest.sha256", "nonsense\n");
    check_code(STATUS_INVALID_ARGUMENT, NULL, 1, "manifest.sha256: line 1");
}

static void test_policy_decides(void **state) {
    (void)state;
    static const char manifest[] = "{\"rules\":[{\"models\":[\"*\"],\"manifest\":true}]}";
    static const char other[] = "{\"rules\":[{\"models\":[\"x*\",\"y\"]}]}";
    static const char third[] = "{\"rules\":[{\"models\":[\"m\"],\"minimum_version\":3}]}";
    static const char sealed[] = "{\"rules\":[{\"models\":[\"m\"],\"encrypted\":true}]}";
    check_code(STATUS_FAILED_PRECONDITION, manifest, 1, "demands");
    put_manifest();
    check_code(STATUS_OK, manifest, 1, NULL);
    check_code(STATUS_FAILED_PRECONDITION, other, 1, "no rule");
    check_code(STATUS_FAILED_PRECONDITION, third, 2, "version 2 is below 3");
    check_code(STATUS_OK, third, 3, NULL);
    check_code(STATUS_FAILED_PRECONDITION, sealed, 1, "not encrypted");
}

static void test_signature_decides(void **state) {
    (void)state;
    static const char signed_by[] = "{\"rules\":[{\"models\":[\"m\"],\"keys\":[\"key.pem\"]}]}";
    static const char newer[] = "{\"rules\":[{\"models\":[\"m\"],\"keys\":[\"key.pem\"],"
                                "\"minimum_version\":2}]}";
    check_code(STATUS_NOT_FOUND, signed_by, 1, "model.sig");
    put_manifest(); /* is no signature */
    check_code(STATUS_NOT_FOUND, signed_by, 1, "model.sig");
    put_signature("anything");
    check_code(STATUS_OK, signed_by, 1, NULL);
    check_code(STATUS_FAILED_PRECONDITION, newer, 3, "it is for 'anything', this is 'm/3'");
    put_signature("3");
    check_code(STATUS_OK, newer, 3, NULL);
    put_signature("m/3");
    check_code(STATUS_OK, newer, 3, NULL);
    check_code(STATUS_FAILED_PRECONDITION, newer, 4, "it is for 'm/3', this is 'm/4'");
    put_signature("n/3"); /* of another model */
    check_code(STATUS_FAILED_PRECONDITION, signed_by, 3, "it is for 'n/3'");
    put_signature("m/3");
    put_text("model.onnx", "m0del");
    check_code(STATUS_DATA_LOSS, signed_by, 3, "'model.onnx': expected SHA-256");
    EVP_PKEY *mine = signer.key;
    fill(NULL);
    signer.key = EVP_EC_gen("P-256");
    put_signature("m/3");
    EVP_PKEY_free(signer.key);
    signer.key = mine;
    check_code(STATUS_PERMISSION_DENIED, signed_by, 3, "model.sig: signed by key");
}

static void test_encrypted_files_are_opened(void **state) {
    (void)state;
    static const char sealed_only[] = "{\"rules\":[{\"models\":[\"m\"],\"encrypted\":true}]}";
    static const char *const names[] = { "model.onnx", "w.bin" };
    static const char *const texts[] = { "model", "0123456789" };
    AUTO(seal_keys_free) SealKeys *keys = NULL;
    char model[16], range[5] = "";
    check_ok(seal_keys_new(&keys));
    check_ok(seal_keys_add(keys, "0123456789abcdef0123456789abcdef", SEAL_KEY_BYTES));
    for (size_t i = 0; i < 2; i++) {
        AUTO(free) char *sealed = NULL;
        size_t length;
        check_ok(seal_make(keys, texts[i], strlen(texts[i]), &sealed, &length));
        put(names[i], sealed, length);
    }
    check_ok(load(sealed_only, keys, 1, model, range));
    assert_string_equal(model, "model");
    assert_string_equal(range, "6789");
    put_manifest();
    check_ok(load(sealed_only, keys, 1, model, range));
    check_code(STATUS_FAILED_PRECONDITION, NULL, 1, "'model.onnx': it is encrypted with a key");
    put_text("w.bin", "0123456789");
    put_manifest();
    Status status = load(sealed_only, keys, 1, model, range);
    assert_int_equal(status.code, STATUS_FAILED_PRECONDITION);
    check_ok(load(NULL, keys, 1, model, range));
}

static void test_policies_that_mean_something_else(void **state) {
    (void)state;
    static const char *const rows[] = {
        "",
        "[]",
        "{}",
        "{\"rules\":[]}",
        "{\"rules\":{}}",
        "{\"rules\":[{}]}",
        "{\"rules\":[{\"models\":[]}]}",
        "{\"rules\":[{\"models\":[1]}]}",
        "{\"rules\":[{\"models\":\"m\"}]}",
        "{\"rules\":[{\"models\":[\"m\"],\"key\":[\"k\"]}]}",
        "{\"rules\":[{\"models\":[\"m\"],\"manifest\":1}]}",
        "{\"rules\":[{\"models\":[\"m\"],\"minimum_version\":-1}]}",
        "{\"rules\":[{\"models\":[\"m\"],\"minimum_version\":\"3\"}]}",
        "{\"rules\":[{\"models\":[\"m\"],\"names\":[\"n\"]}]}",
        "{\"rules\":[{\"models\":[\"m\"],\"certificates\":[\"key.pem\"]}]}",
        "{\"rules\":[{\"models\":[\"m\"]}]} more",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        TrustPolicy *policy = NULL;
        Status status = trust_policy_parse(rows[i], strlen(rows[i]), read_pem, &policy);
        if (status.code != STATUS_INVALID_ARGUMENT)
            fail_msg("%s: %s", rows[i], status_code_name(status.code));
    }
    TrustPolicy *policy = NULL;
    trust_policy_free(NULL);
    char many[2048] = "{\"rules\":[{\"models\":[\"m\"";
    for (size_t i = 0; i < TRUST_LIST_MAX; i++)
        strcat(many, ",\"m\"");
    strcat(many, "]}]}");
    Status too_many = trust_policy_parse(many, strlen(many), read_pem, &policy);
    assert_int_equal(too_many.code, STATUS_INVALID_ARGUMENT);
    static const char missing[] = "{\"rules\":[{\"models\":[\"m\"],\"keys\":[\"none.pem\"]}]}";
    Status status = trust_policy_parse(missing, strlen(missing), read_pem, &policy);
    assert_int_equal(status.code, STATUS_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_manifest_is_checked_when_it_is_there, fill),
        cmocka_unit_test_setup(test_policy_decides, fill),
        cmocka_unit_test_setup(test_signature_decides, fill),
        cmocka_unit_test_setup(test_encrypted_files_are_opened, fill),
        cmocka_unit_test(test_policies_that_mean_something_else),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
