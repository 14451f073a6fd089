#!/bin/sh
# Plants one violation of each kind in a copy and sees that check-floors finds it.
# Usage: check_floors_self.sh PROJECT
set -eu
project=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

plant() { # plant FILE INCLUDE EXPECTED-TEXT
  rm -rf "$dir/src" "$dir/include"
  mkdir -p "$dir/src/base" "$dir/src/kernel/isa" "$dir/include/credence/base" \
    "$(dirname "$dir/$1")"
  echo '// t.h' >"$dir/include/credence/base/t.h"
  echo '#include "credence/base/t.h"' >"$dir/src/base/t.c"
  echo '#include "base/t.h"' >"$dir/src/kernel/isa/k.c"
  "$project/scripts/check-floors" "$dir" >"$dir/out" || { cat "$dir/out"; exit 1; }
  printf '#include <math.h>\n#include "%s"\n' "$2" >"$dir/$1"
  if "$project/scripts/check-floors" "$dir" >"$dir/out"; then
    echo "not found: $1 includes $2" && exit 1
  fi
  grep -qF "$1:2: $3" "$dir/out" || { echo "expected '$1:2: $3' in:"; cat "$dir/out"; exit 1; }
  n=$((n + 1))
}

plant src/base/up.c kernel/kernel.h 'base (floor 1) includes kernel (floor 2)'
plant src/prob/side.c data/rows.h 'prob (floor 3) includes data (floor 3)'
plant src/layer/side.c credence/metric/metric.h 'layer (floor 4) includes metric (floor 4)'
plant src/kernel/isa/up.c prob/prior.h 'kernel (floor 2) includes prob (floor 3)'
plant src/model/up.c cli/cli.h 'model (floor 5) includes cli (floor 7)'
plant include/credence/data/up.h credence/model/model.h 'data (floor 3) includes model (floor 5)'
plant include/credence/model/private.h base/fail.h 'a public header includes "base/fail.h" of src/'
plant src/base/relative.c ../kernel/kernel.h '"../kernel/kernel.h": write the path'
plant src/infer/unknown.c extra/x.h '"extra/x.h": folder "extra" stands on no floor'
plant src/infer/local.c nowhere.h '"nowhere.h" is not in this folder'
echo "$n planted violations found"
