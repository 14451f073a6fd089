#!/usr/bin/env bash
# run_cli_tests.sh BINARY [SCRIPT...] -- runs scripts (default: all test_*.sh beside this
# one), each in a new empty folder with `credence` in PATH and the binary's path as $1.
set -u
binary=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
shift
[ $# -gt 0 ] || set -- "$here"/test_*.sh
n_bad=0
for script in "$@"; do
  script=$(realpath "$script")
  work=$(mktemp -d)
  (cd "$work" && PATH=$(dirname "$binary"):$PATH CLI_TESTS=$here bash "$script" "$binary")
  status=$?
  rm -rf "$work"
  [ $status -eq 77 ] && [ $# -eq 1 ] && exit 77
  [ $status -eq 0 ] || [ $status -eq 77 ] || { echo "FAILED: $script"; n_bad=$((n_bad + 1)); }
done
[ $n_bad -eq 0 ]
