#!/usr/bin/env bash
# bench/results/ood.sh
#
# Telling other images apart: for every model of seed 1 that mnist.sh made, test images of its
# own set against those of others, by predictive entropy and by mutual information; area under
# the ROC curve, and share of the inside images flagged where 95 % of the outside ones are. The
# scores were fixed before any outside image was looked at. Pictures: histograms of the two
# sets, by the score in PICTURE (total: entropy, epistemic: mutual information), for the models
# whose name matches the pattern MODELS.
#
#   DRAWS    draws an image     (50)
#   THREADS  threads            (all cores)
#   PICTURE  total, epistemic or none    (none)
#   MODELS   pattern of the names of models, such as '400-vi-*'    (*-1)
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

draws=${DRAWS:-50} threads=${THREADS:-0} picture=${PICTURE:-none} models=${MODELS:-*-1}
mkdir -p "$results/ood"
images() { echo "$data/$1/t10k-images-idx3-ubyte.gz"; }

cell() { # MODEL INSIDE OUTSIDE
  local name
  name=$results/ood/$2-$3-$(basename "$1" .cred)
  [ "$picture" = none ] || picture "$@"
  [ -s "$name.json" ] && return
  "$credence" evaluate "$1" "$(images "$2")" --ood "$(images "$3")" --draws "$draws" \
    --threads "$threads" --json --quiet -o "$name.part"
  mv "$name.part" "$name.json"
}

picture() { # MODEL INSIDE OUTSIDE
  "$credence" plot uncertainty "$1" "$(images "$2")" --ood "$(images "$3")" \
    --draws "$draws" --threads "$threads" --score "$picture" --title "$(basename "$1" .cred): $2 against $3" \
    --width 640 --height 400 -o "$results/ood/$2-$3-$(basename "$1" .cred)-$picture.png"
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
  for score in auroc_entropy fpr95_entropy auroc_mutual_information fpr95_mutual_information; do
    line+=$(printf ' %.4f |' "$(score_json $score "$1")")
  done
  echo "$line"
}

need_data mnist fashion-mnist notmnist
shopt -s nullglob
for model in "$results"/mnist/$models.cred; do
  cell "$model" mnist notmnist
  cell "$model" mnist fashion-mnist
done
for model in "$results"/fashion-mnist/$models.cred; do
  cell "$model" fashion-mnist mnist
done
{
  provenance 0
  echo '| fitted to | other | model (units-posterior-epochs-seed) | AUROC, entropy | FPR at 95 % | AUROC, mutual information | FPR at 95 % |'
  echo '|---|---|---|---|---|---|---|'
  for file in "$results"/ood/*.json; do row "$file"; done
} | tee "$results/ood.md"
