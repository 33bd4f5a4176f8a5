#!/bin/bash
# What a newcomer does: in a minimal Debian in which only git is present, clones this repository (its last commit), runs
# ./dev run and ./dev test. For root on Debian 12; the packages come over the machine's network. The log of the inner
# ./dev test is shown when it fails. FETCHPOOL_BAREROOT_PARTS can name the parts of ./dev test to run, "none" for none.
# shellcheck disable=SC2016,SC2317 # the inner shell's variables; functions that are called by eventually and check
set -u
cd "$(dirname "$0")" || exit 1
. ./lib.sh
need mmdebstrap unshare chroot git curl
if [ "${1:-}" != inside ]; then # mounts and processes of our own: they go when we do
    exec unshare --mount --propagation private --pid --fork --kill-child=KILL --mount-proc \
        bash "$PWD/bareroot-test.sh" inside
fi
root=$(mktemp -d)
cleanup() {
    [ -z "${daemon:-}" ] || kill -KILL "$daemon" 2>/dev/null
    umount -R "$root" 2>/dev/null
    rm -rf --one-file-system "$root"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# ---- the root ---------------------------------------------------------------------------------------------------
need_mirror # for what ./dev installs
debian_tar git git,ca-certificates
tar -C "$root" -xf "$tar"
mount --bind "$root" "$root" # a mount point, without which a chroot can make no namespaces, and some tests are skipped
mkdir -p "$root/project" "$root/dev" "$root/proc"
mount --bind -o ro "$top" "$root/project"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
ln -s /proc/self/fd "$root/dev/fd" # no /dev/shm, no /dev/pts: nothing may need them
cp /etc/resolv.conf /etc/hosts "$root/etc/"
enter=(chroot "$root" /usr/bin/env -i HOME=/root TERM=dumb
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
inside() { "${enter[@]}" "$@"; }
is "bare: none of the tools is there" "$(inside sh -c 'command -v gcc cmake make python3 curl sudo')" ""
check "git clone" inside git -c safe.directory='*' clone --quiet /project /root/fetchpool
dev=/root/fetchpool/dev

# ---- ./dev run --------------------------------------------------------------------------------------------------
address=127.0.0.1:8080
listen=()
healthy() { [ "$(curl -sS --max-time 5 "http://$address/healthz")" = '{"status":"ok"}' ]; }
if curl -s --max-time 5 -o "$root/tmp/other" "http://$address/"; then # someone is there already
    address=127.0.0.1:18081
    listen=(--listen "$address")
fi
begun=$SECONDS
# chroot becomes env, env becomes dev, dev becomes the daemon: one process to stop
"${enter[@]}" "$dev" run "${listen[@]}" </dev/null >"$root/tmp/run.log" 2>&1 &
daemon=$!
daemon_serves() { healthy || ! kill -0 "$daemon"; }
eventually 3000 daemon_serves
healthy || { tail -n 60 "$root/tmp/run.log"; give_up_packages "./dev run"; }
ok "./dev run serves on http://$address after $((SECONDS - begun)) s"
matches "it says what it installs" "$(cat "$root/tmp/run.log")" '*dev: setup: installing *libmicrohttpd-dev*'
post() { curl -sS --max-time 20 -H 'Content-Type: application/json' -d "$1" "http://$address/fetch" | tr -d '\n'; }
wanted="\[{\"url\":\"http://$address/healthz\",*\"error_code\":\"blocked\"*}"
wanted+=',{"url":"nonsense",*"error_code":"invalid_url"*},{"url":"ftp://a.test/",*"error_code":"unsupported_scheme"*}\]'
matches "POST /fetch gives the array, in order" "$(post "[\"http://$address/healthz\", \"nonsense\", \"ftp://a.test/\"]")" \
    "$wanted"
begun=$SECONDS
answer=$(inside sh -c 'cd / && /root/fetchpool/dev run "$@"' sh "http://$address/healthz" 2>"$root/tmp/again.log")
matches "./dev run URL prints the array" "$answer" "\[{\"url\":\"http://$address/healthz\",\"status\":200,*"
took=$((SECONDS - begun))
if [ "$took" -le 3 ]; then ok "and is quick when there is nothing to do: $took s"; else bad "the second ./dev run took $took s"; fi
is "and quiet" "$(cat "$root/tmp/again.log")" ""
kill -TERM "$daemon"
wait "$daemon"
is "SIGTERM ends it" "$?" 0
daemon=

# ---- ./dev test -------------------------------------------------------------------------------------------------
if [ "${FETCHPOOL_BAREROOT_PARTS:-}" != none ]; then
    begun=$SECONDS
    # shellcheck disable=SC2086 # a list of parts
    inside "$dev" test ${FETCHPOOL_BAREROOT_PARTS:-} </dev/null >"$root/tmp/test.log" 2>&1
    status=$?
    [ "$status" = 0 ] || cat "$root/tmp/test.log"
    grep -E '^(ok|FAIL) ' "$root/tmp/test.log"
    is "./dev test: exit status" "$status" 0
    matches "./dev test: closing line, after $((SECONDS - begun)) s" "$(tail -n 1 "$root/tmp/test.log")" \
        '[1-9]* passed, 0 failed'
    is "no end-to-end test was skipped" "$(grep -E '^ok .*e2e: .* skipped' "$root/tmp/test.log")" ""
    is "and the clone is as it was" "$(inside git -C /root/fetchpool status --porcelain)" ""
fi
finish
