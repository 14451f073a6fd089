# check.sh -- what the scripts share. Source it: . "$CLI_TESTS/check.sh"
set -u
n_failed=0
fail() { echo "FAILED: $*"; n_failed=$((n_failed + 1)); }

# expect STATUS COMMAND... : runs it, output in ./out and ./err.
expect() {
  local wanted=$1 got=0
  shift
  "$@" >out 2>err </dev/null || got=$?
  [ $got -eq "$wanted" ] || { fail "$* ended with $got, expected $wanted"; cat err; }
}

# says FILE TEXT... : each text stands in the file.
says() {
  local file=$1 text
  shift
  for text in "$@"; do
    grep -qF -- "$text" "$file" || { fail "$file lacks: $text"; cat "$file"; }
  done
}

# lines FILE N
lines() {
  local n
  n=$(wc -l <"$1")
  [ "$n" -eq "$2" ] || { fail "$1 has $n lines, expected $2"; cat "$1"; }
}

finish() {
  [ $n_failed -eq 0 ] && echo "passed"
  exit $((n_failed > 0))
}
