# shellcheck shell=bash disable=SC2034
nine=32,32,32,32,32,32,32,32,32
sick="spirals --activation sigmoid --hidden $nine --optimizer sgd --epochs 20"
healthy="spirals --activation relu --hidden $nine --optimizer sgd --epochs 100"
