# test_learn.sh -- a simulation, a person, a command; kill -9; what is wrong.
. "$CLI_TESTS/check.sh"

credence demo moons --rows 200 -o pool.csv
credence demo moons --rows 200 --seed 2 -o test.csv
fit=(--posterior vi --hidden 5 --activation tanh --prior 'normal 1' --steps 40 --draws 10)
learn=(credence learn pool.csv --target label --simulate --test test.csv --start 8 -n 4 "${fit[@]}")

# simulated, against random choice
expect 0 "${learn[@]}" --budget 20 -o run --against-random --plot curve.svg
lines out 0
says err "round 0: 8 labels, error" "round 3: 20 labels" "random: round 3: 20 labels" \
  "done: the budget of 20 labels is spent"
[ "$(head -n 1 run/curve.csv)" = round,labels,error,error_se,log_lik,log_lik_se,brier,brier_se ] ||
  fail "the columns of the curve"
lines run/curve.csv 5
lines run/random/curve.csv 5
cmp -s run/curve.csv run/random/curve.csv && fail "random choice gives the same curve"
[ "$(sed -n 2p run/curve.csv)" = "$(sed -n 2p run/random/curve.csv)" ] || fail "another start"
lines run/times.csv 5
# what a fit takes counts here too, and what only folders of pictures take is none of its options
expect 78 "${learn[@]}" --budget 20 -o run --class-weights 1,3
says err "'class-weights' is '' there and '1,3' here"
expect 0 "${learn[@]}" --budget 12 -o weighted --class-weights 1,3
cut -d, -f2- weighted/curve.csv | cmp -s - <(head -n 3 run/curve.csv | cut -d, -f2-) && fail "class weights have no effect"
expect 64 "${learn[@]}" --budget 12 -o sized --resize 8x8
expect 78 "${learn[@]}" --budget 12 -o turned --augment flip
expect 0 credence predict run/model.cred test.csv
if command -v gnuplot >/dev/null; then
  grep -q '<svg' curve.svg || fail "no picture"
  expect 0 credence plot learning bald=run/curve.csv run/random/curve.csv -o two.svg --aim 0.1
  expect 0 credence plot learning run/curve.csv --column log_lik -o one.png
  expect 0 credence plot learning bald=run run/random -o folders.svg --aim 0.1
  says folders.svg ">bald<" ">random<"
  cp two.svg of_files.svg
  expect 0 credence plot learning bald=run/curve.csv run/random/ -o two.svg --aim 0.1
  cmp -s two.svg of_files.svg || fail "a folder is another curve than its file"
  expect 65 credence plot learning run/curve.csv --column accuracy -o no.png
  expect 65 credence plot learning pool.csv -o no.png
  says err "no column 'labels'"
  expect 78 credence plot learning run/curve.csv --x x1 -o no.png
fi
# done is done; more budget goes on; the journal keeps what was chosen
cp run/journal before
expect 0 "${learn[@]}" --budget 20 -o run
cmp -s run/journal before || fail "a run that is done does something"
expect 0 "${learn[@]}" --budget 24 -o run
head -c "$(stat -c %s before)" run/journal | cmp -s - before || fail "a larger budget changes the past"
# the same from another folder, on other threads
expect 0 "${learn[@]}" --budget 24 -o again --threads 3
grep -v '^$' again/journal | cut -d' ' -f2- >a
cut -d' ' -f2- run/journal >b
cmp -s a b || fail "threads change the choices"
expect 0 "${learn[@]}" --flat 1 --tolerance 10 -o flat
says err "has not become better"
expect 0 "${learn[@]}" --stop-at 0.9 -o aim
says err "error is"
expect 0 "${learn[@]}" --balanced --budget 8 -o balanced
expect 0 "${learn[@]}" --budget 12 --by batchbald -o batch
expect 0 "${learn[@]}" --budget 12 --candidates 30 --power 1 -o power

# kill -9 at random moments: the same curve and the same journal
. "$CLI_TESTS/kill_learn.sh"
kill_learn 12 "${learn[@]}" --budget 24

# a person
cut -d, -f1,2 pool.csv >bare.csv
person=(credence learn bare.csv --target label --classes lower,upper -o mine --start 6 -n 3 "${fit[@]}")
expect 0 "${person[@]}" --test test.csv --budget 12
says err "6 rows want a label" "mine/to_label.csv"
[ "$(head -n 1 mine/to_label.csv)" = row,x1,x2,label ] || fail "the columns of to_label.csv"
lines mine/to_label.csv 7
expect 1 "${person[@]}" --test test.csv --budget 12 --require-done
# fill in the labels that pool.csv has; $1 lines of them
fill() {
  awk -F, -v OFS=, -v n="$1" 'NR == FNR { label[FNR - 2] = $3; next }
    FNR > 1 && FNR <= n + 1 { $NF = label[$1] } { print }' pool.csv mine/to_label.csv >filled
  cp filled mine/to_label.csv
}
fill 2
expect 0 "${person[@]}" --test test.csv --budget 12
says err "2 labels are taken, 4 rows of the batch have none yet"
lines mine/to_label.csv 5
fill 4
cp mine/to_label.csv old
expect 0 "${person[@]}" --test test.csv --budget 12
says err "round 0: 6 labels" "3 rows want a label"
cp old mine/to_label.csv # a file that comes twice does no harm
expect 0 "${person[@]}" --test test.csv --budget 12
says err "to_label.csv: no label is new" "3 rows want a label"
lines mine/to_label.csv 4
sed '2s/,$/,upper/; 2p' mine/to_label.csv >wrong && cp wrong mine/to_label.csv
expect 65 "${person[@]}" --test test.csv --budget 12
says err "to_label.csv:3: row" "is given a label twice, first in line 2"
sed '2d; 3s/^[0-9]*/x/; 3s/,$/,upper/' wrong >mine/to_label.csv
expect 65 "${person[@]}" --test test.csv --budget 12
says err "to_label.csv:2: 'x' in the column 'row' is not a row number"
rm mine/to_label.csv
expect 0 "${person[@]}" --test test.csv --budget 12
sed '2s/,$/,uper/' mine/to_label.csv >wrong && cp wrong mine/to_label.csv
expect 65 "${person[@]}" --test test.csv --budget 12
says err "to_label.csv:2: 'uper' is no class of 'label'; did you mean 'upper'?"
printf 'row,label\n0,upper\n1,upper\n2,lower\n3,upper\n4,upper\n' >mine/to_label.csv
expect 65 "${person[@]}" --test test.csv --budget 12
says err "to_label.csv:" "was not asked for: labels are wanted of"
printf 'row,x1\n0,1\n' >mine/to_label.csv
expect 65 "${person[@]}" --test test.csv --budget 12
says err "no column 'label'"
printf 'nr,label\n0,upper\n' >mine/to_label.csv
expect 65 "${person[@]}" --test test.csv --budget 12
says err "no column 'row'"
printf 'row,label\n1.5,upper\n' >mine/to_label.csv
expect 65 "${person[@]}" --test test.csv --budget 12
says err "'1.5' in the column 'row' is not a row number"
rm mine/to_label.csv
for _ in 1 2; do
  "${person[@]}" --test test.csv --budget 12 -q
  fill 3
done
expect 0 "${person[@]}" --test test.csv --budget 12 --require-done
says err "done: the budget of 12 labels is spent"
[ ! -e mine/to_label.csv ] || fail "to_label.csv stays behind"
echo row,x1,x2,label >mine/to_label.csv # as one killed while it took the last labels leaves it
expect 0 "${person[@]}" --test test.csv --budget 12
[ ! -e mine/to_label.csv ] || fail "to_label.csv stays behind when the run was done already"

# killed at random moments, with skips and revisions
kill_taught 6 credence learn bare.csv --target label --classes lower,upper --start 8 -n 6 \
  "${fit[@]}" --budget 32

# a file is taken whole or not at all
taught=(credence learn bare.csv --target label --classes lower,upper -o taught --start 6 -n 3
  "${fit[@]}" --budget 9)
expect 0 "${taught[@]}"
sed '2s/,$/,upper/; 3s/,$/,lower/; 4s/,$/,uper/' taught/to_label.csv >wrong
cp wrong taught/to_label.csv
cp taught/journal before
expect 65 "${taught[@]}"
says err "to_label.csv:4: 'uper' is no class of 'label'; did you mean 'upper'?"
cmp -s before taught/journal || fail "labels of a file that is refused"
cmp -s wrong taught/to_label.csv || fail "a file that is refused is not as it was"
sed '4s/uper/upper/; 3{h;s/lower/upper/;x;G}' wrong >twice # row of line 3 with two labels
cp twice taught/to_label.csv
expect 65 "${taught[@]}"
says err "is given a label twice"
cmp -s before taught/journal || fail "labels of a file that is refused"
# one row that nobody can label, and a changed input
sed '4s/uper/?/; 5s/,$/,upper/; 6s/,$/,lower/; 7s/,$/,lower/; 2s/^\([0-9]*\),[^,]*/\1,77/' wrong \
  >taught/to_label.csv
cp taught/to_label.csv old
expect 0 "${taught[@]}"
says err "1 cells differ from those of the pool, which count" "round 0: 5 labels"
grep -q ' skip ' taught/journal || fail "the row that was skipped"
cp old taught/to_label.csv # it comes twice
expect 0 "${taught[@]}"
says err "want a label"
# a label is revised, another skipped one given
row=$(sed -n 2p old | cut -d, -f1)
skipped=$(sed -n 4p old | cut -d, -f1)
printf 'row,label\n%s,lower\n%s,upper\n' "$row" "$skipped" >new_labels.csv
expect 0 "${taught[@]}" --relabel new_labels.csv
says err "new_labels.csv: 2 labels are changed"
grep -q " revise $row lower" taught/journal || fail "the label that was revised"
cp taught/journal before
expect 0 "${taught[@]}" --relabel new_labels.csv # and once more
says err "0 labels are changed"
cmp -s before taught/journal || fail "a revision that is there already"
cp old taught/to_label.csv # what was revised does not come back
expect 65 "${taught[@]}"
says err "row $row has the label 'lower' already (--relabel FILE gives it another)"
printf 'row,label\n%s,lower\n%s,uper\n' "$skipped" "$row" >new_labels.csv
expect 65 "${taught[@]}" --relabel new_labels.csv
says err "new_labels.csv:3: 'uper' is no class"
cmp -s before taught/journal || fail "half a revision"
expect 78 "${learn[@]}" --budget 20 -o run --relabel new_labels.csv
says err "'--relabel' has no place in a simulation"

# nothing tells what the labels are; a name that is nearly that of a column; no labels to look up
sed 's/$/,/; 1s/,$/,kind/' bare.csv >empty.csv
expect 78 credence learn empty.csv --target kind -o untold --start 6 "${fit[@]}"
says err "no label in the column 'kind'" "--classes A,B"
expect 0 credence learn empty.csv --target kinds --classes a,b --ignore kind -o untold --start 6 "${fit[@]}"
says err "has no column 'kinds'" "did you mean 'kind'?"
expect 65 credence learn empty.csv --target kind --classes a,b --simulate --budget 20 -o looked "${fit[@]}"
says err "empty.csv:" "a simulation looks all labels up there"

# what cannot be fitted is told before a label is asked for, and leaves no folder
awk -F, -v OFS=, 'NR == 9 { $2 = "" } { print }' bare.csv >holes.csv
holes=(credence learn holes.csv --target label --classes lower,upper -o holes --start 6 -n 3 "${fit[@]}")
expect 65 "${holes[@]}"
says err "holes.csv:9:" "--missing"
[ ! -e holes ] || fail "a folder of a run that cannot be"
expect 0 "${holes[@]}" --missing indicator
says err "6 rows want a label"
expect 78 credence learn bare.csv --target label --classes lower,upper -o single --by bald \
  --posterior map --members 1 --hidden 5 --steps 20
says err "acquisition 'bald' measures"
[ ! -e single ] || fail "a folder of a run that cannot be"

# test rows that the model cannot take
awk -F, -v OFS=, 'NR == 1 { print $0, "kind" } NR > 1 { print $0, (NR % 2 ? "a" : "b") }' pool.csv >kinds.csv
awk -F, -v OFS=, 'NR == 1 { print $0, "kind" }
  NR > 1 { print $0, (NR < 7 ? "c" : NR % 2 ? "a" : "b") }' test.csv >other.csv
kinds=(credence learn kinds.csv --target label --simulate --test other.csv --start 8 -n 4 --budget 12 "${fit[@]}")
expect 65 "${kinds[@]}" -o kinds
says err "other.csv:2:" "'c' is no level of 'kind'" "--unseen none" "--bad-rows skip"
[ ! -e kinds ] || fail "a folder of a run that cannot be"
expect 0 "${kinds[@]}" -o kinds --unseen none
expect 0 "${kinds[@]}" -o skipped --bad-rows skip
cmp -s kinds/curve.csv skipped/curve.csv && fail "rows that are skipped are scored"
expect 78 "${kinds[@]}" -o skipped --unseen none
says err "the folder of another run" ",bad-rows skip' there and " ",unseen none' here"
expect 78 credence learn kinds.csv --target label --simulate --budget 12 --unseen none -o x
says err "'--unseen' belongs to --test"

# labels that are all the same: no model, which is an error at the end, with or without --quiet
same=(credence learn bare.csv --target label --classes lower,upper --start 4 -n 2 --budget 6 "${fit[@]}")
expect 65 "${same[@]}" --command 'sed 1d | sed "s/,.*/,upper/"' --test test.csv --plot same.svg -o same
says err "all labels so far are the same: no model can be fitted" "no round has a score" \
  "all 6 labels are the same, so that there is no model"
expect 65 "${same[@]}" --command 'sed 1d | sed "s/,.*/,upper/"' -o same2 -q
says err "all 6 labels are the same"

# a command: labels of pool.csv, with a header and quotes
cat >oracle.sh <<'END'
echo row,label
awk -F, 'NR == FNR { label[FNR - 2] = $3; next } FNR > 1 { print $1 ",\"" label[$1] "\"" }' pool.csv -
END
command=(credence learn bare.csv --target label --classes lower,upper --start 6 -n 3 "${fit[@]}" --budget 12)
expect 0 "${command[@]}" --command 'bash oracle.sh' -o told
says err "done: the budget of 12 labels is spent"
lines told/curve.csv 4
# one that stops half way: what it said is kept, and only the rest is asked for again
cat >half.sh <<'END'
cat >batch.csv
tail -n +2 batch.csv | wc -l >>asked
bash oracle.sh <batch.csv | head -n 3
exit 3
END
expect 74 "${command[@]}" --command 'bash half.sh' -o half
says err "ended with 3"
expect 74 "${command[@]}" --command 'bash half.sh' -o half
[ "$(tr '\n' ' ' <asked)" = "6 4 " ] || fail "labels of a broken command are asked for again"
expect 65 "${command[@]}" --command 'cat >/dev/null; echo 3' -o word
says err "'row,label' is expected"
expect 65 "${command[@]}" --command 'cat >/dev/null; echo 1000,upper' -o word
says err "line 1 of the command: row 1000 was not asked for"
expect 65 "${command[@]}" --command 'cat >/dev/null' -o word
says err "left 6 rows without a label"
expect 74 "${command[@]}" --command 'kill -9 $$' -o word
says err "ended by signal 9"
# with the same labels the command's run and the simulation of the same choices agree
cut -d' ' -f3- told/journal | head -n 7 >a
[ "$(grep -c label told/journal)" -eq 12 ] || fail "labels of the command"

# images and labels in files of their own, in IDX
idx() { # ROWS: 2x2 images, labels 0, 1
  printf '\0\0\10\3\0\0\0\'"$(printf %o "$1")"'\0\0\0\2\0\0\0\2' >x.idx
  printf '\0\0\10\1\0\0\0\'"$(printf %o "$1")" >y.idx
  for i in $(seq "$1"); do
    printf "\\$(printf %o $((i * 3 % 200)))\\$(printf %o $((i % 2 * 90)))\\7\\$(printf %o $((i % 5)))" >>x.idx
    printf "\\$((i % 2))" >>y.idx
  done
}
idx 60
expect 0 credence learn x.idx --labels y.idx --target digit --task class --simulate --balanced \
  --test x.idx --test-labels y.idx --start 4 -n 4 --budget 12 --input-scale 255 "${fit[@]}" -o images
says err "round 2: 12 labels"
expect 0 credence learn x.idx --labels y.idx --target digit --task class --simulate --test x.idx \
  --test-labels y.idx --test-draws 4 --start 4 -n 4 --budget 8 --input-scale 255 --draws 10 --steps 20 \
  --posterior dropout --net 'conv 2 2 relu, dropout 0.2' -o convolution
expect 0 credence inspect convolution/model.cred
says out "conv 2 2 relu, dropout 0.2"
# numbers
credence demo sine --rows 80 -o sine.csv
expect 0 credence learn sine.csv --target y --simulate --test sine.csv --start 5 -n 5 --budget 15 \
  "${fit[@]}" --by epistemic -o sine
[ "$(head -n 1 sine/curve.csv)" = round,labels,rmse,rmse_se,log_lik,log_lik_se,mae,mae_se ] ||
  fail "the columns of the curve of numbers"

says err "the test rows are the pool itself"
expect 0 "${learn[@]}" --budget 12 -o batch2
expect 0 "${learn[@]}" --budget 10 -o batch2
says err "done: there are 12 labels, the budget is of 10"
awk -F, -v OFS=, '{ print (NR == 1 ? "nr" : NR), $0 }' pool.csv >numbered.csv
expect 0 credence learn numbered.csv --target label --simulate --start 8 --budget 8 "${fit[@]}" -o numbered
says err "the input 'nr' counts the rows" "next: credence learn ... --ignore nr, or --id nr"

# what is wrong
expect 78 "${learn[@]}" --budget 30 --by entropy -o run
says err "the folder of another run" "'by' is 'auto' there and 'entropy' here"
expect 64 "${learn[@]}" --budget 30
says err "-o FOLDER"
expect 64 credence learn pool.csv --simulate -o x
says err "--target COLUMN"
expect 78 "${learn[@]}" -o x
says err "nothing says when to stop"
expect 78 credence learn pool.csv --target label --simulate --flat 3 -o x
says err "--test FILE"
expect 78 "${learn[@]}" --command cat --budget 30 -o x
expect 78 credence learn bare.csv --target label --balanced -o x
expect 78 credence learn bare.csv --target label -o x
says err "give the classes (--classes A,B) or the task (--task number)"
expect 65 credence learn pool.csv --target label --simulate --start 300 --budget 400 -o x
says err "300 rows are to be labelled first, the pool has 200"
expect 78 "${learn[@]}" --net linear --budget 30 -o x
expect 64 "${learn[@]}" --resume x --budget 30 -o x
says err "unknown option '--resume'"
expect 64 "${learn[@]}" --baland --budget 30 -o x
says err "did you mean '--balanced'"
expect 78 "${learn[@]}" --configurations 5 --budget 30 -o x
expect 73 "${learn[@]}" --budget 30 -o pool.csv
expect 78 credence learn pool.csv --target label --simulate --budget 30 --test-draws 5 -o x
says err "belongs to --test"
echo x1,x2,label >none.csv
expect 65 credence learn none.csv --target label --simulate --budget 30 -o x
says err "there are no rows"
rm none.csv
expect 66 credence learn none.csv --target label --simulate --budget 30 -o x
finish
