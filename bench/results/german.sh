#!/usr/bin/env bash
# bench/results/german.sh [SEEDS]
#
# Bayesian logistic regression on the numeric German credit data, as a network without hidden
# layer under N(0, I) on weights and bias: means and sds of the factorised Gaussian against
# the posterior's own, known to about 6e-5 from long runs of an exact sampler (the reference
# file). Distances are in reference sds. The inputs are z-scored over all 1,000 rows; class 2
# (bad) is y = 1; the intercept is last. The tensors are read from the model file, a
# safetensors container: 8 bytes of header length, the header, then the arrays.
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

seeds=${1:-1 2 3 4 5}
folder=$results/german
table=$data/german_credit/german.data-numeric
reference=$data/german_credit/german_credit_numeric_logistic_regression.reference.csv

# All values of a tensor, one a line.
tensor() { # FILE NAME
  local header bytes place
  bytes=$(od -An -t u8 -N 8 "$1" | tr -d ' ')
  header=$(head -c $((8 + bytes)) "$1" | tail -c "$bytes") # the other order breaks the pipe
  place=$(sed -n "s/.*\"$2\":{\"dtype\":\"F32\"[^}]*\"data_offsets\":\[\([0-9,]*\)\].*/\1/p" <<<"$header")
  [ "$place" ] || return
  od -An -v -w4 -t f4 -j $((8 + bytes + ${place%,*})) -N $((${place#*,} - ${place%,*})) "$1"
}

cell() { # METHOD SEED
  local name options start
  name=$folder/$1-$2
  [ -s "$name.txt" ] && return
  case $1 in
  map) options=(--posterior map) ;;
  *) options=(--posterior vi --estimator "$1" --train-draws 4 --init-sd 0.5) ;;
  esac
  start=$(date +%s.%N)
  "$credence" fit "$table" --no-header --format space --target c25 --task class --net linear \
    --members 1 --prior 'normal 1' --batch 1000 --steps 20000 --learning-rate 0.01 --hold 0 \
    --validation 0 "${options[@]}" --seed "$2" --threads 1 --final --quiet -o "$name.cred"
  {
    echo "seconds $(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.2f", b - a }')"
    paste <(tensor "$name.cred" member0.mean) <(tensor "$name.cred" member0.sd)
  } | put "$name.txt"
}

# Of one fit: largest and root-mean-square distance, weight of the largest, sd ratios.
compare() { # FILE
  awk -F '[, \t]+' '
    FNR == NR { if (FNR > 1) { mean[FNR - 2] = $3; sd[FNR - 2] = $5 } next }
    FNR > 1 {
      sub(/^[ \t]+/, ""); $0 = $0
      i = FNR - 2; d = ($1 - mean[i]) / sd[i]; square += d * d; n++
      if (d < 0) d = -d
      if (d > worst) { worst = d; where = i }
      if (NF < 2 || $2 == "") next
      r = $2 / sd[i]; sum += r; m++
      if (m == 1 || r < lo) lo = r
      if (r > hi) hi = r
    }
    END {
      printf "%.4f %d %.4f ", worst, where, sqrt(square / n)
      if (m) printf "%.3f %.3f %.3f\n", sum / m, lo, hi
      else print "- - -"
    }' "$reference" "$1"
}

need_data german_credit
mkdir -p "$folder"
for method in local weights flipout map; do
  for seed in $seeds; do cell $method "$seed"; done
done
{
  provenance "$(cat "$folder"/*.txt | awk '$1 == "seconds" { s += $2 } END { print s }')"
  echo '| posterior | largest distance of a mean, mean ± sd over seeds | worst seed | rms distance | sd / exact sd: mean | smallest | largest | seeds |'
  echo '|---|---|---|---|---|---|---|---|'
  for method in local weights flipout map; do
    for seed in $seeds; do compare "$folder/$method-$seed.txt"; done |
      awk -v method=$method '
        { d[NR] = $1; s += $1; if ($1 > w) w = $1; rms += $3; r += $4; lo += $5; hi += $6; text = $4 }
        END {
          for (i = 1; i <= NR; i++) q += (d[i] - s / NR) ^ 2
          printf "| %s | %.3f ± %.3f | %.3f | %.3f |", (method == "map" ? "MAP" : "vi, " method),
            s / NR, (NR > 1 ? sqrt(q / (NR - 1)) : 0), w, rms / NR
          if (text == "-") printf " | | |"
          else printf " %.3f | %.3f | %.3f |", r / NR, lo / NR, hi / NR
          printf " %d |\n", NR
        }'
  done
  echo
  echo '| weight | exact mean | exact sd | vi mean (local, first seed) | vi sd | distance in exact sds | sd ratio |'
  echo '|---|---|---|---|---|---|---|'
  paste -d ' ' <(tail -n +2 "$reference" | awk -F, '{ print $2 + 1, $3, $5 }') \
    <(tail -n +2 "$folder/local-${seeds%% *}.txt") |
    awk '{ printf "| %s | %.4f | %.4f | %.4f | %.4f | %+.3f | %.3f |\n",
           $1 == 25 ? "intercept" : "c" $1, $2, $3, $4, $5, ($4 - $2) / $3, $5 / $3 }'
} | tee "$results/german_credit.md"
