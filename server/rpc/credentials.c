/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The core terminates TLS itself and asks at each handshake whether the certificate is another one;
 * the answer is a comparison of two numbers. What it gets has been checked (tls.c): a pair that
 * does not fit never comes here. The core calls under a lock of its own, on any of its threads.
 */

#include "server/rpc/credentials.h"

#include "runtime/base/size.h"

#include <string.h>

/* Roots must not be NULL in 1.51, which aborts; where clients are not asked they have no effect. */
static grpc_ssl_certificate_config_reload_status fetch(
    void *user, grpc_ssl_server_certificate_config **ret_config) {
    CredentialsState *state = user;
    if (state->generation == tls_generation(state->tls))
        return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const TlsMaterial *material = tls_acquire(state->tls);
    grpc_ssl_pem_key_cert_pair pair = { .private_key = material->key,
                                        .cert_chain = material->cert };
    *ret_config = grpc_ssl_server_certificate_config_create(
        material->ca ? material->ca : material->cert, &pair, 1);
    state->generation = material->generation;
    tls_release(material);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

/* Fixed at start: how clients are asked does not change with the files. */
static grpc_ssl_client_certificate_request_type request_type(Tls *tls) {
    const TlsMaterial *material = tls_acquire(tls);
    grpc_ssl_client_certificate_request_type type = GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    if (material->mutual)
        type = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
    else if (material->ca)
        type = GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    tls_release(material);
    return type;
}

grpc_server_credentials *credentials_new(Tls *tls, CredentialsState *state) {
    if (!tls)
        return grpc_insecure_server_credentials_create();
    *state = (CredentialsState){ .tls = tls };
    return grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(request_type(tls), fetch,
                                                                        state));
}

/* The first value of a property; false: none, or too long to be told from another. */
static bool property(const grpc_auth_context *context, const char *key,
                     char name[static TLS_NAME_BYTES]) {
    grpc_auth_property_iterator values = grpc_auth_context_find_properties_by_name(context, key);
    const grpc_auth_property *value = grpc_auth_property_iterator_next(&values);
    if (!value || !value->value_length || value->value_length >= TLS_NAME_BYTES ||
        memchr(value->value, '\0', value->value_length))
        return false;
    memcpy(name, value->value, value->value_length);
    name[value->value_length] = '\0';
    return true;
}

void credentials_peer_name(grpc_call *call, char name[static TLS_NAME_BYTES]) {
    static const char *const keys[] = { GRPC_PEER_URI_PROPERTY_NAME, GRPC_PEER_DNS_PROPERTY_NAME,
                                        GRPC_X509_CN_PROPERTY_NAME };
    grpc_auth_context *context = grpc_call_auth_context(call);
    name[0] = '\0';
    if (context && grpc_auth_context_peer_is_authenticated(context))
        for (size_t i = 0; i < ARRAY_LENGTH(keys) && !property(context, keys[i], name); i++)
            continue;
    if (context)
        grpc_auth_context_release(context);
}
