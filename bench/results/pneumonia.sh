#!/usr/bin/env bash
# bench/results/pneumonia.sh [SEED ...]
#
# Chest X-rays of children, 28 x 28 pixels, normal or pneumonia (pneumoniamnist), by a small
# convolutional network: accuracy, AUROC, sensitivity where the specificity is 95 %,
# log-likelihood, Brier score and ECE on the 624 test images, for each posterior and SEED
# (1 2 3). SEARCH=1 scores on the 524 validation images instead, for choices.
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

folder=$results/pneumonia part=test
[ "${SEARCH:-0}" = 0 ] || part='val'
seeds=${*:-1 2 3}
archive=$data/medmnist/pneumoniamnist.npz
layers='conv 16 3 relu, pool 2, conv 32 3 relu, pool 2, dense 64 relu'
dropped='conv 16 3 relu, channel_dropout 0.1, pool 2, conv 32 3 relu, channel_dropout 0.1, pool 2,
  dropout 0.2, dense 64 relu, dropout 0.5'

fit() { # NAME POSTERIOR SEED
  local options=(--net "$layers" --members 1)
  case $2 in
  map) options+=(--posterior map) ;;
  ensemble) options=(--posterior map --net "$layers" --members 5) ;;
  dropout) options=(--posterior dropout --net "$dropped" --members 1) ;;
  vi) options+=(--posterior vi --prior 'normal 0.1') ;;
  esac
  "$credence" fit "$folder/train_images.npy" --labels "$folder/train_labels.npy" \
    --target label --task class --input-scale 255 --batch 64 --epochs 20 --validation 0 \
    --seed "$3" --threads "${THREADS:-0}" --quiet "${options[@]}" -o "$1.cred"
}

# Sensitivity at the lowest threshold that at least 95 % of the normal cases lie below.
sensitivity() { # LABELS < PREDICTIONS
  awk -F '[ ,]' '
    NR == FNR { for (i = 1; i <= NF; i++) if ($i != "") truth[n_truth++] = $i; next }
    FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { print truth[$at["row"]], $at["p_1"] }' <(bytes "$1") - |
    sort -g -k 2,2r | awk '
      { truth[NR] = $1; p[NR] = $2; n[$1]++ }
      END {
        for (i = 1; i <= NR; i++) {
          alarms += truth[i] == 0; found += truth[i] == 1
          if (alarms > 0.05 * n[0]) break
          if (i == NR || p[i + 1] != p[i]) best = found
        }
        printf "%.4f\n", best / n[1]
      }'
}

# The numbers of an NPY file of bytes.
bytes() { od -An -v -t u1 -j $((10 + $(od -An -t u2 -j 8 -N 2 "$1"))) "$1"; }

cell() { # POSTERIOR SEED
  local name=$folder/$1-$2 score line="$1 $2"
  local test=("$folder/${part}_images.npy" --threads "${THREADS:-0}" --draws 100 --quiet)
  [ -s "$name-$part.scores" ] && return
  [ -s "$name.cred" ] || {
    fit "$name.part" "$1" "$2"
    mv "$name.part.cred" "$name.cred"
  }
  "$credence" evaluate "$name.cred" "${test[@]}" --labels "$folder/${part}_labels.npy" --json \
    -o "$name.json"
  for score in accuracy auroc log_lik brier ece; do line+=" $(score_json $score "$name.json")"; done
  line+=" $("$credence" predict "$name.cred" "${test[@]}" -o - | sensitivity "$folder/${part}_labels.npy")"
  echo "$line" | put "$name-$part.scores"
}

need_data medmnist/pneumoniamnist.npz
mkdir -p "$folder"
[ -s "$folder/train_images.npy" ] || unzip -qo "$archive" -d "$folder"
start=$(date +%s)
for posterior in map dropout vi ensemble; do
  for seed in $seeds; do cell $posterior "$seed"; done
done
{
  provenance $(($(date +%s) - start))
  echo '| posterior | accuracy % | AUROC | sensitivity at 95 % specificity | NLL | Brier | ECE | seeds |'
  echo '|---|---|---|---|---|---|---|---|'
  for posterior in map dropout vi ensemble; do
    cat "$folder/$posterior"-*-$part.scores | awk '
      { for (k = 3; k <= NF; k++) { sum[k] += $k; square[k] += $k * $k } }
      function stat(k, factor, format,   mean, text) {
        mean = sum[k] / NR; text = sprintf(format, factor * mean)
        if (NR == 1) return text
        return text " ± " sprintf(format, sqrt(factor ^ 2 * (square[k] - NR * mean * mean) / (NR - 1)))
      }
      END { printf "| %s | %s | %s | %s | %s | %s | %s | %d |\n", $1, stat(3, 100, "%.1f"),
        stat(4, 1, "%.4f"), stat(8, 1, "%.3f"), stat(5, -1, "%.3f"), stat(6, 1, "%.3f"),
        stat(7, 1, "%.3f"), NR }'
  done
} | tee "$results/pneumonia-$part.md"
