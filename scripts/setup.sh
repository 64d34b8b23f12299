#!/usr/bin/env bash
# Makes .venv from a hashed list of requirements, `base` (to use Tracewright) or `dev` (to test it), and installs the
# Debian packages that go with it. Where packages come from is pip's own configuration: no address stands here.
# `engines` makes nothing: it installs what the tests of the container sandboxes want, and fails where it may not.
set -euo pipefail
cd "$(dirname "$0")/.."
list=${1:?"say which list: base or dev (or: engines)"}
venv=.venv

have() { command -v "$1" >/dev/null 2>&1; }
modern() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
have_postgres() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && modern "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "Tracewright needs Python 3.11 or newer and found none; install one, or name it: PYTHON=/path/to/python make …" >&2
    exit 3
}

# Installs Debian packages where root or a sudo that asks nothing is there; fails where neither is.
apt_install() {
    local sudo=""
    have apt-get || return 1
    if [ "$(id -u)" -ne 0 ]; then
        have sudo && sudo -n true 2>/dev/null || return 1
        sudo="sudo -n"
    fi
    echo "installing Debian packages: $*"
    # In this runlevel no package starts its service: the tests start engines themselves, in a network of their own.
    $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq "$@" >/dev/null
}

# What is here already, from wherever, is left alone. gVisor is wished for: not every release has it.
install_engines() {
    local programs=(dockerd:docker.io podman:podman runc:runc catatonit:catatonit ip:iproute2 mmdebstrap:mmdebstrap)
    local needed=()
    for pair in "${programs[@]}"; do
        have "${pair%:*}" || needed+=("${pair#*:}")
    done
    if [ ${#needed[@]} -gt 0 ] && ! apt_install --no-install-recommends --no-remove "${needed[@]}"; then
        echo "Not installed: ${needed[*]}" >&2
        exit 1
    fi
    have runsc || apt_install --no-remove runsc || true
}

# The jail is never optional, so without bubblewrap the set-up ends here.
install_system_packages() {
    local needed=() wished=()
    have bwrap || needed+=(bubblewrap)
    have git || needed+=(git)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || needed+=(python3-venv)
    if [ "$list" = dev ] && ! have_postgres; then wished+=(postgresql); fi
    if [ ${#needed[@]} -gt 0 ] && ! apt_install "${needed[@]}"; then
        echo "Missing: ${needed[*]}. Run this once, then try again: sudo apt-get install -y ${needed[*]}" >&2
        exit 3
    fi
    if [ ${#wished[@]} -gt 0 ] && ! apt_install "${wished[@]}"; then
        echo "PostgreSQL is not here, so its tests will skip; to run them too: sudo apt-get install -y ${wished[*]}" >&2
    fi
}

# --no-deps: the list is complete (a test proves it), so pip need not work out again what belongs to what.
install_requirements() {
    local pip=("$venv/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps)
    modern "$venv/bin/python" || "$python" -m venv --clear "$venv"
    echo "installing requirements/$list.txt into $venv (about half a minute the first time)"
    "${pip[@]}" --only-binary :all: --require-hashes -r "requirements/$list.txt"
    "${pip[@]}" --no-build-isolation --editable .
    # The jail sees the libraries read-only; without bytecode it would compile pytest anew for every run of tests.
    "$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null || true
    touch "$venv/.base" "$venv/.$list"
}

if [ "$list" = engines ]; then
    install_engines
    exit
fi
python=$(find_python)
install_system_packages
install_requirements
