# shellcheck shell=bash disable=SC2034
# A divergence, and a network that dies without one.
sick='regression --optimizer sgd --learning-rate 10
spirals --hidden 32,32,32 --batch-size 1 --optimizer sgd --learning-rate 0.3 --epochs 3'
healthy='regression --optimizer sgd --learning-rate 0.01
spirals --hidden 32,32,32 --batch-size 1 --optimizer sgd --learning-rate 0.01 --epochs 10'
