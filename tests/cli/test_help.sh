# test_help.sh -- every command has help, a man page without warnings, completion.
. "$CLI_TESTS/check.sh"

commands=$(credence help --list)
[ -n "$commands" ] || fail "no commands"
for command in $commands; do
  expect 0 credence "$command" --help
  says out "usage: credence $command" "Examples:" "--help"
  lines err 0
  cp out page
  expect 0 credence help "$command"
  cmp -s out page || fail "help $command differs from $command --help"
  wide=$(awk 'length > 79' page)
  [ -z "$wide" ] || fail "$command --help is wider than 79: $wide"
  [ "$(tail -c1 page | od -An -c | tr -d ' ')" = '\n' ] || fail "$command: no last newline"
  grep -n ' $' page && fail "$command: blanks at the end of a line"

  expect 0 credence help --man "$command"
  says out ".TH CREDENCE-${command^^} 1"
  if command -v groff >/dev/null; then
    groff -man -Tutf8 -ww out >page 2>err || fail "groff: $command"
    lines err 0
  fi
done
expect 0 credence help --man
says out ".TH CREDENCE 1"

expect 0 credence help --completion bash
bash -n out || fail "the completion is not valid shell"
complete_words() { # the words offered for the last of these
  bash -c '. ./out; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _credence
           printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
[ "$(complete_words credence hel)" = help ] || fail "completion of a command"
[ "$(complete_words credence help --qu)" = --quiet ] || fail "completion of an option"
[ "$(complete_words credence plot par)" = parity ] || fail "completion of a figure"
[ "$(complete_words credence demo moo)" = moons ] || fail "completion of a table"
[ "$(complete_words credence fit a.csv --likelihood het)" = heteroscedastic ] ||
  fail "completion of a likelihood"
[ "$(complete_words credence fit a.csv --posterior dro)" = dropout ] || fail "completion of a choice"
[ "$(complete_words credence fit a.csv -p dro)" = dropout ] || fail "completion of a short option"
[ "$(complete_words credence fit a.csv --estimator flip)" = flipout ] || fail "completion of an estimator"
[ -z "$(complete_words credence predict par)" ] || fail "files where they belong"
[ "$(complete_words credence help hel)" = help ] || fail "completion of help's argument"
finish
