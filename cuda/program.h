/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A graph compiled for a GPU: steps in order and one place a value. Every shape is known, so every
 * address is a base (the slot's inputs or outputs, the lane's arena) plus an offset fixed here;
 * weights have addresses for good. Immutable once made.
 */

#include "cuda/conv_plan.h"
#include "cuda/device.h"
#include "cuda/weights.h"

enum { LAUNCH_ARGS = 10 };

typedef enum PlaceKind {
    PLACE_NULL,   /* left out: address NULL */
    PLACE_INPUT,  /* offset in the slot's inputs */
    PLACE_OUTPUT, /* offset in the slot's outputs */
    PLACE_ARENA,  /* offset in the lane's arena, behind the workspace */
    PLACE_WEIGHT, /* address */
} PlaceKind;

typedef struct Place {
    PlaceKind kind;
    size_t offset, bytes;
    void *address;
    uint32_t first, last; /* steps, of an ARENA place */
} Place;

typedef uint32_t PlaceId; /* index of a Place; 0 is always NULL */

typedef struct Step Step;
struct Enqueue;
typedef struct StepType {
    const char *name; /* for profiles */
    /* Puts the step on the lane's compute stream. */
    Status (*enqueue)(const Step *step, const struct Enqueue *enqueue);
    void (*deinit)(Step *step);
} StepType;

/* An own kernel. Arguments are addresses of places or bytes kept by the program. */
typedef struct Launch {
    const void *kernel;
    dim3 grid, block;
    uint32_t arg_count;
    struct {
        PlaceId place;
        const void *bytes; /* NULL: the place's address */
    } args[LAUNCH_ARGS];
} Launch;

/* dst = src, bytes as they are */
typedef struct Copy {
    PlaceId dst, src;
    size_t bytes;
} Copy;

/* One product of cublasLt; see matmul.c */
typedef struct Gemm {
    cublasLtMatmulDesc_t desc;
    cublasLtMatrixLayout_t a, b, c, d;
    cublasLtMatmulAlgo_t algo;
    PlaceId place_a, place_b, place_c, place_d, bias;
    size_t workspace_bytes;
    float alpha, beta;
} Gemm;

typedef struct ConvStep {
    ConvPlan *plan;
    PlaceId src, weights, bias, residual, dst;
} ConvStep;

struct Step {
    const StepType *type;
    const Node *node;
    union {
        Launch launch;
        Copy copy;
        Gemm gemm;
        ConvStep conv;
    };
};

typedef struct ProgramPort {
    PlaceId place;
    size_t offset; /* in the slot's block */
    Tensor described;
} ProgramPort;

struct Program {
    CudaDevice *device;
    const Graph *graph;
    WeightStore *own_weights; /* of constants that this program alone has */
    Arena *arena;             /* holds what follows */
    Place *places;
    Step *steps;
    size_t place_count, place_capacity, step_count, step_capacity;
    ProgramPort *inputs, *outputs;
    size_t input_count, output_count;
    size_t input_bytes, output_bytes; /* of a slot's blocks */
    size_t workspace_bytes, arena_bytes;
};

/* What a run's addresses start from. */
typedef struct Enqueue {
    const Program *program;
    char *inputs, *outputs, *arena;
    cudaStream_t stream;
    cublasLtHandle_t blas;
    cudnnHandle_t dnn;
} Enqueue;

void *enqueue_address(const Enqueue *enqueue, PlaceId place);
/* All steps. Thread: lane. */
Status program_enqueue(const Enqueue *enqueue);

struct DeviceModel {
    CudaDevice *device;
    WeightStore *weights;
    Precision precision;
};

/* Errors: UNIMPLEMENTED naming the node, RESOURCE_EXHAUSTED. Thread: loader, worker. */
Status program_new(DeviceModel *model, const Graph *graph, Program **ret_program);
void program_free(Program *program);
DEFINE_AUTO(Program, program_free);
