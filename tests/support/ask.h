/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One question about one tensor, in either protocol: tests say what they ask, not how it is
 * written. What is left out of an Ask is left out of the message.
 */

#include "clients/c/client.h"
#include "tests/support/onnx_writer.h"

typedef enum Protocol { PROTOCOL_TENSORFLOW, PROTOCOL_INFERENCE, PROTOCOL_COUNT } Protocol;

extern const char *const PROTOCOL_METHODS[PROTOCOL_COUNT];

typedef struct Ask {
    const char *model;
    int64_t version;               /* 0: none */
    const char *label, *signature; /* PROTOCOL_TENSORFLOW */
    const char *input;
    int tensorflow_dtype; /* 0: DT_FLOAT */
    const char *datatype; /* NULL: FP32 */
    int rank;
    int64_t dims[6];
    const void *data;
    size_t bytes;             /* of data */
    const char *output;       /* the only one wanted; NULL: all */
    const char *second_input; /* named too, with the same tensor */
} Ask;

/* Appends the request's bytes. */
void ask_write(const Ask *ask, Protocol protocol, WireWriter *writer);

/* The first output of a reply. */
typedef struct Answer {
    char model[64], output[64];
    int64_t version;
    int64_t dims[8];
    size_t rank;
    float *values; /* malloc */
    size_t count;
} Answer;

/* Takes a reply of F32 apart; the test fails if it is not one. */
void answer_read(const ClientReply *reply, Protocol protocol, Answer *ret_answer);
void answer_deinit(Answer *answer);
DEFINE_AUTO_VALUE(Answer, answer_deinit);

/* Sends and waits, at most 60 s. ret_answer: NULL if not wanted. */
Status ask_send(Client *client, const Ask *ask, Protocol protocol, Answer *ret_answer);

/* Both protocols of it: the code must be that one and the message have that text. */
#define check_fails(status_, code_, text_)                                                         \
    do {                                                                                           \
        Status check_fails_ = (status_);                                                           \
        if (check_fails_.code != (code_) || !strstr(check_fails_.message, (text_)))                \
            fail_msg("expected %s '%s', got %s '%s'", status_code_name(code_), (text_),            \
                     status_code_name(check_fails_.code), check_fails_.message);                   \
    } while (0)
