# shellcheck shell=bash disable=SC2034
# With adam, too, which divides a gradient by its size, and learns late or not at all.
nine=32,32,32,32,32,32,32,32,32
sick="spirals --activation sigmoid --hidden $nine --optimizer sgd --epochs 20
circles --activation sigmoid --hidden $nine --epochs 40
blobs --activation sigmoid --hidden $nine"
healthy="spirals --activation relu --hidden $nine --optimizer sgd --epochs 100
blobs --hidden $nine"
