/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Changes asked for while models are served: what each waits for, and what is answered when the
 * clock, a stop or a failure comes first. The clock stands still but where a test moves it.
 */

#include "runtime/repo/change.h"
#include "tests/unit/runtime/repo/repo_world.h"

/* A change and its end. */
typedef struct Asked {
    RepoChange change;
    bool is_done;
    Status status;
} Asked;

static void on_done(RepoChange *change, const Status *status) {
    Asked *asked = change->user;
    LOCKED(&world.mutex);
    asked->status = *status;
    asked->is_done = true;
    cond_broadcast(&world.changed);
}

static void ask(Asked *asked, const RepoChange *change) {
    *asked = (Asked){ .change = *change };
    asked->change.done = on_done;
    asked->change.user = asked;
    if (asked->change.deadline_ns == 0)
        asked->change.deadline_ns = TIME_NEVER;
    Status status = repo_change(world.repo, &asked->change);
    assert_string_equal(status.message, "");
}

static StatusCode end_of(Asked *asked) {
    uint64_t deadline_ns = patience();
    LOCKED(&world.mutex);
    while (!asked->is_done)
        if (!cond_wait_until(&world.changed, &world.mutex, deadline_ns))
            fail_msg("the change does not end");
    return asked->status.code;
}

static StatusCode ask_and_wait(const RepoChange *change) {
    Asked asked;
    ask(&asked, change);
    return end_of(&asked);
}

static int64_t labelled(const char *model, const char *label) {
    VersionChoice choice = { .label = view(label) };
    AUTO(lease_release) Lease lease = { 0 };
    Status status = repo_acquire(world.repo, view(model), &choice, &lease);
    return status_is_ok(&status) ? lease.version->number : -1;
}

static void start_explicit(void) {
    RepoOptions options = default_options();
    options.watch = false;
    options.explicit_control = true;
    start(&options);
    assert_true(repo_wait_loaded(world.repo, patience()));
}

static void test_explicit_models_wait_to_be_asked_for(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    start_explicit();
    assert_true(repo_is_ready(world.repo));
    assert_int_equal(served_number("a"), -1);
    RepoChange load = { .kind = REPO_LOAD, .model = "a" };
    assert_int_equal(ask_and_wait(&load), STATUS_OK);
    assert_int_equal(served_number("a"), 1);
    add_old_version("a", "2", 2);
    repo_poke(world.repo);
    await("a", 2, VERSION_AVAILABLE); /* a signal asks too */
    RepoChange unload = { .kind = REPO_UNLOAD, .model = "a" };
    assert_int_equal(ask_and_wait(&unload), STATUS_OK);
    await("a", 2, VERSION_END);
    assert_int_equal(served_number("a"), -1);
    load.model = "nobody";
    assert_int_equal(ask_and_wait(&load), STATUS_INTERNAL);
}

static void test_labels_follow_the_loads_of_their_list(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    add_old_version("a", "2", 2);
    char path[96];
    snprintf(path, sizeof path, "%s/a", world.root);
    RepoOptions options = default_options();
    options.repository_count = 0;
    start(&options);
    VersionLabel labels[] = { { "old", 1 }, { "new", 2 } };
    ServedModel model = { .name = "m",
                          .base_path = path,
                          .has_version_policy = true,
                          .version_policy = { .kind = VERSIONS_ALL },
                          .version_labels = labels,
                          .version_label_count = 2 };
    RepoChange list = { .kind = REPO_CONFIGURE, .models = &model, .model_count = 1 };
    assert_int_equal(ask_and_wait(&list), STATUS_OK);
    assert_int_equal(labelled("m", "old"), 1);
    assert_int_equal(labelled("m", "new"), 2);
    VersionLabel wrong[] = { { "new", 1 }, { "old", 9 } };
    RepoChange move = { .kind = REPO_LABEL, .model = "m", .labels = wrong, .label_count = 2 };
    assert_int_equal(ask_and_wait(&move), STATUS_FAILED_PRECONDITION);
    assert_int_equal(labelled("m", "new"), 2); /* all of them, or none */
    move.label_count = 1;
    assert_int_equal(ask_and_wait(&move), STATUS_OK);
    assert_int_equal(labelled("m", "new"), 1);
    assert_int_equal(labelled("m", "old"), 1);
    list.model_count = 0;
    assert_int_equal(ask_and_wait(&list), STATUS_OK);
    await("m", 2, VERSION_END);
    assert_int_equal(labelled("m", "old"), -1);
}

static void test_a_load_that_fails_says_so_once_it_has(void **state) {
    (void)state;
    make_directory("a");
    make_directory("a/1");
    write_text("a/1/model.onnx", "this is no model");
    make_old("a/1/model.onnx");
    make_old("a/1");
    start_explicit();
    Asked asked;
    ask(&asked, &(RepoChange){ .kind = REPO_LOAD, .model = "a" });
    assert_int_equal(end_of(&asked), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(asked.status.message,
                           "load failed for model 'a': version 1 is at UNAVAILABLE state: "));
}

static void block(bool blocked) {
    LOCKED(&world.mutex);
    world.block_ready = blocked;
    cond_broadcast(&world.changed);
}

static void await_blocked_load(void) {
    LOCKED(&world.mutex);
    while (!world.in_ready)
        cond_wait(&world.changed, &world.mutex);
}

static void test_a_deadline_answers_and_the_load_goes_on(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    start_explicit();
    block(true);
    Asked asked;
    ask(&asked, &(RepoChange){
                    .kind = REPO_LOAD, .model = "a", .deadline_ns = world.now_ns + 5 * NS_PER_S });
    await_blocked_load();
    world.now_ns += 5 * NS_PER_S;
    repo_poke(world.repo);
    assert_int_equal(end_of(&asked), STATUS_DEADLINE_EXCEEDED);
    block(false);
    await("a", 1, VERSION_AVAILABLE);
}

static void test_a_stop_answers_what_waits(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    start_explicit();
    block(true);
    Asked asked;
    ask(&asked, &(RepoChange){ .kind = REPO_LOAD, .model = "a" });
    await_blocked_load();
    repo_end_changes(world.repo);
    assert_int_equal(end_of(&asked), STATUS_UNAVAILABLE);
    RepoChange late = { .kind = REPO_UNLOAD, .model = "a", .done = on_done };
    assert_int_equal(repo_change(world.repo, &late).code, STATUS_UNAVAILABLE);
    block(false);
    await("a", 1, VERSION_AVAILABLE);
}

static void test_files_that_come_along_do_not_leave_the_model(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    start_explicit();
    Span byte = { "x", 1 };
    static const char *const paths[] = { "",      "/x", "../x",      "1/../x", "1//x",
                                         "1/./x", ".x", "1/2/3/4/x", "1/" };
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        RepoFile file = { .path = paths[i], .content = { &byte, 1, 1 } };
        RepoChange load = {
            .kind = REPO_LOAD, .model = "a", .config_text = "", .files = &file, .file_count = 1
        };
        if (ask_and_wait(&load) != STATUS_INVALID_ARGUMENT)
            fail_msg("'%s' is taken", paths[i]);
    }
    assert_int_equal(served_number("a"), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_explicit_models_wait_to_be_asked_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_labels_follow_the_loads_of_their_list, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_load_that_fails_says_so_once_it_has, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_deadline_answers_and_the_load_goes_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_stop_answers_what_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_that_come_along_do_not_leave_the_model, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
