# test_bad_rows.sh -- rows that a model cannot take: advice that can be followed, and rows
# left out or taken for what they are, with their numbers kept.
. "$CLI_TESTS/check.sh"

{ echo "a,k,y"; for i in $(seq 60); do echo "$i.5,$([ $((i % 2)) = 0 ] && echo red || echo blue),$((i % 7)).25"; done; } >good.csv
credence fit good.csv -t y --steps 50 --members 1 -q -o model.cred
expect 0 credence predict model.cred good.csv -o all.csv
sed -e '4s/^[^,]*/abc/' -e '6s/^[^,]*//' -e '9s/,[a-z]*,/,green,/' -e '12s/^[^,]*/1e40/' good.csv >bad.csv

# what each message advises is an option of the command, and helps
for cell in abc '' 1e40; do
  printf 'a,k\n1,red\n%s,red\n' "$cell" >one.csv
  expect 65 credence predict model.cred one.csv
  says err "one.csv:3:1"
  [ "$cell" = 1e40 ] || says err "--bad-rows skip"
  expect 0 credence predict model.cred one.csv --bad-rows skip
  lines out 2
  says err "one.csv: bad rows that are left out: 1"
done
expect 65 credence predict model.cred one.csv --na 1e40
says err "a missing cell in column 'a' (--bad-rows skip leaves such rows out"
printf 'a,k\n1,red\n2,green\n' >one.csv
expect 65 credence predict model.cred one.csv
says err "one.csv:3:2: 'green' is no level of 'k'; it has: blue, red (--unseen none takes it for none of them, --bad-rows skip leaves such rows out)"
expect 0 credence predict model.cred one.csv --unseen none
lines out 3
says err "one.csv: cells with a level that training never saw: 1"

# the others are predicted as if the bad ones were not there, under their numbers
expect 0 credence predict model.cred bad.csv --bad-rows skip
says err "bad.csv: bad rows that are left out: 4"
grep -vE '^(2|4|7|10),' all.csv | cmp -s - out || fail "other predictions, or other numbers"
expect 0 credence predict model.cred bad.csv --bad-rows skip --unseen none
lines out 58
grep -q '^7,' out || fail "the row of an unseen level is lacking"
says err "bad rows that are left out: 3" "level that training never saw: 1"
expect 0 credence predict model.cred bad.csv --bad-rows skip --function-draws --draws 3
lines out 57
# ... in any block
{ cat good.csv; for i in $(seq 5000); do echo "1.5,red,1"; done; echo "x,red,1"; echo "1.5,red,1"; } >long.csv
expect 0 credence predict model.cred long.csv --bad-rows skip --draws 4
tail -n 1 out | grep -q '^5061,' || fail "row numbers behind a bad row"
says err "bad rows that are left out: 1"

# the commands that score
expect 65 credence evaluate model.cred bad.csv
expect 0 credence evaluate model.cred bad.csv --bad-rows skip
says err "bad rows that are left out: 4" "56 rows"
expect 0 credence calibrate model.cred bad.csv --bad-rows skip -o calibrated.cred
# a case that cannot be read is not lost: it is listed in its place, for a person
expect 0 credence triage model.cred bad.csv --bad-rows skip --max-sd 1 --keep a,k -o cases.csv \
  --audit audit.jsonl
lines cases.csv 61
head -n 1 cases.csv | grep -q '^row,decision,sd,sd_epistemic,sd_aleatoric,distance,needs_review,reason,a,k$' ||
  fail "the head: $(head -n 1 cases.csv)"
grep -q '^2,,,,,,yes,bad_row,abc,blue' cases.csv || fail "the line of a bad row: $(sed -n 4p cases.csv)"
cut -d, -f1 cases.csv | tail -n +2 | cmp -s - <(seq 0 59) || fail "the order of the rows"
says out "bad rows         4, for review too"
grep -q '^{"kind":"bad_row","row":2,"needs_review":true' audit.jsonl || fail "a bad row without an id"
grep -q '"cases":56,"bad_rows":4' audit.jsonl || fail "the head of the log: $(head -n 1 audit.jsonl)"
grep -c '"kind":"bad_row"' audit.jsonl | grep -qx 4 || fail "bad rows in the log"
expect 0 credence triage model.cred bad.csv --bad-rows skip --max-sd 1 --json
says out '{"row":2,"decision":null,"needs_review":true,"reason":"bad_row"}'
says err '"bad_rows":4'
expect 0 credence acquire model.cred bad.csv --bad-rows skip -n 56
lines out 57
expect 65 credence evaluate model.cred one.csv --bad-rows skip
printf 'a,k,y\n1,red,\n' >one.csv
expect 65 credence evaluate model.cred one.csv
says err "leave the row out: --bad-rows skip"
expect 65 credence evaluate model.cred one.csv --bad-rows skip
says err "no row is left"

# at the fit there are other ways
expect 65 credence fit bad.csv -t y -o no.cred
says err "--na 'abc' if it means missing, --categorical 'a'"
finish
