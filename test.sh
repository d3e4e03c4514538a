#!/usr/bin/env bash
# Builds everything and runs every test; arguments go to `cargo test`. cargo fetches the libraries, rustup the toolchain,
# apt-get the programs that tests talk to, where they are missing. May be run again at any time.
set -euo pipefail
cd "$(dirname "$0")"

# Programs that tests start themselves, each in a directory and on a port of its own. Debian's packages have their names.
readonly PROGRAMS=(prometheus prometheus-alertmanager redis-server)

# What renders the Helm chart: Go's text/template and the functions that Helm adds to it, as Debian packages them.
readonly SPRIG=/usr/share/gocode/src/github.com/Masterminds/sprig

say() { echo "test.sh: $*" >&2; }

# What the user can do about programs that are still missing: the other tests run all the same.
without() {
    say "$1; tests that need ${missing[*]} will fail"
    say "put them on the PATH under these names (elsewhere than in Debian the second is called alertmanager)"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        # Nobody is there to type a password.
        sudo -n "$@"
    fi
}

install_packages() {
    as_root apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

# The packages also start services, now and at each boot, which nobody asked for.
stop_services() {
    local service
    for service in "${missing[@]}"; do
        as_root service "$service" stop || true
        as_root systemctl disable "$service" || as_root update-rc.d "$service" disable || true
    done
}

programs() {
    local missing=() program log
    for program in "${PROGRAMS[@]}"; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    command -v go >/dev/null || missing+=(golang-go)
    [ -d "$SPRIG" ] || missing+=(golang-github-masterminds-sprig-dev)
    [ "${#missing[@]}" -gt 0 ] || return 0
    command -v apt-get >/dev/null || { without "there is no apt-get here to install ${missing[*]}"; return 0; }
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || { without "installing ${missing[*]} wants root or sudo"; return 0; }
    say "installing ${missing[*]}"
    log=$(mktemp)
    install_packages >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        without "could not install ${missing[*]}, see above"
    }
    # Even then one of them may have been installed.
    stop_services >/dev/null 2>&1
    rm -f "$log"
}

command -v cargo >/dev/null || { say "there is no cargo here; https://rustup.rs installs it"; exit 1; }
programs
exec cargo test --workspace --locked "$@"
