/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Landlock: rights on files and TCP, taken from this process for good. Executing is taken
 * everywhere, writing everywhere but in the folders of the rules, reading everywhere but in those
 * folders and in what any process needs (libraries, time zones, names of hosts, /proc, devices).
 * What is open already stays open. The rights asked for are cut to what the kernel's version knows.
 *
 * A folder is allowed as what it is now; one that is removed and made again is another. So where a
 * path has a folder above it that is not "/", that one is allowed: replacing a repository or the
 * file of a certificate, as deploy tools do it, goes on working.
 *
 * The constants are the kernel's interface, written down here because Debian's headers know only
 * its first version. Thread: main, before any other.
 */

#include "runtime/base/beneath.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/size.h"
#include "server/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RIGHT(bit) (UINT64_C(1) << (bit))
static const uint64_t EXECUTE = RIGHT(0), WRITE_FILE = RIGHT(1), READ_FILE = RIGHT(2),
                      READ_DIR = RIGHT(3), REFER = RIGHT(13), TRUNCATE = RIGHT(14);
/* REMOVE_DIR to MAKE_SYM */
static const uint64_t CHANGE_DIR = RIGHT(4) | RIGHT(5) | RIGHT(6) | RIGHT(7) | RIGHT(8) | RIGHT(9) |
                                   RIGHT(10) | RIGHT(11) | RIGHT(12);
static const uint64_t CONNECT_TCP = RIGHT(1);       /* of the rights on the network */
static const uint64_t SCOPES = RIGHT(0) | RIGHT(1); /* abstract sockets and signals of others */

/* struct landlock_ruleset_attr as of version 6. */
typedef struct Ruleset {
    uint64_t files, network, scopes;
} Ruleset;

static const char *const SYSTEM_READS[] = {
    "/usr",
    "/lib",
    "/lib64",
    "/proc",
    "/sys",
    "/dev",
    "/etc/ssl",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/localtime",
    "/etc/ld.so.cache",
    "/etc/services",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/protocols",
    "/run/systemd/resolve",
};

static Status landlock_error(const char *what) {
    return status_error(STATUS_FAILED_PRECONDITION, "Landlock: %s: %s", what, strerror(errno));
}

/* What may be done to a file that is no folder. */
static uint64_t for_files(uint64_t rights) {
    return rights & (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE);
}

static Status allow_descriptor(int ruleset, int descriptor, const char *path, uint64_t rights) {
    struct stat info;
    if (fstat(descriptor, &info) != 0)
        return landlock_error(path);
    struct landlock_path_beneath_attr beneath = {
        .allowed_access = S_ISDIR(info.st_mode) ? rights : for_files(rights),
        .parent_fd = descriptor,
    };
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
        return landlock_error(path);
    return status_ok();
}

/* What is not there is not allowed. */
static Status allow_here(int ruleset, const char *path, uint64_t rights) {
    AUTO(descriptor_close) int descriptor = open(path, O_PATH | O_CLOEXEC);
    return descriptor < 0 ? status_ok() : allow_descriptor(ruleset, descriptor, path, rights);
}

/* Cuts the last part off; false: nothing but "/" or "." would be left. */
static bool cut_part(char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return false;
    *slash = '\0';
    return true;
}

/* The path, where a link in its place leads to, and the folders above both. */
static Status allow_path(int ruleset, const char *path, uint64_t rights) {
    char above[PATH_MAX], real[PATH_MAX];
    if (strlen(path) >= sizeof above)
        return status_error(STATUS_INVALID_ARGUMENT, "'%.120s...' is too long", path);
    TRY(allow_here(ruleset, path, rights));
    bool exists = realpath(path, real) != NULL;
    strcpy(above, path);
    if (cut_part(above))
        TRY(allow_here(ruleset, above, rights));
    while (!exists && !realpath(above, real)) /* not there yet: the nearest folder that is */
        if (!cut_part(above))
            return allow_here(ruleset, *path == '/' ? "/" : ".", rights);
    if (!exists)
        return allow_here(ruleset, real, rights);
    return cut_part(real) ? allow_here(ruleset, real, rights) : status_ok();
}

static Status add_rules(int ruleset, const SandboxRules *rules, uint64_t handled) {
    uint64_t reads = (READ_FILE | READ_DIR) & handled;
    uint64_t writes = handled & ~(EXECUTE | READ_FILE | READ_DIR);
    for (size_t i = 0; reads && i < ARRAY_LENGTH(SYSTEM_READS); i++)
        TRY(allow_here(ruleset, SYSTEM_READS[i], reads));
    for (size_t i = 0; reads && i < rules->readable_count; i++)
        TRY(allow_path(ruleset, rules->readable[i], reads));
    TRY(allow_here(ruleset, "/dev", WRITE_FILE | reads)); /* devices, the null one among them */
    for (size_t i = 0; i < rules->writable_count; i++)
        TRY(allow_here(ruleset, rules->writable[i], writes | reads));
    return status_ok();
}

static Ruleset wanted_rights(const SandboxRules *rules, long version) {
    Ruleset wanted = { .files = EXECUTE | WRITE_FILE | CHANGE_DIR };
    if (!rules->reads_anything)
        wanted.files |= READ_FILE | READ_DIR;
    if (version >= 2)
        wanted.files |= REFER;
    if (version >= 3)
        wanted.files |= TRUNCATE;
    if (version >= 4 && !rules->connects)
        wanted.network = CONNECT_TCP;
    if (version >= 6)
        wanted.scopes = SCOPES;
    return wanted;
}

Status landlock_enter(const SandboxRules *rules, int *ret_version) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return status_ok(); /* none in this kernel, or not switched on */
    Ruleset wanted = wanted_rights(rules, version);
    size_t bytes = version >= 6   ? sizeof wanted
                   : version >= 4 ? offsetof(Ruleset, scopes)
                                  : offsetof(Ruleset, network);
    AUTO(descriptor_close)
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &wanted, bytes, 0);
    if (ruleset < 0)
        return landlock_error("cannot make rules");
    TRY(add_rules(ruleset, rules, wanted.files));
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        return landlock_error("cannot apply rules");
    *ret_version = (int)version;
    return status_ok();
}
