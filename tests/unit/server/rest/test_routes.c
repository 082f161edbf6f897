/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Paths to rows of the real table, codes, and content codings. */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "server/rest/http_encoding.h"
#include "server/rest/http_status.h"
#include "server/rest/routes.h"

#include <event2/buffer.h>
#include <string.h>

static Arena *arena;

typedef struct Row {
    const char *method, *path;
    const char *pattern; /* NULL: none */
    const char *model, *version, *label;
    bool wrong_method;
} Row;

static const Row ROWS[] = {
    { "POST", "/v1/models/m:predict", "/v1/models/*:predict", "m", "", "", false },
    { "POST", "/V1/Models/M:predict", "/v1/models/*:predict", "M", "", "", false },
    { "POST", "/v1/models/m:Predict", NULL, "", "", "", false },
    { "POST", "/v1/models/m/versions/12:predict", "/v1/models/*/versions/#:predict", "m", "12", "",
      false },
    { "POST", "/v1/models/m/labels/canary:predict", "/v1/models/*/labels/@:predict", "m", "",
      "canary", false },
    { "POST", "/v1/models/a%20b%2Fc:predict?x=1", "/v1/models/*:predict", "a b/c", "", "", false },
    { "GET", "/v1/models/m:predict", NULL, "", "", "", true },
    { "GET", "/v1/models", "/v1/models", "", "", "", false },
    { "GET", "/v1/models/m", "/v1/models/*", "m", "", "", false },
    { "GET", "/v1/models/m/metadata", "/v1/models/*/metadata", "m", "", "", false },
    { "GET", "/v1/models/m/versions/x", NULL, "", "", "", false },
    { "GET", "/v2", "/v2", "", "", "", false },
    { "HEAD", "/v2", "/v2", "", "", "", false },
    { "GET", "/v2/models/stats", "/v2/models/stats", "", "", "", false },
    { "GET", "/v2/models/m/versions/3/ready", "/v2/models/*/versions/#/ready", "m", "3", "",
      false },
    { "POST", "/v2/models/m/infer", "/v2/models/*/infer", "m", "", "", false },
    { "POST", "/v2/Models/m/infer", NULL, "", "", "", false },
    { "GET", "/v2/models/m/infer", NULL, "", "", "", true },
    { "GET", "/v2/models//ready", NULL, "", "", "", false },
    { "GET", "http://host:80/v2/health/live", "/v2/health/live", "", "", "", false },
    { "GET", "/", "/", "", "", "", false },
    { "GET", "/?x", "/", "", "", "", false },
    { "GET", "/console/api.js", "/console/*", "api.js", "", "", false },
    { "GET", "/console/models/m/versions/3/graph", "/console/models/*/versions/#/graph", "m", "3",
      "", false },
    { "POST", "/", NULL, "", "", "", true },
    { "GET", "", NULL, "", "", "", false },
};

static bool same(StringView view, const char *text) {
    return view.length == strlen(text) &&
           (view.length == 0 || !memcmp(view.data, text, view.length));
}

static void test_paths_find_their_rows(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++) {
        RouteMatch match;
        StringView path = route_path(ROWS[i].path, strlen(ROWS[i].path));
        check_ok(route_find(ROUTES, ROUTE_COUNT, ROWS[i].method, path, arena, &match));
        const char *pattern = match.row ? match.row->pattern : "none";
        if (strcmp(pattern, ROWS[i].pattern ? ROWS[i].pattern : "none") != 0)
            fail_msg("%s %s: %s", ROWS[i].method, ROWS[i].path, pattern);
        if (!match.row) {
            assert_int_equal(match.wrong_method, ROWS[i].wrong_method);
            continue;
        }
        if (!same(match.model, ROWS[i].model) || !same(match.version, ROWS[i].version) ||
            !same(match.label, ROWS[i].label))
            fail_msg("%s: %.*s %.*s %.*s", ROWS[i].path, (int)match.model.length, match.model.data,
                     (int)match.version.length, match.version.data, (int)match.label.length,
                     match.label.data);
    }
}

static void test_bad_percent_encoding_is_refused(void **state) {
    (void)state;
    static const char *const paths[] = { "/v2/models/a%/ready", "/v2/models/a%4/ready",
                                         "/v2/models/a%zz/ready", "/v2/models/a%00/ready" };
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        RouteMatch match;
        StringView path = { .data = paths[i], .length = strlen(paths[i]) };
        Status status = route_find(ROUTES, ROUTE_COUNT, "GET", path, arena, &match);
        if (status.code != STATUS_INVALID_ARGUMENT)
            fail_msg("%s", paths[i]);
    }
}

static void test_every_code_has_a_text_in_both_protocols(void **state) {
    (void)state;
    for (int code = STATUS_OK; code <= STATUS_UNAUTHENTICATED; code++) {
        for (RestProtocol protocol = REST_TENSORFLOW; protocol <= REST_INFERENCE; protocol++) {
            int http = http_status_of((StatusCode)code, protocol);
            assert_true(http >= 200 && http < 600);
            assert_string_not_equal(http_status_text(http), "Unknown");
        }
    }
    assert_int_equal(http_status_of(STATUS_FAILED_PRECONDITION, REST_TENSORFLOW), 400);
    assert_int_equal(http_status_of(STATUS_ALREADY_EXISTS, REST_TENSORFLOW), 409);
    assert_int_equal(http_status_of(STATUS_ALREADY_EXISTS, REST_INFERENCE), 400);
    assert_int_equal(http_status_of(STATUS_UNAVAILABLE, REST_INFERENCE), 503);
    assert_int_equal(http_status_of(STATUS_DEADLINE_EXCEEDED, REST_TENSORFLOW), 504);
}

static void test_the_best_coding_is_chosen(void **state) {
    (void)state;
    static const struct {
        const char *accept;
        HttpCoding coding;
    } rows[] = { { "", CODING_IDENTITY },
                 { "gzip", CODING_GZIP },
                 { "deflate, gzip", CODING_DEFLATE },
                 { "gzip;q=0.2, deflate;q=0.5", CODING_DEFLATE },
                 { "br, gzip ; q=0.5 ,deflate;q=0", CODING_GZIP },
                 { "gzip;q=0", CODING_IDENTITY },
                 { "*", CODING_GZIP },
                 { "identity", CODING_IDENTITY } };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (http_coding_choose(rows[i].accept) != rows[i].coding)
            fail_msg("'%s': %d", rows[i].accept, http_coding_choose(rows[i].accept));
}

static struct evbuffer *zeros(size_t bytes) {
    struct evbuffer *buffer = evbuffer_new();
    assert_non_null(buffer);
    for (size_t i = 0; i < bytes; i += 1000)
        evbuffer_add_printf(buffer, "%01000d", 0);
    return buffer;
}

static void test_bodies_come_back_and_bombs_do_not(void **state) {
    (void)state;
    enum { BYTES = 10000000 };
    for (HttpCoding coding = CODING_GZIP; coding <= CODING_DEFLATE; coding++) {
        struct evbuffer *plain = zeros(BYTES), *packed = http_deflate(plain, coding);
        assert_non_null(packed);
        size_t length = evbuffer_get_length(packed), bytes = 0;
        const char *data = (const char *)evbuffer_pullup(packed, -1);
        char *back = NULL;
        check_ok(http_inflate(data, length, coding, BYTES, &back, &bytes));
        assert_int_equal(bytes, BYTES);
        assert_true(back[0] == '0' && back[BYTES - 1] == '0' && back[BYTES] == '\0');
        free(back);
        Status status = http_inflate(data, length, coding, BYTES - 1, &back, &bytes);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(status.message, "above the limit"));
        status = http_inflate(data, length - 1, coding, BYTES, &back, &bytes);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        status = http_inflate("garbage", 7, coding, BYTES, &back, &bytes);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        evbuffer_free(plain);
        evbuffer_free(packed);
    }
}

static int make_arena(void **state) {
    (void)state;
    check_ok(arena_new(1024, 1 << 20, &arena));
    return 0;
}

static int free_arena(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_find_their_rows),
        cmocka_unit_test(test_bad_percent_encoding_is_refused),
        cmocka_unit_test(test_every_code_has_a_text_in_both_protocols),
        cmocka_unit_test(test_the_best_coding_is_chosen),
        cmocka_unit_test(test_bodies_come_back_and_bombs_do_not),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
