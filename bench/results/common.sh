# common.sh -- what the scripts of recorded results share; sourced by them, not run.
#
#   CREDENCE       the program                    (build/release/credence, else on the PATH)
#   CREDENCE_DATA  the data sets                  (../shared/data beside the project)
#   RESULTS        where cells and tables go      (out/results)
#   JOBS           cells at a time                (number of cores)
# A cell is one fit with its scores, and one file; a cell that is there is not made again,
# so that every script may be stopped and started again.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
credence=${CREDENCE:-$root/build/release/credence}
[ -x "$credence" ] || credence=$(command -v credence) || {
  echo "$0: no credence: build it (./quickstart) or name it in CREDENCE" >&2
  exit 69
}
data=${CREDENCE_DATA:-$root/../shared/data}
results=${RESULTS:-$root/out/results}
jobs=${JOBS:-$(nproc)}
command_line="bench/results/$(basename "$0")${*:+ ${*@Q}}"
export credence data results

need_data() {
  local path
  for path; do
    [ -e "$data/$path" ] || {
      echo "$0: '$data/$path' is not there; set CREDENCE_DATA" >&2
      exit 66
    }
  done
}

# Write standard input as FILE, complete or not at all.
put() {
  local part=$1.part.$$
  cat >"$part" && mv -f "$part" "$1"
}

# The rows of TABLE whose numbers, from 0, are in INDEX.
take_rows() { awk 'NR == FNR { keep[$1 + 0]; next } (FNR - 1) in keep' "$1" "$2"; }

# Predictions with columns mean, log_prob and TARGET: "log-likelihood RMSE coverage rows".
score_csv() {
  awk -F, -v target="$1" '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    {
      y = $at[target]; e = $at["mean"] - y; square += e * e; log_lik += $at["log_prob"]
      inside += y >= $at["q05"] && y <= $at["q95"]; n++
    }
    END { printf "%.9g %.9g %.9g %d\n", log_lik / n, sqrt(square / n), inside / n, n }'
}

# One score of the JSON Lines of `credence evaluate`.
score_json() { # NAME FILE
  awk -v name="\"$1\"" '
    index($0, name) && match($0, /"value": *[-+0-9.eE]+|"value": *null/) {
      value = substr($0, RSTART, RLENGTH); sub(/"value": */, "", value); print value; exit
    }' "$2"
}

# The processor time of this script's programs joins that of earlier runs in NAME.seconds: a cell
# is one run of a script, or several where it was stopped.
note_time() { # NAME
  times >"$1.times"
  awk 'NR == 2 { split($1, a, /[ms]/); split($2, b, /[ms]/)
    print 60 * (a[1] + b[1]) + a[2] + b[2] }' "$1.times" >>"$1.seconds"
  rm "$1.times"
}

# Command, commit, machine, date: the head of every recorded table.
provenance() { # SECONDS-OF-ALL-CELLS
  local commit
  commit=$("$credence" --version | awk '$1 == "commit:" { print $2 }')
  printf -- '- command: `%s`\n' "$command_line"
  printf -- '- commit of the program: `%s`\n' "$commit"
  printf -- '- machine: %s, %s cores; %s\n' \
    "$(lscpu | awk -F ': *' '/^Model name/ { name = $2 } END { print name }')" "$(nproc)" \
    "$("$credence" --version | sed -n 's/^instruction set: /instruction set /p')"
  printf -- '- date: %s\n' "$(date -u +%F)"
  printf -- '- time: %.0f s of this run; %.0f s over all cells\n\n' \
    "$SECONDS" "$1"
}
