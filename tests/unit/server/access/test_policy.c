/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Policies as tables: what they allow, and what is no policy. And the rule that keeps a new method
 * from being open: every method and route of the server has an action.
 */

#include "tests/support/check.h"

#include "runtime/base/pattern.h"
#include "runtime/base/size.h"
#include "server/access/policy.h"
#include "server/rest/routes.h"
#include "server/rpc/method_table.h"

#include <string.h>

static Arena *arena;

static StringView view(const char *text) {
    return (StringView){ .data = text, .length = strlen(text) };
}

static const char POLICY[] = "{\"rules\":["
                             "{\"principals\":[\"jwt:ci\"],\"actions\":[\"infer\",\"metadata\"],"
                             "\"models\":[\"res*\",\"a\"]},"
                             "{\"principals\":[\"cert:spiffe://prod/*\"],\"actions\":[\"infer\"]},"
                             "{\"principals\":[\"token:admin\"],\"actions\":[\"*\"]},"
                             "{\"principals\":[\"*\"],\"actions\":[\"server\"]}]}";

static void test_decisions(void **state) {
    (void)state;
    static const struct {
        const char *principal, *model;
        Action action;
        bool allowed;
    } rows[] = {
        { "jwt:ci", "resnet", ACTION_INFER, true },
        { "jwt:ci", "res", ACTION_INFER, true },
        { "jwt:ci", "a", ACTION_METADATA, true },
        { "jwt:ci", "ab", ACTION_INFER, false },
        { "jwt:ci", "", ACTION_INFER, false }, /* all models: no rule says so */
        { "jwt:ci", "resnet", ACTION_LOAD, false },
        { "jwt:ci2", "resnet", ACTION_INFER, false },
        { "token:ci", "resnet", ACTION_INFER, false }, /* proved otherwise: another principal */
        { "cert:spiffe://prod/x", "any", ACTION_INFER, true },
        { "cert:spiffe://prod", "any", ACTION_INFER, false },
        { "token:admin", "", ACTION_UNLOAD, true },
        { "token:admin", "", ACTION_UNKNOWN, false },
        { "anonymous", "", ACTION_SERVER, true },
        { "anonymous", "a", ACTION_INFER, false },
    };
    Policy policy;
    check_ok(policy_parse(POLICY, strlen(POLICY), arena, &policy));
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        bool allowed =
            policy_allows(&policy, view(rows[i].principal), rows[i].action, view(rows[i].model));
        if (allowed != rows[i].allowed)
            fail_msg("row %zu: %s", i, rows[i].principal);
        if (allowed)
            assert_true(policy_may_allow(&policy, view(rows[i].principal), rows[i].action));
    }
    assert_false(policy_may_allow(&policy, view("jwt:ci"), ACTION_LOAD));
}

static void test_patterns(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool fits;
    } rows[] = { { "*", "", true },           { "", "", true },        { "", "a", false },
                 { "a*", "a", true },         { "*a", "ba", true },    { "*a*b*c", "xaybzc", true },
                 { "*a*b*c", "xacb", false }, { "a?c", "abc", false }, { "**", "x", true },
                 { "a*a", "a", false },       { "[a]", "a", false } };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (pattern_fits(rows[i].pattern, strlen(rows[i].pattern), rows[i].text,
                         strlen(rows[i].text)) != rows[i].fits)
            fail_msg("'%s' against '%s'", rows[i].pattern, rows[i].text);
}

static void test_what_is_no_policy(void **state) {
    (void)state;
    static const struct {
        const char *text, *error;
    } rows[] = {
        { "", "not a JSON object" },
        { "{}", "has no rules" },
        { "{\"rules\":{}}", "must be one array" },
        { "{\"rules\":[],\"rules\":[]}", "must be one array" },
        { "{\"rules\":[]} x", "text after it" },
        { "{\"rule\":[]}", "only member is rules" },
        { "{\"rules\":[{\"principals\":[\"a\"]}]}", "needs principals and actions" },
        { "{\"rules\":[{\"principals\":[\"a\"],\"actions\":[\"infre\"]}]}", "no action 'infre'" },
        { "{\"rules\":[{\"principals\":[\"a\"],\"actions\":[\"unknown\"]}]}", "no action" },
        { "{\"rules\":[{\"principals\":[\"a\"],\"actions\":[]}]}", "allows nothing" },
        { "{\"rules\":[{\"principals\":[1],\"actions\":[\"*\"]}]}", "arrays of text" },
        { "{\"rules\":[{\"principals\":[\"a\"],\"principals\":[\"b\"],\"actions\":[\"*\"]}]}",
          "twice" },
        { "{\"rules\":[{\"principals\":[\"a\"],\"actions\":[\"*\"],\"model\":[\"m\"]}]}",
          "known are" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Policy policy;
        Status status = policy_parse(rows[i].text, strlen(rows[i].text), arena, &policy);
        if (status.code != STATUS_INVALID_ARGUMENT || !strstr(status.message, rows[i].error))
            fail_msg("'%s': %s", rows[i].text, status.message);
        arena_reset(arena);
    }
}

static void test_every_way_in_has_an_action(void **state) {
    (void)state;
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (!action_row_find(METHOD_TABLE[i].path))
            fail_msg("%s has no row in action.c", METHOD_TABLE[i].path);
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        if (action_of_route(ROUTES[i].pattern) == ACTION_UNKNOWN)
            fail_msg("%s has no row in action.c", ROUTES[i].pattern);
}

/* A name that a reader could find in two places is not decided on. */
static void test_model_of_a_request(void **state) {
    (void)state;
    static const struct {
        const char *path, *bytes, *model; /* NULL: refused */
        size_t length;
    } rows[] = {
        { "/inference.GRPCInferenceService/ModelMetadata", "\x0a\x01m", "m", 3 },
        { "/inference.GRPCInferenceService/ModelMetadata", "\x12\x01\x31\x0a\x01m", "m", 6 },
        { "/inference.GRPCInferenceService/ModelMetadata", "\x0a\x01m\x0a\x01n", NULL, 6 },
        { "/inference.GRPCInferenceService/ModelMetadata", "\x0a\x05m", NULL, 3 },
        { "/inference.GRPCInferenceService/ModelMetadata", "\x08\x01", NULL, 2 },
        { "/inference.GRPCInferenceService/ModelMetadata", "", "", 0 },
        { "/tensorflow.serving.ModelService/GetModelStatus", "\x0a\x03\x0a\x01m", "m", 5 },
        { "/tensorflow.serving.ModelService/GetModelStatus", "\x0a\x03\x0a\x01m\x0a\x00", NULL, 7 },
        { "/tensorflow.serving.ModelService/GetModelStatus", "\x0a\x06\x0a\x01m\x0a\x01n", NULL,
          8 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char name[64];
        StringView model;
        Span span = { rows[i].bytes, rows[i].length };
        Spans spans = { .items = &span, .count = 1, .bytes = rows[i].length };
        Status status =
            action_model(action_row_find(rows[i].path), &spans, name, sizeof name, &model);
        assert_int_equal(status_is_ok(&status), rows[i].model != NULL);
        if (rows[i].model) {
            assert_int_equal(model.length, strlen(rows[i].model));
            assert_memory_equal(model.data, rows[i].model, model.length);
        }
    }
}

static int start(void **state) {
    (void)state;
    Status status = arena_new(4096, 1 << 20, &arena);
    return status_is_ok(&status) ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_what_is_no_policy),
        cmocka_unit_test(test_every_way_in_has_an_action),
        cmocka_unit_test(test_model_of_a_request),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
