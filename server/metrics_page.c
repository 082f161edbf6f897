/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One page of metrics: everybody who knows something is asked, then the table is written out. Here
 * because only the wiring knows all parts. Thread: http, of either port.
 */

#include "server/metrics_page.h"

#include "server/observe/scrape.h"

static void read_access(const Serving *serving, ServerSample *sample) {
    if (serving->access) {
        AccessCounts counts = access_counts(serving->access);
        sample->unauthenticated = counts.unauthenticated;
        sample->denied = counts.denied;
        sample->access_reloads = counts.reloads;
        sample->access_reload_failures = counts.failures;
    }
    if (serving->tls) {
        TlsCounts counts = tls_counts(serving->tls);
        sample->tls_reloads = counts.reloads;
        sample->tls_reload_failures = counts.failures;
        sample->tls_not_after_ns = (uint64_t)counts.not_after_s * NS_PER_S;
    }
}

static void read_parts(void *user, ServerSample *sample) {
    const Serving *serving = user;
    RpcCounts counts = rpc_server_counts(serving->rpc);
    sample->live_calls = counts.live_calls;
    sample->receive_bytes = counts.reserved_bytes;
    sample->live_requests = http_server_live(serving->http);
    sample->output_bytes = output_pool_live_bytes(serving->outputs);
    sample->batch_bytes = scheduler_batch_bytes(serving->scheduler);
    HttpCounts http = http_server_counts(serving->http);
    sample->http_connections = http.connections;
    sample->http_connections_refused = http.refused_connections;
    sample->memory_limit_bytes = serving->context.memory.limit_bytes;
    sample->memory_level = (uint64_t)atomic_load(&((Serving *)user)->context.memory.level);
    sample->refused_early = atomic_load(&((Serving *)user)->context.overload.refused);
    sample->start_ns = serving->start_epoch_ns;
    if (serving->cache) {
        ResponseCacheCounts cache = response_cache_counts(serving->cache);
        sample->cache_limit_bytes = cache.limit_bytes;
        sample->cache_bytes = cache.bytes;
        sample->cache_entries = cache.entries;
        sample->cache_evictions = cache.evictions;
    }
    read_access(serving, sample);
}

Status metrics_page_make(void *user, char **ret_text, size_t *ret_length) {
    enum { PAGE_ARENA_BYTES = 512 << 20 };
    Serving *serving = user;
    ScrapeSources sources = { .context = &serving->context, .read = read_parts, .user = serving };
    AUTO(arena_free) Arena *arena = NULL;
    Scrape scrape;
    TRY(arena_new(65536, PAGE_ARENA_BYTES, &arena));
    TRY(scrape_make(&sources, arena, &scrape));
    return exposition_make(&scrape, ret_text, ret_length);
}
