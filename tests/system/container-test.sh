#!/bin/bash
# Builds the image with podman and runs it as an operator would. For root on Debian 12.
# The base image is a stand-in made from Debian packages; FETCHPOOL_PULL=1 takes the real one from its registry.
# shellcheck disable=SC2016,SC2317 # awk's variables; functions that are called by eventually and check
set -u
cd "$(dirname "$0")" || exit 1
. ./lib.sh
need mmdebstrap podman runc iptables unshare nsenter ip curl readelf openssl python3
if [ "${1:-}" != inside ]; then # mounts and processes of our own: they go when we do
    exec unshare --mount --propagation private --pid --fork --kill-child=KILL --mount-proc \
        bash "$PWD/container-test.sh" inside
fi
scratch=$(mktemp -d)
network=
origin_process=
cleanup() {
    in_network podman rm --force --all --time 0 >/dev/null 2>&1
    [ -z "$origin_process" ] || kill "$origin_process" 2>/dev/null
    [ -z "$network" ] || kill "$network" 2>/dev/null
    umount "$scratch/store/overlay" 2>/dev/null
    rm -rf "$scratch"
    local group # empty ones that the runtime leaves behind
    for group in /sys/fs/cgroup/libpod_parent /sys/fs/cgroup/*/libpod_parent; do
        [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
    done
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# ---- podman, on a machine that may have neither systemd nor the right to raise limits ---------------------------
mkdir -p "$scratch"/try/{lower,upper,work,merged}
driver=vfs
if mount -t overlay -o "lowerdir=$scratch/try/lower,upperdir=$scratch/try/upper,workdir=$scratch/try/work" \
    overlay "$scratch/try/merged" 2>/dev/null; then
    umount "$scratch/try/merged"
    driver=overlay
fi
export CONTAINERS_STORAGE_CONF=$scratch/storage.conf CONTAINERS_CONF=$scratch/containers.conf
cat >"$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "$driver"
graphroot = "$scratch/store"
runroot = "$scratch/run"
END
cat >"$CONTAINERS_CONF" <<END
[containers]
default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
END
# Containers run in a network of their own: 127.0.0.1 is the test's alone, and the firewall rules of a published port
# go away with it. Builds use the machine's network, to reach the package mirror.
unshare --net sleep 3600 &
network=$!
network_is_apart() { [ "$(readlink "/proc/$network/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
eventually 50 network_is_apart || give_up "a network namespace"
in_network() { nsenter --target "$network" --net -- "$@"; }
in_network ip link set lo up
cd "$scratch" || exit 1 # podman's monitor leaves files where it stands

# ---- the image --------------------------------------------------------------------------------------------------
need_mirror # the build takes packages from it, whatever is kept
pull=always
if [ -z "${FETCHPOOL_PULL:-}" ]; then
    debian_tar base
    podman import --quiet --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
        "$tar" docker.io/library/debian:bookworm-slim >"$scratch/log" 2>&1 || {
        cat "$scratch/log"
        give_up "podman import"
    }
    pull=never
else
    podman pull --quiet docker.io/library/debian:bookworm-slim >"$scratch/log" 2>&1 || { cat "$scratch/log"; give_up "podman pull"; }
fi
hardened=(--read-only --read-only-tmpfs=false --cap-drop=all --security-opt=no-new-privileges
    --memory=256m --pids-limit=512)
in_network podman run --rm --pull=never --publish 127.0.0.1:18080:8080 "${hardened[@]}" docker.io/library/debian:bookworm-slim true \
    >"$scratch/log" 2>&1 || skip "podman runs no container here: $(tail -n 1 "$scratch/log")"
image=localhost/fetchpool:test
if podman build --pull="$pull" --layers=false --format=docker --network=host -t "$image" "$top" >"$scratch/log" 2>&1; then
    ok "the image builds ($driver)"
else
    tail -n 40 "$scratch/log"
    give_up_packages "podman build"
fi
of_image() { podman image inspect --format "$1" "$image"; }
size=$(($(of_image '{{.Size}}') / 1000000))
if [ "$size" -le 32 ]; then ok "size: $size MB"; else bad "size: $size MB"; fi
is "user" "$(of_image '{{.Config.User}}')" 10001:10001
is "entrypoint" "$(of_image '{{json .Config.Entrypoint}}')" '["/usr/bin/fetchpoold"]'
is "stop signal" "$(of_image '{{.Config.StopSignal}}')" SIGTERM
is "port" "$(of_image '{{json .Config.ExposedPorts}}')" '{"8080/tcp":{}}'
is "health check by the daemon's own program" "$(of_image '{{json .HealthCheck.Test}}')" \
    '["CMD","/usr/bin/fetchpoold","--health"]'
is "three of which make it unhealthy" "$(of_image '{{.HealthCheck.Retries}}')" 3 # counted by the engine

# ---- what is in it ----------------------------------------------------------------------------------------------
root=$(podman image mount "$image") || give_up "podman image mount"
files() { (cd "$root" && find . -mindepth 1 ! -type d -printf '%P\n' | sort); }
libraries='^usr/lib(64)?/([^/]*-linux-gnu[^/]*/)?(lib[^/]*|ld-[^/]*)\.so[.0-9]*$'
is "programs, libraries, certificates and licences, and nothing else" "$(files | grep -v -E "$libraries" |
    grep -v -x -E 'usr/share/doc/[^/]*/copyright|var/lib/dpkg/status.d/[^/]*' | paste -sd' ')" \
    "etc/debian_version etc/fetchpool/fetchpool.conf etc/group etc/nsswitch.conf etc/os-release etc/passwd \
etc/ssl/certs/ca-certificates.crt lib lib64 usr/bin/fetchpool usr/bin/fetchpoold usr/lib/ssl/openssl.cnf"
mapfile -t objects < <(files | grep -E "$libraries|^usr/bin/" | sed "s|^|$root/|")
needed=$(readelf -d "${objects[@]}" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | sort -u)
there=$(files | grep -E "$libraries" | sed 's|.*/||' | sort)
is "each of the ${#objects[@]} programs and libraries finds what it needs" "$(comm -23 <(echo "$needed") <(echo "$there"))" ""
is "and each library is needed" "$(comm -13 <(echo "$needed") <(echo "$there"))" ""
is "nothing runs as another user" "$(find "$root" -perm /6000)" ""
is "nothing belongs to its user" "$(find "$root" -uid 10001)" ""
packages=$(grep -h -c '^Status: install ok installed$' "$root"/var/lib/dpkg/status.d/* | grep -c -x 1)
if [ "$packages" -ge 30 ]; then ok "scanners are told of $packages packages"; else bad "$packages packages are told"; fi
echo "      the largest: $(find "$root" -type f -size +1M -printf '%s %f\n' | sort -rn |
    awk '{ printf "%s%s %.1f MB", sep, $2, $1 / 1e6; sep = ", " }')"
podman image unmount "$image" >/dev/null

# ---- running ----------------------------------------------------------------------------------------------------
once() { in_network podman run --rm --no-healthcheck --network=none "$@" 2>&1; }
start() { # NAME PODMAN-OPTION...
    local name=$1
    shift
    in_network podman run --detach --name "$name" "${hardened[@]}" "$@" >"$scratch/log" 2>&1
}
get() { in_network curl -sS --max-time 5 "http://127.0.0.1:$1"; }
healthy() { [ "$(get "$1/healthz")" = '{"status":"ok"}' ]; }
state() { in_network podman inspect --format "{{.State.$2}}" "$1"; }
fetch() { # PORT BODY CURL-OPTION...
    local port=$1 body=$2
    shift 2
    in_network curl -sS --max-time 20 -H 'Content-Type: application/json' -d "$body" "$@" "http://127.0.0.1:$port/fetch" |
        tr -d '\n'
}
milliseconds() { date +%s%3N; }
health() { in_network podman healthcheck run "$1"; }

# an origin in the same network
cat >"$scratch/origin.py" <<'END'
import http.server, time
class Origin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(2 if self.path == "/slow" else 0)
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")
http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Origin).serve_forever()
END
in_network python3 "$scratch/origin.py" >"$scratch/origin.log" 2>&1 &
origin_process=$!
origin=http://127.0.0.1:8000

refused=$(once "${hardened[@]}" "$image")
is "without tokens, and without the word that none are wanted, it does not start" "$?" 3
matches "and says what is missing" "$refused" '*0.0.0.0:8080 is beyond loopback: *auth.token_file*auth.allow_anonymous*'
start daemon --network=host --env FETCHPOOL_AUTH_ALLOW_ANONYMOUS=yes --env FETCHPOOL_GUARD_ALLOW=127.0.0.1/32 "$image" || { cat "$scratch/log"; give_up "podman run"; }
eventually 100 healthy 8080 || { in_network podman logs daemon; give_up "no answer"; }
ok "runs with a read-only root, no capability, 256 MB"
is "health" "$(get 8080/healthz)" '{"status":"ok"}'
pid=$(state daemon Pid)
status=$(awk '/^(Uid|CapEff|CapBnd|Seccomp):/ { print $2 }' "/proc/$pid/status" | paste -sd' ')
is "user, capabilities, system call filter" "$status" "10001 0000000000000000 0000000000000000 2"
wanted='\[{"url":"http://127.0.0.1:8080/healthz","status":200,"size":1[0-9],*}'
wanted+=',{"url":"http://10.0.0.1/","status":0,*"error_code":"blocked"*}'
wanted+=',{"url":"nonsense","status":0,*"error_code":"invalid_url"*}\]'
matches "fetches, in order" "$(fetch 8080 '["http://127.0.0.1:8080/healthz", "http://10.0.0.1/", "nonsense"]')" "$wanted"
matches "fetches from an origin" "$(fetch 8080 "[\"$origin/\"]")" '\[{"url":*,"status":200,"size":6,*}\]'
is "health status before the first check" "$(state daemon Health.Status)" starting
check "the health check passes" health daemon
is "health status" "$(state daemon Health.Status)" healthy
kill -STOP "$pid"
refuses "the health check sees a daemon that hangs" health daemon
kill -CONT "$pid"
check "and one that goes on" health daemon
is "health status" "$(state daemon Health.Status)" healthy

# ---- the end ----------------------------------------------------------------------------------------------------
fetch 8080 "[\"$origin/slow\"]" >"$scratch/slow" &
client=$!
in_flight() { [ "$(get 8080/pressure | grep -o '"running":[0-9]*')" = '"running":1' ]; }
check "a fetch is in flight" eventually 100 in_flight
before=$(milliseconds)
in_network podman stop --time 20 daemon >/dev/null 2>&1
took=$(($(milliseconds) - before))
wait "$client"
matches "SIGTERM: it is finished ($took ms)" "$(cat "$scratch/slow")" '*"status":200,"size":6,*'
is "and then the daemon ends with" "$(state daemon ExitCode)" 0
if [ "$took" -lt 6000 ]; then ok "without dawdling"; else bad "stop took $took ms"; fi
matches "and says so" "$(in_network podman logs daemon 2>&1)" '*msg=draining*msg=stopped*'
start killed --network=host --env FETCHPOOL_AUTH_ALLOW_ANONYMOUS=yes --env FETCHPOOL_SERVER_LISTEN=127.0.0.1:8081 "$image"
check "another one, at another address" eventually 100 healthy 8081
check "its health check knows" health killed
in_network podman kill --signal=INT killed >/dev/null 2>&1
is "SIGINT ends it, too" "$(in_network podman wait killed)" 0

# ---- TLS, and a Unix socket -------------------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=elsewhere.test \
    -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>"$scratch/log" || give_up "openssl"
chmod 444 "$scratch/key.pem"
mkdir -m 777 "$scratch/sockets"
start tls --network=host --env FETCHPOOL_AUTH_ALLOW_ANONYMOUS=yes \
    --env FETCHPOOL_SERVER_LISTEN=127.0.0.1:8443,unix:/sockets/http \
    --env FETCHPOOL_SERVER_TLS_CERT=/tls/cert.pem --env FETCHPOOL_SERVER_TLS_KEY=/tls/key.pem \
    --volume "$scratch/cert.pem:/tls/cert.pem:ro" --volume "$scratch/key.pem:/tls/key.pem:ro" \
    --volume "$scratch/sockets:/sockets" "$image"
speaks_tls() { [ "$(in_network curl -skS --max-time 5 https://127.0.0.1:8443/healthz)" = '{"status":"ok"}' ]; }
check "with TLS and a Unix socket" eventually 100 speaks_tls
is "the socket answers" "$(curl -sS --max-time 5 --unix-socket "$scratch/sockets/http" http://localhost/healthz)" '{"status":"ok"}'
check "the health check speaks both" health tls
rm "$scratch/sockets/http"
refuses "and misses one of them" health tls

# ---- a published port, with tokens and with settings from files of the operator's --------------------------------
once --entrypoint fetchpool "$image" token new ci >"$scratch/made"
token=$(sed -n '/^fp_/p' "$scratch/made")
sed -n '/^ci /p' "$scratch/made" >"$scratch/tokens"
chmod 444 "$scratch/tokens"
printf '[guard]\nallow = 127.0.0.0/8\n' >"$scratch/fetchpool.conf"
start published --publish 127.0.0.1:18080:8080 --env FETCHPOOL_AUTH_TOKEN_FILE=/etc/fetchpool/tokens \
    --volume "$scratch/fetchpool.conf:/etc/fetchpool/fetchpool.conf:ro" \
    --volume "$scratch/tokens:/etc/fetchpool/tokens:ro" "$image"
check "a published port" eventually 100 healthy 18080
matches "without a token nothing is fetched" "$(fetch 18080 '["http://127.0.0.1:8080/healthz"]')" '*"status":401,*'
matches "with one, and with mounted settings, it is" \
    "$(fetch 18080 '["http://127.0.0.1:8080/healthz"]' -H "Authorization: Bearer $token")" '*"status":200,*'
printf '[guard]\nallow = 127.0.0.9/32\n' >"$scratch/fetchpool.conf"
podman kill --signal=HUP published >/dev/null 2>&1
is_blocked() { [[ $(fetch 18080 '["http://127.0.0.1:8080/healthz"]' -H "Authorization: Bearer $token") == *'"error_code":"blocked"'* ]]; }
check "SIGHUP has it read them again" eventually 100 is_blocked
check "the health check needs no token" health published
matches "the command line in the image" "$(once "${hardened[@]}" --entrypoint fetchpool "$image" nonsense)" \
    '*"error_code":*"invalid_url"*'
finish
