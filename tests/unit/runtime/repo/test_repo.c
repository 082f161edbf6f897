/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The life of models in a real directory: found, added to, replaced, damaged, removed, while leases
 * are out. Time is a fake clock, so that a version settles when the test says so; waiting is for
 * hooks, never for time to pass.
 */

#include "tests/unit/runtime/repo/repo_world.h"

static void test_models_found_at_start_are_served(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    add_old_version("a", "00000003", 3);
    add_old_version("b", "1", 1);
    write_text("b/config.pbtxt", "version_policy { all { } }");
    make_old("b/config.pbtxt");
    RepoOptions options = default_options();
    start(&options);
    assert_true(repo_wait_loaded(world.repo, patience()));
    await("a", 3, VERSION_AVAILABLE);
    await("b", 1, VERSION_AVAILABLE);
    assert_int_equal(served_number("a"), 3);
    assert_true(repo_is_ready(world.repo));
    const char **names;
    size_t count;
    Status status = repo_model_names(world.repo, world.arena, &names, &count);
    assert_true(status_is_ok(&status));
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "a");
    Lease lease;
    assert_int_equal(acquire("a", 1, &lease).code, STATUS_NOT_FOUND); /* there, but not wanted */
    assert_int_equal(acquire("c", 0, &lease).code, STATUS_NOT_FOUND);
    assert_int_equal(acquire("", 0, &lease).code, STATUS_NOT_FOUND);
}

static void test_the_signature_follows_the_model(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    RepoOptions options = default_options();
    start(&options);
    await("a", 1, VERSION_AVAILABLE);
    AUTO(lease_release) Lease lease = { 0 };
    Status status = acquire("a", 1, &lease);
    assert_string_equal(status.message, "");
    const Signature *signature = &lease.version->signature;
    assert_true(signature->batched);
    assert_int_equal(signature->max_batch_size, 4);
    assert_int_equal(signature->input_count, 1);
    assert_true(shape_equal(&signature->inputs[0].shape, &SHAPE(DIM_UNKNOWN, 2)));
    assert_int_equal(signature_find_output(signature, view("y")), 0);
    assert_int_equal(signature_find_output(signature, view("x")), INDEX_NONE);
}

static void test_a_new_version_takes_over_while_a_lease_is_out(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    RepoOptions options = default_options();
    start(&options);
    await("a", 1, VERSION_AVAILABLE);
    Lease old;
    Status status = acquire("a", 0, &old);
    assert_true(status_is_ok(&status));
    move_version_in("a", "2", 2);
    await("a", 2, VERSION_AVAILABLE);
    await("a", 1, VERSION_UNLOADING);
    assert_int_equal(served_number("a"), 2);
    assert_int_equal(status_of("a", 1).state, VERSION_UNLOADING); /* our lease holds it */
    Lease refused;
    assert_int_equal(acquire("a", 1, &refused).code, STATUS_FAILED_PRECONDITION);
    assert_int_equal(old.version->number, 1); /* still whole */
    lease_release(&old);
    await("a", 1, VERSION_END);
    assert_int_equal(status_of("a", 1).status.code, STATUS_OK);
}

static void test_a_failed_load_keeps_the_old_version_and_says_why(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    RepoOptions options = default_options();
    start(&options);
    await("a", 1, VERSION_AVAILABLE);
    make_directory(".incoming");
    write_text(".incoming/model.onnx", "this is no model");
    assert_int_equal(renameat(world.root_descriptor, ".incoming", world.root_descriptor, "a/2"), 0);
    await_nth("a", 2, VERSION_END, STATUS_INVALID_ARGUMENT, 1);
    assert_int_equal(served_number("a"), 1);
    VersionStatus why = status_of("a", 2);
    assert_int_equal(why.state, VERSION_END);
    assert_non_null(strstr(why.status.message, "model.onnx"));
    assert_true(repo_is_ready(world.repo));
    /* Mended: the files change, and once they rest it is tried again. */
    write_model("a/2/model.onnx", 2);
    make_old("a/2/model.onnx");
    make_old("a/2");
    await("a", 2, VERSION_AVAILABLE);
    await("a", 1, VERSION_END);
    assert_int_equal(served_number("a"), 2);
}

static void test_a_copy_in_progress_is_not_loaded(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    RepoOptions options = default_options();
    start(&options);
    await("a", 1, VERSION_AVAILABLE);
    make_directory("a/2");
    write_model("a/2/model.onnx", 2);
    /* A sign that the disk was looked at since: another version, put in place whole after it. */
    move_version_in("a", "3", 3);
    await("a", 3, VERSION_AVAILABLE);
    await("a", 1, VERSION_END);
    assert_int_equal(served_number("a"), 3);
    remove_version("a", "3"); /* what is left and complete comes back, before version 3 goes */
    await_nth("a", 1, VERSION_AVAILABLE, STATUS_OK, 2);
    await("a", 3, VERSION_END);
    assert_int_equal(served_number("a"), 1);
    /* An hour without a change. */
    world.now_ns += SETTLE_S * NS_PER_S;
    repo_poke(world.repo);
    await("a", 2, VERSION_AVAILABLE);
    assert_int_equal(served_number("a"), 2);
}

static void test_removal_and_return(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    add_old_version("b", "1", 1);
    RepoOptions options = default_options();
    start(&options);
    await("a", 1, VERSION_AVAILABLE);
    await("b", 1, VERSION_AVAILABLE);
    remove_version("a", "");
    await("a", 1, VERSION_END);
    Lease lease;
    assert_int_equal(acquire("a", 0, &lease).code, STATUS_NOT_FOUND);
    assert_int_equal(status_of("a", 1).state, VERSION_END);
    assert_int_equal(served_number("b"), 1);
    add_old_version("a", "1", 1);
    await_nth("a", 1, VERSION_AVAILABLE, STATUS_OK, 2);
    assert_int_equal(served_number("a"), 1);
}

static void test_rollback_by_policy(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    add_old_version("a", "2", 2);
    RepoOptions options = default_options();
    start(&options);
    await("a", 2, VERSION_AVAILABLE);
    write_text(".config", "version_policy { specific { versions: 1 } }");
    make_old(".config");
    assert_int_equal(
        renameat(world.root_descriptor, ".config", world.root_descriptor, "a/config.pbtxt"), 0);
    await("a", 1, VERSION_AVAILABLE);
    await("a", 2, VERSION_END);
    assert_int_equal(served_number("a"), 1);
}

static void test_a_changed_config_reloads_and_a_wrong_one_does_no_harm(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    RepoOptions options = default_options();
    start(&options);
    await("a", 1, VERSION_AVAILABLE);
    write_text(".config", "max_batch_size: 16");
    make_old(".config");
    assert_int_equal(
        renameat(world.root_descriptor, ".config", world.root_descriptor, "a/config.pbtxt"), 0);
    await_nth("a", 1, VERSION_AVAILABLE, STATUS_OK, 2);
    {
        AUTO(lease_release) Lease lease = { 0 };
        Status status = acquire("a", 1, &lease);
        assert_true(status_is_ok(&status));
        assert_int_equal(lease.version->signature.max_batch_size, 16);
    }
    write_text(".config", "max_batch_sze: 32");
    make_old(".config");
    assert_int_equal(
        renameat(world.root_descriptor, ".config", world.root_descriptor, "a/config.pbtxt"), 0);
    await_nth("a", 1, VERSION_AVAILABLE, STATUS_INVALID_ARGUMENT,
              1); /* still in service, with a reason */
    assert_int_equal(served_number("a"), 1);
    assert_non_null(strstr(status_of("a", 1).status.message, "did you mean 'max_batch_size'?"));
}

static void test_acquire_does_not_wait_for_a_load(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    RepoOptions options = default_options();
    start(&options);
    await("a", 1, VERSION_AVAILABLE);
    {
        LOCKED(&world.mutex);
        world.block_ready = true;
    }
    move_version_in("a", "2", 2);
    {
        LOCKED(&world.mutex);
        while (!world.in_ready)
            assert_true(cond_wait_until(&world.changed, &world.mutex, patience()));
    }
    assert_int_equal(served_number("a"), 1);
    assert_int_equal(status_of("a", 2).state, VERSION_LOADING);
    {
        LOCKED(&world.mutex);
        world.block_ready = false;
        cond_broadcast(&world.changed);
    }
    await("a", 2, VERSION_AVAILABLE);
}

static void test_named_models_fail_alone(void **state) {
    (void)state;
    add_old_version("a", "5", 1);
    char good[96], file[128];
    snprintf(good, sizeof good, "%s/a", world.root);
    snprintf(file, sizeof file, "%s/single.onnx", world.root);
    write_model("single.onnx", 1);
    make_old("single.onnx");
    const VersionLabel labels[] = { { "stable", 5 }, { "next", 6 } };
    const ServedModel models[] = {
        { .name = "missing",
          .base_path = "/nonexistent/inferd",
          .version_policy = { .latest_count = 1 } },
        { .name = "good", .base_path = good, .version_labels = labels, .version_label_count = 2 },
    };
    RepoOptions options = default_options();
    options.repository_count = 0;
    options.models = models;
    options.model_count = ARRAY_LENGTH(models);
    options.single_file = file;
    start(&options);
    await("good", 5, VERSION_AVAILABLE);
    await("single", 1, VERSION_AVAILABLE);
    assert_true(repo_wait_loaded(world.repo, patience()));
    assert_false(repo_is_ready(world.repo));
    assert_true(repo_model_is_ready(world.repo, view("good")));
    Lease lease;
    assert_int_equal(acquire("missing", 0, &lease).code, STATUS_FAILED_PRECONDITION);
    VersionChoice choice = { .label = view("stable") };
    Status status = repo_acquire(world.repo, view("good"), &choice, &lease);
    assert_true(status_is_ok(&status));
    assert_int_equal(lease.version->number, 5);
    lease_release(&lease);
    choice.label = view("next");
    assert_int_equal(repo_acquire(world.repo, view("good"), &choice, &lease).code,
                     STATUS_NOT_FOUND);
    choice.label = view("other");
    assert_int_equal(repo_acquire(world.repo, view("good"), &choice, &lease).code,
                     STATUS_INVALID_ARGUMENT);
}

static void test_retries_until_the_count_is_used_up(void **state) {
    (void)state;
    make_directory("a");
    make_directory("a/1");
    write_text("a/1/model.onnx", "this is no model");
    make_old("a/1/model.onnx");
    make_old("a/1");
    RepoOptions options = default_options();
    options.load_retries = 2;
    options.retry_ns = 60 * NS_PER_S;
    start(&options);
    /* Short pauses first, then the two that were asked for. */
    static const uint64_t pauses_s[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
    for (size_t i = 0; i < ARRAY_LENGTH(pauses_s); i++) {
        await_nth("a", 1, VERSION_LOADING, STATUS_INVALID_ARGUMENT, i + 1);
        assert_int_equal(status_of("a", 1).state, VERSION_LOADING);
        assert_int_equal(status_of("a", 1).status.code, STATUS_OK);
        world.now_ns += pauses_s[i] * NS_PER_S;
        repo_poke(world.repo);
    }
    await_nth("a", 1, VERSION_END, STATUS_INVALID_ARGUMENT, 1);
    assert_true(repo_wait_loaded(world.repo, patience()));
    assert_false(repo_is_ready(world.repo));
}

static void release_later(void *user) {
    await("a", 1, VERSION_UNLOADING); /* told by repo_free before it waits */
    lease_release(user);
}

static void test_free_waits_for_the_last_lease(void **state) {
    (void)state;
    add_old_version("a", "1", 1);
    RepoOptions options = default_options();
    start(&options);
    await("a", 1, VERSION_AVAILABLE);
    Lease lease;
    Status status = acquire("a", 0, &lease);
    assert_true(status_is_ok(&status));
    Thread thread = { 0 };
    status = thread_start(&thread, THREAD_OTHER, "releaser", release_later, &lease);
    assert_true(status_is_ok(&status));
    repo_free(TAKE(world.repo));
    assert_int_equal(world.gone, 1);
    thread_join(&thread);
    assert_null(lease.version);
}

static void test_stop_while_loading(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++)
        add_old_version((char[]){ (char)('a' + i), '\0' }, "1", 1);
    RepoOptions options = default_options();
    start(&options);
    repo_stop(world.repo);
    repo_stop(world.repo);
    repo_free(TAKE(world.repo));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_models_found_at_start_are_served, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_signature_follows_the_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_new_version_takes_over_while_a_lease_is_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_load_keeps_the_old_version_and_says_why,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_copy_in_progress_is_not_loaded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_removal_and_return, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rollback_by_policy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_changed_config_reloads_and_a_wrong_one_does_no_harm,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_acquire_does_not_wait_for_a_load, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_named_models_fail_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_retries_until_the_count_is_used_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_free_waits_for_the_last_lease, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop_while_loading, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
