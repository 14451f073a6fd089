# test_pictures.sh -- classes of pictures through fit, predict, evaluate and calibrate.
. "$CLI_TESTS/check.sh"

expect 0 credence demo digits --rows 120 -o digits
expect 0 credence demo digits --rows 60 --seed 2 -o test
[ "$(ls digits)" = "$(seq 0 9)" ] || fail "the folders of the digits"
expect 0 credence demo shapes --rows 6 -o shapes
[ "$(ls shapes/images)" = "$(ls shapes/labels)" ] || fail "pictures without label map"
expect 64 credence demo digits
says err "-o FOLDER"
expect 78 credence demo digits --grid -o no
expect 73 credence demo digits -o no/such/folder

fit="credence fit digits --net 'dense 32 relu' -q"
expect 0 eval "$fit -o a.cred --steps 150 --augment 'shift 0.1' --class-weights balanced"
expect 0 eval "$fit -o b.cred --steps 150 --augment 'shift 0.10' --class-weights balanced --threads 3"
cmp -s a.cred b.cred || fail "threads change the model"
expect 0 credence inspect a.cred
says out "28 x 28"
expect 0 credence predict a.cred test
lines out 61
says out "row,id,label,p_0," "0/00000.png"
expect 0 credence predict a.cred test/3/00003.png
lines out 2
expect 0 credence evaluate a.cred test --bootstrap 0
says out "accuracy"
expect 0 credence evaluate a.cred digits --bootstrap 0
says err "fitted to 120 of these rows"
expect 0 credence demo digits --rows 30 --seed 5 -o more
expect 0 credence evaluate a.cred test --ood more --bootstrap 0
says out "auroc_entropy"
expect 0 credence plot reliability a.cred test -o reliability.txt
expect 0 credence plot uncertainty a.cred test --ood more -o uncertainty.txt
expect 0 credence calibrate a.cred test -o c.cred
expect 0 credence predict c.cred test
says out ",set"

expect 0 eval "$fit -o whole.cred --epochs 30"
expect 0 credence fit digits --resume whole.cred --epochs 60 -o longer.cred -q
expect 0 eval "$fit -o once.cred --epochs 30 --classes 0,1,2,3,4,5,6,7,8,9"
cmp -s whole.cred once.cred || fail "classes given are other classes than those found"
expect 65 credence fit test --resume whole.cred -o no.cred
says err "this is not the table that the model was fitted to"

# learned noise on the logits
expect 0 eval "$fit -o noisy.cred --steps 30 --likelihood noisy-categorical"
expect 0 credence inspect noisy.cred
says out "noisy-categorical 10"
expect 0 credence predict noisy.cred test
lines out 61
expect 0 credence evaluate noisy.cred test --bootstrap 0
says out "accuracy"
expect 0 credence calibrate noisy.cred test -o noisy-c.cred
expect 78 eval "$fit -o no.cred --likelihood heteroscedastic"
says err "does not fit the target 'class', which is a class"

# what does not go together
expect 78 eval "$fit -o no.cred --missing drop"
says err "--missing' is of tables"
expect 0 credence demo sine -o sine.csv
expect 78 credence fit sine.csv --target y -o no.cred --augment flip
says err "is of pictures"
expect 64 eval "$fit -o no.cred --augment flop"
says err "nearest: 'flip'"
expect 64 eval "$fit -o no.cred --resize 12"
says err "expected WIDTHxHEIGHT"
expect 65 credence fit shapes/images -o no.cred
says err "have no labels"
expect 65 credence predict a.cred shapes/images
says err "48 x 48 pixels, 28 x 28 are expected"
expect 78 credence predict a.cred test --keep x
expect 66 credence predict a.cred nowhere.png
printf 'no picture' >digits/3/broken.png
expect 65 eval "$fit -o no.cred"
says err "digits/3/broken.png: this is neither a PNG nor a JPEG"
[ ! -e no.cred ] || fail "a failed fit left a model"
rm digits/3/broken.png

# another size, another form, classes left out
expect 0 eval "$fit -o small.cred --steps 20 --resize 14x14 --ignore-class 8,9"
expect 0 credence predict small.cred shapes/images
lines out 7
expect 0 credence inspect small.cred
says out "14 x 14 (width x height), grey, a class a picture; others are made this large"
(for i in 0 1 2; do echo "digits/$i/0000$i.png,class $i"; done) >list.csv
expect 0 credence fit list.csv --net linear --posterior map --steps 5 -o list.cred -q
expect 0 credence predict list.cred digits/1/00001.png
says out "p_class 1"
finish
