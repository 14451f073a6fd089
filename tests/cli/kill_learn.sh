# kill_learn.sh -- kill -9 at random moments of `credence learn`; sourced by test_learn.sh,
# or run with the number of kills: bash kill_learn.sh 200, with `credence` in PATH.

# kill_learn N LEARN-COMMAND...: a whole run, then one that is killed N times at moments
# spread over it, and started again each time; journal, curve and model must be the same.
kill_learn() {
  local n=$1 begin took i pid status n_killed=0
  shift
  rm -rf whole part
  begin=$(date +%s%N)
  "$@" -o whole -q || fail "the whole run"
  took=$((($(date +%s%N) - begin) / 1000000)) # ms
  RANDOM=1
  for ((i = 0; n_killed < n && i < 20 * n; i++)); do
    [ -e part/done ] && rm -rf part # it was done: from the start again
    "$@" -o part -q &
    pid=$!
    sleep "$(awk -v ms=$((RANDOM % (took + 1))) 'BEGIN { printf "%.3f", ms / 1000 }')"
    if kill -9 $pid 2>/dev/null; then n_killed=$((n_killed + 1)); fi
    status=0
    wait $pid 2>/dev/null || status=$?
    if [ $status -eq 0 ]; then
      compare_runs
      touch part/done
    elif [ $status -ne 137 ]; then
      fail "start number $i ended with $status"
    fi
  done
  rm -f part/done
  "$@" -o part -q || fail "the last start"
  compare_runs
  [ "$n_killed" -eq "$n" ] || fail "it was killed $n_killed times, not $n"
  echo "killed $n_killed times in $i starts; a whole run takes $took ms"
}

compare_runs() {
  local file
  for file in journal curve.csv model.cred run.txt; do
    cmp -s whole/$file part/$file || fail "$file differs after kills"
  done
}

# Alone: many kills.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  . "$(dirname "$0")/check.sh"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cd "$work" || exit 1
  credence demo moons --rows 200 -o pool.csv
  credence demo moons --rows 200 --seed 2 -o test.csv
  kill_learn "${1:-200}" credence learn pool.csv --target label --simulate --test test.csv \
    --start 8 -n 4 --budget 40 --posterior vi --hidden 5 --activation tanh --prior 'normal 1' \
    --steps 40 --draws 10
  finish
fi
