/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Signing, for inferctl. The documents are those of model signing 1.1.1: its tools verify what is
 * made here, and the other way round. Texts are written by hand: the names that may stand in them
 * need no escapes but for a quote, and such names are refused.
 *
 * Thread: main.
 */

#include "runtime/trust/sign.h"

#include "runtime/base/beneath.h"
#include "runtime/base/size.h"
#include "runtime/json/base64.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 16, PATH_BYTES_MAX = 1024 };
static const size_t FILE_BYTES_MAX = (size_t)1 << 40;

/* --- files --- */

typedef struct Walk {
    Arena *arena;
    FileList *list;
    int root;
} Walk;

static Status add_file(const Walk *walk, const char *path) {
    AUTO(free) char *bytes = NULL;
    size_t length;
    TRY(beneath_read_file(walk->root, path, FILE_BYTES_MAX, &bytes, &length));
    ListedPart part = { .end = UINT64_MAX, .digest = digest_of(bytes, length) };
    if (strchr(path, '"'))
        return status_error(STATUS_INVALID_ARGUMENT, "'%.120s' has a quote in it", path);
    return file_list_add(walk->list, walk->arena, (StringView){ path, strlen(path) }, &part);
}

static void closedir_auto_(DIR **directory) {
    if (*directory)
        closedir(*directory);
}

static bool is_ours(const char *path) {
    return strcmp(path, MANIFEST_NAME) == 0 || strcmp(path, BUNDLE_NAME) == 0;
}

static Status walk_folder(const Walk *walk, const char *folder, size_t depth) {
    int descriptor = -1;
    TRY(beneath_open(walk->root, *folder ? folder : ".", O_RDONLY | O_DIRECTORY, &descriptor));
    __attribute__((cleanup(closedir_auto_))) DIR *directory = fdopendir(descriptor);
    if (!directory) {
        close(descriptor);
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    }
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        char path[PATH_BYTES_MAX];
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int length =
            snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", entry->d_name);
        if (length < 0 || (size_t)length >= sizeof path || depth == DEPTH_MAX)
            return status_error(STATUS_INVALID_ARGUMENT, "'%.120s' is too deep", folder);
        if (is_ours(path))
            continue;
        if (fstatat(descriptor, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            return status_from_errno(errno, path);
        if (S_ISDIR(info.st_mode))
            TRY(walk_folder(walk, path, depth + 1));
        else if (S_ISREG(info.st_mode))
            TRY(add_file(walk, path));
        else
            return status_error(STATUS_INVALID_ARGUMENT, "'%.120s' is no plain file", path);
    }
    return status_ok();
}

Status sign_list_files(int directory, Arena *arena, FileList *ret_list) {
    FileList list = { 0 };
    Walk walk = { .arena = arena, .list = &list, .root = directory };
    TRY(walk_folder(&walk, "", 0));
    if (list.count == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "there is no file in it");
    TRY(file_list_finish(&list));
    *ret_list = list;
    return status_ok();
}

/* --- texts --- */

/* A stream into memory, as one view in the arena. */
typedef struct Text {
    FILE *file;
    char *data;
    size_t length;
} Text;

static void text_auto_(Text *text) {
    if (text->file)
        fclose(text->file);
    free(text->data);
}

static Status text_open(Text *text) {
    text->file = open_memstream(&text->data, &text->length);
    return text->file ? status_ok() : status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
}

static Status text_close(Text *text, Arena *arena, StringView *ret_text) {
    bool good = fclose(TAKE(text->file)) == 0;
    char *copy = good ? arena_strndup(arena, text->data, text->length) : NULL;
    if (!copy)
        return arena_exhausted(arena);
    *ret_text = (StringView){ copy, text->length };
    return status_ok();
}

Status sign_manifest(const FileList *list, Arena *arena, StringView *ret_text) {
    __attribute__((cleanup(text_auto_))) Text text = { 0 };
    TRY(text_open(&text));
    for (size_t i = 0; i < list->count; i++)
        fprintf(text.file, "%s  %s\n", DIGEST_TEXT(&list->parts[i].digest), list->parts[i].name);
    return text_close(&text, arena, ret_text);
}

static Status make_statement(const FileList *list, StringView subject, Arena *arena,
                             StringView *ret_text) {
    __attribute__((cleanup(text_auto_))) Text text = { 0 };
    unsigned char *digests = arena_alloc(arena, list->count * DIGEST_BYTES);
    if (!digests)
        return arena_exhausted(arena);
    for (size_t i = 0; i < list->count; i++)
        memcpy(digests + i * DIGEST_BYTES, list->parts[i].digest.bytes, DIGEST_BYTES);
    Digest root = digest_of(digests, list->count * DIGEST_BYTES);
    TRY(text_open(&text));
    fprintf(text.file,
            "{\"_type\":\"%s\",\"subject\":[{\"name\":\"%.*s\",\"digest\":{\"sha256\":\"%s\"}}],"
            "\"predicateType\":\"%s\",\"predicate\":{\"serialization\":{\"method\":\"files\","
            "\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"ignore_paths\":[\"%s\",\"%s\"]},"
            "\"resources\":[",
            STATEMENT_TYPE, (int)subject.length, subject.data, DIGEST_TEXT(&root),
            STATEMENT_PREDICATE_TYPE, BUNDLE_NAME, MANIFEST_NAME);
    for (size_t i = 0; i < list->count; i++)
        fprintf(text.file, "%s{\"name\":\"%s\",\"algorithm\":\"sha256\",\"digest\":\"%s\"}",
                i ? "," : "", list->parts[i].name, DIGEST_TEXT(&list->parts[i].digest));
    fputs("]}}", text.file);
    return text_close(&text, arena, ret_text);
}

/* --- signatures --- */

void signer_deinit(Signer *signer) {
    EVP_PKEY_free(signer->key);
    for (size_t i = 0; i < signer->certificate_count; i++)
        X509_free(signer->certificates[i]);
    *signer = (Signer){ 0 };
}

static Status read_chain(const char *pem, size_t bytes, Signer *signer) {
    BIO *bio = bytes <= INT32_MAX ? BIO_new_mem_buf(pem, (int)bytes) : NULL;
    X509 *certificate;
    while (bio && signer->certificate_count < BUNDLE_CERTIFICATES_MAX &&
           (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        signer->certificates[signer->certificate_count++] = certificate;
    BIO_free(bio);
    ERR_clear_error();
    if (signer->certificate_count == 0 ||
        X509_check_private_key(signer->certificates[0], signer->key) != 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "expected certificates (PEM), the key's own first");
    return status_ok();
}

Status signer_read(const char *key_pem, size_t key_bytes, const char *chain_pem, size_t chain_bytes,
                   Signer *ret_signer) {
    AUTO(signer_deinit) Signer signer = { 0 };
    BIO *bio = key_bytes <= INT32_MAX ? BIO_new_mem_buf(key_pem, (int)key_bytes) : NULL;
    signer.key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    if (!signer.key || !signature_hash(signer.key))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "expected a private key (PEM) on P-256, P-384 or P-521");
    if (chain_pem)
        TRY(read_chain(chain_pem, chain_bytes, &signer));
    *ret_signer = signer;
    signer = (Signer){ 0 };
    return status_ok();
}

static Status sign(const Signer *signer, StringView encoded, Arena *arena,
                   StringView *ret_signature) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const unsigned char *data = (const unsigned char *)encoded.data;
    size_t length = (size_t)EVP_PKEY_get_size(signer->key);
    unsigned char *signature = arena_alloc(arena, length);
    bool good =
        context && signature &&
        EVP_DigestSignInit(context, NULL, signature_hash(signer->key), NULL, signer->key) == 1 &&
        EVP_DigestSign(context, signature, &length, data, encoded.length) == 1;
    EVP_MD_CTX_free(context);
    if (!good)
        return status_error(STATUS_INTERNAL, "cannot sign");
    *ret_signature = (StringView){ (const char *)signature, length };
    return status_ok();
}

static Status put_base64(FILE *file, const void *data, size_t bytes) {
    size_t length = base64_text_bytes(bytes);
    AUTO(free) char *text = malloc(length + 1);
    if (!text)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    base64_encode(data, bytes, text);
    fwrite(text, 1, length, file);
    return status_ok();
}

static Status put_material(FILE *file, const Signer *signer) {
    if (signer->certificate_count == 0) {
        Digest hint;
        TRY(signature_key_hint(signer->key, &hint));
        fprintf(file, "\"publicKey\":{\"hint\":\"%s\"}", DIGEST_TEXT(&hint));
        return status_ok();
    }
    fputs("\"x509CertificateChain\":{\"certificates\":[", file);
    for (size_t i = 0; i < signer->certificate_count; i++) {
        unsigned char *der = NULL;
        int bytes = i2d_X509(signer->certificates[i], &der);
        if (bytes <= 0)
            return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
        fputs(i ? ",{\"rawBytes\":\"" : "{\"rawBytes\":\"", file);
        Status status = put_base64(file, der, (size_t)bytes);
        OPENSSL_free(der);
        TRY(status);
        fputs("\"}", file);
    }
    fputs("]}", file);
    return status_ok();
}

Status sign_bundle(const FileList *list, StringView subject, const Signer *signer, Arena *arena,
                   StringView *ret_text) {
    __attribute__((cleanup(text_auto_))) Text text = { 0 };
    StringView payload, encoded, signature;
    if (!file_list_name_is_good(subject.data, subject.length) ||
        memchr(subject.data, '"', subject.length))
        return status_error(STATUS_INVALID_ARGUMENT, "'%.*s' is no name for what is signed",
                            (int)MIN_OF(subject.length, (size_t)120), subject.data);
    TRY(make_statement(list, subject, arena, &payload));
    TRY(signature_encode(payload, arena, &encoded));
    TRY(sign(signer, encoded, arena, &signature));
    TRY(text_open(&text));
    fprintf(text.file, "{\"mediaType\":\"%s\",\"verificationMaterial\":{", BUNDLE_MEDIA_TYPE);
    TRY(put_material(text.file, signer));
    fputs(",\"tlogEntries\":[]},\"dsseEnvelope\":{\"payload\":\"", text.file);
    TRY(put_base64(text.file, payload.data, payload.length));
    fprintf(text.file, "\",\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"",
            BUNDLE_PAYLOAD_TYPE);
    TRY(put_base64(text.file, signature.data, signature.length));
    fputs("\",\"keyid\":\"\"}]}}\n", text.file);
    return text_close(&text, arena, ret_text);
}
