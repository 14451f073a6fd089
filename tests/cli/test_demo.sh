# test_demo.sh -- generated tables.
. "$CLI_TESTS/check.sh"

expect 0 credence demo --list
says out "sine"
for name in $(credence demo --list | awk '{ print $1 }'); do
  case $name in digits | shapes | stars) continue ;; esac # pictures: test_pictures.sh
  expect 0 credence demo "$name" --rows 20 -o "$name.csv"
  lines "$name.csv" 21
  lines out 0
  expect 0 credence demo "$name" --rows 10
  head -n 11 "$name.csv" | cmp -s - out || fail "$name: 20 rows do not begin with the 10"
  expect 0 credence demo "$name" --rows 10 --seed 1
  head -n 11 "$name.csv" | cmp -s - out || fail "$name: the default seed is not 1"
  expect 0 credence demo "$name" --rows 10 --seed 2
  head -n 11 "$name.csv" | cmp -s - out && fail "$name: the seed changes nothing"
done
expect 0 credence demo sine --grid -o grid.csv
says grid.csv "y_true"

# a drawn seed is printed, and makes the same table again
expect 0 credence demo sine --rows 5 --seed random -o a.csv
seed=$(sed -n 's/^credence: seed //p' err)
[ -n "$seed" ] || fail "the drawn seed is not printed"
expect 0 credence demo sine --rows 5 --seed "$seed" -o b.csv
cmp -s a.csv b.csv || fail "the printed seed makes another table"
expect 0 credence demo sine --rows 5 --seed random -q
lines err 0

expect 64 credence demo
expect 64 credence demo sinus
says err "did you mean" "run 'credence demo --help'"
expect 64 credence demo sine --rows 0
says err "expected a whole number from 1"
expect 64 credence demo sine --noise -1
says err "expected a number >= 0"
expect 73 credence demo sine -o no/such/folder.csv
expect 73 credence demo sine -o .
if [ -w /dev/full ]; then expect 74 credence demo sine -o /dev/full; fi

# a failure leaves the old file
echo old >kept.csv
expect 64 credence demo sinus -o kept.csv
[ "$(cat kept.csv)" = old ] || fail "a failure touched the old file"
[ ! -e kept.csv.part ] || fail "a temporary file is left"
finish
