#!/usr/bin/env bash
# Builds everything and runs every test. Installs what it needs: cargo fetches the libraries, rustup the toolchain.
set -euo pipefail
cd "$(dirname "$0")"
exec cargo test --workspace --locked "$@"
