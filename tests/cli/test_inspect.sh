# test_inspect.sh -- what is printed of a model, and the figures.
. "$CLI_TESTS/check.sh"

credence demo sine --rows 60 -o sine.csv
credence demo sine --grid -o grid.csv
credence fit sine.csv --target y --posterior vi --hidden 7 --prior "normal 1" --steps 200 \
  --validation 0.2 -q -o model.cred

expect 0 credence inspect model.cred
says out "factorised Gaussian (variational), 1 member; can be resumed" "dense 7 relu" \
  "calibration: none"
for line in "dense1 dense 7 relu 7 14" "output dense 1 1 8" "prior normal 1" "rows 60" \
  "train-rows 48" "validation-rows 12"; do
  tr -s ' ' <out | sed 's/^ //; s/ $//' | grep -qx "$line" || fail "inspect lacks: $line"
done
grep -q "^  data  *[0-9a-f]\{16\}$" out || fail "no digest of the data"
cp out first
credence inspect - <model.cred | cmp -s - first || fail "MODEL on standard input"
expect 0 credence inspect model.cred --json
grep -qv '^{.*}$' out && fail "a line of JSON is no object"
says out '"kind":"fit"' '"kind":"layer"' '"kind":"input"' '"kind":"target"' '"kind":"history"'
n_epochs=$(grep -c '"kind":"history"' out)
expect 0 credence inspect model.cred --history
lines out $((n_epochs + 1))
[ "$(head -n 1 out)" = "epoch,log_lik,kl,validation" ] || fail "columns of the history"
expect 65 credence inspect sine.csv
expect 66 credence inspect none.cred

# figures: each is drawn, the same twice, and refuses what is not its own
if ! command -v gnuplot >/dev/null; then
  expect 69 credence plot loss model.cred -o loss.svg
  echo "gnuplot is not installed: no figure is drawn"
  finish
fi
{ echo "a,kind"; for i in $(seq 80); do echo "$((i * 37 % 80)),k$((i * 37 % 80 > 40))"; done; } >words.csv
credence fit words.csv --target kind --steps 100 -q -o words.cred
draw() { # NAME ARGUMENT...
  local name=$1
  shift
  expect 0 credence plot "$@" -o "$name.svg"
  [ -s "$name.svg" ] || fail "$name: no picture"
  cp "$name.svg" again
  expect 0 credence plot "$@" -o "$name.svg" --threads 3
  cmp -s "$name.svg" again || fail "$name: drawn twice it differs"
}
draw band band model.cred --data sine.csv --truth grid.csv
draw held band model.cred --x x --range=-2,2 --points 20 --at x=1
draw loss loss model.cred
draw coverage coverage model.cred sine.csv
draw parity parity model.cred sine.csv
draw uncertainty uncertainty model.cred sine.csv --ood grid.csv --score epistemic
draw reliability reliability words.cred words.csv --bins 5
draw entropy uncertainty words.cred words.csv --ood words.csv
says entropy.svg "0.500" # the AUROC of a table against itself
seq 0 9 >ten.txt
draw few parity model.cred sine.csv --rows-file ten.txt
expect 0 credence plot loss model.cred -o loss.png --script --title "well 7"
says loss.png.gp "well 7"
expect 64 credence plot bnd model.cred -o x.png
says err "did you mean 'band'"
expect 64 credence plot loss model.cred
expect 64 credence plot loss model.cred -o x.jpg
expect 64 credence plot loss model.cred sine.csv -o x.png
expect 64 credence plot parity model.cred -o x.png
expect 64 credence plot uncertainty model.cred sine.csv -o x.png
expect 64 credence plot band model.cred --range 2,1 -o x.png
expect 78 credence plot band model.cred --x X -o x.png
expect 78 credence plot band model.cred --bins 3 -o x.png
expect 78 credence plot band words.cred -o x.png
expect 78 credence plot reliability model.cred sine.csv -o x.png
expect 78 credence plot coverage words.cred words.csv -o x.png
[ ! -e x.png ] || fail "a picture was drawn for a mistake"
finish
