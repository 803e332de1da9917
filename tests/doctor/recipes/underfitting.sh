# shellcheck shell=bash disable=SC2034
sick='spirals --hidden 1 --epochs 100'
healthy='spirals --hidden 64,64 --epochs 50'
