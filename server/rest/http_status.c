/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two tables. Triton knows few codes; ours adds those for limits, so that a client can tell "later"
 * (429, 503, 504) from "never" (400). Pure. Source: reference tensorflow_serving.md 2,
 * open_inference_triton.md 2.1.
 */

#include "server/rest/http_status.h"

#include "runtime/base/size.h"

static const int CODES[][2] = {
    [STATUS_OK] = { 200, 200 },
    [STATUS_CANCELLED] = { 499, 499 },
    [STATUS_UNKNOWN] = { 500, 400 },
    [STATUS_INVALID_ARGUMENT] = { 400, 400 },
    [STATUS_DEADLINE_EXCEEDED] = { 504, 504 },
    [STATUS_NOT_FOUND] = { 404, 404 },
    [STATUS_ALREADY_EXISTS] = { 409, 400 },
    [STATUS_PERMISSION_DENIED] = { 403, 403 },
    [STATUS_RESOURCE_EXHAUSTED] = { 429, 429 },
    [STATUS_FAILED_PRECONDITION] = { 400, 400 },
    [STATUS_ABORTED] = { 409, 400 },
    [STATUS_OUT_OF_RANGE] = { 400, 400 },
    [STATUS_UNIMPLEMENTED] = { 501, 501 },
    [STATUS_INTERNAL] = { 500, 500 },
    [STATUS_UNAVAILABLE] = { 503, 503 },
    [STATUS_DATA_LOSS] = { 500, 500 },
    [STATUS_UNAUTHENTICATED] = { 401, 401 },
};

int http_status_of(StatusCode code, RestProtocol protocol) {
    return (size_t)code < ARRAY_LENGTH(CODES) ? CODES[code][protocol] : 500;
}

const char *http_status_text(int code) {
    static const struct {
        int code;
        const char *text;
    } rows[] = {
        { 200, "OK" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 413, "Payload Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 417, "Expectation Failed" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 499, "Client Closed Request" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (rows[i].code == code)
            return rows[i].text;
    return "Unknown";
}
