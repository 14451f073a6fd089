# test_predict.sh -- columns, order, streams, and what is wrong with an input.
. "$CLI_TESTS/check.sh"

credence demo sine --rows 60 -o sine.csv
credence demo sine --grid -o grid.csv
credence fit sine.csv --target y --steps 200 --members 2 -q -o model.cred
fixed=row,mean,sd,sd_epistemic,sd_aleatoric,q05,q50,q95

expect 0 credence predict model.cred sine.csv
[ "$(head -n 1 out)" = $fixed ] || fail "the columns are not $fixed"
lines out 61
cp out first.csv
# sd^2 = epistemic^2 + aleatoric^2; the quantiles grow; rows are numbered from 0
awk -F, 'NR > 1 && (($3^2 - $4^2 - $5^2)^2 > 1e-10 || !($6 < $7 && $7 < $8) || $1 != NR - 2) {
  bad = 1 } END { exit bad }' out || fail "numbers that do not belong together"

# the same bytes from any number of threads, from streams, and for a row wherever it stands
for n in 1 2 3 8 64; do
  expect 0 credence predict model.cred sine.csv --threads $n
  cmp -s out first.csv || fail "$n threads give other predictions"
done
credence predict model.cred - <sine.csv | cmp -s - first.csv || fail "DATA on standard input"
credence predict - sine.csv <model.cred | cmp -s - first.csv || fail "MODEL on standard input"
expect 0 credence predict model.cred sine.csv -o named.csv
cmp -s named.csv first.csv || fail "-o FILE"
expect 0 credence predict model.cred sine.csv --draws 200
cmp -s out first.csv && fail "--draws has no effect"
expect 0 credence predict model.cred sine.csv --seed 7
cmp -s out first.csv && fail "--seed has no effect"
# more rows than a block holds, and the first of them as they were
{ cat sine.csv; for i in $(seq 5000); do echo "0.$i,0"; done; } >long.csv
expect 0 credence predict model.cred long.csv --draws 4 -o long_out.csv
lines long_out.csv 5061
credence predict model.cred sine.csv --draws 4 | cmp -s - <(sed 61q long_out.csv) ||
  fail "a row's numbers depend on the rows behind it"
tail -n 1 long_out.csv | grep -q '^5059,' || fail "row numbers beyond the first block"
# rows by their numbers, in the order of the input, in one block and another
printf '%s\n' 5000 3 4096 60 >some.rows
awk -F, 'NR == 1 || $1 == 3 || $1 == 60 || $1 == 4096 || $1 == 5000' long_out.csv >some.csv
expect 0 credence predict model.cred long.csv --draws 4 --rows-file some.rows
cmp -s out some.csv || fail "rows of a list are other rows"
expect 0 eval "credence predict model.cred - --draws 4 --rows-file some.rows <long.csv"
cmp -s out some.csv || fail "rows of a list from a stream"
expect 0 credence predict model.cred long.csv --rows-file some.rows --function-draws --draws 2
lines out 5
seq 5060 6000 >far.rows
expect 65 credence predict model.cred long.csv --rows-file far.rows -o no.csv
says err "far.rows: row 6000 is listed, but long.csv has 5060 rows"
[ ! -e no.csv ] || fail "a table of too few rows"
echo 3 3 >twice.rows
expect 65 credence predict model.cred long.csv --rows-file twice.rows
says err "row 3 is listed twice"

# other columns only by option, at the end
expect 0 credence predict model.cred sine.csv --quantiles 0.025,0.5,0.9 --log-prob --keep x
[ "$(head -n 1 out)" = "$fixed,q02.5,q50,q90,log_prob,x" ] || fail "columns of options"
cut -d, -f1-8 out | cmp -s - first.csv || fail "options change the other columns"
awk -F, 'NR > 1 && ($10 - $7)^2 > 1e-12 { bad = 1 } END { exit bad }' out || fail "q50 twice"
expect 0 credence predict model.cred sine.csv --draws-kind mean --json
lines out 60
says out '{"row":0,"mean":'
expect 0 credence predict model.cred grid.csv --function-draws --draws 5 --draws-kind function
cp out functions
expect 78 credence predict model.cred grid.csv --function-draws --draws-kind row
expect 0 credence predict model.cred grid.csv --function-draws --draws 5
cmp -s out functions || fail "--draws-kind function changes functions"
says out "row,d0,d1,d2,d3,d4,d5" # a multiple of the members
expect 0 credence predict model.cred sine.csv --mc-error 0.02
expect 0 credence predict model.cred sine.csv --draws-kind moments

# another order, extra columns (said once), a missing one
awk -F, -v OFS=, '{ print "z" NR, $2, $1 }' sine.csv | sed '1s/.*/extra,y,x/' >turned.csv
expect 0 credence predict model.cred turned.csv
cmp -s out first.csv || fail "another order of columns"
[ "$(grep -c "'extra'" err)" -eq 1 ] || fail "extra columns are not said once"
sed '1s/x/X/' sine.csv >lacking.csv
expect 65 credence predict model.cred lacking.csv -o no.csv
says err "no column 'x'" "did you mean 'X'"
[ ! -e no.csv ] || fail "a file was written"
expect 0 credence predict model.cred <(cut -d, -f1 sine.csv)
cmp -s out first.csv || fail "targets are needed"
echo x,y >none.csv
expect 0 credence predict model.cred none.csv
[ "$(cat out)" = $fixed ] || fail "a table without rows"

# bad cells
for cell in abc 0,1x 1e400 1e35 nan ''; do
  printf 'x\n1\n2\n"%s"\n' "$cell" >bad.csv
  expect 65 credence predict model.cred bad.csv -o bad_out.csv
  says err "bad.csv:4"
  [ ! -e bad_out.csv ] || fail "a file was written for '$cell'"
done

# the two arguments in the other order
expect 64 credence predict sine.csv model.cred
says err "'model.cred' is the model, not 'sine.csv': write credence predict MODEL DATA"
expect 65 credence predict sine.csv grid.csv
expect 64 credence plot parity sine.csv model.cred -o no.png
says err "write credence plot FIGURE MODEL [DATA...]"

# classes, ids and quotes
{ echo "id,a,color,kind"
  for i in $(seq 60); do
    echo "\"r\"\"$i\",$((i % 7)).5,$([ $((i % 3)) = 0 ] && echo red || echo blue),\"k,$((i % 3))\""
  done; } >words.csv
credence fit words.csv --target kind --id id --steps 100 -q -o words.cred
sed '1s/kind/label/' words.csv >labels.csv
credence fit labels.csv --target label --id id --steps 100 -q -o labels.cred
expect 0 credence predict labels.cred labels.csv --keep label,a
head -n 1 out | grep -q '^row,id,label,.*,data_label,a$' || fail "two columns of one name"
expect 0 credence predict words.cred words.csv
[ "$(head -n 1 out)" = 'row,id,label,"p_k,0","p_k,1","p_k,2",confidence,entropy,mutual_information' ] ||
  fail "columns of classes"
says out '0,"r""1","k,'
expect 0 credence predict words.cred words.csv --json --log-prob
says out '{"row":0,"id":"r\"1","label":"k,' '"p_k,0":' '"log_prob":'
sed 's/,red,/,green,/' words.csv >level.csv
expect 65 credence predict words.cred level.csv
says err "level.csv:4:3" "'green' is no level of 'color'" "blue, red"
sed 's/k,0/new/' words.csv >class.csv
expect 0 credence predict words.cred class.csv # targets are not looked at
expect 65 credence predict words.cred class.csv --log-prob
says err "'new' is no class of 'kind'"
expect 78 credence predict words.cred words.csv --quantiles 0.1

# missing cells as the model was told
sed '5s/,4.5,/,,/' words.csv >holes.csv
expect 65 credence predict words.cred holes.csv
says err "holes.csv:5:2" "missing"
credence fit holes.csv --target kind --id id --missing drop --steps 100 -q -o drop.cred
expect 0 credence predict drop.cred holes.csv
lines out 60
says err "rows with missing cells that are left out: 1"
grep -q '^3,' out && fail "the row with a missing cell is there"
credence fit holes.csv --target kind --id id --missing indicator --steps 100 -q -o ind.cred
expect 0 credence predict ind.cred holes.csv
lines out 61

# several targets
awk -F, -v OFS=, '{ print $1, $2, NR == 1 ? "v" : 2 * $2 }' sine.csv >two.csv
credence fit two.csv --target y,v --steps 100 --members 1 -q -o two.cred
expect 0 credence predict two.cred two.csv
says out "row,mean_y,sd_y,sd_epistemic_y,sd_aleatoric_y,q05_y,q50_y,q95_y,mean_v,sd_v"

# files that are no model
expect 65 credence predict sine.csv sine.csv
size=$(stat -c %s model.cred)
for n in 0 1 8 100 $((size / 2)) $((size - 1)); do
  head -c "$n" model.cred >cut.cred
  expect 65 credence predict cut.cred sine.csv
  says err "cut.cred"
done
cat model.cred model.cred >twice.cred
expect 65 credence predict twice.cred sine.csv
expect 66 credence predict none.cred sine.csv
expect 66 credence predict model.cred none2.csv

# usage, and output that cannot be written
expect 64 credence predict model.cred
says err "DATA is missing"
expect 64 credence predict - -
expect 64 credence predict model.cred sine.csv --quantiles 2
expect 64 credence predict model.cred sine.csv --draws 1e3x
expect 64 credence predict model.cred sine.csv --mc-error 0,1
expect 65 credence predict model.cred sine.csv --keep z
expect 78 credence predict model.cred sine.csv --function-draws --log-prob
expect 73 credence predict model.cred sine.csv -o no/folder.csv
status=0
credence predict model.cred sine.csv >&- 2>err || status=$?
[ $status -eq 74 ] || fail "a closed standard output ends with $status"
if [ -e /dev/full ]; then
  status=0
  credence predict model.cred sine.csv >/dev/full 2>err || status=$?
  [ $status -eq 74 ] || fail "a full disk ends with $status"
  expect 74 credence predict model.cred sine.csv -o /dev/full
fi

# a locale with decimal commas changes nothing
locale=$(locale -a | grep -iE '^de_DE\.?(utf-?8)?$' | head -n 1)
if [ -n "$locale" ]; then
  LC_ALL=$locale credence predict model.cred sine.csv | cmp -s - first.csv || fail "$locale"
else
  echo "no locale with decimal commas is installed: not tested"
fi
finish
