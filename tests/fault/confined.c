/* confined POLICY COMMAND [ARGUMENT...]: runs the command under a system-call filter like that of a systemd unit, but
 * one that kills. Each line of the policy is a word and what it is about:
 *
 *     allow NAME     a system call
 *     family NUMBER  an address family for socket(2); without any, all are allowed
 *     protect memory as MemoryDenyWriteExecute= of systemd.exec(5)
 *     protect namespaces as RestrictNamespaces= */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

enum { MAX_FAMILIES = 16, NAME_BYTES = 64 };

#define NAMESPACES                                                                                                     \
    ((uint64_t)CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |            \
     CLONE_NEWNET)

struct policy {
    scmp_filter_ctx filter;
    int families[MAX_FAMILIES];
    size_t family_count;
    bool protects_memory;
    bool protects_namespaces;
};

static void give_up(const char *what) {
    (void)fprintf(stderr, "confined: %s\n", what);
    exit(125);
}

static void must(int failed, const char *what) {
    if (failed)
        give_up(what);
}

static void allow_masked(struct policy *p, int call, unsigned argument, uint64_t mask, uint64_t value) {
    const struct scmp_arg_cmp rule = {argument, SCMP_CMP_MASKED_EQ, mask, value};
    must(seccomp_rule_add_array(p->filter, SCMP_ACT_ALLOW, call, 1, &rule), "a rule was not taken");
}

static void allow_families(struct policy *p, int call) {
    for (size_t i = 0; i < p->family_count; i++) {
        const struct scmp_arg_cmp rule = {0, SCMP_CMP_EQ, (uint64_t)p->families[i], 0};
        must(seccomp_rule_add_array(p->filter, SCMP_ACT_ALLOW, call, 1, &rule), "a rule was not taken");
    }
}

static void allow(struct policy *p, int call) {
    const uint64_t both = PROT_WRITE | PROT_EXEC;
    if (p->family_count > 0 && call == SCMP_SYS(socket)) {
        allow_families(p, call);
    } else if (p->protects_memory && call == SCMP_SYS(mmap)) {
        allow_masked(p, call, 2, both, 0);
        allow_masked(p, call, 2, both, PROT_WRITE);
        allow_masked(p, call, 2, both, PROT_EXEC);
    } else if (p->protects_memory && (call == SCMP_SYS(mprotect) || call == SCMP_SYS(pkey_mprotect))) {
        allow_masked(p, call, 2, PROT_EXEC, 0);
    } else if (p->protects_memory && call == SCMP_SYS(shmat)) {
        allow_masked(p, call, 2, SHM_EXEC, 0);
    } else if (p->protects_namespaces && (call == SCMP_SYS(clone) || call == SCMP_SYS(unshare))) {
        allow_masked(p, call, 0, NAMESPACES, 0);
    } else if (p->protects_namespaces &&
               call == SCMP_SYS(clone3)) { /* its flags cannot be seen: glibc takes clone then */
        must(seccomp_rule_add_array(p->filter, SCMP_ACT_ERRNO(ENOSYS), call, 0, NULL), "a rule was not taken");
    } else {
        must(seccomp_rule_add_array(p->filter, SCMP_ACT_ALLOW, call, 0, NULL), "a rule was not taken");
    }
}

/* To enter a namespace there is no use for without the right to make one. */
static bool is_pointless(const struct policy *p, int call) {
    return p->protects_namespaces && call == SCMP_SYS(setns);
}

static void read_line(struct policy *p, const char *word, const char *about) {
    int call = seccomp_syscall_resolve_name(about);
    if (strcmp(word, "family") == 0 && p->family_count < MAX_FAMILIES)
        p->families[p->family_count++] = (int)strtol(about, NULL, 10);
    else if (strcmp(word, "protect") == 0)
        *(strcmp(about, "memory") == 0 ? &p->protects_memory : &p->protects_namespaces) = true;
    else if (strcmp(word, "allow") == 0 && call >= 0 && !is_pointless(p, call)) /* this machine has it */
        allow(p, call);
}

/* What stands in front holds for what follows: the families and the protections come first. */
static void read_policy(struct policy *p, const char *path) {
    char word[NAME_BYTES], about[NAME_BYTES];
    FILE *file = fopen(path, "re");
    if (!file)
        give_up("no policy");
    while (fscanf(file, "%63s %63s", word, about) == 2)
        read_line(p, word, about);
    (void)fclose(file);
}

int main(int argc, char **argv) {
    struct policy policy = {.filter = seccomp_init(SCMP_ACT_KILL_PROCESS)};
    if (argc < 3 || !policy.filter)
        give_up("usage: confined POLICY COMMAND...");
    read_policy(&policy, argv[1]);
    must(seccomp_load(policy.filter), "the filter was not taken"); /* and no new privileges */
    execvp(argv[2], argv + 2);
    give_up(strerror(errno));
}
