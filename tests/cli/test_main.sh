# test_main.sh -- mistakes, exit codes, closed and full outputs.
. "$CLI_TESTS/check.sh"

# three lines and 64
expect 64 credence hepl
lines err 3
says err "credence: unknown command 'hepl'" "did you mean 'help'?" "run 'credence help'"
lines out 0
expect 64 credence help --lits
lines err 3
says err "credence help: unknown option '--lits'" "did you mean '--list'?" \
  "run 'credence help --help'"
expect 64 credence --versoin
says err "did you mean '--version'?"
expect 64 credence
expect 64 credence help nothing-like-it
expect 64 credence help help help
says err "unexpected argument 'help'"
expect 64 credence help list
expect 64 credence help help list
says err "did you mean '--list'?"

for words in --help -h help "help help" "help --help" "help -h x"; do
  expect 0 credence $words
  says out "usage: credence"
  lines err 0
done
for words in --version "help --version"; do
  expect 0 credence $words
  says out "credence " "commit: " "build: " "instruction set: " "zlib" "libpng" "jansson"
done

# output that cannot be written
if [ -w /dev/full ]; then
  credence help >/dev/full 2>err
  [ $? -eq 74 ] || fail "a full disk is not 74"
  says err "standard output"
fi
credence help >&- 2>err
[ $? -eq 74 ] || fail "a closed standard output is not 74"
credence help --completion bash 2>err | true
got=${PIPESTATUS[0]}
[ "$got" -eq 0 ] || [ "$got" -eq 74 ] || [ "$got" -eq 141 ] || fail "a closed pipe: $got"
# a reader that has gone is no fault to tell of: the end of other programs in a pipe
if [ "$(bash -c 'yes | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}')" -eq 141 ]; then
  credence demo sine --rows 100000 2>err | head -n 1 >/dev/null
  got=${PIPESTATUS[0]}
  [ "$got" -eq 141 ] || fail "a reader that has gone: $got, expected 141"
  lines err 0
fi
rm -f closed
(
  trap '' PIPE
  until [ -e closed ]; do sleep 0.01; done
  credence help 2>err
  echo $? >status
) | {
  exec <&-
  touch closed
}
[ "$(cat status)" -eq 74 ] || fail "a pipe without reader is not 74: $(cat status)"
credence help >out 2>&- || fail "closed standard error"

# fast enough to be asked for by a prompt: 5 ms (50 with sanitizers), unless something else
# has the processor: the best of fifty at most
best=1000000
for _ in $(seq 50); do
  begin=$(date +%s%N)
  credence --version >out
  t=$((($(date +%s%N) - begin) / 1000))
  [ $t -lt $best ] && best=$t
  [ $best -lt 50000 ] && break
done
[ $best -lt 50000 ] || fail "--version takes $best us"
echo "--version: $best us"
finish
