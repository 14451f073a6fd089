# test_paths.sh -- no command writes over a file that it reads.
. "$CLI_TESTS/check.sh"

credence demo sine --rows 60 -o sine.csv
credence demo moons --rows 60 -o moons.csv
credence fit sine.csv --target y --steps 20 --members 1 -q -o model.cred
credence fit moons.csv --target label --steps 20 --members 1 -q -o moons.cred
mkdir sub
ln -s ../sine.csv sub/link.csv
ln sine.csv hard.csv
cat sine.csv moons.csv model.cred moons.cred | cksum >before

# refuses COMMAND... : 64, the reason, and nothing has changed
refuses() {
  expect 64 credence "$@"
  says err "would be overwritten by --"
  cat sine.csv moons.csv model.cred moons.cred | cksum | cmp -s - before || fail "$*: changed a file"
}
refuses predict model.cred sine.csv -o model.cred
says err "model.cred: is read as MODEL and would be overwritten by --output: give another name"
refuses predict model.cred sine.csv -o sine.csv
says err "sine.csv: is read as DATA"
refuses predict model.cred sine.csv -o ./sub/../sine.csv
refuses predict model.cred sine.csv -o sub/link.csv
refuses predict model.cred sub/link.csv -o sine.csv
refuses predict model.cred sine.csv -o hard.csv
refuses fit sine.csv -t y -o sine.csv
refuses fit sine.csv -t y --hold-out 0.2 --hold-out-file sine.csv -o new.cred
refuses fit sine.csv --resume model.cred --epochs 900 -o sine.csv
seq 0 9 >rows.txt
refuses fit sine.csv -t y --train-rows rows.txt -o rows.txt
says err "is read as --train-rows"
refuses evaluate model.cred sine.csv -o sine.csv
refuses evaluate model.cred sine.csv --plot model.cred
refuses evaluate model.cred sine.csv --ood hard.csv -o sub/link.csv
refuses calibrate model.cred sine.csv -o sine.csv
refuses plot band model.cred --data sine.csv -o sine.csv
refuses plot parity model.cred sine.csv -o model.cred
refuses plot parity model.cred moons.csv sine.csv -o sine.csv
refuses acquire moons.cred moons.csv -o moons.csv
refuses acquire moons.cred moons.csv --scores moons.cred
refuses triage moons.cred moons.csv --min-confidence 0.8 -o moons.csv
refuses triage moons.cred moons.csv --min-confidence 0.8 --keep-rule moons.csv

# ... by a name that is derived; where it is free, it is used
cp sine.csv taken.rows
expect 64 credence fit taken.rows -t y --hold-out 0.2 -o taken.cred
says err "taken.rows: is read, and would be overwritten by the rows left out"
expect 0 credence fit sine.csv -t y --hold-out 0.2 --steps 20 --members 1 -o held.cred
lines held.rows 12
expect 0 credence evaluate held.cred sine.csv --rows-file held.rows
expect 64 credence fit sine.csv -t y --hold-out 0.2 -o -

# streams are files too
cp sine.csv piped.csv
credence predict model.cred - -o piped.csv <piped.csv 2>err
[ $? -eq 64 ] || fail "an input on standard input was overwritten"
says err "is read as DATA"
cp sine.csv appended.csv
credence predict model.cred appended.csv >>appended.csv 2>err
[ $? -eq 64 ] || fail "predictions behind the rows they are of"
says err "appended.csv: is read as DATA"
cmp -s sine.csv appended.csv || fail "standard output went into the input"

# two outputs are two files
expect 64 credence acquire moons.cred moons.csv --scores same.csv -o same.csv
says err "same.csv: is written by --output and by --scores: give another name"
[ ! -e same.csv ] || fail "a file was written"

# a model may take the place of the one it comes from; words are no files
expect 0 credence calibrate model.cred sine.csv -o model.cred -q
expect 0 credence triage moons.cred moons.csv --min-confidence 0.8 --keep-rule moons.cred
expect 0 credence triage moons.cred moons.csv -o cases.csv
expect 0 credence fit sine.csv --resume model.cred --epochs 40 -o model.cred
expect 0 credence predict model.cred sine.csv -o out.csv
expect 0 credence predict model.cred sine.csv -o out.csv
expect 0 credence predict model.cred sine.csv -o /dev/null
echo x >sine
expect 0 credence demo sine -o sine
finish
