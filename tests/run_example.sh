#!/bin/sh
# Runs an example in an empty folder and compares the last line that it prints with the one
# in the head of its source: "Expected last line: TEXT", or, as an extended regular
# expression that the whole line must match, "Expected last line (pattern): REGEX".
# Usage: run_example.sh PROGRAM SOURCE
set -eu
program=$1 source=$2
kind=$(sed -n 's/^.*Expected last line\( (pattern)\)\{0,1\}: .*$/text\1/p' "$source" | head -n 1)
expected=$(sed -n 's/^.*Expected last line[^:]*: *//p' "$source" | head -n 1)
[ -n "$expected" ] || { echo "$source: its head has no 'Expected last line: ...'"; exit 1; }

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
"$program" >out.txt || { status=$?; cat out.txt; echo "$program ended with $status"; exit 1; }
last=$(tail -n 1 out.txt)
case $kind in
  'text (pattern)') printf '%s\n' "$last" | grep -qxE -- "$expected" || failed=1 ;;
  *) [ "$last" = "$expected" ] || failed=1 ;;
esac
cat out.txt
[ -z "${failed:-}" ] || { echo "expected last line: $expected"; exit 1; }
