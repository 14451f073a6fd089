# test_examples.sh -- the examples of every command's help run, in a new folder each.
. "$CLI_TESTS/check.sh"

for command in $(credence help --list); do
  mkdir "$command"
  credence help --examples "$command" >"$command.sh"
  [ -s "$command.sh" ] || fail "$command has no examples"
  (cd "$command" && bash -eu -o pipefail "../$command.sh" >../out 2>../err </dev/null) ||
    { fail "the examples of $command"; cat "$command.sh" err; }
done
finish
