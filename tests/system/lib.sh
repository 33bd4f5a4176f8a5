# shellcheck shell=bash
# What the system tests share: counted checks, a Debian tree from packages, a scratch directory.
# To be sourced by a test that has set -u; it is for root on Debian 12.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the tests
top=$(cd "$here/../.." && pwd)
# Trees made of packages are kept here between runs, nothing else is.
cache=${FETCHPOOL_SYSTEM_CACHE:-/var/cache/fetchpool-system}
passed=0
failed=0

ok() {
    passed=$((passed + 1))
    printf 'ok    %4d s  %s\n' "$SECONDS" "$*"
}
bad() {
    failed=$((failed + 1))
    printf 'FAIL  %4d s  %s\n' "$SECONDS" "$*"
}
# NAME COMMAND...: counted as passed when the command succeeds.
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then ok "$name"; else bad "$name: ${output:-no output}"; fi
}
# NAME COMMAND...: counted as passed when the command fails.
refuses() {
    local name=$1
    shift
    if "$@" >/dev/null 2>&1; then bad "$name"; else ok "$name"; fi
}
# NAME GOT WANTED
is() { if [ "$2" = "$3" ]; then ok "$1: $2"; else bad "$1: got '$2', wanted '$3'"; fi; }
# NAME TEXT PATTERN
matches() {
    # shellcheck disable=SC2053 # a pattern on purpose
    if [[ $2 == $3 ]]; then ok "$1"; else bad "$1: got '$2', wanted '$3'"; fi
}
# Something without which the rest makes no sense.
give_up() {
    bad "$*"
    finish
}
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}
# TENTHS COMMAND...: waits until the command succeeds, that many tenths of a second at the most.
eventually() {
    local tries=$1
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$tries" -gt 0 ] || return 1
        tries=$((tries - 1))
        sleep .1
    done
}

# REASON: this machine cannot run the test. It has neither passed nor failed, unless something failed before.
skip() {
    [ "$failed" = 0 ] || finish
    echo "skipped: $*"
    exit 0
}
# PROGRAM...
need_programs() {
    local program
    for program; do
        command -v "$program" >/dev/null || skip "$program is missing; as root, ./dev test --system installs what is needed"
    done
}
# PROGRAM...: for tests that boot, mount or build as root.
need() {
    [ "$(uname -s)" = Linux ] || skip "this is no Linux"
    [ "$(id -u)" = 0 ] || skip "it needs root"
    need_programs "$@"
    unshare --mount --propagation private --net --pid --fork true 2>/dev/null || skip "namespaces cannot be made here"
}
# Skips where Debian's packages cannot be had. The index of the mirror is the smallest that tells, and apt-helper asks for it
# as apt would.
need_mirror() {
    local index scratch
    scratch=$(mktemp -d)
    # shellcheck disable=SC2016 # apt's variables
    index=$(apt-get indextargets --format '$(REPO_URI)dists/$(RELEASE)/InRelease' 'Created-By: Packages' 2>/dev/null |
        grep -m 1 '/dists/bookworm/')
    timeout 60 /usr/lib/apt/apt-helper download-file "${index:-http://deb.debian.org/debian/dists/bookworm/InRelease}" \
        "$scratch/index" >/dev/null 2>&1
    local status=$?
    rm -rf "$scratch"
    [ "$status" = 0 ] || skip "no mirror of Debian can be reached from here"
}
# WHAT: has failed, and takes Debian's packages. Where these cannot be had any more, nothing is to blame.
give_up_packages() {
    need_mirror
    give_up "$1"
}

# PACKAGE: has in $files the folder with the files of this Debian package, which is not installed: that may start what it
# holds. Kept as the trees are.
debian_files() {
    files=$cache/$1-files
    if [ -d "$files" ] && [ -z "$(find "$files" -maxdepth 0 -mtime +7)" ]; then return; fi
    need_mirror
    rm -rf "$files" "$files.part"
    mkdir -p "$files.part"
    (
        cd "$files.part" || exit
        # a machine may have been left without lists
        download=(apt-get -qq -o APT::Sandbox::User=root download "$1")
        "${download[@]}" 2>/dev/null || { apt-get -qq update && "${download[@]}"; } || exit
        dpkg-deb --extract ./*.deb . && rm ./*.deb
    ) || give_up_packages "Debian's $1"
    mv "$files.part" "$files"
    touch "$files"
}

# NAME [PACKAGE,...]: has in $tar the path of a tar of a minimal Debian 12, with these packages. It is made with the sources
# and the transport settings of this machine's apt, so that no mirror is named here, and kept for a week. The minimal one is
# made once, and what else there is from that.
debian_tar() {
    local scratch sources from wanted
    wanted=$cache/$1-$(echo "${2:-}" | cksum | cut -d ' ' -f 1).tar # another list of packages is another root
    tar=$wanted
    [ -z "$(find "$tar" -mtime -7 -size +0 2>/dev/null)" ] || return 0
    need_mirror
    mkdir -p "$cache"
    if [ -n "${2:-}" ]; then
        debian_tar base
        from=(--variant=custom --setup-hook="tar -C \"\$1\" -xf '$tar'" --include="$2")
    else
        # The hook and usr-is-merged: without them perl comes in to merge /usr.
        from=(--variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include=usr-is-merged)
    fi
    tar=$wanted
    scratch=$(mktemp -d)
    mapfile -t sources < <(grep -lE '^(Suites:|deb .*)[[:space:]]bookworm([[:space:]-]|$)' \
        /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null)
    {
        apt-config dump --format '%F "%v";%n' --no-empty Acquire |
            grep -E '^Acquire::(https?|ftp|Check-[A-Za-z-]*|Retries|ForceIPv[46])(::[A-Za-z:-]*)? '
        echo 'Acquire::Languages "none"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";'
    } >"$scratch/apt.conf"
    # /dev is the machine's while it works.
    # shellcheck disable=SC2016 # mmdebstrap's own argument
    if ! nice mmdebstrap --mode=root --format=tar --quiet "${from[@]}" --aptopt="$scratch/apt.conf" --dpkgopt=force-unsafe-io \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --customize-hook='rm -f "$1/etc/resolv.conf" "$1/etc/hostname"' --skip=output/dev \
        bookworm "$tar.part" "${sources[@]}" >"$scratch/log" 2>&1; then
        cat "$scratch/log" >&2
        rm -rf "$scratch" "$tar.part"
        give_up_packages "the Debian tree"
    fi
    rm -rf "$scratch"
    mv "$tar.part" "$tar"
}
