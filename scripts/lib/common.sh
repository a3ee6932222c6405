# What the scripts share: messages, missing packages, the Python environment, the build. Sourced, not run.
# shellcheck shell=bash

set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"

# What a build and its tests need of Debian or Ubuntu.
build_packages=(
  ca-certificates cmake g++ ninja-build pkg-config python3 python3-venv
  libcli11-dev libgtest-dev libhwy-dev libopencv-dev libspdlog-dev nlohmann-json3-dev
)

say() { printf '==> %s\n' "$*" >&2; }

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# usage: prints the comment block that a script opens with.
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$root/scripts/$(basename "$0")"; }

wrong_usage() {
  printf '%s: %s; see %s --help\n' "$(basename "$0")" "$1" "$0" >&2
  exit 2
}

# need_packages NAME...: installs those Debian packages that are missing; needs root or sudo only if there are any.
need_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "This is not Debian or Ubuntu: make sure that you have what these packages hold: $*"
    return
  fi
  local name missing=() as_root=()
  for name in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      fail "these packages are missing: ${missing[*]}. Run as root:  apt-get install ${missing[*]}"
    fi
    as_root=(sudo)
  fi
  say "Installing packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || fail "apt-get update failed; its message stands above"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null || fail "apt-get install failed; its message stands above"
}

# need_python FILE...: a .venv with what these requirement files pin. A file that has not changed costs nothing.
need_python() {
  if ! .venv/bin/python -c '' 2>/dev/null; then
    say "Making a Python environment in .venv"
    rm -rf .venv
    python3 -m venv .venv || fail "python3 -m venv failed; Debian and Ubuntu have it in the package python3-venv"
  fi
  local file stamp now
  for file in "$@"; do
    stamp=".venv/$(basename "$file").sha256"
    now="$(sha256sum <"$file")"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then continue; fi
    say "Installing what $file pins into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$file" ||
      fail "pip could not install what $file pins; its message stands above"
    echo "$now" >"$stamp"
  done
}

# parity_python: sets `python` to an interpreter that has Ultralytics, PyTorch and ONNX Runtime. They go into an
# environment of their own, .venv-parity (a large download, once); PARITY_PYTHON names an interpreter that has them.
parity_python() {
  python="${PARITY_PYTHON:-}"
  if [ -n "$python" ]; then return; fi
  python=.venv-parity/bin/python
  local requirements=tests/parity/requirements.txt stamp=.venv-parity/requirements.sha256 now
  now="$(sha256sum <"$requirements")"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then return; fi
  say "Installing what $requirements pins into .venv-parity"
  "$python" -c '' 2>/dev/null || python3 -m venv --clear .venv-parity ||
    fail "python3 -m venv failed; Debian and Ubuntu have it in the package python3-venv"
  "$python" -m pip install --quiet --disable-pip-version-check -r "$requirements" ||
    fail "pip could not install what $requirements pins; its message stands above"
  echo "$now" >"$stamp"
}

# build PRESET [CMAKE-BUILD-ARGUMENT...]: installs what is missing, configures and builds.
build() {
  local preset="$1"
  shift
  need_packages "${build_packages[@]}"
  need_python scripts/requirements.txt
  say "Building (preset $preset)"
  cmake --preset "$preset" --log-level=WARNING >/dev/null || fail "cmake --preset $preset failed; its message stands above"
  cmake --build --preset "$preset" "$@" >&2
}

# build_folder PRESET: where CMakePresets.json puts it.
build_folder() {
  if [ "$1" = release ]; then echo build; else echo "build-$1"; fi
}
