# test_acquire.sh -- scores, chosen rows, options, and what is wrong with a pool.
. "$CLI_TESTS/check.sh"

credence demo moons --rows 60 -o labelled.csv
credence demo moons --rows 300 --seed 2 -o pool.csv
credence fit labelled.csv --target label --steps 200 --members 3 -q -o model.cred

# every score of classes: n rows in order, none twice, among the pool
for by in auto random least-confidence margin entropy bald variation-ratios mean-sd epig batchbald; do
  expect 0 credence acquire model.cred pool.csv -n 7 --by $by --scores scores.csv --keep x1,label
  [ "$(head -n 1 out)" = rank,row,score,x1,label ] || fail "the columns of $by"
  [ "$(head -n 1 scores.csv)" = row,score,rank,x1,label ] || fail "the columns of --scores, $by"
  lines out 8
  lines scores.csv 301
  [ "$(cut -d, -f2 out | tail -n +2 | sort -u | wc -l)" -eq 7 ] || fail "$by: a row twice"
  awk -F, 'NR > 1 && ($1 != NR - 1 || $3 < 0 || (NR > 2 && $3 > last + 1e-6)) { bad = 1 }
    { last = $3 } END { exit bad }' out || fail "$by: ranks or scores out of order"
  # the ranks of --scores are those of the chosen rows
  awk -F, 'NR == FNR { rank[$2] = $1; next }
    FNR > 1 && $3 != rank[$1] { bad = 1 } END { exit bad }' out scores.csv ||
    fail "$by: --scores has other ranks"
  # x1 of the chosen rows is that of the pool
  awk -F, 'NR == FNR { x[FNR - 2] = $1; next } FNR > 1 && x[$2] != $4 { bad = 1 }
    END { exit bad }' pool.csv out || fail "$by: --keep repeats another row"
done
# the highest scores are chosen
credence acquire model.cred pool.csv -n 5 --by entropy --scores scores.csv -o chosen.csv
best=$(tail -n +2 scores.csv | cut -d, -f2 | sort -gr | sed -n 5p)
awk -F, -v best="$best" 'NR > 1 && $3 < best { bad = 1 } END { exit bad }' chosen.csv ||
  fail "the highest entropies are not chosen"

# the same bytes from any number of threads; another seed, other rows
credence acquire model.cred pool.csv --by batchbald --threads 1 -o one.csv
credence acquire model.cred pool.csv --by batchbald --threads 3 -o three.csv
cmp -s one.csv three.csv || fail "threads change the rows"
credence acquire model.cred pool.csv --by random --seed 2 -o two.csv
credence acquire model.cred pool.csv --by random -o first.csv
cmp -s first.csv two.csv && fail "--seed has no effect"
credence acquire model.cred pool.csv --power 1 -o power.csv
credence acquire model.cred pool.csv -o top.csv
cmp -s power.csv top.csv && fail "--power has no effect"

# some of the pool
expect 0 credence acquire model.cred pool.csv -n 3 --candidates 20 --scores scores.csv
lines scores.csv 21
seq 100 110 >some.rows
expect 0 credence acquire model.cred pool.csv -n 3 --rows-file some.rows --scores scores.csv
lines scores.csv 12
awk -F, 'NR > 1 && ($2 < 100 || $2 > 110) { bad = 1 } END { exit bad }' out || fail "--rows-file"
seq 0 104 >labelled.rows
expect 0 credence acquire model.cred pool.csv -n 3 --except-rows labelled.rows --rows-file some.rows --scores scores.csv
lines scores.csv 7
cut -d, -f1 scores.csv | tail -n +2 | sort -n | cmp -s - <(seq 105 110) || fail "--except-rows"
n_pool=$(($(wc -l <pool.csv) - 1))
expect 0 credence acquire model.cred pool.csv -n 3 --except-rows labelled.rows --scores scores.csv
lines scores.csv $((n_pool - 104))
seq 0 $((n_pool - 1)) >labelled.rows
expect 65 credence acquire model.cred pool.csv -n 3 --except-rows labelled.rows
says err "labelled.rows: it leaves no row"
expect 0 credence acquire model.cred pool.csv -n 2 --json --scores scores.jsonl
says out '{"rank":1,"row":'
says scores.jsonl '"rank":null}' '"rank":1}'
expect 0 credence acquire model.cred <(cut -d, -f1,2 pool.csv) -n 2 # no labels are needed

# rows without a label that the fit left out are no rows that it was fitted to
awk -F, -v OFS=, 'NR > 1 && NR > 41 { $3 = "" } { print }' pool.csv >half.csv
expect 0 credence fit half.csv --target label --missing drop --steps 60 --members 1 -q -o half.cred
seq 0 39 >half.rows
expect 0 credence acquire half.cred half.csv -n 3
says err "fitted to 40 of these rows"
expect 0 credence acquire half.cred half.csv -n 3 --except-rows half.rows
grep -q "fitted to" err && fail "rows that were left out are said to be fitted to"

# numbers, ids, rows to be predicted
{ echo "id,x,y"; for i in $(seq 40); do echo "r$i,$((i % 9)).$i,$((i % 5))"; done; } >numbers.csv
credence fit numbers.csv --target y --id id --steps 100 --members 2 -q -o numbers.cred
for by in auto random variance epistemic epig; do
  expect 0 credence acquire numbers.cred numbers.csv -n 4 --by $by
  [ "$(head -n 1 out)" = rank,row,id,score ] || fail "ids of $by"
  lines out 5
done
{ echo x; echo 2.5; } >target.csv
expect 0 credence acquire numbers.cred numbers.csv -n 4 --by epig --targets target.csv
cp out near.csv
echo x >none.csv
expect 65 credence acquire numbers.cred numbers.csv -n 4 --by epig --targets none.csv

# what is wrong
expect 65 credence acquire model.cred pool.csv -n 301
says err "301 rows are asked for, the pool has 300"
expect 65 credence acquire model.cred pool.csv -n 30 --candidates 20
says err "30 rows are asked for, the pool has 20"
expect 65 credence acquire model.cred none.csv
sed '1s/x1/X1/' pool.csv >lacking.csv
expect 65 credence acquire model.cred lacking.csv
says err "no column 'x1'" "did you mean 'X1'"
expect 65 credence acquire model.cred pool.csv --keep z
expect 78 credence acquire model.cred pool.csv --by epistemic
says err "'epistemic' is of numbers, the model predicts classes"
expect 78 credence acquire numbers.cred numbers.csv --by bald
says err "'bald' is of classes, the model predicts numbers"
expect 78 credence acquire model.cred pool.csv --by batchbald --power 1
expect 78 credence acquire model.cred pool.csv --targets target.csv
says err "option '--targets' belongs to --by epig"
expect 78 credence acquire model.cred pool.csv --configurations 5
expect 64 credence acquire model.cred pool.csv --by batchbald --configurations 5
says err "5 configurations"
expect 64 credence acquire model.cred pool.csv --by balt
says err "did you mean '--by bald'"
expect 64 credence acquire model.cred pool.csv -n 0
expect 64 credence acquire model.cred
expect 73 credence acquire model.cred pool.csv -o no/folder.csv
expect 73 credence acquire model.cred pool.csv --scores no/folder.csv
credence fit labelled.csv --target label --posterior map --steps 50 -q -o map.cred
expect 0 credence acquire map.cred pool.csv # by margin, which needs no disagreement
expect 78 credence acquire map.cred pool.csv --by bald
says err "this posterior is one set of weights" "use entropy"
expect 0 credence acquire map.cred pool.csv --by margin
# rows that have a label
credence demo moons --rows 60 -o labelled.csv
expect 0 credence fit labelled.csv --target label --members 2 --steps 20 -q -o labelled.cred
expect 0 credence acquire labelled.cred labelled.csv -n 2
says err "the model was fitted to 60 of these rows: they have a label already"
# a kept column whose name is taken gets another
sed '1s/x2/score/' pool.csv >named.csv
sed '1s/x2/score/' labelled.csv >named-train.csv
expect 0 credence fit named-train.csv --target label --steps 50 --members 2 -q -o named.cred
expect 0 credence acquire named.cred named.csv -n 2 --keep score,x1,x1
[ "$(head -n 1 out)" = rank,row,score,data_score,x1,data_x1 ] || fail "two columns of one name: $(head -n 1 out)"
expect 0 credence acquire named.cred named.csv -n 2 --keep score,x1,x1 --json
says out '"data_score":' '"data_x1":'

finish
