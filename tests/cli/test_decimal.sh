# test_decimal.sh -- tables with decimal commas: seen, refused, read by --decimal.
. "$CLI_TESTS/check.sh"

{ echo "x;k;y"; for i in $(seq 300); do echo "$i,5;$((i % 3));$((i * 7 % 1000)),$((i % 97))"; done; } >comma.csv
tr , . <comma.csv >point.csv
expect 1 credence check-data comma.csv -t y
says out "2 columns have numbers with a decimal comma: 'x', 'y' (--decimal ,)" "training would fail"
expect 65 credence fit comma.csv -t y -o no.cred
says err "comma.csv:2:3: '7,1' is not a number in column 'y' (use --decimal , if numbers have commas"
[ ! -e no.cred ] || fail "a model of classes was fitted"
expect 65 credence fit comma.csv -t k -o no.cred
says err "comma.csv:2:1: '1,5' is not a number in column 'x' (use --decimal ,"
expect 0 credence check-data comma.csv -t y --decimal ,
says out "credence fit comma.csv --target y --decimal ',' -o model.cred"

# the same numbers are the same model and the same predictions, whatever the locale
expect 0 credence fit comma.csv -t y --steps 50 --members 1 --decimal , -q -o model.cred
expect 0 credence fit point.csv -t y --steps 50 --members 1 -q -o same.cred
expect 0 credence predict model.cred comma.csv --decimal=, -o comma_out.csv
expect 0 credence predict same.cred point.csv -o point_out.csv
cmp -s comma_out.csv point_out.csv || fail "another mark gives other predictions"
LC_ALL=de_DE.UTF-8 credence predict model.cred point.csv >out || fail "a locale changes the reader"
expect 65 credence predict model.cred comma.csv
says err "comma.csv:2:1: '1,5' is not a number in column 'x' (use --decimal , if numbers have commas"
expect 65 credence predict model.cred point.csv --decimal ,
says err "it has a decimal point, --decimal is ','"
expect 64 credence predict model.cred point.csv --decimal comma
says err "option '--decimal' is 'comma', expected '.' or ','"

# a number that turned into classes by other words
{ echo "x,y"; for i in $(seq 300); do echo "$i,w$i"; done; } >words.csv
expect 65 credence fit words.csv -t y -o no.cred
says err "the target 'y' has 300 classes in 300 rows" "it cannot be learned as a class" "--na WORD"
{ echo "x,y"; for i in $(seq 300); do echo "$i,$i.25"; done; } >numbers.csv
expect 65 credence fit numbers.csv -t y --task class -o no.cred
says err "leave --task class out"
finish
