/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Does the device have every operator? Asked once a model, so that what cannot run is refused when
 * it is loaded, by name, and not when the first request comes.
 */

#include "runtime/graph/op_schema.h"
#include "runtime/passes/passes.h"

Status pass_check_placement(Graph *graph, const PassContext *context) {
    const DeviceApi *api = context->device->api;
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        if (node->removed)
            continue;
        for (size_t i = 0; node_body(node, i); i++)
            TRY(pass_check_placement(node_body(node, i), context));
        if (api->claims(context->device, graph, id))
            continue;
        return status_error(STATUS_UNIMPLEMENTED,
                            "operator %s%s%s (opset %u, node '%s') is not available on device %s",
                            node->op->domain, node->op->domain[0] ? "." : "", node->op->name,
                            (unsigned)node->op->newest_opset, node->name, api->name);
    }
    return status_ok();
}
