# test_act.sh -- actions under risks, constraints, the figure; what is wrong.
. "$CLI_TESTS/check.sh"

credence demo sine --rows 200 -o sine.csv
awk -F, 'NR == 1 { print "state,dose,gain,harm" }
  NR > 1 { print NR % 5 "," $1 "," $2 "," ($1 > 0) }' sine.csv >doses.csv
expect 0 credence fit doses.csv -t gain --ignore harm --hidden 10 --members 2 --epochs 60 -q -o m.cred
expect 0 credence fit doses.csv -t gain,harm --hidden 10 --members 2 --epochs 60 -q -o both.cred
expect 0 credence fit doses.csv -t harm --task class --ignore gain --hidden 10 --members 2 \
  --epochs 60 -q -o harm.cred
printf 'state\n1\n3\n' >states.csv
printf 'name,dose\nlow,-1.5\nnone,0\nhigh,1.5\n' >actions.csv

expect 0 credence act m.cred states.csv --actions actions.csv --name name --risk lcb --k 2
says out "row,action,chosen,score,mean,sd,sd_epistemic,p_best" "0,high,yes"
says err "2 states, 3 actions, risk lcb, value: gain" "high: chosen in 2"
lines out 7
cp out first
for threads in 1 3; do
  expect 0 credence act m.cred states.csv --actions actions.csv --name name --risk lcb --k 2 \
    --threads $threads
  cmp -s out first || fail "scores depend on the number of threads"
done
# score = mean - 2 sd
awk -F, 'NR > 1 && ($4 - ($5 - 2 * $6)) ^ 2 > 1e-8' first | grep -q . && fail "not mean - k sd"
# a state alone is judged as among others
printf 'state\n1\n' >state.csv
expect 0 credence act m.cred state.csv --actions actions.csv --name name --risk lcb --k 2
head -n 4 first | cmp -s - out || fail "a state depends on the others"
for risk in mean ucb thompson cvar quantile best; do
  expect 0 credence act m.cred states.csv --actions actions.csv --name name --risk $risk \
    --best-only -o best.csv
  lines best.csv 3
done
expect 0 credence act m.cred states.csv --actions actions.csv --minimise --best-only --json
says out '"action":"low -1.5","chosen":true'

# a constraint: of another target, of another model, of nothing that is allowed
expect 0 credence act both.cred states.csv --actions actions.csv --name name --value gain \
  --cost harm --limit 0.8 --delta 0.2
says out "p_cost,excluded" "is above 0.2"
awk -F, 'NR > 1 && $3 == "yes" && $9 > 0.2' out | grep -q . && fail "an action beyond delta"
expect 0 credence act m.cred states.csv --actions actions.csv --name name \
  --cost-model harm.cred --cost 1 --delta 0.1
says out "0,high,no"
says err "high: chosen in 0, left out everywhere"
expect 0 credence act both.cred states.csv --actions actions.csv --value harm --cost gain --limit -50
says err "every action is left out" "a larger --limit or --delta"
grep -q ",yes," out && fail "chosen although left out"
# one line a state, also where none is chosen
expect 0 credence act both.cred states.csv --actions actions.csv --value harm --cost gain --limit -50 --best-only
lines out 3
says out "0,,no,,,,,,,every action is left out" "1,,no,"
[ "$(awk -F, '{ print NF }' out | sort -u | wc -l)" -eq 1 ] || fail "lines of other lengths"
expect 0 credence act both.cred states.csv --actions actions.csv --value harm --cost gain --limit -50 \
  --best-only --json -q
lines out 2
says out '{"row":0,"action":null,"chosen":false,"excluded":"every action is left out"}'
# columns of the states, under a name of their own, on every kind of line
awk -F, -v OFS=, '{ print $0, NR == 1 ? "mean" : "bed " NR }' states.csv >beds.csv
expect 0 credence act both.cred beds.csv --actions actions.csv --value harm --cost gain --limit -50 --best-only \
  --keep mean
says out "p_cost,excluded,data_mean" "0,,no,,,,,,,every action is left out,bed 2"
expect 0 credence act m.cred beds.csv --actions actions.csv --keep mean --json
says out ',"data_mean":"bed 2"}'
expect 78 credence act m.cred states.csv --actions actions.csv --plot-state 1
says err "belongs to --plot"
printf 'name,dose\nlow,-1.5\nbad,\n' >bad-actions.csv
expect 65 credence act m.cred states.csv --actions bad-actions.csv --name name --bad-rows skip
says err "bad-actions.csv:3:2"
expect 65 credence act m.cred beds.csv --actions actions.csv --keep main
says err "mean"
expect 0 credence act m.cred states.csv --actions actions.csv --name name \
  --cost-model harm.cred --cost 1 --delta 0
says err "or a larger --delta"
if command -v gnuplot >/dev/null; then
  expect 0 credence act m.cred states.csv --actions actions.csv --plot a.txt --plot-state 1
  [ -s a.txt ] || fail "no figure"
  expect 0 credence act m.cred states.csv --actions actions.csv --risk lcb --k 2 --plot a.svg
  says a.svg "lcb 2" "gain"
fi
expect 64 credence act m.cred states.csv --actions actions.csv --plot a.svg --plot-state 2
says err "there are 2 states"
lines out 0

# what is wrong is said
expect 64 credence act m.cred states.csv
says err "--actions FILE"
expect 65 credence act m.cred states.csv --actions states.csv
says err "state"
printf 'dosis\n1\n' >columns.csv
expect 65 credence act m.cred states.csv --actions columns.csv
says err "no column of the actions is an input of the model" "did you mean 'dose'?"
# a column that only looks like one of the model, beside states that have all of it
printf 'state,dose\n1,0\n' >whole.csv
printf 'Dose\n-1\n1\n' >case.csv
expect 65 credence act m.cred whole.csv --actions case.csv
says err "no column of the actions is an input of the model" "did you mean 'dose'?"
printf 'dose,colour\n-1,red\n-1,red\n' >twice.csv
expect 0 credence act m.cred states.csv --actions twice.csv
says err "1 column is not used by the model: 'colour'" "has the name '-1 red' too" \
  "in 2 states all actions have the same score"
# an action far outside the training rows
printf 'dose\n-1\n1.5\n40\n-20\n' >far.csv
expect 0 credence act m.cred states.csv --actions far.csv
says err "far.csv:4: 'dose' lies" "sds from the mean of the training rows" "sd_epistemic"
expect 0 credence act m.cred states.csv --actions far.csv --bad-rows skip
says err "far.csv:4: 'dose' lies"
expect 0 credence act m.cred states.csv --actions actions.csv
grep -q "sds from the mean" err && fail "an action like those of the training is called far"
printf 'state\n0\n90\n' >far_states.csv
expect 0 credence act m.cred far_states.csv --actions actions.csv --risk lcb
says err "far_states.csv:3: 'state' lies" "sd_epistemic"
# columns of both tables, and of neither
printf 'state,dose\n0,1\n' >doubled.csv
expect 65 credence act m.cred doubled.csv --actions actions.csv
says err "both doubled.csv and actions.csv have a column 'dose'"
printf 'stat\n0\n' >misnamed.csv
expect 65 credence act m.cred misnamed.csv --actions actions.csv
says err "neither misnamed.csv nor actions.csv has a column 'state'" "did you mean 'stat' of misnamed.csv?"
printf 'weight\n0\n' >misnamed.csv
expect 65 credence act m.cred misnamed.csv --actions actions.csv
says err "has a column 'state', an input of the model"
# of three classes the one that is the value must be named
awk -F, -v OFS=, 'NR == 1 { print "state,dose,grade" } NR > 1 {
  print $1, $2, ($3 > 0.3 ? "good" : $3 < -0.3 ? "bad" : "fair") }' doses.csv >grades.csv
expect 0 credence fit grades.csv -t grade --hidden 8 --members 2 --epochs 30 -q -o grade.cred
expect 78 credence act grade.cred states.csv --actions actions.csv
says err "3 classes: say whose probability is the value, such as --value 'bad'"
expect 0 credence act grade.cred states.csv --actions actions.csv --value good
says err "value: probability of good"
expect 0 credence act grade.cred states.csv --actions actions.csv --value bad --minimise
says err "loss: probability of bad"
expect 65 credence act m.cred states.csv --actions actions.csv --name nam
says err "did you mean 'name'?"
expect 65 credence act both.cred states.csv --actions actions.csv --value gian
says err "'gian' is no target" "did you mean 'gain'?"
expect 78 credence act both.cred states.csv --actions actions.csv
says err "2 targets: say which is the value, such as --value 'gain'"
expect 78 credence act both.cred states.csv --actions actions.csv --value gain --cost harm
says err "--limit"
expect 78 credence act m.cred states.csv --actions actions.csv --limit 1
says err "'--limit' belongs to --cost"
expect 78 credence act m.cred states.csv --actions actions.csv --k 2
expect 78 credence act m.cred states.csv --actions actions.csv --level 0.2
expect 78 credence act m.cred states.csv --actions actions.csv --cost-model harm.cred \
  --cost 1 --limit 2
expect 64 credence act m.cred states.csv --actions actions.csv --risk cvar --level 1.5
expect 0 credence act m.cred states.csv --actions actions.csv --risk cvar --level 5% -o five.csv
expect 0 credence act m.cred states.csv --actions actions.csv --risk cvar --level 0.05 -o share.csv
cmp -s five.csv share.csv || fail "5% and 0.05 differ"
expect 64 credence act m.cred states.csv --actions actions.csv --risk bold
# what is wrong in the actions is told of their file
awk -F, -v OFS=, 'NR == 1 { print "state,kind,gain" } NR > 1 {
  print $1, ($2 > 0 ? "k" : "m"), $3 }' doses.csv >kinds.csv
expect 0 credence fit kinds.csv -t gain --hidden 8 --members 2 --epochs 20 -q -o kind.cred
printf 'kind\nk\nK\n' >kind.csv
expect 65 credence act kind.cred states.csv --actions kind.csv
says err "kind.csv:3:1: 'K' is no level of 'kind'"
expect 0 credence act kind.cred states.csv --actions kind.csv --unseen none
printf 'name,dose\nlow,\n' >missing.csv
expect 65 credence act m.cred states.csv --actions missing.csv
expect 66 credence act m.cred states.csv --actions none.csv
# states that the model cannot take
printf 'state\nx\n1\n\n1e40\n3\n' | sed '4s/^$/""/' >bad.csv
expect 65 credence act m.cred bad.csv --actions actions.csv --name name --risk lcb --k 2
expect 0 credence act m.cred bad.csv --actions actions.csv --name name --risk lcb --k 2 --bad-rows skip
says err "bad.csv: bad rows that are left out: 3 (rows 0, 2, 3)" "2 states, 3 actions"
sed -e 's/^1,/4,/' -e 's/^0,/1,/' first | cmp -s - out || fail "other scores, or other numbers"
expect 0 credence act m.cred bad.csv --actions actions.csv --name name --bad-rows skip \
  --cost-model harm.cred --cost 1 --delta 0.1
lines out 7
if command -v gnuplot >/dev/null; then
  expect 0 credence act m.cred bad.csv --actions actions.csv --bad-rows skip --plot a.txt --plot-state 4
  says a.txt "State 4"
  expect 65 credence act m.cred bad.csv --actions actions.csv --bad-rows skip --plot a.txt --plot-state 2
  says err "state 2 is a bad row"
fi
printf 'name,dose\nlow,x\nhigh,1.5\n' >half.csv
expect 65 credence act m.cred states.csv --actions half.csv --name name --bad-rows skip
says err "half.csv:2:2"

finish
