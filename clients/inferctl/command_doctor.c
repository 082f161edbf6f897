/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * inferctl doctor: one function per thing that is looked at; each adds findings, and a finding that
 * is not good says what to change. This file looks at the machine, the server and certificates;
 * repository_check.c at models. Nothing is changed. Thread: main.
 */

#include "clients/inferctl/command.h"

#include "clients/c/ready.h"
#include "clients/inferctl/findings.h"
#include "runtime/base/size.h"
#include "runtime/trust/certificate.h"

#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* --- this machine --- */

static void check_descriptors(Findings *findings) {
    enum { WANTED = 8192 };
    struct rlimit limit = { 0 };
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < WANTED)
        findings_add(findings, FINDING_WARN, "open files",
                     "set LimitNOFILE=65536 in the unit, or ulimits in the container's settings",
                     "at most %llu; a connection takes one", (unsigned long long)limit.rlim_max);
    else
        findings_add(findings, FINDING_GOOD, "open files", NULL,
                     "at most %llu; a server raises its own limit to that",
                     (unsigned long long)limit.rlim_max);
}

/* The first line of a file; "" without one. */
static const char *first_line(const char *path, char text[static 256]) {
    FILE *file = fopen(path, "re");
    if (!file || !fgets(text, 256, file))
        *text = '\0';
    if (file)
        fclose(file);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void check_memory(Findings *findings) {
    char text[256];
    double free_gib = (double)sysconf(_SC_AVPHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / (1 << 30);
    first_line("/sys/fs/cgroup/memory.max", text);
    if (*text && strcmp(text, "max") != 0)
        findings_add(findings, FINDING_GOOD, "memory", NULL,
                     "the control group allows %.1f GiB; the server keeps within it",
                     strtod(text, NULL) / (1 << 30));
    else
        findings_add(findings, free_gib < 0.5 ? FINDING_WARN : FINDING_GOOD, "memory",
                     "stop something, or serve fewer models", "%.1f GiB are free, no limit is set",
                     free_gib);
}

/* cpu.max: "200000 100000" */
static void check_cores(Findings *findings) {
    char text[256];
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    double quota = 0, period = 0;
    if (sscanf(first_line("/sys/fs/cgroup/cpu.max", text), "%lf %lf", &quota, &period) == 2 &&
        quota / period < (double)online)
        findings_add(findings, quota / period < 1 ? FINDING_WARN : FINDING_GOOD, "cores",
                     "give it at least one whole core: a throttled server answers late",
                     "%.1f of %ld by the control group", quota / period, online);
    else
        findings_add(findings, FINDING_GOOD, "cores", NULL, "%ld", online);
}

static void check_cpu(Findings *findings) {
#if defined(__x86_64__)
    static const char ADVICE[] = "a machine with AVX2 computes several times as fast";
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = __builtin_cpu_supports("avx512f"), vnni = __builtin_cpu_supports("avx512vnni");
    findings_add(findings, avx2 ? FINDING_GOOD : FINDING_WARN, "processor", ADVICE, "%s%s",
                 avx512 ? "AVX-512"
                 : avx2 ? "AVX2"
                        : "no AVX2",
                 vnni ? ", VNNI for int8" : ", no VNNI: int8 models gain less");
#else
    findings_add(findings, FINDING_GOOD, "processor", NULL, "not x86-64");
#endif
}

static void check_gpu(Findings *findings) {
    char text[256];
    bool has_driver = *first_line("/proc/driver/nvidia/version", text) != '\0';
    bool has_device = access("/dev/nvidia0", F_OK) == 0;
    if (!has_driver && !has_device)
        findings_add(findings, FINDING_GOOD, "GPU", NULL, "none: models run on the processor");
    else if (!has_driver || access("/dev/nvidia0", R_OK | W_OK) != 0)
        findings_add(findings, FINDING_BAD, "GPU",
                     "load the driver, or let this user and container open /dev/nvidia*",
                     "there is one, but it cannot be opened");
    else
        findings_add(findings, FINDING_GOOD, "GPU", NULL, "%.120s", text);
}

/* --- the server --- */

/* Whether something takes connections there. */
static bool is_listening(const char *port) {
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_family = AF_INET,
                              .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV },
                    *found = NULL;
    if (getaddrinfo("127.0.0.1", port, &hints, &found) != 0)
        return false;
    int tried = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
    bool listens = tried >= 0 && connect(tried, found->ai_addr, found->ai_addrlen) == 0;
    if (tried >= 0)
        close(tried);
    freeaddrinfo(found);
    return listens;
}

static void check_ports(Findings *findings) {
    static const char *const PORTS[] = { "8500", "8501", "8000", "8001" };
    char used[64] = "";
    for (size_t i = 0; i < ARRAY_LENGTH(PORTS); i++)
        if (is_listening(PORTS[i]))
            snprintf(used + strlen(used), sizeof used - strlen(used), "%s%s", *used ? ", " : "",
                     PORTS[i]);
    findings_add(findings, FINDING_GOOD, "ports", NULL,
                 *used ? "in use here: %s" : "none of the default ones is in use here%s", used);
}

static void check_server(Context *context, Findings *findings) {
    ClientAsk ask;
    ClientServer server = { .name = "a server", .version = "" };
    bool is_ready = false;
    Status asked = context_ask(context, &ask);
    if (status_is_ok(&asked))
        asked = client_server_ready(&ask, &is_ready);
    if (!status_is_ok(&asked)) {
        findings_add(
            findings, FINDING_WARN, "server",
            "start one with 'inferd --model-repository=DIR', or name another with --server",
            "%s does not answer", context->args->server);
        return;
    }
    Status told = client_server(&ask, &server);
    findings_add(findings, is_ready ? FINDING_GOOD : FINDING_BAD, "server",
                 "'inferctl models' tells which model is not loaded, and why", "%s: %s %s, %s",
                 context->args->server, status_is_ok(&told) ? server.name : "a server",
                 status_is_ok(&told) ? server.version : "", is_ready ? "ready" : "not ready");
}

static void check_certificate(Findings *findings, const char *what, const char *path) {
    enum { SOON_DAYS = 21 };
    int64_t days = 0;
    if (!path)
        return;
    Status read = certificate_days_left(path, &days);
    if (!status_is_ok(&read))
        findings_add(findings, FINDING_BAD, what, "name a PEM file", "%s", read.message);
    else if (days < 0)
        findings_add(findings, FINDING_BAD, what,
                     "replace the file; a running server takes the new one by itself",
                     "%s expired %lld days ago", path, (long long)-days);
    else
        findings_add(findings, days < SOON_DAYS ? FINDING_WARN : FINDING_GOOD, what,
                     "replace the file soon; a running server takes the new one by itself",
                     "%s is valid for %lld days", path, (long long)days);
}

Status command_doctor(Context *context) {
    const Args *args = context->args;
    AUTO(findings_deinit) Findings findings = { 0 };
    TRY(findings_init(&findings));
    check_cpu(&findings);
    check_cores(&findings);
    check_memory(&findings);
    check_descriptors(&findings);
    check_gpu(&findings);
    check_ports(&findings);
    check_server(context, &findings);
    check_certificate(&findings, "CA", args->ca_file);
    check_certificate(&findings, "certificate", args->cert_file);
    if (args->argument)
        check_repository(context, args->argument, &findings);
    return findings_show(context, &findings);
}
