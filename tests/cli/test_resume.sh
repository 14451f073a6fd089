# test_resume.sh -- a fit that is stopped, killed or saved on the way.
. "$CLI_TESTS/check.sh"

credence demo sine --rows 60 -o sine.csv
slow="--target y --steps 20000 --members 3"
credence fit sine.csv $slow -q -o whole.cred --threads 2

# wait_for CONDITION...: until it holds; a minute is enough on the busiest machine.
wait_for() {
  local i
  for i in $(seq 6000); do
    "$@" && return
    sleep 0.01
  done
  fail "waited in vain: $*"
}

# A fit in the foreground, because a job in the background ignores SIGINT; once it tells of
# a step, the signal is sent.
interrupted_fit() { # SIGNAL
  rm -f part.cred pid err
  (
    wait_for grep -qs '"phase":"fit"' err
    kill -s "$1" "$(cat pid)" 2>/dev/null
  ) &
  status=0
  bash -c 'echo $$ >pid; exec "$@" 2>err' - \
    credence fit sine.csv $slow --progress json -o part.cred --threads 1 >out || status=$?
  wait
}

# SIGINT and SIGTERM: saved, told how to go on, ended by the signal; then the same bytes
for signal in INT TERM; do
  for attempt in 1 2 3 4 5; do # a signal may be late on a busy machine, and find no fit
    interrupted_fit $signal
    [ $status -eq 0 ] || break
  done
  number=$([ $signal = INT ] && echo 130 || echo 143)
  [ $status -eq $number ] || fail "SIG$signal ended with $status"
  says err "interrupted" "next: credence fit sine.csv --resume part.cred"
  cmp -s part.cred whole.cred && fail "SIG$signal came after the end"
  expect 0 credence predict part.cred sine.csv
  expect 0 credence fit sine.csv --resume part.cred -o done.cred --threads 2
  cmp -s done.cred whole.cred || fail "after SIG$signal the resumed model differs"
done

# checkpoints do not change the result
expect 0 credence fit sine.csv $slow --checkpoint 0.05 -o checked.cred
cmp -s checked.cred whole.cred || fail "--checkpoint changes the model"

# kill -9 while saving all the time: a whole model or none, and it can be resumed
n_seen=0
for i in 1 2 3 4 5; do
  rm -f killed.cred
  credence fit sine.csv --target y --steps 1000000 --checkpoint 0.001 -q -o killed.cred &
  # the first saving may be killed, or a later one
  wait_for test -e killed.cred.part -o -e killed.cred
  sleep "0.0$((i * i))"
  kill -9 $!
  wait $! 2>/dev/null
  [ -e killed.cred ] || continue
  n_seen=$((n_seen + 1))
  expect 0 credence inspect killed.cred
  says out "can be resumed"
done
[ $n_seen -gt 0 ] || fail "no checkpoint was ever written"
# what a killed writer leaves does not stand in the way
expect 0 credence fit sine.csv --target y --steps 50 --members 1 -o killed.cred
[ ! -e killed.cred.part ] || fail "the file of a killed writer stayed"

# two writers of one model: the second is told
credence fit sine.csv --target y --steps 100 -q -o - >small.cred
flock -x locked.cred.part bash -c 'touch held; until [ -e release ]; do sleep 0.01; done' &
wait_for test -e held
expect 75 credence fit sine.csv --target y --steps 50 -o locked.cred
touch release
wait

# more epochs; the model keeps its own options; the data must be the same
expect 0 credence fit sine.csv --resume small.cred --epochs 200 -o longer.cred
credence inspect longer.cred | grep -q "^  epochs  *200$" || fail "--epochs with --resume"
expect 64 credence fit sine.csv --resume longer.cred --epochs 100
expect 78 credence fit sine.csv --resume longer.cred --learning-rate 0.1
says err "'--learning-rate'"
sed '2s/.$/0/' sine.csv >other.csv
echo "1,1" >>other.csv
expect 65 credence fit other.csv --resume longer.cred
says err "not the table"
expect 66 credence fit sine.csv --resume none.cred -o x.cred
expect 0 credence fit sine.csv --target y --steps 100 --final -o final.cred
expect 78 credence fit sine.csv --resume final.cred
says err "--final"
[ "$(stat -c %s final.cred)" -lt "$(stat -c %s small.cred)" ] || fail "--final is not smaller"

# no place to write to
mkdir locked && chmod 555 locked
if [ "$(id -u)" -ne 0 ]; then # root may write anywhere
  expect 73 credence fit sine.csv --target y --steps 50 -o locked/x.cred
fi
chmod 755 locked
if [ -e /dev/full ]; then
  expect 74 credence fit sine.csv --target y --steps 50 -o /dev/full
  says err "No space left"
fi
finish
