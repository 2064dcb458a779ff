#!/bin/sh
# Make the virtual environments that are named: sh scripts/setup.sh airflow work
# An environment whose requirements have not changed is left as it is.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"

UV_VERSION=0.13.9

# What an environment must have been made from: a virtual environment holds for one place and one set of requirements.
wanted() {
    (cd .venv 2>/dev/null && pwd -P) || :
    cat "requirements/$1.txt"
}

find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    echo "setup: no Python 3.11, 3.12 or 3.13 with venv and ensurepip on the PATH." >&2
    echo "       Install one (on Debian: python3 and python3-venv), or name it: make setup PYTHON=/path/to/python3.12" >&2
    exit 1
}

install_uv() {
    if [ -x .venv/uv/bin/uv ] && [ "$(.venv/uv/bin/uv --version | cut -d' ' -f2)" = "$UV_VERSION" ]; then
        return
    fi
    "$1" -m venv --clear .venv/uv
    .venv/uv/bin/python -m pip --disable-pip-version-check install --quiet --no-cache-dir "uv==$UV_VERSION"
}

# uv reads none of pip's settings: hand on its certificate and its index.
pip_setting() {
    .venv/uv/bin/python -m pip config get "global.$1" 2>/dev/null || true
}

install() {
    echo "setup: installing .venv/$1"
    .venv/uv/bin/uv venv --quiet --clear --python "$python" ".venv/$1"
    .venv/uv/bin/uv pip install --quiet --compile-bytecode --python ".venv/$1/bin/python" -r "requirements/$1.txt"
    wanted "$1" >".venv/$1/installed"
}

missing=
for name in "$@"; do
    wanted "$name" | cmp -s - ".venv/$name/installed" || missing="$missing $name"
done
[ -n "$missing" ] || exit 0

unset PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV
python=$(find_python)
mkdir -p .venv
install_uv "$python"

export UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true
export UV_CACHE_DIR="${UV_CACHE_DIR:-$root/.venv/cache}"
cert=${SSL_CERT_FILE:-${PIP_CERT:-$(pip_setting cert)}}
index=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$(pip_setting index-url)}}
[ -z "$cert" ] || export SSL_CERT_FILE="$cert"
[ -z "$index" ] || export UV_DEFAULT_INDEX="$index"

pids=
for name in $missing; do
    install "$name" &
    pids="$pids $!"
done
for pid in $pids; do
    wait "$pid"
done
