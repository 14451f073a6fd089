#!/usr/bin/env bash
# bench/results/lenet.sh DATASET POSTERIOR SEED [OPTIONS OF FIT ...]
# bench/results/lenet.sh ood
# bench/results/lenet.sh rotated
# bench/results/lenet.sh all
#
# A network of the size of LeNet-5 (53,000 parameters) on MNIST or Fashion-MNIST, pixels / 255, no
# augmentation: error, log-likelihood, Brier score and ECE on the test images (mnist.sh fits and scores).
# POSTERIOR: map, dropout, vi, ensemble (10 MAP members), dropout-ensemble (10 members with
# dropout). `ood`: other images against those of the set, for the models of seed 1 (ood.sh).
# `rotated`: the models of digits on test digits turned by 0 to 180 degrees: accuracy, Brier
# score, mean entropy; a table and a picture. `all`: every cell of the recorded tables.
#
#   SEARCH    1: fit to the first 50,000 training images and score on the others, for choices  (0)
#   TAG       name of a variant of the options                              (none)
#   EPOCHS    epochs in place of the recipe's                               (the recipe's)
#   THREADS   threads                                                       (all cores)
#   DRAWS     draws an image of `ood` and `rotated`                         (30)
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

here=$root/bench/results
export RESULTS=$results/lenet DRAWS=${DRAWS:-30}
threads=${THREADS:-0}
degrees=$(seq 0 15 180)

recipe() { # DATASET POSTERIOR: sets options, epochs
  local layers='conv 16 3 relu, pool 2, conv 32 3 same relu, conv 32 3 relu, pool 2'
  local dropped="$layers, dropout 0.1, dense 48 relu, dropout 0.2"
  layers+=', dense 48 relu'
  epochs=10
  [ "$1" = mnist ] || epochs=20
  case $2 in
  map) options=(--net "$layers" --members 1) ;;
  ensemble) options=(--net "$layers" --members 10) ;;
  dropout) options=(--net "$dropped" --members 1) ;;
  dropout-ensemble) options=(--net "$dropped" --members 10) ;;
  vi) options=(--net "$layers" --members 1 --estimator local) ;;
  *)
    echo "lenet.sh: posterior is '$2', expected map, dropout, vi, ensemble or dropout-ensemble" >&2
    exit 64
    ;;
  esac
  options+=(--input-scale 255 --prior 'normal 1' --learning-rate 3e-3)
}

cell() { # DATASET POSTERIOR SEED [OPTION...]
  local options epochs posterior=$2 variant=${TAG:-}
  recipe "$1" "$posterior"
  [ "$posterior" != dropout-ensemble ] || posterior=dropout variant=x10${TAG:+-$TAG}
  TAG=$variant DATASET=$1 "$here/mnist.sh" lenet "$posterior" "$3" "${EPOCHS:-$epochs}" \
    "${@:4}" "${options[@]}"
}

all() {
  local dataset seed posterior
  for dataset in mnist fashion-mnist; do
    for posterior in ensemble dropout-ensemble; do cell $dataset $posterior 1; done
    for seed in 1 2 3; do
      for posterior in map dropout vi; do cell $dataset $posterior $seed; done
    done
  done
  "$0" ood
  "$0" rotated
}

# The test digits, turned.
turned() { # DEGREES
  local file=$RESULTS/rotated/turned-$1-idx3-ubyte
  [ -s "$file" ] || gzip -dc "$data/mnist/t10k-images-idx3-ubyte.gz" |
    "$RESULTS/rotated/rotate" "$1" | put "$file"
  echo "$file"
}

# "DEGREES ACCURACY BRIER ENTROPY" of predictions, against the labels.
score_turned() { # DEGREES
  awk -F '[ ,]' -v degrees="$1" '
    NR == FNR { for (i = 1; i <= NF; i++) if ($i != "") digit[n_digits++] = $i; next }
    FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    {
      truth = digit[$at["row"]]; right += $at["label"] == truth; entropy += $at["entropy"]; n++
      for (k = 0; k < 10; k++) brier += ($at["p_" k] - (k == truth)) ^ 2
    }
    END { printf "%d %.4f %.4f %.4f\n", degrees, right / n, brier / n, entropy / n }' \
    <(gzip -dc "$data/mnist/t10k-labels-idx1-ubyte.gz" | od -An -v -t u1 -j 8) -
}

rotated() {
  local folder=$RESULTS/rotated model name angle models=()
  need_data mnist/t10k-images-idx3-ubyte.gz mnist/t10k-labels-idx1-ubyte.gz
  mkdir -p "$folder"
  [ "$folder/rotate" -nt "$here/rotate.c" ] ||
    "${CC:-cc}" -std=c17 -O2 "$here/rotate.c" -lm -o "$folder/rotate"
  for model in "$RESULTS"/mnist/*-1.cred; do
    name=$(basename "$model" .cred)
    for angle in $degrees; do
      [ -s "$folder/$name-$angle.txt" ] ||
        "$credence" predict "$model" "$(turned "$angle")" --draws "$DRAWS" --threads "$threads" \
          --quiet -o - | score_turned "$angle" | put "$folder/$name-$angle.txt"
    done
    for angle in $degrees; do cat "$folder/$name-$angle.txt"; done | put "$folder/$name.curve"
    models+=("$name")
  done
  gnuplot -e "models = '${models[*]}'; folder = '$folder'; output_file = '$RESULTS/rotated.png'" \
    "$here/rotated.gp"
  {
    provenance 0
    echo '| model (units-posterior-epochs-seed) | degrees | accuracy | Brier | entropy |'
    echo '|---|---|---|---|---|'
    for name in "${models[@]}"; do
      awk -v name="$name" '$1 % 45 == 0 { print "| " name " | " $1 " | " $2 " | " $3 " | " $4 " |" }' \
        "$folder/$name.curve"
    done
  } | tee "$RESULTS/rotated.md"
}

case ${1:-} in
ood) "$here/ood.sh" ;;
rotated) rotated ;;
all) all ;;
*)
  [ $# -ge 3 ] || {
    sed -n 's/^# \(bench.*\)/usage: \1/p' "$0" >&2
    exit 64
  }
  cell "$@"
  ;;
esac
