# shellcheck shell=bash disable=SC2034
# With adam, too, which divides a gradient by its size, and learns late or not at all. And by weights
# that are too small for a ReLU, whose units die of it, and whose weights hardly move.
nine=32,32,32,32,32,32,32,32,32
sick="spirals --activation sigmoid --hidden $nine --optimizer sgd --epochs 20
circles --activation sigmoid --hidden $nine --epochs 40
blobs --activation sigmoid --hidden $nine
blobs --init lecun --hidden $nine,$nine,$nine --optimizer sgd --learning-rate 0.01"
healthy="spirals --activation relu --hidden $nine --optimizer sgd --epochs 100
blobs --hidden $nine
blobs --hidden $nine,$nine,$nine --optimizer sgd --learning-rate 0.01"
