/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ModelService's HandleReloadConfigRequest: the whole list of models anew. Answered when the models
 * that are new have come to rest and labels are set; an empty config changes nothing. The message
 * is unpacked by protobuf-c into an arena of its own with a limit, since a small one can ask for
 * much. Thread: rpc to begin, repo to end. Source: reference tensorflow_serving.md 1.2, 1.3, 4.
 */

#include "runtime/base/size.h"
#include "runtime/config/server_config.h"
#include "server/control.h"
#include "server/wire/wire_pack.h"
#include "server/wire/wire_tensor.h"

#include "tensorflow_serving/apis/model_management.pb-c.h"

enum { UNPACK_BYTES_MAX = 64 << 20, METRICS_MAX = 1024 };

static void *take(void *arena, size_t bytes) {
    return arena_alloc(arena, bytes);
}

static void give(void *arena, void *memory) {
    (void)arena, (void)memory;
}

typedef struct Reload {
    Arena *arena; /* holds the request */
    Tensorflow__Serving__ReloadConfigRequest *request;
} Reload;

static Status unpack(ControlCall *call, Reload *reload) {
    const Spans *message = &call->message;
    TRY(server_check_control(call->context, message));
    TRY(arena_new(4096, UNPACK_BYTES_MAX, &reload->arena));
    uint8_t *bytes = arena_alloc(reload->arena, message->bytes);
    if (!bytes)
        return arena_exhausted(reload->arena);
    SpanReader reader = span_reader_of(message);
    span_reader_copy(&reader, message->bytes, bytes);
    ProtobufCAllocator allocator = { .alloc = take, .free = give, .allocator_data = reload->arena };
    reload->request =
        tensorflow__serving__reload_config_request__unpack(&allocator, message->bytes, bytes);
    return reload->request ? status_ok() : wire_malformed("ReloadConfigRequest");
}

/* Each metric that was asked for; what rose during the call is not known here. */
static Status pack_reply(const Reload *reload, Arena *arena, WireReply *reply) {
    Tensorflow__Serving__ReloadConfigResponse response =
        TENSORFLOW__SERVING__RELOAD_CONFIG_RESPONSE__INIT;
    Tensorflow__Serving__StatusProto good = TENSORFLOW__SERVING__STATUS_PROTO__INIT;
    size_t count = MIN_OF(reload->request->n_metric_names, (size_t)METRICS_MAX);
    MESSAGE_LIST(Tensorflow__Serving__Metric, list, count, arena);
    for (size_t i = 0; i < count; i++) {
        MESSAGE_NEW(Tensorflow__Serving__Metric, metric, TENSORFLOW__SERVING__METRIC__INIT, arena);
        metric->name = reload->request->metric_names[i];
        metric->value_increase_case =
            TENSORFLOW__SERVING__METRIC__VALUE_INCREASE_INT64_VALUE_INCREASE;
        list[i] = metric;
    }
    response.status = &good;
    response.n_metric = count;
    response.metric = list;
    return wire_pack(&response.base, reply);
}

static void on_reloaded(RepoChange *change, const Status *status) {
    ControlCall *call = change->user;
    const Reload *reload = call->request;
    Arena *held = reload->arena;
    WireReply reply;
    wire_reply_init(&reply, call->arena);
    Status answer = *status;
    if (status_is_ok(status))
        answer = pack_reply(reload, call->arena, &reply);
    call->finish(call, &answer, &reply);
    arena_free(held);
}

static Status start_reload(ControlCall *call, Reload *reload) {
    TRY(unpack(call, reload));
    const ServedModel *models;
    size_t count;
    if (!call->context->manage.reload)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "the list of models cannot be changed: this server finds its models in "
                            "repositories, or was started with --allow-reload=false");
    const Tensorflow__Serving__ModelServerConfig *config = reload->request->config;
    if (config &&
        config->config_case == TENSORFLOW__SERVING__MODEL_SERVER_CONFIG__CONFIG_CUSTOM_MODEL_CONFIG)
        return status_error(STATUS_FAILED_PRECONDITION,
                            "Cannot transition config type to 'custom_model_config': this server "
                            "has a list of models");
    if (!config) { /* nothing said: nothing changes */
        RepoChange nothing = { .kind = REPO_UNLOAD, .model = "" };
        call->request = reload;
        return control_change(call, &nothing, on_reloaded);
    }
    TRY(served_models_check(reload->request->config, reload->arena, &models, &count));
    call->request = reload;
    RepoChange change = { .kind = REPO_CONFIGURE, .models = models, .model_count = count };
    if (count == 0)
        change = (RepoChange){ .kind = REPO_UNLOAD, .model = "" };
    return control_change(call, &change, on_reloaded);
}

void tensorflow_reload_config(ControlCall *call) {
    Reload *reload = arena_calloc(call->arena, 1, sizeof *reload);
    Status status = reload ? start_reload(call, reload) : arena_exhausted(call->arena);
    if (status_is_ok(&status))
        return;
    Arena *held = reload ? reload->arena : NULL;
    call->finish(call, &status, NULL);
    arena_free(held);
}
