#!/usr/bin/env bash
# bench/results/mnist.sh NET POSTERIOR SEED [EPOCHS] [OPTIONS OF FIT ...]
# bench/results/mnist.sh all
# bench/results/mnist.sh table
#
# Two hidden layers of NET ReLU units (400 or 1200; another name goes with an OPTION --net) on
# digits from IDX files, pixels / 126, batches of 128, as Blundell et al. (2015), section 5.1;
# then error, log-likelihood, Brier score and ECE (15 equal-width bins) on the 10,000 test images
# with 100 draws, and with the mean weights of each member ("-mean").
# POSTERIOR: vi (scale mixture), dropout, map, ensemble (5 MAP members). `all` makes every
# cell of the recorded table, JOBS at a time, and those of Fashion-MNIST. An OPTION takes the
# place of the same one of the recipe.
#
#   DATASET     mnist or fashion-mnist                                    (mnist)
#   VALIDATION  share of the training rows held out, on which the best epoch is kept; 0 for
#               all 60,000 rows and the last epoch                                    (0)
#   SEARCH      1: fit to the first 50,000 images and score on the last 10,000 of the
#               training set, for choices; the test images are not looked at          (0)
#   TAG         name of a variant of the options                          (none)
#   THREADS     threads                                                   (all cores)
# A fit that was stopped or killed goes on from its last checkpoint, a minute old at most, when
# the same line is run again; it ends with the bytes of one that was not stopped.
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

dataset=${DATASET:-mnist} validation=${VALIDATION-0} threads=${THREADS:-0} search=${SEARCH:-0}
folder=$results/$dataset
[ "$search" = 0 ] || folder+=-search

# The cells of the recorded table: DATASET NET POSTERIOR SEED EPOCHS.
cells() {
  local seed
  for seed in 1 2 3; do
    echo "mnist 400 vi $seed 60"
    echo "mnist 1200 dropout $seed 50"
    echo "mnist 1200 vi $seed 60"
  done
  printf 'mnist 400 %s\n' 'dropout 1 60' 'map 1 20' 'ensemble 1 20'
  printf 'fashion-mnist 400 %s 1 10\n' vi dropout map ensemble
}

# Over seeds: mean and standard deviation. "n" is the number of seeds.
table() {
  local seconds
  seconds=$(cat "$folder"/*.seconds | awk '{ s += $1 } END { print s + 0 }')
  provenance "$seconds"
  cat "$folder"/*.scores | awk '
    function stat(key, factor, format,   i, mean, square, text) {
      for (i = 0; i < n[row]; i++) mean += value[row, key, i] / n[row]
      for (i = 0; i < n[row]; i++) square += (value[row, key, i] - mean) ^ 2
      text = sprintf(format, factor * mean)
      if (n[row] > 1) text = text " ± " sprintf(format, (factor < 0 ? -factor : factor) * sqrt(square / (n[row] - 1)))
      return text
    }
    {
      row = $1 " | " $2 " | " $3 " | " $5
      if (!(row in n)) { n[row] = 0; order[++rows] = row }
      for (k = 6; k <= 9; k++) value[row, k, n[row]] = $k
      seconds[row] += $10; n[row]++
    }
    END {
      print "| units | posterior | variant | epochs | error % | NLL | Brier | ECE | seeds | core minutes a fit |"
      print "|---|---|---|---|---|---|---|---|---|---|"
      for (i = 1; i <= rows; i++) {
        row = order[i]
        printf "| %s | %s | %s | %s | %s | %d | %.0f |\n", row, stat(6, 100, "%.2f"),
          stat(7, -1, "%.4f"), stat(8, 1, "%.4f"), stat(9, 1, "%.4f"), n[row],
          seconds[row] / n[row] / 60
      }
      print "\nMean ± standard deviation over seeds."
    }'
}

# "NET POSTERIOR VARIANT SEED EPOCHS ERROR LOG-LIKELIHOOD BRIER ECE CPU-SECONDS" of this cell.
scores() { # POSTERIOR FILE
  local score line="$net $1 ${TAG:--} $seed $epochs"
  for score in error log_lik brier ece; do line+=" $(score_json $score "$2")"; done
  echo "$line $(awk '{ s += $1 } END { print s + 0 }' "$name.seconds")"
}

need_data "$dataset/train-images-idx3-ubyte.gz" "$dataset/t10k-images-idx3-ubyte.gz"
mkdir -p "$folder"
if [ "${1:-}" = table ]; then
  table | tee "$results/$(basename "$folder").md"
  exit
fi
if [ "${1:-}" = all ]; then
  cells | xargs -P "$jobs" -L 1 bash -c \
    'DATASET=$1 THREADS=${THREADS:-1} TAG= VALIDATION=0 SEARCH=0 "$0" "${@:2}"' "$0"
  exit
fi
[ $# -ge 3 ] || {
  sed -n 's/^# \(bench.*\)/usage: \1/p' "$0" >&2
  exit 64
}
net=$1 posterior=$2 seed=$3 epochs=${4:-}
shift $(($# < 4 ? $# : 4))
hidden="dense $net relu, dense $net relu"
case $posterior in
vi)
  recipe=(--posterior vi --estimator weights --prior 'mixture 0.37 0.0025 0.25'
    --kl-weights blundell --init-sd 0.25)
  default_epochs=60
  ;;
dropout)
  hidden="dropout 0.2, dense $net relu, dropout 0.5, dense $net relu, dropout 0.5"
  recipe=(--posterior dropout --members 1) default_epochs=60
  ;;
map) recipe=(--posterior map --members 1 --prior 'normal 0.1') default_epochs=30 ;;
ensemble) recipe=(--posterior map --members 5 --prior 'normal 0.1') default_epochs=30 ;;
*)
  echo "mnist.sh: posterior is '$posterior', expected vi, dropout, map or ensemble" >&2
  exit 64
  ;;
esac
recipe+=(--net "$hidden" --input-scale 126 --batch 128)
# An option that is given takes the place of the recipe's.
for ((i = 0; i < ${#recipe[@]}; i += 2)); do
  [[ " $* " == *" ${recipe[i]} "* ]] || set -- "${recipe[@]:i:2}" "$@"
done
epochs=${epochs:-$default_epochs}
name=$folder/$net-$posterior${TAG:+-$TAG}-$epochs-$seed
train=$data/$dataset/train test=$data/$dataset/t10k
input=(--labels "$train-labels-idx1-ubyte.gz" --threads "$threads" --checkpoint 60)
score=("$test-images-idx3-ubyte.gz" --labels "$test-labels-idx1-ubyte.gz")
rows=()
if [ "$search" != 0 ]; then
  seq 0 49999 | put "$folder/train.rows"
  seq 50000 59999 | put "$folder/validation.rows"
  rows=(--train-rows "$folder/train.rows")
  score=("$train-images-idx3-ubyte.gz" --labels "$train-labels-idx1-ubyte.gz"
    --rows-file "$folder/validation.rows")
fi

if [ ! -s "$name.cred" ]; then
  trap 'note_time "$name"' EXIT
  trap 'exit 130' INT TERM
  if [ -s "$name.part" ]; then
    "$credence" fit "$train-images-idx3-ubyte.gz" "${input[@]}" --resume "$name.part" -o "$name.part"
  else
    "$credence" fit "$train-images-idx3-ubyte.gz" "${input[@]}" --target digit --task class \
      "${rows[@]}" --validation "$validation" --epochs "$epochs" --seed "$seed" "$@" -o "$name.part"
  fi
  mv "$name.part" "$name.cred"
fi
if [ ! -s "$name.scores" ]; then
  "$credence" evaluate "$name.cred" "${score[@]}" --draws 100 --json --threads "$threads" \
    -o "$name.json"
  trap - EXIT
  note_time "$name"
  scores "$posterior" "$name.json" | put "$name.scores"
fi
# by the mean weights of each member, without draws
if [[ $posterior != map && $posterior != ensemble && ! -s $name-mean.scores ]]; then
  "$credence" evaluate "$name.cred" "${score[@]}" --draws-kind mean --json --threads "$threads" \
    -o "$name-mean.json"
  scores "$posterior-mean" "$name-mean.json" | put "$name-mean.scores"
fi
trap - EXIT
table | tee "$results/$(basename "$folder").md"
