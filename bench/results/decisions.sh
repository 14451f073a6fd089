#!/usr/bin/env bash
# bench/results/decisions.sh [PART...]
#
# What decisions are worth, in five parts: `bound` (is the bound of triage true, on populations
# whose risk is known), `sets` (share left to review on real sets), `bandit` (the mushrooms),
# `driving` (crashes against reward), `chicken` (a policy learned on a model). The programs stand beside this script and are built
# against the library that stands beside the credence program; each writes a CSV, and one that
# is there is not made again.
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

parts=${*:-bound sets bandit driving chicken}
folder=$results/decisions
library=$(dirname "$(realpath "$credence")")
export OMP_NUM_THREADS=1
mkdir -p "$folder"

build() { # NAME SOURCE
  [ "$folder/$1" -nt "$2" ] && return
  "${CC:-cc}" -std=c17 -O2 -D_POSIX_C_SOURCE=200809L "$2" -I"$root/include" -L"$library" \
    -Wl,-rpath,"$library" -lcredence -lm -o "$folder/$1"
}

# How the settings of the methods were chosen: docs/results/decisions.md.
bandit() { # NAME METHOD [SETTING=VALUE]...
  local file=$folder/bandit-$1.csv
  [ -s "$file" ] || "$folder/bandit" "$data/bandits/agaricus-lepiota.data" "$2" 20 2000 \
    "${@:3}" curve="$folder/bandit-$1.curve" | put "$file"
  awk -F, -v name="$1" '{ n++; s += $3; q += $3 * $3; t += $4 }
    END { m = s / n; sd = sqrt((q - n * m * m) / (n - 1))
      printf "| %s | %.1f ± %.1f | %.1f | %d | %.1f |\n", name, m, sd, sd / sqrt(n), n, t / n }' \
    "$file"
}

for part in $parts; do
  case $part in
  bound)
    build triage_bound "$root/bench/results/triage_bound.c"
    [ -s "$folder/bound.csv" ] || "$folder/triage_bound" 1000 | put "$folder/bound.csv"
    echo '| population | the model says | n | bound broken | nothing proved | kept | could be kept |'
    echo '|---|---|---|---|---|---|---|'
    awk -F, 'NR > 1 { printf "| %s | %s × | %s | %.1f %% | %.1f %% | %.3f | %.3f |\n", $1, $2, $3,
      100 * $4, 100 * $5, $6, $7 }' "$folder/bound.csv"
    ;;
  sets)
    need_data wdbc/wdbc.data medmnist/pneumoniamnist.npz
    build triage_sets "$root/bench/results/triage_sets.c"
    for name in wdbc pneumonia pneumonia-conv; do
      file=medmnist/pneumoniamnist.npz
      [ $name != wdbc ] || file=wdbc/wdbc.data
      [ -s "$folder/$name.csv" ] ||
        "$folder/triage_sets" $name "$data/$file" 200 | put "$folder/$name.csv"
    done
    echo '| set | posterior | promise | error of all | nothing proved | reviewed | of the kept | errors among 20 % |'
    echo '|---|---|---|---|---|---|---|---|'
    awk -F, 'FNR > 1 { printf "| %s | %s | %s | %.1f %% | %.1f %% | %.1f %% | %.2f %% | %.0f %% |\n",
      $1, $2, $3, 100 * $4, 100 * $5, 100 * $6, 100 * $7, 100 * $8 }' \
      "$folder/wdbc.csv" "$folder/pneumonia.csv" "$folder/pneumonia-conv.csv"
    ;;
  bandit)
    need_data bandits/agaricus-lepiota.data
    build bandit "$root/bench/results/bandit.c"
    echo '| method | regret, % of uniform, mean ± sd | se | runs | seconds a run |'
    echo '|---|---|---|---|---|'
    bandit linear linear precision=0.25
    bandit linear-4 linear precision=4
    bandit neural-linear neural-linear net='dense 50 relu'
    bandit greedy greedy
    bandit vi vi net='dense 100 relu' temperature=0.1
    bandit ensemble ensemble likelihood=heteroscedastic members=3 updates=2
    bandit dropout dropout likelihood=heteroscedastic early=16
    gnuplot -e "folder = '$folder'; output_file = '$results/bandit.png'; uniform = 4.91" \
      "$root/bench/results/bandit.gp"
    ;;
  driving)
    build act_driving "$root/examples/act_driving.c"
    [ -s "$folder/driving.txt" ] || "$folder/act_driving" 20 | put "$folder/driving.txt"
    echo '| k | reward a drive | crashes |'
    echo '|---|---|---|'
    awk '$1 == "mean" { print "| " $3 " | " $6 " | " $11 " % |" }' "$folder/driving.txt"
    ;;
  chicken)
    build wet_chicken "$root/bench/results/wet_chicken.c"
    [ -s "$folder/chicken.csv" ] ||
      "$folder/wet_chicken" 5 picture="$folder/chicken" | put "$folder/chicken.csv"
    echo '| | mean ± sd |'
    echo '|---|---|'
    awk -F, 'NR == 1 { for (i = 2; i <= NF; i++) name[i] = $i; next }
      { n++; for (i = 2; i <= NF; i++) { s[i] += $i; q[i] += $i * $i } }
      END { for (i = 2; i in name; i++) { m = s[i] / n; v = (q[i] - n * m * m) / (n - 1)
        printf "| %s | %.3f ± %.3f |\n", name[i], m, v > 0 ? sqrt(v) : 0 } }' "$folder/chicken.csv"
    gnuplot -e "prefix = '$folder/chicken'; output_file = '$results/wet_chicken.png'" \
      "$root/bench/results/wet_chicken.gp"
    ;;
  esac
  echo
done | tee "$results/decisions.md"
