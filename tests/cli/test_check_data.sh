# test_check_data.sh -- what is said of good, odd and broken tables.
. "$CLI_TESTS/check.sh"

credence demo sine --rows 100 -o good.csv
expect 0 credence check-data good.csv --target y
says out "good.csv: 100 rows, 2 columns" "numeric" "verdict:" "errors: 0"
cp out first
expect 0 credence check-data good.csv --target y
cmp -s out first || fail "the same command prints something else"
credence check-data - --target y --stable <good.csv >piped || fail "standard input"
credence check-data good.csv --target y --stable >named
cmp -s piped named || fail "--stable differs between a file and standard input"

# a negative verdict is 1; --strict takes warnings for it
printf 'a,y\n1,2\n3\n4,5\n' >ragged.csv
expect 1 credence check-data ragged.csv
says out "ragged.csv:3" "verdict: training would fail"
{ echo "a,constant,y"; for i in $(seq 40); do echo "$i.5,7,$((i * i % 17)).25"; done; } >odd.csv
expect 0 credence check-data odd.csv
says out "warning: " "'constant'"
expect 1 credence check-data odd.csv --strict

# JSON Lines: every line is an object, the last one the verdict
expect 1 credence check-data ragged.csv --json
tail -n 1 out | grep -q '^{"kind":"verdict".*"errors":1' || fail "no verdict in the JSON"
grep -qv '^{.*}$' out && fail "a line of JSON is no object"

expect 64 credence check-data
says err "DATA is missing"
expect 66 credence check-data missing.csv
expect 65 credence check-data good.csv --target Y2
says err "'Y2'"
expect 64 credence check-data good.csv --separator xx
expect 78 credence check-data good.csv --header --no-header
expect 64 credence check-data good.csv --format cvs
says err "did you mean '--format csv'?"

# how the table is read
printf '1;n/a;3\n4;5;6\n7;8;9\n' >plain.txt
expect 0 credence check-data plain.txt --format csv --separator ';' --no-header --na n/a
says out "3 rows, 3 columns" "c3"
printf 'a\tb\n1\t2\n3\t4\n' >tabs.txt
expect 0 credence check-data tabs.txt --format csv --separator tab
says out "2 rows, 2 columns"
expect 0 credence check-data good.csv --categorical x
grep -q '^x  *categorical' out || fail "--categorical has no effect"
finish
