# test_arrays.sh -- arrays of images (IDX) through fit, predict, evaluate, calibrate and plot:
# a network of convolutions, one scale, augmentation, threads.
. "$CLI_TESTS/check.sh"

# images NAME ROWS: 12 x 12, a bright square in the upper or the lower half, which is the class
images() {
  local pixels labels
  pixels=$(awk -v n="$2" 'BEGIN {
    for (i = 0; i < n; i++)
      for (j = 0; j < 144; j++) {
        bright = int(j / 72) == i % 2 && int(j / 12) % 6 >= 2 * (int(i / 2) % 3) &&
          int(j / 12) % 6 < 2 * (int(i / 2) % 3) + 2 && int(j % 12 / 4) == int(i / 6) % 3
        printf "\\%o", bright ? 255 : (i * 31 + j * 7) % 40
      }
  }')
  labels=$(awk -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "\\%o", i % 2 }')
  # shellcheck disable=SC2059
  printf '\0\0\10\3\0\0\0\'"$(printf %o "$2")"'\0\0\0\14\0\0\0\14'"$pixels" >"$1-x.idx"
  # shellcheck disable=SC2059
  printf '\0\0\10\1\0\0\0\'"$(printf %o "$2")$labels" >"$1-y.idx"
}
images train 60
images test 24

fit="credence fit train-x.idx --labels train-y.idx --target half --task class -q --batch 16"
expect 0 eval "$fit --steps 60 -o a.cred --augment 'flip, shift 0.05'"
expect 0 eval "$fit --steps 60 -o b.cred --augment 'flip, shift 0.05' --threads 3"
cmp -s a.cred b.cred || fail "threads change the model"
expect 0 eval "$fit --steps 60 -o plain.cred"
cmp -s a.cred plain.cred && fail "augmentation changes nothing"
expect 0 credence inspect a.cred
says out "conv 16 5 relu" "pool 2" "dense 64 relu" "flip, shift 0.05" "learning-rate"
[ "$(awk '/^x[0-9]+ / { print $4, $5 }' out | sort -u | wc -l)" -eq 1 ] ||
  fail "all pixels have one scale"

test="test-x.idx --labels test-y.idx"
expect 0 eval "credence evaluate a.cred $test --bootstrap 0"
awk '$1 == "accuracy" && $2 < 0.9 { exit 1 }' out || fail "nothing was learned: $(cat out)"
cp out scores
expect 0 eval "credence evaluate a.cred $test --bootstrap 0 --threads 3"
diff scores out || fail "threads change the scores"
expect 0 credence predict a.cred test-x.idx -o predictions.csv
lines predictions.csv 25
expect 0 eval "credence calibrate a.cred $test --coverage 0.8 -o c.cred"
expect 0 eval "credence plot reliability a.cred $test -o reliability.txt"
expect 0 credence plot uncertainty a.cred test-x.idx --ood train-x.idx -o uncertainty.txt
expect 0 eval "credence evaluate a.cred $test --ood train-x.idx --bootstrap 0"
says out auroc_entropy
expect 0 credence triage a.cred test-x.idx --review-rate 20% -o cases.csv

# an interrupted fit goes on to the same bytes
expect 0 eval "$fit --epochs 4 --augment flip --schedule constant -o whole.cred"
expect 0 eval "$fit --epochs 2 --augment flip --schedule constant -o part.cred"
expect 0 credence fit train-x.idx --labels train-y.idx --resume part.cred --epochs 4 -o on.cred -q
cmp -s whole.cred on.cred || fail "a fit to an array ends elsewhere once it was stopped"

# labels: whole numbers beside images are classes, and need no name
expect 0 eval "credence fit train-x.idx --labels train-y.idx --batch 16 --steps 60 -o auto.cred"
says err "the target 'label' has whole numbers beside images" "--task number"
expect 0 eval "credence evaluate auto.cred $test --bootstrap 0"
says out accuracy
expect 0 credence fit train-x.idx --labels train-y.idx --task number --net linear \
  --posterior map --steps 2 -o number.cred
says err "noise sd of 'label'"
grep -q "taken for classes" err && fail "--task says what they are"
expect 64 credence fit train-x.idx -o no.cred
says err "--target COLUMN" "--labels FILE" "--labels-member NAME"
expect 65 credence fit train-x.idx -t half -o no.cred
says err "images of 12 x 12 pixels" "without a column 'half' of labels" "--labels FILE"
expect 65 credence evaluate a.cred test-x.idx
says err "without a column 'half' of labels" "--labels FILE"
expect 78 credence predict a.cred test-x.idx --log-prob
says err "credence evaluate"
expect 65 credence evaluate a.cred test-x.idx --labels train-y.idx
says err "test-x.idx has 24 rows, the labels do not: train-y.idx has 60 rows"
expect 65 credence fit train-y.idx --labels train-x.idx -o no.cred
says err "144 columns, one column of labels is expected (these are images"

expect 0 credence demo digits --rows 20 -o digits
expect 0 credence fit digits --net linear --posterior map --steps 1 -q -o folder.cred
expect 65 credence evaluate folder.cred test-x.idx
says err "arrays of images belong to a model that was fitted to arrays"

# a network of one's own, and what is no picture
expect 0 eval "$fit --net 'dense 8 relu' --posterior map --input-scale 255 --steps 20 -o own.cred"
expect 0 eval "$fit --class-weights balanced --steps 20 -o weighted.cred"
expect 0 credence demo sine -o sine.csv
expect 78 credence fit sine.csv --target y --augment flip --steps 2 -o no.cred
says err "is of pictures"
expect 64 eval "$fit --augment flop -o no.cred"
says err "nearest: 'flip'"
# (rows, channels, height, width) is another order
# shellcheck disable=SC2059
printf '\0\0\10\4\0\0\0\20\0\0\0\3\0\0\0\6\0\0\0\6'"$(printf '\\%o' $(seq 0 1727 | awk '{ print $1 * 37 % 251 }'))" >first.idx
# shellcheck disable=SC2059
printf '\0\0\10\1\0\0\0\20'"$(for i in $(seq 16); do printf '\\%o' $((i % 2)); done)" >first-y.idx
expect 0 credence fit first.idx --labels first-y.idx --target y --task class --net linear --steps 1 \
  --posterior map -o first.cred
says err "images of 6 x 3 pixels (width x height) and 6 channels" "do the channels stand first?"
expect 0 eval "$fit --steps 1 -o plain.cred"
grep -q "stand first" err && fail "grey images have no channels first"

# other images from an archive, beside those of the model in it
if command -v zip >/dev/null; then
  npy() { # IDX-FILE SHAPE NAME
    local head="{'descr': '|u1', 'fortran_order': False, 'shape': ($2), }"
    { printf '\223NUMPY\1\0\166\0%-117s\n' "$head"; tail -c +17 "$1"; } >"$3.npy"
  }
  npy test-x.idx '24, 12, 12' own && npy train-x.idx '60, 12, 12' other
  zip -q both.npz own.npy other.npy
  expect 0 credence evaluate a.cred test-x.idx --ood train-x.idx --stable --json
  cp out from_idx
  expect 0 credence evaluate a.cred both.npz --member own --ood both.npz --ood-member other --stable --json
  cmp -s out from_idx || fail "an archive is told apart otherwise than IDX files"
  if command -v gnuplot >/dev/null; then
    expect 0 credence plot uncertainty a.cred both.npz --member own --ood both.npz --ood-member other -o both.svg
    grep -q '>own<' both.svg && grep -q '>other<' both.svg || fail "the figure does not name the arrays"
  fi
  expect 65 credence evaluate a.cred both.npz --member own --ood both.npz --ood-member none
  says err "none"
  expect 0 credence evaluate a.cred both.npz --member own --ood both.npz
  says err "the rows of --ood are those of DATA"
  expect 78 credence evaluate a.cred both.npz --member own --ood-member other
  says err "belongs to --ood"
fi

finish
