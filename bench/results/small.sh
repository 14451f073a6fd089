#!/usr/bin/env bash
# bench/results/small.sh [SETS] [METHODS] [SIZES] [SPLITS]
#
# Test log-likelihood and RMSE against the number of training rows: the first 20, 40, ... rows
# of each standard training split (they are in random order), all rows of its test split, MAP
# beside each posterior. Pictures: small-SET.png.
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

sets=${1:-boston concrete}
methods=${2:-map map-t default ensemble5-gauss dropout-gauss vi-normal-1 vi-learned}
sizes=${3:-20 40 80 160 320 all}
splits=${4:-$(seq 0 9)}
folder=$results/small

options_of() {
  case $1 in
  map) printf '%s\n' --posterior map --likelihood gaussian ;;
  map-t) printf '%s\n' --posterior map --likelihood student-t ;;
  default) ;;
  ensemble5-gauss) printf '%s\n' --posterior map --members 5 --folds --likelihood gaussian ;;
  dropout-gauss)
    printf '%s\n' --posterior dropout --members 1 --dropout 0.05 --likelihood gaussian
    ;;
  vi-learned) printf '%s\n' --posterior vi --likelihood gaussian ;;
  vi-normal-1) printf '%s\n' --posterior vi --likelihood gaussian --prior 'normal 1' ;;
  *)
    echo "small.sh: '$1' is not a method" >&2
    return 64
    ;;
  esac
}

cell() { # SET METHOD SIZE SPLIT
  local from file work target rows start options
  file=$folder/$1/$2/$3/$4
  [ -s "$file" ] && return
  from=$data/uci/$1 work=$(mktemp -d)
  [ -d "$from" ] || from=$data/uci/${1}Housing
  target=$(($(tr -d '[:space:]' <"$from/index_target.txt") + 1))
  mapfile -t options < <(options_of "$2")
  mkdir -p "${file%/*}"
  if [ "$3" = all ]; then rows=1000000; else rows=$3; fi
  awk -v n="$rows" 'NR <= n' "$from/index_train_$4.txt" >"$work/rows"
  rows=$(wc -l <"$work/rows")
  start=$(date +%s.%N)
  "$credence" fit "$from/data.txt" --no-header --format space --target c$target --seed 1 \
    --train-rows "$work/rows" --threads 1 --final --quiet "${options[@]}" -o "$work/model.cred"
  take_rows "$from/index_test_$4.txt" "$from/data.txt" >"$work/test.txt"
  "$credence" predict "$work/model.cred" "$work/test.txt" --no-header --format space \
    --draws 1000 --log-prob --keep c$target --threads 1 --quiet -o "$work/test.csv"
  echo "$1 $2 $3 $4 $(score_csv c$target <"$work/test.csv")" \
    "$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.2f", b - a }') $rows" |
    put "$file"
  rm -r "$work"
}

# Of the splits asked for.
cells() { find "$folder" -type f ! -name '*.part*' ! -name '*.dat' -exec cat {} + |
  awk -v splits=" $(echo $splits) " 'index(splits, " " $4 " ")'; }

# "METHOD SIZE ROWS LL SE MEDIAN RMSE SE MEDIAN N" of a set. One split can carry a mean off where
# a fit is sure of what is wrong, hence the medians.
curves() { # SET
  cells | awk -v set="$1" -v methods="$methods" -v sizes="$sizes" '
    $1 == set { k = $2 SUBSEP $3; i = n[k]++; ll[k, i] = $5; rmse[k, i] = $6; rows[k] += $10 }
    function median(a, k,   i, j, t, b) {
      for (i = 0; i < n[k]; i++) {
        t = a[k, i]
        for (j = i; j > 0 && b[j - 1] > t; j--) b[j] = b[j - 1]
        b[j] = t
      }
      i = int((n[k] - 1) / 2)
      return (b[i] + b[n[k] - 1 - i]) / 2
    }
    function stat(a, k,   i, mean, square) {
      for (i = 0; i < n[k]; i++) mean += a[k, i] / n[k]
      for (i = 0; i < n[k]; i++) square += (a[k, i] - mean) ^ 2
      return mean " " (n[k] > 1 ? sqrt(square / (n[k] - 1) / n[k]) : 0) " " median(a, k)
    }
    END {
      n_methods = split(methods, m); n_sizes = split(sizes, s)
      for (j = 1; j <= n_methods; j++)
        for (i = 1; i <= n_sizes; i++) {
          k = m[j] SUBSEP s[i]
          if (n[k]) print m[j], s[i], rows[k] / n[k], stat(ll, k), stat(rmse, k), n[k]
        }
    }'
}

markdown() { # SET
  curves "$1" | awk -v set="$1" '
    { if (!($1 in seen)) { seen[$1]; order[++n] = $1 }
      if (!($2 in have)) { have[$2]; size[++m] = $2; label[$2] = sprintf("%.0f", $3) }
      ll[$1, $2] = sprintf("%.2f ± %.2f (%.2f)", $4, $5, $6)
      rmse[$1, $2] = sprintf("%.2f ± %.2f (%.2f)", $7, $8, $9); splits = $10 }
    function block(title, a,   i, j) {
      printf "\n### %s, %s\n\n| posterior |", set, title
      for (i = 1; i <= m; i++) printf " %s rows |", label[size[i]]
      printf "\n|---|"
      for (i = 1; i <= m; i++) printf "---|"
      print ""
      for (j = 1; j <= n; j++) {
        printf "| %s |", order[j]
        for (i = 1; i <= m; i++) printf " %s |", a[order[j], size[i]]
        print ""
      }
    }
    END {
      block("test log-likelihood (higher is better)", ll)
      block("test RMSE", rmse)
      printf "\nMean ± standard error over %d splits, and their median.\n", splits
    }'
}

picture() { # SET
  local method
  for method in $methods; do
    curves "$1" | awk -v method="$method" '$1 == method' >"$folder/$1-$method.dat"
  done
  gnuplot -e "set_name='$1'; methods='$methods'; folder='$folder'" \
    -e "output_file='$results/small-$1.png'" "$root/bench/results/small.gp"
}

need_data uci
if [ "${SMALL_CELL:-}" ]; then
  cell "$1" "$2" "$3" "$4"
  exit
fi
for method in $methods; do options_of "$method" >/dev/null; done
mkdir -p "$folder"
for split in $splits; do
  for set in $sets; do
    for method in $methods; do
      for size in $sizes; do
        [ -s "$folder/$set/$method/$size/$split" ] || echo "$set $method $size $split"
      done
    done
  done
done | SMALL_CELL=1 nice -n 5 xargs -r -P "$jobs" -L 1 "$0"
{
  provenance "$(cells | awk '{ s += $9 } END { print s }')"
  for set in $sets; do
    markdown "$set"
    picture "$set"
  done
} | tee "$results/small_data.md"
