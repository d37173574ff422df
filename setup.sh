#!/bin/sh
# Makes .venv from requirements.lock, with uv if it is there and else with pip. `setup.sh lab` adds JupyterLab and what links
# people by name, tests pages in Chromium and writes the documentation, `setup.sh cluster` makes .venv-cluster with PySpark,
# `setup.sh lock` refreshes the locks. Says in one line what is missing.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "setup: $*" >&2
    exit 1
}

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
    for lock in "$@"; do set -- "$@" -r "$lock"; shift; done
    if command -v uv >/dev/null 2>&1; then
        uv pip install -q --python $venv/bin/python --compile-bytecode --require-hashes "$@"
    else
        $venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes "$@"
    fi
}

digits() { # digits SIDE LOCK: the default site, built with the packages of a lock
    uv venv -q --python "$python" "$work/$1-venv" && uv pip install -q --python "$work/$1-venv/bin/python" --require-hashes -r "$2" ||
        fail "the packages of the lock $1 the refresh could not be installed (see above), so that digits were NOT compared; the locks are written"
    PYTHONPATH="$PWD/src" ANALYSIS_HOME="$PWD" "$work/$1-venv/bin/python" -m analysis digits --into "$work/$1" >"$work/$1.log" 2>&1 || {
        tail -n 20 "$work/$1.log" >&2
        fail "the reports could not be built with the lock $1 the refresh (see above); the locks are written"
    }
}

part=${1:-} venv=.venv locks=requirements.lock
if [ "$part" = cluster ]; then # Spark has an environment of its own
    venv=.venv-cluster locks="requirements.lock cluster.lock"
fi
python=$(find_python)

if [ "$part" = lock ]; then # `setup.sh lock --upgrade` takes the newest versions
    command -v uv >/dev/null 2>&1 || fail "uv is needed to refresh the locks: pip install uv"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cp requirements.lock "$work/before.lock"
    echo 'jsonschema<4.25' >"$work/limits" # beside JupyterLab later ones add two seconds to every import of nbformat
    compile() {
        uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -c "$work/limits" "$@"
    }
    compile pyproject.toml --extra test --extra build -o requirements.lock ${2:-}
    for extra in lab cluster; do # each holds what it adds to requirements.lock
        compile pyproject.toml --extra "$extra" -c requirements.lock -o "$extra.lock" ${2:-}
        awk 'NR == FNR { if (/==/) there[$0]; next } /==/ { more = !($0 in there) } more' requirements.lock "$extra.lock" >"$work/more"
        cp "$work/more" "$extra.lock"
    done
    for lock in "$work/before.lock" requirements.lock; do grep -o '^[A-Za-z0-9._-]*==[^ ]*' "$lock" | sort >"$work/$(basename "$lock").versions"; done
    if cmp -s "$work/before.lock.versions" "$work/requirements.lock.versions"; then
        echo "lock: every version of requirements.lock is as it was, so no published digit has changed"
        exit 0
    fi
    diff "$work/before.lock.versions" "$work/requirements.lock.versions" | sed -n 's/^</lock: was/p; s/^>/lock: is now/p'
    echo "lock: building the default site with the packages before and after, to compare what is published"
    digits before "$work/before.lock"
    digits after requirements.lock
    PYTHONPATH="$PWD/src" ANALYSIS_HOME="$PWD" "$work/after-venv/bin/python" -m analysis digits --compare "$work/before" "$work/after"
    echo "lock: run make test before the locks are committed: it holds the estimators to digits of R and of papers"
    exit 0
fi

# Two calls at once would destroy each other's environment. This call goes on as one that has locked a file: the system drops
# the lock when the last process of the call ends, however it ends. A file system without locks goes on without.
if [ -z "${SETUP_TURN:-}" ]; then
    exec "$python" -c '
import fcntl, os, signal, sys
for number in (signal.SIGINT, signal.SIGPIPE):
    signal.signal(number, signal.SIG_DFL)
venv, *rest = sys.argv[1:]
lock, turn = os.open("cluster.lock" if rest == ["cluster"] else "setup.sh", os.O_RDWR), "first"
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print(f"setup: another call is making {venv}, this one waits for it", file=sys.stderr, flush=True)
    fcntl.flock(lock, fcntl.LOCK_EX)
    turn = "second"
except OSError:
    pass
os.set_inheritable(lock, True)
os.environ["SETUP_TURN"] = turn
os.execvp("sh", ["sh", "setup.sh", *rest])' "$venv" "$@"
fi

if [ "$part" = lab ]; then
    install requirements.lock lab.lock || fail "the packages of lab.lock could not be installed (see above)"
    exit 0
fi

if [ "$SETUP_TURN" = second ] && [ -f $venv/.installed ] && [ -z "$(find $locks pyproject.toml setup.sh -newer $venv/.installed)" ]; then
    echo "setup: $venv is there now" >&2
    exit 0
fi
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

# In a clone, git sees notebooks without their outputs (.gitattributes), so that running and saving one changes nothing.
if [ "$(git rev-parse --show-cdup 2>/dev/null || echo none)" = "" ]; then
    keys="codemirror_mode file_extension mimetype nbconvert_exporter pygments_lexer version"
    keys=$(for key in $keys; do printf 'metadata.language_info.%s ' "$key"; done)
    git config filter.nbstripout.clean \
        "if test -f .venv/.installed; then .venv/bin/python -m nbstripout --extra-keys '$keys'; else cat; fi" || true
fi
