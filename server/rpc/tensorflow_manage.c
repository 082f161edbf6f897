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
#include "server/observe/metrics.h"
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

enum { COUNTERS = 4 };

typedef struct Reload {
    Arena *arena; /* holds the request */
    Tensorflow__Serving__ReloadConfigRequest *request;
    uint64_t before[COUNTERS]; /* as the call found them */
} Reload;

/* --- what rose meanwhile --- */

static uint64_t sum_codes(const uint64_t counts[STATUS_CODES]) {
    uint64_t sum = 0;
    for (size_t code = 0; code < STATUS_CODES; code++)
        sum += counts[code];
    return sum;
}

static uint64_t load_attempts(const ModelTotals *totals) {
    return sum_codes(totals->loads);
}

static uint64_t load_time(const ModelTotals *totals) {
    return totals->load_ns / NS_PER_US;
}

static uint64_t requests(const ModelTotals *totals) {
    return sum_codes(&totals->cells[CELL_CODES]);
}

static uint64_t warmup_records(const ModelTotals *totals) {
    return sum_codes(totals->warm_records);
}

/* Counters by their names in TensorFlow; on the metrics' page each '/' is a ':'. All their series
 * together, where TensorFlow Serving takes the first. */
static const struct {
    const char *name;
    uint64_t (*read)(const ModelTotals *totals);
} COUNTER_ROWS[COUNTERS] = {
    { "/tensorflow/cc/saved_model/load_attempt_count", load_attempts },
    { "/tensorflow/cc/saved_model/load_latency", load_time },
    { "/tensorflow/serving/request_count", requests },
    { "/tensorflow/serving/model_warmup_records_read", warmup_records },
};

static void add_model(void *user, const ModelTotals *totals) {
    uint64_t *sums = user;
    for (size_t i = 0; i < COUNTERS; i++)
        sums[i] += COUNTER_ROWS[i].read(totals);
}

static bool is_counter(const char *asked, const char *name) {
    for (; *asked && *name; asked++, name++)
        if (*asked != *name && !(*asked == ':' && *name == '/'))
            return false;
    return *asked == *name;
}

static int64_t increase(const Reload *reload, const uint64_t now[COUNTERS], const char *asked) {
    for (size_t i = 0; i < COUNTERS; i++)
        if (is_counter(asked, COUNTER_ROWS[i].name))
            return (int64_t)(now[i] - reload->before[i]);
    return 0; /* as there: unknown */
}

/* --- the message --- */

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

/* Each metric that was asked for, and how much it rose during the call. */
static Status pack_reply(const Reload *reload, const uint64_t now[COUNTERS], Arena *arena,
                         WireReply *reply) {
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
        metric->int64_value_increase = increase(reload, now, metric->name);
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
    uint64_t now[COUNTERS] = { 0 };
    if (status_is_ok(status)) {
        metrics_each_model(call->context->metrics, add_model, now);
        answer = pack_reply(reload, now, call->arena, &reply);
    }
    call->finish(call, &answer, &reply);
    arena_free(held);
}

static Status start_reload(ControlCall *call, Reload *reload) {
    TRY(unpack(call, reload));
    metrics_each_model(call->context->metrics, add_model, reload->before);
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
