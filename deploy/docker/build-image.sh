#!/usr/bin/env bash
# Makes the image of the container sandboxes.
#   build-image.sh                      without any registry: Debian packages (mmdebstrap) and wheels (pip)
#   build-image.sh --base NAME@sha256:… on an image that the engine has or may fetch; a digest is required
#   build-image.sh --base sha256:…      on an image that the engine has, by its id
# Options: --engine docker|podman (default: the first there is), --tag NAME (tracewright-sandbox), --suite bookworm,
# --python PATH (the interpreter whose pip fetches the wheels: .venv's), --tar FILE (write a root file system for
# `docker import` and ask no engine), --cache FOLDER (keep the Debian part there).
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
base="" engine="" tag=tracewright-sandbox suite=bookworm python=$root/.venv/bin/python tar="" cache=""
while [ $# -gt 0 ]; do
    case $1 in
        --base | --engine | --tag | --suite | --python | --tar | --cache) declare "${1#--}=${2:?"$1 needs a value"}"; shift 2 ;;
        *) echo "unknown option $1; see the head of $0" >&2; exit 2 ;;
    esac
done
if [[ -n $base && ! $base =~ ^([^@]+@)?sha256:[0-9a-f]{64}$ ]]; then
    echo "a base is named by its digest, NAME@sha256:…, found $base: a tag may become something else" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

need() {
    command -v "$1" >/dev/null 2>&1 || { echo "build-image.sh needs $1; run: apt-get install $2" >&2; exit 3; }
}

# The wheels are for the Python of the image, whatever runs pip. Jobs over tables need more, half a gigabyte of it, and
# only where they can be asked for: where the extra `analytics` is installed.
libraries() {
    local lists=(-r "$root/requirements/sandbox.txt")
    if "$python" -c 'import duckdb' 2>/dev/null; then
        lists+=(-r "$root/requirements/sandbox-analytics.txt")
    fi
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        --python-version "$1" --target "$work/libraries" --no-compile "${lists[@]}"
    find "$work/libraries" -name __pycache__ -prune -exec rm -rf {} +
    rm -rf "$work/libraries/pyarrow/include" "$work/libraries/pyarrow/tests"
}

package() {
    mkdir -p "$work/tracewright"
    cp -r "$root/src/tracewright/." "$work/tracewright"
    find "$work/tracewright" -name __pycache__ -prune -exec rm -rf {} +
}

# Unpacked, not installed: no package needs its scripts to have run for Python to start, and no accounts come to be.
debian() {
    need mmdebstrap mmdebstrap
    local packages=python3,coreutils,dash,libstdc++6
    local kept=${cache:-$work}/debian-$suite-${packages//,/-}.tar
    if [ ! -f "$kept" ]; then
        mmdebstrap --quiet --format=tar --variant=extract --include="$packages" "$suite" "$kept.part"
        mv "$kept.part" "$kept"
    fi
    mkdir "$work/files"
    # Device nodes are the engine's business, and an ordinary user may not unpack them.
    tar -C "$work/files" -xf "$kept" --exclude './dev/*' --exclude './usr/share/doc/*' --exclude './usr/share/man/*' \
        --exclude './usr/share/locale/*' --exclude './var/lib/apt/*' --exclude './var/cache/*'
}

whole_tree() {
    debian
    libraries "$(ls "$work/files/usr/bin" | sed -n 's/^python\(3\.[0-9]*\)$/\1/p' | head -n 1)"
    package
    mkdir -p "$work/files/opt/tracewright"
    mv "$work/libraries" "$work/files/opt/venv"
    mv "$work/tracewright" "$work/files/opt/tracewright/tracewright"
    chmod -R a+rX "$work/files/opt"
    tar -C "$work/files" --sort=name --owner=0 --group=0 --numeric-owner -cf "$1" .
}

if [ -n "$tar" ]; then
    whole_tree "$tar.part"
    mv "$tar.part" "$tar"
    exit
fi
if [ -z "$engine" ]; then
    for engine in docker podman; do command -v $engine >/dev/null 2>&1 && break; done
fi
need "$engine" "docker.io (or podman)"
if [ -z "$base" ]; then
    whole_tree "$work/image.tar"
    exec < "$work/image.tar"
    "$engine" import --change "USER 65532:65532" \
        --change "ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin" - "$tag"
    exit
fi
version=$("$engine" run --rm --network none --entrypoint python3 "$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
libraries "$version"
package
"$engine" build --network none --build-arg "BASE=$base" --tag "$tag" --file "$root/deploy/docker/sandbox.Dockerfile" "$work"
