# shellcheck shell=bash disable=SC2034
eight=32,32,32,32,32,32,32,32
deep=$eight,$eight,$eight,$eight
# Also where it diverges at once, and where it ends far above a constant answer: not the learning
# rate, and not the inputs, are to blame. The twins differ by the remedy alone.
sick="separable --activation identity --init he --hidden $deep --learning-rate 1e-6 --epochs 20
separable --activation identity --init he --hidden $deep --optimizer sgd --learning-rate 1e-4 --epochs 20
blobs --activation identity --init he --hidden $deep --optimizer sgd --learning-rate 0.01
blobs --activation identity --init he --hidden $deep,$eight --epochs 3"
healthy="separable --activation identity --hidden $deep --learning-rate 1e-3 --epochs 20
separable --activation identity --hidden $deep --optimizer sgd --learning-rate 1e-4 --epochs 20
blobs --activation identity --hidden $deep --optimizer sgd --learning-rate 0.01
blobs --activation identity --hidden $deep,$eight --epochs 3"
