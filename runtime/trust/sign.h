/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Making what signature.h and file_list.h check: manifests and bundles of a version's folder. */

#include "runtime/trust/signature.h"

/**
 * Hashes every plain file beneath the directory but the manifest and the signature.
 *
 * Errors: INVALID_ARGUMENT (a name or a link that a manifest cannot hold), those of reading
 */
Status sign_list_files(int directory, Arena *arena, FileList *ret_list);
/* The lines of a manifest. */
Status sign_manifest(const FileList *list, Arena *arena, StringView *ret_text);

typedef struct Signer {
    EVP_PKEY *key;                               /* private, on P-256, P-384 or P-521 */
    X509 *certificates[BUNDLE_CERTIFICATES_MAX]; /* of the key, then those that signed it */
    size_t certificate_count;                    /* 0: the key alone */
} Signer;

/* PEM of the key; of certificates, which may be NULL. INVALID_ARGUMENT. */
Status signer_read(const char *key_pem, size_t key_bytes, const char *chain_pem, size_t chain_bytes,
                   Signer *ret_signer);
void signer_deinit(Signer *signer);
static inline void signer_deinit_auto_(Signer *signer) {
    signer_deinit(signer);
}

/* @subject  "model/3": what is signed. The text of model.sig. */
Status sign_bundle(const FileList *list, StringView subject, const Signer *signer, Arena *arena,
                   StringView *ret_text);
