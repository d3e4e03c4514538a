#!/usr/bin/env bash
# Builds everything and runs every test. Installs what it needs: cargo fetches the libraries, rustup the toolchain, apt-get
# the programs that the tests talk to.
set -euo pipefail
cd "$(dirname "$0")"

# Debian's packages of the programs that tests start themselves, each with a directory and a port of its own.
programs() {
    local missing=() package
    for package in prometheus prometheus-alertmanager; do
        command -v "$package" >/dev/null || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "test.sh: please install: ${missing[*]}; tests that start them will fail" >&2
        return 0
    fi
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo -n)
    echo "test.sh: installing ${missing[*]}"
    {
        "${root[@]}" apt-get update -q &&
            "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
    } >/tmp/midwatch-apt.log 2>&1 || {
        echo "test.sh: could not install ${missing[*]} (see /tmp/midwatch-apt.log); tests that start them will fail" >&2
        return 0
    }
    # The packages also start services, which nobody asked for.
    if command -v systemctl >/dev/null; then
        "${root[@]}" systemctl disable --now --quiet "${missing[@]}" >/dev/null 2>&1 || true
    fi
}
programs
exec cargo test --workspace --locked "$@"
