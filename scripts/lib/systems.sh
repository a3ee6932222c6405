# Bare Debian systems, in which scripts/wheel-test and scripts/package-test try what was built. Sourced, not run.
# shellcheck shell=bash

: "${root:?}"    # of common.sh

# system NAME SUITE PACKAGE...: a Debian with these packages and no others in .deps/systems/NAME, unless it is there.
system() {
  local suite="$2" folder=".deps/systems/$1" packages
  shift 2
  if [ -f "$folder.done" ]; then return; fi
  say "Installing Debian's $suite into $folder"
  rm -rf "$folder" && mkdir -p .deps/systems
  packages="$(printf ',%s' ca-certificates "$@")"
  mmdebstrap --quiet --variant=minbase --include="${packages#,}" "$suite" "$folder" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} ||
    fail "Debian's $suite could not be installed; the message stands above"
  touch "$folder.done"
}

# inside NAME COMMAND...: runs it in that system, which sees the packages, the guide, the examples and the data in /work.
inside() {
  local folder="$root/.deps/systems/$1"
  shift
  cp -L /etc/resolv.conf /etc/hosts "$folder/etc/" 2>/dev/null || true
  # Where pip was given certificates of a proxy, it needs them there as well.
  if [ -n "${PIP_CERT:-}" ]; then cp -L "$PIP_CERT" "$folder/tmp/certificates"; fi
  rm -rf "$folder/work" && mkdir -p "$folder/work/docs" "$folder/work/tests"
  cp -r dist data examples scripts "$folder/work/" && cp -r docs/guide "$folder/work/docs/" && cp -r tests/package "$folder/work/tests/"
  # shellcheck disable=SC2016
  unshare --mount --pid --fork sh -ec 'mkdir -p "$0/dev/shm"
    mount -t proc proc "$0/proc" && mount -t sysfs sysfs "$0/sys" && mount -t tmpfs tmpfs "$0/dev/shm"
    exec chroot "$0" "$@"' "$folder" \
    env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
    ${PIP_CERT:+PIP_CERT=/tmp/certificates} ${HTTPS_PROXY:+HTTPS_PROXY="$HTTPS_PROXY"} "$@"
}
