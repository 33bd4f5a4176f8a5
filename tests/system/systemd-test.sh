#!/bin/bash
# Boots a small Debian with systemd as PID 1 and puts the units through what an operator does with them.
# For root on Debian 12. Builds with ./dev build, or takes the build directory in FETCHPOOL_BUILD.
# shellcheck disable=SC2016,SC2317 # awk's variables; functions that are called by eventually and check
set -u
cd "$(dirname "$0")" || exit 1
if [ "${1:-}" != inside ]; then # mounts of our own: they go when we do
    exec unshare --mount --propagation private bash "$PWD/systemd-test.sh" inside
fi
. ./lib.sh
. ./sdbox.sh
need mmdebstrap unshare nsenter setpriv cmake pgrep curl
scratch=$(mktemp -d)
cleanup() {
    box_stop
    umount "$scratch/tree" "$scratch/over" 2>/dev/null
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

build=${FETCHPOOL_BUILD:-$top/build}
[ -n "${FETCHPOOL_BUILD:-}" ] || "$top/dev" build || give_up "build"

# ---- the tree ---------------------------------------------------------------------------------------------------
tar=$(debian_tar systemd systemd,systemd-sysv,dbus,curl,ca-certificates,libmicrohttpd12,libcurl4,zlib1g,libbrotli1,libzstd1,libc-ares2,libcjson1,libinih1,libtcmalloc-minimal4) ||
    give_up "the Debian tree"
box_tree "$scratch" "$tar" || give_up "the tree"
tree=$scratch/tree
DESTDIR=$tree cmake --install "$build" >/dev/null || give_up "cmake --install"
# an origin that only says a word
printf '[Socket]\nListenStream=127.0.0.2:81\nAccept=yes\n' >"$tree/etc/systemd/system/word.socket"
printf '[Service]\nExecStart=/bin/echo word\nStandardOutput=socket\n' >"$tree/etc/systemd/system/word@.service"
printf '127.0.0.2 origin.test\n127.0.0.1 localhost\n' >"$tree/etc/hosts"
# a name is looked up in the hosts file, and an address of this box may be fetched
printf '[guard]\nallow = 127.0.0.2/32\n' >"$tree/etc/fetchpool/fetchpool.conf"
touch "$tree/root/secret" "$tree/home/secret"

unit=fetchpoold.service
property() { box systemctl show "${2:-$unit}" --property "$1" --value; }
get() { box curl -sS --max-time 10 "http://127.0.0.1:8080$1"; }
fetch() { # BODY
    box curl -sS --max-time 20 -H 'Content-Type: application/json' -d "$1" http://127.0.0.1:8080/fetch | tr -d '\n'
}
journal() { box journalctl --no-pager -q -o cat -u "$unit" "$@"; }
is_state() { [ "$(property ActiveState)" = "$1" ]; }
restarts_are() { [ "$(property NRestarts)" = "$1" ] && is_state active; }
milliseconds() { date +%s%3N; }

# ---- boot -------------------------------------------------------------------------------------------------------
box_boot "$tree" "$scratch/boot.log" || give_up "boot"
is "the box boots" "$(box systemctl is-system-running)" running
box systemctl start origin.socket word.socket || give_up "origins"
check "the units verify" box systemd-analyze verify --man=no "$unit" fetchpoold.socket
if box systemd-analyze security --no-pager --threshold=12 "$unit" >"$scratch/security"; then
    ok "$(tail -n 1 "$scratch/security" | grep -o 'exposure level.*[0-9]')"
else
    bad "exposure over 1.2: $(tail -n 1 "$scratch/security")"
fi

# ---- start, and what the process may ----------------------------------------------------------------------------
before=$(milliseconds)
box systemctl start "$unit" || { journal; give_up "start"; }
health=$(get /healthz)
is "start returns when it serves ($(($(milliseconds) - before)) ms)" "$health" '{"status":"ok"}'
pid=$(property MainPID)
status=$(box cat "/proc/$pid/status")
field() { awk -v name="$1:" '$1 == name { print $2 }' <<<"$status"; }
is "no capability" "$(field CapEff) $(field CapPrm) $(field CapBnd) $(field CapAmb)" \
    "0000000000000000 0000000000000000 0000000000000000 0000000000000000"
is "no new privileges, system calls filtered" "$(field NoNewPrivs) $(field Seccomp)" "1 2"
is "no core" "$(box awk '/^Max core file size/ { print $5, $6 }' "/proc/$pid/limits")" "0 0"
uid=$(field Uid)
if [ "$uid" -ge 61184 ] && [ "$uid" -le 65519 ]; then ok "dynamic user: $uid"; else bad "user $uid"; fi
files=$(box awk '/^Max open files/ { print $4 }' "/proc/$pid/limits")
limit=$(ulimit -Hn)
if [ "$files" -ge 65536 ] || [ "$files" -ge "$limit" ]; then ok "descriptors: $files"; else bad "descriptors: $files"; fi
is "state directory" "$(box stat -L -c '%u %a' /var/lib/fetchpool)" "$(box stat -c %u "/proc/$pid") 700"
inside() { box nsenter --target "$pid" --mount -- "$@"; }
refuses "no look into /root" inside test -e /root/secret
refuses "no look into /home" inside test -e /home/secret
refuses "no write to /etc" inside touch /etc/written
refuses "no disk, no tty in /dev" inside test -e /dev/tty0 -o -e /dev/vda -o -e /dev/sda

# ---- fetch ------------------------------------------------------------------------------------------------------
matches "fetches by address" "$(fetch '["http://127.0.0.2/"]')" \
    '\[{"url":"http://127.0.0.2/","status":200,"size":5,"elapsed":*}\]'
matches "fetches by name" "$(fetch '["http://origin.test/"]')" '*"status":200,"size":5,*'
matches "refuses what is not opened" "$(fetch '["http://127.0.0.1:8080/healthz"]')" '*"status":0,*"error_code":"blocked"*'
matches "no name server: dns" "$(fetch '["http://nowhere.test/"]')" '*"error_code":"dns"*'
matches "no TLS on the other side: tls" "$(fetch '["https://127.0.0.2:81/"]')" '*"error_code":"tls"*'
urls=$(printf '"http://127.0.0.2/slow",%.0s' $(seq 40))
before=$(milliseconds)
answer=$(fetch "{\"urls\": [${urls%,}], \"max_concurrent\": 40, \"per_host\": 40}")
took=$(($(milliseconds) - before))
is "forty at once" "$(grep -o '"status":200' <<<"$answer" | wc -l)" 40
if [ "$took" -lt 3500 ]; then ok "in $took ms"; else bad "forty of two seconds took $took ms"; fi

# ---- journal ----------------------------------------------------------------------------------------------------
is "journal: the line without its prefix" "$(journal | grep -c '^listening address=127.0.0.1:8080$')" 1
is "journal: with its priority" "$(box journalctl --no-pager -q -o json -u "$unit" --output-fields=PRIORITY,MESSAGE |
    grep '"listening address' | grep -o '"PRIORITY":"[0-9]"' | sort -u)" '"PRIORITY":"6"'

# ---- crash, drain -----------------------------------------------------------------------------------------------
box systemctl kill --signal=KILL --kill-whom=main "$unit"
check "killed, it comes back" eventually 100 restarts_are 1
is "and serves" "$(get /healthz)" '{"status":"ok"}'
fetch '["http://127.0.0.2/slow"]' >"$scratch/slow" &
client=$!
sleep .7
before=$(milliseconds)
box systemctl stop "$unit"
took=$(($(milliseconds) - before))
wait "$client"
matches "stop lets the running batch finish ($took ms)" "$(cat "$scratch/slow")" '*"status":200,"size":5,*'
if [ "$took" -gt 500 ] && [ "$took" -lt 4000 ]; then ok "and then does not dawdle"; else bad "stop took $took ms"; fi
is "ends clean" "$(property Result) $(property ExecMainStatus) $(property ActiveState)" "success 0 inactive"

# ---- tokens: the dynamic user reads their file, and reads it again at SIGHUP --------------------------------------
box fetchpool token new ci 2>/dev/null >"$scratch/made"
token=$(sed -n 1p "$scratch/made")
sed -n 2p "$scratch/made" >"$tree/etc/fetchpool/tokens"
box mkdir -p "/run/systemd/system/$unit.d"
printf '[Service]\nEnvironment=FETCHPOOL_AUTH_TOKEN_FILE=/etc/fetchpool/tokens\n' |
    box tee "/run/systemd/system/$unit.d/tokens.conf" >/dev/null
box systemctl daemon-reload
box systemctl start "$unit"
version() { # CURL-OPTION...
    box curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "$@" http://127.0.0.1:8080/version
}
is "tokens: without, with one, and health" \
    "$(version) $(version -H "Authorization: Bearer $token") $(get /healthz)" '401 200 {"status":"ok"}'
: >"$tree/etc/fetchpool/tokens"
box systemctl kill --signal=HUP "$unit"
is_reloaded() { journal | grep -q '^settings reloaded$'; }
check "reload" eventually 100 is_reloaded
is "a token that was removed" "$(version -H "Authorization: Bearer $token")" 401
box systemctl stop "$unit"
box rm -r "/run/systemd/system/$unit.d"
box systemctl daemon-reload

# ---- starts that must fail, and say why -------------------------------------------------------------------------
printf '[pool]\nworkers = many\n' >"$tree/etc/fetchpool/wrong.conf"
box mkdir -p "/run/systemd/system/$unit.d"
printf '[Service]\nExecStart=\nExecStart=/usr/bin/fetchpoold --config /etc/fetchpool/wrong.conf\n' |
    box tee "/run/systemd/system/$unit.d/wrong.conf" >/dev/null
box systemctl daemon-reload
refuses "a wrong setting: start fails" box systemctl start "$unit"
is "with its own status and no restart" "$(property ExecMainStatus) $(property ActiveState)" "3 failed"
matches "and names the place" "$(journal -n 8)" '*/etc/fetchpool/wrong.conf:2: pool.workers: *'
box rm -r "/run/systemd/system/$unit.d"
box systemctl daemon-reload
box systemctl reset-failed "$unit"

# ---- socket activation ------------------------------------------------------------------------------------------
box systemctl start fetchpoold.socket
is "socket: listens before the daemon runs" "$(property ActiveState fetchpoold.socket) $(property ActiveState)" \
    "active inactive"
is "the first request starts the daemon" "$(get /healthz)" '{"status":"ok"}'
matches "and a fetch works" "$(fetch '["http://127.0.0.2/"]')" '*"status":200,*'
pid=$(property MainPID)
(
    for _ in $(seq 40); do
        get /healthz || echo lost
        sleep .03
    done
) >"$scratch/answers" 2>&1 &
client=$!
sleep .3
box systemctl restart "$unit"
wait "$client"
is "no request is refused over a restart" "$(grep -o '"ok"' "$scratch/answers" | wc -l)" 40
if [ "$(property MainPID)" != "$pid" ]; then ok "by another process"; else bad "the same process"; fi
box systemctl stop fetchpoold.socket "$unit"

# ---- enabled, it comes with the boot ----------------------------------------------------------------------------
check "enable" box systemctl -q enable "$unit"
box_stop
box_boot "$tree" "$scratch/boot.log" || give_up "second boot"
is "enabled: runs after a boot" "$(property ActiveState) $(get /healthz)" 'active {"status":"ok"}'
box_stop
finish
