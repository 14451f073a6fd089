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

# what it advises can be done, and looked at again; the next command has it too
{ echo "id,date,big,x,n,y"
  for i in $(seq 60); do
    echo "$i,2024-$((i % 12 + 1))-$((i % 28 + 1)),${i}e30,$((i * 7 % 13)).5,$([ $i = 7 ] || echo $((i % 5)).5),$((i * 7 % 41))"
  done; } >odd.csv
expect 0 credence check-data odd.csv -t y
says out "column 'id' counts the rows (an identifier? --id or --ignore)" "column 'date' looks like dates" \
  "1 of 60 cells of column 'n' are missing" "are they counts? then --task count"
grep -q "'big'" out && fail "numbers of 1e30 are no identifiers"
expect 0 credence check-data odd.csv -t y --id id --ignore date --missing mean --task count --strict
says out "warnings: 0" "credence fit odd.csv --target y --task count --ignore date --id id --missing mean -o model.cred"
expect 1 credence check-data odd.csv -t x --task count
says out "is not a count (0, 1, 2, ...)"
expect 0 credence fit odd.csv -t y --missing mean --steps 20 --members 1 -o odd.cred
says err "the input 'id' counts the rows: is it an identifier?" "the input 'date' looks like dates" \
  "next: credence fit ... --ignore date, or --id date"
expect 0 credence fit odd.csv -t y --id id --ignore date --missing mean --steps 20 --members 1 -o odd.cred
grep -q "looks like\|identifier" err && fail "a warning of columns that are no inputs"

# names, numbers of things, and the file's name once
printf '"a,b",c,y\n1,2,3\n2,3,5\n' >comma.csv
expect 0 credence check-data comma.csv --ignore '"a,b"' -t y
says out "2 rows, 3 columns"
expect 65 credence check-data comma.csv --ignore a,b
says err "there is no column 'a'; a name with a comma is written in quotes: '\"a,b\"'"
expect 65 credence check-data comma.csv -t nothing
says err "there is no column 'nothing'; it has 'a,b', 'c', 'y'"
echo a,b >header.csv
expect 1 credence check-data header.csv
says out "error: header.csv: there are no rows"
printf 'a,b\n1\n1,2\n' >ragged.csv
expect 1 credence check-data ragged.csv
says out "error: ragged.csv:2: 1 cell, 2 expected as in line 1" "ragged.csv: 1 row, 2 columns" "1 row for 2 columns is few"
expect 64 credence demo sien
says err "credence demo: there is no table 'sien'; did you mean 'sine'?"

# how the table is read
printf '1;n/a;3\n4;5;6\n7;8;9\n' >plain.txt
expect 0 credence check-data plain.txt --format csv --separator ';' --no-header --na n/a
says out "3 rows, 3 columns" "c3"
printf 'a\tb\n1\t2\n3\t4\n' >tabs.txt
expect 0 credence check-data tabs.txt --format csv --separator tab
says out "2 rows, 2 columns"
expect 0 credence check-data good.csv --categorical x
grep -q '^x  *categorical' out || fail "--categorical has no effect"

# the command it ends with has what it advised, and works
awk 'BEGIN { print "patient,age,dose,ill"
  for (i = 0; i < 60; i++)
    printf "P%03d,%d,%s,%d\n", i, 20 + i * 7 % 60, (i % 9 ? i % 4 : ""), i % 3 == 0 }' >med.csv
expect 0 credence check-data med.csv -t ill
says out "next: credence fit med.csv --target ill --id patient --missing indicator --task class -o"
expect 0 bash -c "$(sed -n 's/^next: //p' out) --steps 20 --members 2 -q"
expect 0 credence check-data med.csv -t ill --id patient --missing mean --task number
says out "next: credence fit med.csv --target ill --task number --id patient --missing mean -o"
# a target of two numbers is a number, and that is said
expect 0 credence fit med.csv -t ill --id patient --missing mean --steps 20 --members 2 -o ill.cred
says err "the target 'ill' has two different numbers alone" "next: credence fit ... --task class"
expect 0 credence fit med.csv -t ill --id patient --missing mean --steps 20 --members 2 -o ill.cred --task number
grep -q "two different numbers" err && fail "a task that was given is doubted"
expect 78 credence triage ill.cred med.csv --min-confidence 80%
says err "fit again with --task class"
finish
