# Builds a little program against the package in PREFIX, whose libraries are in LIB, by pkg-config, and runs it:
#   sh pkg_config.sh PREFIX LIB FOLDER COMPILER
# shellcheck shell=sh
set -e
export PKG_CONFIG_PATH="$1/$2/pkgconfig"
mkdir -p "$3"
cat >"$3/program.cpp" <<'END'
#include "trtyolo/errors.hpp"

int main() {
  try {
    throw trtyolo::ModelError("a file");
  } catch (const trtyolo::Error&) {
    return 0;
  }
}
END
# shellcheck disable=SC2046
"$4" -std=c++17 "$3/program.cpp" $(pkg-config --cflags --libs trtyolo) \
  -Wl,-rpath,"$(pkg-config --variable=libdir trtyolo)" -o "$3/program"
"$3/program"
[ "$(cd "$(pkg-config --variable=prefix trtyolo)" && pwd)" = "$(cd "$1" && pwd)" ]
