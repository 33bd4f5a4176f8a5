#!/bin/bash
# Boots a small Debian with systemd as PID 1 and puts the units through what an operator does with them.
# For root on Debian 12. Builds with ./dev build, or takes the build directory in FETCHPOOL_BUILD.
# shellcheck disable=SC2016,SC2317 # awk's variables; functions that are called by eventually and check
set -u
cd "$(dirname "$0")" || exit 1
. ./lib.sh
. ./sdbox.sh
need mmdebstrap unshare nsenter setpriv cmake pgrep curl python3
if [ "${1:-}" != inside ]; then # mounts of our own: they go when we do
    exec unshare --mount --propagation private bash "$PWD/systemd-test.sh" inside
fi
need_box
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
# what is put under the daemon here belongs to the tests
{ cmake -DFETCHPOOL_TESTS=ON "$build" && cmake --build "$build" --target wedge escape; } >"$scratch/fault.log" 2>&1 || {
    tail -n 20 "$scratch/fault.log"
    give_up "build of tests/fault"
}

# ---- the tree ---------------------------------------------------------------------------------------------------
box_tar
box_tree "$scratch" "$tar" || give_up "the tree"
tree=$scratch/tree
DESTDIR=$tree cmake --install "$build" >/dev/null || give_up "cmake --install"
# an origin that only says a word
printf '[Socket]\nListenStream=127.0.0.2:81\nAccept=yes\n' >"$tree/etc/systemd/system/word.socket"
printf '[Service]\nExecStart=/bin/echo word\nStandardOutput=socket\n' >"$tree/etc/systemd/system/word@.service"
mkdir -p "$tree/etc/ssl/certs"
cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/" # as of the package ca-certificates
printf '127.0.0.2 origin.test\n127.0.0.1 localhost\n' >"$tree/etc/hosts"
# a name is looked up in the hosts file, and an address of this box may be fetched
printf '[guard]\nallow = 127.0.0.2/32\n' >"$tree/etc/fetchpool/fetchpool.conf"
touch "$tree/root/secret" "$tree/home/secret"
cp "$build/tests/fault/wedge.so" "$build/tests/fault/escape" "$tree/usr/local/lib/"
cat >"$tree/usr/local/bin/look-around" <<'END'
#!/bin/bash
exec >"$STATE_DIRECTORY/seen" 2>/dev/null
mapfile -t folders < <(find / \( -path /proc -o -path /sys \) -prune -o -type d -print | sort)
echo "writable: $(for folder in "${folders[@]}" /sys /sys/fs/cgroup /proc/sys/kernel; do
    : >"$folder/left-by-the-service" && echo "$folder"
done | tr '\n' ' ')"
echo "processes of others: $(find /proc -maxdepth 1 -name '[0-9]*' ! -user "$(id -u)" | wc -l)"
echo "PID 1: $([ -e /proc/1 ] && echo seen || echo hidden)"
/usr/local/lib/escape "$STATE_DIRECTORY"
exit 0
END
chmod +x "$tree/usr/local/bin/look-around"

unit=fetchpoold.service
property() { box systemctl show "${2:-$unit}" --property "$1" --value; }
outside() { nsenter --target "$box_pid" --net -- "$@"; } # this machine's program in the box's network
get() { outside curl -sS --max-time 10 "http://127.0.0.1:8080$1"; }
fetch() { # BODY
    outside curl -sS --max-time 60 -H 'Content-Type: application/json' -d "$1" http://127.0.0.1:8080/fetch | tr -d '\n'
}
journal() { box journalctl --no-pager -q -o cat -u "$unit" "$@"; }
is_state() { [ "$(property ActiveState)" = "$1" ]; }
restarts_are() { [ "$(property NRestarts)" = "$1" ] && is_state active; }
milliseconds() { date +%s%3N; }
# NAME: the service has this drop-in, standard input, until undrop NAME.
drop() {
    box mkdir -p "/run/systemd/system/$unit.d"
    box tee "/run/systemd/system/$unit.d/$1.conf" >/dev/null
    box systemctl daemon-reload
}
undrop() {
    box rm "/run/systemd/system/$unit.d/$1.conf"
    box systemctl daemon-reload
}
# Clients of this machine in the box's network, tests/system/load.py, until load_end, which prints what they say.
load_begin() {
    rm -f "$scratch/load"
    mkfifo "$scratch/load"
    nsenter --target "$box_pid" --net -- python3 -B "$here/load.py" 127.0.0.1:8080 8 <"$scratch/load" >"$scratch/loaded" 2>&1 9>&- &
    load=$!
    exec 9>"$scratch/load"
    if eventually 300 grep -q '^begun$' "$scratch/loaded"; then ok "clients send batches"; else bad "no client is answered"; fi
}
load_end() {
    exec 9>&-
    wait "$load"
    cat "$scratch/loaded"
}

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
is "limits of the unit: descriptors, threads" "$(property LimitNOFILE) $(property TasksMax)" "65536 2048"
is "state directory" "$(box stat -L -c '%u %a' /var/lib/fetchpool)" "$(box stat -c %u "/proc/$pid") 700"
inside() { box nsenter --target "$pid" --mount -- "$@"; }
refuses "no look into /root" inside test -e /root/secret
refuses "no look into /home" inside test -e /home/secret
refuses "no write to /etc" inside touch /etc/written
refuses "no disk, no tty in /dev" inside test -e /dev/tty0 -o -e /dev/vda -o -e /dev/sda
matches "the status tells what it is at" "$(property StatusText)" 'serving*'
is "there is a watchdog" "$(property WatchdogUSec)" 30s

# ---- the sandbox, tried from inside: what runs before the daemon runs in the same one ---------------------------
box systemctl stop "$unit"
printf '[Service]\nTimeoutStartSec=120\nExecStartPre=/usr/local/bin/look-around\n' | drop look
box systemctl start "$unit" || journal -n 20
undrop look
seen() { sed -n "s/^$1: *//p" "$tree/var/lib/private/fetchpool/seen"; }
is "inside, these folders can be written to" "$(seen writable)" \
    "/run/fetchpool /tmp /var/lib/private/fetchpool /var/tmp "
is "no process of others is seen" "$(seen 'processes of others') $(seen 'PID 1')" "0 hidden"
attempts=$(tail -n 1 "$tree/var/lib/private/fetchpool/seen")
matches "nothing can be gained: $attempts" "$attempts" '3[0-9] attempts, 0 not refused'
seen 'not refused'
attempts=$(box unshare --mount /usr/local/lib/escape /tmp | tail -n 1)
matches "outside of it, much: $attempts" "$attempts" '3[0-9] attempts, [12][0-9] not refused'

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
if [ "$took" -lt 10000 ]; then ok "in $took ms"; else bad "forty of two seconds took $took ms"; fi

# ---- journal ----------------------------------------------------------------------------------------------------
is "journal: the line without its prefix" "$(journal | grep -x 'listening address=127.0.0.1:8080' | sort -u | wc -l)" 1
is "journal: with its priority" "$(box journalctl --no-pager -q -o json -u "$unit" --output-fields=PRIORITY,MESSAGE |
    grep '"listening address' | grep -o '"PRIORITY":"[0-9]"' | sort -u)" '"PRIORITY":"6"'

entry=$(box journalctl --no-pager -q -o json -u "$unit" | grep '"MESSAGE":"listening' | tail -n 1)
entry_has() { grep -q "\"$1\":\"$2\"" <<<"$entry"; }
check "journal: identifier" entry_has SYSLOG_IDENTIFIER fetchpoold
check "journal: unit" entry_has _SYSTEMD_UNIT "$unit"
check "journal: process" entry_has _PID "$(property MainPID)"
batch=$(outside curl -sS --max-time 60 -o /dev/null -w '%header{fetchpool-batch}' \
    -H 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' -d http://127.0.0.2/ -H 'Content-Type: text/plain' http://127.0.0.1:8080/fetch)
of_batch() { box journalctl --no-pager -q -o json -u "$unit" FETCHPOOL_BATCH="$batch"; }
check "journal: a list is found by its id" eventually 50 eval 'of_batch | grep -q "\"MESSAGE\":\"batch done"'
entry=$(of_batch | tail -n 1)
check "journal: a list's caller" entry_has FETCHPOOL_CALLER 127.0.0.1
check "journal: a list's trace" entry_has FETCHPOOL_TRACE_ID 4bf92f3577b34da6a3ce929d0e0e4736
check "journal: its caller's span" entry_has FETCHPOOL_PARENT_ID 00f067aa0ba902b7
check "journal: a list's count" entry_has FETCHPOOL_SUCCEEDED 1
check "journal: a list's end" entry_has FETCHPOOL_END complete
is "journal: not among the warnings" "$(box journalctl --no-pager -q -o cat -p warning -u "$unit" | grep -c '^listening')" 0

# ---- crash, drain -----------------------------------------------------------------------------------------------
box systemctl kill --signal=KILL --kill-whom=main "$unit"
check "killed, it comes back" eventually 100 restarts_are 1
is "and serves" "$(get /healthz)" '{"status":"ok"}'
in_flight() { get /pressure | grep -q '"running":1,'; }
fetch '["http://127.0.0.2/slow"]' >"$scratch/slow" &
client=$!
check "a fetch is in flight" eventually 100 in_flight
before=$(milliseconds)
box systemctl stop "$unit"
took=$(($(milliseconds) - before))
wait "$client"
matches "stop lets the running batch finish ($took ms)" "$(cat "$scratch/slow")" '*"status":200,"size":5,*'
if [ "$took" -lt 4000 ]; then ok "and then does not dawdle"; else bad "stop took $took ms"; fi
is "ends clean" "$(property Result) $(property ExecMainStatus) $(property ActiveState)" "success 0 inactive"

# ---- a drain that takes longer than the manager would wait by itself, and one with a delay ----------------------
printf '[Service]\nTimeoutStopSec=1\n' | drop hasty
box systemctl start "$unit"
fetch '{"urls": ["http://127.0.0.2/slow", "http://127.0.0.2/slow"], "max_concurrent": 1}' >"$scratch/slow" & # four seconds
client=$!
check "the first of two is in flight" eventually 100 in_flight
box systemctl stop "$unit"
wait "$client"
is "the daemon asks for the time that it needs" \
    "$(grep -o '"status":200,"size":5' "$scratch/slow" | wc -l) $(property Result)" "2 success"
undrop hasty
printf '[Service]\nEnvironment=FETCHPOOL_SERVER_DRAIN_DELAY=3\n' | drop delay
box systemctl start "$unit"
is "ready" "$(get /readyz)" '{"status":"ready"}'
box systemctl stop --no-block "$unit"
is_leaving() { [[ $(property StatusText) == leaving* ]]; }
check "it leaves for server.drain_delay" eventually 20 is_leaving
matches "first it is not ready" "$(get /readyz)" '*shutting down*'
matches "but does what comes" "$(fetch '["http://127.0.0.2/"]')" '*"status":200,"size":5,*'
check "then it ends" eventually 60 is_state inactive
undrop delay

# ---- health, when every connection and every worker is taken ----------------------------------------------------
printf '[Service]\nEnvironment=FETCHPOOL_SERVER_MAX_CONNECTIONS=8 FETCHPOOL_POOL_WORKERS=2 FETCHPOOL_POOL_QUEUE=100
WatchdogSec=8\n' | drop small # the status is written four times in that
box systemctl start "$unit"
slow='"http://127.0.0.2/slow"'
clients=()
for _ in $(seq 8); do
    fetch "[$slow, $slow, $slow, $slow, $slow, $slow, $slow, $slow, $slow, $slow]" >/dev/null 2>&1 &
    clients+=("$!")
done
is_busy() { [[ $(property StatusText) == "serving: 2 running, "* ]]; }
check "the status tells how busy it is" eventually 80 is_busy
is "/healthz answers" "$(get /healthz)" '{"status":"ok"}'
matches "/readyz says whether it takes more" "$(get /readyz)" '*"status":503,*'
matches "/pressure tells how much of it is there" "$(get /pressure)" \
    '{"running":2,"queued":[1-9]*,"max_running":2,"max_queued":100,"rejected":*'
for path in healthz readyz pressure; do
    took=$(outside curl -sS --max-time 10 -o /dev/null -w '%{time_total}' "http://127.0.0.1:8080/$path")
    if [ "${took%.*}" = 0 ]; then ok "/$path: in $took s"; else bad "/$path: after $took s"; fi
done
matches "one client more is refused" "$(fetch '["http://127.0.0.2/"]')" '*"status":503,*'
box systemctl kill --signal=KILL --kill-whom=main "$unit"
wait "${clients[@]}"
undrop small
box systemctl stop "$unit"

# ---- the watchdog: a lock that is never given back, workers that do not come back -------------------------------
printf '[Service]\nWatchdogSec=3\nEnvironment=LD_PRELOAD=/usr/local/lib/wedge.so WEDGE_FILE=/etc/fetchpool/wedge
Environment=FETCHPOOL_POOL_WORKERS=2 FETCHPOOL_FETCH_TIMEOUT=1\n' | drop wedge
journal_has() { journal | grep -q -- "$1"; }
# Microseconds from the start to the last time that systemd was told that all is well.
watched() { echo $(($(property WatchdogTimestampMonotonic) - $(property ExecMainStartTimestampMonotonic))); }
outlives_watchdog() { [ "$(watched)" -gt 3000000 ]; }
kills=0
for way in "lock:the pool.s lock" "fetch:all workers are longer at work"; do
    box systemctl start "$unit"
    matches "watched, it fetches" "$(fetch '["http://127.0.0.2/"]')" '*"status":200,*'
    check "for longer than the watchdog waits" eventually 200 outlives_watchdog
    is "and is well" "$(property NRestarts) $(property ActiveState)" "0 active"
    echo "${way%%:*}" >"$tree/etc/fetchpool/wedge"
    clients=()
    for _ in 1 2; do
        fetch '["http://127.0.0.2/"]' >/dev/null 2>&1 &
        clients+=("$!")
    done
    check "stuck (${way%%:*}), it says why" eventually 100 journal_has "watchdog is told nothing.*${way#*:}"
    rm "$tree/etc/fetchpool/wedge"
    check "it is killed and started again" eventually 200 restarts_are 1
    kills=$((kills + 1))
    is "by the watchdog" "$(journal | grep -c 'Watchdog timeout (limit 3s)')" "$kills"
    is "with SIGABRT" "$(journal | grep -c 'Main process exited, code=killed, status=6/ABRT')" "$kills"
    matches "and fetches again" "$(fetch '["http://127.0.0.2/"]')" '*"status":200,*'
    wait "${clients[@]}"
    box systemctl stop "$unit"
done
undrop wedge

# ---- tokens: the dynamic user reads their file, and reads it again at SIGHUP --------------------------------------
box fetchpool token new ci 2>/dev/null >"$scratch/made"
token=$(sed -n 1p "$scratch/made")
sed -n 2p "$scratch/made" >"$tree/etc/fetchpool/tokens"
printf '[Service]\nEnvironment=FETCHPOOL_AUTH_TOKEN_FILE=/etc/fetchpool/tokens\n' | drop tokens
box systemctl start "$unit"
version() { # CURL-OPTION...
    outside curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "$@" http://127.0.0.1:8080/version
}
is "tokens: without, with one, and health" \
    "$(version) $(version -H "Authorization: Bearer $token") $(get /healthz)" '401 200 {"status":"ok"}'
: >"$tree/etc/fetchpool/tokens"
box systemctl kill --signal=HUP "$unit"
is_reloaded() { journal | grep -q '^settings reloaded$'; }
check "reload" eventually 100 is_reloaded
is "a token that was removed" "$(version -H "Authorization: Bearer $token")" 401
box systemctl stop "$unit"
undrop tokens

# ---- starts that must fail, and say why -------------------------------------------------------------------------
printf '[pool]\nworkers = many\n' >"$tree/etc/fetchpool/wrong.conf"
printf '[Service]\nExecStart=\nExecStart=/usr/bin/fetchpoold --config /etc/fetchpool/wrong.conf\n' | drop wrong
refuses "a wrong setting: start fails" box systemctl start "$unit"
is "with its own status and no restart" "$(property ExecMainStatus) $(property ActiveState)" "3 failed"
matches "and names the place" "$(journal -n 8)" '*/etc/fetchpool/wrong.conf:2: pool.workers: *'
matches "as an error" "$(journal -n 8 -p err)" '*/etc/fetchpool/wrong.conf:2: pool.workers: *'
undrop wrong
box systemctl reset-failed "$unit"

# ---- a socket whose daemon cannot start -------------------------------------------------------------------------
cp "$tree/etc/fetchpool/fetchpool.conf" "$scratch/sound.conf"
printf '[pool]\nworkers = many\n' >"$tree/etc/fetchpool/fetchpool.conf"
box systemctl start fetchpoold.socket
starts() { journal | grep -c '^Starting '; }
before=$(starts)
get /healthz >/dev/null 2>"$scratch/refused"
is "a wrong setting: a client is not left to wait" "$(grep -c 'timed out' "$scratch/refused")" 0
socket_is() { [ "$(property ActiveState fetchpoold.socket)" = "$1" ]; }
check "the socket is closed" eventually 50 socket_is inactive
check "the service has failed" eventually 50 is_state failed
started=$(($(starts) - before))
if [ "$started" -le 2 ]; then ok "after $started start"; else bad "after $started starts"; fi
refuses "the next client is refused" get /healthz
matches "the journal names the place, and how to go on" "$(journal -n 8)" \
    '*/etc/fetchpool/fetchpool.conf:2: pool.workers: *systemctl start fetchpoold.socket*'
cp "$scratch/sound.conf" "$tree/etc/fetchpool/fetchpool.conf"
check "mended: that" box systemctl start fetchpoold.socket
is "is enough" "$(get /healthz)" '{"status":"ok"}'
box systemctl stop fetchpoold.socket "$unit"

# ---- socket activation ------------------------------------------------------------------------------------------
box systemctl start fetchpoold.socket
is "socket: listens before the daemon runs" "$(property ActiveState fetchpoold.socket) $(property ActiveState)" \
    "active inactive"
is "the first request starts the daemon" "$(get /healthz)" '{"status":"ok"}'
matches "and a fetch works" "$(fetch '["http://127.0.0.2/"]')" '*"status":200,*'
pid=$(property MainPID)
printf '[guard]\nallow = 127.0.0.2/31\n' >"$tree/etc/fetchpool/fetchpool.conf"
box systemctl restart "$unit"
load_begin
for _ in 1 2 3 4 5 6 7 8 9 10; do
    box systemctl restart "$unit" || bad "restart"
    sleep .2 # so that each process has work
done
load_end >"$scratch/summary"
matches "no request is refused or lost over ten restarts: $(tail -n 1 "$scratch/summary")" "$(cat "$scratch/summary")" \
    $'begun\nanswered [1-9][0-9][0-9]*, failed 0'
if [ "$(property MainPID)" != "$pid" ]; then ok "by another process"; else bad "the same process"; fi

# ---- reload, while clients send batches -------------------------------------------------------------------------
settings() { # LINE...
    printf '%s\n' '[guard]' 'allow = 127.0.0.2/31' "$@" >"$tree/etc/fetchpool/fetchpool.conf"
}
reloads() { journal | grep -c '^settings reloaded$'; }
is_reloaded_again() { [ "$(reloads)" -gt "$before" ]; }
pid=$(property MainPID)
load_begin
for level in debug info; do
    settings '[log]' "level = $level"
    before=$(reloads)
    check "reload ($level)" box systemctl reload "$unit"
    check "the settings are read" eventually 20 is_reloaded_again
done
settings '[pool]' 'workers = none'
box systemctl reload "$unit"
check "a broken file: the journal says which line" eventually 20 \
    journal_has 'not reloaded.*/etc/fetchpool/fetchpool.conf:4: pool.workers'
has_remark() { [[ $(property StatusText) == *"settings not reloaded: /etc/fetchpool/fetchpool.conf:4: "* ]]; }
check "and the status as well" eventually 80 has_remark
settings
box systemctl reload "$unit"
has_no_remark() { ! has_remark; }
check "until a good one follows" eventually 80 has_no_remark
load_end >"$scratch/summary"
matches "no request fails over four reloads: $(tail -n 1 "$scratch/summary")" "$(cat "$scratch/summary")" \
    $'begun\nanswered [1-9]*, failed 0'
is "in the same process" "$(property MainPID)" "$pid"
settings '[server]' 'max_urls = 1'
box systemctl reload "$unit"
matches "a reload has been done when it returns" "$(fetch '["http://127.0.0.1/", "http://127.0.0.1/"]')" '*server.max_urls*'
settings
box systemctl reload "$unit"
printf '[guard]\nallow = 127.0.0.2/32\n' >"$tree/etc/fetchpool/fetchpool.conf"
box systemctl stop fetchpoold.socket "$unit"

# ---- enabled, it comes with the boot ----------------------------------------------------------------------------
check "enable" box systemctl -q enable "$unit"
box_stop
box_boot "$tree" "$scratch/boot.log" || give_up "second boot"
is "enabled: runs after a boot" "$(property ActiveState) $(get /healthz)" 'active {"status":"ok"}'
box_stop
finish
