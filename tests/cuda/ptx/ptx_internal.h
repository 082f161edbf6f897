/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Decoded instructions and the state of threads. Registers are 64 bits each; an instruction keeps
 * its result's width as a mask. Special registers (%tid.x ...) are registers that every thread has
 * set at the start. Addresses of params, shared and local memory are tagged in their top byte, so
 * that a generic access finds its space; instructions that name the space use the low 32 bits.
 */

#include "tests/cuda/ptx/ptx.h"

enum {
    PTX_SOURCES = 5,
    PTX_VECTOR = 4,
    PTX_PARAMS = 32,
    PTX_WARP = 32,
    PTX_NAME = 192,
};
#define PTX_PARAM_TAG  UINT64_C(0xF100000000000000)
#define PTX_SHARED_TAG UINT64_C(0xF200000000000000)
#define PTX_LOCAL_TAG  UINT64_C(0xF300000000000000)
#define PTX_TAG_MASK   UINT64_C(0xFF00000000000000)

typedef enum PtxSpecial {
    PTX_TID_X,
    PTX_TID_Y,
    PTX_TID_Z,
    PTX_NTID_X,
    PTX_NTID_Y,
    PTX_NTID_Z,
    PTX_CTAID_X,
    PTX_CTAID_Y,
    PTX_CTAID_Z,
    PTX_NCTAID_X,
    PTX_NCTAID_Y,
    PTX_NCTAID_Z,
    PTX_LANEID,
    PTX_SPECIALS,
} PtxSpecial;

typedef enum PtxClass {
    PTX_BITS,
    PTX_SIGNED,
    PTX_F16,
    PTX_F32,
    PTX_F64,
    PTX_BF16,
    PTX_PRED
} PtxClass;

typedef struct PtxType {
    const char *name;
    PtxClass kind;
    uint8_t bytes;
} PtxType;

typedef enum PtxSpace { PTX_GENERIC, PTX_GLOBAL, PTX_SHARED, PTX_LOCAL, PTX_PARAM } PtxSpace;
typedef enum PtxFlag {
    PTX_FLAG_AND = 1 << 0,
    PTX_FLAG_BFLY = 1 << 1,
    PTX_FLAG_DOWN = 1 << 2,
    PTX_FLAG_HI = 1 << 3,
    PTX_FLAG_LO = 1 << 4,
    PTX_FLAG_OR = 1 << 5,
    PTX_FLAG_RM = 1 << 6,
    PTX_FLAG_RMI = 1 << 7,
    PTX_FLAG_RNI = 1 << 8,
    PTX_FLAG_RPI = 1 << 9,
    PTX_FLAG_RZ = 1 << 10,
    PTX_FLAG_RZI = 1 << 11,
    PTX_FLAG_SAT = 1 << 12,
    PTX_FLAG_SHARED = 1 << 13,
    PTX_FLAG_SYNC = 1 << 14,
    PTX_FLAG_TO = 1 << 15,
    PTX_FLAG_UP = 1 << 16,
    PTX_FLAG_WARP = 1 << 17,
    PTX_FLAG_WIDE = 1 << 18,
} PtxFlag;
typedef enum PtxState { PTX_READY, PTX_AT_BARRIER, PTX_AT_SHUFFLE, PTX_ENDED } PtxState;

typedef struct PtxInsn PtxInsn;
typedef struct PtxThread PtxThread;
typedef void (*PtxHandler)(PtxThread *thread, const PtxInsn *insn);

typedef struct PtxSource {
    bool is_register;
    uint64_t value; /* register's index, or the number itself */
} PtxSource;

struct PtxInsn {
    PtxHandler run;
    const PtxType *type, *from; /* from: of cvt's source */
    uint64_t mask;
    uint32_t dst[PTX_VECTOR];
    uint32_t dst_count, second; /* second: the other predicate of setp and shfl; UINT32_MAX none */
    PtxSource src[PTX_SOURCES];
    uint32_t src_count;
    int32_t predicate; /* -1: always */
    bool negated;
    PtxSpace space;
    int64_t offset; /* of an address */
    uint32_t target, line;
    char name[64]; /* as written */
    char op[12], first_modifier[12];
    uint32_t flags; /* of PtxFlag */
    /* the allocation that was hit last */
    uint64_t range_begin, range_end;
};

struct PtxKernel {
    const PtxModule *module;
    char name[PTX_NAME];
    PtxInsn *insns;
    size_t insn_count, register_count;
    size_t shared_bytes, local_bytes, param_bytes, param_count;
    size_t param_offsets[PTX_PARAMS], param_sizes[PTX_PARAMS];
};

typedef struct PtxBlock PtxBlock;

struct PtxThread {
    uint64_t *registers;
    unsigned char *local;
    PtxBlock *block;
    uint32_t index, pc;
    PtxState state;
    uint64_t shuffled; /* what this lane gives */
};

/* Who touched a byte of shared memory since when: epochs are counted by barriers. */
typedef struct PtxShadow {
    uint32_t writer, reader, write_epoch, read_epoch; /* epoch 0: never */
} PtxShadow;

struct PtxBlock {
    const PtxKernel *kernel;
    const PtxLaunch *launch;
    const PtxHost *host;
    unsigned char *shared, *params;
    PtxShadow *shadow;
    uint32_t index[3], epoch;
    bool failed;
};

/* ptx_decode.c */
const PtxType *ptx_type_find(const char *name);
uint32_t ptx_flag_find(const char *modifier);
/* Sets run, or gives false: unknown. */
bool ptx_decode(PtxInsn *insn);
/* ptx_memory.c */
void ptx_do_ld(PtxThread *thread, const PtxInsn *insn);
void ptx_do_st(PtxThread *thread, const PtxInsn *insn);
/* ptx_run.c */
void ptx_fail(PtxThread *thread, const PtxInsn *insn, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline uint64_t ptx_value(const PtxThread *thread, const PtxSource *source) {
    return source->is_register ? thread->registers[source->value] : source->value;
}
