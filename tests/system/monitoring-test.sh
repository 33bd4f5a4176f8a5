#!/bin/bash
# Looks at compose.yaml, and runs Debian's Prometheus with the files that it mounts, beside a real daemon that goes by the
# name fetchpool. Grafana is not in Debian, so of its part only the files are looked at.
# For root on Debian 12. Builds with ./dev build, or takes the build directory in FETCHPOOL_BUILD.
# shellcheck disable=SC2317 # functions that are called by eventually and check
set -u
cd "$(dirname "$0")" || exit 1
. ./lib.sh
need unshare ip curl docker-compose python3 dpkg-deb
build=${FETCHPOOL_BUILD:-$top/build}
if [ "${1:-}" != inside ]; then # what needs the machine's network comes first
    [ -n "${FETCHPOOL_BUILD:-}" ] || "$top/dev" build || give_up "build"
    debian_files prometheus
    export FETCHPOOL_BUILD=$build
    exec unshare --mount --propagation private --net --pid --fork --kill-child=KILL --mount-proc \
        bash "$PWD/monitoring-test.sh" inside
fi
scratch=$(mktemp -d)
cleanup() {
    kill "${daemon:-}" "${prometheus:-}" 2>/dev/null
    wait
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
debian_files prometheus
programs=$files/usr/bin

# ---- the files --------------------------------------------------------------------------------------------------
if docker-compose --file "$top/compose.yaml" config >"$scratch/compose" 2>"$scratch/log"; then
    ok "docker-compose takes compose.yaml"
else
    cat "$scratch/log"
    bad "docker-compose does not take compose.yaml"
fi
check "each file that is mounted is there, ports are this machine's alone, Grafana finds what it is told of" \
    python3 compose.py "$top" "$scratch/compose"
check "promtool takes Prometheus' settings, rules included" "$programs/promtool" check config \
    "$top/config/prometheus/prometheus.yml"

# ---- both of them -----------------------------------------------------------------------------------------------
ip link set lo up
printf '127.0.0.1 localhost fetchpool\n' >"$scratch/hosts"
mount --bind "$scratch/hosts" /etc/hosts
env FETCHPOOL_SERVER_LISTEN=0.0.0.0:8080 FETCHPOOL_AUTH_ALLOW_ANONYMOUS=yes FETCHPOOL_SERVER_ALLOWED_HOSTS=fetchpool \
    FETCHPOOL_GUARD_ALLOW=127.0.0.1/32 "$build/fetchpoold" --config /dev/null 2>"$scratch/daemon.log" &
daemon=$!
serves() { [ "$(curl -sS --max-time 5 http://fetchpool:8080/healthz)" = '{"status":"ok"}' ]; }
eventually 100 serves || { cat "$scratch/daemon.log"; give_up "the daemon"; }
curl -sS --max-time 20 -H 'Content-Type: application/json' -d '["http://127.0.0.1:8080/healthz", "http://10.0.0.1/"]' \
    http://fetchpool:8080/fetch >"$scratch/answer" || give_up "a fetch"
# the same, but that nobody has to wait a quarter of a minute for it
sed 's/_interval: 15s$/_interval: 1s/' "$top/config/prometheus/prometheus.yml" >"$scratch/prometheus.yml"
cp "$top/config/prometheus/alerts.yml" "$scratch/"
"$programs/prometheus" --config.file="$scratch/prometheus.yml" --storage.tsdb.path="$scratch/data" \
    --web.listen-address=127.0.0.1:9090 >"$scratch/prometheus.log" 2>&1 &
prometheus=$!
api() { curl -sS --max-time 5 --get "http://127.0.0.1:9090/api/v1/$1" "${@:2}"; }
# EXPRESSION: its value, when it has one series.
value() {
    api query --data-urlencode "query=$1" |
        python3 -c 'import json, sys; [found] = json.load(sys.stdin)["data"]["result"]; print(found["value"][1])'
}
is_up() { [ "$(value 'up{job="fetchpool"}')" = 1 ]; }
if eventually 600 is_up; then
    ok "Prometheus reads the daemon's metrics"
else
    tail "$scratch/prometheus.log" "$scratch/daemon.log"
    bad "Prometheus does not read them: $(api targets)"
fi
is "the version" "$(value 'count(fetchpool_build_info)')" 1
is "fetches of each kind" "$(value 'sum(fetchpool_fetches_total)')" 2
loaded=$(api rules | python3 -c '
import json, sys
rules = [rule for group in json.load(sys.stdin)["data"]["groups"] for rule in group["rules"]]
print(len(rules), *[rule["name"] for rule in rules if rule["health"] == "err"])')
is "all alert rules are loaded and can be evaluated" "$loaded" \
    "$(grep -c -E '^ *- (alert|record):' "$top/config/prometheus/alerts.yml")"
kill -TERM "$daemon"
wait "$daemon"
is "the daemon ends" "$?" 0
daemon=
finish
