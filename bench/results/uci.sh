#!/usr/bin/env bash
# bench/results/uci.sh [SETS] [METHODS] [SEEDS]
#
# UCI regression, the 20 standard splits of Hernandez-Lobato & Adams (2015), one hidden layer
# of 50: test log-likelihood and RMSE of every posterior, beside the published rows of Monte
# Carlo dropout (Gal & Ghahramani 2016, 4,000 epochs) and deep ensembles (Lakshminarayanan et
# al. 2017). Lists are words in one argument, such as "boston yacht" "default map" "1 2 3".
# Nothing is chosen on test rows here: METHODS are fixed recipes.
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

sets=${1:-boston concrete energy wine yacht}
methods=${2:-default ensemble10-t ensemble5-gauss map map-t dropout-gauss hetero
  vi-local vi-weights vi-flipout vi-ensemble5-t}
seeds=${3:-1 2 3}
splits=${SPLITS:-$(seq 0 19)}

folder_of() {
  case $1 in
  boston) echo bostonHousing ;;
  wine) echo wine-quality-red ;;
  *) echo "$1" ;;
  esac
}

# The options of a method, a word a line.
options_of() {
  local vi=(--posterior vi --likelihood gaussian --prior 'normal learned')
  case $1 in
  default) ;;
  map) printf '%s\n' --posterior map --likelihood gaussian ;;
  map-t) printf '%s\n' --posterior map --likelihood student-t ;;
  ensemble5-gauss) printf '%s\n' --posterior map --members 5 --folds --likelihood gaussian ;;
  ensemble10-t) printf '%s\n' --posterior map --members 10 --folds --likelihood student-t ;;
  dropout-gauss)
    printf '%s\n' --posterior dropout --members 1 --dropout 0.05 --likelihood gaussian
    ;;
  vi-local) printf '%s\n' "${vi[@]}" --estimator local ;;
  vi-weights) printf '%s\n' "${vi[@]}" --estimator weights ;;
  vi-flipout) printf '%s\n' "${vi[@]}" --estimator flipout ;;
  vi-ensemble5-t)
    printf '%s\n' --posterior vi --members 5 --prior 'normal 1' --likelihood student-t
    ;;
  hetero) printf '%s\n' --likelihood heteroscedastic ;;
  *)
    echo "uci.sh: '$1' is not a method" >&2
    return 64
    ;;
  esac
}

# Columns that are neither features nor the target, as names.
ignored_of() { # FOLDER TARGET
  awk -v target="$2" '
    FILENAME ~ /index_features/ { for (i = 1; i <= NF; i++) keep[$i + 1]; next }
    {
      keep[target]
      for (i = 1; i <= NF; i++) if (!(i in keep)) { printf "%sc%d", comma, i; comma = "," }
      exit
    }' "$1/index_features.txt" "$1/data.txt"
}

cell() { # SET METHOD SEED SPLIT
  local from file work target ignored start seconds scores
  file=$results/uci/$1/$2/$3/$4
  [ -s "$file" ] && return
  from=$data/uci/$(folder_of "$1") work=$(mktemp -d)
  target=$(($(tr -d '[:space:]' <"$from/index_target.txt") + 1))
  ignored=$(ignored_of "$from" $target)
  mapfile -t options < <(options_of "$2")
  mkdir -p "${file%/*}"
  start=$(date +%s.%N)
  "$credence" fit "$from/data.txt" --no-header --format space --target c$target \
    ${ignored:+--ignore "$ignored"} --train-rows "$from/index_train_$4.txt" --seed "$3" \
    --threads 1 --final --quiet "${options[@]}" -o "$work/model.cred"
  take_rows "$from/index_test_$4.txt" "$from/data.txt" >"$work/test.txt"
  "$credence" predict "$work/model.cred" "$work/test.txt" --no-header --format space \
    --draws 1000 --log-prob --keep c$target --threads 1 --quiet -o "$work/test.csv"
  seconds=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.2f", b - a }')
  scores=$(score_csv c$target <"$work/test.csv")
  echo "$1 $2 $3 $4 $scores $seconds" | put "$file"
  rm -r "$work"
}

# Cells of a (set, method): per split the mean over seeds, then mean and standard error over
# splits; the paired differences are those of the default minus the method, split by split.
summary() {
  find "$results/uci" -type f ! -name '*.part*' -exec cat {} + | awk -v sets="$sets" -v methods="$methods" '
    function mean_se(a, key, n,   i, d, mean, square) {
      mean = square = 0
      for (i = 0; i < n; i++) mean += a[key, i]
      mean /= n
      for (i = 0; i < n; i++) { d = a[key, i] - mean; square += d * d }
      se = n > 1 ? sqrt(square / (n - 1) / n) : 0
      return mean
    }
    function collect(set, method,   k, s) { # per-split means, into ll and rmse from 0 up
      n = 0
      for (k = 0; k < 20; k++) {
        s = set SUBSEP method SUBSEP k
        if (!count[s]) continue
        ll["own", n] = sum_ll[s] / count[s]; rmse["own", n] = sum_rmse[s] / count[s]
        cov["own", n] = sum_cov[s] / count[s]
        n_ref = set SUBSEP "default" SUBSEP k
        if (count[n_ref]) {
          ll["pair", pairs] = sum_ll[n_ref] / count[n_ref] - ll["own", n]
          rmse["pair", pairs++] = sum_rmse[n_ref] / count[n_ref] - rmse["own", n]
        }
        n++
      }
    }
    BEGIN {
      split("boston concrete energy wine yacht", known)
      split("-2.402:.043 -2.937:.026 -1.212:.006 -0.928:.013 -1.250:.016", d_ll)
      split("-2.41:.25 -3.06:.18 -1.38:.22 -0.94:.12 -1.18:.21", e_ll)
      split("2.904:.181 4.827:.165 0.539:.014 0.622:.008 0.666:.050", d_rmse)
      split("3.28:1.00 6.03:.58 2.09:.29 .64:.04 1.58:.48", e_rmse)
      for (i in known) {
        split(d_ll[i], a, ":"); split(d_rmse[i], b, ":")
        dropout[known[i]] = a[1] " ± " a[2] " | " b[1] " ± " b[2]
        split(e_ll[i], a, ":"); split(e_rmse[i], b, ":")
        ensemble[known[i]] = a[1] " (sd " a[2] ") | " b[1] " (sd " b[2] ")"
      }
    }
    {
      s = $1 SUBSEP $2 SUBSEP $4
      count[s]++; sum_ll[s] += $5; sum_rmse[s] += $6; sum_cov[s] += $7
      seed[$1, $2, $3]; seconds[$1, $2] += $9; cells[$1, $2]++
    }
    END {
      n_sets = split(sets, set_list); n_methods = split(methods, method_list)
      for (i = 1; i <= n_sets; i++) {
        set = set_list[i]
        print "\n### " set "\n"
        print "| method | log-likelihood | RMSE | 90 % interval covers | default − method, LL | default − method, RMSE | splits × seeds | s a fit |"
        print "|---|---|---|---|---|---|---|---|"
        if (set in dropout) {
          print "| *MC dropout, published* | " dropout[set] " | | | | 20 × 1 | |"
          print "| *deep ensemble of 5, published* | " ensemble[set] " | | | | 20 × 1 | |"
        }
        for (j = 1; j <= n_methods; j++) {
          method = method_list[j]; pairs = 0
          collect(set, method)
          if (!n) continue
          n_seeds = 0
          for (key in seed) {
            split(key, part, SUBSEP)
            n_seeds += part[1] == set && part[2] == method
          }
          line = sprintf("| %s | %.3f", method, mean_se(ll, "own", n)); line = line sprintf(" ± %.3f", se)
          line = line sprintf(" | %.3f", mean_se(rmse, "own", n)); line = line sprintf(" ± %.3f", se)
          line = line sprintf(" | %.3f", mean_se(cov, "own", n))
          if (pairs && method != "default") {
            line = line sprintf(" | %+.3f", mean_se(ll, "pair", pairs)); line = line sprintf(" ± %.3f", se)
            line = line sprintf(" | %+.3f", mean_se(rmse, "pair", pairs)); line = line sprintf(" ± %.3f", se)
          } else line = line " | | "
          printf "%s | %d × %d | %.1f |\n", line, n, n_seeds, seconds[set, method] / cells[set, method]
        }
      }
      print "\nMean ± standard error over splits (of means over seeds); published dropout likewise, the"
      print "published ensemble with the standard deviation over splits."
    }'
}

need_data uci
if [ "${UCI_CELL:-}" ]; then
  cell "$1" "$2" "$3" "$4"
  exit
fi
for method in $methods; do options_of "$method" >/dev/null; done
mkdir -p "$results/uci"
for method in $methods; do
  for seed in $seeds; do
    for set in $sets; do
      for split in $splits; do
        [ -s "$results/uci/$set/$method/$seed/$split" ] || echo "$set $method $seed $split"
      done
    done
  done
done | UCI_CELL=1 nice -n 5 xargs -r -P "$jobs" -L 1 "$0"
total=$(find "$results/uci" -type f ! -name '*.part*' -exec cat {} + | awk '{ s += $9 } END { print s + 0 }')
{ provenance "$total"; summary; } | tee "$results/uci.md"
