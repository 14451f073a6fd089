#!/bin/sh
# Installs into an empty folder and uses what lies there as a stranger would: a C program by
# pkg-config and by CMake, each with the shared and the static library; a C++ program over
# all headers; the symbols that the shared library shows.
# Usage: test_install.sh BUILD SOURCE
# CC, CXX and CFLAGS are those of the build (a sanitizer must be linked in here, too).
set -eu
build=$1 source=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
prefix=$dir/prefix
cc=${CC:-cc} cxx=${CXX:-c++} cflags=${CFLAGS:-}
fail() { echo "FAILED: $*"; exit 1; }

# Moved after installation: no file may name the folder it was installed to.
cmake --install "$build" --prefix "$dir/first" >"$dir/log" || { cat "$dir/log"; exit 1; }
mv "$dir/first" "$prefix"
[ -s "$prefix/share/doc/credence/docs/tutorial.md" ] || fail "the pages are not installed"
[ -s "$prefix/share/doc/credence/examples/tutorial_bnn.c" ] || fail "the examples are not installed"
grep -rlI "$dir/first" "$prefix" && fail "these files name the folder of installation"

pc=$(find "$prefix" -name credence.pc) && [ -n "$pc" ] || fail "no credence.pc"
libdir=$(dirname "$(dirname "$pc")")
export PKG_CONFIG_PATH="$libdir/pkgconfig"
for file in "$prefix/include/credence/base/status.h" "$libdir/libcredence.so" \
  "$libdir/libcredence.so.0" "$libdir/libcredence.a"; do
  [ -e "$file" ] || fail "$file is missing"
done
readelf -d "$libdir/libcredence.so" | grep -q 'SONAME.*\[libcredence\.so\.0\]' || fail "soname"

echo "-- symbols"
nm -D --defined-only "$libdir/libcredence.so" | awk '{print $NF}' >"$dir/symbols"
grep -vE '^cred_[a-z0-9]' "$dir/symbols" | grep -vE '^(__asan|__ubsan|__gcov|_init$|_fini$)' &&
  fail "the shared library shows symbols that do not begin with cred_"
grep -q '^cred__' "$dir/symbols" && fail "the shared library shows internal symbols"
grep -hoE 'CRED_API[^(;]*\(' "$prefix"/include/credence/*/*.h | tr '\n' ' ' |
  grep -oE 'cred_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u >"$dir/declared"
# A declaration may stand on two lines; those on one are enough to see that none is missing.
missing=$(sort -u "$dir/symbols" | comm -23 "$dir/declared" -)
[ -z "$missing" ] || fail "declared, but not in the library: $missing"
echo "$(wc -l <"$dir/symbols") symbols, all cred_"

echo "-- pkg-config, shared"
# shellcheck disable=SC2086,SC2046
$cc -std=c11 -Wall -Wextra -Werror -pedantic $cflags "$source/outside/main.c" \
  -o "$dir/shared" $(pkg-config --cflags --libs credence)
LD_LIBRARY_PATH=$libdir "$dir/shared"
readelf -d "$dir/shared" | grep -q 'libcredence\.so\.0' || fail "not linked to the shared library"

echo "-- pkg-config, static"
libs=$(pkg-config --static --libs credence | sed 's/-lcredence/-l:libcredence.a/')
# shellcheck disable=SC2086,SC2046
$cc -std=c11 $cflags "$source/outside/main.c" -o "$dir/static" $(pkg-config --cflags credence) $libs
"$dir/static"
readelf -d "$dir/static" | grep -q libcredence && fail "not linked to the static library"

echo "-- CMake package"
cmake -S "$source/outside" -B "$dir/outside" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
  -DCMAKE_C_FLAGS="$cflags" >"$dir/log" 2>&1 || { cat "$dir/log"; fail "find_package"; }
cmake --build "$dir/outside" >"$dir/log" 2>&1 || { cat "$dir/log"; fail "build"; }
"$dir/outside/outside_shared"
"$dir/outside/outside_static"

echo "-- C++"
{
  (cd "$prefix/include" && find credence -name '*.h' | sort | sed 's/.*/#include <&>/')
  echo 'int main() { return cred_error_message()[0] != 0; }'
} >"$dir/main.cpp"
if command -v "$cxx" >/dev/null; then
  # shellcheck disable=SC2086,SC2046
  $cxx -std=c++11 -Wall -Wextra -Werror -pedantic $cflags "$dir/main.cpp" -o "$dir/cpp" \
    $(pkg-config --cflags --libs credence)
  LD_LIBRARY_PATH=$libdir "$dir/cpp"
fi

program=$prefix/bin/credence
if [ -e "$program" ]; then
  echo "-- program, man pages, completion"
  "$program" --version
  for page in "$prefix"/share/man/man1/credence*.1; do
    [ "$(head -c 3 "$page")" = .TH ] || fail "$page does not begin as a man page"
  done
  for command in fit predict help; do
    [ -s "$prefix/share/man/man1/credence-$command.1" ] || fail "no man page of $command"
  done
  bash -n "$prefix/share/bash-completion/completions/credence"
  grep -q 'complete .*credence' "$prefix/share/bash-completion/completions/credence"
fi
echo "installed copy works"
