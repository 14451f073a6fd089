# kill_learn.sh -- kill -9 at random moments of `credence learn`, in a simulation and with a
# person who labels, skips and revises; sourced by test_learn.sh, or run with the number of
# kills: bash kill_learn.sh 200, with `credence` in PATH.

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

# --- labels by a person: some rows can have none, some labels are revised ---

# What the person does with to_label.csv of a folder; pool.csv has the answers.
fill_labels() {
  awk -F, -v OFS=, 'NR == FNR { label[FNR - 2] = $3; next }
    FNR > 1 && $NF == "" { $NF = $1 % 7 ? label[$1] : "?" } { print }' pool.csv "$1/to_label.csv" >filled
  mv filled "$1/to_label.csv"
}

# Second thoughts, in the third round: the first label is turned, the first row without one
# gets one, and another label is taken away.
write_revisions() {
  awk 'BEGIN { print "row,label" }
    $2 == "label" && n++ < 2 { print $3 "," (n == 2 ? "?" : $4 == "lower" ? "upper" : "lower") }
    $2 == "skip" && !m++ { print $3 ",lower" }' "$1/journal" >revisions.csv
}

# run_taught START FOLDER LEARN-COMMAND...: all rounds, each call by START.
run_taught() {
  local start=$1 folder=$2 n=0
  shift 2
  rm -f "$folder.revised"
  while $start "$@" -o "$folder" -q && [ -e "$folder/to_label.csv" ]; do
    if grep -q " ask 2 " "$folder/journal" && [ ! -e "$folder.revised" ]; then
      write_revisions "$folder"
      $start "$@" -o "$folder" -q --relabel revisions.csv || return 1
      touch "$folder.revised"
    fi
    fill_labels "$folder"
    [ $((n += 1)) -lt 100 ] || return 1
  done
  rm -f "$folder.revised"
}

counted() {
  n_calls=$((n_calls + 1))
  "$@"
}

# The same call until it comes to its end, killed at random moments while there are kills left.
until_it_ends() {
  local pid status=137
  while [ $status -eq 137 ]; do
    n_starts=$((n_starts + 1))
    "$@" &
    pid=$!
    if [ "$n_killed" -lt "$n_kills" ]; then
      sleep "$(awk -v ms=$((RANDOM % (3 * took / 2 + 1))) 'BEGIN { printf "%.3f", ms / 1000 }')"
      if kill -9 $pid 2>/dev/null; then n_killed=$((n_killed + 1)); fi
    fi
    status=0
    wait $pid 2>/dev/null || status=$?
  done
  return $status
}

# kill_taught N LEARN-COMMAND...: as kill_learn, with a person.
kill_taught() {
  local n_kills=$1 n_killed=0 n_starts=0 n_calls=0 n_runs=0 begin took
  shift
  rm -rf whole part
  begin=$(date +%s%N)
  run_taught counted whole "$@" || fail "the whole run"
  took=$((($(date +%s%N) - begin) / 1000000 / n_calls)) # ms a call
  for what in skip revise; do
    grep -q " $what " whole/journal || fail "nothing in the whole run to $what"
  done
  RANDOM=2
  while [ $n_killed -lt "$n_kills" ] && [ $n_runs -lt "$n_kills" ]; do
    n_runs=$((n_runs + 1))
    rm -rf part
    run_taught until_it_ends part "$@" || fail "run number $n_runs"
    compare_runs
  done
  [ $n_killed -eq "$n_kills" ] || fail "it was killed $n_killed times, not $n_kills"
  echo "a person's run was killed $n_killed times in $n_starts starts, $n_runs whole runs"
}

compare_runs() {
  local file
  for file in journal curve.csv model.cred run.txt; do
    cmp -s whole/$file part/$file || fail "$file differs after kills"
  done
}

# Alone: many kills, and half as many with a person.
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
  cut -d, -f1,2 pool.csv >bare.csv
  kill_taught "$((${1:-200} / 2))" credence learn bare.csv --target label --classes lower,upper \
    --test test.csv --start 8 -n 8 --budget 48 --posterior vi --hidden 5 --activation tanh \
    --prior 'normal 1' --steps 40 --draws 10
  finish
fi
