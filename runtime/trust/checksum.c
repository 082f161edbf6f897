/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* MD5 by OpenSSL; without the algorithm nothing matches. Thread: loader. */

#include "runtime/trust/checksum.h"

#include "runtime/base/beneath.h"
#include "runtime/base/cleanup.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <strings.h>

enum { MD5_BYTES = 16, TEXT_BYTES = 2 * MD5_BYTES + 1 };

Status checksum_check(int directory, const char *name, const char *expected, size_t limit_bytes) {
    AUTO(free) char *content = NULL;
    size_t length;
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[TEXT_BYTES] = "";
    TRY(beneath_read_file(directory, name, limit_bytes, &content, &length));
    if (EVP_Digest(content, length, digest, NULL, EVP_md5(), NULL) == 1)
        for (size_t i = 0; i < MD5_BYTES; i++)
            snprintf(text + 2 * i, 3, "%02x", digest[i]);
    if (strcasecmp(text, expected) == 0)
        return status_ok();
    return status_error(STATUS_FAILED_PRECONDITION,
                        "Mismatched MD5 hash for file %s, expect: %s, got: %s", name, expected,
                        text);
}
