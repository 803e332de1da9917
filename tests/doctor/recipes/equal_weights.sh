# shellcheck shell=bash disable=SC2034
# The same weights in every unit: chance alone makes units differ.
sick='moons --hidden 16 --init equal --epochs 5'
healthy='moons --hidden 16 --epochs 20'
