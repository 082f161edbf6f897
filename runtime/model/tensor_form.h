/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where a model is given, or gives, something else than clients see: reshape, ragged inputs (rows
 * of any length, end to end in one dim), tensors computed from the shapes of a batch's requests
 * (batch_input), outputs that are cut by an input's shape (batch_output). Pure. Source: reference
 * open_inference_triton.md 3.2.
 */

#include "runtime/model/signature.h"
#include "runtime/tensor/tensor.h"

/**
 * The shape that the model is given for an input of a client's shape.
 *
 * Errors: INVALID_ARGUMENT (reshape: other dims than declared)
 */
Status tensor_form_of_model(const SignatureTensor *input, const Shape *given, Shape *ret_shape);
/* The shape that clients see of an output that the model gave. */
Status tensor_form_of_client(const SignatureTensor *output, const Shape *made, Shape *ret_shape);
/* The part of a scattered output that belongs to a request whose source input has that shape. */
Shape tensor_form_of_part(const SignatureTensor *output, const Shape *source);

/* The shapes of one input in the requests of a batch, in order. */
typedef struct ShapeList {
    const Shape *(*at)(const void *user, size_t index);
    const void *user;
    size_t count;
} ShapeList;

/* @computed  of ModelConfig.batch_inputs */
Status computed_input_shape(const BatchInput *computed, const ShapeList *shapes, Shape *ret_shape);
/* dst: of that shape and of computed->dtype. */
void computed_input_fill(const BatchInput *computed, const ShapeList *shapes, Tensor *dst);
