#!/bin/sh
# Plants one fault of each kind in a copy and sees that check-style finds it, and that it
# finds nothing in sound code that only talks of such things.
# Usage: check_style_self.sh PROJECT
set -eu
project=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

fresh() {
  rm -rf "$dir/src" "$dir/include"
  mkdir -p "$dir/src/base" "$dir/src/cli" "$dir/include/credence/base"
  echo 'int cred_t(void);' >"$dir/include/credence/base/t.h"
  cat >"$dir/src/base/sound.c" <<'CODE'
// Never calls sprintf(x) or exit(1).
static const char *advice = "do not call exit(1) or printf(x)";
int cred_sound(char *out) { return snprintf(out, 4, "%s", advice); }
CODE
}

finds() { # finds PART EXPECTED-TEXT: the planted fault is reported
  if "$project/scripts/check-style" "$1" "$dir" >"$dir/out" 2>&1; then
    echo "check-style $1 does not find: $2" && exit 1
  fi
  grep -qF -- "$2" "$dir/out" || { echo "expected '$2' in:"; cat "$dir/out"; exit 1; }
  n=$((n + 1))
}

fresh
for part in banned sizes headers; do
  "$project/scripts/check-style" $part "$dir" >"$dir/out" 2>&1 || { cat "$dir/out"; exit 1; }
done

for call in 'strcpy(a, b)' 'sprintf(a, "x")' 'atoi(a)' 'gets(a)' 'rand()' 'exit(1)' \
  'printf("x")' 'fprintf(stderr, "x")' 'getenv("A")' 'setlocale(0, "")' 'strtod(a, 0)' \
  'malloc(3)'; do
  fresh
  printf 'void f(char *a, char *b) {\n  (void)b;\n  %s;\n}\n' "$call" >"$dir/src/base/planted.c"
  finds banned "src/base/planted.c:3:"
done
fresh && echo 'void f(char *a) { exit(atoi(a)); }' >"$dir/src/cli/planted.c"
finds banned src/cli/planted.c:1:
fresh && echo '// TO''DO: later' >"$dir/src/base/planted.c"
finds banned src/base/planted.c:1:

fresh && seq -f 'int cred_x%g;' 601 >"$dir/src/base/planted.c"
finds sizes 'src/base/planted.c: 601 lines'
fresh && seq -f 'int cred_x%g;' 250 >"$dir/include/credence/base/planted.h"
finds sizes 'include/credence/base/planted.h: 250 lines'
fresh
{ echo 'int f(int a)'; echo '{'; seq -f '  a += %g;' 69; echo '}'; } >"$dir/src/base/planted.c"
finds sizes 'src/base/planted.c:1: a function of 72 lines'
fresh && printf '%091d\n' 0 | sed 's:^00://:' >"$dir/src/base/planted.c"
finds sizes 'src/base/planted.c:1: over 90 columns'

fresh && echo 'size_t cred_n(void);' >"$dir/include/credence/base/planted.h"
finds headers 'planted.h does not compile alone in C11'
fresh && echo 'int cred_n(int class);' >"$dir/include/credence/base/planted.h"
finds headers 'planted.h does not compile alone in C++11'
echo "$n planted faults found"
