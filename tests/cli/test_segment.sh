# test_segment.sh -- label maps through fit and segment: files, tables, scores, messages.
. "$CLI_TESTS/check.sh"

expect 0 credence demo shapes --rows 12 -o shapes
expect 0 credence demo shapes --rows 4 --seed 2 -o new
fit="credence fit shapes/images --labels shapes/labels --ignore-class 255 -q"
net="--net 'conv 4 3 same relu, conv 4 3 same relu'"
expect 0 eval "$fit $net --classes-file shapes/classes.txt --steps 10 -o a.cred"
expect 0 eval "$fit $net --classes-file shapes/classes.txt --steps 10 --threads 3 -o b.cred"
cmp -s a.cred b.cred || fail "threads change the model"
expect 0 credence inspect a.cred
says out "48 x 48 (width x height), colour, a class a pixel"

expect 0 credence segment a.cred new/images --labels new/labels --draws 3 -o maps
says out "mean_iou" "pavpu" "triangle" "auroc_error_mutual"
says err "4 pictures: maps and images.csv in maps"
[ "$(ls maps | wc -l)" -eq 23 ] || fail "4 x 5 maps, two tables and a sheet: $(ls maps)"
lines maps/images.csv 5
says maps/images.csv "row,id,width,height,share_ground,share_disc,share_square,share_triangle,"
lines maps/thresholds.csv 102
expect 0 credence segment a.cred new/images --labels new/labels --draws 3 -o again --threads 3
diff -r maps again || fail "threads change the maps"

# figures of the thresholds
expect 0 credence plot certainty maps -o certainty.svg --script
says certainty.svg.gp "p(accurate | certain)" "p(uncertain | inaccurate)" PAvPU
[ "$(grep -c '^[0-9.e-]* [0-9.e-]*$' certainty.svg.gp)" -gt 200 ] ||
  fail "three curves of about 100 points"
expect 0 credence plot risk maps "other=again/thresholds.csv" -o risk.svg --script
says risk.svg.gp "'maps'" "'other'"
kept=$(awk -F, 'END { print $5 " " $6 }' maps/thresholds.csv)
says risk.svg.gp "$kept"
expect 64 credence plot certainty maps again -o no.svg
says err "one folder too many"
expect 66 credence plot risk nowhere -o no.svg
expect 65 credence plot risk maps/images.csv -o no.svg
says err "'kept'"

# what was held out is scored, what was fitted to is said
expect 0 eval "$fit $net --steps 2 --hold-out 0.25 -o held.cred"
expect 0 credence segment held.cred shapes/images --labels shapes/labels --rows-file held.rows -o held --draws 2
lines held/images.csv 4
[ "$(cut -d, -f1 held/images.csv | tail -n +2)" = "$(cat held.rows)" ] ||
  fail "not the rows of the file: $(cut -d, -f1,2 held/images.csv), $(cat held.rows)"
[ "$(ls held/*_class.png | wc -l)" -eq 3 ] || fail "maps of three pictures"
grep -q "fitted to" err && fail "no row was fitted to"
expect 0 credence segment held.cred shapes/images --labels shapes/labels -o held --draws 2
says err "fitted to 9 of these rows"
echo 99 >far.rows
expect 65 credence segment held.cred shapes/images --rows-file far.rows -o no
: >none.rows
expect 65 credence segment held.cred shapes/images --rows-file none.rows -o no
says err "there are no row numbers"

# columns of the sheet, 160 pixels and a gap of 4 each: the truth only where it is known
width() { od -An -tu1 -j16 -N4 "$1" | awk '{ print $3 * 256 + $4 }'; }
expect 0 credence segment held.cred new/images -o blind --draws 2 --review 50%
[ "$(width blind/sheet.png) $(width held/sheet.png)" = "660 824" ] ||
  fail "columns of the sheets: $(width blind/sheet.png) and $(width held/sheet.png) pixels"
# headings of 17 pixels, and a row of 160 and a gap of 4 for each of the pictures
height() { od -An -tu1 -j20 -N4 "$1" | awk '{ print $3 * 256 + $4 }'; }
[ "$(height blind/sheet.png) $(height held/sheet.png)" = "677 1661" ] ||
  fail "rows of the sheets: $(height blind/sheet.png) and $(height held/sheet.png) pixels"

# what an earlier run left in the folder
expect 0 credence segment held.cred new/images -o held --draws 2 --sheet 0
says err "held: it holds the maps of 8 other pictures, from an earlier run"
[ ! -e held/thresholds.csv ] && [ ! -e held/sheet.png ] || fail "tables of other pictures"
lines held/images.csv 5
seq 2 3 >tail.rows
expect 0 credence segment held.cred new/images -o held --draws 2 --rows-file tail.rows
says err "held: it holds the maps of 10 other pictures, from an earlier run"
cp -r new/images own
(cd own && ls *.png | sed 2q) >own/images.csv
cp own/images.csv list
expect 64 credence segment held.cred own/images.csv -o own --draws 2
says err "own/images.csv: is read, and would be overwritten"
cmp -s own/images.csv list || fail "a list that was read is gone"

# two pictures of one name would have the same maps
mkdir twins
cp new/images/00001.png twins/x.png
cp new/images/00002.png twins/x.PNG
cp new/images/00003.png twins/y.png
expect 65 credence segment a.cred twins -o twin-maps
says err "the maps of 'x.PNG' and of 'x.png' would both be twin-maps/x_class.png"
[ ! -e twin-maps ] || fail "a folder for maps that are not made"
seq 1 2 >two.rows
expect 0 credence segment a.cred twins --rows-file two.rows -o twin-maps --draws 2
lines twin-maps/images.csv 3

# a class map is a label map; other sizes, tiles, one picture, no labels
expect 0 credence segment a.cred new/images/00001.png -o one --sheet 0 --draws 2
[ "$(ls one)" = "$(printf '%s\n' 00001_{class,entropy,expected,mutual,overlay}.png images.csv)" ] ||
  fail "the files of one picture: $(ls one)"
mkdir truth
cp maps/00001_class.png truth/00001.png
mkdir single
cp new/images/00001.png single
expect 0 credence segment a.cred single --labels truth --draws 3 -o back
says out "accuracy                          1"
expect 0 credence demo digits --rows 3 -o digits
expect 0 credence segment a.cred digits/0 -o grey --draws 2
expect 0 credence segment a.cred single --tile 24 -o tiles --draws 3 --labels truth
says err "1 in tiles, which agree with the whole"
says out "accuracy                          1"

# an interrupted fit goes on to the same bytes
expect 0 eval "$fit $net --epochs 4 -o whole.cred"
expect 0 eval "$fit $net --epochs 2 -o part.cred --schedule constant"
expect 0 credence fit shapes/images --labels shapes/labels --resume part.cred --epochs 4 -o on.cred -q
expect 0 eval "$fit $net --epochs 4 -o straight.cred --schedule constant"
cmp -s on.cred straight.cred || fail "resumed pictures end elsewhere"

# without --net: a U-Net where it can halve twice
expect 0 eval "$fit --steps 1 -o auto.cred"
expect 0 credence inspect auto.cred
says out "unet1" "dropout 0.05"
expect 0 eval "$fit --steps 1 --resize 30x30 --posterior map -o auto.cred"
expect 0 credence inspect auto.cred
says out "dilation 8"

# learned noise on the logits
noise="$net --likelihood 'noisy-categorical 5'"
expect 0 eval "$fit $noise --steps 6 -o noisy.cred"
expect 0 eval "$fit $noise --steps 6 --threads 3 -o threads.cred"
cmp -s noisy.cred threads.cred || fail "threads change the model"
expect 0 credence inspect noisy.cred
says out "noisy-categorical 5"
expect 0 credence segment noisy.cred new/images --labels new/labels --draws 3 -o noisy
says out "mean_iou"
expect 0 eval "$fit --posterior map $noise --steps 6 -o mode.cred"
expect 0 credence segment mode.cred new/images -o mode
awk -F, 'NR > 1 && ($11 > 1e-6 || $10 <= 0) { exit 1 }' mode/images.csv ||
  fail "noise on the logits is aleatoric: $(head -2 mode/images.csv)"

# the label map of one picture; a folder of folders; no thresholds
expect 0 credence segment a.cred new/images/00001.png --labels new/labels -o one --draws 3
says out accuracy
cp out by-folder
expect 0 credence segment a.cred new/images/00001.png --labels new/labels/00001.png -o one --draws 3
cmp -s out by-folder || fail "a label map by its name gives other scores"
expect 65 credence segment a.cred new/images/00001.png --labels truth/.. -o one
says err "new/images/00001.png: there is no label map"
expect 65 credence segment a.cred new -o no
says err "give that of the pictures"
expect 66 credence plot certainty blind -o no.svg
says err "blind/thresholds.csv: is not there" "credence segment --labels"
(cd new/images && ls *.png) >new/images/list.txt
expect 65 credence fit new/images/list.txt --ignore-class 255 -o no.cred
says err "the pictures have no labels"
rm new/images/list.txt

# messages
expect 64 credence segment a.cred new/images
says err "-o FOLDER"
expect 78 credence predict a.cred new/images
says err "credence segment"
expect 78 credence evaluate a.cred new/images --labels new/labels
says err "credence segment MODEL PICTURES --labels FOLDER -o OUT"
expect 0 eval "credence fit digits --net linear --posterior map --steps 2 -q -o class.cred"
expect 78 credence segment class.cred new/images -o no
says err "no class a pixel"
expect 65 eval "credence fit shapes/images --labels shapes/labels --classes a,b --steps 1 -o no.cred"
says err "is none of the 2 classes"
expect 65 credence segment a.cred new/images --labels digits/0 -o no
says err "there is no label map"
expect 64 eval "$fit --net 'dense 5 relu' --steps 1 -o no.cred"
expect 66 credence segment a.cred nowhere.png -o no
printf 'x' >single/00001.png
expect 65 credence segment a.cred single -o no
says err "neither a PNG nor a JPEG"
finish
