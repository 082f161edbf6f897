/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A signature over a model as OpenSSF model signing writes it (model.sig): a Sigstore bundle with a
 * DSSE envelope around an in-toto statement, whose predicate lists the files. Key and certificate
 * modes; bundles of the keyless mode, which want a transparency log, are refused.
 * Source: model-transparency 1.1.1; sigstore bundle v0.3; DSSE 1.0; in-toto Statement v1.
 */

#include "runtime/trust/file_list.h"

enum { BUNDLE_BYTES_MAX = 16 << 20, BUNDLE_CERTIFICATES_MAX = 8 };
static const char BUNDLE_MEDIA_TYPE[] = "application/vnd.dev.sigstore.bundle.v0.3+json";
static const char BUNDLE_PAYLOAD_TYPE[] = "application/vnd.in-toto+json";
static const char STATEMENT_TYPE[] = "https://in-toto.io/Statement/v1";
static const char STATEMENT_PREDICATE_TYPE[] = "https://model_signing/signature/v1.0";

/* Nothing in it has been verified. Views lie in the arena. */
typedef struct Bundle {
    StringView payload, signature;
    StringView key_hint;                              /* empty: none */
    StringView certificates[BUNDLE_CERTIFICATES_MAX]; /* DER; the first has signed */
    size_t certificate_count;
} Bundle;

/* INVALID_ARGUMENT saying what is wrong with it. */
Status bundle_parse(const char *text, size_t length, Arena *arena, Bundle *ret_bundle);

typedef struct Statement {
    StringView subject; /* name of what was signed */
    FileList files;
} Statement;

/* Of a payload whose signature has been verified. Recomputes the root digest. */
Status statement_parse(StringView payload, Arena *arena, Statement *ret_statement);
