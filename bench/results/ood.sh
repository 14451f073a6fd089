#!/usr/bin/env bash
# bench/results/ood.sh
#
# Telling other images apart: for every model that mnist.sh made, test images of its own set
# against those of others, by predictive entropy and by mutual information; area under the
# ROC curve, and share of the inside images flagged where 95 % of the outside ones are. The
# scores were fixed before any outside image was looked at. Pictures: histograms of both.
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

mkdir -p "$results/ood"
images() { echo "$data/$1/t10k-images-idx3-ubyte.gz"; }

cell() { # MODEL INSIDE OUTSIDE
  local name
  name=$results/ood/$2-$3-$(basename "$1" .cred)
  [ -s "$name.json" ] && return
  "$credence" evaluate "$1" "$(images "$2")" --ood "$(images "$3")" --draws 100 --json \
    --quiet -o "$name.part"
  "$credence" plot uncertainty "$1" "$(images "$2")" --ood "$(images "$3")" --draws 100 \
    --title "$(basename "$1" .cred): $2 against $3" --width 640 --height 400 -o "$name.png"
  mv "$name.part" "$name.json"
}

row() { # FILE
  local name inside outside score line
  name=$(basename "$1" .json)
  inside=${name%%-[0-9n]*} outside=${name#"$inside"-}
  case $name in
  mnist-fashion-mnist-*) inside=mnist outside=fashion-mnist ;;
  mnist-notmnist-*) inside=mnist outside=notmnist ;;
  *) inside=fashion-mnist outside=mnist ;;
  esac
  line="| $inside | $outside | ${name#"$inside-$outside-"} |"
  for score in auroc_entropy auroc_mutual_information fpr95_entropy fpr95_mutual_information; do
    line+=$(printf ' %.4f |' "$(score_json $score "$1")")
  done
  echo "$line"
}

need_data mnist fashion-mnist notmnist
shopt -s nullglob
for model in "$results"/mnist/*.cred; do
  cell "$model" mnist notmnist
  cell "$model" mnist fashion-mnist
done
for model in "$results"/fashion-mnist/*.cred; do
  cell "$model" fashion-mnist mnist
done
{
  provenance 0
  echo '| fitted to | other | model (units-posterior-epochs-seed) | AUROC entropy | AUROC mutual information | FPR95 entropy | FPR95 mutual information |'
  echo '|---|---|---|---|---|---|---|'
  for file in "$results"/ood/*.json; do row "$file"; done
} | tee "$results/ood.md"
