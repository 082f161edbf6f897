/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Signatures by certificate: which chains are taken, which are not, and who is said to have signed.
 */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "runtime/trust/sign.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { DAY_S = 86400 };
#define HASH "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

static Arena *arena;

static int set_up(void **state) {
    (void)state;
    Status status = arena_new(4096, (size_t)64 << 20, &arena);
    return status_is_ok(&status) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static void add_extension(X509 *certificate, int kind, const char *value) {
    if (!value)
        return;
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

typedef struct Kind {
    const char *usage, *extended, *names; /* extensions; NULL: none */
    bool has_common_name;
    int days; /* from its first day on; it began 30 days ago */
} Kind;

/* A certificate of key, signed by another; by itself when there is no other. */
static X509 *make(EVP_PKEY *key, const Kind *kind, const char *issuer, EVP_PKEY *issuer_key,
                  const char *basic) {
    X509 *made = X509_new();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 7);
    X509_gmtime_adj(X509_getm_notBefore(made), -30L * DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(made), (kind->days - 30L) * DAY_S);
    X509_set_pubkey(made, key);
    if (kind->has_common_name)
        X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                                   (const unsigned char *)(issuer_key ? "signer" : issuer), -1, -1,
                                   0);
    X509_NAME_add_entry_by_txt(X509_get_issuer_name(made), "CN", MBSTRING_ASC,
                               (const unsigned char *)issuer, -1, -1, 0);
    add_extension(made, NID_basic_constraints, basic);
    add_extension(made, NID_key_usage, kind->usage);
    add_extension(made, NID_ext_key_usage, kind->extended);
    add_extension(made, NID_subject_alt_name, kind->names);
    assert_true(X509_sign(made, issuer_key ? issuer_key : key, EVP_sha256()) > 0);
    return made;
}

static char *pem_of(X509 *const *certificates, size_t count, EVP_PKEY *key, size_t *ret_bytes) {
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    for (size_t i = 0; i < count; i++)
        PEM_write_bio_X509(bio, certificates[i]);
    if (key)
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    *ret_bytes = (size_t)BIO_get_mem_data(bio, &data);
    char *copy = arena_strndup(arena, data, *ret_bytes);
    BIO_free(bio);
    return copy;
}

static X509_STORE *store_of(X509 *root) {
    size_t bytes;
    char *pem = pem_of(&root, 1, NULL, &bytes);
    X509_STORE *roots = X509_STORE_new();
    check_ok(trust_roots_add(pem, bytes, roots));
    return roots;
}

/* Signs as such a certificate and checks against roots. */
static Status sign_and_check(const Kind *kind, X509 *root, EVP_PKEY *root_key, X509_STORE *roots,
                             StringView *ret_name) {
    AUTO(signer_deinit) Signer signer = { 0 };
    EVP_PKEY *key = EVP_EC_gen("P-384");
    X509 *leaf = make(key, kind, "root", root_key, NULL);
    X509 *chain[] = { leaf, root };
    size_t key_bytes, chain_bytes;
    char *key_pem = pem_of(NULL, 0, key, &key_bytes);
    char *chain_pem = pem_of(chain, 2, NULL, &chain_bytes);
    check_ok(signer_read(key_pem, key_bytes, chain_pem, chain_bytes, &signer));
    EVP_PKEY_free(key);
    X509_free(leaf);
    FileList files;
    StringView text;
    Bundle bundle;
    check_ok(manifest_parse(HASH "  a\n", strlen(HASH "  a\n"), arena, &files));
    check_ok(sign_bundle(&files, (StringView){ "m/1", 3 }, &signer, arena, &text));
    check_ok(bundle_parse(text.data, text.length, arena, &bundle));
    assert_int_equal(bundle.certificate_count, 2);
    Status status = signature_check_key(&bundle, &(TrustKey){ 0 });
    assert_int_equal(status.code, STATUS_PERMISSION_DENIED); /* no key has signed it */
    return signature_check_chain(&bundle, roots, arena, ret_name);
}

static void test_chains(void **state) {
    (void)state;
    static const struct {
        Kind kind;
        bool is_trusted;  /* the root */
        const char *name; /* NULL: refused */
    } rows[] = {
        { { "digitalSignature", NULL, NULL, true, 60 }, true, "signer" },
        { { "digitalSignature", NULL, NULL, true, 1 }, true, "signer" }, /* expired since */
        { { NULL, "codeSigning", "URI:spiffe://x/y", true, 60 }, true, "spiffe://x/y" },
        { { "digitalSignature", NULL, "email:a@b.c", true, 60 }, true, "a@b.c" },
        { { "digitalSignature", NULL, "DNS:x.y", false, 60 }, true, "" },
        { { "keyEncipherment", "serverAuth", NULL, true, 60 }, true, NULL },
        { { NULL, "serverAuth", NULL, true, 60 }, true, NULL },
        { { "digitalSignature", NULL, NULL, true, 60 }, false, NULL },
    };
    Kind authority = { "keyCertSign", NULL, NULL, true, 60 };
    EVP_PKEY *key = EVP_EC_gen("P-256"), *other_key = EVP_EC_gen("P-256");
    X509 *root = make(key, &authority, "root", NULL, "critical,CA:TRUE");
    X509 *other = make(other_key, &authority, "root", NULL, "critical,CA:TRUE");
    X509_STORE *roots = store_of(root), *others = store_of(other);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        StringView name = { "?", 1 };
        Status status =
            sign_and_check(&rows[i].kind, root, key, rows[i].is_trusted ? roots : others, &name);
        bool good = status_is_ok(&status);
        if (good != (rows[i].name != NULL) ||
            (good && (name.length != strlen(rows[i].name) || strcmp(name.data, rows[i].name) != 0)))
            fail_msg("row %zu: %s, name '%s'", i, status.message, name.data);
    }
    X509_STORE_free(roots);
    X509_STORE_free(others);
    X509_free(root);
    X509_free(other);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
}

static void test_what_is_no_certificate(void **state) {
    (void)state;
    X509_STORE *roots = X509_STORE_new();
    StringView name;
    Status status = trust_roots_add("no PEM", 6, roots);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    Bundle bundle = { .payload = { "{}", 2 }, .signature = { "s", 1 } };
    status = signature_check_chain(&bundle, roots, arena, &name); /* has none */
    assert_int_equal(status.code, STATUS_PERMISSION_DENIED);
    bundle.certificates[0] = (StringView){ "x", 1 };
    bundle.certificate_count = 1;
    status = signature_check_chain(&bundle, roots, arena, &name);
    assert_int_equal(status.code, STATUS_PERMISSION_DENIED);
    X509_STORE_free(roots);
    Signer signer;
    size_t bytes;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    char *pem = pem_of(NULL, 0, key, &bytes);
    status = signer_read(pem, bytes, "no PEM", 6, &signer);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    status = signer_read("no PEM", 6, NULL, 0, &signer);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    EVP_PKEY_free(key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_what_is_no_certificate),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
