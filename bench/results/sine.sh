#!/usr/bin/env bash
# bench/results/sine.sh [METHODS] [DATA SEEDS]
#
# 50 points of a sine in [-3, 3] with noise of sd 0.1, of which the truth is known, for each
# posterior and several data sets (seed of the table; that of the fit is 1):
#   inside   share of the grid within the range of the data where the truth lies within 2
#            epistemic sd of the mean                                       (aim >= 80 %)
#   cover    share of 10,000 fresh noisy points in the 90 % interval        (aim 85 to 95 %)
#   rmse     of the mean to the truth over that part of the grid            (aim <= 0.05)
#   noise    learned noise sd                                               (aim 0.1 +- 0.02)
#   ratio    epistemic sd three units outside (x = -6 and 6) to its mean inside (aim >= 5)
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

methods=${1:-default default-gauss ensemble5-gauss dropout map vi-local vi-normal-1
  vi-weights vi-flipout vi-ensemble5}
seeds=${2:-1 2 3 4 5}
folder=$results/sine

options_of() {
  case $1 in
  default) ;;
  default-gauss) printf '%s\n' --likelihood gaussian ;;
  ensemble5-gauss) printf '%s\n' --posterior map --members 5 --folds --likelihood gaussian ;;
  dropout) printf '%s\n' --posterior dropout --members 1 --dropout 0.05 --likelihood gaussian ;;
  map) printf '%s\n' --posterior map --likelihood gaussian ;;
  vi-normal-1) printf '%s\n' --posterior vi --prior 'normal 1' --likelihood gaussian ;;
  vi-ensemble5) printf '%s\n' --posterior vi --members 5 --likelihood gaussian ;;
  vi-*) printf '%s\n' --posterior vi --estimator "${1#vi-}" --likelihood gaussian ;;
  *)
    echo "sine.sh: '$1' is not a method" >&2
    return 64
    ;;
  esac
}

# From the predictions of the grid (with y_true) and of the fresh points (with y).
scores() { # TRAINING-TABLE GRID-CSV FRESH-CSV
  awk -F, '
    FNR == 1 { file++; for (i = 1; i <= NF; i++) at[file, $i] = i; next }
    file == 1 {
      x = $at[1, "x"] + 0
      if (FNR == 2 || x < lo) lo = x
      if (FNR == 2 || x > hi) hi = x
    }
    file == 2 {
      x = $at[2, "x"] + 0; e = $at[2, "mean"] - $at[2, "y_true"]; sd = $at[2, "sd_epistemic"]
      if (x < -5.99 || x > 5.99) { outside += sd; n_outside++ }
      if (x < lo || x > hi) next
      n++; square += e * e; spread += sd
      inside += (e < 0 ? -e : e) <= 2 * sd
    }
    file == 3 {
      m++; cover += $at[3, "y"] >= $at[3, "q05"] && $at[3, "y"] <= $at[3, "q95"]
      noise += $at[3, "sd_aleatoric"] ^ 2
    }
    END {
      ratio = spread > 0 ? (outside / n_outside) / (spread / n) : 0
      printf "%.5f %.5f %.5f %.5f %.5f", inside / n, cover / m, sqrt(square / n),
        sqrt(noise / m), ratio
    }' "$@"
}

cell() { # METHOD SEED
  local name=$folder/$1-$2 tables=$folder/data-$2 start options
  [ -s "$name.txt" ] && return
  mapfile -t options < <(options_of "$1")
  start=$(date +%s.%N)
  "$credence" fit "$tables.csv" --target y --threads 1 --quiet "${options[@]}" -o "$name.cred"
  "$credence" predict "$name.cred" "$folder/grid.csv" --draws 1000 --keep x,y_true --threads 1 \
    --quiet -o "$name.grid"
  "$credence" predict "$name.cred" "$tables.fresh" --format csv --draws 200 --keep x,y \
    --threads 1 --quiet -o "$name.fresh"
  echo "$1 $2 $(scores "$tables.csv" "$name.grid" "$name.fresh")" \
    "$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.2f", b - a }')" | put "$name.txt"
  rm "$name.grid" "$name.fresh"
}

if [ "${SINE_CELL:-}" ]; then
  cell "$1" "$2"
  exit
fi
for method in $methods; do options_of "$method" >/dev/null; done
mkdir -p "$folder"
"$credence" demo sine --grid -o "$folder/grid.csv"
for seed in $seeds; do
  "$credence" demo sine --seed "$seed" -o "$folder/data-$seed.csv"
  "$credence" demo sine --rows 10000 --seed $((seed + 1000)) -o "$folder/data-$seed.fresh"
done
for method in $methods; do
  for seed in $seeds; do echo "$method $seed"; done
done | SINE_CELL=1 nice -n 5 xargs -r -P "$jobs" -L 1 "$0"
picture() { # METHOD
  "$credence" plot band "$folder/$1-1.cred" --data "$folder/data-1.csv" \
    --truth "$folder/grid.csv" --draws 1000 --width 720 --height 440 --quiet \
    --title "Sine: $1" -o "$results/sine-$1.png"
}
for method in $methods; do picture "$method"; done
{
  provenance "$(cat "$folder"/*.txt | awk '{ s += $8 } END { print s }')"
  echo '| posterior | truth within 2 epistemic sd, % of grid | 90 % interval covers, % | RMSE to the truth | learned noise sd | epistemic sd at ±6 / inside | data sets | s |'
  echo '|---|---|---|---|---|---|---|---|'
  for method in $methods; do
    for seed in $seeds; do cat "$folder/$method-$seed.txt"; done | awk '
      function stat(k, factor, format,   i, mean, square) {
        for (i = 1; i <= NR; i++) mean += value[k, i] / NR
        for (i = 1; i <= NR; i++) square += (value[k, i] - mean) ^ 2
        return sprintf(format " ± " format, factor * mean,
                       NR > 1 ? factor * sqrt(square / (NR - 1)) : 0)
      }
      { for (k = 3; k <= 8; k++) value[k, NR] = $k; name = $1; time += $8 }
      END {
        printf "| %s | %s | %s | %s | %s | %s | %d | %.1f |\n", name, stat(3, 100, "%.1f"),
          stat(4, 100, "%.1f"), stat(5, 1, "%.3f"), stat(6, 1, "%.3f"), stat(7, 1, "%.1f"),
          NR, time / NR
      }'
  done
  printf '\nMean ± standard deviation over data sets.\n'
} | tee "$results/sine.md"
