# setup.sh -- for quickstart and check: packages, and a build in a folder of its own.
# shellcheck shell=bash
#
# On Debian and its kin what is missing is installed with apt-get (as root, or by a sudo that
# asks for nothing); elsewhere, or without the right to, the line to run is printed.

say() { printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then cat; else sed $'s/\033\\[[01]m//g'; fi; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 69; }

# Packages, each with a test that tells that it is not needed.
build_packages='libjansson-dev libcsv-dev libzip-dev libpng-dev libjpeg-dev zlib1g-dev'
test_packages='libcmocka-dev librandom123-dev'

missing_packages() { # missing_packages PACKAGE...: prints those that are not installed
  local package
  { command -v cc && command -v c++ && command -v make; } >/dev/null || echo build-essential
  command -v cmake >/dev/null || echo cmake
  command -v ninja >/dev/null || echo ninja-build
  command -v pkg-config >/dev/null || echo pkg-config
  command -v gnuplot >/dev/null || echo gnuplot-nox
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

# install_packages PACKAGE...: of these and of the tools of the build, what is missing.
install_packages() {
  local missing root=
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "This is not Debian or a kin of it: the packages below must be here under their local names"
    echo "gcc g++ cmake ninja pkg-config gnuplot $*"
    return
  fi
  missing=$(missing_packages "$@" | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      root='sudo -n'
    else
      die "these packages are missing, and installing them needs root. Run this, then start again:

  sudo apt-get install -y $missing"
    fi
  fi
  say "Installing $missing"
  # shellcheck disable=SC2086  # words
  {
    export DEBIAN_FRONTEND=noninteractive
    $root apt-get update -qq || echo "apt-get update failed; going on with the lists that are here" >&2
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
      >/dev/null || die "apt-get could not install: $missing"
  }
}

# build_preset PRESET: configures and builds into build/PRESET.
build_preset() {
  local launcher=() log
  command -v ccache >/dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache)
  say "Building in build/$1"
  mkdir -p build
  log=build/$1-configure.log
  cmake --preset "$1" "${launcher[@]}" >"$log" 2>&1 || { cat "$log"; die "CMake did not configure (log: $log)"; }
  cmake --build --preset "$1" -- --quiet
}
