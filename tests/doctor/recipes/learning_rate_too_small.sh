# shellcheck shell=bash disable=SC2034
sick='moons --optimizer sgd --learning-rate 1e-6 --epochs 5'
healthy='moons --optimizer sgd --learning-rate 0.1 --epochs 5'
