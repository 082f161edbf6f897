/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One row per argument that we set, with why in the table of reference grpc_core.md 3.5. Names that
 * an older core does not know are ignored by it, so they are set on all. The operator's own come
 * last and replace ours of the same name. Thread: main.
 */

#include "server/rpc/channel_args.h"

#include "runtime/base/clock.h"
#include "runtime/base/size.h"

#include <limits.h>
#include <string.h>

/* Calls whose slots are all taken wait in the core, few since slots are posted again at once. */
enum { ARGS_MAX = 64, METADATA_BYTES = 8192, PENDING_CALLS = 200 };

struct ChannelArgs {
    grpc_arg items[ARGS_MAX];
    grpc_channel_args list;
    grpc_resource_quota *quota;
    char *text; /* a copy of the operator's, cut up */
};

static grpc_arg *put(ChannelArgs *args, const char *name) {
    for (size_t i = 0; i < args->list.num_args; i++)
        if (!strcmp(args->items[i].key, name))
            return &args->items[i];
    if (args->list.num_args == ARGS_MAX)
        return NULL;
    grpc_arg *arg = &args->items[args->list.num_args++];
    arg->key = (char *)(uintptr_t)name; /* the core copies it */
    return arg;
}

static void put_int(ChannelArgs *args, const char *name, uint64_t value) {
    grpc_arg *arg = put(args, name);
    arg->type = GRPC_ARG_INTEGER;
    arg->value.integer = (int)MIN_OF(value, (uint64_t)INT_MAX);
}

/* 0 is none, which the core calls INT_MAX. */
static uint64_t limit_ms(uint64_t limit_ns) {
    return limit_ns ? limit_ns / NS_PER_MS : INT_MAX;
}

/* What the core takes for one of a client's algorithms; 0: replies go as they are. */
static uint64_t compression_level(const char *word) {
    static const struct {
        const char *word;
        grpc_compression_level level;
    } rows[] = { { "low", GRPC_COMPRESS_LEVEL_LOW },
                 { "medium", GRPC_COMPRESS_LEVEL_MED },
                 { "high", GRPC_COMPRESS_LEVEL_HIGH } };
    for (size_t i = 0; word && i < ARRAY_LENGTH(rows); i++)
        if (strcmp(word, rows[i].word) == 0)
            return rows[i].level;
    return GRPC_COMPRESS_LEVEL_NONE;
}

static void put_own(ChannelArgs *args, const RpcOptions *options) {
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        { GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, options->limits.max_message_bytes },
        { GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, INT_MAX },
        { GRPC_ARG_MAX_CONCURRENT_STREAMS, options->max_streams },
        { GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0 }, /* unbounded there: see inflate.c */
        { GRPC_ARG_ALLOW_REUSEPORT,
          options->reuse_port }, /* on by default: a second server would bind silently */
        { GRPC_ARG_ENABLE_CHANNELZ, 0 },
        { GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, options->handshake_timeout_ns / NS_PER_MS },
        { GRPC_ARG_KEEPALIVE_TIME_MS, options->keepalive_time_ns / NS_PER_MS },
        { GRPC_ARG_KEEPALIVE_TIMEOUT_MS, options->keepalive_timeout_ns / NS_PER_MS },
        { GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, options->keepalive_without_calls },
        { GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, options->max_pings_without_data },
        { GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, options->min_ping_interval_ms },
        { GRPC_ARG_HTTP2_MAX_PING_STRIKES, options->max_ping_strikes },
        { GRPC_ARG_MAX_CONNECTION_IDLE_MS, limit_ms(options->connection_idle_ns) },
        { GRPC_ARG_MAX_CONNECTION_AGE_MS, limit_ms(options->connection_age_ns) },
        { GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, limit_ms(options->connection_age_grace_ns) },
        { GRPC_ARG_MAX_METADATA_SIZE, METADATA_BYTES },
        /* Newer cores alone: */
        { "grpc.absolute_max_metadata_size", 2 * METADATA_BYTES },
        { "grpc.max_allowed_incoming_connections", options->max_connections
                                                       ? options->max_connections
                                                       : INT_MAX - 1 }, /* it refuses INT_MAX */
        { "grpc.http2.settings_timeout", options->handshake_timeout_ns / NS_PER_MS },
        { "grpc.server.max_pending_requests", PENDING_CALLS },
        { "grpc.server.max_pending_requests_hard_limit", 2 * PENDING_CALLS },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        put_int(args, rows[i].name, rows[i].value);
    uint64_t level = compression_level(options->reply_compression);
    if (level)
        put_int(args, GRPC_COMPRESSION_CHANNEL_DEFAULT_LEVEL, level);
    if (!options->core_memory_bytes)
        return;
    args->quota = grpc_resource_quota_create("inferd");
    grpc_resource_quota_resize(args->quota, options->core_memory_bytes);
    core_limit_streams(args->quota, options->limits.max_live_calls + PENDING_CALLS);
    grpc_arg *arg = put(args, GRPC_ARG_RESOURCE_QUOTA);
    arg->type = GRPC_ARG_POINTER;
    arg->value.pointer.p = args->quota;
    arg->value.pointer.vtable = grpc_resource_quota_arg_vtable();
}

const char *const CHANNEL_ARG_TAKERS[LISTENER_KINDS] = {
    [LISTENER_NET] = "external:net",
    [LISTENER_LOCAL] = "external:local",
};

static void *keep(void *taker) {
    return taker;
}

static void let_go(void *taker) {
    (void)taker;
}

static int compare(void *a, void *b) {
    return (a > b) - (a < b);
}

static void put_takers(ChannelArgs *args, void *takers[LISTENER_KINDS]) {
    static const grpc_arg_pointer_vtable lent = { keep, let_go, compare };
    for (size_t i = 0; i < LISTENER_KINDS; i++) {
        grpc_arg *arg = put(args, CHANNEL_ARG_TAKERS[i]);
        arg->type = GRPC_ARG_POINTER;
        arg->value.pointer.p = &takers[i];
        arg->value.pointer.vtable = &lent;
    }
}

static Status put_pair(ChannelArgs *args, char *pair) {
    char *equals = strchr(pair, '=');
    if (!equals || equals == pair)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "channel arguments: expected name=value, got '%s'", pair);
    *equals = '\0';
    if (!strcmp(pair, GRPC_ARG_RESOURCE_QUOTA))
        return status_error(STATUS_INVALID_ARGUMENT, "channel arguments: '%s' is not for a text",
                            pair);
    grpc_arg *arg = put(args, pair);
    if (!arg)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "channel arguments: more than there is room for (%d)", ARGS_MAX);
    char *end;
    long number = strtol(equals + 1, &end, 10);
    bool is_number = end != equals + 1 && !*end && number >= INT_MIN && number <= INT_MAX;
    arg->type = is_number ? GRPC_ARG_INTEGER : GRPC_ARG_STRING;
    if (is_number)
        arg->value.integer = (int)number;
    else
        arg->value.string = equals + 1;
    return status_ok();
}

Status channel_args_new(const RpcOptions *options, void *takers[LISTENER_KINDS],
                        ChannelArgs **ret_args) {
    AUTO(channel_args_free) ChannelArgs *args = calloc(1, sizeof *args);
    if (args && options->channel_arguments)
        args->text = strdup(options->channel_arguments);
    if (!args || (options->channel_arguments && !args->text))
        return status_error(STATUS_RESOURCE_EXHAUSTED, "out of memory");
    args->list.args = args->items;
    put_own(args, options);
    put_takers(args, takers);
    char *rest = args->text;
    for (char *pair; rest && (pair = strsep(&rest, ","));)
        if (*pair)
            TRY(put_pair(args, pair));
    *ret_args = TAKE(args);
    return status_ok();
}

void channel_args_free(ChannelArgs *args) {
    if (!args)
        return;
    if (args->quota)
        grpc_resource_quota_unref(args->quota);
    free(args->text);
    free(args);
}

const grpc_channel_args *channel_args_get(const ChannelArgs *args) {
    return &args->list;
}
