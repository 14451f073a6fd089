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

# a model decides on pictures: rows, folders, lists, and those without or of other classes
expect 0 credence triage a.cred test --min-confidence 0.5 -o cases.csv --audit audit.jsonl
lines cases.csv 61
says cases.csv "row,id,decision," "0,0/00000.png,"
says audit.jsonl '"id":"0/00000.png"'
seq 0 2 59 >even
seq 1 2 59 >odd
expect 0 credence triage a.cred test --rows-file odd --calibration-rows even --max-error 60% -o c.csv
says out "of the cases kept at most 60 % are wrong" "kept: true"
lines c.csv 31
expect 0 credence triage a.cred test --calibration-rows even --review-rate 20% -o c.csv
expect 0 credence demo digits --rows 50 --seed 9 -o known
(cd known && for i in */*.png; do echo "$i ${i%%/*}"; done) >known/list.txt
expect 0 credence triage a.cred test --max-error 60% --calibration known -o folder.csv
expect 0 credence triage a.cred test --max-error 60% --calibration known/list.txt -o list.csv
cmp -s folder.csv list.csv || fail "a list and a folder of the same pictures give other limits"
expect 0 credence triage a.cred test --max-error 60% --calibration test -o c.csv
says err "the calibration rows are those of DATA"
expect 0 credence triage a.cred test --max-error 60% --calibration digits -o c.csv
says err "fitted to 120 of the calibration rows"
expect 65 credence triage a.cred test --max-error 60% --calibration test/3 -o c.csv
says err "have no labels"
expect 0 credence triage a.cred test/3 --min-confidence 0.5 -o c.csv
says out reviewed
mkdir strange strange/dog strange/3
cp test/3/*.png strange/3
cp test/4/*.png strange/dog
expect 0 credence triage a.cred strange --min-confidence 0.5 -o c.csv
says out "the outcome is known of 6 of 12 cases"
says c.csv dog/

# classes that the model does not have: no matter where no label is looked at
expect 0 credence predict a.cred strange
lines out 13
expect 65 credence predict a.cred strange --log-prob
says err "its class 'dog' is none of the 10 known"
expect 0 credence evaluate a.cred test --ood strange --bootstrap 0
says out "auroc_entropy"
expect 0 credence plot uncertainty a.cred test --ood strange -o uncertainty.txt
expect 65 credence evaluate a.cred strange
expect 65 credence evaluate a.cred test --ood shapes/images
says err "48 x 48 pixels, the model takes 28 x 28" "--resize 28x28"

# pictures beside their label maps are no classes, unless that is said
expect 65 credence fit shapes -o no.cred
says err "did you mean 'shapes/images --labels shapes/labels'?"
expect 0 credence fit shapes --classes images,labels --net linear --steps 1 --posterior map -o two.cred -q
cp -r shapes other && rm other/labels/00000.png
expect 0 credence fit other --net linear --steps 1 --posterior map -o two.cred -q

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
expect 0 credence fit sine.csv --target y --hidden 2 --steps 2 --members 1 -q -o sine.cred
expect 78 credence fit sine.csv --target y -o no.cred --augment flip
says err "is of pictures"
expect 64 eval "$fit -o no.cred --augment flop"
says err "nearest: 'flip'"
expect 64 eval "$fit -o no.cred --resize 12"
says err "expected WIDTHxHEIGHT"
expect 65 credence fit shapes/images -o no.cred
says err "have no labels"
expect 65 credence predict a.cred shapes/images
says err "48 x 48 pixels, the model takes 28 x 28"
expect 78 credence predict a.cred test --keep x
expect 66 credence predict a.cred nowhere.png
printf 'no picture' >digits/3/broken.png
expect 65 eval "$fit -o no.cred"
says err "digits/3/broken.png: this is neither a PNG nor a JPEG"
[ ! -e no.cred ] || fail "a failed fit left a model"
rm digits/3/broken.png

# what is given in the place of something else
printf '%s\n' path,label digits/0/00000.png,a digits/1/00001.png,b digits/2/00002.png,a \
  digits/3/00003.png,b >header.csv
expect 0 credence fit header.csv -t label --steps 1 --hidden 2 -o no.cred
says err "a list of pictures with a header?"
expect 66 credence fit nowhere -o no.cred
says err "nowhere: there is no such file or folder"
expect 65 credence fit shapes/images --labels header.csv -o no.cred
says err "header.csv: a folder of label maps is expected" "PICTURE CLASS"
expect 66 credence fit shapes/images --labels nowhere -o no.cred
says err "no such folder of label maps"
expect 65 credence fit digits --labels shapes/labels -o no.cred
says err "holds folders, but pictures are expected"
expect 65 eval "$fit -o no.cred --ignore-class nine"
says err "'nine' is to be ignored, but no class is called that"
expect 65 credence fit shapes/images --labels shapes/labels --ignore-class void -o no.cred
says err "numbers are names"
expect 78 credence check-data digits
says err "these are pictures, where a table or an array of images"
expect 78 credence acquire a.cred digits
printf 'a\n1\n2\n' >table.csv
expect 78 credence acquire a.cred table.csv
says err "the model was fitted to pictures"
expect 78 credence learn digits --target class -o learned
mkdir few few/a few/b
cp test/0/00000.png few/a
cp test/1/00001.png few/b
expect 0 credence fit few --net linear --posterior map --steps 1 -o no.cred
says err "2 classes in 2 pictures: too few of each" "next: credence"
grep -q "is it a number" err && fail "advice that cannot be followed"

# another size, another form, classes left out
expect 0 eval "$fit -o small.cred --steps 20 --resize 14x14 --ignore-class 8,9"
expect 0 credence evaluate small.cred test --bootstrap 0
says err "48 rows" "test: left out, as in the fit: pictures of '8', '9'"
mv out remembered
expect 0 credence evaluate small.cred test --ignore-class 8,9 --bootstrap 0
says err "48 rows"
grep -q "as in the fit" err && fail "what is said by the option is said again"
cmp -s out remembered || fail "classes that the model remembers are others than those given"
# of the others every picture is told apart, also those of such classes
expect 0 credence evaluate small.cred test --ignore-class 8,9 --ood more --bootstrap 0 --json
cp out with_option
expect 0 credence evaluate small.cred test --ood more --bootstrap 0 --json
cmp -s out with_option || fail "--ignore-class leaves pictures of --ood out"
expect 0 credence evaluate small.cred digits --bootstrap 0
says err "fitted to 96 of these rows"
expect 0 credence predict small.cred test --log-prob
lines out 49
expect 0 credence predict small.cred test
lines out 61
expect 0 credence calibrate small.cred test -o small-c.cred
expect 0 credence evaluate small-c.cred test --bootstrap 0
says err "as in the fit"
expect 0 credence fit digits --resume small.cred --epochs 60 -q -o smaller.cred
expect 0 credence inspect smaller.cred
says out "classes left out: 8, 9"
expect 0 credence inspect smaller.cred --json
says out '"ignored":["8","9"]'
(cd test && for i in */*.png; do echo "$i ${i%%/*}"; done) >test/list.txt
expect 0 credence evaluate small.cred test/list.txt --bootstrap 0
says err "48 rows" "test/list.txt: left out, as in the fit: pictures of '8', '9'"
rm test/list.txt
expect 0 credence evaluate small.cred test --ood test/8 --bootstrap 0
says out "auroc_entropy"
mv test/8 test/eight
expect 65 credence evaluate small.cred test
says err "its class 'eight' is none of the 8 known" "--ignore-class eight"
expect 65 credence predict small.cred test --log-prob
says err "--ignore-class eight"
expect 0 credence predict small.cred test --log-prob --ignore-class eight
expect 65 credence plot reliability small.cred test -o no.txt
says err "--ignore-class eight"
expect 0 credence plot reliability small.cred test --ignore-class eight -o reliability.txt
mv test/eight test/8
expect 78 credence predict sine.cred sine.csv --ignore-class 8

# rows by their numbers
seq 59 -2 1 >odd
expect 0 credence predict a.cred test
awk 'NR == 1 || NR % 2' out >odd.csv
expect 0 credence predict a.cred test --rows-file odd
cmp -s out odd.csv || fail "rows of a list are other rows"
echo 60 >far
expect 65 credence predict a.cred test --rows-file far
expect 78 credence evaluate sine.cred sine.csv --ignore-class 8
expect 0 credence predict small.cred shapes/images
lines out 7
expect 0 credence inspect small.cred
says out "14 x 14 (width x height), grey, a class a picture; others are made this large"
(for i in 0 1 2; do echo "digits/$i/0000$i.png,class $i"; done) >list.csv
expect 0 credence fit list.csv --net linear --posterior map --steps 5 -o list.cred -q
expect 0 credence predict list.cred digits/1/00001.png
says out "p_class 1"
finish
