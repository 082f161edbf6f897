/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Models that come, change, break and go while the server serves them. y = x + the version's
 * number, so an answer says which version gave it. Every wait is on the server's log, or on health
 * Watch; the one thing that depends on time (a copy that is still growing is not loaded) is held
 * open by the test and not by luck.
 */

#include "tests/support/ask.h"
#include "tests/support/check.h"
#include "tests/support/rpc_client.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_repository.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "runtime/base/thread.h"

#include "tensorflow_serving/apis/get_model_status.pb-c.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 4 };
static const float ROW[COLUMNS] = { 1, 2, 3, 4 };

typedef struct World {
    TempRepository repository;
    ServerProcess *server;
    Client *client;
} World;

static int open_world(void **state) {
    static World world;
    world = (World){ 0 };
    temp_repository_init(&world.repository);
    *state = &world;
    return 0;
}

static int close_world(void **state) {
    World *world = *state;
    client_free(world->client);
    server_process_free(world->server);
    temp_repository_deinit(&world->repository);
    return 0;
}

static void serve(World *world) {
    world->server = server_process_start(
        (const char *[]){ world->repository.flag, "--file-system-poll-wait-seconds=1", NULL });
    check_ok(client_new(&(ClientOptions){ .target = server_process_target(world->server) },
                        &world->client));
}

static void end(World *world) {
    client_free(TAKE(world->client));
    server_process_stop(TAKE(world->server));
}

static void add_version(World *world, const char *model, int version) {
    AUTO(wire_writer_deinit) WireWriter writer = { 0 };
    model_write_add(&writer, COLUMNS, (float)version);
    temp_repository_add(&world->repository, model, version, writer.data, writer.length);
}

static void wait_version(World *world, size_t mark, const char *event, const char *model,
                         int version) {
    char name[64], number[32];
    snprintf(name, sizeof name, "model=\"%s\"", model);
    snprintf(number, sizeof number, "version=%d", version);
    server_process_wait(world->server, mark, event, name, number);
}

static Ask ask_of(const char *model, int64_t version) {
    return (Ask){ .model = model,
                  .version = version,
                  .input = "x",
                  .rank = 2,
                  .dims = { 1, COLUMNS },
                  .data = ROW,
                  .bytes = sizeof ROW };
}

/* Which version answers a request that names one, or none (0). */
static int64_t answering_version(World *world, const char *model, int64_t version) {
    Ask ask = ask_of(model, version);
    int64_t seen = 0;
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        AUTO(answer_deinit) Answer answer = { 0 };
        check_ok(ask_send(world->client, &ask, protocol, &answer));
        for (size_t i = 0; i < COLUMNS; i++)
            assert_true(answer.values[i] == ROW[i] + (float)answer.version);
        if (seen)
            assert_int_equal(seen, answer.version);
        seen = answer.version;
    }
    return seen;
}

/* --- GetModelStatus --- */

typedef Tensorflow__Serving__GetModelStatusResponse StatusResponse;
typedef Tensorflow__Serving__ModelVersionStatus VersionEntry;

static StatusResponse *model_status(World *world, const char *model) {
    AUTO(wire_writer_deinit) WireWriter request = { 0 };
    AUTO(client_reply_deinit) ClientReply reply = { 0 };
    size_t spec = wire_open(&request, 1);
    wire_put_text(&request, 1, model);
    wire_close(&request, spec);
    check_ok(client_unary(world->client, "/tensorflow.serving.ModelService/GetModelStatus",
                          request.data, request.length, 60 * NS_PER_S, &reply));
    StatusResponse *response =
        tensorflow__serving__get_model_status_response__unpack(NULL, reply.bytes, reply.data);
    assert_non_null(response);
    return response;
}

/* The state of one version, and the text of its error; 0: not listed. */
static int version_state(World *world, const char *model, int version, char ret_text[static 512]) {
    StatusResponse *response = model_status(world, model);
    int state = 0;
    *ret_text = '\0';
    for (size_t i = 0; i < response->n_model_version_status; i++) {
        const VersionEntry *entry = response->model_version_status[i];
        if (entry->version != version)
            continue;
        state = (int)entry->state;
        if (entry->status && entry->status->error_message)
            snprintf(ret_text, 512, "%s", entry->status->error_message);
    }
    tensorflow__serving__get_model_status_response__free_unpacked(response, NULL);
    return state;
}

enum { AVAILABLE = 30, END = 50 }; /* as in the contract */

static void check_state(World *world, const char *model, int version, int state,
                        const char *const *texts, size_t text_count) {
    char text[512];
    assert_int_equal(version_state(world, model, version, text), state);
    for (size_t i = 0; i < text_count; i++)
        if (!strstr(text, texts[i]))
            fail_msg("version %d of %s: '%s' does not name '%s'", version, model, text, texts[i]);
}

/* --- load that never stops --- */

typedef struct Pressure {
    const ServerProcess *server;
    Thread thread;
    Mutex mutex;
    Cond more;
    /* under mutex */
    bool stop, ended;
    size_t answered;
    /* its thread's; read after the join */
    Status first_failure;
    int64_t versions_seen; /* a bit each */
} Pressure;

/* One more answer, or the end. false: stop. */
static bool pressure_note(Pressure *pressure, bool answered) {
    LOCKED(&pressure->mutex);
    pressure->answered += answered;
    pressure->ended = !answered;
    cond_broadcast(&pressure->more);
    return !pressure->stop && answered;
}

static void press(void *user) {
    Pressure *pressure = user;
    AUTO(client_free) Client *client = NULL;
    Status status =
        client_new(&(ClientOptions){ .target = server_process_target(pressure->server) }, &client);
    Protocol protocol = PROTOCOL_TENSORFLOW;
    do {
        protocol = !protocol;
        Ask ask = ask_of("model", 0);
        AUTO(answer_deinit) Answer answer = { 0 };
        if (status_is_ok(&status))
            status = ask_send(client, &ask, protocol, &answer);
        if (!status_is_ok(&status))
            continue;
        pressure->versions_seen |= INT64_C(1) << answer.version;
        if (answer.values[0] != ROW[0] + (float)answer.version)
            status = status_error(STATUS_INTERNAL, "an answer of another version");
    } while (pressure_note(pressure, status_is_ok(&status)));
    pressure->first_failure = status;
}

/* Until it has had that many more answers. */
static void pressure_wait(Pressure *pressure, size_t more) {
    LOCKED(&pressure->mutex);
    size_t until = pressure->answered + more;
    while (pressure->answered < until && !pressure->ended)
        cond_wait(&pressure->more, &pressure->mutex);
}

static void pressure_start(Pressure *pressure, World *world) {
    *pressure = (Pressure){ .server = world->server };
    mutex_init(&pressure->mutex);
    cond_init(&pressure->more);
    check_ok(thread_start(&pressure->thread, THREAD_OTHER, "pressure", press, pressure));
    pressure_wait(pressure, 1);
}

static void pressure_stop(Pressure *pressure) {
    pressure_wait(pressure, 10);
    mutex_lock(&pressure->mutex);
    pressure->stop = true;
    mutex_unlock(&pressure->mutex);
    thread_join(&pressure->thread);
    cond_deinit(&pressure->more);
    mutex_deinit(&pressure->mutex);
    check_ok(pressure->first_failure);
}

/* --- tests --- */

static void test_a_model_can_come_while_serving(void **state) {
    World *world = *state;
    serve(world);
    Ask ask = ask_of("late", 0);
    check_fails(ask_send(world->client, &ask, PROTOCOL_TENSORFLOW, NULL), STATUS_NOT_FOUND,
                "Latest(late)");
    RpcClient *rpc = rpc_client_new(server_process_port(world->server));
    RpcCall *watch = rpc_call_start(rpc, &(RpcAsk){ .path = "/grpc.health.v1.Health/Watch",
                                                    .body = "\x0a\x04"
                                                            "late",
                                                    .length = 6,
                                                    .timeout_ms = 60000 });
    RpcAnswer answer;
    assert_true(rpc_call_read(watch, &answer));
    assert_memory_equal(answer.bytes, "\x08\x03", 2); /* SERVICE_UNKNOWN */
    rpc_answer_free(&answer);
    add_version(world, "late", 1);
    for (bool serving = false; !serving;) { /* NOT_SERVING may come between */
        assert_true(rpc_call_read(watch, &answer));
        serving = answer.bytes[1] == 1;
        rpc_answer_free(&answer);
    }
    assert_int_equal(answering_version(world, "late", 0), 1);
    rpc_call_cancel(watch);
    rpc_call_finish(watch, &answer);
    rpc_answer_free(&answer);
    rpc_client_free(rpc);
    end(world);
}

static void test_versions_roll_over_and_back_under_load(void **state) {
    World *world = *state;
    add_version(world, "model", 1);
    serve(world);
    Pressure pressure;
    pressure_start(&pressure, world);
    size_t mark = server_process_mark(world->server);
    add_version(world, "model", 2);
    wait_version(world, mark, "event=version_available", "model", 2);
    wait_version(world, mark, "event=version_unloaded", "model", 1);
    assert_int_equal(answering_version(world, "model", 0), 2);
    Ask old = ask_of("model", 1);
    check_fails(ask_send(world->client, &old, PROTOCOL_INFERENCE, NULL), STATUS_NOT_FOUND,
                "version 1");
    mark = server_process_mark(world->server);
    temp_repository_remove(&world->repository, "model", 2);
    wait_version(world, mark, "event=version_available", "model", 1);
    wait_version(world, mark, "event=version_unloaded", "model", 2);
    assert_int_equal(answering_version(world, "model", 0), 1);
    pressure_stop(&pressure);
    assert_int_equal(pressure.versions_seen, 1 << 1 | 1 << 2);
    end(world);
}

static void test_broken_versions_leave_the_old_one_serving(void **state) {
    World *world = *state;
    add_version(world, "model", 1);
    serve(world);
    Pressure pressure;
    pressure_start(&pressure, world);

    size_t mark = server_process_mark(world->server);
    temp_repository_add(&world->repository, "model", 2, "this is no model", 16);
    wait_version(world, mark, "event=version_failed", "model", 2);
    check_state(world, "model", 2, END, (const char *[]){ "model.onnx" }, 1);

    AUTO(wire_writer_deinit) WireWriter writer = { 0 };
    model_write_unknown(&writer, "Einsummer", "the_third_node", 17);
    mark = server_process_mark(world->server);
    temp_repository_add(&world->repository, "model", 3, writer.data, writer.length);
    wait_version(world, mark, "event=version_failed", "model", 3);
    check_state(world, "model", 3, END, (const char *[]){ "Einsummer", "the_third_node", "17" }, 3);

    mark = server_process_mark(world->server);
    temp_repository_add(&world->repository, "model", 4, "", 0);
    wait_version(world, mark, "event=version_failed", "model", 4);

    check_state(world, "model", 1, AVAILABLE, NULL, 0);
    assert_int_equal(answering_version(world, "model", 0), 1);
    mark = server_process_mark(world->server);
    add_version(world, "model", 5); /* mended */
    wait_version(world, mark, "event=version_available", "model", 5);
    assert_int_equal(answering_version(world, "model", 0), 5);
    pressure_stop(&pressure);
    end(world);
}

/* The copy changes without a pause until other models were loaded, so scans did run meanwhile. */
static void test_a_copy_in_progress_is_not_loaded(void **state) {
    World *world = *state;
    add_version(world, "model", 1);
    serve(world);
    AUTO(wire_writer_deinit) WireWriter writer = { 0 };
    model_write_add(&writer, COLUMNS, 2);
    size_t half = writer.length / 2, mark = server_process_mark(world->server);
    temp_repository_write(&world->repository, "model/2/model.onnx", writer.data, half, false);
    for (int i = 0; i < 3; i++) {
        char other[32], line[64];
        snprintf(other, sizeof other, "other%d", i);
        snprintf(line, sizeof line, "model=\"%s\"", other);
        add_version(world, other, 1);
        uint64_t deadline_ns = time_after(clock_now_ns(clock_monotonic()), 60 * NS_PER_S);
        for (size_t round = 0;
             !server_process_logged(world->server, mark, "event=version_available", line);
             round++) {
            temp_repository_write(&world->repository, "model/2/model.onnx", writer.data,
                                  half + round % 8, false);
            assert_true(clock_now_ns(clock_monotonic()) < deadline_ns);
        }
        assert_int_equal(answering_version(world, "model", 0), 1);
    }
    assert_false(server_process_logged(world->server, mark, "model=\"model\"", "version=2"));
    temp_repository_write(&world->repository, "model/2/model.onnx", writer.data, writer.length,
                          false);
    wait_version(world, mark, "event=version_available", "model", 2);
    assert_false(server_process_logged(world->server, mark, "event=version_failed", NULL));
    assert_int_equal(answering_version(world, "model", 0), 2);
    end(world);
}

static void test_policies_choose_versions(void **state) {
    World *world = *state;
    temp_repository_configure(&world->repository, "model",
                              "version_policy: { specific { versions: [ 1 ] } }");
    for (int version = 1; version <= 3; version++)
        add_version(world, "model", version);
    serve(world);
    assert_int_equal(answering_version(world, "model", 0), 1);
    Ask third = ask_of("model", 3);
    check_fails(ask_send(world->client, &third, PROTOCOL_TENSORFLOW, NULL), STATUS_NOT_FOUND,
                "Specific(model, 3)");

    Pressure pressure;
    pressure_start(&pressure, world);
    size_t mark = server_process_mark(world->server);
    temp_repository_configure(&world->repository, "model", "version_policy: { all { } }");
    wait_version(world, mark, "event=version_available", "model", 2);
    wait_version(world, mark, "event=version_available", "model", 3);
    for (int version = 1; version <= 3; version++)
        assert_int_equal(answering_version(world, "model", version), version);
    assert_int_equal(answering_version(world, "model", 0), 3);

    mark = server_process_mark(world->server);
    temp_repository_configure(&world->repository, "model",
                              "version_policy: { latest { num_versions: 2 } }");
    wait_version(world, mark, "event=version_unloaded", "model", 1);
    assert_int_equal(answering_version(world, "model", 2), 2);

    mark = server_process_mark(world->server); /* a rollback */
    temp_repository_configure(&world->repository, "model",
                              "version_policy: { specific { versions: [ 1 ] } }");
    wait_version(world, mark, "event=version_available", "model", 1);
    wait_version(world, mark, "event=version_unloaded", "model", 3);
    assert_int_equal(answering_version(world, "model", 0), 1);
    pressure_stop(&pressure);
    end(world);
}

static void test_a_model_that_goes_is_forgotten(void **state) {
    World *world = *state;
    add_version(world, "model", 1);
    add_version(world, "stays", 1);
    serve(world);
    size_t mark = server_process_mark(world->server);
    temp_repository_remove(&world->repository, "model", 1);
    wait_version(world, mark, "event=version_unloaded", "model", 1);
    Ask ask = ask_of("model", 0);
    for (Protocol protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        Status gone = ask_send(world->client, &ask, protocol, NULL);
        assert_int_equal(gone.code, STATUS_NOT_FOUND);
    }
    assert_int_equal(answering_version(world, "stays", 0), 1);
    end(world);
}

#define LIFECYCLE_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void) {
    const struct CMUnitTest tests[] = {
        LIFECYCLE_TEST(test_a_model_can_come_while_serving),
        LIFECYCLE_TEST(test_versions_roll_over_and_back_under_load),
        LIFECYCLE_TEST(test_broken_versions_leave_the_old_one_serving),
        LIFECYCLE_TEST(test_a_copy_in_progress_is_not_loaded),
        LIFECYCLE_TEST(test_policies_choose_versions),
        LIFECYCLE_TEST(test_a_model_that_goes_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
