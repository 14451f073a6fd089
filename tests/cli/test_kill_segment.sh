# test_kill_segment.sh -- `credence segment` killed at any moment leaves whole files alone,
# and another run makes what an undisturbed one makes.
. "$CLI_TESTS/check.sh"

expect 0 credence demo shapes --rows 12 -o shapes
expect 0 credence fit shapes/images --labels shapes/labels --ignore-class 255 -q --posterior dropout \
  --net 'conv 4 3 same relu, conv 4 3 same relu' --steps 4 -o m.cred
segment=(credence segment m.cred shapes/images --labels shapes/labels --draws 8 -q)
expect 0 "${segment[@]}" -o whole

# The end of a PNG is its IEND chunk; a table ends with a line, and has all lines or is not there.
check_whole() {
  local file
  for file in cut/*; do
    case $file in
    *.part | 'cut/*') ;; # what was under way, under a name of its own
    *.png) [ "$(tail -c 8 "$file" | head -c 4)" = IEND ] || fail "$file is cut" ;;
    *.csv) cmp -s "$file" "whole/${file##*/}" || fail "$file is not whole" ;;
    *) fail "what is $file?" ;;
    esac
  done
}

n_before=0
for moment in 0.005 0.01 0.02 0.03 0.05 0.08 0.12 0.2; do
  "${segment[@]}" -o cut >/dev/null 2>&1 &
  pid=$!
  sleep "$moment"
  kill -9 $pid 2>/dev/null && n_before=$((n_before + 1))
  wait $pid 2>/dev/null
  [ -d cut ] && check_whole
done
[ $n_before -gt 0 ] || fail "no run was there to be killed"
expect 0 "${segment[@]}" -o cut
diff -r whole cut || fail "a run after those that were killed makes other files"
finish
