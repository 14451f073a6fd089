# test_plot.sh -- what a figure says of itself, read in its script.
. "$CLI_TESTS/check.sh"
command -v gnuplot >/dev/null || { echo "gnuplot is not installed"; exit 77; }

{ echo "x,z,k,y"
  for i in $(seq 200); do
    echo "$((i % 40)).5,$((i * 7 % 13)).25,$([ $((i % 2)) = 0 ] && echo red || echo blue),$((i % 40 + i * 7 % 13)).$((i % 10))"
  done; } >table.csv
credence fit table.csv -t y --steps 200 --members 1 -q -o model.cred

# what is held, and that the points are not
expect 0 credence plot band model.cred --x x --at z=2.5,k=red --data table.csv --script -o band.svg
says band.svg.gp "note_text = 'z = 2.5, k = red'" "'training data (other inputs vary)'"
expect 0 credence plot band model.cred --x z --script -o band.svg
grep -q "note_text = 'x = 20, k = none'" band.svg.gp || fail "the inputs held at their means"
credence demo sine -o sine.csv
credence fit sine.csv -t y --steps 200 --members 1 -q -o sine.cred
expect 0 credence plot band sine.cred --data sine.csv --script -o sine.svg
says sine.svg.gp "note_text = ''" "'training data'"

# a sample is called one
for i in $(seq 30); do sed 1d table.csv; done >rows
{ head -n 1 table.csv; cat rows; } >long.csv
expect 0 credence plot parity model.cred long.csv --draws 4 --script -o parity.svg
says parity.svg.gp "note_text = '3000 of 6000 rows'"
expect 0 credence plot parity model.cred table.csv --draws 4 --script -o parity.svg
grep -q "of 200 rows" parity.svg.gp && fail "all rows are no sample"

# the unit of both terms, and room for their numbers
expect 0 credence plot loss model.cred --script -o loss.svg
says loss.svg.gp "'-log prior a row (nats)'" "'minus log lik. a row (nats)'" "set lmargin"

# a long tail does not put the narrow set into one bin
{ head -n 1 table.csv; awk -F, 'NR > 1 { print $1 * 50 "," $2 * 90 "," $3 "," $4 }' table.csv; } >far.csv
expect 0 credence plot uncertainty model.cred table.csv --ood far.csv --script -o far.svg
says far.svg.gp "(last bin: all above)"
sed -n '/^\$first <</,/^EOD/p' far.svg.gp | awk '$2 > 0.02' | grep -c . >filled
[ "$(cat filled)" -ge 4 ] || fail "the rows inside fill $(cat filled) bins"
expect 0 credence plot uncertainty model.cred table.csv --ood long.csv --script -o near.svg
grep -q "last bin" near.svg.gp && fail "an axis that is cut without need"
finish
