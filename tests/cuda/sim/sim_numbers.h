/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Elements of device memory as f32, for the simulated libraries; types are cudaDataType's. */

#include <library_types.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline size_t sim_number_bytes(cudaDataType_t type) {
    return type == CUDA_R_32F ? 4 : type == CUDA_R_16F || type == CUDA_R_16BF ? 2 : 0;
}

static inline float sim_number_get(cudaDataType_t type, const void *memory, int64_t index) {
    if (type == CUDA_R_32F)
        return ((const float *)memory)[index];
    uint16_t bits = ((const uint16_t *)memory)[index];
    if (type == CUDA_R_16F) {
        _Float16 half;
        memcpy(&half, &bits, sizeof half);
        return (float)half;
    }
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

static inline void sim_number_set(cudaDataType_t type, void *memory, int64_t index, float value) {
    if (type == CUDA_R_32F) {
        ((float *)memory)[index] = value;
        return;
    }
    uint16_t bits;
    if (type == CUDA_R_16F) {
        _Float16 half = (_Float16)value;
        memcpy(&bits, &half, sizeof bits);
    } else {
        uint32_t wide;
        memcpy(&wide, &value, sizeof wide);
        bits = value != value ? 0x7fff : (uint16_t)((wide + 0x7fff + (wide >> 16 & 1)) >> 16);
    }
    ((uint16_t *)memory)[index] = bits;
}
