/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Reads a PEM file's first certificate with OpenSSL and compares its end with the clock; says
 * nothing of whether it is trusted. Thread: any. */

#include "runtime/trust/certificate.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

Status certificate_days_left(const char *path, int64_t *ret_days) {
    FILE *file = fopen(path, "re");
    if (!file)
        return status_from_errno(errno, path);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    int days = 0, seconds = 0;
    bool compared =
        certificate && ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate));
    X509_free(certificate);
    if (!compared)
        return status_error(STATUS_INVALID_ARGUMENT, "%s: not a certificate in PEM", path);
    *ret_days = days - (seconds < 0);
    return status_ok();
}
