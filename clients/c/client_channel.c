/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A channel is a connection of its own, in the open or over TLS. Files are read once per channel
 * and kept by the core. A token is sent in the open only if the caller says so by naming no TLS:
 * that is for loopback and tests. Thread: the client's.
 */

#include "clients/c/client_channel.h"

#include "runtime/base/size.h"

#include <errno.h>
#include <grpc/grpc_security.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#if __has_include(<grpc/credentials.h>)
#include <grpc/credentials.h> /* its own header since core 1.64 */
#endif

enum { FILE_BYTES_MAX = 1 << 20 };

/* NULL without a path. */
static Status read_file(const char *path, char **ret_text) {
    *ret_text = NULL;
    if (!path)
        return status_ok();
    FILE *file = fopen(path, "re");
    if (!file)
        return status_from_errno(errno, path);
    char *text = malloc(FILE_BYTES_MAX + 1);
    size_t length = text ? fread(text, 1, FILE_BYTES_MAX + 1, file) : 0;
    fclose(file);
    if (!text || length == 0 || length > FILE_BYTES_MAX || memchr(text, '\0', length)) {
        free(text);
        return status_error(STATUS_INVALID_ARGUMENT, "%s: not a text of 1 to %d bytes", path,
                            FILE_BYTES_MAX);
    }
    text[length] = '\0';
    *ret_text = text;
    return status_ok();
}

static Status credentials_new(const ClientOptions *options, grpc_channel_credentials **ret) {
    AUTO(free) char *ca = NULL;
    AUTO(free) char *cert = NULL;
    AUTO(free) char *key = NULL;
    if (!options->tls && !options->ca_file && !options->cert_file && !options->key_file) {
        *ret = grpc_insecure_credentials_create();
        return status_ok();
    }
    TRY(read_file(options->ca_file, &ca));
    TRY(read_file(options->cert_file, &cert));
    TRY(read_file(options->key_file, &key));
    if (!cert != !key)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "a certificate and its key are given together or not at all");
    grpc_ssl_pem_key_cert_pair pair = { .private_key = key, .cert_chain = cert };
    *ret = grpc_ssl_credentials_create_ex(ca, cert ? &pair : NULL, NULL, NULL);
    if (!*ret)
        return status_error(STATUS_INVALID_ARGUMENT, "these certificates cannot be used");
    return status_ok();
}

/* What the core itself does with calls, in its own language: how servers take turns, and what is
 * sent again. The budget (retryThrottling) keeps clients from adding load to servers that fail. */
static void write_service_config(const ClientOptions *options, char *text, size_t bytes) {
    char retry[320] = "";
    if (options->attempts > 1 && options->hedges <= 1)
        snprintf(retry, sizeof retry,
                 ",\"methodConfig\":[{\"name\":[{}],\"retryPolicy\":{\"maxAttempts\":%u,"
                 "\"initialBackoff\":\"0.05s\",\"maxBackoff\":\"2s\",\"backoffMultiplier\":2,"
                 "\"retryableStatusCodes\":[\"UNAVAILABLE\"]}}],"
                 "\"retryThrottling\":{\"maxTokens\":10,\"tokenRatio\":0.1}",
                 (unsigned)MIN_OF(options->attempts, (uint32_t)CLIENT_ATTEMPTS_MAX));
    snprintf(text, bytes, "{\"loadBalancingConfig\":[{\"%s\":{}}]%s}",
             options->round_robin ? "round_robin" : "pick_first", retry);
}

static grpc_arg number_argument(const char *key, int value) {
    return (grpc_arg){ .type = GRPC_ARG_INTEGER,
                       .key = (char *)(uintptr_t)key,
                       .value.integer = value };
}

Status client_channel_new(const ClientOptions *options, grpc_channel **ret_channel) {
    char service_config[512];
    write_service_config(options, service_config, sizeof service_config);
    int most = options->max_message_bytes ? (int)MIN_OF(options->max_message_bytes, (size_t)INT_MAX)
                                          : INT_MAX;
    grpc_arg arguments[] = {
        /* Each channel has connections of its own. */
        number_argument("grpc.use_local_subchannel_pool", 1),
        number_argument(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, most),
        number_argument(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, INT_MAX),
        /* A server that went is tried again soon: the core's own second is long for a roll-out. */
        number_argument(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200),
        number_argument(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000),
        number_argument(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 2000),
        { .type = GRPC_ARG_STRING,
          .key = (char *)GRPC_ARG_SERVICE_CONFIG,
          .value.string = service_config },
    };
    grpc_channel_args args = { .num_args = ARRAY_LENGTH(arguments), .args = arguments };
    grpc_channel_credentials *credentials;
    TRY(credentials_new(options, &credentials));
    grpc_channel *channel = grpc_channel_create(options->target, credentials, &args);
    grpc_channel_credentials_release(credentials);
    if (!channel)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "'%s' is not an address: expected HOST:PORT or unix:PATH",
                            options->target);
    *ret_channel = channel;
    return status_ok();
}

Status client_authorization(const ClientOptions *options, char **ret_text) {
    static const char scheme[] = "Bearer ";
    AUTO(free) char *token = NULL;
    *ret_text = NULL;
    TRY(read_file(options->token_file, &token));
    if (!token)
        return status_ok();
    size_t length = strcspn(token, "\r\n"), bytes = sizeof scheme + length;
    char *text = malloc(bytes);
    if (!text)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    snprintf(text, bytes, "%s%.*s", scheme, (int)length, token);
    *ret_text = text;
    return status_ok();
}
