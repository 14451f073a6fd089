#!/usr/bin/env bash
# bench/results/active.sh mnist METHOD SEED [LABELS]
# bench/results/active.sh repeated METHOD SEED [LABELS]
# bench/results/active.sh concrete METHOD SEED [LABELS]
# bench/results/active.sh table
#
# Active learning, METHOD by METHOD (a word of `credence learn --by`) and SEED by SEED, up to
# LABELS labels. A run that was stopped or killed goes on when the same line is run again;
# `table` writes the table and the pictures of all runs that are there.
#   mnist     the protocol of Gal, Islam & Ghahramani (2017), section 5.1: their network, 20
#             balanced labels to start, 10 a round, 100 function draws, scored on the 10,000
#             test images; of the pool, the rest of the 60,000, 5,000 random images a round
#   repeated  the first 2,500 training images, each twice, all of them scored; batches of 10, of
#             batchbald by 1,000 configurations
#   concrete  UCI concrete, the first standard split; 20 labels to start, 10 a round
#
#   NETWORK   conv: that network; dense: 400 units with dropout 1/2, a hundredth of the time  (conv)
#   THREADS   threads                                                     (1)
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

folder=$results/active
threads=${THREADS:-1}
net='conv 32 4 relu, conv 32 4 relu, pool 2, dropout 0.25, dense 128 relu, dropout 0.5'
network=${NETWORK:-conv}
steps=3000 batch=8
[ "$network" = conv ] || net='dense 400 relu, dropout 0.5' steps=300 batch=32
# the fit of every round of images; prior, rate, batch and steps were chosen on 300 labelled
# images of the training set and 5,000 others of it
fit=(--posterior dropout --members 1 --net "$net" --prior 'normal 1' --validation 0
  --learning-rate 1e-3 --steps "$steps" --batch "$batch" --input-scale 255)
images=("${fit[@]}" --task class --target digit --draws 100 --test-draws 20 --balanced --start 20 -n 10)

learn() { # EXPERIMENT METHOD SEED LABELS POOL OPTION...
  local run=$folder/$1/$2-$3 pool=$5
  shift 5
  mkdir -p "${run%/*}"
  "$credence" learn "$pool" --simulate --by "$method" --seed "$seed" --budget "$labels" \
    --threads "$threads" --progress none -o "$run" "$@"
}

mnist() {
  local from=$data/mnist
  learn "mnist-$network" "$method" "$seed" "$labels" "$from/train-images-idx3-ubyte.gz" \
    --labels "$from/train-labels-idx1-ubyte.gz" --test "$from/t10k-images-idx3-ubyte.gz" \
    --test-labels "$from/t10k-labels-idx1-ubyte.gz" --candidates 5000 "${images[@]}"
}

# The first N elements of an IDX file, twice: HEADER-BYTES is 16 for images, 8 for labels.
twice() { # FILE HEADER-BYTES ELEMENT-BYTES N
  local body
  body=$(mktemp)
  { gzip -dc "$1" 2>/dev/null || true; } | head -c $(($2 + $3 * $4)) >"$body" # a closed pipe
  head -c 4 "$body"
  # shellcheck disable=SC2059
  printf "$(printf '\\%03o' 0 0 $((2 * $4 / 256)) $((2 * $4 % 256)))"
  head -c "$2" "$body" | tail -c +9
  tail -c +$(($2 + 1)) "$body"
  tail -c +$(($2 + 1)) "$body"
  rm "$body"
}

repeated() {
  local from=$data/mnist made=$folder/repeated/data
  mkdir -p "$made"
  [ -s "$made/images.idx" ] || twice "$from/train-images-idx3-ubyte.gz" 16 784 2500 | put "$made/images.idx"
  [ -s "$made/labels.idx" ] || twice "$from/train-labels-idx1-ubyte.gz" 8 1 2500 | put "$made/labels.idx"
  local few=()
  [ "$method" != batchbald ] || few=(--configurations 1000)
  learn "repeated-$network" "$method" "$seed" "$labels" "$made/images.idx" --labels "$made/labels.idx" \
    --test "$from/t10k-images-idx3-ubyte.gz" --test-labels "$from/t10k-labels-idx1-ubyte.gz" \
    "${images[@]}" ${few[@]+"${few[@]}"}
}

concrete() {
  local from=$data/uci/concrete made=$folder/concrete/data target
  target=$(($(tr -d '[:space:]' <"$from/index_target.txt") + 1))
  mkdir -p "$made"
  [ -s "$made/pool.txt" ] || take_rows "$from/index_train_0.txt" "$from/data.txt" | put "$made/pool.txt"
  [ -s "$made/test.txt" ] || take_rows "$from/index_test_0.txt" "$from/data.txt" | put "$made/test.txt"
  learn concrete "$method" "$seed" "$labels" "$made/pool.txt" --no-header --format space \
    --target c$target --test "$made/test.txt" --start 20 -n 10 --members 5 --steps 3000
}

# "METHOD" of all runs of an experiment, in the order of their names.
methods_of() {
  find "$folder/$1" -mindepth 2 -maxdepth 2 -name curve.csv -printf '%h\n' |
    sed 's/-[0-9]*$//; s/.*\///' | sort -u
}

# Mean over seeds of the first score, where all seeds have it: labels,SCORE,SCORE_se.
mean_curve() { # EXPERIMENT METHOD
  awk -F, '
    FNR == 1 { score = $3; files++; next }
    $3 != "" { n[$2]++; sum[$2] += $3; square[$2] += $3 * $3; if (!($2 in seen)) { seen[$2]; order[++m] = $2 } }
    END {
      print "labels," score "," score "_se"
      for (i = 1; i <= m; i++) {
        k = order[i]
        if (n[k] < files) continue
        mean = sum[k] / n[k]; var = files > 1 ? (square[k] - files * mean * mean) / (files - 1) : 0
        print k "," mean "," (files > 1 ? sqrt(var > 0 ? var : 0) / sqrt(files) : "")
      }
    }' "$folder/$1/$2"-[0-9]*/curve.csv
}

# "labels to THRESHOLD" of a curve; "-" where it is not reached.
labels_to() { # THRESHOLD FILE
  awk -F, -v t="$1" 'NR > 1 && $2 != "" && $2 <= t { print $1; found = 1; exit } END { if (!found) print "-" }' "$2"
}

score_at() { # LABELS FILE FORMAT
  awk -F, -v k="$1" -v f="$3" 'NR > 1 && $1 == k { printf f, $2; if ($3 != "") printf " ± " f, $3; found = 1 }
    END { if (!found) printf "-" }' "$2"
}

seconds_a_round() { # EXPERIMENT METHOD
  awk -F, 'FNR > 1 { s += $3 + $4 + $5; n++ } END { printf "%.1f", n ? s / n : 0 }' \
    "$folder/$1/$2"-[0-9]*/times.csv
}

table() { # EXPERIMENT THRESHOLDS LABELS FORMAT
  local method curve t k curves=()
  [ -d "$folder/$1" ] || return 0
  printf '\n## %s\n\n| method | seeds |' "$1"
  for t in $2; do printf ' labels to %s |' "$t"; done
  for k in $3; do printf ' at %s labels |' "$k"; done
  printf ' seconds a round |\n|---|---|'
  for t in $2 $3; do printf -- '---|'; done
  echo '---|'
  for method in $(methods_of "$1"); do
    curve=$folder/$1/$method.csv
    mean_curve "$1" "$method" | put "$curve"
    curves+=("$method=$curve")
    printf '| %s | %s |' "$method" "$(find "$folder/$1" -mindepth 1 -maxdepth 1 -name "$method-[0-9]*" | wc -l)"
    for t in $2; do printf ' %s |' "$(labels_to "$t" "$curve")"; done
    for k in $3; do printf ' %s |' "$(score_at "$k" "$curve" "$4")"; done
    printf ' %s |\n' "$(seconds_a_round "$1" "$method")"
  done
  "$credence" plot learning "${curves[@]}" --title "$1" -o "$results/active-$1.png"
}

tables() {
  provenance "$(cat "$folder"/*/*/times.csv | awk -F, '$1 != "round" { s += $3 + $4 + $5 } END { print s + 0 }')"
  for network in conv dense; do
    table "mnist-$network" '0.20 0.10 0.05' '50 100 150 200 250 300 1000' %.4f
    table "repeated-$network" '0.20 0.10' '50 100 150 200 250 300' %.4f
  done
  table concrete '8 6' '50 100 150 200' %.2f
  printf '\nMean ± standard error over seeds; a threshold counts on the mean curve.\n'
}

case ${1:-} in
mnist | repeated | concrete)
  [ $# -ge 3 ] || { sed -n 's/^# \(bench.*\)/usage: \1/p' "$0" >&2; exit 64; }
  need_data mnist/train-images-idx3-ubyte.gz uci/concrete/data.txt
  method=$2 seed=$3 labels=${4:-300}
  "$1"
  ;;
table) tables | tee "$results/active_learning.md" ;;
*)
  sed -n 's/^# \(bench.*\)/usage: \1/p' "$0" >&2
  exit 64
  ;;
esac
