# shellcheck shell=bash disable=SC2034
# Steps too small to be seen; and units of a sigmoid that the default rate leaves where they began,
# which a larger network would help, too, but less. What has only not been trained for long is well.
sick='moons --optimizer sgd --learning-rate 1e-6 --epochs 5
circles --hidden 32 --activation sigmoid --learning-rate 1e-5 --epochs 30
moons --learning-rate 3e-5
moons --learning-rate 0'
healthy='moons --optimizer sgd --learning-rate 0.1 --epochs 5
blobs --hidden= --epochs 20'
