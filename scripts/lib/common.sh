# What the scripts share: messages, missing packages, the Python environment, the build. Sourced, not run.
# shellcheck shell=bash

set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cd "$root"

# What a build and its tests need of Debian or Ubuntu.
build_packages=(
  ca-certificates ccache cmake g++ ninja-build pkg-config python3 python3-dev python3-venv
  libavcodec-dev libavdevice-dev libavformat-dev libavutil-dev libswscale-dev
  libboost-dev libcli11-dev libcurl4-openssl-dev libeigen3-dev libfontconfig-dev libgtest-dev libhwy-dev libopencv-contrib-dev libopencv-dev libspdlog-dev nlohmann-json3-dev
)

# What the tests need beside them: a camera that speaks RTSP, and what the tutorial asks a service by.
# shellcheck disable=SC2034
test_packages=(curl gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good python3-gi)

# The Python wheel is compiled from the same sources with the same flags as the library. Paths are relative to the build
# folder in the cache's eyes, so that one build folder hits what another compiled.
export CMAKE_CXX_COMPILER_LAUNCHER=ccache CMAKE_CUDA_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR="$root"

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
  # Another apt may be at work: a machine that has just started, or a second script.
  local wait=(-o DPkg::Lock::Timeout=600)
  "${as_root[@]}" apt-get update -qq "${wait[@]}" || fail "apt-get update failed; its message stands above"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${wait[@]}" "${missing[@]}" >/dev/null || fail "apt-get install failed; its message stands above"
}

# install_python FILE [FOLDER]: a Python environment in FOLDER (.venv) with what this requirement file pins. A file that has
# not changed costs nothing. Python compiles what it imports when it does so first: a small part of what is installed.
install_python() {
  local stamp now into="${2:-.venv}"
  if ! "$into/bin/python" -c '' 2>/dev/null; then
    say "Making a Python environment in $into"
    rm -rf "$into"
    python3 -m venv "$into" || fail "python3 -m venv failed; Debian and Ubuntu have it in the package python3-venv"
  fi
  stamp="$into/$(basename "$1").sha256"
  now="$(sha256sum <"$1")"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then return; fi
  say "Installing what $1 pins into $into"
  "$into/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile -r "$1" || return 1
  echo "$now" >"$stamp"
}

# need_python FILE...: install_python for each; without them there is no going on.
need_python() {
  local file
  for file in "$@"; do
    install_python "$file" || fail "pip could not install what $file pins; its message stands above"
  done
}

# cuda_compiler: one from PyPI into .venv, unless one is installed.
cuda_compiler() {
  if [ -n "${gpu_here[1]}" ]; then return; fi
  install_python scripts/requirements-gpu.txt || return 1
  # The wheels lack the names under which nvcc and CMake look for the libraries.
  local cuda
  for cuda in .venv/lib/python3*/site-packages/nvidia/cu13; do
    ln -sfn lib "$cuda/lib64" && ln -sfn libcudart.so.13 "$cuda/lib/libcudart.so"
  done
}

# need_cargo: Rust's package manager, one that reads the index of packages piecemeal.
need_cargo() {
  if cargo --version 2>/dev/null | grep -qE '^cargo (1\.(6[89]|[7-9][0-9]|[0-9]{3})|[2-9])'; then return; fi
  local package=cargo
  if grep -qsx VERSION_CODENAME=bookworm /etc/os-release; then package=cargo-web; fi    # its `cargo` is too old
  need_packages "$package"
}

# has_tensorrt_headers: whether TensorRT's headers are installed (cmake/FindTensorRT.cmake looks there too).
has_tensorrt_headers() {
  local folder
  for folder in "${TensorRT_ROOT:-/usr}/include" /usr/include /usr/include/*-linux-gnu /usr/local/include \
    {/usr/local,/opt}/{tensorrt,TensorRT}/include; do
    if [ -f "$folder/NvInfer.h" ]; then return; fi
  done
  return 1
}

# tensorrt_headers MAJOR: TensorRT's headers into .deps/tensorrt-MAJOR/include, unless they are there. They come from the
# Rust package trtx-sys, which carries NVIDIA's; that is built nowhere, so empty packages stand in for what it needs.
tensorrt_headers() {
  local to=".deps/tensorrt-$1" version work name
  if [ -f "$to/include/NvInfer.h" ]; then return; fi
  case "$1" in
    10) version=0.5.0 ;;     # TensorRT 10.16
    11) version=0.9.1 ;;     # TensorRT 11.4
  esac
  need_cargo
  say "Fetching TensorRT $1's headers into $to"
  work="$(mktemp -d)" || return 1
  mkdir -p "$work/src" && touch "$work/src/lib.rs"
  printf '[package]\nname = "headers"\nversion = "0.0.0"\n[dependencies]\ntrtx-sys = "=%s"\n[patch.crates-io]\n' "$version" \
    >"$work/Cargo.toml"
  for name in autocxx-0.30.999 autocxx-build-0.30.999 bindgen-0.72.999 bitflags-2.999.0 cc-1.999.0 cxx-1.999.0 regex-1.999.0; do
    mkdir -p "$work/$name/src" && touch "$work/$name/src/lib.rs"
    printf '[package]\nname = "%s"\nversion = "%s"\n' "${name%-*}" "${name##*-}" >"$work/$name/Cargo.toml"
    printf '%s = { path = "%s" }\n' "${name%-*}" "$name" >>"$work/Cargo.toml"
  done
  # Where pip was given certificates of a proxy, cargo needs them as well.
  if [ -n "${PIP_CERT:-}" ]; then export CARGO_HTTP_CAINFO="${CARGO_HTTP_CAINFO:-$PIP_CERT}"; fi
  cargo fetch --quiet --manifest-path "$work/Cargo.toml" || return 1
  mkdir -p .deps && rm -rf "$to.part"
  cp -r "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/trtx-sys-"$version"*/TensorRT-Headers/TRT-Enterprise-"$1".* "$work/include" &&
    mkdir "$to.part" && mv "$work/include" "$to.part/include" && mv "$to.part" "$to" || return 1
  rm -rf "$work"
}

# nvimgcodec_headers: nvImageCodec's headers into .deps/nvimgcodec/include, unless they are there. They come from NVIDIA's
# wheel, of which nothing else is kept.
nvimgcodec_headers() {
  local to=.deps/nvimgcodec work
  if [ -f "${NvImageCodec_ROOT:-$to}/include/nvimgcodec.h" ]; then return; fi
  say "Fetching nvImageCodec's headers into $to"
  work="$(mktemp -d)" || return 1
  .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --platform manylinux_2_28_x86_64 --dest "$work" nvidia-nvimgcodec-cu13==0.9.0.20 || return 1
  .venv/bin/python -m zipfile -e "$work"/*.whl "$work/wheel" || return 1
  mkdir -p .deps && rm -rf "$to.part" && mkdir "$to.part" && mv "$work/wheel/nvidia/nvimgcodec/include" "$to.part/include" &&
    mv "$to.part" "$to" || return 1
  rm -rf "$work"
}

# gpu_parts PRESET: what the GPU engine takes to be built.
gpu_parts() {
  cuda_compiler || return 1
  (nvimgcodec_headers) || say "nvImageCodec's headers could not be fetched: images are decoded on the CPU"
  if [ "$1" = tensorrt11 ]; then
    tensorrt_headers 11
  elif ! has_tensorrt_headers; then
    tensorrt_headers 10
  fi
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
  "$python" -m pip install --quiet --disable-pip-version-check --no-compile -r "$requirements" ||
    fail "pip could not install what $requirements pins; its message stands above"
  echo "$now" >"$stamp"
}

# prepare PRESET: installs what is missing and sets `gpu` to the preset's TRTYOLO_TENSORRT. TRTYOLO_TENSORRT in the
# environment says whether the GPU engine is built: AUTO (the default: where an NVIDIA driver or a CUDA toolkit is installed,
# and what else it takes is there or can be fetched), ON (nothing else will do) or OFF.
prepare() {
  local preset="$1" gpu_here
  gpu="${TRTYOLO_TENSORRT:-AUTO}"
  need_packages "${build_packages[@]}"
  need_python scripts/requirements.txt
  case "$preset" in
    asan | tsan | coverage) gpu=OFF ;;
    tensorrt11) gpu=ON ;;
  esac
  mapfile -t gpu_here < <(cmake -P cmake/TrtyoloGpuHere.cmake)
  if [ "$gpu" = AUTO ] && [ -z "${gpu_here[0]}" ]; then
    say "There is no NVIDIA driver and no CUDA toolkit here: building for CPUs only (TRTYOLO_TENSORRT=ON builds for GPUs too)"
    gpu=OFF
  fi
  if [ "$gpu" != OFF ] && ! (gpu_parts "$preset"); then
    if [ "$gpu" = ON ]; then fail "what the GPU engine takes could not be fetched; the message stands above"; fi
    say "What the GPU engine takes could not be fetched (the message stands above): this build runs models on the CPU only"
    gpu=OFF
  fi
}

# configure PRESET: installs what is missing and configures. TRTYOLO_TENSORRT in the environment: see prepare;
# TRTYOLO_CUDA_ARCHITECTURES: for which GPUs (default: all from 75 to 120).
configure() {
  local preset="$1" gpu
  prepare "$preset"
  cmake --preset "$preset" -D TRTYOLO_TENSORRT="$gpu" -D TRTYOLO_CUDA_ARCHITECTURES="${TRTYOLO_CUDA_ARCHITECTURES:-}" \
    --log-level=WARNING >/dev/null || fail "cmake --preset $preset failed; its message stands above"
}

# build PRESET [CMAKE-BUILD-ARGUMENT...]: installs what is missing, configures and builds.
build() {
  local preset="$1"
  shift
  configure "$preset"
  say "Building (preset $preset)"
  cmake --build --preset "$preset" "$@" >&2
}

# build_folder PRESET: where CMakePresets.json puts it.
build_folder() {
  if [ "$1" = release ]; then echo build; else echo "build-$1"; fi
}
