# shellcheck shell=bash disable=SC2034
eight=32,32,32,32,32,32,32,32
deep=$eight,$eight,$eight,$eight
sick="separable --activation identity --init he --hidden $deep --learning-rate 1e-6 --epochs 20"
healthy="separable --activation identity --hidden $deep --learning-rate 1e-3 --epochs 20"
