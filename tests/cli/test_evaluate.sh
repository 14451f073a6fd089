# test_evaluate.sh -- scores, verdicts, calibration, and what is said of wrong rows.
. "$CLI_TESTS/check.sh"

fit="--hidden 8 --members 1 --epochs 30 -q"
credence demo sine --rows 200 -o sine.csv
credence demo sine --rows 150 --seed 2 -o new.csv
credence demo sine --rows 150 --seed 3 -o test.csv
expect 0 credence fit sine.csv -t y $fit --hold-out 0.3 --hold-out-file test.rows -o m.cred
expect 0 credence evaluate m.cred test.csv --draws 10
says out "what it means" "rmse" "coverage90" "width90"
says err "150 rows" "verdict: "
lines out 11
cp out first
for threads in 1 3; do
  expect 0 credence evaluate m.cred test.csv --draws 10 --threads $threads
  cmp -s out first || fail "scores depend on the number of threads"
done
expect 0 credence evaluate m.cred test.csv --draws 10 -o file.txt
[ -s out ] && fail "-o also writes to standard output"
cmp -s file.txt first || fail "-o writes something else"

# JSON Lines; --stable leaves the paths out
expect 0 credence evaluate m.cred test.csv --draws 10 --json
lines out 11
grep -qv '^{.*}$' out && fail "a line of JSON is no object"
tail -n 1 out | grep -q '"kind":"verdict".*"rows":150.*"data":"test.csv"' || fail "verdict"
credence evaluate m.cred - --draws 10 --json --stable <test.csv >piped 2>/dev/null
credence evaluate m.cred test.csv --draws 10 --json --stable >named 2>/dev/null
cmp -s piped named || fail "--stable differs between a file and standard input"

# rows of the table: those held out give no warning, the others do
expect 0 credence evaluate m.cred sine.csv --rows-file test.rows
says err "60 rows"
grep -q "was fitted to" err && fail "a warning on held-out rows"
expect 0 credence evaluate m.cred sine.csv
says err "the model was fitted to 140 of these rows"
expect 0 credence evaluate m.cred test.csv --bootstrap 0
grep -q '^rmse .* -  ' out || fail "--bootstrap 0 still gives errors"

# rows of another kind; targets are not needed
printf 'x\n90\n91\n95\n' >far.csv
expect 0 credence evaluate m.cred test.csv --ood far.csv --draws 100
says out "rmse" "auroc_sd " "fpr95_sd_epistemic"
says err "153 rows" "tells outside rows apart"
expect 0 credence evaluate m.cred far.csv --ood test.csv --draws 10
grep -q rmse out && fail "scores without targets"
if command -v gnuplot >/dev/null; then
  expect 0 credence evaluate m.cred test.csv --plot curve.txt --draws 10
  [ -s curve.txt ] || fail "no figure"
fi

# two numbers alone are more likely classes
awk -F, -v OFS=, 'NR > 1 { $2 = $2 > 0 ? 1 : 0 } { print }' sine.csv >zero-one.csv
expect 0 credence fit zero-one.csv -t y --task number $fit -o zero-one.cred
expect 0 credence evaluate zero-one.cred zero-one.csv --draws 10
says err "'y' is 0 or 1 in every row" "fit with --task class"

# a noise that is far too small: a negative verdict, and calibration
expect 0 credence fit sine.csv -t y $fit --noise 0.01 -o narrow.cred
expect 1 credence evaluate narrow.cred test.csv --require-calibrated
says err "not calibrated" "too narrow" "credence calibrate"
expect 0 credence evaluate narrow.cred test.csv
expect 0 credence calibrate narrow.cred new.csv -o wide.cred
says out "factor on the sd" "coverage before" "interval, in sd"
says err "next: credence evaluate wide.cred"
expect 0 credence evaluate wide.cred test.csv --require-calibrated
says out "conformal_coverage" "conformal_width"
says err "verdict: calibrated"
expect 0 credence calibrate wide.cred new.csv -o again.cred
says err "the new calibration takes its place"
cmp -s wide.cred again.cred || fail "a second calibration is not the first one again"
expect 0 credence calibrate narrow.cred new.csv --no-temperature --json -o plain.cred
says out '"temperature":1.0' '"rows":150'
expect 0 credence calibrate narrow.cred sine.csv -o seen.cred
says err "was fitted to 200 of these rows"

# classes
credence demo moons --rows 150 -o moons.csv
credence demo moons --rows 150 --seed 2 -o moons2.csv
expect 0 credence fit moons.csv -t label $fit -o c.cred
expect 0 credence calibrate c.cred moons2.csv --set aps --coverage 0.8 -o c.cred
says out "temperature" "threshold of sets"
expect 0 credence evaluate c.cred moons2.csv --bins 10
says out "accuracy" "brier" "ece_adaptive" "auroc_error" "set_coverage" "set_size"

# what is wrong is said
printf 'z,y\n1,2\n' >columns.csv
expect 65 credence evaluate m.cred columns.csv
says err "'x'"
expect 65 credence evaluate m.cred far.csv
says err "'y'"
expect 65 credence calibrate m.cred far.csv -o x.cred
head -n 9 new.csv >few.csv
expect 65 credence calibrate m.cred few.csv -o x.cred
says err "8 rows are too few for a coverage of 0.9, which takes at least 9"
expect 64 credence calibrate m.cred new.csv
says err "-o MODEL"
expect 64 credence calibrate m.cred new.csv --coverage 1.5 -o x.cred
expect 64 credence evaluate m.cred test.csv --bins 0
expect 66 credence evaluate missing.cred test.csv
expect 66 credence evaluate m.cred missing.csv
expect 65 credence evaluate test.csv test.csv
echo 999 >wrong.rows
expect 65 credence evaluate m.cred test.csv --rows-file wrong.rows
[ -e x.cred ] && fail "a failed calibration wrote a model"
# a command that has nothing to save ends by the first signal (killed if it does not)
credence demo sine --rows 2000 -o long.csv
credence fit long.csv -t y --steps 50 --members 2 -q -o long.cred
for signal in INT TERM; do
  number=$([ $signal = INT ] && echo 130 || echo 143)
  status=0
  timeout -s $signal --kill-after 10 --preserve-status 1 \
    credence evaluate long.cred long.csv --draws 200000 >/dev/null 2>&1 || status=$?
  [ $status -eq $number ] || fail "evaluate ended with $status after SIG$signal"
done

finish
