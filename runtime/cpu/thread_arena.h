/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The calling thread's memory for the values of the program it runs: as large as the largest
 * published program needs, kept for the thread's life, so that a warm thread never calls malloc.
 * Apart from thread_scratch, which kernels use at the same time. A program that runs inside another
 * one's kernel (on the same thread) gets an arena of its own.
 */

#include <stddef.h>

/* A program of this size exists: arenas grow to it when they are next acquired. Thread: any. */
void thread_arena_publish(size_t bytes);

/* TENSOR_ALIGNMENT-aligned, at least bytes, the caller's until release; NULL when memory is out or
 * nested too deep. */
void *thread_arena_acquire(size_t bytes);
/* The last one acquired on this thread. */
void thread_arena_release(void *memory);
