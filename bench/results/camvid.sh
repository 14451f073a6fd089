#!/usr/bin/env bash
# bench/results/camvid.sh POSTERIOR SEED [OPTIONS OF FIT ...]
# bench/results/camvid.sh all
# bench/results/camvid.sh table
#
# Street scenes of 160 x 120 pixels, a class for each, from scratch: a small U-Net fitted to the
# training pictures of CamVid and scored on the test pictures, void pixels left out. POSTERIOR:
# map (the deterministic network), dropout (the same shape, channels dropped), vi. Every one is
# scored with DRAWS draws and, where draws differ, by one pass with the mean weights. A table,
# curves of p(accurate | certain), p(uncertain | inaccurate) and PAvPU, and sheets of pictures.
#
#   EPOCHS    epochs                                                        (50)
#   SEARCH    1: score on the validation pictures, for choices              (0)
#   TAG       name of a variant of the options                              (none)
#   RATES     dropped channels: behind each pooling, before the output     (0.15 0.1)
#   DRAWS     draws a picture                                               (30)
#   THREADS   threads                                                       (all cores)
# A fit that was stopped goes on from its last checkpoint when the same line is run again.
# shellcheck source=bench/results/common.sh
. "$(dirname "$0")/common.sh"

set=$data/camvid-160x120 folder=$results/camvid part=test
threads=${THREADS:-0} draws=${DRAWS:-30}
if [ "${SEARCH:-0}" != 0 ]; then folder+=-search part=val; fi
classes=sky,building,pole,road,pavement,tree,sign,fence,car,pedestrian,bicyclist,void
pictures=(--labels "$set/trainannot" --classes "$classes" --ignore-class void
  --augment 'flip, crop 0.7')

# A network of these rates of dropped channels: behind each pooling, before the output. Half of the
# height and width is taken off first and put back last, beside what the first layer saw.
network() { # INNER OUTER
  local inner='' outer=''
  [ -z "${1:-}" ] || inner="channel_dropout $1, " outer="channel_dropout $2, "
  echo "conv 8 3 same relu as f, conv 16 3 stride 2 same relu,
    conv 16 3 same relu, conv 16 3 same relu as a, pool 2, $inner
    conv 48 3 same relu, conv 48 3 same relu as b, pool 2, $inner
    conv 96 3 same relu, conv 96 3 same relu, $inner
    upconv 48 2, concat b, conv 48 3 same relu, conv 48 3 same relu, $inner
    upconv 16 2, concat a, conv 16 3 same relu, conv 16 3 same relu, $outer
    upconv 16 2 relu, concat f" | tr -s '\n ' ' ' | sed 's/,  *,/,/g'
}

fit() { # NAME SEED OPTION...
  if [ -s "$1.part" ]; then
    "$credence" fit "$set/train" "${pictures[@]:0:2}" --resume "$1.part" \
      --checkpoint 60 --threads "$threads" -o "$1.part"
  else
    "$credence" fit "$set/train" "${pictures[@]}" --batch 4 --validation 0 --members 1 \
      --epochs "${EPOCHS:-50}" --seed "$2" --checkpoint 60 --threads "$threads" "${@:3}" -o "$1.part"
  fi
  mv "$1.part" "$1.cred"
}

# Scores of NAME.cred as NAME-WAY.txt, thresholds and sheet beside it.
score() { # NAME WAY OPTION...
  local out=$1-$2
  [ -s "$out.txt" ] && return
  "$credence" segment "$1.cred" "$set/$part" --labels "$set/${part}annot" --threads "$threads" \
    "${@:3}" -o "$out" | put "$out.txt.part"
  mv "$out/sheet.png" "$out-sheet.png"
  mv "$out/thresholds.csv" "$out-thresholds.csv"
  rm -r "$out"
  mv "$out.txt.part" "$out.txt"
}

cell() { # POSTERIOR SEED [OPTION...]
  local name=$folder/$1${TAG:+-$TAG}-${EPOCHS:-50}-$2 recipe
  case $1 in
  map | vi) recipe=(--net "$(network)" --posterior "$1") ;;
  dropout) recipe=(--net "$(network ${RATES:-0.15 0.1})" --posterior dropout) ;;
  *)
    echo "camvid.sh: posterior is '$1', expected map, dropout or vi" >&2
    exit 64
    ;;
  esac
  mkdir -p "$folder"
  # shellcheck disable=SC2064 # the name of now
  trap "note_time '$name'" EXIT
  trap 'exit 130' INT TERM
  [ -s "$name.cred" ] || fit "$name" "$2" "${recipe[@]}" "${@:3}"
  score "$name" mean --draws 1 --draws-kind mean
  [ "$1" = map ] || score "$name" draws --draws "$draws"
  trap - EXIT
  note_time "$name"
}

# A score of segment's table.
score_of() { awk -v name="$1" '$1 == name { print $2; exit }' "$2"; }

table() {
  local file name way key line curves=()
  provenance "$(cat "$folder"/*.seconds | awk '{ s += $1 } END { print s + 0 }')"
  echo '| model (posterior-epochs-seed) | prediction | parameters | mean IoU % | accuracy % | NLL | Brier | ECE | AUROC of errors: entropy | mutual information | PAvPU | core minutes a fit |'
  echo '|---|---|---|---|---|---|---|---|---|---|---|---|'
  for file in "$folder"/*-draws.txt "$folder"/*-mean.txt; do
    name=$(basename "$file" .txt) way=${file##*-}
    way=${way%.txt} name=${name%-*}
    [[ $way != mean || $name != map* ]] || way='the network'
    line="| $name | $way | $("$credence" inspect "$folder/$name.cred" | awk '$1 == "parameters" { print $2 }') |"
    for key in mean_iou accuracy; do line+=$(printf ' %.2f |' "$(score_of $key "$file")e2"); done
    for key in nll brier ece auroc_error_entropy auroc_error_mutual pavpu; do
      line+=$(printf ' %.4f |' "$(score_of $key "$file")")
    done
    echo "$line $(awk '{ s += $1 } END { printf "%.1f", s / 60 }' "$folder/$name.seconds") |"
    curves+=("${file%.txt}-thresholds.csv")
  done
  gnuplot -e "files = '${curves[*]}'; output_file = '$folder/pavpu.png'" "$root/bench/results/pavpu.gp"
  echo
  echo "| class |$(for file in "${curves[@]}"; do printf ' %s |' "$(basename "$file" -thresholds.csv)"; done)"
  echo "|---|$(printf -- '---|%.0s' "${curves[@]}")"
  paste -d ' ' "${curves[@]/%-thresholds.csv/.txt}" | awk '
    $1 == "class" { on = 1; next }
    on && NF { line = "| " $1 " |"; for (i = 3; i <= NF; i += 4) line = line sprintf(" %.1f |", 100 * $i); print line }'
}

need_data camvid-160x120/train camvid-160x120/test
case ${1:-} in
table) table | tee "$folder.md" ;;
all)
  printf '%s 1\n' map dropout | xargs -P "$jobs" -L 1 bash -c \
    'THREADS=${THREADS:-1} TAG= SEARCH=0 "$0" "$@"' "$0"
  "$0" table
  ;;
*)
  [ $# -ge 2 ] || {
    sed -n 's/^# \(bench.*\)/usage: \1/p' "$0" >&2
    exit 64
  }
  cell "$@"
  ;;
esac
