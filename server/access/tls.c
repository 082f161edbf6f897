/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files are compared by what stat says of them, links followed, which also sees the swapped link of
 * a mounted Kubernetes secret and works on every file system; what did not fit is not tried again
 * before a file changes again. A new state is made whole, checked by OpenSSL (the key belongs to
 * the certificate, the chain and the CA parse), and only then published under the mutex. TLS 1.2
 * with forward secrecy and 1.3; no session tickets, so that a client's certificate is looked at on
 * each connection. Threads: main refreshes, any acquires.
 */

#include "server/access/tls.h"

#include "runtime/base/log.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "runtime/config/text_format.h"
#include "server/text_file.h"

#include "tensorflow_serving/config/ssl_config.pb-c.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 4 };

typedef struct Counted {
    TlsMaterial material; /* first: what users hold */
    Arena *arena;
    atomic_uint references;
} Counted;

/* What tells that a file is another one. */
typedef struct FileMark {
    int64_t seconds, nanoseconds, bytes;
    uint64_t device, inode;
} FileMark;

struct Tls {
    /* fixed after new */
    TlsOptions options;
    const char *files[FILES_MAX]; /* NULL at the end */
    /* main thread */
    FileMark marks[FILES_MAX];
    /* any thread */
    atomic_uint_fast64_t generation, reloads, failures;
    /* under mutex */
    Mutex mutex;
    Counted *current;
};

/* --- one state --- */

static Status openssl_error(const char *what) {
    char text[256] = "unknown";
    unsigned long error = ERR_peek_last_error();
    if (error)
        ERR_error_string_n(error, text, sizeof text);
    ERR_clear_error();
    return status_error(STATUS_INVALID_ARGUMENT, "%s: %s", what, text);
}

static BIO *text_bio(const char *text) {
    return BIO_new_mem_buf(text, -1);
}

static int no_password(char *buffer, int bytes, int for_writing, void *user) {
    (void)buffer, (void)bytes, (void)for_writing, (void)user;
    return 0;
}

static Status use_chain(SSL_CTX *context, const char *pem, int64_t *ret_not_after_s) {
    BIO *bio = text_bio(pem);
    X509 *own = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    bool good = own && SSL_CTX_use_certificate(context, own) == 1;
    struct tm end;
    if (good && ASN1_TIME_to_tm(X509_get0_notAfter(own), &end) == 1)
        *ret_not_after_s = timegm(&end);
    for (X509 *next; good && (next = PEM_read_bio_X509(bio, NULL, no_password, NULL));)
        if (SSL_CTX_add0_chain_cert(context, next) != 1) {
            X509_free(next);
            good = false;
        }
    X509_free(own);
    BIO_free(bio);
    if (!good)
        return openssl_error("the certificate cannot be used");
    ERR_clear_error(); /* the end of the file is an error to the PEM reader */
    return status_ok();
}

static Status use_key(SSL_CTX *context, const char *pem) {
    BIO *bio = text_bio(pem);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    bool good =
        key && SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good ? status_ok() : openssl_error("the key does not belong to the certificate");
}

static Status use_ca(SSL_CTX *context, const char *pem, bool mutual) {
    BIO *bio = text_bio(pem);
    size_t count = 0;
    for (X509 *ca; bio && (ca = PEM_read_bio_X509(bio, NULL, no_password, NULL));) {
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca) == 1 &&
            SSL_CTX_add_client_CA(context, ca) == 1)
            count++;
        X509_free(ca);
    }
    BIO_free(bio);
    if (!count)
        return openssl_error("the CA of clients cannot be used");
    ERR_clear_error();
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (mutual ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       NULL);
    return status_ok();
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_bytes,
                           const unsigned char *in, unsigned in_bytes, void *user) {
    (void)ssl, (void)user;
    static const unsigned char ours[] = "\x08http/1.1";
    if (SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_bytes, ours, sizeof ours - 1,
                              in, in_bytes) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    return SSL_TLSEXT_ERR_OK;
}

static Status make_context(TlsMaterial *material) {
    static const unsigned char id[] = "inferd";
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    material->context = context;
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
        SSL_CTX_set_session_id_context(context, id, sizeof id - 1) != 1)
        return openssl_error("TLS cannot be set up");
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); /* idle connections are many */
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    TRY(use_chain(context, material->cert, &material->not_after_s));
    TRY(use_key(context, material->key));
    return material->ca ? use_ca(context, material->ca, material->mutual) : status_ok();
}

static Status read_named(const TlsOptions *options, Arena *arena, TlsMaterial *material) {
    size_t length;
    TRY(text_file_read(options->cert_file, arena, &material->cert, &length));
    TRY(text_file_read(options->key_file, arena, &material->key, &length));
    if (options->ca_file)
        TRY(text_file_read(options->ca_file, arena, &material->ca, &length));
    material->mutual = options->mutual;
    return status_ok();
}

static Status read_config(const char *path, Arena *arena, TlsMaterial *material) {
    const char *text;
    size_t length;
    TextMessage *message;
    TRY(text_file_read(path, arena, &text, &length));
    Status status = text_format_parse(text, length, &tensorflow__serving__sslconfig__descriptor,
                                      arena, &message);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", path);
    const Tensorflow__Serving__SSLConfig *config =
        (const Tensorflow__Serving__SSLConfig *)text_message_root(message);
    material->cert = config->server_cert;
    material->key = config->server_key;
    material->ca = *config->custom_ca ? config->custom_ca : NULL;
    material->mutual = config->client_verify;
    return status_ok();
}

static void free_counted(Counted *counted) {
    SSL_CTX_free(counted->material.context);
    arena_free(counted->arena);
    free(counted);
}
DEFINE_AUTO(Counted, free_counted);

static Status read_state(const TlsOptions *options, Counted **ret_counted) {
    AUTO(free_counted) Counted *counted = calloc(1, sizeof *counted);
    if (!counted)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    TlsMaterial *material = &counted->material;
    TRY(arena_new(16384, 8 * (size_t)TEXT_FILE_LIMIT, &counted->arena));
    if (options->config_file)
        TRY(read_config(options->config_file, counted->arena, material));
    else
        TRY(read_named(options, counted->arena, material));
    if (material->mutual && !material->ca)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "clients are to show certificates, but no CA for them is given");
    Status status = make_context(material);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s",
                             options->config_file ? options->config_file : options->cert_file);
    atomic_init(&counted->references, 1);
    *ret_counted = TAKE(counted);
    return status_ok();
}

/* --- the current state --- */

static void look_at(const Tls *tls, FileMark marks[static FILES_MAX]) {
    memset(marks, 0, FILES_MAX * sizeof *marks);
    for (size_t i = 0; i < FILES_MAX && tls->files[i]; i++) {
        struct stat info;
        if (stat(tls->files[i], &info))
            continue;
        marks[i] = (FileMark){ info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size, info.st_dev,
                               info.st_ino };
    }
}

static void publish(Tls *tls, Counted *counted) {
    counted->material.generation = atomic_load(&tls->generation) + 1;
    mutex_lock(&tls->mutex);
    Counted *before = tls->current;
    tls->current = counted;
    mutex_unlock(&tls->mutex);
    atomic_store(&tls->generation, counted->material.generation);
    if (before)
        tls_release(&before->material);
}

Status tls_new(const TlsOptions *options, Tls **ret_tls) {
    AUTO(tls_free) Tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    mutex_init(&tls->mutex);
    tls->options = *options;
    size_t count = 0;
    const char *const named[] = { options->config_file, options->cert_file, options->key_file,
                                  options->ca_file };
    for (size_t i = 0; i < (options->config_file ? 1 : ARRAY_LENGTH(named)); i++)
        if (named[i])
            tls->files[count++] = named[i];
    if (!options->config_file && (!options->cert_file || !options->key_file))
        return status_error(STATUS_INVALID_ARGUMENT, "TLS needs both a certificate and its key");
    look_at(tls, tls->marks); /* before they are read: a change meanwhile is seen next time */
    Counted *counted;
    TRY(read_state(options, &counted));
    publish(tls, counted);
    *ret_tls = TAKE(tls);
    return status_ok();
}

void tls_free(Tls *tls) {
    if (!tls)
        return;
    if (tls->current)
        tls_release(&tls->current->material);
    mutex_deinit(&tls->mutex);
    free(tls);
}

void tls_refresh(Tls *tls) {
    FileMark marks[FILES_MAX];
    look_at(tls, marks);
    if (!memcmp(marks, tls->marks, sizeof marks))
        return;
    memcpy(tls->marks, marks, sizeof marks);
    Counted *counted;
    Status status = read_state(&tls->options, &counted);
    if (!status_is_ok(&status)) {
        atomic_fetch_add(&tls->failures, 1);
        log_event(LOG_WARN, "tls_reload_failed", "reason=%s kept=generation_%llu",
                  LOG_TEXT(status.message), (unsigned long long)tls_generation(tls));
        return;
    }
    int64_t not_after_s = counted->material.not_after_s;
    publish(tls, counted);
    atomic_fetch_add(&tls->reloads, 1);
    log_event(LOG_INFO, "tls_reloaded", "generation=%llu not_after=%lld",
              (unsigned long long)tls_generation(tls), (long long)not_after_s);
}

const TlsMaterial *tls_acquire(Tls *tls) {
    LOCKED(&tls->mutex);
    atomic_fetch_add_explicit(&tls->current->references, 1, memory_order_relaxed);
    return &tls->current->material;
}

void tls_release(const TlsMaterial *material) {
    Counted *counted = (Counted *)(uintptr_t)material;
    if (atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) == 1)
        free_counted(counted);
}

uint64_t tls_generation(Tls *tls) {
    return atomic_load(&tls->generation);
}

TlsCounts tls_counts(Tls *tls) {
    const TlsMaterial *material = tls_acquire(tls);
    TlsCounts counts = { .reloads = atomic_load(&tls->reloads),
                         .failures = atomic_load(&tls->failures),
                         .not_after_s = material->not_after_s };
    tls_release(material);
    return counts;
}

/* --- who the peer is --- */

/* The first alternative name of that kind; false: none, or one that is not plain text. */
static bool alternative_name(const X509 *certificate, int kind, char name[static TLS_NAME_BYTES]) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
        const GENERAL_NAME *item = sk_GENERAL_NAME_value(names, i);
        if (item->type != kind)
            continue;
        size_t length = (size_t)ASN1_STRING_length(item->d.ia5);
        const char *text = (const char *)ASN1_STRING_get0_data(item->d.ia5);
        found = length && length < TLS_NAME_BYTES && !memchr(text, '\0', length);
        if (found)
            snprintf(name, TLS_NAME_BYTES, "%.*s", (int)length, text);
    }
    GENERAL_NAMES_free(names);
    return found;
}

void tls_peer_name(const SSL *ssl, char name[static TLS_NAME_BYTES]) {
    name[0] = '\0';
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (!certificate || SSL_get_verify_result(ssl) != X509_V_OK)
        return;
    if (alternative_name(certificate, GEN_URI, name) ||
        alternative_name(certificate, GEN_DNS, name))
        return;
    int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                           TLS_NAME_BYTES);
    if (length < 0 || (size_t)length != strlen(name))
        name[0] = '\0';
}
