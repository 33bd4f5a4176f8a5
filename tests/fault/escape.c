/* Tries what a service has no business to do, for the sandbox of the unit: each attempt is to be refused. Prints a line
 * for each that is not, and at the end how many there were: "28 attempts, 0 not refused".
 *
 * Nothing happens where nothing is refused, either: what could do harm is asked for with arguments that the kernel
 * looks at only behind the permission. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

static const char *scratch; /* a folder that may be written to */

/* Each gives what the call gave: -1 with errno when it failed. */

static long become_root(void) {
    return setresuid(0, 0, 0);
}

static long become_group_root(void) {
    return setresgid(0, 0, 0);
}

static long join_groups(void) {
    const gid_t root = 0;
    return setgroups(1, &root);
}

static long make_user_namespace(void) {
    return unshare(CLONE_NEWUSER);
}

static long make_mount_namespace(void) {
    return unshare(CLONE_NEWNS);
}

static long enter_namespace(void) {
    return setns(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), 0);
}

static long mount_something(void) {
    return mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
}

static long remount_root(void) {
    return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL);
}

static long change_root(void) {
    return chroot("/");
}

static long make_device(void) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/mem", scratch);
    return mknod(path, S_IFCHR | 0600, makedev(1, 1));
}

static long make_set_user_id(void) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/shell", scratch);
    (void)close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    return chmod(path, 04700);
}

static long open_packet_socket(void) {
    return socket(AF_PACKET, SOCK_RAW, 0);
}

static long open_raw_socket(void) {
    return socket(AF_INET, SOCK_RAW, 1);
}

static long open_bluetooth_socket(void) {
    return socket(AF_BLUETOOTH, SOCK_STREAM, 0);
}

/* Of the service's own user, others may be looked into: PID 1 is not. */
static long trace_another(void) {
    return ptrace(PTRACE_SEIZE, 1, NULL, -1L);
}

static long read_another(void) {
    char byte;
    struct iovec here = {.iov_base = &byte, .iov_len = 1}, there = {.iov_base = (void *)PAGE_BYTES, .iov_len = 1};
    return process_vm_readv(1, &here, 1, &there, 1, 0);
}

static long signal_the_manager(void) {
    return kill(1, 0);
}

static long map_writable_code(void) {
    void *p = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? -1 : 0;
}

static long make_code_of_data(void) {
    void *p = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? 0 : mprotect(p, PAGE_BYTES, PROT_READ | PROT_EXEC);
}

static long change_personality(void) {
    return personality(ADDR_NO_RANDOMIZE);
}

static long become_real_time(void) {
    const struct sched_param param = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_FIFO, &param);
}

static long set_clock(void) {
    const struct timespec wrong = {.tv_nsec = -1};
    return syscall(SYS_clock_settime, CLOCK_REALTIME, &wrong);
}

static long adjust_clock(void) {
    struct timex time = {.modes = ADJ_TICK};
    return adjtimex(&time);
}

static long set_host_name(void) {
    return syscall(SYS_sethostname, "", -1L);
}

static long load_module(void) {
    return syscall(SYS_finit_module, -1, "", -1);
}

static long load_kernel(void) {
    return syscall(SYS_kexec_load, 0L, 1000L, NULL, -1L);
}

static long load_bpf(void) {
    return syscall(SYS_bpf, 0, NULL, 0);
}

static long count_events(void) {
    return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0L);
}

static long add_key(void) {
    return syscall(SYS_add_key, "user", "fetchpool", "x", 1L, -3);
}

static long swap_on(void) {
    return swapon("/nonexistent/swap", 0);
}

static long read_kernel_log(void) {
    return syscall(SYS_syslog, 3, NULL, 0);
}

static long reboot_machine(void) {
    return syscall(SYS_reboot, 0, 0, 0, NULL);
}

static long open_by_handle(void) {
    return syscall(SYS_open_by_handle_at, -1, NULL, 0);
}

static long open_memory(void) {
    return open("/dev/mem", O_RDONLY | O_CLOEXEC);
}

static long gain_capability(void) {
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0);
}

static long write_setting(void) {
    return open("/proc/sys/kernel/hostname", O_WRONLY | O_CLOEXEC);
}

static const struct attempt {
    const char *name;
    long (*call)(void);
} attempts[] = {
    {"to become root", become_root},
    {"to become of group root", become_group_root},
    {"to join groups", join_groups},
    {"a mount namespace", make_mount_namespace},
    {"to enter a namespace", enter_namespace},
    {"to mount", mount_something},
    {"to make / writable", remount_root},
    {"to change root", change_root},
    {"to make a device", make_device},
    {"a set-user-ID file", make_set_user_id},
    {"a packet socket", open_packet_socket},
    {"a raw socket", open_raw_socket},
    {"a socket of another family", open_bluetooth_socket},
    {"to trace", trace_another},
    {"to read another's memory", read_another},
    {"to signal PID 1", signal_the_manager},
    {"to map memory to write and execute", map_writable_code},
    {"to execute what was written", make_code_of_data},
    {"another personality", change_personality},
    {"real-time priority", become_real_time},
    {"to set the clock", set_clock},
    {"to adjust the clock", adjust_clock},
    {"to name the host", set_host_name},
    {"to load a module", load_module},
    {"to load a kernel", load_kernel},
    {"bpf", load_bpf},
    {"to count events", count_events},
    {"to add a key", add_key},
    {"to swap", swap_on},
    {"to read the kernel's log", read_kernel_log},
    {"to reboot", reboot_machine},
    {"to open by handle", open_by_handle},
    {"to open memory", open_memory},
    {"a capability", gain_capability},
    {"to write a setting of the kernel", write_setting},
    {"a user namespace", make_user_namespace}, /* it would be allowed more there, and less here */
};

/* Nothing that could be asked for in another way: it is not permitted, or not there at all. */
static bool is_refusal(int error) {
    return error == EPERM || error == EACCES || error == EROFS || error == ENOSYS || error == EAFNOSUPPORT ||
           error == ENOENT || error == ESRCH;
}

int main(int argc, char **argv) {
    const size_t count = sizeof attempts / sizeof attempts[0];
    size_t not_refused = 0;
    scratch = argc > 1 ? argv[1] : "/tmp";
    for (size_t i = 0; i < count; i++) {
        errno = 0;
        long result = attempts[i].call();
        if (result < 0 && is_refusal(errno))
            continue;
        not_refused++;
        (void)printf("not refused: %s (%s)\n", attempts[i].name, strerror(errno));
    }
    (void)printf("%zu attempts, %zu not refused\n", count, not_refused);
    return not_refused > 0;
}
