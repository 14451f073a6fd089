# test_fit.sh -- options of fit, what it refuses, and what it promises of its bytes.
. "$CLI_TESTS/check.sh"

credence demo sine --rows 60 -o sine.csv
fast="--target y --steps 200 --members 2"

# the same words give the same bytes, on any number of threads; another seed gives others
expect 0 credence fit sine.csv $fast -o one.cred --threads 1
says err "training rows" "noise sd of 'y'" "verdict: "
lines out 0
for n in 2 3 8 64; do
  expect 0 credence fit sine.csv $fast -o more.cred --threads $n
  cmp -s one.cred more.cred || fail "$n threads give another model"
done
expect 0 credence fit sine.csv $fast -o more.cred --seed 2
cmp -s one.cred more.cred && fail "another seed gives the same model"
credence fit - $fast -o - -q <sine.csv >piped.cred || fail "standard input and output"
cmp -s one.cred piped.cred || fail "standard input and output give another model"
expect 0 credence fit sine.csv $fast -o more.cred --seed random
says err "credence: seed "
seed=$(sed -n 's/^credence: seed //p' err)
expect 0 credence inspect more.cred
says out "$seed"

# few rows: each member still keeps rows to stop on, and the fit says how little they tell
for rows in 5 10; do
  credence demo sine --rows $rows -o few.csv
  expect 0 credence fit few.csv -t y --steps 300 -o few.cred
  says err "1 validation row" "$rows rows say little of their own noise"
done
expect 0 credence fit sine.csv -t y --steps 300 -o few.cred
grep -q "say little" err && fail "60 rows are said to be few"
says err "likelihood: student-t" "degrees of freedom"

# a Gaussian that stayed at its prior has learned nothing
credence demo linear --rows 20 -o few.csv
expect 0 credence fit few.csv -t y --posterior vi -o few.cred
says err "the posterior is the prior" "learned nothing from 20 rows"

# every kind of posterior, and options by the names that inspect prints
for kind in vi map dropout; do
  expect 0 credence fit sine.csv --target y --posterior $kind --steps 200 -o $kind.cred
  credence inspect $kind.cred | grep -q "^  posterior  *$kind$" || fail "posterior $kind"
done
expect 0 credence fit sine.csv --target y --posterior vi --hidden 8,4 --activation tanh \
  --prior "laplace 1" --likelihood heteroscedastic --estimator flipout --train-draws 2 \
  --init-sd 0.2 --kl-weights blundell --optimiser adamw --weight-decay 0.001 \
  --learning-rate 0.02 --schedule one-cycle --clip 5 --epochs 30 --batch 16 \
  --validation 0.2 --patience 20 --beta1 0.8 --beta2 0.99 --epsilon 1e-7 -o all.cred
expect 0 credence inspect all.cred
for line in "net dense 8 tanh, dense 4 tanh" "prior laplace 1" \
  "likelihood heteroscedastic" "estimator flipout" "train-draws 2" "init-sd 0.2" \
  "kl-weights blundell" "optimiser adamw" "weight-decay 0.001" "learning-rate 0.02" \
  "schedule one-cycle" "clip 5" "epochs 30" "batch 16" "validation 0.2" "patience 20" \
  "beta1 0.8" "beta2 0.99" "epsilon 1e-07" "seed 1"; do
  tr -s ' ' <out | grep -qx " $line" || fail "inspect lacks: $line"
done

# a known noise is in the unit of the target: it is what every row is given
expect 0 credence fit sine.csv --target y --posterior map --noise 0.25 --steps 100 -o n.cred
expect 0 credence predict n.cred sine.csv
awk -F, 'NR > 1 && ($5 - 0.25)^2 > 1e-10 { bad = 1 } END { exit bad }' out ||
  fail "--noise is not the noise of the predictions"

# rows that are held out and rows that are fitted are all rows; the others do not matter
expect 0 credence fit sine.csv $fast --hold-out 0.25 --hold-out-file held.txt -o half.cred
lines held.txt 15
seq 0 59 | grep -vxF -f held.txt >kept.txt
expect 0 credence fit sine.csv $fast --train-rows kept.txt -o same.cred
cmp -s half.cred same.cred || fail "--hold-out differs from --train-rows of the rest"
says err "training rows"

# classes, ids, weights, missing cells, words
{ echo "id,a,color,w,kind"
  for i in $(seq 60); do
    echo "r$i,$((i % 7)),$([ $((i % 3)) = 0 ] && echo red || echo blue),$((1 + i % 2)),k$((i % 2))"
  done; } >words.csv
expect 0 credence fit words.csv --target kind --id id --weight w --steps 100 -o words.cred
expect 0 credence inspect words.cred
says out "k0, k1" "blue, red" "bernoulli"
grep -qE '^(id|w) ' out && fail "--id or --weight is an input"
expect 0 credence fit words.csv --target kind --ignore id,color,w --steps 100 -o few.cred
credence inspect few.cred | grep -q '^color' && fail "--ignore has no effect"
sed '5s/,4,/,,/' words.csv >holes.csv
expect 65 credence fit holes.csv --target kind --id id --steps 100 -o x.cred
says err "holes.csv:5:2" "--missing"
for how in mean indicator drop; do
  expect 0 credence fit holes.csv --target kind --id id --steps 100 --missing $how -o x.cred
done
says err "1 row with missing cells left out"
expect 0 credence fit words.csv --target a --task count --ignore id --steps 50 -o x.cred
credence inspect x.cred | grep -q "poisson" || fail "--task count"
expect 0 credence fit words.csv --target a --task class --ignore id --steps 50 -o x.cred
credence inspect x.cred | grep -q "categorical" || fail "--task class"

# what contradicts itself is 78, what is no option is 64, each with advice
wrong() { # STATUS TEXT OPTION...
  local status=$1 text=$2
  shift 2
  rm -f wrong.cred
  expect "$status" credence fit sine.csv -o wrong.cred "$@"
  says err "$text"
  [ ! -e wrong.cred ] || fail "a model was written: $*"
}
wrong 64 "--target COLUMN"
wrong 65 "did you mean 'y'" --target yy
wrong 64 "did you mean '--ignore'" --target y --ignor x
wrong 64 "did you mean 'dense'" --target y --net "dens 5"
wrong 64 "did you mean 'normal'" --target y --prior "normel 1"
wrong 64 "'0', expected widths" --target y --hidden 5,0
wrong 64 "did you mean 'relu'" --target y --hidden 5 --activation relo
wrong 64 "or 'random'" --target y --seed 1x
wrong 64 "'0,1'" --target y --learning-rate 0,1
wrong 78 "--posterior vi" --target y --posterior map --estimator local
wrong 78 "--posterior vi" --target y --init-sd 0.1
wrong 78 "nothing would be dropped" --target y --posterior dropout --dropout 0
wrong 78 "belongs to --posterior dropout" --target y --posterior vi --dropout 0.1
wrong 78 "or take --posterior vi or map" --target y --posterior dropout --net linear
wrong 78 "nothing is ever dropped" --target y --posterior dropout --net linear
wrong 78 "'--epochs' and '--steps'" --target y --epochs 3 --steps 4
wrong 78 "'--net' and '--hidden'" --target y --net linear --hidden 4
wrong 78 "'--activation'" --target y --activation tanh
wrong 78 "--optimiser sgd" --target y --momentum 0.5
wrong 78 "--optimiser adam" --target y --optimiser sgd --beta1 0.5
wrong 78 "adamw and sgd" --target y --weight-decay 0.1
wrong 78 "--schedule cosine" --target y --schedule constant --hold 0.1
wrong 78 "--members 2" --target y --folds --members 1
wrong 78 "'--folds' and '--validation'" --target y --folds --members 3 --validation 0.1
wrong 78 "--patience" --target y --validation 0 --patience 3
wrong 78 "'--noise' and '--likelihood'" --target y --noise 1 --likelihood gaussian
wrong 64 "'--hold-out-file' belongs to --hold-out" --target y --hold-out-file x.rows
wrong 78 "contradict" --target y --header --no-header
expect 64 credence fit sine.csv --target y
says err "-o MODEL"
expect 66 credence fit missing.csv --target y -o wrong.cred
expect 73 credence fit sine.csv --target y -o no/such/folder.cred
expect 73 credence fit sine.csv --target y -o .
expect 78 credence fit sine.csv --target y --checkpoint 1 -o -

# a tempered posterior says that it is one; --require-converged is a verdict
expect 0 credence fit sine.csv $fast --temperature 0.5 -o t.cred
says err "not that of Bayes' rule"
expect 1 credence fit sine.csv --target y --posterior map --epochs 2 --require-converged -o t.cred
says err "not converged" "next: "
expect 0 credence fit sine.csv --target y --posterior map --epochs 2 -q -o t.cred
lines err 0
finish
