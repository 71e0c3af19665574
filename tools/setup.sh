#!/bin/sh
# Makes .venv ready for `make demo` (setup.sh sim) or `make test` (setup.sh dev). A second run ends at once.
#
# Variables: PYTHON       interpreter to use (default: the best one found)
#            VENV         folder of the virtual environment (default: .venv)
#            TORCH_INDEX  package index of CPU builds of torch; empty: take what pip's own configuration gives
#            NO_APT=1     never install system libraries
set -eu
cd "$(dirname "$0")/.."

PROFILE=${1:-sim}
VENV=${VENV:-.venv}
TORCH_INDEX=${TORCH_INDEX-https://download.pytorch.org/whl/cpu}
case $PROFILE in
    sim) EXTRAS=sim ;;
    dev) EXTRAS=sim,dev ;;
    *) echo "usage: tools/setup.sh [sim|dev]" >&2; exit 2 ;;
esac

say() { echo "[setup] $*"; }
fail() { say "error: $*" >&2; exit 1; }

STAMP=$VENV/.ready-$PROFILE
# The folder is part of the sum: an editable install names it.
SUM=$({ pwd; cat setup.py setup.cfg pyproject.toml constraints.txt tools/setup.sh; } | cksum)
if [ -x "$VENV/bin/python" ] && [ "$(cat "$STAMP" 2>/dev/null || true)" = "$SUM" ]; then
    exit 0
fi

find_python() {
    # pybullet has wheels up to 3.11; above, it is compiled, which takes minutes. Shims of pyenv may exist and not run.
    for candidate in ${PYTHON:-} python3.11 python3.10 python3 python3.12 python3.13 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
}

# Runs a command as root: directly, or by sudo, which may ask for a password if somebody is there to type it.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then sudo "$@"
    else return 1
    fi
}

install_system() {
    if [ "${NO_APT:-}" = 1 ] || ! command -v apt-get >/dev/null 2>&1; then
        return 1
    fi
    say "system packages missing: $*; installing them needs root"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has_package() {
    if command -v dpkg-query >/dev/null 2>&1; then
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
    else
        return 0  # not Debian: the simulation finds out and says so
    fi
}

missing=""
for package in libegl1 libgl1-mesa-dri; do
    has_package "$package" || missing="$missing $package"
done
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    install_system $missing \
        || say "going on without EGL (missing:$missing): the simulation draws with TinyRenderer"
fi

if [ "$PROFILE" = dev ]; then
    # The report is tested in it.
    command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 \
        || command -v google-chrome >/dev/null 2>&1 || install_system chromium \
        || say "no Chromium: the tests of the report in a browser are skipped"
fi

if [ ! -x "$VENV/bin/python" ] || ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    BASE=$(find_python)
    [ -n "$BASE" ] || fail "no Python 3.10 or later found; install one, or say PYTHON=/path/to/python make demo"
    say "creating $VENV with $("$BASE" --version) ($BASE)"
    if ! "$BASE" -m venv "$VENV" >/dev/null 2>&1; then
        version=$("$BASE" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install_system "python$version-venv" \
            || fail "$BASE cannot make virtual environments; as root: apt-get install python$version-venv"
        "$BASE" -m venv "$VENV" || fail "$BASE cannot make virtual environments"
    fi
fi
PY=$VENV/bin/python
if "$PY" -c 'import sys; sys.exit(sys.version_info < (3, 12))' && ! "$PY" -c 'import pybullet' 2>/dev/null; then
    say "pybullet has no wheel for $("$PY" --version); it is compiled now, which takes some minutes"
    command -v g++ >/dev/null 2>&1 || install_system g++ || fail "a C++ compiler is needed; as root: apt-get install g++"
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
CONSTRAINTS=constraints.txt
if "$PY" -c 'import sys; sys.exit(sys.version_info >= (3, 11))'; then
    # Some of the pinned versions no longer support 3.10.
    say "Python 3.10: taking the newest versions that fit instead of those that CI uses"
    CONSTRAINTS=$VENV/constraints.txt
    grep '^torch==' constraints.txt > "$CONSTRAINTS"
fi
pip_install() { "$PY" -m pip install -q -c "$CONSTRAINTS" "$@" 2>"$VENV/pip.log" || { cat "$VENV/pip.log" >&2; return 1; }; }

if ! "$PY" -c 'import importlib.metadata as m; m.version("torch")' 2>/dev/null; then
    if [ -n "$TORCH_INDEX" ] && "$PY" - "$TORCH_INDEX" <<'PROBE' 2>/dev/null
import sys, urllib.request
urllib.request.urlopen(sys.argv[1].rstrip("/") + "/torch/", timeout=4).close()
PROBE
    then
        say "installing torch for the CPU from $TORCH_INDEX (200 MB; TORCH_INDEX= takes pip's default, with CUDA)"
        pip_install --index-url "$TORCH_INDEX" torch || say "that failed; trying pip's own index"
    else
        say "installing torch from pip's own index"
    fi
    "$PY" -c 'import importlib.metadata as m; m.version("torch")' 2>/dev/null || pip_install torch \
        || fail "torch could not be installed"
fi

say "installing pose_ssl_ros[$EXTRAS] and what it needs (about 300 MB)"
pip_install -e ".[$EXTRAS]" || fail "the packages above could not be installed"

if [ "$PROFILE" = dev ]; then
    # The independent reference of the loss formulas. Without its dependencies: the training framework that it
    # names is not needed for that, and a torchvision that pip resolves may replace the CPU build of torch.
    "$PY" -m pip install -q --no-deps -c "$CONSTRAINTS" lightly torchvision 2>"$VENV/pip.log" \
        || say "lightly could not be installed: tests that compare formulas with it are skipped"
fi

rm -f "$VENV/pip.log"
echo "$SUM" > "$STAMP"
if [ "$PROFILE" = dev ]; then echo "$SUM" > "$VENV/.ready-sim"; fi
say "ready"
