#!/bin/sh
# Makes .venv from requirements.lock, with uv if it is there and else with pip. `setup.sh lab` adds JupyterLab,
# `setup.sh link` what links people by name, `setup.sh cluster` makes .venv-cluster with PySpark, `setup.sh browser` what tests pages in Chromium, `setup.sh lock`
# refreshes the locks. Says in one line what is missing.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "setup: $*" >&2
    exit 1
}

if [ "${1:-}" = lock ]; then
    command -v uv >/dev/null 2>&1 || fail "uv is needed to refresh the locks: pip install uv"
    compile() { uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate "$@"; }
    compile pyproject.toml --extra test --extra build -o requirements.lock ${2:-}
    for extra in lab link browser cluster; do
        compile pyproject.toml --extra "$extra" -c requirements.lock -o "$extra.lock" ${2:-}
    done
    exit 0
fi

venv=.venv
locks=requirements.lock
if [ "${1:-}" = cluster ]; then # Spark has an environment of its own
    venv=.venv-cluster
    locks="requirements.lock cluster.lock"
fi

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    fail "no Python 3.11 or later was found (tried python3, python3.14 to python3.11, python). Install one, or run PYTHON=/path/to/python make setup"
}

install() { # install LOCK...
    if command -v uv >/dev/null 2>&1; then
        for lock in "$@"; do set -- "$@" -r "$lock"; shift; done
        uv pip install -q --python $venv/bin/python --compile-bytecode --require-hashes "$@"
    else
        for lock in "$@"; do set -- "$@" -r "$lock"; shift; done
        $venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes "$@"
    fi
}

case "${1:-}" in
lab | link | browser)
    install "$1.lock" || fail "the packages of $1.lock could not be installed (see above)"
    exit 0
    ;;
esac

python=$(find_python)
echo "setup: making $venv with $("$python" -V 2>&1), about a minute the first time" >&2
rm -rf "$venv"
if command -v uv >/dev/null 2>&1; then
    uv venv -q --python "$python" "$venv" || fail "uv could not make $venv (see above)"
else
    "$python" -m venv "$venv" >/dev/null 2>.venv.log || {
        rm -rf "$venv"
        why=$(tail -n 1 .venv.log)
        rm -f .venv.log
        fail "the venv module is missing or broken ($why). On Debian or Ubuntu: apt install python3-venv"
    }
    rm -f .venv.log
fi
install $locks || { rm -rf "$venv"; fail "the packages could not be installed (see above). Is the network reachable?"; }
if command -v uv >/dev/null 2>&1; then
    uv pip install -q --python $venv/bin/python --no-deps --no-build-isolation -e .
else
    $venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
fi
touch $venv/.installed
