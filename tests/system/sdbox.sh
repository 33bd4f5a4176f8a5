# shellcheck shell=bash
# Boots a directory tree with systemd as PID 1, by unshare and nsenter alone. To be sourced; for root.
#   box_tree SCRATCH TAR; box_boot SCRATCH/tree LOG; box systemctl start foo; box_stop
# What runs inside sees a machine of its own: its processes, its network (a loopback), its cgroups and its mounts. The kernel's
# settings (/proc/sys, /sys) are read-only there, and the capabilities that reach past namespaces are dropped.
# It uses the cgroup2 hierarchy only. On a machine where the controllers are still in version 1, limits on memory and tasks are
# accepted and have no effect.

box_pid='' box_parent='' box_cgroup=''

# What the booted tree has beside systemd: what the package depends on, and nothing else, so that it can need no more.
box_libraries=libbrotli1,libc-ares2,libc6,libcjson1,libcurl4,libgnutls30,libinih1,libmicrohttpd12,libssl3,libsystemd0,libtcmalloc-minimal4,libzstd1,zlib1g
box_tar() { debian_tar box "systemd,systemd-sysv,dbus,$box_libraries"; }

# Skips where no tree can be booted, or where the programs that are built would not find their libraries in it.
need_box() {
    local cgroups trial refused status
    [ "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" = bookworm ] || skip "this is not Debian 12"
    cgroups=$(box_cgroups)
    [ -n "$cgroups" ] || skip "no cgroup2 hierarchy is mounted here"
    { mkdir "$cgroups/fetchpool-box-$$" && rmdir "$cgroups/fetchpool-box-$$"; } 2>/dev/null || skip "no cgroup can be made here"
    trial=$(mktemp -d)
    refused=$("${box_unshare[@]}" bash "${BASH_SOURCE[0]}" try "$trial" 2>&1)
    status=$?
    rm -rf --one-file-system "$trial"
    [ "$status" = 0 ] || skip "no tree can be booted here: $(tail -n 1 <<<"$refused")"
}
box_cgroups() { findmnt -nro TARGET -t cgroup2 | head -n 1; }
box_unshare=(unshare --mount --propagation private --pid --uts --ipc --net --cgroup --fork --kill-child=KILL)
box_setpriv=(setpriv --inh-caps=-all
    "--bounding-set=-sys_module,-sys_rawio,-sys_time,-sys_pacct,-syslog,-mac_admin,-mac_override,-wake_alarm")

# SCRATCH TAR: makes SCRATCH/tree, the tar's Debian below and a tmpfs for what a run writes above, ready to boot, without what
# wants a terminal, a kernel file system, a disk or the Internet. Its origin.socket, once started, is an origin at
# http://127.0.0.2/: one shell for each connection; /slow takes its time.
box_tree() {
    local scratch=$1 tree=$1/tree unit
    mkdir "$scratch/lower"
    tar -C "$scratch/lower" -xf "$2" || return 1
    box_overlay "$scratch" || return 1
    : >"$tree/etc/machine-id"
    for unit in getty.target console-getty.service systemd-logind.service remote-fs.target sys-kernel-debug.mount \
        sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-hugepages.mount apt-daily.timer apt-daily-upgrade.timer \
        dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer; do
        ln -sf /dev/null "$tree/etc/systemd/system/$unit"
    done
    cat >"$tree/usr/local/bin/origin" <<'END'
#!/bin/bash
read -r _ path _
while read -r line && [ "$line" != $'\r' ]; do :; done
[ "$path" != /slow ] || sleep 2
printf 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello'
END
    chmod +x "$tree/usr/local/bin/origin"
    printf '[Socket]\nListenStream=127.0.0.2:80\nAccept=yes\n' >"$tree/etc/systemd/system/origin.socket"
    printf '[Service]\nExecStart=/usr/local/bin/origin\nStandardInput=socket\nStandardOutput=socket\n' \
        >"$tree/etc/systemd/system/origin@.service"
}

# SCRATCH: makes SCRATCH/tree of SCRATCH/lower.
box_overlay() {
    local scratch=$1 tree=$1/tree
    mkdir "$scratch/over" "$tree"
    mount -t tmpfs -o mode=755 tmpfs "$scratch/over" || return 1
    mkdir "$scratch/over/upper" "$scratch/over/work"
    mount -t overlay -o "lowerdir=$scratch/lower,upperdir=$scratch/over/upper,workdir=$scratch/over/work" overlay "$tree" ||
        return 1
    mkdir -p "$tree/dev" "$tree/proc" "$tree/sys" "$tree/run"
}

# TREE: in the new namespaces, goes there and mounts what a system has.
box_mounts() {
    local tree=$1 node
    mount --bind "$tree" "$tree"
    cd "$tree"
    mkdir -p old
    mount -t proc -o nosuid,nodev,noexec proc proc
    mount --bind proc/sys proc/sys
    mount -o remount,bind,ro proc/sys
    mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
    mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs run
    mount -t tmpfs -o nosuid,mode=755 tmpfs dev
    for node in null zero full random urandom tty; do
        touch "dev/$node"
        mount --bind "/dev/$node" "dev/$node"
    done
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts
    mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs dev/shm
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    ip link set lo up
}

# SCRATCH: in the new namespaces, all of that without a Debian.
box_try() {
    set -e
    mkdir -p "$1/lower/sys/fs/cgroup"
    box_overlay "$1"
    box_mounts "$1/tree"
    exec "${box_setpriv[@]}" true
}

# TREE: in the new namespaces, turns into systemd.
box_init() {
    set -e
    box_mounts "$1"
    hostname fetchpool-box
    pivot_root . old
    umount -l old
    exec env -i container=box PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        "${box_setpriv[@]}" /lib/systemd/systemd --show-status=0
}

# TREE LOG: returns when systemd has started what it was to start, or fails.
box_boot() {
    local tree=$1 log=$2 cgroups
    cgroups=$(box_cgroups)
    box_cgroup=$cgroups/fetchpool-box-$$
    mkdir -p "$box_cgroup"
    (
        echo "$BASHPID" >"$box_cgroup/cgroup.procs"
        # When this shell dies, so does unshare, and with it the box's PID 1 and all that runs under that.
        exec setpriv --pdeathsig KILL "${box_unshare[@]}" bash "${BASH_SOURCE[0]}" init "$tree"
    ) </dev/null >"$log" 2>&1 &
    box_parent=$!
    eventually 100 box_is_systemd || { cat "$log"; return 1; }
    eventually 600 box_is_up || { cat "$log"; box systemctl --no-pager list-jobs; return 1; }
}
box_is_systemd() {
    box_pid=$(pgrep -P "$box_parent") && [ "$(cat "/proc/$box_pid/comm")" = systemd ]
}
box_is_up() {
    case $(box systemctl is-system-running) in running | degraded) return 0 ;; *) return 1 ;; esac
}

# COMMAND...: inside.
box() {
    nsenter --target "$box_pid" --mount --pid --uts --ipc --net --cgroup -- \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
}

# Powers off, and makes sure of it.
box_stop() {
    if [ -n "$box_pid" ] && [ -d "/proc/$box_pid" ]; then
        timeout 5 nsenter --target "$box_pid" --mount --pid --ipc --net -- systemctl poweroff >/dev/null 2>&1
        eventually 300 test ! -d "/proc/$box_pid" || echo "the box had to be killed"
    fi
    if [ -n "$box_parent" ]; then
        kill -KILL "$box_parent" 2>/dev/null
        wait "$box_parent" 2>/dev/null
    fi
    # Empty groups only; what is being killed may need a moment to leave them.
    [ -z "$box_cgroup" ] || eventually 50 box_remove_cgroup
    box_pid='' box_parent='' box_cgroup=''
}
box_remove_cgroup() { find "$box_cgroup" -depth -type d -exec rmdir {} \; && [ ! -d "$box_cgroup" ]; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then "box_$1" "$2"; fi
