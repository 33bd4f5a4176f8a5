#!/bin/bash
# Does with the Debian package what an administrator does with it: installs, starts, uses, upgrades, removes and purges it, in a
# minimal Debian of systemd and what the package depends on, and looks at what each step leaves behind.
# For root on Debian 12. Makes the package with ./dev package, or takes the one in FETCHPOOL_DEB.
# shellcheck disable=SC2016,SC2317 # a package's own variables; functions that are called by eventually and check
set -u
cd "$(dirname "$0")" || exit 1
. ./lib.sh
. ./sdbox.sh
need mmdebstrap unshare nsenter setpriv cmake pgrep curl lintian dpkg-deb
if [ "${1:-}" != inside ]; then # mounts of our own: they go when we do
    exec unshare --mount --propagation private bash "$PWD/package-test.sh" inside
fi
need_box
scratch=$(mktemp -d)
cleanup() {
    box_stop
    umount "$scratch/tree/dev" "$scratch/tree" "$scratch/over" 2>/dev/null
    rm -rf --one-file-system "$scratch"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# ---- the package, and that of a next version --------------------------------------------------------------------
deb=${FETCHPOOL_DEB:-}
if [ -z "$deb" ]; then
    deb=$("$top/dev" package | tail -n 1) || give_up "./dev package"
    deb=$top/$deb
fi
is "lintian has nothing to say" "$(lintian --allow-root "$deb" 2>&1)" ""
version=$(dpkg-deb --field "$deb" Version)
# It is the same but for its number, its sample settings, and that its programs are other files.
next=$version.1
dpkg-deb --raw-extract "$deb" "$scratch/next" || give_up "unpacking the package"
sed -i "s/^Version: .*/Version: $next/" "$scratch/next/DEBIAN/control"
sed -i "1s/\$/, of version $next/" "$scratch/next/etc/fetchpool/fetchpool.conf"
(cd "$scratch/next" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
dpkg-deb -Zgzip -z1 --build "$scratch/next" "$scratch/next.deb" >/dev/null || give_up "the next version"

# ---- the tree: systemd, and what the package names, so that nothing else can be needed --------------------------
depends=$(dpkg-deb --field "$deb" Depends | sed 's/ *([^)]*)//g; s/, */,/g')
# shellcheck disable=SC2154 # sdbox.sh has it
is "the tree has what the package names" "$depends" "$box_libraries"
box_tar
box_tree "$scratch" "$tar" || give_up "the tree"
tree=$scratch/tree
rm -f "$tree"/etc/dpkg/dpkg.cfg.d/* # manual pages are left out by these
cp "$deb" "$tree/root/fetchpool.deb"
cp "$scratch/next.deb" "$tree/root/next.deb"

# What is on the disk, but for logs, caches and what dpkg, apt and systemd write for themselves.
files() {
    (cd "$tree" && find . -xdev \( -path ./var/log -o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/lib/systemd/random-seed -o \
        -path ./var/lib/dpkg -o -path './etc/g*-' -o -path ./etc/.pwd.lock -o -path ./tmp -o -path ./var/tmp -o -path ./dev -o -path ./run \) -prune -o \
        -printf '%P %y %m %u %g %l\n') | sort
    (cd "$tree" && find etc -type f ! -path 'etc/g*-' ! -path etc/.pwd.lock -exec cksum {} + | sort)
}
# BEFORE: the names of what has come, gone or changed since.
changed() { files | diff "$1" - | sed -n 's/^[<>] //p' | sed 's/^[0-9]* [0-9]* //' | cut -d ' ' -f 1 | sort -u; }
line() { tr '\n' ' '; }

# ---- without systemd, as in an image's build --------------------------------------------------------------------
mount --bind /dev "$tree/dev"
files >"$scratch/bare"
bare() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
check "installs where no systemd runs" bare dpkg -i /root/fetchpool.deb
check "enabled there" bare systemctl -q enable fetchpoold.service fetchpoold.socket fetchpoold@eu.service
check "purges" bare dpkg --purge fetchpool
is "and nothing is left" "$(changed "$scratch/bare" | line)" ""
umount "$tree/dev"

# ---- boot -------------------------------------------------------------------------------------------------------
unit=fetchpoold.service
property() { box systemctl show "${2:-$unit}" --property "$1" --value; }
outside() { nsenter --target "$box_pid" --net -- "$@"; } # this machine's program in the box's network
get() { outside curl -sS --max-time 10 "http://127.0.0.1:$1/healthz"; }
fetch() { # PORT URL
    outside curl -sS --max-time 20 -H 'Content-Type: application/json' -d "[\"$2\"]" "http://127.0.0.1:$1/fetch" | tr -d '\n'
}
journal() { box journalctl --no-pager -q -o cat -u "${1:-$unit}"; }
journal_has() { journal "$1" | grep -q -x "$2"; }
apt() { box env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends "$@" </dev/null; }
processes() { box bash -c 'for p in /proc/[0-9]*; do readlink "$p/exe"; done' | grep -c '/fetchpoold'; }
box_boot "$tree" "$scratch/boot.log" || give_up "boot"
is "the box boots" "$(box systemctl is-system-running)" running
box systemctl start origin.socket || give_up "origin"
files >"$scratch/before"

# ---- installed --------------------------------------------------------------------------------------------------
check "installs" apt install /root/fetchpool.deb
is "installed: nothing is enabled" "$(box systemctl is-enabled "$unit" fetchpoold.socket fetchpoold@.service | line)" \
    "disabled disabled disabled "
is "and nothing runs" "$(property ActiveState) $(property ActiveState fetchpoold.socket) $(processes)" "inactive inactive 0"
box dpkg-query -L fetchpool >"$scratch/listed"
is "no file but the package's, and a group" \
    "$(changed "$scratch/before" | sed 's|^|/|' | grep -v -x -F -f "$scratch/listed" | line)" "/etc/group /etc/gshadow "
check "the manual pages are whole" gzip -t "$tree"/usr/share/man/man1/fetchpool.1.gz \
    "$tree"/usr/share/man/man5/fetchpool.conf.5.gz "$tree"/usr/share/man/man8/fetchpoold.8.gz
is "the sample settings are valid" "$(box fetchpoold --check 2>/dev/null)" "settings are valid"

# ---- started, used ----------------------------------------------------------------------------------------------
check "starts" box systemctl start "$unit"
is "serves" "$(get 8080)" '{"status":"ok"}'
matches "an address inside is refused" "$(fetch 8080 http://127.0.0.2/)" '*"error_code":"blocked"*'
printf '[guard]\nallow = 127.0.0.2/32\n[log]\nlevel = warning\n' >"$tree/etc/fetchpool/fetchpool.conf"
check "restarts with settings of its own" box systemctl restart "$unit"
matches "fetches" "$(fetch 8080 http://127.0.0.2/)" '*"status":200,"size":5,*'
box chgrp fetchpool /etc/fetchpool/fetchpool.conf
box chmod 640 /etc/fetchpool/fetchpool.conf
refuses "settings that it may not read" box systemctl restart "$unit"
mkdir -p "$tree/etc/systemd/system/$unit.d"
printf '[Service]\nSupplementaryGroups=fetchpool\n' >"$tree/etc/systemd/system/$unit.d/group.conf"
box systemctl daemon-reload
check "as the package's group it may" box systemctl restart "$unit"
rm -r "$tree/etc/systemd/system/$unit.d"
box chgrp root /etc/fetchpool/fetchpool.conf
box chmod 644 /etc/fetchpool/fetchpool.conf
box systemctl daemon-reload
check "restarts" box systemctl restart "$unit"
pid=$(property MainPID)
sed -i 's/^level = .*/level = info/' "$tree/etc/fetchpool/fetchpool.conf"
check "reload" box systemctl reload "$unit"
check "reads the settings again" eventually 50 journal_has "$unit" "settings reloaded"
is "in the same process" "$(property MainPID)" "$pid"

# ---- instances --------------------------------------------------------------------------------------------------
for instance in eu:8081 us:8082; do
    printf '[server]\nlisten = 127.0.0.1:%s\n[guard]\nallow = 127.0.0.2/32\n' "${instance#*:}" \
        >"$tree/etc/fetchpool/${instance%:*}.conf"
done
printf '[Socket]\nListenStream=127.0.0.1:8082\n[Install]\nWantedBy=sockets.target\n' \
    >"$tree/etc/systemd/system/fetchpoold@us.socket"
box systemctl daemon-reload
check "the instance's unit verifies" box systemd-analyze verify --man=no fetchpoold@eu.service
check "its exposure is 1.2 at the most" box systemd-analyze security --no-pager --threshold=12 fetchpoold@eu.service
check "an instance starts" box systemctl enable -q --now fetchpoold@eu.service
check "another has a socket" box systemctl enable -q --now fetchpoold@us.socket
is "they serve" "$(get 8081) $(get 8082) $(get 8080)" '{"status":"ok"} {"status":"ok"} {"status":"ok"}'
matches "by their settings" "$(fetch 8081 http://127.0.0.2/)$(fetch 8082 http://127.0.0.2/)" '*"status":200,*"status":200,*'
owners=$(for instance in '' @eu @us; do box stat -L -c %u "/var/lib/fetchpool$instance"; done | sort -u | wc -l)
is "each with a user and a state directory of its own" "$owners" 3
uid() { box stat -c %u "/proc/$(property MainPID "$1")"; }
is "which is the instance's" "$(uid fetchpoold@eu.service)" "$(box stat -L -c %u /var/lib/fetchpool@eu)"
refuses "one without settings does not start" box systemctl start fetchpoold@none.service
is "and says that" "$(property ExecMainStatus fetchpoold@none.service)" 4

# ---- upgraded, while a batch runs and others come by the socket -------------------------------------------------
instances=("$unit" fetchpoold@eu.service fetchpoold@us.service)
pids() { for instance in "${instances[@]}"; do property MainPID "$instance"; done; }
pids >"$scratch/pids"
slow='"http://127.0.0.2/slow"'
outside curl -sS --max-time 60 -H 'Content-Type: application/json' -d "{\"urls\": [$slow, $slow, $slow], \"max_concurrent\": 1}" \
    http://127.0.0.1:8080/fetch >"$scratch/slow" & # six seconds
client=$!
(
    until [ -e "$scratch/upgraded" ]; do
        get 8082 || echo lost
        sleep .03
    done
) >"$scratch/answers" 2>&1 &
clients=$!
check "upgrades" apt -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install /root/next.deb
touch "$scratch/upgraded"
wait "$client" "$clients"
is "upgraded" "$(box dpkg-query -W -f '${Version} ${db:Status-Status}' fetchpool)" "$next installed"
is "the running batch was finished" "$(grep -o '"status":200,"size":5' "$scratch/slow" | wc -l)" 3
asked=$(grep -o '"ok"' "$scratch/answers" | wc -l)
is "no request by the socket was lost, of $asked" "$(sed 's/{"status":"ok"}//g' "$scratch/answers")" ""
if [ "$asked" -ge 10 ]; then ok "clients were there"; else bad "only $asked requests"; fi
is "all run in new processes" "$(pids | grep -c -x -f "$scratch/pids")" 0
programs() { for pid in $(pids); do box stat -L -c '%d %i' "/proc/$pid/exe"; done | sort -u; }
is "of the new version" "$(programs)" "$(box stat -c '%d %i' /usr/bin/fetchpoold)"
matches "with the administrator's settings" "$(cat "$tree/etc/fetchpool/fetchpool.conf")" $'\\[guard]*level = info'
matches "which hold" "$(fetch 8080 http://127.0.0.2/)" '*"status":200,*'
is "nothing was enabled by that" "$(box systemctl is-enabled "$unit" fetchpoold.socket | line)" "disabled disabled "
check "stop" box systemctl stop fetchpoold@eu.service
pid=$(property MainPID)
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod +x "$tree/usr/sbin/policy-rc.d"
check "the same once more, where nothing may be restarted" apt install --reinstall /root/next.deb
is "restarts nothing" "$(property MainPID)" "$pid"
rm "$tree/usr/sbin/policy-rc.d"
check "and where it may" apt install --reinstall /root/next.deb
if [ "$(property MainPID)" != "$pid" ]; then ok "restarts"; else bad "the same process"; fi
is "starts nothing that was stopped" "$(property ActiveState fetchpoold@eu.service)" inactive
check "start" box systemctl start fetchpoold@eu.service

# ---- removed, purged --------------------------------------------------------------------------------------------
box systemctl -q enable "$unit" fetchpoold.socket
is "three run" "$(processes)" 3
check "removes" apt remove fetchpool
is "nothing runs" "$(processes)" 0
socket='etc/systemd/system/fetchpoold@us.socket
etc/systemd/system/sockets.target.wants
etc/systemd/system/sockets.target.wants/fetchpoold@us.socket'
is "settings and state are left" "$(changed "$scratch/before")" "etc/fetchpool
etc/fetchpool/eu.conf
etc/fetchpool/fetchpool.conf
etc/fetchpool/fetchpool.conf.dpkg-dist
etc/fetchpool/us.conf
etc/group
etc/gshadow
$socket
var/lib/fetchpool
var/lib/fetchpool@eu
var/lib/fetchpool@none
var/lib/fetchpool@us
var/lib/private/fetchpool
var/lib/private/fetchpool@eu
var/lib/private/fetchpool@none
var/lib/private/fetchpool@us"
check "installs again, with the settings of before" apt install /root/next.deb
check "and starts" box systemctl start "$unit"
matches "fetches" "$(fetch 8080 http://127.0.0.2/)" '*"status":200,"size":5,*'
check "purges, though it runs" apt purge fetchpool
is "nothing runs" "$(processes)" 0
is "what the administrator made is left" "$(changed "$scratch/before")" "etc/fetchpool
etc/fetchpool/eu.conf
etc/fetchpool/us.conf
$socket"
box systemctl -q disable --now fetchpoold@us.socket
rm -r "$tree/etc/fetchpool" "$tree/etc/systemd/system/fetchpoold@us.socket"
is "and nothing else" "$(changed "$scratch/before" | line)" ""
box_stop
finish
