# What scripts/wheels compiles with, so that its wheels run on systems that are older than this one. Sourced, not run.
# shellcheck shell=bash

# The C library and the C++ library of Debian 11 are the oldest that wheels run with (manylinux_2_31).
: "${root:?}"    # of common.sh
oldest=bullseye
sysroot="$root/.deps/$oldest"
multiarch=x86_64-linux-gnu

# write FILE: standard input into it, unless that is what is there already; so its time of change says something.
write() {
  local text
  text="$(cat)"
  if [ ! -f "$1" ] || [ "$(cat "$1")" != "$text" ]; then printf '%s\n' "$text" >"$1"; fi
}

# unpack_packages FOLDER PACKAGE...: this system's packages, unpacked there and not installed.
unpack_packages() {
  local into="$1" work
  shift
  work="$(mktemp -d)"
  (cd "$work" && apt-get download -qq -o APT::Sandbox::User=root "$@") || return 1
  find "$work" -name '*.deb' -exec dpkg-deb --extract {} "$into" \;
  rm -rf "$work"
}

# old_system: the headers and libraries of the oldest system into `sysroot`, unless they are there, with those libraries of
# this one that ours is built on, which ask for nothing newer. DEBIAN_MIRROR names the mirror, if the usual one will not do.
old_system() {
  if [ -f "$sysroot/done" ]; then return; fi
  need_packages mmdebstrap
  say "Fetching the libraries of Debian's $oldest into $sysroot"
  rm -rf "$sysroot"
  mkdir -p "$(dirname "$sysroot")"
  mmdebstrap --quiet --variant=extract --include=libc6-dev,libdav1d-dev,libgcc-s1,libstdc++6,linux-libc-dev,zlib1g-dev \
    "$oldest" "$sysroot" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} || return 1
  need_packages libeigen3-dev libhwy-dev nlohmann-json3-dev
  unpack_packages "$sysroot" libeigen3-dev libffmpeg-nvenc-dev libhwy1 libhwy-dev nlohmann-json3-dev || return 1
  # The libraries' links are to lead to the libraries beside them.
  local link
  find "$sysroot" -type l -lname '/*' | while read -r link; do
    ln -sfn --relative "$sysroot$(readlink "$link")" "$link"
  done
  touch "$sysroot/done"
}

# old_compilers: sets CC, CXX and CUDAHOSTCXX to this system's compilers for the oldest system. What the newer C++ library
# has and the older one lacks is linked statically, from its archive, behind the older one's shared library: all else is
# shared with OpenVINO and with the program.
old_compilers() {
  local tools="$sysroot-tools" version language system="$sysroot/usr/lib/$multiarch"
  version="$(g++ -dumpversion)"
  local headers=("/usr/include/c++/$version" "/usr/include/$multiarch/c++/$version" "/usr/include/c++/$version/backward")
  mkdir -p "$tools/lib"
  # What that archive asks of newer C libraries: whether there is one thread only. There may be more.
  if [ ! -f "$tools/lib/newer.o" ]; then echo 'char __libc_single_threaded;' | gcc -x c -fPIC -c -o "$tools/lib/newer.o" -; fi
  ar rcsD "$tools/lib/libnewer.a" "$tools/lib/newer.o"
  write "$tools/lib/libstdc++.so" <<<"INPUT($system/libstdc++.so.6 $(g++ -print-file-name=libstdc++.a) $tools/lib/libnewer.a)"
  for language in gcc g++; do
    write "$tools/$language" <<END
#!/bin/sh
exec $(command -v "$language") --sysroot="$sysroot" -B"$system" -L"$tools/lib" -L"$system" -L"$sysroot/lib/$multiarch" \\
  $([ "$language" = gcc ] || printf '%s ' -nostdinc++ "${headers[@]/#/-isystem }")\\
  -ffile-prefix-map="$root"=. "\$@"
END
    chmod +x "$tools/$language"
  done
  # Headers of this system's own Python name others of theirs by their place in /usr/include.
  local folder
  for folder in /usr/include/"$multiarch"/python3*; do
    if [ -d "$folder" ]; then ln -sfn "$folder" "$sysroot/usr/include/$multiarch/"; fi
  done
  export CC="$tools/gcc" CXX="$tools/g++" CUDAHOSTCXX="$tools/g++"
  export PKG_CONFIG_LIBDIR="$ffmpeg/lib/pkgconfig:$system/pkgconfig:$sysroot/usr/share/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$sysroot"
  # The cache is to ask the compilers what they are: these files only name them.
  export CCACHE_COMPILERCHECK='%compiler% --version'
}

# FFmpeg's libraries, of which wheels have their own: those of distributions differ from one to the next. Of its parts only
# those that read; nothing of it that is under the GPL.
ffmpeg="$sysroot/ffmpeg"
ffmpeg_suite=bookworm

# ffmpeg_source: the source that Debian has of it into .deps/ffmpeg, unless it is there.
ffmpeg_source() {
  local to="$root/.deps/ffmpeg" work
  if compgen -G "$to/ffmpeg_*.orig.tar.xz" >/dev/null; then return; fi
  say "Fetching FFmpeg's source into $to"
  work="$(mktemp -d)"
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  sed -n "s/^deb \(.*\) $oldest main.*/deb-src \1 $ffmpeg_suite main/p" "$sysroot/etc/apt/sources.list" >"$work/sources.list"
  local options=(-qq -o APT::Sandbox::User=root -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=-
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache")
  apt-get "${options[@]}" update || return 1
  rm -rf "$to" && mkdir -p "$to"
  (cd "$to" && apt-get "${options[@]}" source --download-only ffmpeg) || return 1
  rm -rf "$work"
}

# ffmpeg_libraries: built into `ffmpeg`, unless they are there.
ffmpeg_libraries() {
  if [ -f "$ffmpeg/done" ]; then return; fi
  need_packages make nasm xz-utils
  ffmpeg_source || return 1
  say "Building FFmpeg's libraries"
  local work="$sysroot/ffmpeg-build"
  rm -rf "$work" "$ffmpeg"
  mkdir -p "$work"
  tar -xJf "$root"/.deps/ffmpeg/ffmpeg_*.orig.tar.xz --strip-components=1 -C "$work" || return 1
  (
    cd "$work" || exit 1
    ./configure --quiet --prefix=/ffmpeg \
      --cc="$CC" --enable-shared --disable-static --disable-programs --disable-doc --disable-debug \
      --disable-avdevice --disable-avfilter --disable-postproc --disable-encoders --disable-muxers --disable-filters \
      --disable-autodetect --enable-zlib --enable-libdav1d --enable-cuda --enable-cuvid --enable-ffnvcodec --enable-nvdec >&2 &&
      make -j"$(nproc)" >/dev/null && make install DESTDIR="$sysroot" >/dev/null
  ) || return 1
  # Beside it the library that it decodes AV1 by, and the licences of both.
  cp -P "$sysroot/usr/lib/$multiarch"/libdav1d.so.* "$ffmpeg/lib/"
  mkdir "$ffmpeg/licenses" && cp "$work/COPYING.LGPLv2.1" "$ffmpeg/licenses/ffmpeg.txt" &&
    cp "$sysroot"/usr/share/doc/libdav1d*-dev/copyright "$ffmpeg/licenses/dav1d.txt" || return 1
  rm -rf "$work"
  touch "$ffmpeg/done"
}
