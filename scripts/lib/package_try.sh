# Runs in a bare system, for scripts/package-test.
# shellcheck shell=sh

model=/work/data/shapes/detect.onnx source=/work/tests/package/consumer

say() { printf '    %s\n' "$*"; }

# consumer PREFIX: builds it against what is installed there, by CMake and by pkg-config, and runs it.
consumer() {
  rm -rf /tmp/build /tmp/consumer
  cmake -S "$source" -B /tmp/build -D CMAKE_PREFIX_PATH="$1" -D CMAKE_CXX_FLAGS='-Wall -Wextra -Werror' >/dev/null
  cmake --build /tmp/build >/dev/null
  /tmp/build/consumer "$model" "$1" | grep -q '^1 circle$'
  say "$1: CMake"
  export PKG_CONFIG_PATH="$1/lib/pkgconfig"
  # shellcheck disable=SC2046
  g++ -std=c++17 "$source/main.cpp" $(pkg-config --cflags --libs trtyolo) \
    -Wl,-rpath,"$(pkg-config --variable=libdir trtyolo)" -o /tmp/consumer
  /tmp/consumer "$model" "$1" | grep -q '^1 circle$'
  say "$1: pkg-config, version $(pkg-config --modversion trtyolo)"
}

mkdir -p /opt
tar -xzf /work/dist/trtyolo-*.tar.gz -C /opt
mv /opt/trtyolo-* /opt/moved
consumer /opt/moved
rm -rf /opt/moved

find / -xdev -type f -not -path '/tmp/*' -not -path '/work/*' -not -path '/var/*' | sort >/tmp/before
dpkg --install /work/dist/libtrtyolo_*.deb >/dev/null
consumer /usr
dpkg --purge libtrtyolo >/dev/null
find / -xdev -type f -not -path '/tmp/*' -not -path '/work/*' -not -path '/var/*' | sort >/tmp/after
diff /tmp/before /tmp/after
say "removing libtrtyolo leaves nothing"

apt-get update -qq
apt-get install -y -qq --no-install-recommends /work/dist/libtrtyolo_*.deb /work/dist/libtrtyolo-media_*.deb /work/dist/trtyolo_*.deb >/dev/null
trtyolo predict /work/data/people/people.onnx /work/data/people/frames/0600.jpg --save /tmp/out 2>&1 | grep -q '^1 image: 6 person$'
say "the program finds 6 people: $(trtyolo --version | head -n 1)"
pkg-config --exists --print-errors trtyolo-media
apt-get autoremove --purge -y -qq trtyolo libtrtyolo-media libtrtyolo >/dev/null
