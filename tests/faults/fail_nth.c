/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Preloaded into a server: makes the n-th allocation or system call of its own code fail. Libraries
 * are left alone (the gRPC core ends the process when it has no memory, by design): who asks is
 * told by the address that the call returns to. What is counted, and which call is to fail, stands
 * in a file that the test maps too, so one server lives through many faults.
 *
 * Memory that the server's code has asked for and nobody has freed is counted: what a fault leaks
 * shows as more of it at the end than without the fault.
 *
 * Thread: any.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OURS __attribute__((visibility("default")))

typedef struct Control {
    _Atomic uint32_t armed;   /* 0: nothing is counted; 1: memory; 2: system calls */
    _Atomic uint32_t count;   /* so far */
    _Atomic uint32_t fail_at; /* from 1 on; 0: none */
    _Atomic uint32_t failed;  /* whether it has */
    _Atomic uint32_t error;   /* errno of system calls */
    _Atomic uint32_t live;    /* blocks */
} Control;

enum { MEMORY = 1, CALLS = 2, SLOTS = 1 << 20 };

static Control nobody;
static Control *control = &nobody;
static uintptr_t code_begin, code_end;
static _Atomic uintptr_t blocks[SLOTS]; /* open addressing; 1: was taken */

static int find_code(struct dl_phdr_info *info, size_t size, void *user) {
    (void)size, (void)user;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X)) {
            code_begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            code_end = code_begin + info->dlpi_phdr[i].p_memsz;
        }
    return 1; /* the program comes first */
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAIL_CONTROL");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *mapped = file < 0
                       ? MAP_FAILED
                       : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    dl_iterate_phdr(find_code, NULL);
    if (mapped != MAP_FAILED)
        control = mapped;
}

static int fails(void *caller, uint32_t kind) {
    uintptr_t address = (uintptr_t)caller;
    if (control->armed != kind || address < code_begin || address >= code_end)
        return 0;
    uint32_t number = atomic_fetch_add(&control->count, 1) + 1;
    if (number != control->fail_at)
        return 0;
    control->failed = 1;
    return 1;
}

/* --- blocks --- */

static size_t slot_of(const void *block) {
    return ((uintptr_t)block >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 44;
}

static void note(void *caller, void *block) {
    uintptr_t address = (uintptr_t)caller;
    if (!block || address < code_begin || address >= code_end)
        return;
    for (size_t i = slot_of(block), tries = 0; tries < 64; i = (i + 1) % SLOTS, tries++) {
        uintptr_t there = blocks[i];
        if (there <= 1 && atomic_compare_exchange_strong(&blocks[i], &there, (uintptr_t)block)) {
            atomic_fetch_add(&control->live, 1);
            return;
        }
    }
}

static void forget(const void *block) {
    for (size_t i = slot_of(block), tries = 0; block && tries < 64; i = (i + 1) % SLOTS, tries++) {
        uintptr_t there = blocks[i];
        if (there == 0)
            return;
        if (there == (uintptr_t)block && atomic_compare_exchange_strong(&blocks[i], &there, 1)) {
            atomic_fetch_sub(&control->live, 1);
            return;
        }
    }
}

/* --- memory --- */

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *block);

#define CALLER __builtin_return_address(0)
#define OR_FAIL(expression)                                                                        \
    ({                                                                                             \
        if (fails(CALLER, MEMORY)) {                                                               \
            errno = ENOMEM;                                                                        \
            return NULL;                                                                           \
        }                                                                                          \
        void *made_ = (expression);                                                                \
        note(CALLER, made_);                                                                       \
        made_;                                                                                     \
    })

OURS void *malloc(size_t bytes) {
    return OR_FAIL(__libc_malloc(bytes));
}
OURS void *calloc(size_t count, size_t bytes) {
    return OR_FAIL(__libc_calloc(count, bytes));
}
OURS void *aligned_alloc(size_t alignment, size_t bytes) {
    return OR_FAIL(__libc_memalign(alignment, bytes));
}
OURS void *realloc(void *block, size_t bytes) {
    if (fails(CALLER, MEMORY)) {
        errno = ENOMEM;
        return NULL;
    }
    forget(block);
    void *made = __libc_realloc(block, bytes);
    note(CALLER, made ? made : block);
    return made;
}
OURS void free(void *block) {
    forget(block);
    __libc_free(block);
}
OURS char *strndup(const char *text, size_t length) {
    size_t bytes = strnlen(text, length);
    char *copy = OR_FAIL(__libc_malloc(bytes + 1));
    if (copy) {
        memcpy(copy, text, bytes);
        copy[bytes] = '\0';
    }
    return copy;
}
OURS char *strdup(const char *text) {
    size_t bytes = strlen(text) + 1;
    char *copy = OR_FAIL(__libc_malloc(bytes));
    return copy ? memcpy(copy, text, bytes) : NULL;
}

/* --- system calls --- */

#define REAL(name)                                                                                 \
    static __typeof__(name) *real;                                                                 \
    if (!real)                                                                                     \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                                                 \
    if (fails(CALLER, CALLS)) {                                                                    \
        errno = (int)control->error;                                                               \
        return -1;                                                                                 \
    }

OURS int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = (mode_t)va_arg(more, int);
    va_end(more);
    REAL(open)
    return real(path, flags, mode);
}
OURS int openat(int directory, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = (mode_t)va_arg(more, int);
    va_end(more);
    REAL(openat)
    return real(directory, path, flags, mode);
}
OURS ssize_t read(int file, void *bytes, size_t length) {
    REAL(read)
    return real(file, bytes, length);
}
OURS ssize_t pread(int file, void *bytes, size_t length, off_t offset) {
    REAL(pread)
    return real(file, bytes, length, offset);
}
OURS int fstat(int file, struct stat *info) {
    REAL(fstat)
    return real(file, info);
}
OURS int fstatat(int directory, const char *path, struct stat *info, int flags) {
    REAL(fstatat)
    return real(directory, path, info, flags);
}
OURS int inotify_add_watch(int watch, const char *path, uint32_t mask) {
    REAL(inotify_add_watch)
    return real(watch, path, mask);
}
OURS int madvise(void *memory, size_t length, int advice) {
    REAL(madvise)
    return real(memory, length, advice);
}
OURS long syscall(long number, ...) {
    va_list more;
    long arguments[6];
    va_start(more, number);
    for (size_t i = 0; i < 6; i++)
        arguments[i] = va_arg(more, long);
    va_end(more);
    REAL(syscall)
    return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                arguments[5]);
}
OURS int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                        void *user) {
    static __typeof__(pthread_create) *real;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (fails(CALLER, CALLS))
        return EAGAIN;
    return real(thread, attributes, run, user);
}
