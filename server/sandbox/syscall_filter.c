/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which system calls are left: a list of those that the server, glibc, OpenSSL and the gRPC core
 * were seen to make in all tests, and what they fall back on; compiled to the kernel's filter
 * programs by hand, as it is a list of comparisons. What is not on it gives ENOSYS, so that a
 * library that tries something newer falls back on what it used before; what starts programs gives
 * EPERM; what nobody but an attacker would try (looking into other processes, loading kernel code,
 * mounting) ends the process.
 *
 * A filter sees numbers, not memory: clone is let through for threads only, and clone3, whose flags
 * lie in memory, is refused so that glibc uses clone. prctl is left for names alone.
 *
 * Thread: main, before any other.
 */

#include "runtime/base/size.h"
#include "server/sandbox/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define THIS_ARCHITECTURE 0 /* no filter */
#endif

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* glibc names its heaps */
#endif

static const int ALLOWED[] = {
    /* memory */
    SYS_brk,
    SYS_mmap,
    SYS_munmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_madvise,
    SYS_mlock,
    SYS_mlock2,
    SYS_munlock,
    SYS_mincore,
    SYS_membarrier,
    /* threads and time */
    SYS_futex,
    SYS_set_robust_list,
    SYS_get_robust_list,
    SYS_rseq,
    SYS_set_tid_address,
    SYS_gettid,
    SYS_getpid,
    SYS_getppid,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sched_setaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_sched_setscheduler,
    SYS_setpriority,
    SYS_getpriority,
    SYS_getcpu,
    SYS_exit,
    SYS_exit_group,
    SYS_restart_syscall,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_times,
    SYS_getrusage,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    SYS_timerfd_gettime,
    /* signals, of this process alone */
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    SYS_signalfd4,
    SYS_tgkill,
    /* reading files */
    SYS_openat,
    SYS_openat2,
    SYS_close,
    SYS_close_range,
    SYS_read,
    SYS_readv,
    SYS_pread64,
    SYS_preadv,
    SYS_preadv2,
    SYS_lseek,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_statfs,
    SYS_fstatfs,
    SYS_getdents64,
    SYS_readlinkat,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_getcwd,
    SYS_fadvise64,
    SYS_inotify_init1,
    SYS_inotify_add_watch,
    SYS_inotify_rm_watch,
    SYS_fcntl,
    SYS_ioctl,
    SYS_dup,
    SYS_dup3,
    SYS_flock,
    /* writing to what is open */
    SYS_write,
    SYS_writev,
    SYS_pwrite64,
    SYS_fsync,
    SYS_fdatasync,
    SYS_ftruncate,
    /* network */
    SYS_socket,
    SYS_socketpair,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_getsockname,
    SYS_getpeername,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_shutdown,
    SYS_sendto,
    SYS_sendmsg,
    SYS_sendmmsg,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_recvmmsg,
    SYS_ppoll,
    SYS_pselect6,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_eventfd2,
    SYS_pipe2,
    /* who and where we are */
    SYS_uname,
    SYS_sysinfo,
    SYS_getrandom,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_prlimit64,
    SYS_getrlimit,
#ifdef __x86_64__
    SYS_arch_prctl,
    SYS_time,
    SYS_open,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_poll,
    SYS_select,
    SYS_epoll_wait,
    SYS_epoll_create,
    SYS_pipe,
    SYS_dup2,
    SYS_eventfd,
    SYS_inotify_init,
#endif
};

/* Where the rules have folders to write to. */
static const int WRITING[] = {
    SYS_mkdirat,  SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_fchmod,
    SYS_fchmodat, SYS_umask,    SYS_linkat,
#ifdef __x86_64__
    SYS_mkdir,    SYS_rmdir,    SYS_unlink,   SYS_rename,    SYS_chmod,
#endif
};

/* Starting programs. */
static const int REFUSED[] = {
    SYS_execve,
    SYS_execveat,
#ifdef __x86_64__
    SYS_fork,
    SYS_vfork,
#endif
};

static const int DEADLY[] = {
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_bpf,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_setns,
    SYS_unshare,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_open_by_handle_at,
    SYS_io_uring_setup,
    SYS_personality,
    SYS_quotactl,
    SYS_acct,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setresuid,
    SYS_capset,
};

enum {
    INSTRUCTIONS_MAX = 2 * (ARRAY_LENGTH(ALLOWED) + ARRAY_LENGTH(WRITING) + ARRAY_LENGTH(REFUSED) +
                            ARRAY_LENGTH(DEADLY)) +
                       64
};

typedef struct Program {
    struct sock_filter code[INSTRUCTIONS_MAX];
    size_t length, calls;
} Program;

static void put(Program *program, uint16_t code, uint32_t k, uint8_t yes, uint8_t no) {
    if (program->length < INSTRUCTIONS_MAX)
        program->code[program->length++] = (struct sock_filter){ code, yes, no, k };
}

static void put_load(Program *program, size_t offset) {
    put(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void put_return(Program *program, uint32_t verdict) {
    put(program, BPF_RET | BPF_K, verdict, 0, 0);
}

static void put_calls(Program *program, const int *calls, size_t count, uint32_t verdict) {
    for (size_t i = 0; i < count; i++) {
        put(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], 0, 1);
        put_return(program, verdict);
    }
    program->calls += verdict == SECCOMP_RET_ALLOW ? count : 0;
}

/* The low half of an argument, on a machine whose bytes are in that order. */
static size_t argument_offset(size_t index) {
    return offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);
}

/* Threads, not processes. */
static void put_clone(Program *program) {
    put(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
    put_load(program, argument_offset(0));
    put(program, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
    put_return(program, SECCOMP_RET_ALLOW);
    put_return(program, SECCOMP_RET_ERRNO | EPERM);
    program->calls++;
}

static void put_prctl(Program *program) {
    static const int options[] = { PR_SET_NAME,     PR_GET_NAME,         PR_SET_VMA,
                                   PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP };
    enum { COUNT = ARRAY_LENGTH(options) };
    put(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 2 * COUNT + 2);
    put_load(program, argument_offset(0));
    put_calls(program, options, COUNT, SECCOMP_RET_ALLOW);
    put_return(program, SECCOMP_RET_ERRNO | EPERM);
    program->calls -= COUNT - 1; /* one call, however many uses */
}

static void make_program(const SandboxRules *rules, Program *program) {
    enum { X32_BIT = 0x40000000 }; /* the other numbering of x86-64 */
    put_load(program, offsetof(struct seccomp_data, arch));
    put(program, BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0);
    put_return(program, SECCOMP_RET_KILL_PROCESS);
    put_load(program, offsetof(struct seccomp_data, nr));
    put(program, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    put_return(program, SECCOMP_RET_KILL_PROCESS);
    put_calls(program, ALLOWED, ARRAY_LENGTH(ALLOWED), SECCOMP_RET_ALLOW);
    if (rules->writable_count > 0)
        put_calls(program, WRITING, ARRAY_LENGTH(WRITING), SECCOMP_RET_ALLOW);
    if (rules->connects)
        put_calls(program, (const int[]){ SYS_connect }, 1, SECCOMP_RET_ALLOW);
    put_calls(program, REFUSED, ARRAY_LENGTH(REFUSED), SECCOMP_RET_ERRNO | EPERM);
    put_calls(program, DEADLY, ARRAY_LENGTH(DEADLY), SECCOMP_RET_KILL_PROCESS);
    put_clone(program);
    put_prctl(program);
    put_return(program, SECCOMP_RET_ERRNO | ENOSYS);
}

Status syscall_filter_enter(const SandboxRules *rules, size_t *ret_count) {
    Program program = { .length = 0 };
    make_program(rules, &program);
    struct sock_fprog filter = { (unsigned short)program.length, program.code };
    if (THIS_ARCHITECTURE == 0 || program.length >= INSTRUCTIONS_MAX)
        return status_ok();
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0)
        *ret_count = program.calls;
    else if (errno != ENOSYS && errno != EINVAL) /* the kernel was built without */
        return status_error(STATUS_FAILED_PRECONDITION, "system call filter: %s", strerror(errno));
    return status_ok();
}
