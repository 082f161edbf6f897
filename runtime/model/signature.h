/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a model takes and gives, as clients see it: the graph's ports merged with config.pbtxt.
 * Shapes are full shapes; when axis 0 is a batch, dim 0 is DIM_UNKNOWN. Order is the config's, or
 * else the graph's.
 */

#include "runtime/config/model_config.h"
#include "runtime/exec/executor.h"

typedef struct SignatureTensor {
    const char *name;
    DType dtype;
    Shape shape; /* DIM_UNKNOWN where it varies */
    size_t port; /* index into the executor's ports */
    bool optional;
    const Tensor *otherwise; /* optional: what stands for it when it is left out */
    bool ragged;             /* inputs: the model has them end to end in one dim */
    bool reshaped;           /* the model has model_shape instead, with as many elements */
    Shape model_shape;
    bool scattered;            /* outputs: one dim that is cut as an input's rows are long */
    size_t scattered_by;       /* that input */
    const char *const *labels; /* outputs: from label_filename or labels.txt; NULL */
    size_t label_count;
} SignatureTensor;

typedef struct Signature {
    const SignatureTensor *inputs, *outputs;
    size_t input_count, output_count;
    /* With those that no client sees (hidden_tensors.h) behind them. */
    size_t all_input_count, all_output_count;
    size_t computed_count; /* of hidden inputs, the last: config.batch_inputs */
    size_t max_batch_size; /* as configured or derived; 0: axis 0 is not a batch */
    bool batched;          /* max_batch_size > 0 */
} Signature;

/* The source of a computed input: an index into inputs. */
size_t signature_source_of(const Signature *signature, const char *name);

/* Rows that a batch may have: as configured, else default_rows when every input and output has an
 * unknown first dim and the config does not give full shapes; 0: axis 0 is not a batch. */
size_t signature_max_batch_size(const Graph *graph, const ModelConfig *config, size_t default_rows);

/**
 * @config  with name and max_batch_size filled in
 * @arena   holds the signature
 *
 * Errors: INVALID_ARGUMENT naming model file and config side (count, name, dtype, dims)
 */
Status signature_make(const Executor *executor, const ModelConfig *config, Arena *arena,
                      Signature *ret_signature);

/* The same for a model without an executor: all of it is in the config, ports are in its order. */
Status signature_of_config(const ModelConfig *config, Arena *arena, Signature *ret_signature);

/* Reads label_filename, or labels.txt for outputs whose last dim fits, beneath the model's
 * directory. */
Status signature_read_labels(Signature *signature, const ModelConfig *config, int model_directory,
                             Arena *arena);

/* INDEX_NONE when there is none of that name. */
size_t signature_find_input(const Signature *signature, StringView name);
size_t signature_find_output(const Signature *signature, StringView name);
