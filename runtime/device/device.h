/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a device must offer. A device compiles a graph of known shapes into a Program and runs it;
 * completion is apart from submission, so that a GPU's stream fits the same seam as the CPU's call.
 * `cpu` is built in (runtime/cpu); others are shared objects found by plugin_loader. The table is
 * versioned both ways and has no shared statics: the host hands its services in, the device hands
 * its functions out; the abi field is checked before any other is read.
 */

#include "runtime/base/pool.h"
#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

#include <stdatomic.h>

enum { DEVICE_ABI = 2 };

typedef struct Device Device; /* an opened device */
/* one model's weights on it, packed once and shared by all its programs */
typedef struct DeviceModel DeviceModel;
/* compiled for concrete shapes; immutable; any number may run at once */
typedef struct Program Program;
typedef struct Buffer Buffer; /* memory of the device's choice that the host can read and write */

/* What products with constant weights are computed in; everything else stays as the model has it.
 */
typedef enum Precision {
    PRECISION_F32,  /* as the model says */
    PRECISION_BF16, /* factors rounded to bfloat16, sums in f32 */
} Precision;

typedef struct DeviceHost {
    uint32_t abi;
    size_t struct_bytes;
    Pool *pool; /* compute team; NULL: one thread */
} DeviceHost;

typedef struct DeviceHealth {
    bool healthy;
    char reason[128];
} DeviceHealth;

/* One step of a run, told when it has ended: for profiles. */
typedef struct StepReport {
    const Graph *graph; /* as it was compiled */
    const Node *node;
    const char *kernel;        /* who ran it */
    uint64_t begin_ns, end_ns; /* monotonic */
} StepReport;

typedef struct ProgramIo ProgramIo;
struct ProgramIo {
    const Tensor *inputs; /* as many as the graph has, in its order; data lent until done */
    Tensor *outputs;      /* filled in: dtype, shape, data, bytes */
    /* Asked once per output as soon as its shape is known: memory to write it to, aligned to
     * TENSOR_ALIGNMENT and lent until done. NULL: over budget, the run fails with
     * RESOURCE_EXHAUSTED. For an output that is an input it may be that input's own memory. */
    void *(*output_memory)(void *user, size_t output, const Tensor *described);
    void *output_user;
    /* Looked at between steps; the run then fails with CANCELLED; may be NULL */
    const _Atomic bool *stop;
    size_t memory_limit_bytes; /* for values whose size is known only at run time; 0: the device's
                                  default */
    /* Runs a body of one of the program's nodes, waiting: io is that run's own. NULL: the host runs
     * none. */
    Status (*run_body)(void *user, const Graph *body, const ProgramIo *io);
    void *body_user;
    size_t *body_runs_left; /* of all that one request may ask for; NULL: as run_body */
    uint64_t *work_left;    /* comparisons that data may still cause; NULL: no limit */
    /* Called after each step, on its thread; NULL: nobody asks. A device may not know how. */
    void (*step_done)(void *user, const StepReport *report);
    void *step_user;
};

typedef void (*ProgramDone)(void *user, const Status *status);

typedef struct DeviceApi {
    uint32_t abi;
    size_t struct_bytes;
    const char *name;  /* "cpu", "cuda" */
    bool asynchronous; /* submit returns before done */

    /* @selector  what follows the colon in "cuda:1"; "" for the default */
    Status (*open)(const DeviceHost *host, const char *selector, Device **ret_device);
    void (*close)(Device *device);
    DeviceHealth (*health)(Device *device);

    /* Can it run this node, whatever the shapes? */
    bool (*claims)(const Device *device, const Graph *graph, NodeId node);
    /* Layouts it would like for the node's spatial inputs and outputs. */
    Layout (*preferred_layout)(const Device *device, const Graph *graph, NodeId node);
    /* Could it run the node with its spatial inputs and outputs in this layout? PLAIN: always. */
    bool (*supports_layout)(const Device *device, const Graph *graph, NodeId node, Layout layout);
    /* Can the epilogue step be done inside the node's kernel? */
    bool (*fuses)(const Device *device, const Graph *graph, NodeId node, EpilogueKind step);

    /* Are products of 8-bit integers exact on it, and faster than those of floats? NULL: no. */
    bool (*multiplies_bytes)(const Device *device);

    /* FAILED_PRECONDITION, saying why, where the device has no such precision */
    Status (*model_new)(Device *device, Precision precision, DeviceModel **ret_model);
    void (*model_free)(DeviceModel *model);
    /* Packed weights held, less the plain ones it let go */
    size_t (*model_bytes)(const DeviceModel *model);

    /* The graph's values carry all shapes that can be known; it must outlive the program.
     * UNIMPLEMENTED names the node. */
    Status (*compile)(DeviceModel *model, const Graph *graph, Program **ret_program);
    void (*program_free)(Program *program);
    size_t (*program_bytes)(const Program *program); /* working memory one run needs */

    Status (*buffer_new)(Device *device, size_t bytes, Buffer **ret_buffer);
    void (*buffer_free)(Buffer *buffer);
    void *(*buffer_data)(Buffer *buffer); /* TENSOR_ALIGNMENT-aligned */

    /* Runs the program; calls done exactly once, on any thread, perhaps before it returns. io is
     * lent until then. */
    void (*submit)(Program *program, const ProgramIo *io, ProgramDone done, void *user);
} DeviceApi;

/* Every opened device begins with its table, so that callers need nothing else. */
struct Device {
    const DeviceApi *api;
};

/* The built-in one. */
const DeviceApi *cpu_device_api(void);

/* A plugin exports this under the name inferd_device_api: its table for the host's abi, or NULL. */
typedef const DeviceApi *(*DevicePluginEntry)(uint32_t host_abi);
