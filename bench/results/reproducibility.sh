#!/usr/bin/env bash
# bench/results/reproducibility.sh [TABLES]
#
# For each posterior: are the bytes of model and predictions the same with 1, 2, 3 and 8
# threads, and after a fit that was interrupted by SIGTERM and resumed, up to three times and
# with changing numbers of threads? Tables: `patients`, made up, with numbers, categories and
# missing cells; `digits`, the 10,000 MNIST test images, if they are there. Sums are SHA-256.
# Ends with 1 if anything differs.
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

tables=${1:-patients digits}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
cells=$results/reproducibility
mkdir -p "$cells"

set_table() { # NAME
  if [ "$1" = patients ]; then
    table=$folder/patients.csv
    "$credence" demo patients --rows 2000 -o "$table"
    input=(--target readmitted --task class --id id --missing indicator --hidden 40,40)
    input+=(--batch 96 --epochs 40)
    methods="default map map-sgd ensemble dropout vi-local vi-weights vi-flipout vi-mixture"
  else
    need_data mnist
    table=$data/mnist/t10k-images-idx3-ubyte.gz
    labels=(--labels "$data/mnist/t10k-labels-idx1-ubyte.gz")
    input=("${labels[@]}" --target digit --task class --input-scale 126 --hidden 200,200)
    input+=(--batch 128 --epochs 2)
    methods="map dropout vi-local vi-weights vi-flipout"
  fi
}

options_of() {
  case $1 in
  default) ;;
  map) printf '%s\n' --posterior map ;;
  map-sgd) printf '%s\n' --posterior map --optimiser sgd --learning-rate 1e-4 ;;
  ensemble) printf '%s\n' --posterior map --members 4 --folds ;;
  dropout) printf '%s\n' --posterior dropout --members 1 --dropout 0.1 --validation 0.1 ;;
  vi-mixture)
    printf '%s\n' --posterior vi --prior mixture --kl-weights blundell --estimator weights
    ;;
  vi-*) printf '%s\n' --posterior vi --estimator "${1#vi-}" --train-draws 2 ;;
  esac
}

sum_of() { sha256sum <"$1" | cut -c 1-64; }

# Stop the fit, and what goes on from it, then let it end; prints how often it was stopped.
interrupted() { # SECONDS OPTIONS...
  local model=$folder/stopped.cred pause=$1 stops=0 process status
  shift
  while [ $stops -lt 3 ]; do
    if [ -s "$model" ]; then
      "$credence" fit "$table" ${labels[@]+"${labels[@]}"} --resume "$model" \
        --threads $((stops + 1)) --quiet -o "$model" &
    else
      "$credence" fit "$table" "${input[@]}" --seed 3 --threads 2 --quiet "$@" -o "$model" &
    fi
    process=$!
    sleep "$pause"
    kill -TERM $process 2>/dev/null || true
    status=0
    wait $process 2>/dev/null || status=$?
    if [ $status -eq 0 ]; then
      [ $stops -eq 0 ] || break
      rm -f "$model" # too late to stop it
      pause=$(awk -v p="$pause" 'BEGIN { print p / 2 }')
      continue
    fi
    [ -s "$model" ] || { # nothing was there to be kept yet
      pause=$(awk -v p="$pause" 'BEGIN { print 1.5 * p }')
      continue
    }
    stops=$((stops + 1))
  done
  [ $status -eq 0 ] || "$credence" fit "$table" ${labels[@]+"${labels[@]}"} \
    --resume "$model" --threads 3 --quiet -o "$model"
  echo $stops
}

predict() { # NAME THREADS
  "$credence" predict "$folder/$1.cred" "$table" --draws 20 --threads "$2" --quiet \
    -o "$folder/$1.csv"
}

# Whether all of the files are the same.
verdict() { # FILES
  local n file
  n=$(for file; do sum_of "$file"; done | sort -u | wc -l)
  if [ "$n" -eq 1 ]; then echo same; else echo "**$n kinds**"; fi
}

cell() { # TABLE METHOD
  local file=$cells/$1-$2 options n start pause stops fits=() outs=()
  [ -s "$file" ] && return
  mapfile -t options < <(options_of "$2")
  rm -f "$folder"/*.cred
  start=$(date +%s.%N)
  for n in 1 2 3 8; do
    "$credence" fit "$table" "${input[@]}" --seed 3 --threads $n --quiet "${options[@]}" \
      -o "$folder/t$n.cred"
    predict t$n $n
    fits+=("$folder/t$n.cred") outs+=("$folder/t$n.csv")
  done
  pause=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { print (b - a) / 24 }')
  stops=$(interrupted "$pause" "${options[@]}")
  predict stopped 2
  echo "| $1 | $2 | $(verdict "${fits[@]}") | $(verdict "${outs[@]}") | $stops |" \
    "$(verdict "$folder/t1.cred" "$folder/stopped.cred") |" \
    "$(verdict "$folder/t1.csv" "$folder/stopped.csv") |" \
    "\`$(sum_of "$folder/t1.cred" | cut -c 1-16)\` | \`$(sum_of "$folder/t1.csv" | cut -c 1-16)\` |" |
    put "$file"
}

for name in $tables; do
  labels=()
  set_table "$name"
  for method in $methods; do cell "$name" "$method"; done
done
{
  provenance "$SECONDS"
  echo '| table | posterior | model, 1 2 3 8 threads | predictions, 1 2 3 8 threads | stops | model resumed | its predictions | SHA-256 of the model | of the predictions |'
  echo '|---|---|---|---|---|---|---|---|---|'
  for name in $tables; do
    set_table "$name"
    for method in $methods; do cat "$cells/$name-$method"; done
  done
} | tee "$results/reproducibility.md"
! grep -q '\*\*' "$results/reproducibility.md" || failed=1
exit $failed
