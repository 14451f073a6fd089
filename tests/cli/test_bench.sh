# test_bench.sh -- the names, the table, the lines of JSON, and mistakes.
. "$CLI_TESTS/check.sh"

expect 0 credence bench --list
says out "train-1200-weights" "predict-sine"
n_names=$(awk '{ print $1 }' out | sort -u | wc -l)
lines out "$n_names"

expect 0 credence bench train-tutorial --time 0.05 --threads 1
says out "1 thread, " "GB/s over arrays of 64 KiB: " "train-tutorial-bnn" "train-tutorial-sine"
lines out 6
wide=$(awk 'length > 120' out)
[ -z "$wide" ] || fail "wide lines: $wide"
grep -v 'other programs kept up to [0-9.]* cores busy' err && fail "on standard error"

expect 0 credence bench predict-sine train-tutorial-bnn --quick --time 0.5 --json
lines out 3
grep -qv '^{.*}$' out && fail "a line of JSON is no object"
says out '"kind":"machine"' '"name":"train-tutorial-bnn"' '"name":"predict-sine"' \
  '"score_last":null'
# in the order of the list, a median between its quartiles, a process of a few megabytes
[ "$(sed -n 's/.*"name":"\([^"]*\)".*/\1/p' out | tr '\n' ' ')" = \
  "train-tutorial-bnn predict-sine " ] || fail "the order of the workloads"
field() { sed -n "/$1/s/.*\"$2\":\([-0-9.e+]*\).*/\1/p" out; }
for name in train-tutorial-bnn predict-sine; do
  awk -v low="$(field $name time_s_low)" -v mid="$(field $name time_s)" \
    -v high="$(field $name time_s_high)" -v bytes="$(field $name peak_bytes)" \
    'BEGIN { exit !(0 < low && low <= mid && mid <= high && 1e5 < bytes && bytes < 1e9) }' ||
    fail "numbers of $name"
done

expect 64 credence bench train-tutorail-bnn
says err "no workload 'train-tutorail-bnn'" "did you mean 'train-tutorial-bnn'?"
expect 64 credence bench --time 0
expect 64 credence bench --quik
says err "did you mean '--quick'?"
finish
