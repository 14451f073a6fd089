# test_triage.sh -- rules given, chosen and kept; reports; the audit log; what is wrong.
. "$CLI_TESTS/check.sh"

fit="--hidden 8 --members 2 --epochs 40 -q"
credence demo moons --rows 200 -o moons.csv
credence demo moons --rows 300 --seed 2 -o known.csv
credence demo moons --rows 100 --seed 3 -o new.csv
expect 0 credence fit moons.csv -t label $fit -o m.cred

expect 0 credence triage m.cred new.csv --min-confidence 0.8
lines out 101
says out "row,decision,confidence,entropy,mutual_information,sd_logit,distance,needs_review,reason"
says err "review where the confidence is below 0.8" "AURC" "kept: true"
awk -F, 'NR > 1 && ($3 < 0.8) != ($8 == "yes")' out | grep -q . && fail "not the limit asked for"
awk -F, 'NR > 1 && ($8 == "yes") != ($9 != "")' out | grep -q . && fail "a review without a reason"
cp out first
for threads in 1 3; do
  expect 0 credence triage m.cred new.csv --min-confidence 0.8 --threads $threads
  cmp -s out first || fail "cases depend on the number of threads"
done
expect 0 credence triage m.cred new.csv --min-confidence 0.8 -o cases.csv
cmp -s cases.csv first || fail "-o writes something else"
says out "reviewed"

# without targets: decisions, no scores, no figure
cut -d, -f1,2 new.csv >blind.csv
expect 0 credence triage m.cred blind.csv --min-confidence 0.8
cmp -s out first || fail "known targets change the decisions"
grep -q AURC err && fail "scores without targets"
expect 78 credence triage m.cred blind.csv --min-confidence 0.8 --plot x.txt
says err "'label'"

# a budget, in two notations
expect 0 credence triage m.cred new.csv --review-rate 10% --json
[ "$(grep -c '"needs_review":true' out)" -eq 10 ] || fail "10 % of 100 are 10"
cp out percent
expect 0 credence triage m.cred new.csv --review-rate 0.1 --json
cmp -s out percent || fail "10% and 0.1 differ"
expect 0 credence triage m.cred new.csv --review-rate 10% --doubt mutual_information
says err "the mutual information is above"

# a bound, kept in the model, and its audit log
expect 0 credence triage m.cred new.csv --max-error 8% --calibration known.csv \
  --keep-rule ruled.cred --audit a.jsonl -o cases.csv
says out "with confidence 0.95, of the cases kept at most 0.08 are wrong"
expect 0 credence triage ruled.cred new.csv --audit b.jsonl -o again.csv --threads 1
cmp -s cases.csv again.csv || fail "the kept rule decides otherwise"
cmp -s a.jsonl b.jsonl || fail "the audit log is not the same"
lines a.jsonl 102
head -n 1 a.jsonl | grep -q '"kind":"triage","model":"[0-9a-f]\{16\}","data":"[0-9a-f]\{16\}"' ||
  fail "the head of the log"
expect 0 credence inspect ruled.cred
says out "rule: review where"
expect 78 credence triage ruled.cred new.csv --draws 7
says err "'--draws' belongs to the rule"
expect 0 credence calibrate ruled.cred known.csv -o calibrated.cred
says err "its rule of triage was chosen for other probabilities"
expect 78 credence triage calibrated.cred new.csv
says err "the model keeps none"

# a class of its own; costs
expect 0 credence triage m.cred new.csv --max-miss 0.15 --positive upper \
  --calibration known.csv -o cases.csv
says out "at most 0.15 of class 'upper' are missed"
expect 0 credence triage m.cred new.csv --costs 1,10,0.5 --positive upper -o cases.csv
says out "the expected cost is above 0.5 (wrongly 'upper' 1, wrongly not 10)" "cost a case"
expect 0 credence triage m.cred new.csv --outlier-rate 2% --calibration known.csv
says err "the distance is above"
seq 0 149 >half.rows
expect 0 credence triage m.cred known.csv --review-rate 0.2 --calibration-rows half.rows \
  --rows-file half.rows -o cases.csv
says out "reviewed         30 of 150"

# numbers
credence demo sine --rows 150 -o sine.csv
credence demo sine --rows 200 --seed 2 -o sine2.csv
expect 0 credence fit sine.csv -t y $fit -o s.cred
expect 0 credence triage s.cred sine2.csv --max-sd 0.3
says out "row,decision,sd,sd_epistemic,sd_aleatoric,distance,needs_review,reason"
says err "rmse"
expect 0 credence triage s.cred sine2.csv --max-error 0.3 --tolerance 0.7 \
  --calibration sine2.csv -o cases.csv
says out "wrong by more than 0.7"
if command -v gnuplot >/dev/null; then
  expect 0 credence triage m.cred new.csv --review-rate 10% --plot curve.txt
  [ -s curve.txt ] || fail "no figure"
fi

# what is wrong is said
expect 65 credence triage m.cred new.csv --max-error 0.001 --calibration known.csv
says err "300 calibration rows are too few" "takes at least 2995"
expect 78 credence triage m.cred new.csv --max-error 0.05
says err "--calibration FILE"
expect 65 credence triage m.cred new.csv --max-error 0.05 --calibration blind.csv
says err "'label'"
expect 78 credence triage m.cred new.csv
says err "no rule" "--review-rate"
expect 65 credence triage m.cred new.csv --costs 1,1,1 --positive uper
says err "'uper' is no class" "did you mean 'upper'?"
expect 64 credence triage m.cred new.csv --costs 1,2
says err "expected three"
expect 64 credence triage m.cred new.csv --review-rate 150%
expect 64 credence triage m.cred new.csv --review-rate lots
expect 64 credence triage m.cred new.csv --min-confidence 2
expect 78 credence triage m.cred new.csv --review-rate 0.1 --costs 1,1,1
expect 78 credence triage s.cred sine2.csv --min-confidence 0.8
says err "use a largest sd"
expect 78 credence triage s.cred sine2.csv --max-error 0.3 --calibration sine2.csv
says err "tolerance"
expect 65 credence triage s.cred sine2.csv --max-sd 1 --target z
printf 'z,label\n1,upper\n' >columns.csv
expect 65 credence triage m.cred columns.csv --min-confidence 0.8
says err "x1"
printf 'x1,x2,label\n0,0,middle\n' >unknown.csv
expect 65 credence triage m.cred unknown.csv --min-confidence 0.8
says err "middle"
expect 0 credence triage m.cred moons.csv --max-error 0.2 --calibration moons.csv -o cases.csv
says err "was fitted to 200 of the calibration rows"
finish
