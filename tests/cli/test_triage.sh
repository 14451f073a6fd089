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

# of two limits on one doubt the stricter counts, however they came
kept_below() { # CONFIDENCE: no case below it is kept
  awk -F, -v least="$1" 'NR > 1 && $3 < least && $8 == "no"' "$2" | grep -q . &&
    fail "cases below $1 are kept"
}
expect 0 credence triage m.cred new.csv --max-error 8% --calibration known.csv --min-confidence 75%
kept_below 0.75 out
says err "the confidence is below 0.75; with confidence 95 %"
expect 0 credence triage m.cred new.csv --review-rate 10% --min-confidence 0.99
kept_below 0.99 out
says err "--review-rate 10% alone would review fewer"
expect 0 credence triage m.cred new.csv --review-rate 0.1 --min-confidence 0.01
[ "$(grep -c ',yes,' out)" -eq 10 ] || fail "the budget is stricter here"
expect 0 credence triage m.cred new.csv --doubt distance --review-rate '1 %' --max-distance 0.5
awk -F, 'NR > 1 && $7 > 0.5 && $8 == "no"' out | grep -q . && fail "cases beyond the distance are kept"

# a case far from all that was seen, kept or not
printf 'x1,x2\n400,-300\n0,0\n' >far.csv
expect 0 credence triage m.cred far.csv --min-confidence 0.5
says err "1 case is kept far outside the training rows, such as row 0" "--max-distance 3"
expect 0 credence triage m.cred far.csv --min-confidence 0.5 --max-distance 3
grep -q "far outside" err && fail "a case that is reviewed is called kept"

expect 65 credence triage m.cred new.csv --max-error 8% --calibration known.csv --min-confidence 1
says err "none of the 300 calibration rows is within the limit on confidence that is given"
# outcomes that are known of some cases only
awk -F, -v OFS=, 'NR > 1 && NR % 4 { $3 = "" } { print }' new.csv >some.csv
expect 0 credence triage m.cred some.csv --min-confidence 0.8
cmp -s out first || fail "known targets change the decisions"
says err "the outcome is known of 25 of 100 cases"
expect 0 credence triage m.cred some.csv --min-confidence 0.8 --json -o cases.jsonl
says out '"cases":100' '"known":25'
awk -F, -v OFS=, 'NR > 1 { $3 = "" } { print }' new.csv >empty.csv
expect 0 credence triage m.cred empty.csv --min-confidence 0.8
cmp -s out first || fail "an empty target changes the decisions"
grep -q AURC err && fail "scores without targets"
expect 65 credence triage m.cred new.csv --max-error 0.1 --calibration some.csv
says err "a missing cell in column 'label'"

# a bound, kept in the model, and its audit log
expect 0 credence triage m.cred new.csv --max-error 8% --calibration known.csv \
  --keep-rule ruled.cred --audit a.jsonl -o cases.csv
says out "with confidence 95 %, of the cases kept at most 8 % are wrong"
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
for option in "--calibration known.csv" "--positive upper" "--doubt entropy" "--tolerance 1"; do
  expect 78 credence triage ruled.cred new.csv $option
  grep -q "which the model keeps\|and the model keeps one" err || { fail "$option"; cat err; }
done
expect 0 credence triage ruled.cred new.csv --min-confidence 0.9
says err "the model keeps a rule of its own, which is not applied"
expect 78 credence triage m.cred new.csv --tolerance 1 --min-confidence 0.9
says err "is of numbers"
# the distance tightens the rule, and the proof is said of the rule alone
expect 0 credence triage ruled.cred new.csv -o kept.csv
expect 0 credence triage ruled.cred new.csv --max-distance 1.2 --keep-rule tight.cred -o tight.csv
says err "what was proved holds for the rule alone"
says out "or the distance is above 1.2"
grep -q proved out && fail "a tightened rule is said to be proved"
review_of() { awk -F, -v n="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR > 1 && ($at["needs_review"] == "yes") == n { print $1 }' "$2"; }
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
  $at["distance"] > 1.2 { print $1 }' kept.csv | sort - <(review_of 1 kept.csv) | uniq >wanted
[ -s wanted ] && sort <(review_of 1 tight.csv) | cmp -s - wanted || fail "another review than by both limits"
expect 0 credence triage tight.cred new.csv -o again.csv
cmp -s tight.csv again.csv || fail "the tightened rule is not kept"
# the log names the model as inspect does, and counts the rows it cannot read
expect 0 credence triage m.cred new.csv --min-confidence 0.8 --audit log.jsonl -o cases.csv
expect 0 credence inspect m.cred
digest=$(sed -n 's/^digest: \([0-9a-f]*\) .*/\1/p' out)
[ ${#digest} -eq 16 ] && grep -q "\"model\":\"$digest\"" log.jsonl || fail "another digest than in the log"
grep -q '"bad_rows":0' log.jsonl || fail "the log does not count bad rows"
expect 0 credence inspect m.cred --json
says out "\"digest\":\"$digest\""
# a number far out is far whatever else is in the row: a column of many levels counts once
awk 'BEGIN { print "a,k,y"; for (i = 0; i < 200; i++) print (i % 20) / 10 ",l" i % 40 "," (i % 20 > 9 ? "yes" : "no") }' >levels.csv
expect 0 credence fit levels.csv -t y --hidden 4 --members 1 --steps 50 -q -o levels.cred
printf 'a,k\n1,l3\n7,l3\n' >far.csv
expect 0 credence triage levels.cred far.csv --max-distance 3 -o cases.csv
[ "$(cut -d, -f"$(head -n 1 cases.csv | tr , '\n' | grep -n needs_review | cut -d: -f1)" cases.csv | tr '\n' ' ')" = "needs_review no yes " ] ||
  fail "levels dilute the distance: $(cat cases.csv)"
expect 0 credence calibrate ruled.cred known.csv -o calibrated.cred
says err "its rule of triage was chosen for other probabilities"
expect 78 credence triage calibrated.cred new.csv
says err "the model keeps none"

# a class of its own; costs
expect 0 credence triage m.cred new.csv --max-miss 0.15 --positive upper \
  --calibration known.csv -o cases.csv
says out "at most 15 % of class 'upper' are missed"
expect 0 credence triage m.cred new.csv --costs 1,10,0.5 --positive upper -o cases.csv
says out "the expected cost is above 0.5 (wrongly 'upper' 1, wrongly not 10)" "cost a case"
expect 0 credence triage m.cred new.csv --outlier-rate 2% --calibration known.csv
says err "the distance is above"
# both bounds: what is proved of each; draws as they were made
expect 0 credence triage m.cred new.csv --max-error 15% --max-miss 20% --positive upper \
  --calibration known.csv --draws 101 --audit both.jsonl -o cases.csv
says out "at most 15 % are wrong (" "and 20 % of class 'upper' are missed ("
[ "$(grep -o 'proved:' out | wc -l)" -eq 2 ] || fail "not two proofs"
says both.jsonl '"draws":102,' # two members: a multiple of them
# which class is positive is said wherever it makes a difference
expect 78 credence triage m.cred new.csv --max-miss 0.15 --calibration known.csv
says err "name it with --positive, 'lower' or 'upper'"
expect 78 credence triage m.cred new.csv --costs 1,10,0.5
says err "'--costs' is about one class"
expect 0 credence triage m.cred new.csv --costs 1,1,0.2 -o cases.csv
# the log on standard output
expect 78 credence triage m.cred new.csv --min-confidence 0.8 --audit -
says err "give the cases a file"
expect 0 credence triage m.cred new.csv --min-confidence 0.8 --audit - -o cases.csv
grep -v '^{"kind":"' out | grep -q . && fail "the report is among the lines of the log"
says err "reviewed"
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
says err "expected a share above 0 and below 1, such as 0.1 or 10%"
expect 64 credence triage m.cred new.csv --review-rate 0
expect 64 credence triage m.cred new.csv --review-rate 100%
expect 78 credence triage m.cred new.csv --min-confidence 0.8 --calibration known.csv
says err "belongs to a limit that is chosen on such rows"
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
says err "was fitted to 200 of the calibration rows" "the calibration rows are those of DATA"
# nobody is kept: no number is no "nan"
expect 0 credence triage m.cred new.csv --min-confidence 1 -o cases.csv
grep -qi nan out && fail "nan in the report"
# pictures and their labels in files of their own: bytes of 2 x 2 pixels, class 1 is bright
idx() { # NAME ROWS SEED
  printf '\0\0\10\3\0\0\0\'"$(printf %o "$2")"'\0\0\0\2\0\0\0\2' >"$1-x.idx"
  printf '\0\0\10\1\0\0\0\'"$(printf %o "$2")" >"$1-y.idx"
  for ((i = 0; i < $2; i++)); do
    local bright=$(((i * 7 + $3) % 3 == 0))
    printf "\\$(printf %o $((bright * 150 + i * 5 % 40)))\\$(printf %o $((i * 11 % 200)))\\7\\$(printf %o $((bright * 100 + 9)))" >>"$1-x.idx"
    printf "\\$bright" >>"$1-y.idx"
  done
}
idx train 120 1
idx known 200 2
idx new 90 5
expect 0 credence fit train-x.idx --labels train-y.idx -t sick --task class --hidden 8 --members 1 \
  --steps 300 -q -o pictures.cred
expect 0 credence triage pictures.cred new-x.idx --labels new-y.idx --calibration known-x.idx \
  --calibration-labels known-y.idx --max-error 5% -o pictures.csv
lines pictures.csv 91
says out "of the cases kept at most 5 % are wrong" "of 200 calibration rows; proved"
expect 0 credence triage pictures.cred new-x.idx --review-rate 20% -o few.csv
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "needs_review") at = i }
  NR > 1 && $at == "yes" { n++ } END { exit n > 18 }' few.csv || fail "more than 20 % reviewed"
for option in labels member labels-member; do
  expect 78 credence triage pictures.cred new-x.idx --calibration-$option new-y.idx --review-rate 20%
  says err "'--calibration-$option' belongs to --calibration"
done
# ... or all in one archive
if command -v zip >/dev/null; then
  npy() { # IDX-FILE HEADER-BYTES SHAPE NAME
    local head="{'descr': '|u1', 'fortran_order': False, 'shape': ($3), }"
    { printf '\223NUMPY\1\0\166\0%-117s\n' "$head"; tail -c +$(($2 + 1)) "$1"; } >"$4.npy"
  }
  npy train-x.idx 16 '120, 2, 2' train_x && npy train-y.idx 8 '120, 1' train_y
  npy known-x.idx 16 '200, 2, 2' known_x && npy known-y.idx 8 '200, 1' known_y
  npy new-x.idx 16 '90, 2, 2' new_x && npy new-y.idx 8 '90, 1' new_y
  zip -q all.npz ./*.npy
  expect 0 credence fit all.npz --member train_x --labels-member train_y -t sick --task class --hidden 8 --members 1 \
    --steps 300 -q -o archive.cred
  expect 0 credence triage archive.cred all.npz --member new_x --labels-member new_y \
    --calibration all.npz --calibration-member known_x --calibration-labels-member known_y \
    --max-error 5% -o archive.csv
  cmp -s pictures.csv archive.csv || fail "an archive is judged otherwise than IDX files"
  expect 0 credence triage archive.cred all.npz --member new_x --calibration known-x.idx \
    --calibration-labels all.npz --calibration-labels-member known_y --max-error 5% -o archive.csv
  cmp -s pictures.csv archive.csv || fail "an archive is judged otherwise than IDX files"
fi

finish
