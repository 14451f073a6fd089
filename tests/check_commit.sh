#!/bin/sh
# The header that names the commit: made where there is none, written anew by the next commit
# alone, and empty outside of a work tree of its own.
# Usage: check_commit.sh PROJECT
set -eu
project=$1
command -v git >/dev/null || { echo "git is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=n@n \
  GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=n@n
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

named() { # named SOURCE EXPECTED
  cmake -DSOURCE="$1" -DOUT="$dir/commit.h" -P "$project/cmake/commit.cmake"
  grep -qxF "#define CRED_COMMIT \"$2\"" "$dir/commit.h" ||
    { echo "expected '$2' in:"; cat "$dir/commit.h"; exit 1; }
}
commit() {
  git -C "$dir/tree" commit -q --allow-empty -m "$1"
  git -C "$dir/tree" rev-parse --short HEAD
}

git init -q "$dir/tree"
mkdir "$dir/tree/archive"
named "$dir/tree" "" # nothing is committed yet
first=$(commit one)
named "$dir/tree" "$first"
touch -d 2001-01-01 "$dir/commit.h"
named "$dir/tree" "$first"
[ "$(date -r "$dir/commit.h" +%Y)" = 2001 ] || { echo "written without a change"; exit 1; }
second=$(commit two)
[ "$first" != "$second" ] || { echo "two commits of one name"; exit 1; }
named "$dir/tree" "$second"
named "$dir/tree/archive" "" # within another project's tree
